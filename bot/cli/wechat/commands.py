"""`linli wechat menu push`, `codes`, and what the other commands of `linli wechat` share."""

import argparse
import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import certifi
import httpx
import segno
from sqlalchemy import select, true
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.wechat.accounts import Account, AccountsUnreadable, read_accounts
from bot.channels.wechat.wire.api import WechatApi, WechatError
from bot.channels.wechat.wire.menu import MENU
from bot.cli.commands import Commands
from bot.run.setup import SetupFailed, say
from bot.settings import Settings
from knowledge import places
from knowledge.data_files import DataModel, Text, read
from knowledge.places import Level, Place


class RemediesFile(DataModel):
    """The schema of remedies.yml: by 全局返回码, what to do next."""

    remedies: dict[int, Text]


_REMEDIES = read(Path(__file__).with_name("remedies.yml"), RemediesFile).remedies


def accounts(settings: Settings) -> dict[str, Account]:
    """Raises SetupFailed."""
    if settings.wechat_accounts is None:
        raise SetupFailed("还没有设 LINLI_WECHAT_ACCOUNTS。账号文件怎么写，见 docs/wechat.zh-CN.md 的“账号文件”。")
    try:
        return read_accounts(settings.wechat_accounts)
    except AccountsUnreadable as error:
        raise SetupFailed(f"{error}。账号文件怎么写，见 docs/wechat.zh-CN.md 的“账号文件”。") from None


def _chosen(settings: Settings, name: str | None) -> Account:
    found = accounts(settings)
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise SetupFailed(f"请用 --account 指明是哪个公众号：{'、'.join(found)}。")
    return found[name]


def _sessions(settings: Settings) -> sessionmaker[Session]:
    from bot.db import make_engine, make_sessions, migrate

    migrate(settings.url)
    return make_sessions(make_engine(settings.url))


def open_client(base: str) -> httpx.Client:
    """Trusts what browsers trust and what this machine's administrator added."""
    trusted = ssl.create_default_context(cafile=certifi.where())
    trusted.load_default_certs()
    return httpx.Client(base_url=base, timeout=10, trust_env=False, verify=trusted)


Open = Callable[[str], httpx.Client]


def remedy(code: int, said: str = "") -> str:
    known = _REMEDIES.get(code, "请在微信开发文档的“全局返回码”里查这个数字。")
    return f"微信返回 {code}：{known}" + (f"微信的原话：{said[:200]}" if said else "")


def push_menu(settings: Settings, account: Account, *, client: Open = open_client) -> None:
    """Raises WechatError."""
    WechatApi(account, sessions=_sessions(settings), http=client(settings.wechat_api)).call(
        "POST", "/cgi-bin/menu/create", MENU
    )


def menu_push(settings: Settings, args: argparse.Namespace, *, client: Open = open_client) -> int:
    account = _chosen(settings, args.account)
    if not account.has_customer_service:
        say("未认证的订阅号不能用接口建菜单，居民打字就行：“报事”“预约”“查进度”“村规”“找人”都听得懂。")
        return 1
    say(f"公众号 {account.name} 的菜单将换成：")
    for button in MENU["button"]:
        say(f"  {button['name']}：{'、'.join(s['name'] for s in button['sub_button'])}")
    if not args.yes and (not sys.stdin.isatty() or input("发给微信吗？(y/N) ").strip().lower() != "y"):
        say("没有发。确认要发，请加 --yes。")
        return 1
    try:
        push_menu(settings, account, client=client)
    except WechatError as error:
        say(remedy(error.code))
        return 1
    print(json.dumps({"account": account.name, "pushed": True}))
    return 0


def codes(settings: Settings, args: argparse.Namespace, *, client: Open = open_client) -> int:
    """A picture for each village of the account's place, to be printed and put up there: who scans it is bound to
    the village.
    """
    account, sessions = _chosen(settings, args.account), _sessions(settings)
    api = WechatApi(account, sessions=sessions, http=client(settings.wechat_api))
    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)
    with sessions() as session:
        served = Place.id.in_(places.below(session, account.place)) if account.place else true()
        villages = list(session.scalars(select(Place).where(Place.level == Level.village, served).order_by(Place.id)))
    try:
        for village in villages:
            made = api.call(
                "POST",
                "/cgi-bin/qrcode/create",
                {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": village.id}}},
            )
            segno.make(made["url"], error="m").save(
                str(folder / f"{village.name.replace('/', '、')}-{village.id}.png"), scale=12, border=4
            )
    except WechatError as error:
        say(
            remedy(error.code)
            if error.code != 48001
            else (
                "带参数的二维码只有认证服务号能用接口做。别的公众号请用公众平台上的普通二维码，"
                "居民说一声“我是李家沟村的”也一样。"
            )
        )
        return 1
    print(json.dumps({"account": account.name, "codes": len(villages), "folder": str(folder)}, ensure_ascii=False))
    return 0


def add(commands: Commands) -> None:
    from bot.cli.wechat import doctor

    wechat = commands.group("wechat", "the official accounts")
    menu = wechat.group("menu", "the menu below the chat")
    parser = menu.add("push", menu_push, "show the menu and send it to WeChat")
    parser.add_argument("--account")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser = wechat.add("codes", codes, "a QR code for each village, as a picture to put up there")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--account")
    wechat.add("doctor", doctor.doctor, "check each account's settings and say the next step")
    parser = wechat.add(
        "simulate", _simulate, "a WeChat of our own with a telephone on a page, to try without an account"
    )
    parser.add_argument("--port", type=int, default=8090)


def _simulate(settings: Settings, args: argparse.Namespace) -> int:
    from bot.cli.wechat.simulate import simulate

    return simulate(settings, args)
