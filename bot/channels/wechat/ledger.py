"""The books of the WeChat channel: who somebody is, what arrived, how much may be sent, what is still to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from bot.channels.base import Remaining
from bot.channels.wechat.models import WechatContact, WechatReceipt, WechatSent
from bot.conversations import service
from bot.conversations.models import Conversation, Message, Sender
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

# 微信公众平台 客服消息: five within 48 hours of a message; three within a minute of following, scanning or a menu.
WINDOW, PER_MESSAGE = timedelta(hours=48), 5
QUICK_WINDOW, PER_PRESS = timedelta(minutes=1), 3
SENDING = "sending"


@dataclass(frozen=True)
class Part:
    """One piece of a message of ours that is still to go."""

    message_id: int
    ordinal: int
    text: str
    is_last: bool
    is_cut: bool = False  # it was being sent before and nobody knows whether it arrived


def contact_of(session: Session, appid: str, openid: str, *, place: str | None) -> WechatContact:
    """The person, with a conversation of theirs; made on their first word."""
    asked = select(WechatContact).where(WechatContact.appid == appid, WechatContact.openid == openid)
    found = session.scalar(asked)
    if found is None:
        conversation = service.start(session, channel="wechat", place=place)
        session.add(WechatContact(appid=appid, openid=openid, conversation_id=conversation.id))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            session.delete(session.get_one(Conversation, conversation.id))
            session.commit()
        found = session.scalars(asked).one()
    return found


def arrive(
    session: Session,
    contact: WechatContact,
    key: str,
    *,
    message_id: int | None,
    is_known: bool,
    is_word: bool,
    now: datetime,
) -> int:
    """Which delivery of this message or event it is, from 1.

    A word of the resident's opens the window of 48 hours anew.
    """
    if not is_known:
        session.add(WechatReceipt(contact_id=contact.id, key=key, message_id=message_id, first_at=now))
        if is_word:
            contact.said_at, contact.said_left, contact.is_following = now, PER_MESSAGE, True  # whoever writes follows
        try:
            session.commit()
            return 1
        except IntegrityError:
            session.rollback()
    mine = (WechatReceipt.contact_id == contact.id) & (WechatReceipt.key == key)
    arrivals = session.scalar(
        update(WechatReceipt).where(mine).values(arrivals=WechatReceipt.arrivals + 1).returning(WechatReceipt.arrivals),
        execution_options={"synchronize_session": False},
    )
    session.commit()
    return int(arrivals or 1)


def pressed(session: Session, contact: WechatContact, *, now: datetime) -> None:
    contact.pressed_at, contact.pressed_left, contact.is_following = now, PER_PRESS, True
    session.commit()


def take_turn(session: Session, contact_id: int, *, now: datetime, lapses: timedelta) -> bool:
    """Whether this caller may send to the person now; nobody else does until `end_turn`, or until it lapses."""
    free = or_(WechatContact.sending_until.is_(None), WechatContact.sending_until < now)
    done = changed(
        session,
        update(WechatContact).where(WechatContact.id == contact_id, free).values(sending_until=now + lapses),
    )
    session.commit()
    return done > 0


def hold(session: Session, contact_id: int, *, now: datetime) -> bool:
    """Whether nobody is sending to the person, and nobody begins to until the caller's transaction ends."""
    free = or_(WechatContact.sending_until.is_(None), WechatContact.sending_until < now)
    done = changed(
        session,
        update(WechatContact).where(WechatContact.id == contact_id, free).values(sending_until=None, not_before=None),
        synchronize=False,
    )
    return done > 0


def end_turn(session: Session, contact_id: int, *, not_before: datetime | None = None) -> None:
    session.execute(
        update(WechatContact).where(WechatContact.id == contact_id).values(sending_until=None, not_before=not_before)
    )
    session.commit()


def reserve(session: Session, contact_id: int, parts: Sequence[Part], *, now: datetime, lapses: timedelta) -> bool:
    """Count one message to the person and note what is in it before it is sent; the sender's turn begins anew.

    False: none may be sent now.
    """
    c = WechatContact
    for opened, left, window in ((c.said_at, c.said_left, WINDOW), (c.pressed_at, c.pressed_left, QUICK_WINDOW)):
        done = changed(
            session,
            update(c)
            .where(c.id == contact_id, opened > now - window, left > 0)
            .values({left: left - 1, c.sending_until: now + lapses}),
            synchronize=False,
        )
        if done:
            mark_sending(session, parts, True)
            session.commit()
            return True
    session.rollback()
    return False


def close_window(session: Session, contact_id: int) -> None:
    """WeChat says that nothing may be sent, whatever our books say."""
    session.execute(update(WechatContact).where(WechatContact.id == contact_id).values(said_left=0, pressed_left=0))
    session.commit()


def has_left(session: Session, contact_id: int) -> None:
    """WeChat says that they don't follow: the event got lost, or is on its way.

    Their next word or event says otherwise.
    """
    session.rollback()
    session.execute(update(WechatContact).where(WechatContact.id == contact_id).values(is_following=False))
    session.commit()


def left(contact: WechatContact, *, now: datetime) -> int:
    said = contact.said_left if contact.said_at and contact.said_at > now - WINDOW else 0
    pressed = contact.pressed_left if contact.pressed_at and contact.pressed_at > now - QUICK_WINDOW else 0
    return said + pressed


def remaining(
    session: Session, conversation_id: str, *, can_send: bool, has_template: bool, now: datetime
) -> Remaining | None:
    """What an agent may still send, in words; None for a conversation that isn't on WeChat."""
    contact = session.scalar(select(WechatContact).where(WechatContact.conversation_id == conversation_id))
    if contact is None:
        return None
    if not contact.is_following:
        return Remaining(0, None, "对方已取消关注，微信上发不出去；他重新关注或在网页上打开时能看到。")
    if not can_send:
        return Remaining(0, None, "这个公众号没有客服接口：您写的会存着，等对方再发一句话时一起给他。")
    until = contact.said_at + WINDOW if contact.said_at and contact.said_at > now - WINDOW else None
    if until and contact.said_left:
        return Remaining(
            contact.said_left,
            until,
            f"微信还能发 {contact.said_left} 条，到 {until.astimezone(SHANGHAI):%m-%d %H:%M} 为止。",
        )
    if count := left(contact, now=now):
        return Remaining(count, None, f"微信还能发 {count} 条，只在对方关注、扫码、点菜单后的 1 分钟里。")
    why = f"他说话以后的 {PER_MESSAGE} 条发完了，剩 0 条" if until else "窗口已过，剩 0 条"
    then = (
        "您写的先用通知提醒他，他点开网页就能看到，再说话时也会收到。"
        if has_template
        else "这个公众号没有通知模板，您写的会存着，等对方再发一句话时一起给他。急事请打电话。"
    )
    return Remaining(0, None, f"{why}：{then}")


def pending(session: Session, conversation_id: str) -> Sequence[tuple[Message, int, bool]]:
    """What we said and hasn't gone out, in order, each with how many of its pieces did, and whether it was cut
    short while going.
    """
    rows = session.execute(
        select(Message, WechatSent.pieces, WechatSent.via)
        .outerjoin(WechatSent, WechatSent.message_id == Message.id)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender != Sender.resident,
            WechatSent.done_at.is_(None),
            *_still_said(),
        )
        .order_by(Message.id)
        .limit(50)
    )
    return [(message, pieces or 0, via == SENDING) for message, pieces, via in rows]


def _still_said() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Not withdrawn; and of a withdrawal nothing where not even a first piece of the message had left us."""
    gone = aliased(WechatSent)
    left = select(gone.message_id).where(
        gone.message_id == Message.withdraws, (gone.pieces > 0) | (gone.via == SENDING)
    )
    return Message.withdrawn_at.is_(None), Message.withdraws.is_(None) | left.exists()


def unanswered(session: Session, conversation_id: str) -> int | None:
    """The resident's message that is being answered, the last if there are several."""
    return session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == conversation_id, Message.sender == Sender.resident, Message.answered_at.is_(None)
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def unheard(session: Session, contact_id: int, *, before: datetime) -> WechatReceipt | None:
    """The first passive reply that was put together but hasn't left us: a process was killed just then.

    `before`: WeChat asks no more.
    """
    r = WechatReceipt
    return session.scalars(
        select(r)
        .where(r.contact_id == contact_id, r.reply != "", r.answered_at.is_(None), r.first_at < before)
        .order_by(r.first_at)
        .limit(1)
    ).first()


def waiting_contacts(
    session: Session, appid: str, *, now: datetime, settled: timedelta, unheard_before: datetime
) -> list[int]:
    """People to whom something should go that has lain for `settled`: by then a passive reply would have taken it."""
    lying = (
        select(Message.id)
        .outerjoin(WechatSent, WechatSent.message_id == Message.id)
        .where(
            Message.conversation_id == WechatContact.conversation_id,
            Message.sender != Sender.resident,
            Message.created_at < now - settled,
            WechatSent.done_at.is_(None),
            *_still_said(),
        )
    )
    r = WechatReceipt
    unheard = select(r.key).where(
        r.contact_id == WechatContact.id, r.reply != "", r.answered_at.is_(None), r.first_at < unheard_before
    )
    free = or_(WechatContact.not_before.is_(None), WechatContact.not_before < now)
    due = or_(lying.exists(), unheard.exists())
    return list(
        session.scalars(
            select(WechatContact.id)
            .where(WechatContact.appid == appid, WechatContact.is_following, free, due)
            .order_by(WechatContact.id)
            .limit(200)
        )
    )


def mark(session: Session, parts: Sequence[Part], *, via: str, now: datetime) -> None:
    """These pieces went out; the caller commits."""
    for part in parts:
        row = _sent(session, part)
        row.pieces, row.via = max(row.pieces, part.ordinal + 1), via
        if part.is_last:
            row.done_at = now
    session.flush()


def mark_sending(session: Session, parts: Sequence[Part], is_sending: bool) -> None:
    """These pieces go out now, or surely didn't; the caller commits."""
    for part in parts:
        _sent(session, part).via = SENDING if is_sending else ""


def _sent(session: Session, part: Part) -> WechatSent:
    row = session.get(WechatSent, part.message_id)
    if row is None:
        row = WechatSent(message_id=part.message_id, pieces=0, via="")
        session.add(row)
        session.flush()
    return row
