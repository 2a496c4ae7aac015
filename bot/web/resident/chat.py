"""What residents' pages need of the house, and whose conversation a request is about."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from actions.cases.photos import AT_ONCE
from bot.conversations.agents.attachments import Links
from bot.conversations.models import Conversation
from bot.settings import Settings
from bot.sites.listed import REFUSED, Sites
from bot.turns import Turns
from bot.web.embedding.visitors import is_own
from bot.web.limits import ALONE, Limits
from bot.web.problems import ApiError
from bot.web.resident.live import Live
from bot.web.resident.tokens import COOKIE, Tokens

_NO_MORE_PHOTOS = "从您这个网络今天发来的照片太多了，请明天再发，或者送到村委会。文字可以照常发。"


_NO_MORE_FORMS = "从您这个网络今天交来的已经很多了，请明天再交，或者到村委会当面说。急事请拨打 12345；危险时拨打 110。"


class Chat:
    """One an app, at `app.state.chat`."""

    def __init__(
        self,
        *,
        settings: Settings,
        sessions: Callable[[], Session],
        turns: Turns,
        degraded: Callable[[], str | None],
        limits: Limits = ALONE,
    ) -> None:
        """`degraded`: what the page says while Rasa is away; None while it is there."""
        self.settings, self.sessions, self.turns, self.degraded = settings, sessions, turns, degraded
        self.tokens = Tokens(settings.secret("tokens"))
        self.files = Links(settings.secret("tokens"))
        self.limit = limits.of("chat")
        self.photo_days = limits.of("photos", span_s=86_400, refusal=_NO_MORE_PHOTOS)
        self.form_days = limits.of("forms", span_s=86_400, refusal=_NO_MORE_FORMS)
        self.live = Live(sessions, degraded)
        self.photo_room = CapacityLimiter(AT_ONCE)
        self._own_secret = settings.secret("internal").encode()
        self.sites = Sites(sessions, settings.origins)

    def check_origin(self, request: Request) -> None:
        """Raises ApiError for a page that may not embed the chat."""
        origin = request.headers.get("origin", "")
        if origin and not is_own(request, origin, self.settings) and origin not in self.sites.colours():
            raise ApiError(403, "origin", REFUSED)

    def is_own_command(self, request: Request) -> bool:
        """`linli ask --batch` asks hundreds of questions from one address; it knows the installation's secret."""
        return hmac.compare_digest(request.headers.get("x-linli-secret", "").encode(), self._own_secret)

    def conversation(self, request: Request, session: Session) -> Conversation:
        """The one whose token the browser holds. Raises ApiError."""
        self.check_origin(request)
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else request.cookies.get(COOKIE, "")
        conversation = self.tokens.read(session, token)
        if conversation is None:
            raise ApiError(404, "no_conversation", "这段对话不在了，请刷新页面重新开始。")
        return conversation


@dataclass(frozen=True)
class Held:
    """A conversation in its own browser, for the length of one request."""

    chat: Chat
    session: Session
    conversation: Conversation


async def _chat(request: Request) -> Chat:
    """Not in a thread: who is in danger isn't to wait until one is free."""
    chat: Chat = request.app.state.chat
    return chat


At = Annotated[Chat, Depends(_chat)]


def _held(request: Request, chat: At) -> Iterator[Held]:
    with chat.sessions() as session:
        yield Held(chat, session, chat.conversation(request, session))


# Over before the response leaves: no session is held while a slow browser reads.
Mine = Annotated[Held, Depends(_held, scope="function")]
