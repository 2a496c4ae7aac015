"""Who is the same person on two official accounts. WeChat's UnionID tells it of accounts of one Open Platform account;
joined they are only by the resident's own word, and then what they filed and booked shows on both sides, never what
was said.

Source: 微信公众平台 开发文档, 获取用户基本信息（UnionID 机制）.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from actions import persons
from actions.replies import Button, Reply, ReplyKind
from bot.channels.wechat import ledger
from bot.channels.wechat.models import WechatContact
from bot.channels.wechat.wire.api import TryLater, WechatApi, WechatError
from bot.conversations import delivery
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from knowledge.tables import changed

TOGETHER, NOT_TOGETHER, APART = "合到一起看", "两边不合", "分开看"
LEARN_AGAIN = timedelta(minutes=10)  # after WeChat asked for patience
_AT_A_TIME = 20
# a question of ours with buttons is left alone so long: a 1 must not answer two things
_SETTLED = timedelta(minutes=10)


def unknown(session: Session, appid: str) -> Sequence[WechatContact]:
    """Followers of whom WeChat wasn't asked yet."""
    c = WechatContact
    return session.scalars(
        select(c)
        .where(c.appid == appid, c.is_following, c.unionid.is_(None), c.unionid_asked_at.is_(None))
        .order_by(c.id)
        .limit(_AT_A_TIME)
    ).all()


def learn(session: Session, contact_id: int, found: Mapping[str, Any], *, now: datetime) -> None:
    """What WeChat said of a person; all but the UnionID is dropped.

    It says none where the account belongs to no Open Platform account.
    """
    unionid = str(found.get("unionid") or "")
    values = {"unionid": unionid} if re.fullmatch(r"[\w-]{1,64}", unionid, re.ASCII) else {}
    session.execute(update(WechatContact).where(WechatContact.id == contact_id).values(unionid_asked_at=now, **values))
    session.commit()


def learn_due(session: Session, appid: str, *, api: WechatApi, now: datetime) -> None:
    """Ask WeChat about followers of whom it wasn't asked yet. Raises TryLater."""
    people = [(contact.id, contact.openid) for contact in unknown(session, appid)]
    session.rollback()  # nothing is held while WeChat is asked
    for contact_id, openid in people:
        try:
            found = api.person(openid)
        except TryLater:
            raise
        except WechatError:
            found = {}  # the account lacks the right, or they left
        learn(session, contact_id, found, now=now)


def ask_due(session: Session, appid: str, *, titles: Mapping[str, str], now: datetime) -> int:
    """Ask people of this account whether to join what they have on another; once a person, and not in the middle of
    something else.

    titles: names of the accounts as residents know them, by appid.
    """
    c, other = WechatContact, aliased(WechatContact)
    is_elsewhere = (
        select(other.id).where(other.unionid == c.unionid, other.appid != appid, other.said_at.is_not(None)).exists()
    )
    done = 0
    for contact in session.scalars(
        select(c)
        .where(c.appid == appid, c.is_following, c.unionid.is_not(None), c.join_asked_at.is_(None), is_elsewhere)
        .order_by(c.id)
        .limit(_AT_A_TIME)
    ).all():
        if not ledger.left(contact, now=now) or not _is_quiet(session, contact.conversation_id, now):
            continue
        # One statement for all accounts of the person: of two processes that ask on two accounts, one is first.
        mine = update(c).where(c.unionid == contact.unionid, c.join_asked_at.is_(None)).values(join_asked_at=now)
        if changed(session, mine, synchronize=False):
            names = "、".join(
                dict.fromkeys(titles.get(o.appid, "另一个公众号") for o in _others(session, contact) if o.said_at)
            )
            question = Reply(
                ReplyKind.asking,
                f"您在{names}也和我说过话。要不要把两边登记的事、约的时间放在一起看？"
                "说过的话还是各在各处，不会放过来。",
                buttons=(Button("合到一起", TOGETHER), Button("不用", NOT_TOGETHER)),
            )
            delivery.tell(session, contact.conversation_id, question, key=f"union-{contact.id}")
            done += 1
        session.commit()
    return done


def _is_quiet(session: Session, conversation_id: str, now: datetime) -> bool:
    conversation = session.get_one(Conversation, conversation_id)
    last = session.scalars(
        select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id.desc()).limit(1)
    ).first()
    if last is None or conversation.status is not ConversationStatus.bot:
        return False
    is_open = last.sender is Sender.resident or last.reply.buttons or last.reply.form
    return not is_open or last.created_at < now - _SETTLED


def _others(session: Session, contact: WechatContact) -> Sequence[WechatContact]:
    c = WechatContact
    return (
        session.scalars(select(c).where(c.unionid == contact.unionid, c.id != contact.id).order_by(c.id)).all()
        if contact.unionid
        else []
    )


def answer(session: Session, contact: WechatContact, said: str) -> str | None:
    """What to say to a word about joining, once it is carried out; None for any other word."""
    if said == NOT_TOGETHER:
        return f"好，还是各看各的，以后也不再问您。哪天想合，回复“{TOGETHER}”。"
    if said == APART:
        is_parted = persons.part(session, contact.conversation_id)
        session.commit()
        return (
            "分开了，别处登记的事在这边看不到了，这边的在别处也看不到。"
            if is_parted
            else "本来就是各看各的，没有合过。"
        )
    if said != TOGETHER:
        return None
    others = _others(session, contact)
    if not others:
        return "我这里没有看到您在别的公众号说过话，不用合。"
    persons.join(session, contact.conversation_id, *(o.conversation_id for o in others))
    return f"合好了。您在两边登记的事、约的时间，在哪边都能查，说“我那事咋样了”就行。想分开，回复“{APART}”。"


def forget_asking(session: Session, contact: WechatContact) -> None:
    """They follow anew: WeChat tells the UnionID of followers only, so it is worth asking again; the caller commits."""
    session.execute(
        update(WechatContact)
        .where(WechatContact.id == contact.id, WechatContact.unionid.is_(None))
        .values(unionid_asked_at=None)
    )
