"""Golden questions: asked before a text goes live and of every snapshot, because their answers must stay right.

A question passes when all that it `must` cite and one of `any_of` are among the first three, none of `must_not` is,
and, where it `abstains`, nothing is likely enough to be said. Sources are written `guide-dibao`, `rule-wangjiawan
第二条` or `law 民法典 1042`.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from knowledge.answering.compose import ANSWER_FROM
from knowledge.clock import SHANGHAI
from knowledge.documents.models import Chunk, Document, DocumentVersion, ImportedSource
from knowledge.errors import CitationNotFound, CorpusError, SnapshotRejected
from knowledge.evaluation.models import GoldenQuestion, GoldenResult, GoldenRun
from knowledge.normalise import content_hash, normalise
from knowledge.search.passages import Draft
from knowledge.search.references import Aim, References
from knowledge.search.searcher import Searcher
from knowledge.statutes.citations import Target, parse_citation, statute_id

_MAY_FAIL = 0.1  # embedding differs in the last digits between machines; more than this is a broken snapshot
_KNOWN = "fails today"  # how the note of a fair question begins that search doesn't meet yet
_FIELDS = {"ask", "place", "day", "must", "any", "must_not", "abstains", "note"}
_LOOKED_AT = 3  # sources that an answer shows
# Cosine from which a draft's chunk or question may come among a question's first ten: the tenth had a raw score of 0.15
# or more for 95 of
# 100 questions, words and the sum of both vectors add 0.04 at most. Of 202 questions, eight drafts touched 4 to 19
# (docs/retrieval.md).
NEAR = 0.11


@dataclass(frozen=True)
class Found:
    document_id: str
    ref: str | None
    chunk_id: int


@dataclass(frozen=True)
class Outcome:
    passed: bool
    score: float  # of the best source
    found: tuple[Found, ...]  # the first three


def key_of(ask: str, place: str | None, day: date | None) -> str:
    return hashlib.sha256(f"{ask}\n{place or ''}\n{day or ''}".encode()).hexdigest()[:16]


def target(name: str) -> Target:
    """What a question names. Raises CitationNotFound."""
    first, _, rest = name.strip().partition(" ")
    if first == "law":
        cited = parse_citation(rest)
        return cited if cited.ref else Target(statute_id(rest.strip()), None)
    return Target(first, rest.strip() or None)


def named_documents(question: GoldenQuestion) -> set[str]:
    return _documents((*question.must, *question.any_of, *question.must_not))


def _documents(names: Iterable[str]) -> set[str]:
    return {target(name).document_id for name in names}


def read(path: Path) -> list[GoldenQuestion]:
    """The questions of a file, not in any session. Raises CorpusError."""
    found: dict[str, GoldenQuestion] = {}
    try:
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            if unknown := set(row) - _FIELDS:
                raise KeyError(*unknown)
            ask, place, day = str(row["ask"]), row.get("place"), row.get("day")
            question = GoldenQuestion(
                key=key_of(ask, place, day),
                ask=ask,
                place_id=place,
                day=day,
                must=_names(row.get("must")),
                any_of=_names(row.get("any")),
                must_not=_names(row.get("must_not")),
                abstains=bool(row.get("abstains")),
                note=row.get("note") or "",
                source="shipped",
                is_active=True,
            )
            named_documents(question)
            found[question.key] = question
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError, CitationNotFound) as error:
        raise CorpusError(f"{path.name}: {type(error).__name__}: {error}") from error
    return list(found.values())


def _names(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def import_golden(session: Session, corpus: Path) -> int:
    """Number of shipped questions that are new or changed.

    One that a person switched off stays off; one of theirs is left alone.
    """
    path = corpus / "golden.yml"
    if not path.exists():
        return 0
    digest, mark = content_hash(path.read_text(encoding="utf-8")), session.get(ImportedSource, "golden")
    if mark is not None and mark.content_hash == digest:
        return 0
    held, changed = {q.key: q for q in session.scalars(select(GoldenQuestion))}, 0
    shipped = {q.key: q for q in read(path)}
    for key, fresh in shipped.items():
        row = held.get(key)
        if row is None:
            session.add(fresh)
            changed += 1
        elif row.source == "shipped":
            for name in ("must", "any_of", "must_not", "abstains", "note"):
                if getattr(row, name) != getattr(fresh, name):
                    setattr(row, name, getattr(fresh, name))
                    changed += 1
    session.execute(
        delete(GoldenQuestion).where(GoldenQuestion.source == "shipped", GoldenQuestion.key.not_in(shipped))
    )
    session.merge(ImportedSource(name="golden", content_hash=digest))
    session.flush()
    return changed


def active(session: Session) -> list[GoldenQuestion]:
    return list(session.scalars(select(GoldenQuestion).where(GoldenQuestion.is_active).order_by(GoldenQuestion.id)))


def ask_one(
    session: Session, searcher: Searcher, question: GoldenQuestion, *, day: date, draft: Draft | None = None
) -> Outcome:
    """`day`: of questions that have none of their own."""
    passages = searcher.search(
        session, question.ask, day=question.day or day, place=question.place_id, k=_LOOKED_AT, draft=draft
    )
    names: set[Target] = {Target(p.document_id, None) for p in passages} | {
        Target(p.document_id, p.ref) for p in passages
    }
    score = passages[0].score if passages else 0.0
    known = References.read(session, named_documents(question))

    def found(name: str) -> bool:
        return bool(names & _as_of(known, question, target(name), question.day or day))

    passed = (
        all(found(n) for n in question.must)
        and not any(found(n) for n in question.must_not)
        and (not question.any_of or any(found(n) for n in question.any_of))
        and (not question.abstains or score < ANSWER_FROM)
    )
    return Outcome(passed, score, tuple(Found(p.document_id, p.ref, p.chunk_id) for p in passages))


def _as_of(known: References, question: GoldenQuestion, named: Target, day: date) -> set[Target]:
    """What a name means on the day. A question with a day of its own names that day's articles."""
    if named.ref is None:
        return {named}
    is_ours = question.source == "shipped" or not question.created_at
    written_on = None if is_ours else question.created_at.astimezone(SHANGHAI).date()
    aim = Aim(named.document_id, named.ref, question.day or written_on)
    return {Target(named.document_id, ref) for ref in known.on(aim, day)}


def evaluate(
    session: Session,
    searcher: Searcher,
    questions: Iterable[GoldenQuestion],
    *,
    day: date,
    draft: Draft | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[tuple[GoldenQuestion, Outcome]]:
    """Those that must find a document that was never here, as an article of a statute that isn't installed, are
    left out; so are those whose article nobody has found yet in a law written anew (they wait in the queue).
    """
    questions = list(questions)
    known = set(
        session.scalars(select(Document.id).where(Document.id.in_({d for q in questions for d in named_documents(q)})))
    )
    laws = References.read(session, known)
    found = []
    for question in questions:
        there = {
            name
            for name in (*question.must, *question.any_of)
            if target(name).document_id in known and _as_of(laws, question, target(name), question.day or day)
        }
        if there >= set(question.must) and (not question.any_of or there & set(question.any_of)):
            found.append((question, ask_one(session, searcher, question, day=day, draft=draft)))
            if progress:
                progress(len(found))
    return found


def record(
    session: Session,
    results: Sequence[tuple[GoldenQuestion, Outcome]],
    *,
    reason: str,
    snapshot: str | None,
    version_id: int | None = None,
    now: datetime | None = None,
) -> GoldenRun:
    """The run as it is kept: with the versions found, so that "since when is this wrong" has an answer."""
    ids = sorted({f.chunk_id for _, outcome in results for f in outcome.found})
    numbers: dict[int, int] = {}
    for at in range(0, len(ids), 500):
        asked = (
            select(Chunk.id, DocumentVersion.number)
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .where(Chunk.id.in_(ids[at : at + 500]))
        )
        numbers |= dict(session.execute(asked).all())
    passed = sum(outcome.passed for _, outcome in results)
    run = GoldenRun(
        at=now or datetime.now(UTC),
        reason=reason,
        version_id=version_id,
        snapshot=snapshot,
        passed=passed,
        failed=len(results) - passed,
    )
    run.results = [
        GoldenResult(
            question_id=q.id,
            passed=o.passed,
            score=o.score,
            found=[[f.document_id, f.ref, numbers.get(f.chunk_id)] for f in o.found],
        )
        for q, o in results
    ]
    session.add(run)
    session.flush()
    return run


def run(
    session: Session,
    searcher: Searcher,
    questions: Iterable[GoldenQuestion],
    *,
    day: date,
    draft: Draft | None = None,
    reason: str,
    version_id: int | None = None,
) -> GoldenRun:
    """Ask and keep; the caller commits."""
    return record(
        session,
        evaluate(session, searcher, questions, day=day, draft=draft),
        reason=reason,
        snapshot=searcher.live().id,
        version_id=version_id,
    )


def touched(searcher: Searcher, draft: Draft, questions: Iterable[GoldenQuestion]) -> list[GoldenQuestion]:
    """Those that name the draft's document, and those so near one of its chunks or questions that it may come among
    their first ten.
    """
    vectors = np.concatenate([draft.segment.vectors, draft.segment.question_vectors])
    found = []
    for question in questions:
        if draft.document_id in named_documents(question) or (
            len(vectors)
            and float((vectors @ searcher.embedder.encode_queries([normalise(question.ask)])[0]).max()) >= NEAR
        ):
            found.append(question)
    return found


def dropped(
    session: Session, searcher: Searcher, results: Sequence[tuple[GoldenQuestion, Outcome]], *, day: date
) -> list[GoldenQuestion]:
    """Of questions asked with a draft, those that fail and that what is published today answers right."""
    return [q for q, outcome in results if not outcome.passed and ask_one(session, searcher, q, day=day).passed]


def gate(
    session: Session, searcher: Searcher, version: DocumentVersion, *, day: date, draft: Draft
) -> list[GoldenQuestion]:
    """The questions that this version would spoil, of those it touches; the run is kept, the caller commits."""
    results = evaluate(
        session, searcher, touched(searcher, draft, active(session)), day=day_of(version, day), draft=draft
    )
    spoiled = dropped(session, searcher, results, day=day)
    record(session, results, reason="gate", snapshot=searcher.live().id, version_id=version.id)
    return spoiled


def day_of(version: DocumentVersion, today: date) -> date:
    """The first day on which residents are shown the version: a text of next year is asked next year's question."""
    return max(today, version.in_force_from)


def check(session: Session, searcher: Searcher, path: Path, *, day: date) -> None:
    """Of a snapshot not yet live, by the shipped questions alone that are met so far.

    Raises SnapshotRejected with those that failed.
    """
    results = evaluate(session, searcher, [q for q in read(path) if not q.note.startswith(_KNOWN)], day=day)
    failed = [q.ask for q, outcome in results if not outcome.passed]
    if len(failed) > max(1, _MAY_FAIL * len(results)):
        raise SnapshotRejected(f"{len(failed)} of {len(results)} golden questions failed: {'；'.join(failed)}")
