"""What WeChat's servers call, and the pages behind the links that we send there."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from bot.channels.wechat import Wechat
from bot.channels.wechat_crypto import WechatRefused, check_signature, check_time, signature
from bot.channels.wechat_xml import MOST_BYTES, Incoming, read, read_fields, sealed_reply, text_reply
from bot.conversations import service
from bot.conversations.models import Conversation, Message, Sender
from bot.settings import ROOT, SHANGHAI
from bot.web.widget import COOKIE, RateLimit, _address, message_json

log = logging.getLogger("linli.wechat")
_LINK_S = 7 * 86400
_GONE = "这个链接过期了，或者这段对话已经删除。请在微信里再说一句话。"


class Links:
    """Signed addresses of our pages, good for a week."""

    def __init__(self, *, secret: str, public_url: str) -> None:
        self._pages = URLSafeTimedSerializer(secret, salt="wechat-page")
        self._sources = URLSafeTimedSerializer(secret, salt="wechat-sources")
        self._base = public_url.rstrip("/")

    def page(self, conversation_id: str) -> str:
        return f"{self._base}/w/{self._pages.dumps(conversation_id)}"

    def sources(self, message_id: int) -> str:
        return f"{self._base}/w/s/{self._sources.dumps(message_id)}"

    def read_page(self, token: str) -> str | None:
        try:
            return str(self._pages.loads(token[:300], max_age=_LINK_S))
        except BadData:
            return None

    def read_sources(self, token: str) -> int | None:
        try:
            return int(self._sources.loads(token[:300], max_age=_LINK_S))
        except (BadData, ValueError, TypeError):
            return None


def router(accounts: dict[str, Wechat], *, sessions: Callable[[], Session], links: Links, conversation_token: Callable[[str], str], cookie_days: int, erase: Callable[[str], None], clock: Callable[[], float] = time.time) -> APIRouter:
    """`conversation_token`: what the widget's cookie holds for a conversation."""
    api = APIRouter()
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
    limit = RateLimit()

    def asked(request: Request, name: str, *parts: str, sign: str = "signature") -> Wechat:
        """The account, once the request is known to come from WeChat. Raises WechatRefused, whatever is wrong the same way."""
        query = request.query_params
        account = accounts.get(name)
        # An unknown account costs the same comparison as a known one.
        check_signature(query.get(sign, ""), account.account.token if account else secrets.token_hex(), query.get("timestamp", ""), query.get("nonce", ""), *parts)
        check_time(query.get("timestamp", ""), now=clock())
        if account is None:
            raise WechatRefused("account")
        return account

    @api.get("/wechat/{name}")
    async def verify(request: Request, name: str) -> Response:
        try:
            asked(request, name)
        except WechatRefused as error:
            return _refuse(name, error)
        return PlainTextResponse(request.query_params.get("echostr", "")[:200])

    @api.post("/wechat/{name}")
    async def receive(request: Request, name: str) -> Response:
        body = await request.body()
        try:
            wechat, incoming, is_sealed = _open(request, body[: MOST_BYTES + 1], asked, name)
        except WechatRefused as error:
            return _refuse(name, error)
        text = await wechat.receive(incoming, is_gone=request.is_disconnected)
        now = int(clock())
        answer = text_reply(incoming, text, now=now) if text else "success"
        if text and is_sealed and (cipher := wechat.account.cipher):
            encrypted, stamp, nonce = cipher.seal(answer), str(now), secrets.token_hex(8)
            answer = sealed_reply(encrypted=encrypted, signature=signature(wechat.account.token, stamp, nonce, encrypted), timestamp=stamp, nonce=nonce)
        kind = "application/xml" if text else "text/plain"
        return Response(answer, media_type=kind, background=BackgroundTask(wechat.left_us, incoming) if text else None)

    def page(request: Request, status: int = 200, **values: object) -> HTMLResponse:
        response = templates.TemplateResponse(request, "wechat.html", values, status_code=status)
        response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
        return response

    @api.get("/w/s/{token}", response_class=HTMLResponse)
    async def sources(request: Request, token: str) -> Response:
        """An answer's full sources; nothing of the conversation around it."""
        limit.check(f"sources {_address(request)}", 60)
        message_id = links.read_sources(token)
        with sessions() as session:
            message = session.get(Message, message_id) if message_id else None
            if message is None or message.sender is Sender.resident:
                return page(request, 404, problem="这个链接过期了，或者这段对话已经删除。请在微信里再问一次。")
            return page(request, message=message_json(message))

    def held(session: Session, token: str) -> Conversation | None:
        return session.get(Conversation, links.read_page(token) or "")

    @api.get("/w/{token}", response_class=HTMLResponse)
    async def door(request: Request, token: str) -> Response:
        """Only a button, since it joins this browser to the conversation: previews open every link, and a link may be passed on."""
        limit.check(f"page {_address(request)}", 60)
        with sessions() as session:
            found = held(session, token)
            if found is None:
                return page(request, 404, problem=_GONE)
        return page(request, token=token)

    @api.post("/w/{token}")
    async def join(request: Request, token: str) -> Response:
        limit.check(f"page {_address(request)}", 20)
        with sessions() as session:
            found = held(session, token)
            if found is None:
                return page(request, 404, problem=_GONE)
            service.touch(session, found.id, f"{datetime.now(UTC).astimezone(SHANGHAI):%m-%d %H:%M} 起，这段对话也在网页上打开了。", key=f"joined-{datetime.now(UTC):%Y%m%d%H}")
            response = RedirectResponse("/", 303)
            response.set_cookie(COOKIE, conversation_token(found.id), max_age=cookie_days * 86400, httponly=True, samesite="lax", secure=request.url.scheme == "https")
            return response

    @api.post("/w/{token}/delete")
    async def forget(request: Request, token: str) -> Response:
        limit.check(f"page {_address(request)}", 20)
        conversation_id = links.read_page(token) or ""
        await asyncio.to_thread(erase, conversation_id)
        with sessions() as session:
            is_gone = service.forget(session, conversation_id)
        return page(request, 200 if is_gone else 404, problem="这段对话已经删除，微信里的聊天记录请您在手机上自己清空。" if is_gone else "这个链接过期了，或者这段对话已经删除。")

    return api


def _open(request: Request, body: bytes, asked: Callable[..., Wechat], name: str) -> tuple[Wechat, Incoming, bool]:
    """Raises WechatRefused."""
    if request.query_params.get("encrypt_type", "raw") == "aes":
        encrypted = read_fields(body).get("Encrypt", "")
        wechat = asked(request, name, encrypted, sign="msg_signature")
        cipher = wechat.account.cipher
        if cipher is None:
            raise WechatRefused("sealed")
        return wechat, read(cipher.open(encrypted).encode()), True
    wechat = asked(request, name)
    if wechat.account.must_be_sealed:
        raise WechatRefused("plain")
    return wechat, read(body), False


def _refuse(name: str, error: WechatRefused) -> Response:
    log.warning("wechat refused: %s", error)
    return PlainTextResponse("", 403)
