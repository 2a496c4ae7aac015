"""The queue of those who wait for a person: how one gets into it, where one stands, how one leaves it unheard."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import SQLColumnExpression, case, select, update
from sqlalchemy.orm import Session

from actions.calendar.hours import hours
from actions.offices import routing
from actions.offices.models import HandoffRule
from actions.replies import Button, Reply, ReplyKind, phone_links
from bot.conversations.models import Alarm, Conversation
from bot.conversations.status import Status, move
from knowledge import places
from knowledge.data_files import DataModel, Text, read


class _Reasons(DataModel):
    danger: Text
    asked: Text
    abstained: Text
    rated_down: Text
    not_understood: Text
    failed: Text
    rule: Text
    transferred: Text
    forgotten: Text


class ReasonsFile(DataModel):
    """The schema of reasons.yml: what staff read beside a conversation that waits."""

    reasons: _Reasons


REASONS: dict[str, str] = read(Path(__file__).with_name("reasons.yml"), ReasonsFile).reasons.model_dump()
_ONE_ALARM_FOR = timedelta(minutes=10)  # who is in danger writes many messages in a row
DONT_WAIT = "不等了，接着问邻里"
# Who spoke of danger is asked once: a telephone in another hand, or a thumb beside the button, would end the only call.
SAFE, WAIT_ON = "我没事了，不用等", "接着等"
ARE_THEY_SAFE = Reply(
    ReplyKind.asking,
    "您刚才说的事很急，我已经告诉工作人员，他们一看到就在这里回您。真不用等他们了吗？",
    next="有危险就打 110、120、119，不要等这里回话。",
    buttons=(Button(WAIT_ON, WAIT_ON), Button(SAFE, SAFE)),
)


def rule_for(session: Session, text: str, *, place: str | None) -> HandoffRule | None:
    """The rule of this place or one above it that wants a person for these words."""
    fits = [rule for rule in session.scalars(select(HandoffRule).order_by(HandoffRule.id)) if rule.keyword in text]
    here = places.above(session, place) if fits else []  # asked at every turn, so the places only where a word fits
    return next((rule for rule in fits if rule.place_id is None or rule.place_id in here), None)


def is_open(session: Session, now: datetime, place: str | None) -> bool:
    """Whether people of this place work at this hour; out of hours nobody is put into the queue unasked."""
    return hours(session, place).is_open(now)


def request(
    session: Session,
    conversation: Conversation,
    *,
    reason: str,
    now: datetime,
    topic: str = "",
    words: str = "",
    is_manned: bool = True,
) -> Reply | None:
    """Put a conversation into the queue of the team of its place and topic; the caller commits, together with the reply
    this gives. `is_manned`: whether anybody sits at a desk.

    None: it is there already.
    """
    team = routing.team_for(session, category=topic, place=conversation.place_id, text=words)
    if not move(
        session,
        conversation.id,
        Status.waiting,
        start=(Status.bot,),
        waiting_since=now,
        handoff_reason=reason,
        topic=topic or None,
        team_id=team.id if team else None,
        agent_id=None,
        agent_name=None,
    ):
        return None
    return waiting_reply(session, conversation.id, now=now, danger=reason == "danger", is_manned=is_manned)


def waiting_reply(
    session: Session, conversation_id: str, *, now: datetime, danger: bool = False, is_manned: bool = True
) -> Reply:
    """Where the resident truly stands, and when people are there."""
    ahead = position(session, conversation_id)
    conversation = session.get(Conversation, conversation_id)
    away = hours(session, conversation.place_id if conversation else None).away(now)
    if not away:
        text = "已经转给工作人员，" + _in_line(ahead, is_manned=is_manned) + "轮到您时，这里会显示是谁在跟您说话。"
    elif danger:
        text = "我也告诉了工作人员，他们一看到就在这里回您。"  # office hours are nothing to tell somebody in danger
    else:
        text = f"{away}，看到后会在这里回您，不用一直等着。"
    more = "有危险就打 110、120、119，不要等这里回话。" if danger else "急事请直接打电话。"
    return Reply(
        ReplyKind.handoff,
        text,
        next=more,
        links=() if danger else phone_links("12345", "12348"),
        buttons=() if danger else (Button(DONT_WAIT, DONT_WAIT),),
    )


def _in_line(ahead: int, *, is_manned: bool) -> str:
    """The first in a line that nobody serves stands nowhere (chatwoot#1600)."""
    if not is_manned:
        return "他们这会儿都不在座位上，一回来就看得到。"
    return "您排在最前面。" if ahead == 0 else f"前面还有 {ahead} 位。"


def mark_green(session: Session, conversation_id: str | None, is_green: bool) -> None:
    """As its case goes first or no longer does, so does the conversation."""
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(is_green=is_green))
    session.commit()


def order() -> Sequence[SQLColumnExpression[Any]]:
    """Danger first, then the green channel, then who has waited longest."""
    danger = case(
        (Conversation.emergency_at.is_not(None), 0),
        (Conversation.is_green, 1),
        else_=2,
    )
    return danger, Conversation.waiting_since, Conversation.id


def position(session: Session, conversation_id: str) -> int:
    """How many stand before this one."""
    queue = list(
        session.scalars(select(Conversation.id).where(Conversation.status == Status.waiting).order_by(*order()))
    )
    return queue.index(conversation_id) if conversation_id in queue else 0


def is_for_danger(session: Session, conversation_id: str) -> bool:
    conversation = session.get(Conversation, conversation_id)
    return conversation is not None and conversation.emergency_at is not None


def stop_waiting(session: Session, conversation_id: str) -> bool:
    """The resident would rather go on with the bot; the caller commits."""
    return move(session, conversation_id, Status.bot, start=(Status.waiting,), waiting_since=None, handoff_reason=None)


def raise_alarm(session: Session, conversation_id: str, *, now: datetime) -> None:
    """Once in ten minutes for a conversation; the caller commits."""
    recent = select(Alarm.id).where(Alarm.conversation_id == conversation_id, Alarm.made_at > now - _ONE_ALARM_FOR)
    if session.scalar(recent.limit(1)) is None:
        session.add(Alarm(conversation_id=conversation_id, made_at=now, next_try_at=now))
