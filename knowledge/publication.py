"""What was approved goes live on its day, unless a golden question would be answered worse: then it waits for a person.

The queue is the state of the versions (`review.due`). A step looks first and writes at its end in one transaction, so
one that is killed leaves nothing behind and the next round begins it again; of two workers the later one finds it done.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import DocumentVersion, VersionStatus
from knowledge.encoder.embedding import Embedder
from knowledge.errors import KnowledgeError, MoveNotAllowed
from knowledge.evaluation import golden
from knowledge.search import building as index_building
from knowledge.search.searcher import Searcher

log = logging.getLogger("linli.publication")


@dataclass(frozen=True)
class Done:
    published: tuple[int, ...]  # ids of versions
    held: tuple[int, ...]
    failed: tuple[int, ...]  # can't be read or searched: left for later, named in the log


def is_due(session: Session, today: date) -> bool:
    """Cheap, so that a worker asks often and loads its model only when there is something to do."""
    asked = select(DocumentVersion.held).where(
        DocumentVersion.status == VersionStatus.approved, DocumentVersion.publish_on <= today
    )
    return any(held is None for held in session.scalars(asked))


def publish_due(
    sessions: Callable[[], Session],
    *,
    searcher: Searcher,
    embedder: Embedder,
    today: date,
    now: Callable[[], datetime],
    skip: Collection[int] = (),
) -> Done:
    """Publish or hold each version whose day has come, but for those to `skip`."""
    published, held, failed = list[int](), list[int](), list[int]()
    with sessions() as session:
        waiting = [v.id for v in versions.due(session, today) if v.id not in skip]
    for version_id in waiting:
        try:
            outcome = _step(sessions, version_id, searcher=searcher, embedder=embedder, today=today, now=now)
        except MoveNotAllowed:
            continue  # another worker, or a person, was first
        except KnowledgeError:
            log.exception("publication of version %s", version_id)
            failed.append(version_id)
            continue
        if outcome is not None:
            (published if outcome is VersionStatus.published else held).append(version_id)
    return Done(tuple(published), tuple(held), tuple(failed))


def _step(
    sessions: Callable[[], Session],
    version_id: int,
    *,
    searcher: Searcher,
    embedder: Embedder,
    today: date,
    now: Callable[[], datetime],
) -> VersionStatus | None:
    with sessions() as session:
        version = versions.get(session, version_id)
        seen = _state(version)
        draft = index_building.draft_overlay(session, version, embedder=embedder)
        results = golden.evaluate(
            session, searcher, golden.active(session), day=golden.day_of(version, today), draft=draft
        )
        spoiled = [q.id for q in golden.dropped(session, searcher, results, day=today)]
    with sessions() as session:
        version = versions.get(session, version_id)
        if _state(version) != seen:
            return None  # sent back, put off or overruled while we looked: the next round looks anew
        golden.record(session, results, reason="worker", snapshot=searcher.live().id, version_id=version_id, now=now())
        failing = sorted(set(spoiled) - set((version.waivers.get("golden") or {}).get("questions", [])))
        if failing:
            versions.hold(session, version_id, failing, now=now())
        else:
            versions.publish(session, version_id, by=versions.SYSTEM, now=now(), today=today)
        session.commit()
    log.info("version %s %s", version_id, "held" if failing else "published")
    return VersionStatus.approved if failing else VersionStatus.published


def _state(version: DocumentVersion) -> tuple[object, ...]:
    return version.status, version.publish_on, version.held, repr(version.waivers)
