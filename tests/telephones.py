"""Residents' telephones: the simulator's three official accounts, at one address of WeChat's servers, reached by a running stack."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn
import yaml
from fastapi import Request, Response
from PIL import Image
from starlette.types import Message, Receive, Scope, Send

from bot.channels.wechat_accounts import Account, AccountKind
from bot.channels.wechat_simulator import SimulatedAccount, Simulator

_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
# Each kind of account in a mode of its own; templates are a right of verified service accounts alone.
ACCOUNTS = {
    kind.value: Account(kind.value, f"wx{n}9f0ab532d5d035a", f"token{n}23456", f"{n}123456789abcdef0123456789abcdef", kind, aes_key=_KEY if mode != "plain" else None, must_be_sealed=mode == "safe", template_id="notice-1" if kind is AccountKind.service else None)
    for n, (kind, mode) in enumerate(((AccountKind.service, "safe"), (AccountKind.subscription, "compatible"), (AccountKind.unverified, "plain")))
}


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "brown").save(out, "PNG")
    return out.getvalue()


PHOTO = _photo()


def write_accounts(path: Path) -> Path:
    """The file that LINLI_WECHAT_ACCOUNTS names."""
    rows = [{k: v for k, v in vars(account).items() if v} | {"kind": account.kind.value} for account in ACCOUNTS.values()]
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return path


@contextmanager
def switched_on(*, stack_url: str, api_url: str) -> Iterator[dict[str, Simulator]]:
    """The simulators by kind of account, listening where the stack expects WeChat's servers."""
    http = httpx.Client(base_url=stack_url, timeout=60, trust_env=False)
    simulators = {name: _simulator(account, http) for name, account in ACCOUNTS.items()}

    async def servers(scope: Scope, receive: Receive, send: Send) -> None:
        """As at WeChat one address serves all accounts: who asks for a token says the appid, every other call carries the token."""
        if scope["path"] == "/photo.png":
            return await Response(PHOTO, media_type="image/png")(scope, receive, send)
        request = Request(scope, receive)
        body, token = await request.body(), request.query_params.get("access_token")
        named = json.loads(body).get("appid") if scope["path"].endswith("token") else None
        meant = next((s for s in simulators.values() if named == s.account.appid or token in s._tokens), simulators["service"])

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await meant.app(scope, again, send)

    server = uvicorn.Server(uvicorn.Config(servers, host="127.0.0.1", port=urlsplit(api_url).port or 80, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield simulators
    finally:
        server.should_exit = True
        thread.join()
        http.close()


def _simulator(account: Account, http: httpx.Client) -> Simulator:
    mode = "safe" if account.must_be_sealed else "compatible" if account.aes_key else "plain"

    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        return await asyncio.to_thread(http.request, method, f"/wechat/{account.name}", params=query, content=body)

    simulated = SimulatedAccount(account.appid, account.secret, account.token, original_id=f"gh_{account.name}", aes_key=account.aes_key, mode=mode, has_customer_service=account.has_customer_service, has_templates=account.template_id is not None)
    return Simulator(simulated, reach=reach)
