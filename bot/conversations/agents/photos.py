"""Pictures that a resident sends on the page: what they hear, and how they and the agent see them again.

The picture itself waits for a report (`actions.cases`); the message that says it has come names it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.models import Photo
from actions.errors import NotFound
from actions.storable import row_of
from bot.conversations import messages
from bot.conversations.models import Conversation, ConversationStatus, Message

PHOTO = "photo"  # in a message's body
_GONE = "这张照片不在了，或者链接过期了。请回到原来的对话里再打开。"


def tell(session: Session, conversation: Conversation, sha256: str, number: int) -> bool:
    """That it has come, and who sees it; whether it is new, since it is told once a picture. `number`: how many wait
    for a report.
    """
    photo = select(Photo.id).where(Photo.conversation_id == conversation.id, Photo.sha256 == sha256)
    body = {PHOTO: session.scalar(photo)}
    text = f"收到照片 {number} 张，{_who_sees_it(session, conversation)}"
    return messages.touch(session, conversation.id, text, key=f"photo-{sha256[:40]}", body=body)


def _who_sees_it(session: Session, conversation: Conversation) -> str:
    if conversation.status is ConversationStatus.open:
        return "工作人员看得到。"
    if messages.is_in_form(session, conversation.id):
        return "登记时一起交上去。"
    if conversation.status is ConversationStatus.waiting:
        return "工作人员来了就看得到。"
    return "我先替您存着。要报事，说“我要报个事”，登记时一起交上去；照片我自己看不懂，想问什么打几个字。"


def told_of(message: Message) -> int | None:
    """The picture's number; None where the message is about none."""
    body: Mapping[str, Any] = message.body or {}
    found = body.get(PHOTO)
    return found if isinstance(found, int) else None


def read(session: Session, number: int | None) -> Photo:
    """Of a conversation that is still there. Raises NotFound."""
    found = row_of(session, Photo, number) if number is not None else None
    if found is None or session.get(Conversation, found.conversation_id) is None:
        raise NotFound(_GONE)
    return found
