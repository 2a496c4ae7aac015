"""Pages opened from WeChat."""

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from actions import persons
from actions.cases.filing import spoken_number
from actions.cases.finding import of_conversation
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.crypto import WechatRefused, check_signature, check_time, signature
from bot.channels.wechat.identity import APART
from bot.channels.wechat.inbound import Wechat
from bot.channels.wechat.xml import MOST_BYTES, read, read_fields, sealed_reply, text_reply
from bot.conversations import messages, service
from bot.conversations.models import Conversation, Message, Sender
from bot.settings import ROOT
from bot.web.limits import RateLimit, address_of
from bot.web.resident.links import Links
from bot.web.resident.shown import message_json
from bot.web.resident.tokens import COOKIE, Tokens
from knowledge.clock import SHANGHAI

log = logging.getLogger("linli.wechat")

_GONE = "这个链接用过了、过期了，或者这段对话已经删除。要一个新的，请在微信里对我说“网页”。"
_ELSEWHERE = "请从微信里收到的链接打开这一页，再按按钮。"
_OPENED = (
    "{at} 有一个浏览器打开了这段对话，能看到您和我说过的话。是您自己开的就不用管；"
    "不是您，马上回复“关掉网页”，那边就看不到了。"
)
_JOINED = f"那个浏览器里原来登记的事、约的时间也放到一起看了，不要的话回复“{APART}”。"
T = TypeVar("T")


def router(
    accounts: dict[str, Wechat],
    *,
    sessions: Callable[[], Session],
    links: Links,
    tokens: Tokens,
    cookie_days: int,
    erase: Callable[[str], None],
    clock: Callable[[], float] = time.time,
) -> APIRouter:
    api = APIRouter()
    templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
    limit = RateLimit()
    # Whatever is asked of an account that isn't there, or has no key, is worked on with this one's, for the same time,
    # and refused.
    nobody = Account(
        "nobody",
        f"wx{secrets.token_hex(8)}",
        secrets.token_hex(16),
        "",
        AccountKind.service,
        aes_key=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
    )

    def opened(request: Request, name: str, body: bytes | None = None) -> tuple[Wechat, bytes]:
        """The account and the XML of a request that is known to come from WeChat.

        Raises WechatRefused, after the same work whatever is wrong.
        """
        query, known = request.query_params, accounts.get(name)
        account, refused = known.account if known else nobody, list[WechatRefused]()
        is_sealed = body is not None and query.get("encrypt_type", "raw") == "aes"
        encrypted = [read_fields(body).get("Encrypt", "")] if body is not None and is_sealed else []

        def tried(check: Callable[..., T], *arguments: Any, **more: Any) -> T | None:
            try:
                return check(*arguments, **more)
            except WechatRefused as error:
                refused.append(error)
                return None

        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        tried(
            check_signature,
            query.get("msg_signature" if is_sealed else "signature", ""),
            account.token,
            stamp,
            nonce,
            *encrypted,
        )
        tried(check_time, stamp, now=clock())
        text = tried((account.cipher or nobody.cipher).open, encrypted[0]) if is_sealed else None
        if known is None or refused or (body is not None and account.must_be_sealed and not is_sealed):
            raise refused[0] if refused else WechatRefused("account" if known is None else "plain")
        return known, text.encode() if text is not None else body or b""

    @api.get("/wechat/{name}")
    async def verify(request: Request, name: str) -> Response:
        try:
            opened(request, name)
        except WechatRefused as error:
            return _refuse(error)
        return PlainTextResponse(request.query_params.get("echostr", "")[:200])

    @api.post("/wechat/{name}")
    async def receive(request: Request, name: str) -> Response:
        body = await request.body()
        try:
            wechat, xml = opened(request, name, body[: MOST_BYTES + 1])
            incoming = read(xml)
        except WechatRefused as error:
            return _refuse(error)
        text = await wechat.receive(incoming, is_gone=request.is_disconnected)
        now = int(clock())
        answer = text_reply(incoming, text, now=now) if text else "success"
        if text and request.query_params.get("encrypt_type", "raw") == "aes" and (cipher := wechat.account.cipher):
            encrypted, stamp, nonce = cipher.seal(answer), str(now), secrets.token_hex(8)
            answer = sealed_reply(
                encrypted=encrypted,
                signature=signature(wechat.account.token, stamp, nonce, encrypted),
                timestamp=stamp,
                nonce=nonce,
            )
        kind = "application/xml" if text else "text/plain"
        return Response(answer, media_type=kind, background=BackgroundTask(wechat.left_us, incoming) if text else None)

    def page(request: Request, status: int = 200, **values: object) -> HTMLResponse:
        response = templates.TemplateResponse(request, "wechat.html", values, status_code=status)
        response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
        return response

    @api.get("/w/s/{token}", response_class=HTMLResponse)
    async def sources(request: Request, token: str) -> Response:
        """An answer's full sources; nothing of the conversation around it."""
        limit.check(f"sources {address_of(request)}", 60)
        message_id = links.read_sources(token)
        with sessions() as session:
            message = session.get(Message, message_id) if message_id else None
            if message is None or message.sender is Sender.resident:
                return page(request, 404, problem="这个链接过期了，或者这段对话已经删除。请在微信里再问一次。")
            return page(request, message=message_json(message))

    def earlier(request: Request, session: Session, found: Conversation) -> Conversation | None:
        """What this browser holds until now, if it is another conversation and something was said in it."""
        own = tokens.read(session, request.cookies.get(COOKIE, ""))
        return own if own is not None and own.id != found.id and messages.turns_so_far(session, own.id) else None

    @api.get("/w/{token}", response_class=HTMLResponse)
    async def door(request: Request, token: str) -> Response:
        """Only a button, since it joins this browser to the conversation: previews open every link, and a link may
        be passed on.
        """
        limit.check(f"page {address_of(request)}", 60)
        with sessions() as session:
            found, is_good = links.read_page(session, token)
            held = tokens.read(session, request.cookies.get(COOKIE, ""))
            if found is not None and held is not None and held.id == found.id and not is_good:
                return RedirectResponse("/", 303)  # used in this very browser
            if found is None or not is_good:
                return page(request, 404, problem=_GONE)
            other = earlier(request, session, found)
            return page(
                request,
                token=token,
                has_earlier=other is not None,
                earlier_cases=[spoken_number(c) for c in of_conversation(session, other.id)] if other else [],
            )

    @api.post("/w/{token}")
    async def join(request: Request, token: str) -> Response:
        limit.check(f"page {address_of(request)}", 20)
        if request.headers.get("sec-fetch-site") == "cross-site":
            return page(request, 403, problem=_ELSEWHERE)  # another page pressed the button
        sent = await request.form(max_fields=3, max_files=0)
        with sessions() as session:
            found, is_good = links.read_page(session, token)
            other = earlier(request, session, found) if found is not None else None
            if found is None or not is_good or not service.open_page(session, found.id, count=found.page_count):
                return page(request, 404, problem=_GONE)
            session.refresh(found)
            is_joined = other is not None and sent.get("earlier") == "together"
            if other is not None and is_joined:
                persons.join(session, found.id, other.id)
            told = _OPENED.format(at=f"{datetime.now(UTC).astimezone(SHANGHAI):%m-%d %H:%M}") + (
                _JOINED if is_joined else ""
            )
            messages.touch(session, found.id, told, key=f"opened-{found.page_count}")
            response = RedirectResponse("/", 303)
            response.set_cookie(
                COOKIE,
                tokens.make(found),
                max_age=cookie_days * 86400,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
            return response

    @api.post("/w/{token}/delete")
    async def forget(request: Request, token: str) -> Response:
        limit.check(f"page {address_of(request)}", 20)
        if request.headers.get("sec-fetch-site") == "cross-site":
            return page(request, 403, problem=_ELSEWHERE)
        with sessions() as session:
            found, is_good = links.read_page(session, token)
            if found is None or not is_good:
                return page(request, 404, problem=_GONE)
            conversation_id = found.id
        await asyncio.to_thread(erase, conversation_id)
        with sessions() as session:
            service.forget(session, conversation_id)
        return page(request, problem="这段对话已经删除，微信里的聊天记录请您在手机上自己清空。")

    return api


def _refuse(error: WechatRefused) -> Response:
    log.warning("wechat refused: %s", error)
    return PlainTextResponse("", 403)
