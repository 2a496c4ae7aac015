"""`linli wechat`: the menu, the check of an account's settings, and the simulator."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy.orm import sessionmaker

from bot.channels.wechat_accounts import KIND_LABELS, Account, AccountsUnreadable, read_accounts
from bot.channels.wechat_api import TryLater, WechatApi, WechatError
from bot.settings import Settings
from bot.setup import SetupFailed, say

MENU: dict[str, Any] = {
    "button": [
        {"name": "问法", "sub_button": [{"type": "click", "name": "问法律问办事", "key": "ask"}, {"type": "click", "name": "看村规", "key": "village_rule"}]},
        {"name": "报事", "sub_button": [{"type": "click", "name": "我要报事", "key": "report"}, {"type": "click", "name": "查进度", "key": "progress"}]},
        {"name": "找人", "sub_button": [{"type": "click", "name": "约律师", "key": "book"}, {"type": "click", "name": "转人工", "key": "person"}]},
    ]
}
# 全局返回码: what to do, with the name of the field on WeChat's own page.
_REMEDIES = {
    40013: "appid 不对。请到公众平台“设置与开发－开发接口管理－基本配置”抄“开发者ID(AppID)”。",
    40125: "secret 不对。请到“基本配置－开发者密码(AppSecret)”重置后，抄到账号文件里。",
    40164: "这台服务器的地址不在白名单里。请到“基本配置－IP白名单”加上它的公网地址。",
    48001: "这个公众号没有这个接口的权限：未认证的订阅号请把 kind 写成 unverified。",
    45009: "今天调用太多次了，明天再试，或在“接口权限”里看上限。",
    -1: "微信的服务器连不上或正忙，请检查这台机器能不能上网，过一会儿再试。",
}


def accounts(settings: Settings) -> dict[str, Account]:
    """Raises SetupFailed."""
    if settings.wechat_accounts is None:
        raise SetupFailed("还没有设 LINLI_WECHAT_ACCOUNTS。账号文件怎么写，见 docs/wechat.zh-CN.md。")
    try:
        return read_accounts(settings.wechat_accounts)
    except AccountsUnreadable as error:
        raise SetupFailed(str(error)) from None


def _chosen(settings: Settings, name: str | None) -> Account:
    found = accounts(settings)
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise SetupFailed(f"请用 --account 指明是哪个公众号：{'、'.join(found)}。")
    return found[name]


def _api(settings: Settings, account: Account) -> WechatApi:
    from bot.db import make_engine, make_sessions, migrate

    migrate(settings.url)
    sessions: sessionmaker[Any] = make_sessions(make_engine(settings.url))
    return WechatApi(account, sessions=sessions, http=httpx.Client(base_url=settings.wechat_api, timeout=10, trust_env=False))


def menu_push(settings: Settings, args: argparse.Namespace) -> int:
    account = _chosen(settings, args.account)
    say(f"公众号 {account.name} 的菜单将换成：")
    for button in MENU["button"]:
        say(f"  {button['name']}：{'、'.join(s['name'] for s in button['sub_button'])}")
    if not args.yes and (not sys.stdin.isatty() or input("发给微信吗？(y/N) ").strip().lower() != "y"):
        say("没有发。确认要发，请加 --yes。")
        return 1
    try:
        _api(settings, account).call("POST", "/cgi-bin/menu/create", MENU)
    except WechatError as error:
        say(_remedy(error))
        return 1
    print(json.dumps({"account": account.name, "pushed": True}))
    return 0


def _remedy(error: WechatError) -> str:
    return f"微信返回 {error.code}：{_REMEDIES.get(error.code, '请在微信“全局返回码说明”里查这个数字。')}"


def doctor(settings: Settings, args: argparse.Namespace) -> int:
    """Each part of each account: 好, or what to do next."""
    checks: list[tuple[str, bool, str]] = []
    for account in accounts(settings).values():
        name = f"{account.name}（{KIND_LABELS[account.kind]}）"
        address = f"{settings.own_url}/wechat/{account.name}"
        is_public = settings.own_url.startswith("https://")
        checks.append((f"{name} 服务器地址", is_public, f"微信只认公网上的 https 地址。请设 LINLI_PUBLIC_URL，再把“基本配置－服务器配置－URL”填成 {address}"))
        checks.append((f"{name} 地址应答", *_verified(settings, account)))
        checks.append((f"{name} 消息加解密", account.aes_key is not None, "现在是明文模式，能用；要更安全，请把“消息加解密方式”改成安全模式，并写上 aes_key 和 must_be_sealed: true"))
        api = _api(settings, account)
        checks.append((f"{name} access_token", *_tried(lambda api=api: api.token())))
        checks.append((f"{name} 菜单", *_tried(lambda api=api: api.call("GET", "/cgi-bin/menu/get"), "还没有菜单，运行 linli wechat menu push")))
    for what, is_good, remedy in checks:
        print(f"{'好' if is_good else '不好'}  {what}{'' if is_good else '：' + remedy}")
    return 0 if all(good for what, good, _ in checks if "加解密" not in what) else 1


def _verified(settings: Settings, account: Account) -> tuple[bool, str]:
    """The check that WeChat makes when the address is saved, made from here."""
    import secrets
    import time

    from bot.channels.wechat_crypto import signature

    stamp, nonce, echo = str(int(time.time())), secrets.token_hex(5), secrets.token_hex(8)
    query = {"signature": signature(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
    base = settings.own_url if settings.public_url else f"http://127.0.0.1:{settings.port}"
    try:
        answer = httpx.get(f"{base}/wechat/{account.name}", params=query, timeout=10, trust_env=False)
    except httpx.HTTPError:
        return False, f"{base} 没有应答。请先运行 linli serve，并检查 nginx 或 Caddy 有没有把 /wechat/ 转过来"
    return (answer.status_code, answer.text) == (200, echo), f"{base} 应答不对（{answer.status_code}）。请看反向代理有没有改动地址后面的参数，服务器时间准不准"


def _tried(call: Callable[[], Any], missing: str = "") -> tuple[bool, str]:
    try:
        call()
    except TryLater as error:
        return False, _remedy(error)
    except WechatError as error:
        return False, missing if error.code == 46003 and missing else _remedy(error)
    return True, ""


def simulate(settings: Settings, args: argparse.Namespace) -> int:
    from bot.web.wechat_simulator import serve

    asyncio.run(serve(settings, port=args.port))
    return 0
