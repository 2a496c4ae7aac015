"""The law changed: whom it hits.

Every cited article is compared, on the day asked for and on each day of the next thirty on which a statute begins or
ends, with the wording that the citing text was last checked against. So a new package, a correction by a person and the
calendar are one case, and looking twice finds nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk, Document, DocumentVersion, ImportedSource, Kind, VersionStatus
from knowledge.law.book import Article, Book, Force, Statute, text_hash
from knowledge.law.models import (
    ChangeKind,
    CitationSeen,
    CorrectionState,
    Decision,
    LawChange,
    LawHit,
    StatuteCorrection,
)
from knowledge.law.standing import checked_on, first_checked, seen_by
from knowledge.normalise import content_hash
from knowledge.statutes.citations import Where, citations_in
from knowledge.tables import Base

ANNOUNCED = timedelta(days=30)
_BATCH = 300
_QUOTES = 5
_LOOKED = "law/looked"
# of a change known already: a correction of the statute's days moves them
_MAY_MOVE = ("effective_on", "kind", "new_version_id", "new_ref")


@dataclass(frozen=True)
class Citing:
    """A text that residents may get to read, with the articles it cites."""

    source: str  # version:12, canned:3, bank:law-1a2b 46, matters:matters:retrial
    title: str
    where: tuple[Where, ...]
    reviewed: date | None = None
    begins: date | None = None
    document_id: str | None = None
    version_id: int | None = None
    place_id: str | None = None
    is_file: bool = False  # of this repository or the bank: the article moves there, nobody edits a text


@dataclass
class _Found:
    seen: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[tuple[str, str, str, str], dict[str, Any]] = field(default_factory=dict)
    hits: dict[tuple[tuple[str, str, str, str], str], dict[str, Any]] = field(default_factory=dict)


def find_changes(session: Session, *, today: date, others: Sequence[Citing] = ()) -> int:
    """Number of texts newly hit. Commits batch by batch: cut short, the next look goes on with it.

    `others`: what cites the law but lives a floor higher. Hits that no longer hold become void, and open again if they
    do again.
    """
    new, now = 0, datetime.now(UTC)
    visited: set[str] = set()
    for batch in chain(_slices(list(others)), _published(session, today)):
        new += _look(session, batch, today=today, now=now)
        visited |= {c.source for c in batch}
    for hit in session.scalars(select(LawHit).where(LawHit.decision.in_([Decision.open, Decision.edit]))):
        if hit.source not in visited:
            _settle(session, hit.id, hit.decision, Decision.void)
    session.commit()
    return new


def look_if_due(
    session: Session,
    *,
    today: date,
    others: Sequence[Citing] = (),
    files: Callable[[], Sequence[Citing]] = lambda: (),
) -> int | None:
    """`find_changes` once a day and whenever statutes were imported or corrected; None when there was no need.

    `files`: what changes with a new release or seldom, read only when there is need.
    """
    statutes = session.scalar(select(ImportedSource.content_hash).where(ImportedSource.name == "statutes"))
    corrected = session.execute(
        select(func.count(), func.max(StatuteCorrection.decided_at)).where(
            StatuteCorrection.state == CorrectionState.confirmed
        )
    ).one()
    digest = content_hash(
        repr((today.isoformat(), statutes, corrected[0], str(corrected[1]), [(c.source, c.title) for c in others]))
    )
    if session.scalar(select(ImportedSource.content_hash).where(ImportedSource.name == _LOOKED)) == digest:
        return None
    found = find_changes(session, today=today, others=[*others, *files()])
    session.merge(ImportedSource(name=_LOOKED, content_hash=digest))
    session.commit()
    return found


def _published(session: Session, today: date) -> Iterator[list[Citing]]:
    last = 0
    while True:
        rows = session.execute(
            select(
                DocumentVersion.id,
                DocumentVersion.content,
                DocumentVersion.in_force_from,
                DocumentVersion.reviewed_on,
                DocumentVersion.approved_at,
                Document.id,
                Document.title,
                Document.place_id,
            )
            .join(Document, DocumentVersion.document_id == Document.id)
            .where(
                DocumentVersion.id > last,
                DocumentVersion.status == VersionStatus.published,
                Document.kind != Kind.statute,
            )
            .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= today))
            .order_by(DocumentVersion.id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [
            Citing(
                source=f"version:{version_id}",
                title=title,
                where=tuple(citations_in(content)),
                reviewed=checked_on(reviewed, approved),
                begins=begins,
                document_id=document_id,
                version_id=version_id,
                place_id=place_id,
            )
            for version_id, content, begins, reviewed, approved, document_id, title, place_id in rows
        ]


def _look(session: Session, batch: list[Citing], *, today: date, now: datetime) -> int:
    batch = [c for c in batch if c.where]
    book = Book().read(session, [w.citation for c in batch for w in c.where])
    seen = seen_by(session, [c.source for c in batch])
    found = _Found()
    for citing in batch:
        _compare(session, citing, book, seen[citing.source], found, today=today, now=now)
    _insert(session, CitationSeen, found.seen)
    _insert(session, LawChange, list(found.changes.values()))
    ids: dict[tuple[str, str, str, str], int] = {}
    for change in session.scalars(select(LawChange).where(LawChange.statute_id.in_({key[0] for key in found.changes}))):
        key = (change.statute_id, change.ref, change.old_hash, change.new_hash)
        ids[key] = change.id
        for name in _MAY_MOVE if key in found.changes else ():
            setattr(change, name, found.changes[key][name])
    new = _insert(session, LawHit, [{**row, "change_id": ids[key]} for (key, _), row in found.hits.items()])
    wanted = {(ids[key], source) for key, source in found.hits}
    for hit in session.scalars(select(LawHit).where(LawHit.source.in_([c.source for c in batch]))):
        holds = (hit.change_id, hit.source) in wanted
        if hit.decision in (Decision.open, Decision.edit) and not holds:
            _settle(session, hit.id, hit.decision, Decision.void)
        elif hit.decision is Decision.void and holds:
            _settle(session, hit.id, hit.decision, Decision.open)
            new += 1
    session.commit()
    return new


def _compare(
    session: Session,
    citing: Citing,
    book: Book,
    seen: dict[tuple[str, str], dict[str, int | None]],
    found: _Found,
    *,
    today: date,
    now: datetime,
) -> None:
    cited: dict[tuple[str, str], tuple[Statute, list[Where]]] = {}
    for where in citing.where:
        if statute := book.statute(where.citation):
            cited.setdefault((statute.id, where.citation.ref), (statute, []))[1].append(where)
    for (statute_id, ref), (statute, places) in cited.items():
        checked = dict(seen.get((statute_id, ref), {}))
        if not checked and (first := _first(book, statute, ref, citing, today)) and first.period:
            checked = {first.hash: first.period.version_id}
            found.seen.append(
                {
                    "source": citing.source,
                    "statute_id": statute_id,
                    "ref": ref,
                    "article_hash": first.hash,
                    "statute_version_id": first.period.version_id,
                    "checked_at": now,
                    "checked_by": "",
                }
            )
        begins = max(today, citing.begins or today)
        for day in (begins, *sorted(d for d in statute.days_of_change() if begins < d <= today + ANNOUNCED)):
            article = book.on(statute, ref, day)
            if article.force is Force.not_yet or article.hash in checked:
                continue
            change = _change(session, book, article, checked, day=day, now=now)
            key = (statute_id, ref, change["old_hash"], change["new_hash"])
            found.changes.setdefault(key, change)
            found.hits.setdefault(
                (key, citing.source),
                {
                    "source": citing.source,
                    "document_id": citing.document_id,
                    "version_id": citing.version_id,
                    "title": citing.title[:200],
                    "place_id": citing.place_id,
                    "is_file": citing.is_file,
                    "places": [{"path": w.path, "quote": w.quote} for w in places[:_QUOTES]],
                    "decision": Decision.open,
                    "reason": "",
                },
            )


def _first(book: Book, statute: Statute, ref: str, citing: Citing, today: date) -> Article | None:
    return first_checked(book, statute, ref, citing.reviewed or today, begins=citing.begins)


def _change(
    session: Session, book: Book, article: Article, checked: dict[str, int | None], *, day: date, now: datetime
) -> dict[str, Any]:
    """The row of a change from what was checked last to `article`."""
    if checked:
        old_hash, old_version = list(checked.items())[-1]
    else:
        old_hash = text_hash(book.text(article.period, article.ref))
        old_version = article.period.version_id if article.period else None
    in_force = article.statute.on(day)
    kind, new_ref = ChangeKind.repealed, None
    if in_force is not None:
        kind = ChangeKind.changed if article.force is Force.in_force else ChangeKind.gone
        new_ref = _same_words(session, in_force.version_id, old_hash)
        kind = ChangeKind.renumbered if new_ref else kind
    return {
        "statute_id": article.statute.id,
        "law": article.statute.name,
        "ref": article.ref,
        "kind": kind,
        "old_hash": old_hash,
        "new_hash": article.hash,
        "old_version_id": old_version,
        "new_version_id": in_force.version_id if in_force else None,
        "new_ref": new_ref,
        "effective_on": article.since or day,
        "found_at": now,
    }


def _same_words(session: Session, version_id: int, wording: str) -> str | None:
    """The article of a version that has this wording."""
    if not wording:
        return None
    return next(
        (
            ref
            for ref, text in session.execute(select(Chunk.ref, Chunk.text).where(Chunk.version_id == version_id))
            if text_hash(text) == wording
        ),
        None,
    )


def _settle(session: Session, hit_id: int, was: Decision, to: Decision) -> None:
    """Only if nobody decided in between."""
    session.execute(
        update(LawHit).where(LawHit.id == hit_id, LawHit.decision == was).values(decision=to),
        execution_options={"synchronize_session": False},
    )


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> int:
    """Number of rows that weren't there yet; what another worker wrote in between stays as it is."""
    new = 0
    for part in _slices(rows):
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        first = next(iter(model.__table__.primary_key))
        new += len(
            session.execute(
                dialect.insert(model.__table__).values(part).on_conflict_do_nothing().returning(first)
            ).all()
        )
    return new


def _slices(values: list[Any]) -> Iterable[list[Any]]:
    return [values[start : start + _BATCH] for start in range(0, len(values), _BATCH)]
