"""What a person decides about a text that a change of the law hits: keep, edit, withdraw, or of an article that our
files cite, where it went. The caller commits.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import ArticleMove, Chunk, DocumentVersion, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import CorrectionInvalid, HitDecided, ReasonNeeded, VersionNotFound
from knowledge.law.models import CitationSeen, Decision, LawHit
from knowledge.statutes.numerals import chinese_article
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


def move(session: Session, hit_id: int, *, to: str | None, by: Person, now: datetime, reason: str = "") -> LawHit:
    """Where the bank and our data files cite this article, they mean `to` (`81`, 第八十一条) from the new version's
    first day on, and nothing where None. It is one fact about the law: whatever else of them cites it is settled too.

    Raises CorrectionInvalid, HitDecided.
    """
    change = _get(session, hit_id).change
    new = session.get(DocumentVersion, change.new_version_id) if change.new_version_id else None
    ref = _article_of(session, new, to) if to else None
    hit = _decide(session, hit_id, Decision.keep if ref else Decision.withdraw, by=by, now=now, reason=reason)
    if new is not None and new.promulgated_on:
        known = session.scalar(
            select(ArticleMove).where(
                ArticleMove.statute_id == change.statute_id,
                ArticleMove.adopted == new.promulgated_on,
                ArticleMove.old_ref == change.ref,
            )
        )
        row = known or ArticleMove(statute_id=change.statute_id, adopted=new.promulgated_on, old_ref=change.ref)
        row.new_ref, row.decided_by, row.decided_at = ref, by.name, now
        session.add(row)
    rest = update(LawHit).where(
        LawHit.change_id == change.id, LawHit.is_file, LawHit.id != hit_id, LawHit.decision.in_(MOVES)
    )
    settled = rest.values(decision=hit.decision, decided_by_id=by.id, decided_by=by.name, decided_at=now, reason=reason)
    session.execute(settled, execution_options={"synchronize_session": False})
    session.flush()
    return hit


def _article_of(session: Session, version: DocumentVersion | None, typed: str) -> str:
    """Raises CorrectionInvalid."""
    number = typed.strip().removeprefix("第").removesuffix("条")
    ref = chinese_article(*number.split("-", 1)) or chinese_article(*number.split("条之", 1))
    held = select(Chunk.id).where(Chunk.version_id == (version.id if version else None), Chunk.ref == ref)
    if ref is None or session.scalar(held) is None:
        raise CorrectionInvalid("新版里没有这一条，请写成“81”或者“第八十一条”。")
    return ref


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
