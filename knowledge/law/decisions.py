"""What a person decides about a text that a change of the law hits: keep, edit, withdraw. The caller commits."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import DocumentVersion, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import HitDecided, ReasonNeeded, VersionNotFound
from knowledge.law.models import CitationSeen, Decision, LawHit
from knowledge.tables import changed

# A text whose draft was begun can still be kept or withdrawn.
MOVES: dict[Decision, frozenset[Decision]] = {
    Decision.open: frozenset({Decision.keep, Decision.edit, Decision.withdraw}),
    Decision.edit: frozenset({Decision.keep, Decision.withdraw}),
}


def keep(session: Session, hit_id: int, *, by: Person, now: datetime, reason: str) -> LawHit:
    """The text stays right under the new wording, and counts as checked against it from now on.

    Raises ReasonNeeded, HitDecided.
    """
    if not reason.strip():
        raise ReasonNeeded("保留要写明理由：对照新条文看过，为什么这份资料还是对的。")
    hit = _decide(session, hit_id, Decision.keep, by=by, now=now, reason=reason)
    change = hit.change
    session.merge(
        CitationSeen(
            source=hit.source,
            statute_id=change.statute_id,
            ref=change.ref,
            article_hash=change.new_hash,
            statute_version_id=change.new_version_id,
            checked_at=now,
            checked_by=by.name,
        )
    )
    session.flush()
    return hit


def edit(session: Session, hit_id: int, *, by: Person, now: datetime, reason: str = "") -> DocumentVersion | None:
    """The draft to go on with; None for what isn't a document.

    Until it is published residents are told that the law is being checked.
    """
    hit = _get(session, hit_id)
    if hit.decision is not Decision.edit:
        hit = _decide(session, hit_id, Decision.edit, by=by, now=now, reason=reason)
    return versions.edit(session, hit.document_id, by=by, now=now) if hit.document_id else None


def withdraw(session: Session, hit_id: int, *, by: Person, now: datetime, reason: str) -> LawHit:
    """The text is shown to nobody from now on; all that hits it is settled with it.

    Raises ReasonNeeded, HitDecided, MoveNotAllowed.
    """
    if not reason.strip():
        raise ReasonNeeded("请写明为什么撤回。")
    hit = _decide(session, hit_id, Decision.withdraw, by=by, now=now, reason=reason)
    if hit.version_id is not None:
        versions.withdraw(
            session,
            hit.version_id,
            by=by,
            now=now,
            reason=f"依据的《{hit.change.law}》{hit.change.ref}有变动：{reason.strip()}",
        )
    rest = (
        update(LawHit)
        .where(LawHit.source == hit.source, LawHit.decision.in_(MOVES))
        .values(decision=Decision.void, reason="已撤回")
    )
    session.execute(rest, execution_options={"synchronize_session": False})
    return hit


def _get(session: Session, hit_id: int) -> LawHit:
    hit = session.get(LawHit, hit_id)
    if hit is None:
        raise VersionNotFound("没有这一处。")
    return hit


def _decide(session: Session, hit_id: int, to: Decision, *, by: Person, now: datetime, reason: str) -> LawHit:
    """Raises HitDecided when a colleague was first, or the text isn't published any more."""
    hit = _get(session, hit_id)
    if (
        hit.version_id is not None
        and session.scalar(select(DocumentVersion.status).where(DocumentVersion.id == hit.version_id))
        is not VersionStatus.published
    ):
        raise HitDecided("这份资料已经换了新版或撤回了，这一处不用再处理。")
    moved = update(LawHit).where(
        LawHit.id == hit_id, LawHit.decision.in_([was for was, moves in MOVES.items() if to in moves])
    )
    if not changed(
        session,
        moved.values(
            decision=to, decided_by_id=by.id, decided_by=by.name, decided_at=now, reason=reason.strip()[:2000]
        ),
        synchronize=False,
    ):
        raise HitDecided
    session.refresh(hit)
    return hit
