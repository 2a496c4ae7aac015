"""`linli wechat simulate`: the simulated servers and the telephone's page, beside a stack that is up or is started
for it.
"""

import argparse
import asyncio
import base64
import contextlib
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import yaml
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy.orm import Session

from bot.channels.simulator.account import Simulator, servers, simulated
from bot.channels.wechat.accounts import Account, read_accounts
from bot.cli.wechat.commands import accounts, push_menu
from bot.db import make_engine, make_sessions
from bot.run.serving import listening
from bot.run.setup import SetupFailed
from bot.settings import ROOT, Settings
from bot.web.simulator import Phone, Telephones, include_pages


def made_up_accounts(settings: Settings) -> Settings:
    """Settings with accounts of the simulator's own, one of each kind, where none are set up yet."""
    path = settings.home / "secrets" / "wechat-simulated.yml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows: list[dict[str, Any]] = [
            {
                "name": n,
                "kind": k,
                "appid": f"wx{secrets.token_hex(8)}",
                "token": secrets.token_hex(8),
                "secret": secrets.token_hex(16),
            }
            for n, k in (("fuwuhao", "service"), ("dingyuehao", "subscription"), ("weirenzheng", "unverified"))
        ]
        rows[0] |= {
            "template_id": "simulated-notice",
            "aes_key": base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
            "must_be_sealed": True,
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            yaml.safe_dump(rows, file, sort_keys=False)
    return settings.model_copy(update={"wechat_accounts": path})


def build(settings: Settings, *, sessions: Callable[[], Session], address: str) -> tuple[FastAPI, dict[str, Phone]]:
    """The page and the servers in one app, and the telephones by account. Raises AccountsUnreadable."""
    assert settings.wechat_accounts is not None
    phones = {account.name: _phone(settings, account) for account in read_accounts(settings.wechat_accounts).values()}
    app = FastAPI(openapi_url=None)
    include_pages(app, Telephones(phones, sessions, address))
    app.mount("/static/vendor/htmx", StaticFiles(directory=settings.vendor / "htmx.org/dist", check_dir=False))
    app.mount("/static", StaticFiles(directory=ROOT / "bot" / "static"))
    app.mount("/", servers([p.simulator for p in phones.values()]))
    return app, phones


def _phone(settings: Settings, account: Account) -> Phone:
    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.request(
                method, f"http://127.0.0.1:{settings.port}/wechat/{account.name}", params=query, content=body
            )

    return Phone(account, Simulator(simulated(account), reach=reach))


def simulate(settings: Settings, args: argparse.Namespace) -> int:
    """Until Ctrl-C. Raises SetupFailed."""
    from bot.cli.training import train
    from bot.run import preparing, stack

    logging.getLogger("linli.wechat").setLevel(logging.ERROR)
    port: int = args.port
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the parts started here end with us
    address = f"http://127.0.0.1:{port}"
    with contextlib.suppress(httpx.HTTPError):
        if (
            httpx.get(f"http://127.0.0.1:{settings.port}/healthz", timeout=5, trust_env=False).is_success
            and settings.wechat_api.rstrip("/") != address
        ):
            raise SetupFailed(
                f"邻里正在 {settings.port} 端口运行，没有接到这个模拟的微信上。"
                "请先停下它，或者换 LINLI_PORT、LINLI_INTERNAL_PORT、LINLI_RASA_PORT 再试。"
            )
    if settings.wechat_accounts is None:
        settings = made_up_accounts(settings)
    accounts(settings)  # says what is wrong with the file before anything is started
    settings = settings.model_copy(update={"wechat_api": address})
    # for the parts started below
    os.environ.update({"LINLI_WECHAT_API": address, "LINLI_WECHAT_ACCOUNTS": str(settings.wechat_accounts)})
    try:
        preparing.check_port(port)
    except SetupFailed:
        raise SetupFailed(f"端口 {port} 已被别的程序占用，请用 --port 换一个。") from None
    preparing.prepare(settings)
    train(settings)
    app, phones = build(settings, sessions=make_sessions(make_engine(settings.url)), address=address)
    with listening(app, port, date_header=False), stack.running(settings):
        for phone in phones.values():
            try:
                asyncio.run(phone.simulator.verify())
            except AssertionError:
                raise SetupFailed(
                    f"公众号 {phone.account.name} 的地址没有应答。正在运行的邻里要用同一个账号文件启动："
                    f"LINLI_WECHAT_API={address} LINLI_WECHAT_ACCOUNTS={settings.wechat_accounts}。"
                ) from None
            if phone.account.has_customer_service:
                push_menu(settings, phone.account)
        print(f"模拟的手机：{address}/", flush=True)
        print(stack.where_staff_work(settings), flush=True)
        print(
            (
                f"另开一个窗口可以检查设置：LINLI_WECHAT_API={address} LINLI_WECHAT_ACCOUNTS="
                f"{settings.wechat_accounts} linli wechat doctor"
            ),
            flush=True,
        )
        while True:
            time.sleep(1)
