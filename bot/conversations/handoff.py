"""From the bot to people and back. `Conversation.status` alone decides who answers; here is the table of its moves.

bot ──request──> waiting ──accept──> open ──give_back / close──> bot
 └─────────────accept (an agent steps in)──────^  │
                   waiting <──transfer / forgotten┘
                   waiting ──resident doesn't want to wait──> bot
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import calendar, local
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.offices import routing
from actions.offices.models import HandoffRule
from actions.replies import Button, Reply, ReplyKind, phone_links
from actions.storable import storable
from bot.conversations.models import Conversation, ConversationStatus, InternalNote, Message, Sender
from knowledge import places
from knowledge.answering.compose import Citation
from knowledge.data_files import DataModel, Text, read
from knowledge.tables import changed

Status = ConversationStatus
MOVES: dict[Status, frozenset[Status]] = {
    Status.bot: frozenset({Status.waiting, Status.open}),
    Status.waiting: frozenset({Status.open, Status.bot}),
    Status.open: frozenset({Status.bot, Status.waiting}),
}
FORGOTTEN_AFTER = timedelta(minutes=10)


class _Reasons(DataModel):
    danger: Text
    asked: Text
    abstained: Text
    rated_down: Text
    not_understood: Text
    rule: Text
    transferred: Text
    forgotten: Text


class ReasonsFile(DataModel):
    """The schema of reasons.yml: what staff read beside a conversation that waits."""

    reasons: _Reasons


REASONS: dict[str, str] = read(Path(__file__).with_name("reasons.yml"), ReasonsFile).reasons.model_dump()
DONT_WAIT = "不等了，接着问邻里"


def _move(session: Session, conversation_id: str, to: Status, *, start: Sequence[Status], **values: Any) -> bool:
    """One conditional update: of two who press at once, one moves it."""
    if not all(to in MOVES[s] for s in start):
        raise NotAllowed
    done = changed(
        session,
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.status.in_(start))
        .values(status=to, updated_at=datetime.now(UTC), **values),
    )
    session.expire_all()
    return done > 0


def rule_for(session: Session, text: str, *, place: str | None) -> HandoffRule | None:
    """The rule of this place or one above it that wants a person for these words."""
    fits = [rule for rule in session.scalars(select(HandoffRule).order_by(HandoffRule.id)) if rule.keyword in text]
    here = places.above(session, place) if fits else []  # asked at every turn, so the places only where a word fits
    return next((rule for rule in fits if rule.place_id is None or rule.place_id in here), None)


def request(
    session: Session, conversation: Conversation, *, reason: str, now: datetime, topic: str = "", words: str = ""
) -> Reply | None:
    """Put a conversation into the queue of the team of its place and topic; the caller commits, together with the reply
    this gives.

    None: it is there already.
    """
    team = routing.team_for(session, category=topic, place=conversation.place_id, text=words)
    if not _move(
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
    return waiting_reply(session, conversation.id, now=now, danger=reason == "danger")


def waiting_reply(session: Session, conversation_id: str, *, now: datetime, danger: bool = False) -> Reply:
    """Where the resident truly stands, and when people are there."""
    ahead = position(session, conversation_id)
    days = calendar(session)
    if days.is_open(now):
        text = (
            "已经转给工作人员，"
            + ("您排在最前面。" if ahead == 0 else f"前面还有 {ahead} 位。")
            + "轮到您时，这里会显示是谁在跟您说话。"
        )
    else:
        text = (
            f"现在是下班时间，工作人员 {local(days.next_opening(now), time_too=True)} 上班，看到后会在这里回您，"
            "不用一直等着。"
        )
    more = "有危险就打 110、120、119，不要等这里回话。" if danger else "急事请直接打电话。"
    return Reply(
        ReplyKind.handoff,
        text,
        next=more,
        links=() if danger else phone_links("12345", "12348"),
        buttons=(Button(DONT_WAIT, DONT_WAIT),),
    )


def mark_green(session: Session, conversation_id: str | None, is_green: bool) -> None:
    """As its case goes first or no longer does, so does the conversation."""
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(is_green=is_green))
    session.commit()


def order() -> tuple[ColumnElement[Any], ...]:
    """Danger first, then the green channel, then who has waited longest."""
    danger = case(
        (Conversation.emergency_at.is_not(None) & (Conversation.handoff_reason == "danger"), 0),
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


def stop_waiting(session: Session, conversation_id: str) -> bool:
    """The resident would rather go on with the bot; the caller commits."""
    return _move(session, conversation_id, Status.bot, start=(Status.waiting,), waiting_since=None, handoff_reason=None)


def accept(session: Session, conversation_id: str, *, agent_id: int, agent_name: str, now: datetime) -> Conversation:
    """The agent has it from here. Raises Conflict when a colleague was first."""
    if not _move(
        session,
        conversation_id,
        Status.open,
        start=(Status.waiting, Status.bot),
        agent_id=agent_id,
        agent_name=agent_name,
        agent_active_at=now,
        waiting_since=None,
    ):
        session.rollback()
        held = session.get(Conversation, conversation_id)
        if held and held.agent_id == agent_id and held.status is Status.open:
            return held
        raise Conflict(
            f"这段对话已经由{held.agent_name}接了。" if held and held.agent_name else "这段对话刚刚有人先接了。"
        )
    _system(session, conversation_id, f"工作人员{agent_name}来了，现在是真人在跟您说话，邻里不插嘴。")
    session.commit()
    return session.get_one(Conversation, conversation_id)


def say(
    session: Session,
    conversation_id: str,
    text: str,
    *,
    agent_id: int,
    client_id: str,
    now: datetime,
    citations: Sequence[Citation] = (),
) -> Message:
    """An agent's message.

    A repeated `client_id` gives the first one back. Raises NotAllowed where it is somebody else's.
    """
    conversation = _held(session, conversation_id, agent_id)
    text = storable(text).strip()
    if not text:
        raise InvalidInput("还没写字。")
    if len(text) > 4000:
        raise InvalidInput("太长了，请分成几条发，每条不超过 4000 字。")
    reply = Reply(ReplyKind.text, text, agent=conversation.agent_name or "", citations=tuple(citations))
    message = Message(
        conversation_id=conversation_id,
        client_id=f"agent-{client_id}",
        sender=Sender.agent,
        kind=reply.kind.value,
        text=reply.text,
        body=reply.body(),
        answered_at=now,
    )
    session.add(message)
    conversation.agent_active_at, conversation.updated_at, conversation.agent_typing_at = now, now, None
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(
            select(Message).where(Message.conversation_id == conversation_id, Message.client_id == f"agent-{client_id}")
        ).one()
    return message


def _held(session: Session, conversation_id: str, agent_id: int) -> Conversation:
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None or conversation.status is not Status.open or conversation.agent_id != agent_id:
        raise NotAllowed("这段对话现在不在您手上，请先接入。")
    return conversation


def give_back(
    session: Session, conversation_id: str, *, agent_id: int, agent_name: str, is_closing: bool = False
) -> None:
    """To the bot, which says so and goes on where it was."""
    _held(session, conversation_id, agent_id)
    if _move(
        session,
        conversation_id,
        Status.bot,
        start=(Status.open,),
        agent_id=None,
        agent_name=None,
        waiting_since=None,
        handoff_reason=None,
        emergency_at=None,
    ):
        ended = f"{agent_name}说这次就先到这里。" if is_closing else f"{agent_name}把对话交还给我了。"
        _system(
            session, conversation_id, f"{ended}我是邻里，接着由我来答，刚才没说完的可以接着说。还要找人，说“转人工”。"
        )
        session.commit()


def _reason(reason: str) -> ColumnElement[Any]:
    """Back in the queue for this reason; who may be in danger stays in front."""
    return case((Conversation.emergency_at.is_not(None), "danger"), else_=reason)


def transfer(
    session: Session,
    conversation_id: str,
    *,
    agent_id: int,
    agent_name: str,
    team_id: int,
    team_name: str,
    now: datetime,
) -> None:
    _held(session, conversation_id, agent_id)
    if _move(
        session,
        conversation_id,
        Status.waiting,
        start=(Status.open,),
        waiting_since=now,
        team_id=team_id,
        agent_id=None,
        agent_name=None,
        handoff_reason=_reason("transferred"),
    ):
        _system(session, conversation_id, f"{agent_name}把您的事转给了{team_name}，请稍等，他们接了会在这里回您。")
        session.commit()


def release_forgotten(session: Session, *, now: datetime, after: timedelta = FORGOTTEN_AFTER) -> list[str]:
    """Conversations whose agent has left a resident's message lying: back to the queue, ahead of those who came
    later.
    """
    last = (
        select(func.max(Message.id))
        .where(Message.conversation_id == Conversation.id, Message.sender.in_((Sender.resident, Sender.agent)))
        .correlate(Conversation)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Conversation.id, Message.created_at)
        .join(Message, Message.id == last)
        .where(
            Conversation.status == Status.open,
            Message.sender == Sender.resident,
            Message.created_at < now - after,
            or_(Conversation.agent_active_at.is_(None), Conversation.agent_active_at < now - after),
        )
    ).all()
    for conversation_id, since in rows:
        if _move(
            session,
            conversation_id,
            Status.waiting,
            start=(Status.open,),
            waiting_since=since,
            agent_id=None,
            agent_name=None,
            handoff_reason=_reason("forgotten"),
        ):
            _system(
                session, conversation_id, "刚才的工作人员可能走开了，您的话我又排到前面，请别的同事来看，让您久等了。"
            )
    session.commit()
    return [row.id for row in rows]


def note(session: Session, conversation_id: str, text: str, *, author: str) -> None:
    text = storable(text).strip()
    if not text:
        raise InvalidInput("还没写内容。")
    text, author = text[:4000], storable(author, 40)
    last = session.scalar(
        select(InternalNote)
        .where(InternalNote.conversation_id == conversation_id)
        .order_by(InternalNote.id.desc())
        .limit(1)
    )
    if last is None or (last.author, last.text) != (author, text):  # sent again
        session.add(InternalNote(conversation_id=conversation_id, author=author, text=text))
    session.commit()


def _system(session: Session, conversation_id: str, text: str) -> None:
    session.add(
        Message(
            conversation_id=conversation_id,
            sender=Sender.system,
            kind="text",
            text=text,
            answered_at=datetime.now(UTC),
        )
    )
