"""Documents to YAML and back."""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from knowledge.documents import versions
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import BankQuestion, Document, DocumentVersion, Kind, VersionStatus
from knowledge.errors import CorpusError
from knowledge.places import Place, below
from knowledge.statutes.citations import arabic, short_name

_ORDER = (
    "id",
    "kind",
    "title",
    "summary",
    "place",
    "topic",
    "issuer",
    "number",
    "adopted_on",
    "filed_on",
    "in_force_from",
    "in_force_to",
    "reviewed_on",
    "varies_by_province",
    "proof",
    "facts",
    "handling",
    "lesson",
    "answer",
    "next",
    "sections",
    "clauses",
    "articles",
    "legal_basis",
    "questions",
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_TEXT, _DEEPEST = 2_000_000, 12


def files(
    session: Session, *, drafts: bool = False, may: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, str]]:
    """(path, text) of every file: the published versions of our documents, on request the drafts of those places that
    one may see, questions over statutes, places.
    """
    yield (
        "places.yml",
        dump(
            [
                {"id": p.id, "name": p.name, "level": p.level.value, "parent": p.parent_id, "aliases": list(p.aliases)}
                for p in _places(session)
            ]
        ),
    )
    wanted = (VersionStatus.published, *versions.OPEN) if drafts else (VersionStatus.published,)
    rows = (
        select(DocumentVersion)
        .join(Document)
        .where(Document.kind != Kind.statute, DocumentVersion.status.in_(wanted))
        .options(selectinload(DocumentVersion.document))
        .order_by(DocumentVersion.document_id, DocumentVersion.number)
    )
    held: dict[str, str] = {}
    for version in session.scalars(rows):
        if version.status is not VersionStatus.published and not may(version.document.place_id):
            continue
        before = "" if version.status is VersionStatus.published else "drafts/"
        held[f"{before}{KINDS[version.document.kind].folder}/{version.document_id}.yml"] = dump(mapping(version))
    yield from sorted(held.items())
    yield from _questions(session)


def export_all(session: Session, folder: Path, *, drafts: bool = False) -> int:
    """Number of files written under `folder`.

    Files of an earlier export that no document stands behind any more are removed.
    """
    written = set()
    for path, text in files(session, drafts=drafts):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        written.add(target)
    for name in {*(KINDS[kind].folder for kind in EDITABLE), "questions"}:
        for old in [*(folder / name).glob("*.yml"), *(folder / "drafts" / name).glob("*.yml")]:
            if old not in written:
                old.unlink()
    return len(written)


def export_zip(session: Session, *, drafts: bool = False, may: Callable[[str], bool] = lambda _: True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files(session, drafts=drafts, may=may):
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def mapping(version: DocumentVersion) -> dict[str, Any]:
    """A version's fields in the order of our files, days as days."""
    data = versions.mapping(version)
    return {
        name: _with_days(data[name], name)
        for name in (*(n for n in _ORDER if n in data), *sorted(data.keys() - set(_ORDER)))
    }


def _with_days(value: Any, name: str) -> Any:
    """JSON has days as text; in a file they stand as YAML's own."""
    if isinstance(value, dict):
        return {k: _with_days(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_days(v, "") for v in value]
    if isinstance(value, str) and name.endswith("_on") and _ISO.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _places(session: Session) -> list[Place]:
    """Parents first, so that each can be read when its turn comes."""
    places = {p.id: p for p in session.scalars(select(Place).order_by(Place.id))}
    return [places[p] for root in places.values() if root.parent_id is None for p in below(session, root.id)]


def _questions(session: Session) -> Iterator[tuple[str, str]]:
    """The bank's questions that statutes answer; those of a document stand in its own file."""
    titles = {
        row.id: row.title
        for row in session.execute(select(Document.id, Document.title).where(Document.kind == Kind.statute))
    }
    groups: dict[str, dict[tuple[tuple[str, ...], str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for question in session.scalars(
        select(BankQuestion).options(selectinload(BankQuestion.targets)).order_by(BankQuestion.text)
    ):
        if any(target.document_id in titles for target in question.targets):
            name = re.sub(r"\.yml$", "", Path(question.source).name) or "questions"
            targets = dict.fromkeys(
                _citation(titles.get(t.document_id), t.document_id, t.ref)
                for t in question.targets
                if t.document_id in titles or t.ref is None
            )
            groups[name][tuple(targets), question.topic or ""].append(question.text)
    for name, held in sorted(groups.items()):
        yield (
            f"questions/{name}.yml",
            dump(
                [
                    {"for": list(targets), "topic": topic or None, "ask": texts}
                    for (targets, topic), texts in sorted(held.items())
                ]
            ),
        )


def _citation(title: str | None, document_id: str, ref: str | None) -> str:
    """民法典 1042 of (中华人民共和国民法典, 第一千零四十二条)."""
    if title is None or ref is None:
        return document_id
    return f"{short_name(title)} {arabic(ref)}"


class _Writer(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # items of a list stand under its name, indented, as in the corpus

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.Node:
    odd = re.search("[\r\x85\u2028\u2029\ufeff]", text)  # line breaks to YAML, which would fold them
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else "|" if "\n" in text else None)


_Writer.add_representer(str, _text)


def dump(data: Any) -> str:
    return yaml.dump(data, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=1_000_000)


class _Reader(yaml.SafeLoader):
    """Without anchors: a page of them stands for gigabytes."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise CorpusError("文件里有引用（*），请写成普通的文字。")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise CorpusError("文件一层套一层，套得太深。")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def load(data: bytes) -> Any:
    """An open file from outside. Raises CorpusError with a sentence in Chinese."""
    if len(data) > _MOST_TEXT:
        raise CorpusError(f"文件太大，最多 {_MOST_TEXT // 1_000_000} MB。")
    try:
        return yaml.load(data.decode("utf-8-sig"), Loader=_Reader)
    except UnicodeDecodeError as error:
        raise CorpusError("编码不是 UTF-8，请另存为 UTF-8 再导入。") from error
    except yaml.MarkedYAMLError as error:
        where = f"第 {error.problem_mark.line + 1} 行附近" if error.problem_mark else ""
        raise CorpusError(f"{where}格式不对，请看看冒号、空格和缩进。") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise CorpusError("格式不对，读不了。") from error
