"""`linli wechat doctor`: each thing that can be wrong between an account and WeChat, as far as it can be seen from
here.
"""

import argparse
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.channels.wechat.accounts import KIND_LABELS, Account, AccountKind
from bot.channels.wechat.wire.api import is_fillable, template_fields
from bot.channels.wechat.wire.crypto import signature
from bot.channels.wechat.wire.menu import MENU, PUSH
from bot.cli.wechat.commands import Open, accounts, open_client, remedy
from bot.settings import Settings

_MOST_SKEW_S = 60
_NO_MENU = 46003  # 全局返回码
# (method, path, what is sent) to the code and all that WeChat's servers answered.
Answer = tuple[int, dict[str, Any]]
Ask = Callable[[str, str, dict[str, Any] | None], Answer]


@dataclass(frozen=True)
class Check:
    what: str
    mark: str  # 好 | 注意 | 不好
    next: str = ""


def doctor(settings: Settings, args: argparse.Namespace, *, client: Open = open_client) -> int:
    """Each part of each account: 好, or what to do next. 1 where something is 不好."""
    marks = set()
    for account in accounts(settings).values():
        print(f"公众号 {account.name}（{KIND_LABELS[account.kind]}）")
        for check in _checks(settings, account, client):
            marks.add(check.mark)
            print(f"  {check.mark}  {check.what}{'：' + check.next if check.next else ''}")
        mode = "安全模式" if account.must_be_sealed else "兼容模式" if account.aes_key else "明文模式"
        print(
            f"  从这里看不到的，请到“{PUSH}”核对：服务器地址(URL) {settings.own_url}/wechat/{account.name}，"
            f"令牌(Token)、EncodingAESKey 和账号文件一样，消息加解密方式是{mode}，已启用。"
            "（以前叫公众平台“设置与开发－开发接口管理－基本配置”）"
        )
    return 1 if "不好" in marks else 0


def _checks(settings: Settings, account: Account, client: Open) -> Iterator[Check]:
    yield _answers(
        "本机应答",
        f"http://127.0.0.1:{settings.port}",
        account,
        client,
        refused="linli serve 没有在运行，请先启动它",
        other="正在运行的不是邻里，或者没有读账号文件。请用 LINLI_WECHAT_ACCOUNTS 重新启动 linli serve",
    )
    yield _public_answer(settings, account, client)
    if not account.must_be_sealed:
        mode = "明文" if account.aes_key is None else "兼容"
        yield Check(
            "消息加解密",
            "注意",
            f"现在是{mode}模式，能用。要更安全，请到“{PUSH}”把“消息加解密方式”改成安全模式，并在账号文件里写上 "
            "aes_key 和 must_be_sealed: true",
        )
    yield from _wechat_checks(account, client(settings.wechat_api))


def _public_answer(settings: Settings, account: Account, client: Open) -> Check:
    address = httpx.URL(settings.own_url)
    if address.scheme != "https" or address.port is not None:
        return Check(
            "公网地址",
            "不好",
            f"现在是 {settings.own_url}，微信只连公网上 443 端口的 https。"
            "请按 docs/wechat.zh-CN.md 装好 Caddy 或 nginx，设 LINLI_PUBLIC_URL=https://您的域名，重启 linli "
            f"serve，再到“{PUSH}”把“服务器地址(URL)”填成 https://您的域名/wechat/{account.name}",
        )
    return _answers(
        "公网应答",
        settings.own_url,
        account,
        client,
        refused="连不上。请检查域名解析、防火墙的 443 端口、Caddy 或 nginx 是不是在运行",
        other="Caddy 或 nginx 没有把 /wechat/ 转给邻里，见 docs/wechat.zh-CN.md 的“HTTPS”",
    )


def _answers(what: str, base: str, account: Account, client: Open, *, refused: str, other: str) -> Check:
    """The check that WeChat makes when the address is saved, made from here."""
    stamp, nonce, echo = str(int(time.time())), secrets.token_hex(5), secrets.token_hex(8)
    query = {"signature": signature(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
    try:
        with client(base) as http:
            answer = http.get(f"/wechat/{account.name}", params=query)
    except httpx.HTTPError as error:
        if "CERTIFICATE" in str(error):
            return Check(
                what,
                "不好",
                f"{base} 的证书不被信任，微信也不会信。请用 Caddy 自动申请，或者换成正式的证书（带上中间证书）",
            )
        return Check(what, "不好", f"{base} {refused}")
    if (answer.status_code, answer.text) == (200, echo):
        return Check(what, "好")
    if answer.status_code == 403:
        return Check(
            what, "不好", f"{base} 说签名不对。账号文件改过以后要重启 linli serve；反向代理不能改动地址里问号后面的参数"
        )
    return Check(what, "不好", f"{base} 的应答不对（{answer.status_code}）。{other}")


def _wechat_checks(account: Account, http: httpx.Client) -> Iterator[Check]:
    """What WeChat's servers say. Asks for the token as the app does, without ending the one in use."""
    asked = {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret}
    given, said_at = _ask(http, "POST", "/cgi-bin/stable_token", asked)
    if said_at is not None and abs(skew := time.time() - said_at) > _MOST_SKEW_S:
        yield Check(
            "服务器时间",
            "不好",
            f"比微信{'快' if skew > 0 else '慢'}了 {abs(skew):.0f} 秒，消息会被当成过期的丢掉。"
            "请运行 timedatectl set-ntp true 对好时间",
        )
    token = given.get("access_token")
    if not token:
        code, said = int(given.get("errcode", -1)), str(given.get("errmsg", ""))
        yield Check("appid、secret、IP 白名单", "不好", remedy(code, said))
        return
    yield Check("appid、secret、IP 白名单", "好")

    def ask(method: str, path: str, payload: dict[str, Any] | None = None) -> Answer:
        found, _ = _ask(http, method, f"{path}?access_token={token}", payload)
        return int(found.get("errcode", 0)), found

    for check in (_customer_service, _menu, _notices):
        if (found := check(account, ask)) is not None:
            yield found


def _customer_service(account: Account, ask: Ask) -> Check:
    # Nobody is named, so nothing is sent; without the right that comes first.
    nobody = {"touser": "", "msgtype": "text", "text": {"content": "检查"}}
    code, _ = ask("POST", "/cgi-bin/message/custom/send", nobody)
    if account.has_customer_service and code == 48001:
        return Check(
            "客服消息",
            "不好",
            "这个公众号没有客服消息的权限，来不及当场回复的就发不出去。"
            f"请先做微信认证，或者在账号文件里把 kind 写成 {AccountKind.unverified}",
        )
    if not account.has_customer_service and code != 48001:
        return Check(
            "客服消息",
            "注意",
            "这个公众号能发客服消息。认证通过了的话，请在账号文件里把 kind 写成 subscription 或 service",
        )
    return Check("客服消息" if account.has_customer_service else "没有客服消息（未认证）", "好")


def _menu(account: Account, ask: Ask) -> Check | None:
    if not account.has_customer_service:
        return None
    code, found = ask("GET", "/cgi-bin/menu/get", None)
    if code not in (0, _NO_MENU):
        return Check("菜单", "不好", remedy(code))
    if _keys(found.get("menu") or {"button": []}) == _keys(MENU):
        return Check("菜单", "好")
    what = "还没有菜单" if code else "菜单和这一版的不一样"
    return Check("菜单", "不好", f"{what}，请运行 linli wechat menu push --account {account.name}")


def _keys(menu: dict[str, Any]) -> list[list[str | None]]:
    return [[below.get("key") for below in button.get("sub_button") or []] for button in menu.get("button", [])]


def _notices(account: Account, ask: Ask) -> Check | None:
    if account.template_id is not None:
        code, found = ask("GET", "/cgi-bin/template/get_all_private_template", None)
        return _template(account.template_id, code, found)
    if account.kind is not AccountKind.service:
        return None
    return Check(
        "通知模板",
        "注意",
        "没有写 template_id：过了 48 小时的答复，要等居民再说一句话才能给他。"
        "可以在公众平台的“模板消息”里选一个模板，把“模板ID”写进账号文件",
    )


def _template(template_id: str, code: int, found: dict[str, Any]) -> Check:
    if code == 48001:
        return Check("通知模板", "不好", "模板消息只有认证服务号能用，请把账号文件里的 template_id 删掉。")
    if code:
        return Check("通知模板", "不好", remedy(code))
    template = next((t for t in found.get("template_list", []) if t.get("template_id") == template_id), None)
    if template is None:
        return Check(
            "通知模板",
            "不好",
            "账号文件里的 template_id 不是这个公众号的。请到公众平台的“模板消息－我的模板”抄“模板ID”",
        )
    if odd := [f for f in template_fields(template) if not is_fillable(f)]:
        return Check(
            "通知模板",
            "不好",
            f"这个模板要填 {'、'.join(odd)}，通知里只说有新消息，没有这样的内容。请换一个只有事项、进展、时间的模板",
        )
    return Check("通知模板", "好")


def _ask(
    http: httpx.Client, method: str, path: str, payload: dict[str, Any] | None = None
) -> tuple[dict[str, Any], float | None]:
    """What WeChat's servers answered, {} where they can't be reached, and their time in Unix seconds."""
    try:
        answer = http.request(
            method, path, content=json.dumps(payload, ensure_ascii=False).encode() if payload is not None else None
        )
        found, stamp = answer.json(), answer.headers.get("date")
        return found if isinstance(found, dict) else {}, parsedate_to_datetime(stamp).timestamp() if stamp else None
    except (httpx.HTTPError, ValueError):
        return {"errcode": -1}, None
