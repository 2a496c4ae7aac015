"""Golden questions: what every snapshot must still find before residents get it."""

from datetime import date
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import parse_citation
from knowledge.errors import SnapshotRejected
from knowledge.models import Document
from knowledge.search import Searcher

_MAY_FAIL = 0.1  # embedding differs in the last digits between machines; more than this is a broken snapshot


def failures(session: Session, searcher: Searcher, path: Path, *, day: date) -> tuple[list[str], int]:
    """The questions that failed, and how many were asked; those about a statute that isn't installed here are left out."""
    installed = set(session.scalars(select(Document.id)))
    failed, asked = [], 0
    for row in yaml.safe_load(path.read_text(encoding="utf-8")):
        must = row.get("must")
        if row.get("law"):
            article = parse_citation(row["law"])
            if article.document_id not in installed:
                continue
            must = f"{article.document_id} {article.ref}"
        asked += 1
        found = searcher.search(session, row["ask"], day=day, place=row.get("place"), k=3)
        names = {p.document_id for p in found} | {f"{p.document_id} {p.ref}" for p in found}
        if (must and must not in names) or (row.get("must_not") and row["must_not"] in names):
            failed.append(row["ask"])
    return failed, asked


def check(session: Session, searcher: Searcher, path: Path, *, day: date) -> None:
    """Raises SnapshotRejected with the questions that failed."""
    failed, asked = failures(session, searcher, path, day=day)
    if len(failed) > max(1, _MAY_FAIL * asked):
        raise SnapshotRejected(f"{len(failed)} of {asked} golden questions failed: {'；'.join(failed)}")
