"""Whose conversation."""

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from actions.storable import storable
from bot.conversations.models import Conversation

COOKIE = "linli_conversation"


class Tokens:
    """What a browser holds to show that a conversation is its own; good until the conversation is opened or closed
    from elsewhere.
    """

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="conversation")

    def make(self, conversation: Conversation) -> str:
        return str(self._signer.dumps([conversation.id, conversation.page_count]))

    def read(self, session: Session, token: str) -> Conversation | None:
        try:
            said = self._signer.loads(token)
        except BadData:
            return None
        match said:
            case [str(conversation_id), int(count)]:
                pass
            case str(conversation_id):  # of before there was a count
                count = 0
            case _:
                return None
        found = session.get(Conversation, storable(conversation_id))
        return found if found is not None and found.page_count == count else None
