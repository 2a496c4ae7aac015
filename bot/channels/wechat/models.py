"""What WeChat makes us remember: who somebody is there, how much may still be sent, what arrived and what went out."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class WechatContact(Base):
    """A person is (appid, openid); their conversation with us is one."""

    __tablename__ = "wechat_contact"
    __table_args__ = (UniqueConstraint("appid", "openid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appid: Mapped[str] = mapped_column(String(40))
    openid: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), unique=True)
    is_following: Mapped[bool] = mapped_column(default=True)
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # opens the window of 48 hours
    said_left: Mapped[int] = mapped_column(Integer, default=0)
    pressed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # following, scanning, a menu: a minute
    pressed_left: Mapped[int] = mapped_column(Integer, default=0)
    # somebody is sending to this person, or was: it lapses
    sending_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the servers asked for patience
    noticed_to: Mapped[int] = mapped_column(Integer, default=0)  # the last message that a template notice spoke of
    # the same on all accounts of one Open Platform account
    unionid: Mapped[str | None] = mapped_column(String(64), index=True)
    unionid_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of WeChat
    join_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the person, here or on another account


class WechatPicture(Base):
    """A resident's picture that is still to be fetched."""

    __tablename__ = "wechat_picture"

    contact_id: Mapped[int] = mapped_column(ForeignKey("wechat_contact.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)


class WechatReceipt(Base):
    """A message or event that arrived, however often it was delivered."""

    __tablename__ = "wechat_receipt"

    contact_id: Mapped[int] = mapped_column(ForeignKey("wechat_contact.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[int | None] = mapped_column(Integer)
    arrivals: Mapped[int] = mapped_column(Integer, default=1)  # the latest delivery carries the reply
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(Text)  # the passive reply
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it left us


class WechatSent(Base):
    """How much of a message of ours went out. `pieces` of it did; `done_at` when all of them."""

    __tablename__ = "wechat_sent"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    pieces: Mapped[int] = mapped_column(Integer, default=0)
    # passive | customer_service | sending: with the API just now, or cut short there | "": surely not
    via: Mapped[str] = mapped_column(String(20))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WechatToken(Base):
    """The access token of an account, for all processes; one refreshes it at a time."""

    __tablename__ = "wechat_token"

    appid: Mapped[str] = mapped_column(String(40), primary_key=True)
    token: Mapped[str] = mapped_column(String(600), default="")
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
