"""Golden questions: what every snapshot must still find before residents get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.answers import ANSWER_FROM
from knowledge.documents import parse_citation, statute_id
from knowledge.errors import CitationNotFound, CorpusError, SnapshotRejected
from knowledge.models import Document
from knowledge.search import Passage, Searcher

_MAY_FAIL = 0.1  # embedding differs in the last digits between machines; more than this is a broken snapshot
_STATUTE = "law "


@dataclass(frozen=True)
class GoldenQuestion:
    """What the first three passages owe a question. A source is a document's id, alone or with article or clause, as passages have them."""

    ask: str
    place: str | None = None
    day: date | None = None  # None: the day of the check
    must: tuple[str, ...] = ()  # each of them
    any: tuple[str, ...] = ()  # at least one of them
    must_not: tuple[str, ...] = ()
    abstains: bool = False  # nothing may be likely enough to answer with
    note: str = ""

    def is_met_by(self, found: Sequence[Passage]) -> bool:
        if self.abstains:
            return not found or found[0].score < ANSWER_FROM
        names = {p.document_id for p in found} | {f"{p.document_id} {p.ref}" for p in found}
        return names.issuperset(self.must) and names.isdisjoint(self.must_not) and (not self.any or not names.isdisjoint(self.any))

    def among(self, documents: set[str]) -> "GoldenQuestion | None":
        """The question as far as it can be asked with these documents; None when what it must find isn't there."""
        must = [s for s in self.must if _document(s) in documents]
        some = tuple(s for s in self.any if _document(s) in documents)
        if len(must) < len(self.must) or (self.any and not some):
            return None
        return GoldenQuestion(self.ask, self.place, self.day, self.must, some, self.must_not, self.abstains, self.note)


def read_golden(path: Path) -> list[GoldenQuestion]:
    """Raises CorpusError naming the question. A statute is `law 民法典 1042`, or `law 民法典` for any of its articles; one source needn't be a list."""
    questions = []
    for row in yaml.safe_load(path.read_text(encoding="utf-8")):
        try:
            fields = dict(row)
            if "law" in fields:  # the older form of a single article
                fields["must"] = [*_list(fields.get("must")), _STATUTE + fields.pop("law")]
            for key in ("must", "any", "must_not"):
                fields[key] = tuple(_source(s) for s in _list(fields.get(key)))
            questions.append(GoldenQuestion(**fields))
        except (TypeError, ValueError, AttributeError, CitationNotFound) as error:
            raise CorpusError(f"{path.name}: {row}: {error}") from error
    return questions


def failures(session: Session, searcher: Searcher, path: Path, *, day: date) -> tuple[list[str], int]:
    """The questions that failed, and how many were asked; those about a statute that isn't installed here are left out."""
    installed = set(session.scalars(select(Document.id)))
    asked = [q for question in read_golden(path) if (q := question.among(installed))]
    failed = [q.ask for q in asked if not q.is_met_by(searcher.search(session, q.ask, day=q.day or day, place=q.place, k=3))]
    return failed, len(asked)


def check(session: Session, searcher: Searcher, path: Path, *, day: date) -> None:
    """Raises SnapshotRejected with the questions that failed."""
    failed, asked = failures(session, searcher, path, day=day)
    if len(failed) > max(1, _MAY_FAIL * asked):
        raise SnapshotRejected(f"{len(failed)} of {asked} golden questions failed: {'；'.join(failed)}")


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _source(text: str) -> str:
    if not text.startswith(_STATUTE):
        return text
    target = parse_citation(text.removeprefix(_STATUTE))
    return f"{target.document_id} {target.ref}" if target.ref else statute_id(target.document_id)


def _document(source: str) -> str:
    return source.partition(" ")[0]
