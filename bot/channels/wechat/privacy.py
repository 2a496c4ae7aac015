"""What WeChat makes us keep about a person: told in plain words, and kept no longer than it is needed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.channels.wechat.models import WechatContact, WechatPicture, WechatReceipt, WechatSent
from bot.conversations.models import Message
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

RECEIPTS_LAST = timedelta(days=1)  # WeChat delivers for 15 s, and a request older than five minutes is refused
_VIA = {"passive": "当时就回的", "customer_service": "用客服消息发的"}


def sweep(session: Session, *, now: datetime) -> int:
    """Delete receipts, which hold what we replied. How many."""
    old = changed(session, delete(WechatReceipt).where(WechatReceipt.first_at < now - RECEIPTS_LAST))
    session.commit()
    return int(old)


def about(session: Session, conversation_id: str) -> dict[str, Any] | None:
    """For the person themself (个人信息保护法 45); None for a conversation that isn't on WeChat."""
    contact = session.scalar(select(WechatContact).where(WechatContact.conversation_id == conversation_id))
    if contact is None:
        return None
    receipts = session.scalars(
        select(WechatReceipt).where(WechatReceipt.contact_id == contact.id).order_by(WechatReceipt.first_at)
    ).all()
    sent = session.execute(
        select(WechatSent.via, func.count())
        .join(Message, Message.id == WechatSent.message_id)
        .where(Message.conversation_id == conversation_id)
        .group_by(WechatSent.via)
    ).all()
    waiting = (
        session.scalar(select(func.count()).select_from(WechatPicture).where(WechatPicture.contact_id == contact.id))
        or 0
    )
    return {
        "公众号的 appid": contact.appid,
        "微信给您在这个公众号的编号（openid）": contact.openid,
        "微信给您在同一主体各公众号的编号（unionid）": contact.unionid or "没有",
        "关注着": "是" if contact.is_following else "否",
        "上次说话": _moment(contact.said_at),
        "上次关注、扫码或点菜单": _moment(contact.pressed_at),
        "问过要不要和别的公众号合到一起": _moment(contact.join_asked_at),
        "最近收到的（留一天，用来认出重复的）": [
            {"时间": _moment(r.first_at), "回的话": r.reply or ""} for r in receipts
        ],
        "发给您的消息": {_VIA.get(via, "正在发或要重发的"): count for via, count in sent},
        "还没取来的照片": waiting,
    }


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else "没有"
