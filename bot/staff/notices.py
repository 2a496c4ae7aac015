"""Somebody wants a colleague: named with @ in an internal note, or given a case. Shown on every page until seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.staff.models import Notice, Staff
from knowledge.tables import changed

MENTION, GIVEN = "mention", "given"
_AT = "@＠"


@dataclass(frozen=True, kw_only=True)
class About:
    """Where it is to be read: a case or a conversation. `source`: the one wish that it comes from."""

    source: str
    case_id: int | None = None
    conversation_id: str | None = None


def named(text: str, colleagues: Sequence[Staff]) -> list[Staff]:
    """Whom the text names with @, each once. Of 王芳 and 王芳芳 the longer one is meant where it stands; of two with
    one name, both.
    """
    names = sorted({c.name for c in colleagues if c.name}, key=len, reverse=True)
    after = (text[i + 1 :] for i, sign in enumerate(text) if sign in _AT)
    said = {next((name for name in names if rest.startswith(name)), None) for rest in after}
    return [c for c in colleagues if c.name in said]


def tell(session: Session, to: Sequence[Staff], about: About, *, kind: str, by: str, now: datetime) -> None:
    """Once a colleague and source; the caller commits, together with what it is about."""
    for colleague in to:
        notice = Notice(
            staff_id=colleague.id,
            source=about.source,
            kind=kind,
            by=by,
            case_id=about.case_id,
            conversation_id=about.conversation_id,
            at=now,
        )
        try:
            with session.begin_nested():
                session.add(notice)
        except IntegrityError:
            continue  # sent twice


def count_unseen(session: Session, staff_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Notice).where(*_unseen(staff_id))) or 0


def newest(session: Session, staff_id: int) -> int:
    """The last one that isn't seen, 0 for none; rises with each new one."""
    return session.scalar(select(func.max(Notice.id)).where(*_unseen(staff_id))) or 0


def latest(session: Session, staff_id: int, *, most: int = 100) -> list[Notice]:
    """Those not seen first, then the newest."""
    mine = select(Notice).where(Notice.staff_id == staff_id)
    return list(session.scalars(mine.order_by(Notice.seen_at.is_not(None), Notice.id.desc()).limit(most)))


def of_case(session: Session, case_id: int) -> dict[str, list[tuple[str, bool]]]:
    """By source: whom it called, and whether they have looked."""
    rows = session.execute(
        select(Notice.source, Staff.name, Notice.seen_at)
        .join(Staff, Staff.id == Notice.staff_id)
        .where(Notice.case_id == case_id, Notice.kind == MENTION)
        .order_by(Notice.id)
    )
    found: dict[str, list[tuple[str, bool]]] = {}
    for source, name, seen_at in rows:
        found.setdefault(source, []).append((name, seen_at is not None))
    return found


def see(
    session: Session,
    staff_id: int,
    *,
    now: datetime,
    case_id: int | None = None,
    conversation_id: str | None = None,
) -> int:
    """Looked at: those about one case or conversation, or all. How many; the caller commits."""
    mine = update(Notice).where(*_unseen(staff_id))
    if case_id is not None:
        mine = mine.where(Notice.case_id == case_id)
    if conversation_id is not None:
        mine = mine.where(Notice.conversation_id == conversation_id)
    return changed(session, mine.values(seen_at=now))


def _unseen(staff_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Notice.staff_id == staff_id, Notice.seen_at.is_(None)
