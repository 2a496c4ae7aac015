"""A made-up account and its telephones."""

import asyncio
import itertools
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import Any
from xml.etree.ElementTree import ParseError

import httpx
from defusedxml.ElementTree import fromstring
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.simulator.api import error_answer, menu_fault, not_on_the_list, said_by
from bot.channels.simulator.rules import (
    DELIVERIES,
    MOST_BYTES,
    PATIENCE_S,
    QUICK_REPLIES,
    QUICK_WINDOW_S,
    REPLIES,
    REPLY_WINDOW_S,
    SHAPES,
    TEMPLATE,
    TOKEN_S,
    Delivered,
    Shown,
    SimulatedAccount,
    Telephone,
    address_in,
)
from bot.channels.wechat.accounts import Account, AccountKind
from bot.channels.wechat.crypto import MessageCipher, WechatRefused, signature
from bot.channels.wechat.xml import shape


class Simulator:
    """`reach`: posts to the account's address and gives the response; `clock`: Unix seconds, moved by tests."""

    def __init__(
        self,
        account: SimulatedAccount,
        *,
        reach: Callable[[str, dict[str, str], bytes], Awaitable[httpx.Response]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account, self.reach, self.clock = account, reach, clock
        self.telephones: dict[str, Telephone] = {}
        self.violations: list[str] = []
        self.menu: dict[str, Any] | None = None
        self.tokens_given = 0
        self.fail_next: list[int] = []  # error codes that the next calls of the API get instead of being carried out
        self._tokens: dict[str, float] = {}
        # never one that an earlier run has used
        self._numbers = itertools.count(24_000_000_000_000_000 + time.time_ns() // 1000)
        self._cipher = MessageCipher(key=account.aes_key, appid=account.appid) if account.aes_key else None
        self.app = self._api()

    # --- the telephones
    # ------------------------------------------------------------------------------------------------

    def telephone(self, openid: str) -> Telephone:
        return self.telephones.setdefault(openid, Telephone(openid))

    async def verify(self) -> str:
        """The check of the address, as when its form is saved.

        Raises AssertionError when the account doesn't answer it.
        """
        echo, stamp, nonce = secrets.token_hex(10), str(int(self.clock())), secrets.token_hex(5)
        query = {
            "signature": signature(self.account.token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "echostr": echo,
        }
        answer = await self.reach("GET", query, b"")
        assert (answer.status_code, answer.text) == (200, echo), (
            f"the address check was answered with {answer.status_code} {answer.text[:80]!r}"
        )
        return echo

    async def say(self, openid: str, text: str, *, at_once: bool = False) -> Delivered:
        return await self.deliver(openid, {"MsgType": "text", "Content": text}, at_once=at_once)

    async def deliver(self, openid: str, fields: dict[str, Any], *, at_once: bool = False) -> Delivered:
        """A message or an event. `at_once`: all three deliveries together, as when WeChat's own network stumbles."""
        telephone, now = self.telephone(openid), self.clock()
        message = {"ToUserName": self.account.original_id, "FromUserName": openid, "CreateTime": int(now), **fields}
        if fields["MsgType"] == "event":
            self._note_event(telephone, str(fields["Event"]).lower(), now)
        else:
            message["MsgId"] = next(self._numbers)
            telephone.said_at, telephone.said_left = now, REPLIES
            telephone.shown.append(Shown("resident", said_by(fields), now, str(fields.get("PicUrl", ""))))
        body, started = shape(message).encode(), time.monotonic()
        if at_once:
            texts = [t for t in await asyncio.gather(*(self._once(openid, body) for _ in range(DELIVERIES))) if t]
            if len(texts) > 1:
                self.violations.append(
                    f"同一条消息投递了 {DELIVERIES} 次，其中 {len(texts)} 次都回了话，居民会收到重复的"
                )
            return self._seen(telephone, DELIVERIES, texts[0] if texts else "", started)
        for number in range(1, DELIVERIES + 1):
            text = await self._once(openid, body)
            if text is not None:
                return self._seen(telephone, number, text, started)
        return Delivered(DELIVERIES, None, time.monotonic() - started)

    def _seen(self, telephone: Telephone, deliveries: int, text: str, started: float) -> Delivered:
        if text:
            telephone.shown.append(Shown("passive", text, self.clock()))
        return Delivered(deliveries, text, time.monotonic() - started)

    def _note_event(self, telephone: Telephone, event: str, now: float) -> None:
        if event == "subscribe":
            telephone.is_following = True
        elif event == "unsubscribe":
            telephone.is_following = False
        if event in ("subscribe", "scan", "click"):
            telephone.pressed_at, telephone.pressed_left = now, QUICK_REPLIES

    async def _once(self, openid: str, body: bytes) -> str | None:
        """The text of a passive reply, "" for `success`, None where no answer came in time or the connection broke."""
        stamp, nonce = str(int(self.clock())), secrets.token_hex(5)
        query = {
            "signature": signature(self.account.token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": openid,
        }
        if self.account.mode != "plain":
            assert self._cipher is not None
            sealed = self._cipher.seal(body.decode())
            query |= {"encrypt_type": "aes", "msg_signature": signature(self.account.token, stamp, nonce, sealed)}
            plain = (
                body.decode().removesuffix("</xml>")
                if self.account.mode == "compatible"
                else shape({"ToUserName": self.account.original_id}).removesuffix("</xml>")
            )
            body = f"{plain}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
        try:
            answer = await asyncio.wait_for(self.reach("POST", query, body), PATIENCE_S)
        except (TimeoutError, httpx.HTTPError):
            return None
        return self._check_answer(openid, answer)

    def _check_answer(self, openid: str, answer: httpx.Response) -> str:
        if answer.status_code != 200:
            return self._violation(f"应答是 HTTP {answer.status_code}，要 200")
        if answer.text in ("", "success"):
            return ""
        try:
            found = {c.tag: c.text or "" for c in fromstring(answer.content)}
            if self.account.mode != "plain":
                assert self._cipher is not None
                if set(found) != {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}:
                    return self._violation(f"密文回复的字段不对：{sorted(found)}")
                if found["MsgSignature"] != signature(
                    self.account.token, found["TimeStamp"], found["Nonce"], found["Encrypt"]
                ):
                    return self._violation("密文回复的签名不对")
                found = {c.tag: c.text or "" for c in fromstring(self._cipher.open(found["Encrypt"]))}
        except (ParseError, ValueError, WechatRefused) as error:
            return self._violation(f"回复读不出来：{type(error).__name__}")
        if set(found) != SHAPES.get(found.get("MsgType", ""), set()):
            return self._violation(f"回复的字段不对：{sorted(found)}")
        if (found["ToUserName"], found["FromUserName"]) != (openid, self.account.original_id):
            return self._violation("回复给了别人")
        if not found["CreateTime"].isdigit():
            return self._violation("CreateTime 不是数字")
        return self._check_text(found["Content"]) and found["Content"]

    def _check_text(self, text: str) -> str:
        if not text.strip():
            return self._violation("空的文字")
        if len(text.encode()) > MOST_BYTES:
            return self._violation(f"文字有 {len(text.encode())} 字节，最多 {MOST_BYTES}")
        return text

    def _violation(self, what: str) -> str:
        self.violations.append(what)
        return ""

    def check(self) -> None:
        """Raises AssertionError naming everything that WeChat would have refused."""
        assert not self.violations, "; ".join(self.violations)

    # --- the servers
    # ---------------------------------------------------------------------------------------------------

    def _api(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.middleware("http")
        async def dated(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            response = await call_next(request)
            response.headers["date"] = formatdate(self.clock(), usegmt=True)
            return response

        @app.post("/cgi-bin/stable_token")
        async def stable_token(request: Request) -> Response:
            sent = await request.json()
            if self._is_foreign(request):
                return not_on_the_list(request)
            if sent.get("grant_type") != "client_credential" or sent.get("appid") != self.account.appid:
                return error_answer(40013)
            if sent.get("secret") != self.account.secret:
                return error_answer(40125)
            if code := self._planned():
                return error_answer(code)
            now = self.clock()
            alive = [t for t, until in self._tokens.items() if until - 300 > now]
            if not alive or sent.get("force_refresh"):
                self._tokens = {f"{secrets.token_urlsafe(96)}": now + TOKEN_S}
                self.tokens_given += 1
                alive = list(self._tokens)
            return JSONResponse({"access_token": alive[0], "expires_in": int(self._tokens[alive[0]] - now)})

        @app.post("/cgi-bin/message/custom/send")
        async def customer_service(request: Request) -> Response:
            sent, code = await self._call(request)
            if code:
                return error_answer(code)
            telephone = self.telephones.get(str(sent.get("touser")))
            text = str((sent.get("text") or {}).get("content", ""))
            if not self.account.has_customer_service:
                return (
                    error_answer(48001)
                    if not sent.get("touser")
                    else self._refused(48001, "没有客服接口的公众号发客服消息")
                )
            if not sent.get("touser"):
                return error_answer(40003)
            if telephone is None or not telephone.is_following:
                return self._refused(43004, "给没有关注的人发客服消息")
            if sent.get("msgtype") != "text" or not self._check_text(text):
                return error_answer(40035)
            now = self.clock()
            if telephone.said_at + REPLY_WINDOW_S > now and telephone.said_left > 0:
                telephone.said_left -= 1
            elif telephone.pressed_at + QUICK_WINDOW_S > now and telephone.pressed_left > 0:
                telephone.pressed_left -= 1
            elif telephone.said_at + REPLY_WINDOW_S > now:
                return self._refused(45047, "居民的一句话之后，客服消息发得太多")
            else:
                return self._refused(45015, "过了 48 小时还发客服消息")
            telephone.shown.append(Shown("customer_service", text, now))
            return error_answer(0)

        @app.post("/cgi-bin/message/template/send")
        async def template(request: Request) -> Response:
            sent, code = await self._call(request)
            if code:
                return error_answer(code)
            telephone = self.telephones.get(str(sent.get("touser")))
            if (
                not self.account.has_templates
                or not sent.get("template_id")
                or self.account.template_id not in (None, sent["template_id"])
            ):
                return self._refused(40037, "模板不是这个公众号的")
            if telephone is None or not telephone.is_following:
                return self._refused(43004, "给没有关注的人发通知")
            values = {name: str(v.get("value", "")) for name, v in (sent.get("data") or {}).items()}
            if self.account.template_id and set(values) != set(re.findall(r"\{\{(\w+)\.DATA\}\}", TEMPLATE)):
                return self._refused(47003, "通知的字段和模板的不一样")
            if any(not v or len(v) > (5 if name.startswith("phrase") else 20) for name, v in values.items()):
                return self._refused(47003, "通知里有空的或太长的字段")
            words = (
                re.sub(r"\{\{(\w+)\.DATA\}\}", lambda m: values[m[1]], TEMPLATE)
                if self.account.template_id
                else "；".join(values.values())
            )
            telephone.shown.append(Shown("template", words, self.clock(), str(sent.get("url", ""))))
            return error_answer(0)

        @app.get("/cgi-bin/user/info")
        async def person(request: Request) -> Response:
            _, code = await self._call(request)
            if code:
                return error_answer(code)
            telephone = self.telephones.get(request.query_params.get("openid", ""))
            if not self.account.has_customer_service:
                return self._refused(48001, "未认证的公众号查用户信息")
            if telephone is None:
                return self._refused(40003, "查一个不认识的 openid")
            telephone.times_looked_up += 1
            if not telephone.is_following:
                return JSONResponse({"subscribe": 0, "openid": telephone.openid})
            return JSONResponse(
                {
                    "subscribe": 1,
                    "openid": telephone.openid,
                    "nickname": "",
                    **({"unionid": telephone.unionid} if telephone.unionid else {}),
                }
            )

        @app.post("/cgi-bin/menu/create")
        async def menu(request: Request) -> Response:
            sent, code = await self._call(request)
            if code:
                return error_answer(code)
            if not self.account.has_customer_service:
                return self._refused(48001, "未认证的订阅号用接口建菜单")
            if fault := menu_fault(sent):
                return self._refused(fault, "菜单的样子不对")
            self.menu = sent
            return error_answer(0)

        @app.get("/cgi-bin/menu/get")
        async def held_menu(request: Request) -> Response:
            _, code = await self._call(request)
            if code or not self.account.has_customer_service:
                return error_answer(code or 48001)
            return JSONResponse({"menu": self.menu}) if self.menu else error_answer(46003)

        @app.get("/cgi-bin/template/get_all_private_template")
        async def templates(request: Request) -> Response:
            _, code = await self._call(request)
            if code or not self.account.has_templates:
                return error_answer(code or 48001)
            return JSONResponse(
                {
                    "template_list": [
                        {"template_id": self.account.template_id, "title": "事项进展提醒", "content": TEMPLATE}
                    ]
                    if self.account.template_id
                    else []
                }
            )

        @app.post("/cgi-bin/qrcode/create")
        async def code_with_scene(request: Request) -> Response:
            sent, code = await self._call(request)
            if code or not self.account.has_scenes:
                return error_answer(code or 48001)
            scene = str(((sent.get("action_info") or {}).get("scene") or {}).get("scene_str", ""))
            if sent.get("action_name") != "QR_LIMIT_STR_SCENE" or not 1 <= len(scene) <= 64:
                return self._refused(40053, "二维码的参数不对")
            return JSONResponse({"ticket": secrets.token_urlsafe(64), "url": f"http://weixin.qq.com/q/{scene}"})

        return app

    def _is_foreign(self, request: Request) -> bool:
        return bool(self.account.allow_list) and address_in(request) not in self.account.allow_list

    def _planned(self) -> int:
        return self.fail_next.pop(0) if self.fail_next else 0

    async def _call(self, request: Request) -> tuple[dict[str, Any], int]:
        """What was sent, and the error code of a token that isn't alive or of a planned failure."""
        if self._is_foreign(request):
            return {}, 40164
        if code := self._planned():
            return {}, code
        if self._tokens.get(request.query_params.get("access_token", ""), 0) <= self.clock():
            return {}, 40001
        body = await request.body()
        if b"\\u" in body:
            self.violations.append("中文写成了 \\u 转义，手机上会原样显示")
        try:
            return (json.loads(body) if body else {}), 0
        except ValueError:
            return {}, 47001

    def _refused(self, code: int, what: str) -> Response:
        self.violations.append(f"{code}: {what}")
        return error_answer(code)


def simulated(account: Account) -> SimulatedAccount:
    """The account as WeChat would know it, when everything is set up as its file says.

    Codes with a scene and templates are rights of service accounts.
    """
    mode = "safe" if account.must_be_sealed else "compatible" if account.aes_key else "plain"
    is_service = account.kind is AccountKind.service
    return SimulatedAccount(
        account.appid,
        account.secret,
        account.token,
        original_id=f"gh_{account.name}",
        aes_key=account.aes_key,
        mode=mode,
        has_customer_service=account.has_customer_service,
        has_templates=is_service,
        has_scenes=is_service,
        template_id=account.template_id,
    )


def servers(simulators: Sequence[Simulator]) -> ASGIApp:
    """One address for all accounts, as WeChat's: who asks for a token says the appid, every other call carries a
    token.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body, token = await request.body(), request.query_params.get("access_token", "")
        meant = next(
            (s for s in simulators if (token in s._tokens if token else s.account.appid.encode() in body)),
            simulators[0],
        )

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await meant.app(scope, again, send)

    return app
