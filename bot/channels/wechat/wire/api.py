"""WeChat's servers, called: one access token for all processes, one retry when it died, patience when they ask for it.

Source: 微信公众平台 开发文档, 获取稳定版接口调用凭据, 全局返回码说明.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.photos import MAX_BYTES, PhotoRefused
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.models import WechatToken
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

log = logging.getLogger("linli.wechat")
OFFICIAL = "https://api.weixin.qq.com"
_DEAD_TOKEN = (40001, 40014, 42001)
_PATIENCE = (-1, 45009, 45011)
_REFRESH_LAPSES = timedelta(seconds=20)
_EARLY = timedelta(minutes=5)
_PICTURE_S = 30.0  # for all of a picture; a server that gives a byte now and then would hold us for ever


class WechatError(Exception):
    """The servers refused; `code` is theirs."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"errcode {code}")


class TryLater(WechatError):
    """Busy, over the day's limit, or not to be reached."""


class NoAnswer(TryLater):
    """The request went out and no answer came: it may have been carried out."""


class WindowClosed(WechatError):
    """45015: more than 48 hours since the person wrote; 45047: as much was sent as one message allows."""


class PictureUnreachable(PhotoRefused):
    """Perhaps later."""

    message_zh = "没有从微信取到，请再发一次。"


def fetch_picture(
    http: httpx.Client, url: str, *, hosts: tuple[str, ...], clock: Callable[[], float] = time.monotonic
) -> bytes:
    """A resident's picture from WeChat's own servers, and from nowhere else.

    Raises PhotoRefused, PictureUnreachable.
    """
    try:
        parts, ends_at = urlsplit(url), clock() + _PICTURE_S
        if parts.scheme not in ("http", "https") or not any(
            parts.hostname == h or (parts.hostname or "").endswith(f".{h}") for h in hosts
        ):
            raise PhotoRefused
        with http.stream("GET", url, follow_redirects=False) as response:
            if response.status_code != 200:
                raise PhotoRefused if response.status_code < 500 else PictureUnreachable
            found = b""
            for block in response.iter_bytes():
                found += block
                if len(found) > MAX_BYTES:
                    break  # too large, which `clean_photo` says
                if clock() > ends_at:
                    raise PictureUnreachable
            return found
    except httpx.HTTPError:
        raise PictureUnreachable from None
    except (ValueError, httpx.InvalidURL):  # an address that is none
        raise PhotoRefused from None


def template_fields(template: dict[str, Any]) -> list[str]:
    return re.findall(r"\{\{(\w+)\.DATA\}\}", str(template.get("content", "")))


def is_fillable(field: str) -> bool:
    """Not those for numbers, names, sums and fixed choices: a notice holds no detail of a matter."""
    return re.fullmatch(r"(first|remark|keyword|thing|phrase|time|date)\d*", field) is not None


def filling(field: str, words: str, *, now: datetime) -> str:
    """What stands in a field of a notice; its name says of which kind it is.

    Source: 微信公众平台 开发文档, 模板消息, 参数值内容限制.
    """
    if field.startswith(("time", "date")):
        return f"{now:%Y年%m月%d日 %H:%M}"
    return "有新消息" if field.startswith("phrase") else words


class WechatApi:
    def __init__(
        self,
        account: Account,
        *,
        sessions: Callable[[], Session],
        http: httpx.Client,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account, self._sessions, self._http, self._wait = account, sessions, http, wait
        self._fields: list[str] = []  # of the account's template, once asked for

    def send_text(self, openid: str, text: str) -> None:
        """Raises WindowClosed, TryLater, WechatError."""
        self.call(
            "POST", "/cgi-bin/message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}}
        )

    def send_notice(self, openid: str, *, words: str, url: str) -> None:
        """A template notice: that there is something to read, never what. `words`: at most 20 characters."""
        if not self._fields:
            listed = self.call("GET", "/cgi-bin/template/get_all_private_template").get("template_list") or []
            self._fields = next(
                (template_fields(t) for t in listed if t.get("template_id") == self._account.template_id), ["first"]
            )
        data = {name: {"value": filling(name, words, now=datetime.now(SHANGHAI))} for name in self._fields}
        self.call(
            "POST",
            "/cgi-bin/message/template/send",
            {"touser": openid, "template_id": self._account.template_id, "url": url, "data": data},
        )

    def person(self, openid: str) -> dict[str, Any]:
        """获取用户基本信息: `unionid` of a follower, where the account belongs to an Open Platform account.

        Raises TryLater, WechatError.
        """
        return self.call("GET", "/cgi-bin/user/info", query={"openid": openid, "lang": "zh_CN"})

    def call(
        self,
        method: str,
        path: str,
        payload: dict[str, Any] | None = None,
        *,
        query: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """What the servers answered. A dead token is renewed once. Raises WechatError and its kinds."""
        token = self.token()
        try:
            return self._once(method, path, payload, query, token)
        except WechatError as error:
            if error.code not in _DEAD_TOKEN:
                raise
            return self._once(method, path, payload, query, self.token(dead=token))

    def _once(
        self, method: str, path: str, payload: dict[str, Any] | None, query: Mapping[str, str], token: str
    ) -> dict[str, Any]:
        # Telephones show \u escapes as they stand, so Chinese goes out as it is.
        body = json.dumps(payload, ensure_ascii=False).encode() if payload is not None else None
        found = self._answer(method, path, body, {**query, "access_token": token})
        code = int(found.get("errcode", 0))
        if code:
            log.warning("wechat account=%s path=%s errcode=%s", self._account.name, path, code)
        if code in (45015, 45047):
            raise WindowClosed(code)
        if code in _PATIENCE:
            raise TryLater(code)
        if code:
            raise WechatError(code)
        return found

    def _answer(self, method: str, path: str, body: bytes | None, query: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._http.request(
                method, path, params=query, content=body, headers={"content-type": "application/json; charset=utf-8"}
            )
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            log.warning("wechat account=%s path=%s unreachable: %s", self._account.name, path, type(error).__name__)
            never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            # the address of a failed request carries the token
            raise (TryLater if never_left else NoAnswer)(-1) from None
        return found if isinstance(found, dict) else {"errcode": -1}

    def token(self, *, dead: str | None = None) -> str:
        """A token that is alive; of several processes one fetches it and the others wait.

        `dead`: one that was refused.
        """
        for _ in range(100):
            now = datetime.now(UTC)
            with self._sessions() as session:
                held = session.get(WechatToken, self._account.appid)
                if held and held.token and held.token != dead and held.ends_at and held.ends_at - _EARLY > now:
                    return held.token
                mine = self._claim(session, now)
            if mine:
                return self._fetch(is_forced=dead is not None)
            self._wait(0.1)
        raise TryLater(-1)

    def _claim(self, session: Session, now: datetime) -> bool:
        if session.get(WechatToken, self._account.appid) is None:
            session.add(WechatToken(appid=self._account.appid))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
        free = or_(WechatToken.refreshing_until.is_(None), WechatToken.refreshing_until < now)
        done = changed(
            session,
            update(WechatToken)
            .where(WechatToken.appid == self._account.appid, free)
            .values(refreshing_until=now + _REFRESH_LAPSES),
        )
        session.commit()
        return done > 0

    def _fetch(self, *, is_forced: bool) -> str:
        values: dict[str, Any] = {"refreshing_until": None}
        try:
            asked = {
                "grant_type": "client_credential",
                "appid": self._account.appid,
                "secret": self._account.secret,
                "force_refresh": is_forced,
            }
            try:
                found = self._answer("POST", "/cgi-bin/stable_token", json.dumps(asked).encode(), {})
            except NoAnswer:
                raise TryLater(-1) from None  # of the token; what it is for wasn't sent
            if not found.get("access_token"):
                code = int(found.get("errcode", -1))
                log.warning("wechat account=%s no token: errcode=%s", self._account.name, code)
                raise (TryLater if code in _PATIENCE else WechatError)(code)
            values |= {
                "token": str(found["access_token"]),
                "ends_at": datetime.now(UTC) + timedelta(seconds=int(found.get("expires_in", 0))),
            }
            return str(found["access_token"])
        finally:
            with self._sessions() as session:
                session.execute(update(WechatToken).where(WechatToken.appid == self._account.appid).values(**values))
                session.commit()
