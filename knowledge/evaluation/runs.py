"""Figures over questions with known answers."""

from collections.abc import Callable, Iterator, Sequence, Set
from datetime import date
from statistics import fmean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import BankQuestion, Document, Kind, VersionStatus
from knowledge.evaluation.calibration import Trial, trial
from knowledge.evaluation.metrics import hit_at_k, recall_at_k, reciprocal_rank
from knowledge.search.articles import cited_articles
from knowledge.search.rows import bases
from knowledge.search.searcher import Searcher

_BASIS = 6  # articles of an answer


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
        if hits := searcher.weigh(session, row["question"], day=day):
            right = [_rests_on(session, session.get_one(Document, h.document), h.ref, golds, day) for h in hits]
            trials.append(trial(hits, row["question"], right=right))
    return trials


def _rests_on(session: Session, document: Document, ref: str | None, golds: Set[tuple[str, str]], day: date) -> bool:
    """Whether this is one of the articles, or an answer of ours that rests on one."""
    if document.kind is not Kind.answer:
        return (document.title, ref) in golds
    version = next((v for v in document.versions if v.status is VersionStatus.published), None)
    cited = cited_articles(session, version.content.get("legal_basis") or [], day) if version else ()
    return any((law.title, chunk.ref) in golds for chunk, _, law in cited)


def bank_trials(
    session: Session, searcher: Searcher, *, day: date, is_even: bool, limit: int | None = None
) -> list[Trial]:
    """Of every second question set aside the fit is learned, of the others it is judged: `is_even` of its id. Where an
    article is the right source, so is an answer of ours that rests on it.
    """
    trials, basis = [], bases(session, day, most=_BASIS)
    for question, golds, place in _set_aside(session, limit):
        if (int(question.id[-1], 16) % 2 == 0) is is_even and (
            hits := searcher.weigh(session, question.text, day=day, place=place)
        ):
            right = [
                bool(golds & {(h.document, h.ref), *((a.document, a.ref) for a in basis.get(h.document, ()))})
                for h in hits
            ]
            trials.append(trial(hits, question.text, right=right))
    return trials


def idle_trials(session: Session, searcher: Searcher, texts: Sequence[str], *, day: date) -> list[Trial]:
    """Of messages that ask nothing of our sources: whatever is found is wrong."""
    found = ((text, searcher.weigh(session, text, day=day)) for text in texts)
    return [trial(hits, text, right=[False] * len(hits)) for text, hits in found if hits]


def _set_aside(
    session: Session, limit: int | None
) -> Iterator[tuple[BankQuestion, Set[tuple[str, str | None]], str | None]]:
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


def answers_set_aside(
    session: Session, searcher: Searcher, *, day: date, limit: int | None = None, told: Callable[[str], None] = print
) -> dict[str, float]:
    """Over the ways of asking that other people wrote for our answers: the right answer first, and among the first
    three; `told` hears each that isn't.
    """
    first: list[bool] = []
    three: list[bool] = []
    for question, golds, place in _set_aside(session, None):
        if session.get_one(Document, question.targets[0].document_id).kind is not Kind.answer:
            continue
        if limit is not None and len(first) >= limit:
            break
        ranking = [(p.document_id, p.ref) for p in searcher.search(session, question.text, day=day, place=place, k=3)]
        first.append(hit_at_k(ranking, golds, 1))
        three.append(hit_at_k(ranking, golds, 3))
        if not three[-1]:
            told(f"{question.text} -> {', '.join(document for document, _ in ranking)}")
    return {"questions": len(first), "first": round(fmean(first), 4), "hit_at_3": round(fmean(three), 4)}
