"""Residents' pictures: where one lies is stored with its message, fetching it waits for nobody's five seconds."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from actions.cases.filing import attach_photo
from actions.cases.models import Case, Photo
from actions.cases.photos import CleanPhoto, clean_photo
from actions.errors import InvalidInput
from actions.replies import Reply, ReplyKind
from bot.channels.wechat.models import WechatContact, WechatPicture
from bot.channels.wechat.wire.api import PictureUnreachable
from bot.conversations import delivery

_TRIES, _TRY_AGAIN = 3, timedelta(seconds=20)
_AT_A_TIME = 10


def note(session: Session, contact: WechatContact, key: str, url: str, *, now: datetime) -> None:
    """The caller commits, with the answer to the message."""
    if session.get(WechatPicture, (contact.id, key)) is None:
        session.add(WechatPicture(contact_id=contact.id, key=key, url=url[:2000], sent_at=now, tries=0))
        session.flush()


def fetch_due(sessions: Callable[[], Session], appid: str, *, picture: Callable[[str], bytes], now: datetime) -> int:
    """How many were attached.

    One that can't be had is told; killed in between, or done by two at once, it is one picture all the same.
    """
    with sessions() as session:
        is_due = or_(
            *((WechatPicture.tries == n) & (WechatPicture.sent_at <= now - n * _TRY_AGAIN) for n in range(_TRIES))
        )
        due = session.execute(
            select(WechatPicture, WechatContact.conversation_id)
            .join(WechatContact)
            .where(WechatContact.appid == appid, is_due)
            .order_by(WechatPicture.sent_at)
            .limit(_AT_A_TIME)
        ).all()
    return sum(_fetch(sessions, row, conversation_id, picture) for row, conversation_id in due)


def _fetch(
    sessions: Callable[[], Session], row: WechatPicture, conversation_id: str, picture: Callable[[str], bytes]
) -> int:
    clean, problem, mine = None, "", (WechatPicture.contact_id == row.contact_id) & (WechatPicture.key == row.key)
    try:
        clean = clean_photo(picture(row.url))
    except PictureUnreachable as error:
        if row.tries + 1 < _TRIES:
            with sessions() as session:
                session.execute(update(WechatPicture).where(mine).values(tries=row.tries + 1))
                session.commit()
            return 0
        problem = error.message_zh
    except InvalidInput as error:
        problem = error.message_zh
    with sessions() as session:
        if session.scalar(select(WechatPicture.key).where(mine)) is None:
            return 0  # fetched by another process, or forgotten in between
        try:
            if clean:
                _attach(session, conversation_id, clean, row.sent_at)
        except InvalidInput as error:
            problem = error.message_zh
        if problem:
            reply = Reply(ReplyKind.smalltalk, f"刚才那张照片没能存上：{problem}")
            delivery.tell(session, conversation_id, reply, key=f"wxp-{row.key}"[:64])
        session.execute(delete(WechatPicture).where(mine))
        session.commit()
    return not problem


def _attach(session: Session, conversation_id: str, clean: CleanPhoto, sent_at: datetime) -> None:
    """For the report under way; where that was filed while the picture was on its way, to the case.

    Raises InvalidInput.
    """
    attach_photo(session, conversation_id, clean)
    filed = session.scalar(
        select(Case.id)
        .where(Case.conversation_id == conversation_id, Case.filed_at > sent_at)
        .order_by(Case.id)
        .limit(1)
    )
    if filed:
        session.execute(
            update(Photo)
            .where(Photo.conversation_id == conversation_id, Photo.sha256 == clean.sha256, Photo.case_id.is_(None))
            .values(case_id=filed)
        )
