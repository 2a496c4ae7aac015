"""What agents do with a conversation: take it, speak in it, pass it on, give it back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.replies import Reply, ReplyKind
from actions.storable import storable
from bot.conversations.agents import attachments, withdrawing
from bot.conversations.agents.attachments import CleanFile
from bot.conversations.models import Conversation, InternalNote, Message, Sender
from bot.conversations.status import Status, move
from knowledge.answering.told import Citation
from knowledge.tables import changed

FORGOTTEN_AFTER = timedelta(minutes=10)
_MAYBE_IN_DANGER = "这一段可能有危险，请打开来看，问过安全再结束。"
_JUST_TAKEN = "这段对话刚刚有人先接了。"
_ENDED = "{}我是邻里，接着由我来答，刚才没说完的可以接着说。还要找人，说“转人工”。"


def accept(session: Session, conversation_id: str, *, agent_id: int, agent_name: str, now: datetime) -> Conversation:
    """The agent has it from here. Raises Conflict when a colleague was first."""
    if not move(
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
        raise Conflict(f"这段对话已经由{held.agent_name}接了。" if held and held.agent_name else _JUST_TAKEN)
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
    file: CleanFile | None = None,
) -> Message:
    """An agent's message; where a file comes along it needs no words.

    A repeated `client_id` gives the first one back. Raises NotAllowed where it is somebody else's.
    """
    conversation = _held(session, conversation_id, agent_id)
    text = storable(text).strip() or (file.said if file else "")
    if not text:
        raise InvalidInput("还没写字。")
    if len(text) > 4000:
        raise InvalidInput("太长了，请分成几条发，每条不超过 4000 字。")
    reply = Reply(ReplyKind.text, text, agent=conversation.agent_name or "", citations=tuple(citations))
    message = _spoken(conversation_id, reply, agent_id=agent_id, client_id=client_id, now=now)
    session.add(message)
    conversation.agent_active_at, conversation.updated_at, conversation.agent_typing_at = now, now, None
    try:
        if file is not None:
            session.flush()
            attachments.keep(session, message, file, now=now)
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(
            select(Message).where(Message.conversation_id == conversation_id, Message.client_id == f"agent-{client_id}")
        ).one()
    return message


def _spoken(conversation_id: str, reply: Reply, *, agent_id: int, client_id: str, now: datetime) -> Message:
    return Message(
        conversation_id=conversation_id,
        client_id=f"agent-{client_id}",
        sender=Sender.agent,
        kind=reply.kind.value,
        text=reply.text,
        body={**reply.body(), withdrawing.BY: agent_id},
        answered_at=now,
        created_at=now,
    )


def _held(session: Session, conversation_id: str, agent_id: int) -> Conversation:
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None or conversation.status is not Status.open or conversation.agent_id != agent_id:
        raise NotAllowed("这段对话现在不在您手上，请先接入。")
    return conversation


def give_back(
    session: Session, conversation_id: str, *, agent_id: int, agent_name: str, is_closing: bool = False
) -> None:
    """To the bot, which says so and goes on where it was. Raises NotAllowed, also while nobody has spoken to who may be
    in danger.
    """
    held = _held(session, conversation_id, agent_id)
    if held.emergency_at is not None and not _has_spoken_since(session, conversation_id, held.emergency_at):
        raise NotAllowed("居民刚说了可能有危险的话，请先回一句、问过安全，再结束。")
    if move(
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
        _system(session, conversation_id, _ENDED.format(ended))
        session.commit()


def assign(session: Session, conversation_id: str, to: tuple[int, str], *, agent_id: int, now: datetime) -> None:
    """Into the hands of a colleague (account and name), from the queue or from the agent's own.

    Raises Conflict where somebody else has it, NotAllowed where nobody waits.
    """
    held = _waiting_or_own(session, conversation_id, agent_id)
    taken = {"agent_id": to[0], "agent_name": to[1], "agent_active_at": now, "waiting_since": None}
    if held.status is Status.open:
        mine = (
            Conversation.id == conversation_id,
            Conversation.status == Status.open,
            Conversation.agent_id == agent_id,
        )
        done = changed(session, update(Conversation).where(*mine).values(updated_at=now, **taken)) > 0
        session.expire_all()
    else:
        done = move(session, conversation_id, Status.open, start=(Status.waiting,), **taken)
    if not done:
        session.rollback()
        raise Conflict(_JUST_TAKEN)
    _system(session, conversation_id, f"您的事交给工作人员{to[1]}了，请稍等，看到就在这里回您。")
    session.commit()


def route(
    session: Session, conversation_id: str, team: tuple[int, str], *, agent_id: int, agent_name: str, now: datetime
) -> None:
    """To another unit's queue: what waits keeps its turn, what the agent has in hand begins to wait there.

    Raises Conflict, NotAllowed.
    """
    if _waiting_or_own(session, conversation_id, agent_id).status is Status.open:
        transfer(
            session,
            conversation_id,
            agent_id=agent_id,
            agent_name=agent_name,
            team_id=team[0],
            team_name=team[1],
            now=now,
        )
        return
    waiting = update(Conversation).where(Conversation.id == conversation_id, Conversation.status == Status.waiting)
    if not changed(session, waiting.values(team_id=team[0], updated_at=now)):
        session.rollback()
        raise Conflict(_JUST_TAKEN)
    session.commit()


def close_with(
    session: Session, conversation_id: str, sentence: str, *, agent_id: int, agent_name: str, key: str, now: datetime
) -> None:
    """The last word, and back to the bot, also of one that waits and that nobody has taken. `key`: of this one wish.

    Raises InvalidInput without a sentence, Conflict, NotAllowed; also for whoever may be in danger: somebody must talk
    with them.
    """
    sentence = storable(sentence, 1000).strip()
    if not sentence:
        raise InvalidInput("请写一句话，居民会看到。")
    held = _waiting_or_own(session, conversation_id, agent_id)
    if held.emergency_at is not None:
        raise NotAllowed(_MAYBE_IN_DANGER)
    start = held.status
    reply = Reply(ReplyKind.text, sentence, agent=agent_name)
    session.add(_spoken(conversation_id, reply, agent_id=agent_id, client_id=key, now=now))
    left = {"agent_id": None, "agent_name": None, "waiting_since": None, "handoff_reason": None}
    if not move(session, conversation_id, Status.bot, start=(start,), **left):
        session.rollback()
        raise Conflict(_JUST_TAKEN)
    session.refresh(held)  # the row is ours now: a cry that came between the two looks is seen
    if held.emergency_at is not None:
        session.rollback()
        raise NotAllowed(_MAYBE_IN_DANGER)
    _system(session, conversation_id, _ENDED.format(f"{agent_name}说这次就先到这里。"))
    session.commit()


def _has_spoken_since(session: Session, conversation_id: str, moment: datetime) -> bool:
    said = select(Message.id).where(
        Message.conversation_id == conversation_id, Message.sender == Sender.agent, Message.created_at >= moment
    )
    return session.scalar(said.limit(1)) is not None


def _waiting_or_own(session: Session, conversation_id: str, agent_id: int) -> Conversation:
    held = session.get(Conversation, conversation_id, populate_existing=True)
    if held is None or held.status is Status.bot:
        raise NotAllowed("这段对话已经结束，邻里在答。")
    if held.status is Status.open and held.agent_id != agent_id:
        raise Conflict(f"这段对话在{held.agent_name or '同事'}手上。")
    return held


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
    if move(
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
        if move(
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
