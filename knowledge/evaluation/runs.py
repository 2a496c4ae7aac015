"""Figures over questions with known answers."""

from collections.abc import Sequence
from datetime import date
from statistics import fmean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.evaluation.metrics import hit_at_k, recall_at_k, reciprocal_rank
from knowledge.models import BankQuestion, Document
from knowledge.search import Searcher


def statute_questions(session: Session, searcher: Searcher, rows: Sequence[dict[str, Any]], *, day: date) -> dict[str, float]:
    """`rows`: question and gold [{law, article}]. The search is the one residents use, over all kinds."""
    recalls, ranks, hits = [], [], []
    for row in rows:
        golds = {(g["law"], g["article"]) for g in row["gold"]}
        ranking = [(p.title, p.ref) for p in searcher.search(session, row["question"], day=day, k=10)]
        recalls.append(recall_at_k(ranking, golds, 10))
        ranks.append(reciprocal_rank(ranking, golds, 10))
        hits.append(hit_at_k(ranking, golds, 3))
    return {"questions": len(rows), "recall_at_10": round(fmean(recalls), 4), "mrr_at_10": round(fmean(ranks), 4), "hit_at_3": round(fmean(hits), 4)}


def bank_set_aside(session: Session, searcher: Searcher, *, day: date, limit: int | None = None) -> dict[str, float]:
    """Over the quarter of the bank that is neither indexed nor trained on: is the right source among the first three?"""
    questions = session.scalars(select(BankQuestion).where(BankQuestion.set_aside).order_by(BankQuestion.id).limit(limit)).all()
    hits = []
    for question in questions:
        golds = {(t.document_id, t.ref) for t in question.targets}
        # Asked by somebody of the village whose document answers it, as its own residents would.
        place = session.get_one(Document, question.targets[0].document_id).place_id
        ranking = [(p.document_id, p.ref) for p in searcher.search(session, question.text, day=day, place=None if place == "nation" else place, k=3)]
        hits.append(hit_at_k(ranking, golds, 3))
    return {"questions": len(hits), "hit_at_3": round(fmean(hits), 4)}
