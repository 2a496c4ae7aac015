"""`linli wechat doctor`, `menu push` and `codes` against the strict simulator: each thing that can be wrong, and
the next step that is said.
"""

import argparse
import json
import os
import pty
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI
from PIL import Image
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from bot.channels.simulator.account import simulated
from bot.channels.wechat.accounts import AccountKind
from bot.channels.wechat.events import MENU_SAYS, MENU_SHOWS
from bot.channels.wechat.wire import menu as wechat_menu
from bot.cli.wechat import commands as wechat
from bot.cli.wechat import doctor as wechat_doctor
from bot.run.setup import SetupFailed
from bot.settings import Settings
from knowledge.exchange.corpus import import_places
from tests.bot.channels.wechat.test_inbound import APPID, KEY, SECRET, TOKEN, Wired, wire
from tests.conftest import CORPUS
from tests.ports import free_port

PUBLIC, API = "https://linli.example", "http://api.simulated"
ROW: dict[str, Any] = {
    "name": "qinghe",
    "appid": APPID,
    "token": TOKEN,
    "secret": SECRET,
    "kind": "service",
    "aes_key": KEY,
    "must_be_sealed": True,
    "template_id": "notice-1",
}


@dataclass
class County:
    """An installation, its account file and the WeChat it meets."""

    settings: Settings
    wired: Wired
    at: dict[str, Callable[[], Any]]
    capsys: pytest.CaptureFixture[str]

    def write(self, **changes: Any) -> None:
        assert self.settings.wechat_accounts is not None
        self.settings.wechat_accounts.touch(mode=0o600)
        self.settings.wechat_accounts.write_text(
            yaml.safe_dump([{k: v for k, v in {**ROW, **changes}.items() if v is not None}])
        )

    def set(self, **changes: Any) -> None:
        self.settings = self.settings.model_copy(update=changes)

    def client(self, base: str) -> httpx.Client:
        found: httpx.Client = self.at[base]() if base in self.at else wechat.open_client(base)
        return found

    def doctor(self) -> tuple[int, str]:
        code = wechat_doctor.doctor(self.settings, argparse.Namespace(), client=self.client)
        return code, self.capsys.readouterr().out

    def line(self, what: str) -> str:
        """The line of one check; the command fails when and only when a line says so."""
        code, out = self.doctor()
        lines = [line.strip() for line in out.splitlines()]
        assert code == any(line.startswith("不好") for line in lines), out
        assert SECRET not in out
        assert TOKEN not in out
        assert KEY not in out
        return next(line for line in lines if what in line)

    def menu_push(self, *, yes: bool) -> int:
        return wechat.menu_push(self.settings, argparse.Namespace(account=None, yes=yes), client=self.client)


@pytest.fixture
def county(sessions: sessionmaker[Session], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> County:
    """Where everything is right."""
    settings = Settings(
        home=tmp_path,
        port=free_port(),
        public_url=PUBLIC,
        wechat_api=API,
        wechat_accounts=tmp_path / "wechat.yml",
        database_url="",
    )
    wired = wire(sessions, mode="safe")
    ours, theirs = (lambda: TestClient(wired.app)), (lambda: TestClient(wired.simulator.app))
    found = County(settings, wired, {f"http://127.0.0.1:{settings.port}": ours, PUBLIC: ours, API: theirs}, capsys)
    found.write()
    wired.simulator.account = simulated(wechat.accounts(settings)["qinghe"])
    wired.simulator.menu = wechat_menu.MENU
    return found


def test_where_all_is_right_each_line_says_so(county: County) -> None:
    code, out = county.doctor()
    assert code == 0, out
    assert [line.strip().split("  ")[0] for line in out.splitlines()[1:-1]] == ["好"] * 6, out
    assert f"{PUBLIC}/wechat/qinghe" in out
    assert "安全模式" in out
    county.wired.simulator.check()


def test_without_an_account_file_the_setting_and_the_guide_are_named(county: County) -> None:
    county.set(wechat_accounts=None)
    with pytest.raises(SetupFailed, match=r"LINLI_WECHAT_ACCOUNTS.*wechat.zh-CN.md"):
        county.doctor()
    county.set(wechat_accounts=county.settings.home / "absent.yml")
    with pytest.raises(SetupFailed, match=r"absent.yml 打不开"):
        county.doctor()


def test_a_file_that_others_can_read_is_not_read(county: County) -> None:
    assert county.settings.wechat_accounts is not None
    county.settings.wechat_accounts.chmod(0o640)
    with pytest.raises(SetupFailed, match="chmod 600"):
        county.doctor()


@pytest.mark.parametrize(
    ("theirs", "code", "says"),
    [
        ({"appid": "wx0000000000000000"}, 40013, "抄“AppID”"),
        ({"secret": "f" * 32}, 40125, "重置“AppSecret”"),
        ({"allow_list": ("203.0.113.9",)}, 40164, "API IP 白名单"),
    ],
)
def test_what_the_servers_refuse_is_said_with_the_fields_name(
    county: County, theirs: dict[str, Any], code: int, says: str
) -> None:
    county.wired.simulator.account = replace(county.wired.simulator.account, **theirs)
    line = county.line("appid、secret、IP 白名单")
    assert line.startswith("不好")
    assert f"微信返回 {code}" in line
    assert says in line
    assert "微信开发者平台" in line
    assert code != 40164 or "invalid ip testclient" in line  # the address to add stands in WeChat's own words


@pytest.mark.parametrize(
    ("code", "says"), [(40243, "解冻"), (45009, "明天"), (-1, "curl https://api.weixin.qq.com"), (88888, "全局返回码")]
)
def test_other_refusals_of_the_token(county: County, code: int, says: str) -> None:
    county.wired.simulator.fail_next = [code]
    line = county.line("appid、secret、IP 白名单")
    assert line.startswith("不好")
    assert f"微信返回 {code}" in line
    assert says in line


def test_servers_out_of_reach(county: County) -> None:
    county.at.pop(API)
    county.set(wechat_api=f"http://127.0.0.1:{free_port()}")
    assert "能不能上外网" in county.line("appid、secret、IP 白名单")


@pytest.mark.parametrize("address", ["", "http://linli.example", "https://linli.example:8443"])
def test_an_address_that_wechat_does_not_call(county: County, address: str) -> None:
    county.set(public_url=address)
    line = county.line("公网地址")
    assert line.startswith("不好")
    assert "LINLI_PUBLIC_URL" in line
    assert "服务器地址(URL)" in line
    assert "/wechat/qinghe" in line


def test_a_stack_that_does_not_run(county: County) -> None:
    county.at.pop(f"http://127.0.0.1:{county.settings.port}")
    assert "linli serve 没有在运行" in county.line("本机应答")


def test_a_proxy_that_hands_nothing_on(county: County) -> None:
    county.at[PUBLIC] = lambda: TestClient(FastAPI())
    line = county.line("公网应答")
    assert line.startswith("不好")
    assert "（404）" in line
    assert "没有把 /wechat/ 转给邻里" in line


def test_a_name_that_leads_nowhere(county: County) -> None:
    county.at.pop(PUBLIC)
    county.set(public_url="https://linli.invalid")
    assert "检查域名解析、防火墙的 443 端口" in county.line("公网应答")


def test_a_token_changed_after_the_start(county: County) -> None:
    county.write(token="another123")
    line = county.line("本机应答")
    assert line.startswith("不好")
    assert "重启 linli serve" in line


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """A server whose certificate nobody has vouched for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "own.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_certificate_that_nobody_trusts(county: County, untrusted: str) -> None:
    county.at[PUBLIC] = lambda: wechat.open_client(untrusted)
    line = county.line("公网应答")
    assert line.startswith("不好")
    assert "证书不被信任" in line


@pytest.mark.parametrize(("ahead", "says"), [(-600, "快了"), (600, "慢了")])
def test_a_clock_that_is_wrong(county: County, ahead: int, says: str) -> None:
    county.wired.simulator.clock = lambda: time.time() + ahead
    line = county.line("服务器时间")
    assert line.startswith("不好")
    assert says in line
    assert "timedatectl set-ntp true" in line


def test_plain_mode_is_a_hint_and_no_failure(county: County) -> None:
    county.write(aes_key=None, must_be_sealed=None)
    line = county.line("消息加解密：")
    assert line.startswith("注意")
    assert "安全模式" in line
    assert "aes_key" in line
    assert county.doctor()[0] == 0


def test_a_missing_and_an_old_menu_are_pushed(county: County) -> None:
    county.wired.simulator.menu = None
    assert "还没有菜单" in county.line("菜单")
    county.wired.simulator.menu = {"button": [{"name": "旧的", "type": "click", "key": "old"}]}
    line = county.line("菜单")
    assert line.startswith("不好")
    assert "linli wechat menu push --account qinghe" in line
    assert county.menu_push(yes=True) == 0
    assert county.line("菜单") == "好  菜单"


def test_a_verified_kind_without_the_right_and_an_unverified_one_with_it(county: County) -> None:
    county.wired.simulator.account = replace(county.wired.simulator.account, has_customer_service=False)
    line = county.line("客服消息")
    assert line.startswith("不好")
    assert "kind 写成 unverified" in line
    assert "接口权限与额度" in county.line("菜单")  # 48001
    county.write(kind="unverified", template_id=None)
    assert county.line("客服消息") == "好  没有客服消息（未认证）"
    assert county.doctor()[0] == 0
    county.wired.simulator.account = replace(county.wired.simulator.account, has_customer_service=True)
    assert county.line("客服消息").startswith("注意")
    county.wired.simulator.check()


def test_a_template_that_is_not_the_accounts(county: County) -> None:
    county.write(template_id="other-1")
    line = county.line("通知模板")
    assert line.startswith("不好")
    assert "模板ID" in line
    county.write(kind="subscription")
    county.wired.simulator.account = replace(county.wired.simulator.account, has_templates=False)
    assert "删掉" in county.line("通知模板")
    county.write(template_id=None)
    assert county.line("通知模板").startswith("注意")
    assert county.doctor()[0] == 0
    county.write(kind="subscription", template_id=None)
    assert "通知模板" not in county.doctor()[1]


def test_a_template_whose_fields_a_notice_cannot_fill(county: County) -> None:
    county.wired.simulator.account = replace(
        county.wired.simulator.account,
        template="编号：{{character_string1.DATA}}\n状态：{{const2.DATA}}\n事项：{{thing3.DATA}}",
    )
    line = county.line("通知模板")
    assert line.startswith("不好")
    assert "character_string1、const2，" in line
    assert "thing3" not in line


def test_the_menu_holds_its_words_and_every_key_does_something() -> None:
    below = [leaf for button in wechat_menu.MENU["button"] for leaf in button["sub_button"]]
    own = {"问法", "报事", "预约", "查进度", "村规", "找人"}
    assert {leaf["name"] for leaf in below} == own | {"议事", "提议题", "村里定的事", "村务公开"}
    assert {leaf["key"] for leaf in below} == {*MENU_SAYS, *MENU_SHOWS}


def test_the_menu_is_shown_and_not_sent_unless_somebody_says_so(county: County) -> None:
    county.wired.simulator.menu = None
    assert county.menu_push(yes=False) == 1
    told = county.capsys.readouterr().err
    assert all(word in told for word in ("问法", "报事", "预约", "查进度", "村规", "找人", "没有发"))
    assert county.wired.simulator.menu is None


@pytest.mark.parametrize(("typed", "is_sent"), [("y\n", True), ("\n", False), ("n\n", False)])
def test_the_menu_is_asked_about(county: County, monkeypatch: pytest.MonkeyPatch, typed: str, is_sent: bool) -> None:
    county.wired.simulator.menu = None
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        os.write(ours, typed.encode())
        assert county.menu_push(yes=False) == (0 if is_sent else 1)
    os.close(ours)
    assert (county.wired.simulator.menu is not None) == is_sent
    county.wired.simulator.check()


def test_a_refused_menu_says_the_next_step(county: County) -> None:
    county.wired.simulator.fail_next = [40164, 40164]
    assert county.menu_push(yes=True) == 1
    assert "API IP 白名单" in county.capsys.readouterr().err
    county.write(kind="unverified", template_id=None)
    assert county.menu_push(yes=True) == 1
    assert "未认证" in county.capsys.readouterr().err


def _menu(
    *, name: str = "问一问", below: int = 1, leaf: str = "问法", kind: str = "click", key: str = "ask", buttons: int = 1
) -> list[dict[str, Any]]:
    return [{"name": name, "sub_button": [{"type": kind, "name": leaf, "key": key}] * below}] * buttons


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        (_menu(buttons=4), 40016),
        (_menu(kind="press"), 40017),
        (_menu(name="五个字名字"), 40018),
        (_menu(name=""), 40018),
        (_menu(key="k" * 129), 40019),
        (_menu(below=6), 40023),
        (_menu(leaf="九个汉字的下级菜单"), 40025),
    ],
)
def test_the_simulator_refuses_a_menu_that_telephones_cannot_show(
    county: County, menu: list[dict[str, Any]], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wechat_menu.MENU, "button", menu)
    assert county.menu_push(yes=True) == 1
    assert f"微信返回 {code}" in county.capsys.readouterr().err
    assert [v.split(":")[0] for v in county.wired.simulator.violations] == [str(code)]


def test_each_village_gets_a_code_and_a_townships_account_its_own_only(county: County, tmp_path: Path) -> None:
    with wechat._sessions(county.settings)() as session:
        import_places(session, CORPUS)
        session.commit()

    def make(folder: str) -> dict[str, Any]:
        assert (
            wechat.codes(
                county.settings, argparse.Namespace(account=None, folder=tmp_path / folder), client=county.client
            )
            == 0
        )
        return json.loads(county.capsys.readouterr().out)  # type: ignore[no-any-return]

    everywhere = make("all")
    pictures = sorted((tmp_path / "all").iterdir())
    assert everywhere["codes"] == len(pictures) > 2
    assert "李家沟村-lijiagou.png" in [p.name for p in pictures]
    with Image.open(pictures[0]) as picture:
        assert picture.width == picture.height > 300
    county.write(place="liuhe")
    assert 0 < make("liuhe")["codes"] < everywhere["codes"]
    county.wired.simulator.check()
    county.write(kind=AccountKind.subscription.value)
    county.wired.simulator.account = replace(county.wired.simulator.account, has_scenes=False)
    assert (
        wechat.codes(county.settings, argparse.Namespace(account=None, folder=tmp_path / "none"), client=county.client)
        == 1
    )
    assert "只有认证服务号" in county.capsys.readouterr().err
