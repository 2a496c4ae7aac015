"""WeChat as a channel: each official account is a line of its own."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Self

import httpx
from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.base import Answer, Remaining, Sessions
from bot.channels.greeting import GREETING, notice
from bot.channels.wechat import identity, ledger, pictures, privacy, push
from bot.channels.wechat.accounts import AccountsUnreadable, read_accounts
from bot.channels.wechat.inbound import Inbound
from bot.channels.wechat.line import USUAL, Line, Patience
from bot.channels.wechat.links import links_of
from bot.channels.wechat.models import WechatContact
from bot.channels.wechat.outbound import Outbound
from bot.channels.wechat.wire.api import OFFICIAL, TryLater, WechatApi, fetch_picture
from bot.settings import Settings

log = logging.getLogger("linli.wechat")


class Wechat:
    """One official account. `picture`: the bytes behind a resident's picture's address."""

    kind: ClassVar[str] = push.KIND
    label_zh: ClassVar[str] = "微信"
    routes: ClassVar[Sequence[APIRouter]] = (push.router,)

    def __init__(self, line: Line, *, answer: Answer, api: WechatApi, picture: Callable[[str], bytes]) -> None:
        self.line, self._api, self._picture = line, api, picture
        self._outbound = Outbound(line, api=api)
        self.inbound = Inbound(line, self._outbound, answer=answer)
        self._learn_at = datetime.min.replace(tzinfo=UTC)

    @classmethod
    def build(
        cls, settings: Settings, *, sessions: Sessions, answer: Answer, patience: Patience = USUAL
    ) -> Sequence[Self]:
        """[] where the file of accounts can't be read: whoever chats on a page, or is in danger there, needs none of
        it. `linli doctor` says what is wrong.
        """
        if settings.wechat_accounts is None:
            return []
        try:
            accounts = read_accounts(settings.wechat_accounts).values()
        except AccountsUnreadable as error:
            log.error("wechat is off: %s", error)
            return []
        http = httpx.Client(base_url=settings.wechat_api, timeout=httpx.Timeout(8.0, connect=3.0), trust_env=False)
        titles = {a.appid: f"“{a.title}”公众号" if a.title else "另一个公众号" for a in accounts}
        return [
            cls(
                Line(
                    account,
                    sessions,
                    links_of(settings, sessions),
                    greeting=lambda village: _greeting(settings, village),
                    others={appid: title for appid, title in titles.items() if appid != account.appid},
                    patience=patience,
                ),
                answer=answer,
                api=WechatApi(account, sessions=sessions, http=http),
                picture=lambda url: fetch_picture(http, url, hosts=_picture_hosts(settings)),
            )
            for account in accounts
        ]

    @property
    def name(self) -> str:
        return self.line.account.name

    def deliver_due(self) -> int:
        return self._outbound.deliver_due()

    def tend(self) -> None:
        """Pictures to fetch, and who people are.

        With one account there is nobody to know again, so WeChat isn't asked.
        """
        account, now = self.line.account, self.line.now()
        pictures.fetch_due(self.line.sessions, account.appid, picture=self._picture, now=now)
        if not self.line.others or not account.has_customer_service:
            return
        now = self.line.now()
        with self.line.sessions() as session:
            if self._learn_at <= now:
                try:
                    identity.learn_due(session, account.appid, api=self._api, now=now)
                except TryLater:
                    self._learn_at = now + identity.LEARN_AGAIN
            identity.ask_due(session, account.appid, titles=self.line.others, now=now)

    def remaining(self, conversation_id: str) -> Remaining | None:
        account = self.line.account
        with self.line.sessions() as session:
            owner = session.scalar(select(WechatContact.appid).where(WechatContact.conversation_id == conversation_id))
            if owner != account.appid:
                return None  # of another account, with rights of its own
            return ledger.remaining(
                session,
                conversation_id,
                can_send=account.has_customer_service,
                has_template=account.template_id is not None,
                now=self.line.now(),
            )

    @staticmethod
    def sweep(session: Session, *, now: datetime) -> int:
        return privacy.sweep(session, now=now)

    @staticmethod
    def about(session: Session, conversation_id: str) -> Mapping[str, object] | None:
        return privacy.about(session, conversation_id)


def _greeting(settings: Settings, village: str | None) -> str:
    where = f"我先按{village}的村规来答。" if village else "告诉我您是哪个村的，我就能查本村的村规。"
    return f"{GREETING}{where}\n{notice(settings)}在这里说的话，微信公司的服务器也会经手。想删除，发“删除记录”。"


def _picture_hosts(settings: Settings) -> tuple[str, ...]:
    if settings.wechat_api == OFFICIAL:
        return ("qpic.cn", "qq.com")
    return (str(httpx.URL(settings.wechat_api).host),)
