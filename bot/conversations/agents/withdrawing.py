"""撤回: an agent takes a message back, within two minutes. The resident sees that one was, not any more which."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.errors import NotAllowed, NotFound
from actions.storable import row_of
from bot.conversations.models import Conversation, Message, Sender
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

WITHIN = timedelta(minutes=2)
BY = "by"  # in a message's body: the account of who wrote it
_SAID = "工作人员撤回了一条消息（{at} 发的）。"


def withdraw(session: Session, conversation_id: str, message_id: int, *, agent_id: int, now: datetime) -> bool:
    """False where it was withdrawn before. Raises NotFound for what isn't this agent's, NotAllowed when it is too late.

    The words stay for colleagues, who must be able to see what a resident may have read.
    """
    message = row_of(session, Message, message_id)
    is_mine = (
        message is not None
        and message.conversation_id == conversation_id
        and message.sender is Sender.agent
        and message.body.get(BY) == agent_id
    )
    if message is None or not is_mine:
        raise NotFound("只能撤回您自己在这段对话里发的话。")
    if not may_withdraw(message, agent_id, now=now) and message.withdrawn_at is None:
        raise NotAllowed("发出超过两分钟，撤不回来了。可以再发一条，把话说清楚。")
    mine = update(Message).where(Message.id == message_id, Message.withdrawn_at.is_(None))
    if not changed(session, mine.values(withdrawn_at=now)):
        session.rollback()
        return False
    session.add(
        Message(
            conversation_id=conversation_id,
            client_id=f"withdrawn-{message_id}",
            sender=Sender.system,
            kind="text",
            text=_SAID.format(at=f"{message.created_at.astimezone(SHANGHAI):%H:%M}"),
            answered_at=now,
            withdraws=message_id,
        )
    )
    session.execute(update(Conversation).where(Conversation.id == conversation_id).values(updated_at=now))
    session.commit()
    return True


def may_withdraw(message: Message, agent_id: int, *, now: datetime) -> bool:
    is_mine = message.sender is Sender.agent and message.body.get(BY) == agent_id
    return is_mine and message.withdrawn_at is None and now - message.created_at <= WITHIN
