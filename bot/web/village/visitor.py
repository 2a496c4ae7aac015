"""Who visits a village's page without signing in: a browser known by a random cookie, its forms, its slip."""

import re
import secrets
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from actions.errors import ActionError, NotAllowed
from actions.roster import slips
from actions.topics.counting.keys import TopicKeys
from bot.emergency.card import by_rules
from bot.web.embedding.visitors import is_own
from bot.web.limits import address_of, is_https
from bot.web.problems import ApiError
from bot.web.resident.chat import Chat
from bot.web.staff.typed import text_of
from bot.web.village.page import Hall

COOKIE = "linli_page"
_KNOWN_DAYS = 120  # longer than any topic is open, with its result
_TOKEN = re.compile(r"[\w-]{16,40}", re.ASCII)


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=20, max_part_size=20_000)


Sent = Annotated[FormData, Depends(_form)]


def keys(at: Hall) -> TopicKeys:
    chat: Chat = at.request.app.state.chat
    return TopicKeys(chat.settings.topic_keys)


def asker(at: Hall) -> str:
    """This browser's, or a new one."""
    held = at.request.cookies.get(COOKIE, "")
    return f"page:{held if _TOKEN.fullmatch(held) else secrets.token_urlsafe(18)}"


def known(at: Hall, answer: Response, asker: str) -> Response:
    chat: Chat = at.request.app.state.chat
    answer.set_cookie(
        COOKIE,
        asker.removeprefix("page:"),
        max_age=_KNOWN_DAYS * 86400,
        httponly=True,
        samesite="lax",
        secure=is_https(at.request, chat.settings.public_url),
        path="/v",
    )
    return answer


def key(asker: str, sent: FormData) -> str:
    return f"{asker}:{text_of(sent, 'nonce', 24) or secrets.token_urlsafe(12)}"


def check_sender(request: Request, what: str, most: int, *, a_day: int = 0) -> None:
    """A form of ours, not too often. `most`: of an address in a minute; `a_day`: of it in one village in a day, where
    what is sent takes a place from others or work from somebody; a whole village may share one. Raises NotAllowed,
    ApiError.
    """
    chat: Chat = request.app.state.chat
    origin = request.headers.get("origin")
    is_ours = not origin or is_own(request, origin, chat.settings)
    if not is_ours or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("请从村里的页面操作。")
    chat.limit.check(f"village {what} {address_of(request)}", most)
    if a_day:
        check_day(request, what, a_day)


def check_day(request: Request, what: str, most: int) -> None:
    """Raises ApiError."""
    chat: Chat = request.app.state.chat
    place = str(request.path_params.get("place", ""))[:40]
    chat.form_days.check(f"{what} {place} {address_of(request)}", most)


def danger(sent: FormData, text: str) -> str:
    """What to do now where the words tell of danger; sent again with `sure`, they are taken."""
    found = None if text_of(sent, "sure", 1) else by_rules(text)
    return found[0].text if found else ""


def said(error: ActionError | ApiError) -> str:
    return error.message_zh if isinstance(error, ActionError) else error.message


def use_slip(at: Hall, asker: str, code: str) -> None:
    """Its wrong tries count also when the rest is refused."""
    try:
        slips.use(at.session, asker=asker, place=at.village.id, code=code, now=at.now)
    finally:
        at.session.commit()
