"""What waits for a legal worker: changes of the law with the texts they hit, statutes that begin or end, texts that
run out.
"""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.law.changes import ANNOUNCED
from knowledge.law.models import Decision, LawChange, LawHit
from knowledge.search.lexical import character_pairs
from knowledge.search.references import Aim, References
from knowledge.statutes.citations import short_name
from knowledge.statutes.moves import supposed

_LEAST_COMMON = 3  # shorter common runs make a difference that nobody can read
_LEAST_ALIKE = 0.25
# 农业法 of 2012 art. 46 and of 2027 art. 54, both on farm insurance, share .24 of their pairs of characters; the next
# best .17
_NEAR = 0.2
_MOST = 200


@dataclass(frozen=True)
class Piece:
    text: str
    is_changed: bool


@dataclass(frozen=True)
class Changed:
    """A change with the wordings on both sides and the texts that it still waits for."""

    change: LawChange
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    hits: tuple[LawHit, ...]
    # another article of the new version that says most of what the old one said, and its words
    nearest: tuple[str, str] | None
    moved: tuple[str, ...] = ()  # where the bank and our files show it on that day, by what people read
    proposed: str | None = None  # what to say of it, where they show nothing


@dataclass(frozen=True)
class StatuteEvent:
    law: str
    on: date
    is_start: bool  # a version takes effect; else the law ends without another
    adopted: date | None


def waiting(session: Session, *, places: Collection[str] | None = None) -> list[Changed]:
    """Earliest first. `places`: those a person answers for, None for all; what has no place is everybody's."""
    rows = session.execute(
        select(LawHit, LawChange)
        .join(LawChange, LawHit.change_id == LawChange.id)
        .outerjoin(DocumentVersion, LawHit.version_id == DocumentVersion.id)
        .where(
            LawHit.decision.in_([Decision.open, Decision.edit]),
            (LawHit.version_id.is_(None)) | (DocumentVersion.status == VersionStatus.published),
        )
        .order_by(LawChange.effective_on, LawChange.law, LawChange.id, LawHit.id)
    )
    grouped: dict[int, tuple[LawChange, list[LawHit]]] = {}
    for hit, change in rows:
        if places is None or hit.place_id is None or hit.place_id in places:
            grouped.setdefault(change.id, (change, []))[1].append(hit)
    found = []
    known = References.read(session, {change.statute_id for change, _ in grouped.values()})
    for change, hits in list(grouped.values())[:_MOST]:
        old, new = marked(
            _text(session, change.old_version_id, change.ref),
            _text(session, change.new_version_id, change.new_ref or change.ref),
        )
        nearest = _nearest(session, change)
        moved, supposed = _told(session, change, known)
        proposed = next(iter(moved or supposed), None) or change.new_ref or (nearest[0] if nearest else None)
        found.append(Changed(change, old, new, tuple(hits), nearest, moved, proposed))
    return found


def _told(session: Session, change: LawChange, known: References) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the article went by people who read both versions, and what they doubted."""
    old = session.get(DocumentVersion, change.old_version_id) if change.old_version_id else None
    new = session.get(DocumentVersion, change.new_version_id) if change.new_version_id else None
    if old is None or new is None or new.promulgated_on is None:
        return (), ()
    shown = known.on(Aim(change.statute_id, change.ref, old.in_force_from), new.in_force_from)
    return shown, supposed(change.law, change.ref, adopted=new.promulgated_on)


def count_waiting(session: Session, *, today: date) -> int:
    """Texts hit by what has taken effect."""
    return len({hit.source for c in waiting(session) if c.change.effective_on <= today for hit in c.hits})


def expiring(
    session: Session, *, today: date, places: Collection[str] | None = None
) -> list[tuple[Document, DocumentVersion]]:
    """Texts of ours whose last day is within thirty days."""
    rows = session.execute(
        select(Document, DocumentVersion)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(
            Document.kind != Kind.statute,
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_to >= today,
            DocumentVersion.in_force_to <= today + ANNOUNCED,
        )
        .order_by(DocumentVersion.in_force_to, Document.title)
    )
    return [(document, version) for document, version in rows if places is None or document.place_id in places]


def statute_events(session: Session, *, today: date) -> list[StatuteEvent]:
    """Statutes that begin or end within thirty days before or after today."""
    first, last = today - ANNOUNCED, today + ANNOUNCED
    day_before = first - timedelta(days=1)
    rows = session.execute(
        select(
            Document.id,
            Document.title,
            DocumentVersion.in_force_from,
            DocumentVersion.in_force_to,
            DocumentVersion.promulgated_on,
        )
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(Document.kind == Kind.statute, DocumentVersion.status == VersionStatus.published)
        .where(
            DocumentVersion.in_force_from.between(first, last) | DocumentVersion.in_force_to.between(day_before, last)
        )
    ).all()
    begin = {(i, start) for i, _, start, _, _ in rows}
    found = [
        StatuteEvent(short_name(title), start, True, adopted)
        for _, title, start, _, adopted in rows
        if first <= start <= last
    ]
    for document_id, title, _, end, adopted in rows:
        if (
            end is not None
            and first <= (after := end + timedelta(days=1)) <= last
            and (document_id, after) not in begin
        ):
            found.append(StatuteEvent(short_name(title), after, False, adopted))
    return sorted(found, key=lambda e: (e.on, e.law))


def marked(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both wordings, with what differs marked on each side."""
    if not old or not new:
        return tuple(Piece(t, True) for t in (old,) if t), tuple(Piece(t, True) for t in (new,) if t)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:  # words in common by chance explain nothing
        return (Piece(old, True),), (Piece(new, True),)
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    at = (0, 0)
    for a, b, size in matcher.get_matching_blocks():
        if 0 < size < _LEAST_COMMON:
            continue
        for side, text, start, end in ((sides[0], old, at[0], a), (sides[1], new, at[1], b)):
            if text[start:end]:
                side.append(Piece(text[start:end], True))
            if size:
                side.append(Piece(text[end : end + size], False))
        at = (a + size, b + size)
    return tuple(sides[0]), tuple(sides[1])


def _nearest(session: Session, change: LawChange) -> tuple[str, str] | None:
    """None where the number still holds what is nearest: a statute written anew counts its articles anew."""
    wanted = set(character_pairs(_text(session, change.old_version_id, change.ref)))
    if change.new_version_id is None or not wanted:
        return None

    def shared(text: str) -> float:
        pairs = set(character_pairs(text))
        return len(wanted & pairs) / len(wanted | pairs)

    scored = [
        (shared(text), ref, text)
        for ref, text in session.execute(select(Chunk.ref, Chunk.text).where(Chunk.version_id == change.new_version_id))
        if ref
    ]
    score, ref, text = max(scored, default=(0.0, "", ""))
    return (ref, text) if score >= _NEAR and ref not in (change.ref, change.new_ref) else None


def _text(session: Session, version_id: int | None, ref: str) -> str:
    return (
        session.scalar(
            select(Chunk.text).where(Chunk.version_id == version_id, Chunk.ref == ref).order_by(Chunk.ordinal).limit(1)
        )
        or ""
        if version_id
        else ""
    )
