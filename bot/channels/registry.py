"""Every channel that runs."""

import httpx

from bot.channels.wechat.accounts import read_accounts
from bot.channels.wechat.api import OFFICIAL, WechatApi, fetch_picture
from bot.channels.wechat.inbound import Wechat
from bot.parts import Parts
from bot.web.resident import links as resident_links
from bot.web.resident import widget


def build_wechat(parts: Parts, links: resident_links.Links) -> dict[str, Wechat]:
    """The official accounts by name; {} where none are set. Raises AccountsUnreadable."""
    settings = parts.settings
    if settings.wechat_accounts is None:
        return {}
    http = httpx.Client(base_url=settings.wechat_api, timeout=httpx.Timeout(8.0, connect=3.0), trust_env=False)
    hosts = ("qpic.cn", "qq.com") if settings.wechat_api == OFFICIAL else (str(httpx.URL(settings.wechat_api).host),)

    def greeting(village: str | None) -> str:
        where = f"我先按{village}的村规来答。" if village else "告诉我您是哪个村的，我就能查本村的村规。"
        return (
            f"{widget.GREETING}{where}\n{widget.notice(settings)}在这里说的话，微信公司的服务器也会经手。"
            "想删除，发“删除记录”。"
        )

    accounts = read_accounts(settings.wechat_accounts)
    titles = {a.appid: f"“{a.title}”公众号" if a.title else "另一个公众号" for a in accounts.values()}
    return {
        name: Wechat(
            account,
            sessions=parts.sessions,
            answer=parts.turns.answer,
            api=WechatApi(account, sessions=parts.sessions, http=http),
            greeting=greeting,
            page_link=links.page,
            sources_link=links.sources,
            picture=lambda url: fetch_picture(http, url, hosts=hosts),
            own_url=settings.own_url,
            others={appid: title for appid, title in titles.items() if appid != account.appid},
        )
        for name, account in accounts.items()
    }
