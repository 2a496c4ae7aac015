"""What cites the law beside our documents: the bank, golden questions, and the data files that lawyers and doctors
edit; for `knowledge/law/changes.py`.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.tools import deadlines
from knowledge.data_files import LOADER
from knowledge.documents.models import BankQuestion, BankTarget, Document, Kind
from knowledge.errors import CitationNotFound
from knowledge.evaluation.models import GoldenQuestion
from knowledge.law.changes import Citing
from knowledge.normalise import content_hash
from knowledge.statutes.citations import Citation, Where, arabic, read_citation, short_name, written_in
from knowledge.statutes.moves import WRITTEN_ON

# By the names under which the console lists them.
FILES = {
    "期限": "actions/tools/matters.yml",
    "法律援助": "actions/tools/legal_aid.yml",
    "村规类别": "knowledge/village_rules/patterns.yml",
    "应急卡": "bot/emergency/guidance.yml",
    "别的依据": "knowledge/documents/sources/other_sources.yml",
    "废止的法": "knowledge/answering/replaced.yml",
}
_LISTED = re.compile(r"\S{2,40} (?:第.{1,12}条.{0,12}|[0-9]{1,4}(?:-[0-9]{1,2})?)")
_OF_THE_FILE = re.compile(r"第.{1,9}条")
_NAMES = ("title", "label", "name", "law", "id")


def citing_files(session: Session, root: Path) -> list[Citing]:
    """Everything but our documents and canned replies."""
    return [*citing_bank(session), *citing_golden(session), *citing_data(root)]


def citing_bank(session: Session) -> list[Citing]:
    """One for each article that questions of the bank point to."""
    rows = session.execute(
        select(BankTarget.document_id, BankTarget.ref, BankTarget.meant_on, Document.title, BankQuestion.text)
        .join(BankQuestion, BankTarget.question_id == BankQuestion.id)
        .join(Document, BankTarget.document_id == Document.id)
        .where(Document.kind == Kind.statute, BankTarget.ref.is_not(None))
        .order_by(BankTarget.document_id, BankTarget.ref, BankTarget.question_id)
    )
    asked: dict[tuple[str, str, date], tuple[str, list[str]]] = {}
    for document, ref, meant_on, title, text in rows:
        asked.setdefault((document, ref or "", meant_on or WRITTEN_ON), (short_name(title), []))[1].append(text)
    return [
        Citing(
            source=f"bank:{document} {arabic(ref)}" + (f" {meant_on:%y%m%d}" if meant_on != WRITTEN_ON else ""),
            title=f"问法库：{texts[0]}" + (f" 等 {len(texts)} 个问法" if len(texts) > 1 else ""),
            where=tuple(Where(Citation((law,), ref), "", text, True) for text in texts),
            reviewed=meant_on,
            is_file=True,
        )
        for (document, ref, meant_on), (law, texts) in asked.items()
    ]


def citing_golden(session: Session) -> list[Citing]:
    """Those asked for whatever day it is; one with a day of its own means that day's law."""
    found = []
    for question in session.scalars(
        select(GoldenQuestion).where(GoldenQuestion.is_active, GoldenQuestion.day.is_(None)).order_by(GoldenQuestion.id)
    ):
        named = [*question.must, *question.any_of, *question.must_not]
        where = [w for name in named if name.startswith("law ") for w in _where(name.removeprefix("law "), "", "")]
        day = WRITTEN_ON if question.source == "shipped" else question.created_at.date()
        found.append(
            Citing(f"golden:{question.key}", f"金标问题：{question.ask}", tuple(where), reviewed=day, is_file=True)
        )
    return found


def citing_data(root: Path) -> list[Citing]:
    """One for each entry of the data files, and one for each sentence that is code."""
    found = [citing for label, name in FILES.items() for citing in _entries(label, root / name)]
    for module, label in ((Path(deadlines.__file__), "期限的说法"), (root / "actions/papers/letter.py", "给乡镇的函")):
        where = tuple(_where(module.read_text(encoding="utf-8"), "", ""))
        found.append(Citing(f"code:{module.stem}", label, where, reviewed=WRITTEN_ON, is_file=True))
    return [citing for citing in found if citing.where]


def _entries(label: str, path: Path) -> Iterator[Citing]:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    law = data.get("law") or ""  # of which 第三十一条 alone is an article
    for group, value in data.items():
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, entry in entries:
            names = entry if isinstance(entry, dict) else {}
            told = next((str(names[n]) for n in _NAMES if n in names), str(key))
            # what has no name of its own keeps its place in the queue when others are written before it
            name = key if isinstance(value, dict) else names.get("id") or content_hash(repr(entry))[:10]
            yield Citing(
                source=f"{path.stem}:{group}:{name}"[:40],
                title=f"{label}：{told}",
                where=tuple(_where(entry, f"{group}.{key}", law)),
                reviewed=WRITTEN_ON,
                is_file=True,
            )


def _where(value: Any, path: str, law: str) -> Iterator[Where]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _where(inner, f"{path}.{name}", law)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _where(inner, f"{path}[{number}]", law)
    elif isinstance(value, str):
        listed = f"{law} {value}" if law and _OF_THE_FILE.fullmatch(value) else value
        try:
            if _LISTED.fullmatch(listed):
                yield Where(read_citation(listed), path, listed, True)
                return
        except CitationNotFound:
            pass
        yield from (Where(citation, path, quote, False) for citation, quote in written_in(value))
