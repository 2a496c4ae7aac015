"""WeChat's API, made up: what an account calls, one method an address."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from bot.channels.simulator.rules import (
    QUICK_WINDOW_S,
    REPLY_WINDOW_S,
    TOKEN_S,
    Broken,
    Shown,
    SimulatedAccount,
    Telephone,
    address_in,
    check_text,
    menu_fault,
)

# What an address does with a call that carries a token that is alive: (request, what was sent) to its answer.
Answers = Callable[[Request, dict[str, Any]], Response]


class Api:
    """The servers' side of one account; tests read and set what is public. `clock`: Unix seconds, moved by tests."""

    def __init__(self, account: SimulatedAccount, *, clock: Callable[[], float] = time.time) -> None:
        self.account, self.clock = account, clock
        self.telephones: dict[str, Telephone] = {}
        self.violations: list[str] = []
        self.menu: dict[str, Any] | None = None
        self.tokens_given = 0
        self.fail_next: list[int] = []  # error codes that the next calls of the API get instead of being carried out
        self.tokens: dict[str, float] = {}  # until when each is alive
        self.app = self._app()

    def addresses(self) -> dict[tuple[str, str], Answers]:
        return {
            ("POST", "/cgi-bin/message/custom/send"): self.customer_service,
            ("POST", "/cgi-bin/message/template/send"): self.send_template,
            ("GET", "/cgi-bin/user/info"): self.person,
            ("POST", "/cgi-bin/menu/create"): self.create_menu,
            ("GET", "/cgi-bin/menu/get"): self.held_menu,
            ("GET", "/cgi-bin/template/get_all_private_template"): self.templates,
            ("POST", "/cgi-bin/qrcode/create"): self.code_with_scene,
        }

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.middleware("http")(self._dated)
        app.add_api_route("/cgi-bin/stable_token", self.stable_token, methods=["POST"])
        for (method, path), answers in self.addresses().items():
            app.add_api_route(path, self._called(answers), methods=[method])
        return app

    async def _dated(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["date"] = formatdate(self.clock(), usegmt=True)
        return response

    def _called(self, answers: Answers) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            sent, code = await self._call(request)
            return error_answer(code) if code else answers(request, sent)

        return endpoint

    async def _call(self, request: Request) -> tuple[dict[str, Any], int]:
        """What was sent, and the error code of a token that isn't alive or of a planned failure."""
        if self._is_foreign(request):
            return {}, 40164
        if code := self._planned():
            return {}, code
        if self.tokens.get(request.query_params.get("access_token", ""), 0) <= self.clock():
            return {}, 40001
        body = await request.body()
        if b"\\u" in body:
            self.violations.append("中文写成了 \\u 转义，手机上会原样显示")
        try:
            return (json.loads(body) if body else {}), 0
        except ValueError:
            return {}, 47001

    async def stable_token(self, request: Request) -> Response:
        sent = await request.json()
        if self._is_foreign(request):
            return _not_on_the_list(request)
        if sent.get("grant_type") != "client_credential" or sent.get("appid") != self.account.appid:
            return error_answer(40013)
        if sent.get("secret") != self.account.secret:
            return error_answer(40125)
        if code := self._planned():
            return error_answer(code)
        now = self.clock()
        alive = [t for t, until in self.tokens.items() if until - 300 > now]
        if not alive or sent.get("force_refresh"):
            self.tokens = {f"{secrets.token_urlsafe(96)}": now + TOKEN_S}
            self.tokens_given += 1
            alive = list(self.tokens)
        return JSONResponse({"access_token": alive[0], "expires_in": int(self.tokens[alive[0]] - now)})

    def customer_service(self, _: Request, sent: dict[str, Any]) -> Response:
        if not self.account.has_customer_service:
            return self._refused(48001, "没有客服接口的公众号发客服消息") if sent.get("touser") else error_answer(48001)
        if not sent.get("touser"):
            return error_answer(40003)
        telephone = self.telephones.get(str(sent["touser"]))
        if telephone is None or not telephone.is_following:
            return self._refused(43004, "给没有关注的人发客服消息")
        text = str((sent.get("text") or {}).get("content", ""))
        if sent.get("msgtype") != "text" or not self._is_text(text):
            return error_answer(40035)
        if refused := self._counted(telephone):
            return refused
        telephone.shown.append(Shown("customer_service", text, self.clock()))
        return error_answer(0)

    def _counted(self, telephone: Telephone) -> Response | None:
        """One message less in a window that is open; the refusal where none is."""
        now = self.clock()
        is_said = telephone.said_at + REPLY_WINDOW_S > now
        if is_said and telephone.said_left > 0:
            telephone.said_left -= 1
            return None
        if telephone.pressed_at + QUICK_WINDOW_S > now and telephone.pressed_left > 0:
            telephone.pressed_left -= 1
            return None
        if is_said:
            return self._refused(45047, "居民的一句话之后，客服消息发得太多")
        return self._refused(45015, "过了 48 小时还发客服消息")

    def send_template(self, _: Request, sent: dict[str, Any]) -> Response:
        account, telephone = self.account, self.telephones.get(str(sent.get("touser")))
        is_own = sent.get("template_id") and account.template_id in (None, sent["template_id"])
        if not account.has_templates or not is_own:
            return self._refused(40037, "模板不是这个公众号的")
        if telephone is None or not telephone.is_following:
            return self._refused(43004, "给没有关注的人发通知")
        values = {name: str(v.get("value", "")) for name, v in (sent.get("data") or {}).items()}
        if account.template_id and set(values) != account.template_fields:
            return self._refused(47003, "通知的字段和模板的不一样")
        if any(not v or len(v) > (5 if name.startswith("phrase") else 20) for name, v in values.items()):
            return self._refused(47003, "通知里有空的或太长的字段")
        url = str(sent.get("url", ""))
        telephone.shown.append(Shown("template", account.notice(values), self.clock(), url))
        return error_answer(0)

    def person(self, request: Request, _: dict[str, Any]) -> Response:
        telephone = self.telephones.get(request.query_params.get("openid", ""))
        if not self.account.has_customer_service:
            return self._refused(48001, "未认证的公众号查用户信息")
        if telephone is None:
            return self._refused(40003, "查一个不认识的 openid")
        telephone.times_looked_up += 1
        if not telephone.is_following:
            return JSONResponse({"subscribe": 0, "openid": telephone.openid})
        found: dict[str, Any] = {"subscribe": 1, "openid": telephone.openid, "nickname": ""}
        return JSONResponse({**found, "unionid": telephone.unionid} if telephone.unionid else found)

    def create_menu(self, _: Request, sent: dict[str, Any]) -> Response:
        if not self.account.has_customer_service:
            return self._refused(48001, "未认证的订阅号用接口建菜单")
        if fault := menu_fault(sent):
            return self._refused(fault, "菜单的样子不对")
        self.menu = sent
        return error_answer(0)

    def held_menu(self, _: Request, __: dict[str, Any]) -> Response:
        if not self.account.has_customer_service:
            return error_answer(48001)
        return JSONResponse({"menu": self.menu}) if self.menu else error_answer(46003)

    def templates(self, _: Request, __: dict[str, Any]) -> Response:
        account = self.account
        if not account.has_templates:
            return error_answer(48001)
        held = {"template_id": account.template_id, "title": "事项进展提醒", "content": account.template}
        return JSONResponse({"template_list": [held] if account.template_id else []})

    def code_with_scene(self, _: Request, sent: dict[str, Any]) -> Response:
        if not self.account.has_scenes:
            return error_answer(48001)
        scene = str(((sent.get("action_info") or {}).get("scene") or {}).get("scene_str", ""))
        if sent.get("action_name") != "QR_LIMIT_STR_SCENE" or not 1 <= len(scene) <= 64:
            return self._refused(40053, "二维码的参数不对")
        return JSONResponse({"ticket": secrets.token_urlsafe(64), "url": f"http://weixin.qq.com/q/{scene}"})

    def _is_foreign(self, request: Request) -> bool:
        return bool(self.account.allow_list) and address_in(request) not in self.account.allow_list

    def _planned(self) -> int:
        return self.fail_next.pop(0) if self.fail_next else 0

    def _is_text(self, text: str) -> bool:
        try:
            check_text(text)
        except Broken as error:
            self.violations.append(str(error))
            return False
        return True

    def _refused(self, code: int, what: str) -> Response:
        self.violations.append(f"{code}: {what}")
        return error_answer(code)


def error_answer(code: int, words: str = "") -> Response:
    return JSONResponse({"errcode": code, "errmsg": words or ("ok" if code == 0 else f"error {code}")})


def _not_on_the_list(request: Request) -> Response:
    ip = address_in(request)
    return error_answer(40164, f"invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist rid: {secrets.token_hex(4)}")
