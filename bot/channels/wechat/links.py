"""Signed links."""

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.base import Sessions
from bot.conversations.agents import attachments
from bot.conversations.models import Conversation
from bot.settings import Settings

_LINK_S = 7 * 86400


class Links:
    """Signed addresses of our pages, good for a week.

    One to a conversation opens once, and opened it ends those before it.
    """

    def __init__(self, *, secret: str, public_url: str, sessions: Sessions) -> None:
        self._pages = URLSafeTimedSerializer(secret, salt="wechat-page")
        self._sources = URLSafeTimedSerializer(secret, salt="wechat-sources")
        self._files = attachments.Links(secret)
        self.base, self._sessions = public_url.rstrip("/"), sessions

    def page(self, conversation_id: str) -> str:
        with self._sessions() as session:
            count = session.scalar(select(Conversation.page_count).where(Conversation.id == conversation_id))
        return f"{self.base}/w/{self._pages.dumps([conversation_id, count or 0])}"

    def sources(self, message_id: int) -> str:
        return f"{self.base}/w/s/{self._sources.dumps(message_id)}"

    def file(self, attachment_id: int) -> str:
        return f"{self.base}{self._files.path(attachment_id)}"

    def read_page(self, session: Session, token: str) -> tuple[Conversation | None, bool]:
        """The conversation, and whether the link still opens it."""
        try:
            said = self._pages.loads(token[:300], max_age=_LINK_S)
        except BadData:
            return None, False
        match said:
            case [str(conversation_id), int(count)]:
                found = session.get(Conversation, conversation_id)
                return found, found is not None and found.page_count == count
        return None, False  # a link of before there was a count

    def read_sources(self, token: str) -> int | None:
        try:
            return int(self._sources.loads(token[:300], max_age=_LINK_S))
        except (BadData, ValueError, TypeError):
            return None


def links_of(settings: Settings, sessions: Sessions) -> Links:
    return Links(secret=settings.secret("tokens"), public_url=settings.own_url, sessions=sessions)
