"""Pages opened from WeChat."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions import persons
from actions.cases.filing import spoken_number
from actions.cases.finding import of_conversation
from bot.channels.wechat.identity import APART
from bot.channels.wechat.links import Links, links_of
from bot.conversations import messages, service
from bot.conversations.models import Conversation, Message, Sender
from bot.parts import Parts
from bot.rasa_client import erase_trackers
from bot.settings import ROOT
from bot.web.limits import Limits, RateLimit, address_of, is_https
from bot.web.resident.shown import message_json
from bot.web.resident.tokens import COOKIE, Tokens
from knowledge.clock import SHANGHAI

_GONE = "这个链接用过了、过期了，或者这段对话已经删除。要一个新的，请在微信里对我说“网页”。"
_ELSEWHERE = "请从微信里收到的链接打开这一页，再按按钮。"
_NO_SOURCES = "这个链接过期了，或者这段对话已经删除。请在微信里再问一次。"
_FORGOTTEN = "这段对话已经删除，微信里的聊天记录请您在手机上自己清空。"
_OPENED = (
    "{at} 有一个浏览器打开了这段对话，能看到您和我说过的话。是您自己开的就不用管；"
    "不是您，马上回复“关掉网页”，那边就看不到了。"
)
_JOINED = f"那个浏览器里原来登记的事、约的时间也放到一起看了，不要的话回复“{APART}”。"
_LOOKS, _PRESSES = 60, 20  # an address may open so many pages in a minute, and press so many buttons

router = APIRouter(prefix="/w", default_response_class=HTMLResponse)
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")


@dataclass(frozen=True)
class Door:
    """What the pages need. `erase`: what Rasa holds of a conversation."""

    sessions: Callable[[], Session]
    links: Links
    tokens: Tokens
    cookie_days: int
    erase: Callable[[str], None]
    limit: RateLimit = field(default_factory=RateLimit)
    public_url: str = ""

    def earlier(self, request: Request, session: Session, found: Conversation) -> Conversation | None:
        """What this browser holds until now, if it is another conversation and something was said in it."""
        own = self.tokens.read(session, request.cookies.get(COOKIE, ""))
        return own if own is not None and own.id != found.id and messages.turns_so_far(session, own.id) else None


def door_of(parts: Parts) -> Door:
    settings = parts.settings
    return Door(
        parts.sessions,
        links_of(settings, parts.sessions),
        Tokens(settings.secret("tokens")),
        settings.retention_days,
        erase=lambda conversation_id: erase_trackers(settings.trackers, [conversation_id]),
        public_url=settings.public_url,
        limit=Limits(parts.shared).of("wechat"),
    )


def include_pages(app: FastAPI, door: Door) -> None:
    app.state.door = door
    app.include_router(router)


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _pressed_door(request: Request) -> Door:
    """Before the form is read. Raises ApiError."""
    door = _door(request)
    door.limit.check(f"page {address_of(request)}", _PRESSES)
    return door


async def _form(request: Request) -> FormData:
    return await request.form(max_fields=3, max_files=0)


At = Annotated[Door, Depends(_door)]
Pressed = Annotated[Door, Depends(_pressed_door)]
Sent = Annotated[FormData, Depends(_form)]


@router.get("/s/{token}")
def sources(request: Request, door: At, token: str) -> Response:
    """An answer's full sources; nothing of the conversation around it."""
    door.limit.check(f"sources {address_of(request)}", _LOOKS)
    message_id = door.links.read_sources(token)
    with door.sessions() as session:
        message = session.get(Message, message_id) if message_id else None
        if message is None or message.sender is Sender.resident or message.withdrawn_at is not None:
            return _page(request, 404, problem=_NO_SOURCES)
        return _page(request, message=message_json(message))


@router.get("/{token}")
def look(request: Request, door: At, token: str) -> Response:
    """Only a button, since it joins this browser to the conversation: previews open every link, and a link may be
    passed on.
    """
    door.limit.check(f"page {address_of(request)}", _LOOKS)
    with door.sessions() as session:
        found, is_good = door.links.read_page(session, token)
        held = door.tokens.read(session, request.cookies.get(COOKIE, ""))
        if found is not None and held is not None and held.id == found.id and not is_good:
            return RedirectResponse("/", 303)  # used in this very browser
        if found is None or not is_good:
            return _page(request, 404, problem=_GONE)
        other = door.earlier(request, session, found)
        cases = [spoken_number(c) for c in of_conversation(session, other.id)] if other else []
        return _page(request, token=token, has_earlier=other is not None, earlier_cases=cases)


@router.post("/{token}")
def join(request: Request, door: Pressed, sent: Sent, token: str) -> Response:
    if _is_elsewhere(request):
        return _page(request, 403, problem=_ELSEWHERE)
    with door.sessions() as session:
        found, is_good = door.links.read_page(session, token)
        other = door.earlier(request, session, found) if found is not None else None
        if found is None or not is_good or not service.open_page(session, found.id, count=found.page_count):
            return _page(request, 404, problem=_GONE)
        session.refresh(found)
        is_joined = other is not None and sent.get("earlier") == "together"
        if other is not None and is_joined:
            persons.join(session, found.id, other.id)
        told = _OPENED.format(at=f"{datetime.now(UTC).astimezone(SHANGHAI):%m-%d %H:%M}")
        messages.touch(session, found.id, told + (_JOINED if is_joined else ""), key=f"opened-{found.page_count}")
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE,
            door.tokens.make(found),
            max_age=door.cookie_days * 86400,
            httponly=True,
            samesite="lax",
            secure=is_https(request, door.public_url),
        )
        return response


@router.post("/{token}/delete")
def forget(request: Request, door: Pressed, token: str) -> Response:
    if _is_elsewhere(request):
        return _page(request, 403, problem=_ELSEWHERE)
    with door.sessions() as session:
        found, is_good = door.links.read_page(session, token)
        if found is None or not is_good:
            return _page(request, 404, problem=_GONE)
        conversation_id = found.id
    door.erase(conversation_id)
    with door.sessions() as session:
        service.forget(session, conversation_id)
    return _page(request, problem=_FORGOTTEN)


def _is_elsewhere(request: Request) -> bool:
    """Another page pressed the button."""
    return request.headers.get("sec-fetch-site") == "cross-site"


def _page(request: Request, status: int = 200, **values: object) -> HTMLResponse:
    response = _templates.TemplateResponse(request, "wechat.html", values, status_code=status)
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
