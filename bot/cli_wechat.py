"""`linli wechat`: the menu, the villages' codes, the check of an account's settings, and the simulator."""

import argparse
import json
import logging
import secrets
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import certifi
import httpx
import segno
from sqlalchemy import select, true
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import routing
from bot.channels.wechat_accounts import KIND_LABELS, Account, AccountKind, AccountsUnreadable, read_accounts
from bot.channels.wechat_api import WechatApi, WechatError
from bot.channels.wechat_crypto import signature
from bot.settings import Settings
from bot.setup import SetupFailed, say
from knowledge.models import Level, Place

# At most 3 buttons of 4 Chinese characters, 5 of 8 below each; longer names are cut on telephones.
MENU: dict[str, Any] = {
    "button": [
        {"name": "问一问", "sub_button": [{"type": "click", "name": "问法", "key": "ask"}, {"type": "click", "name": "村规", "key": "village_rule"}]},
        {"name": "办一办", "sub_button": [{"type": "click", "name": "报事", "key": "report"}, {"type": "click", "name": "查进度", "key": "progress"}]},
        {"name": "找帮手", "sub_button": [{"type": "click", "name": "预约", "key": "book"}, {"type": "click", "name": "找人", "key": "person"}]},
    ]
}
# The fields' names since WeChat moved them from 公众平台 to 开发者平台: developers.weixin.qq.com/doc/subscription/guide/dev/migration.html
_BASIC = "微信开发者平台－我的业务－公众号/服务号－基础信息"
_KEYS, _PUSH = f"{_BASIC}－开发密钥", f"{_BASIC}－域名与消息推送配置"
# 全局返回码: what to do next.
_REMEDIES = {
    40013: f"appid 不对。请到“{_BASIC}”抄“AppID”，写进账号文件的 appid。",
    40125: f"secret 不对。请到“{_KEYS}”重置“AppSecret”，马上抄进账号文件的 secret（只显示一次），再重启 linli serve。",
    40243: f"AppSecret 被冻结了。请到“{_KEYS}”点“解冻”，10 分钟后再试。",
    40164: f"这台服务器的公网地址不在白名单里。请到“{_KEYS}－API IP 白名单”加上它，一行一个，几分钟后生效。",
    48001: "这个公众号没有这个接口的权限。请到“微信开发者平台－我的业务－公众号/服务号－接口管理－接口权限与额度”看有没有，未认证的订阅号要把账号文件的 kind 写成 unverified。",
    45009: "今天调用得太多了。请明天再试，上限在“微信开发者平台－接口管理－接口权限与额度”里看。",
    -1: "微信的服务器连不上或正忙。请检查这台机器能不能上外网（curl https://api.weixin.qq.com），过一会儿再试。",
}
_MOST_SKEW_S = 60


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


def _client(base: str) -> httpx.Client:
    """Trusts what browsers trust and what this machine's administrator added."""
    trusted = ssl.create_default_context(cafile=certifi.where())
    trusted.load_default_certs()
    return httpx.Client(base_url=base, timeout=10, trust_env=False, verify=trusted)


Open = Callable[[str], httpx.Client]


def _remedy(code: int, said: str = "") -> str:
    known = _REMEDIES.get(code, "请在微信开发文档的“全局返回码”里查这个数字。")
    return f"微信返回 {code}：{known}" + (f"微信的原话：{said[:200]}" if said else "")


# --- menu and codes ----------------------------------------------------------------------------------------------------


def push_menu(settings: Settings, account: Account, *, client: Open = _client) -> None:
    """Raises WechatError."""
    WechatApi(account, sessions=_sessions(settings), http=client(settings.wechat_api)).call("POST", "/cgi-bin/menu/create", MENU)


def menu_push(settings: Settings, args: argparse.Namespace, *, client: Open = _client) -> int:
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
        say(_remedy(error.code))
        return 1
    print(json.dumps({"account": account.name, "pushed": True}))
    return 0


def codes(settings: Settings, args: argparse.Namespace, *, client: Open = _client) -> int:
    """A picture for each village of the account's place, to be printed and put up there: who scans it is bound to the village."""
    account, sessions = _chosen(settings, args.account), _sessions(settings)
    api = WechatApi(account, sessions=sessions, http=client(settings.wechat_api))
    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)
    with sessions() as session:
        served = Place.id.in_(routing.below(session, account.place)) if account.place else true()
        villages = list(session.scalars(select(Place).where(Place.level == Level.village, served).order_by(Place.id)))
    try:
        for village in villages:
            made = api.call("POST", "/cgi-bin/qrcode/create", {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": village.id}}})
            segno.make(made["url"], error="m").save(str(folder / f"{village.name.replace('/', '、')}-{village.id}.png"), scale=12, border=4)
    except WechatError as error:
        say(_remedy(error.code) if error.code != 48001 else "带参数的二维码只有认证服务号能用接口做。别的公众号请用公众平台上的普通二维码，居民说一声“我是李家沟村的”也一样。")
        return 1
    print(json.dumps({"account": account.name, "codes": len(villages), "folder": str(folder)}, ensure_ascii=False))
    return 0


# --- doctor ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    what: str
    mark: str  # 好 | 注意 | 不好
    next: str = ""


def doctor(settings: Settings, args: argparse.Namespace, *, client: Open = _client) -> int:
    """Each part of each account: 好, or what to do next. 1 where something is 不好."""
    logging.getLogger("linli.wechat").setLevel(logging.ERROR)
    marks = set()
    for account in accounts(settings).values():
        print(f"公众号 {account.name}（{KIND_LABELS[account.kind]}）")
        for check in _checks(settings, account, client):
            marks.add(check.mark)
            print(f"  {check.mark}  {check.what}{'：' + check.next if check.next else ''}")
        mode = "安全模式" if account.must_be_sealed else "兼容模式" if account.aes_key else "明文模式"
        print(f"  从这里看不到的，请到“{_PUSH}”核对：服务器地址(URL) {settings.own_url}/wechat/{account.name}，令牌(Token)、EncodingAESKey 和账号文件一样，消息加解密方式是{mode}，已启用。（以前叫公众平台“设置与开发－开发接口管理－基本配置”）")
    return 1 if "不好" in marks else 0


def _checks(settings: Settings, account: Account, client: Open) -> Iterator[Check]:
    yield _answers("本机应答", f"http://127.0.0.1:{settings.port}", account, client, refused="linli serve 没有在运行，请先启动它", other="正在运行的不是邻里，或者没有读账号文件。请用 LINLI_WECHAT_ACCOUNTS 重新启动 linli serve")
    address = httpx.URL(settings.own_url)
    if address.scheme != "https" or address.port is not None:
        yield Check("公网地址", "不好", f"现在是 {settings.own_url}，微信只连公网上 443 端口的 https。请按 docs/wechat.zh-CN.md 装好 Caddy 或 nginx，设 LINLI_PUBLIC_URL=https://您的域名，重启 linli serve，再到“{_PUSH}”把“服务器地址(URL)”填成 https://您的域名/wechat/{account.name}")
    else:
        yield _answers("公网应答", settings.own_url, account, client, refused="连不上。请检查域名解析、防火墙的 443 端口、Caddy 或 nginx 是不是在运行", other="Caddy 或 nginx 没有把 /wechat/ 转给邻里，见 docs/wechat.zh-CN.md 的“HTTPS”")
    if account.aes_key is None:
        yield Check("消息加解密", "注意", f"现在是明文模式，能用。要更安全，请到“{_PUSH}”把“消息加解密方式”改成安全模式，并在账号文件里写上 aes_key 和 must_be_sealed: true")
    yield from _wechat_checks(settings, account, client(settings.wechat_api))


def _answers(what: str, base: str, account: Account, client: Open, *, refused: str, other: str) -> Check:
    """The check that WeChat makes when the address is saved, made from here."""
    stamp, nonce, echo = str(int(time.time())), secrets.token_hex(5), secrets.token_hex(8)
    query = {"signature": signature(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
    try:
        with client(base) as http:
            answer = http.get(f"/wechat/{account.name}", params=query)
    except httpx.HTTPError as error:
        if "CERTIFICATE" in str(error):
            return Check(what, "不好", f"{base} 的证书不被信任，微信也不会信。请用 Caddy 自动申请，或者换成正式的证书（带上中间证书）")
        return Check(what, "不好", f"{base} {refused}")
    if (answer.status_code, answer.text) == (200, echo):
        return Check(what, "好")
    if answer.status_code == 403:
        return Check(what, "不好", f"{base} 说签名不对。账号文件改过以后要重启 linli serve；反向代理不能改动地址里问号后面的参数")
    return Check(what, "不好", f"{base} 的应答不对（{answer.status_code}）。{other}")


def _wechat_checks(settings: Settings, account: Account, http: httpx.Client) -> Iterator[Check]:
    """What WeChat's servers say. Asks for the token as the app does, without ending the one in use."""
    given, said_at = _ask(http, "POST", "/cgi-bin/stable_token", {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret})
    if said_at is not None and abs(skew := time.time() - said_at) > _MOST_SKEW_S:
        yield Check("服务器时间", "不好", f"比微信{'快' if skew > 0 else '慢'}了 {abs(skew):.0f} 秒，消息会被当成过期的丢掉。请运行 timedatectl set-ntp true 对好时间")
    token = given.get("access_token")
    if not token:
        yield Check("appid、secret、IP 白名单", "不好", _remedy(int(given.get("errcode", -1)), str(given.get("errmsg", ""))))
        return
    yield Check("appid、secret、IP 白名单", "好")

    def ask(method: str, path: str, payload: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        found, _ = _ask(http, method, f"{path}?access_token={token}", payload)
        return int(found.get("errcode", 0)), found

    # Nobody is named, so nothing is sent; without the right that comes first.
    code, _ = ask("POST", "/cgi-bin/message/custom/send", {"touser": "", "msgtype": "text", "text": {"content": "检查"}})
    if account.has_customer_service and code == 48001:
        yield Check("客服消息", "不好", f"这个公众号没有客服消息的权限，来不及当场回复的就发不出去。请先做微信认证，或者在账号文件里把 kind 写成 {AccountKind.unverified}")
    elif not account.has_customer_service and code != 48001:
        yield Check("客服消息", "注意", "这个公众号能发客服消息。认证通过了的话，请在账号文件里把 kind 写成 subscription 或 service")
    else:
        yield Check("客服消息" if account.has_customer_service else "没有客服消息（未认证）", "好")
    if account.has_customer_service:
        code, found = ask("GET", "/cgi-bin/menu/get")
        pushed = [[s.get("key") for s in b.get("sub_button") or []] for b in (found.get("menu") or {}).get("button", [])]
        if code not in (0, 46003):
            yield Check("菜单", "不好", _remedy(code))
        elif pushed != [[s["key"] for s in b["sub_button"]] for b in MENU["button"]]:
            yield Check("菜单", "不好", f"{'还没有菜单' if code else '菜单和这一版的不一样'}，请运行 linli wechat menu push --account {account.name}")
        else:
            yield Check("菜单", "好")
    if account.template_id is None and account.kind is AccountKind.service:
        yield Check("通知模板", "注意", "没有写 template_id：过了 48 小时的答复，要等居民再说一句话才能给他。可以在公众平台的“模板消息”里选一个模板，把“模板ID”写进账号文件")
    if account.template_id is None:
        return
    code, found = ask("GET", "/cgi-bin/template/get_all_private_template")
    if code:
        yield Check("通知模板", "不好", "模板消息只有认证服务号能用，请把账号文件里的 template_id 删掉。" if code == 48001 else _remedy(code))
    elif account.template_id not in [t.get("template_id") for t in found.get("template_list", [])]:
        yield Check("通知模板", "不好", "账号文件里的 template_id 不是这个公众号的。请到公众平台的“模板消息－我的模板”抄“模板ID”")
    else:
        yield Check("通知模板", "好")


def _ask(http: httpx.Client, method: str, path: str, payload: dict[str, Any] | None = None) -> tuple[dict[str, Any], float | None]:
    """What WeChat's servers answered, {} where they can't be reached, and their time in Unix seconds."""
    try:
        answer = http.request(method, path, content=json.dumps(payload, ensure_ascii=False).encode() if payload is not None else None)
        found, stamp = answer.json(), answer.headers.get("date")
        return found if isinstance(found, dict) else {}, parsedate_to_datetime(stamp).timestamp() if stamp else None
    except (httpx.HTTPError, ValueError):
        return {"errcode": -1}, None


# --- simulator ---------------------------------------------------------------------------------------------------------


def simulate(settings: Settings, args: argparse.Namespace) -> int:
    from bot import stack
    from bot.cli import train_topics
    from bot.web.wechat_simulator import serve

    def prepare(settings: Settings) -> None:
        stack.prepare(settings)
        train_topics(settings)

    logging.getLogger("linli.wechat").setLevel(logging.ERROR)
    if settings.wechat_accounts is not None:
        accounts(settings)
    serve(settings, port=args.port, prepare=prepare, push_menu=push_menu)
    return 0
