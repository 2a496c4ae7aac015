"""Figures over questions with known answers."""

from collections.abc import Hashable, Iterator, Sequence, Set
from datetime import date
from statistics import fmean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import BankQuestion, Document
from knowledge.evaluation.calibration import Trial, trial
from knowledge.evaluation.metrics import hit_at_k, recall_at_k, reciprocal_rank
from knowledge.search.searcher import Searcher


def statute_questions(
    session: Session, searcher: Searcher, rows: Sequence[dict[str, Any]], *, day: date
) -> dict[str, float]:
    """`rows`: question and gold [{law, article}]. The search is the one residents use, over all kinds."""
    recalls, ranks, hits = [], [], []
    for row in rows:
        golds = {(g["law"], g["article"]) for g in row["gold"]}
        ranking = [(p.title, p.ref) for p in searcher.search(session, row["question"], day=day, k=10)]
        recalls.append(recall_at_k(ranking, golds, 10))
        ranks.append(reciprocal_rank(ranking, golds, 10))
        hits.append(hit_at_k(ranking, golds, 3))
    return {
        "questions": len(rows),
        "recall_at_10": round(fmean(recalls), 4),
        "mrr_at_10": round(fmean(ranks), 4),
        "hit_at_3": round(fmean(hits), 4),
    }


def statute_trials(session: Session, searcher: Searcher, rows: Sequence[dict[str, Any]], *, day: date) -> list[Trial]:
    """As residents ask: without the wording of any intent."""
    trials = []
    for row in rows:
        golds = {(g["law"], g["article"]) for g in row["gold"]}
        passages = searcher.search(session, row["question"], day=day, k=10)
        trials.append(trial(passages, is_right=hit_at_k([(p.title, p.ref) for p in passages], golds, 3)))
    return trials


def bank_trials(session: Session, searcher: Searcher, *, day: date, limit: int | None = None) -> list[Trial]:
    trials = []
    for question, golds, place in _set_aside(session, limit):
        passages = searcher.search(session, question.text, day=day, place=place, k=10)
        trials.append(trial(passages, is_right=hit_at_k([(p.document_id, p.ref) for p in passages], golds, 3)))
    return trials


def _set_aside(session: Session, limit: int | None) -> Iterator[tuple[BankQuestion, Set[Hashable], str | None]]:
    """Each with its golds and the place it is asked from: that of the village whose document answers it, as its own
    residents would.
    """
    for question in session.scalars(
        select(BankQuestion).where(BankQuestion.set_aside).order_by(BankQuestion.id).limit(limit)
    ).all():
        place = session.get_one(Document, question.targets[0].document_id).place_id
        yield question, {(t.document_id, t.ref) for t in question.targets}, None if place == "nation" else place


def bank_set_aside(session: Session, searcher: Searcher, *, day: date, limit: int | None = None) -> dict[str, float]:
    """Over the quarter of the bank that is neither indexed nor trained on: is the right source among the first
    three?
    """
    hits: dict[str, list[bool]] = {}
    for question, golds, place in _set_aside(session, limit):
        ranking = [(p.document_id, p.ref) for p in searcher.search(session, question.text, day=day, place=place, k=3)]
        hits.setdefault(session.get_one(Document, question.targets[0].document_id).kind.value, []).append(
            hit_at_k(ranking, golds, 3)
        )
    every = [h for some in hits.values() for h in some]
    return {
        "questions": len(every),
        "hit_at_3": round(fmean(every), 4),
        **{f"hit_at_3_{kind}": round(fmean(some), 4) for kind, some in sorted(hits.items())},
    }
