"""Every channel that runs; whoever needs all of them asks here."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session

from bot.channels.base import Answer, Channel, Remaining, Sessions
from bot.channels.wechat.channel import Wechat
from bot.channels.widget.channel import Widget
from bot.settings import Settings

KINDS: tuple[type[Channel], ...] = (
    Widget,
    Wechat,
)


def build_channels(settings: Settings, *, sessions: Sessions, answer: Answer) -> list[Channel]:
    return [line for kind in KINDS for line in kind.build(settings, sessions=sessions, answer=answer)]


def routes() -> list[APIRouter]:
    return [router for kind in KINDS for router in kind.routes]


def labels() -> dict[str, str]:
    """What staff see beside a conversation, by kind; "" for nothing."""
    return {kind.kind: kind.label_zh for kind in KINDS}


def sweep(session: Session, *, now: datetime) -> int:
    return sum(kind.sweep(session, now=now) for kind in KINDS)


def about(session: Session, conversation_id: str) -> dict[str, Mapping[str, object] | None]:
    """By kind; without the kinds that never keep anything."""
    found = {kind.kind: kind.about(session, conversation_id) for kind in KINDS}
    return {kind: told for kind, told in found.items() if told != {}}


def remaining(channels: Sequence[Channel], conversation_id: str) -> Remaining | None:
    return next((found for line in channels if (found := line.remaining(conversation_id))), None)
