"""Residents' telephones: the simulator's three official accounts, at one address of WeChat's servers, reached by a
running stack.
"""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import yaml
from fastapi import Response
from PIL import Image
from starlette.types import Receive, Scope, Send

from bot.channels.simulator.account import Simulator, servers, simulated
from bot.channels.wechat.accounts import Account, AccountKind
from bot.run.serving import listening

_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
# Each kind of account in a mode of its own; templates are a right of verified service accounts alone.
ACCOUNTS = {
    kind.value: Account(
        kind.value,
        f"wx{n}9f0ab532d5d035a",
        f"token{n}23456",
        f"{n}123456789abcdef0123456789abcdef",
        kind,
        aes_key=_KEY if mode != "plain" else None,
        must_be_sealed=mode == "safe",
        template_id="notice-1" if kind is AccountKind.service else None,
    )
    for n, (kind, mode) in enumerate(
        ((AccountKind.service, "safe"), (AccountKind.subscription, "compatible"), (AccountKind.unverified, "plain"))
    )
}


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "brown").save(out, "PNG")
    return out.getvalue()


PHOTO = _photo()


def write_accounts(path: Path) -> Path:
    """The file that LINLI_WECHAT_ACCOUNTS names."""
    rows = [
        {k: v for k, v in vars(account).items() if v} | {"kind": account.kind.value} for account in ACCOUNTS.values()
    ]
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return path


@contextmanager
def switched_on(*, stack_url: str, api_url: str) -> Iterator[dict[str, Simulator]]:
    """The simulators by kind of account, listening where the stack expects WeChat's servers."""
    http = httpx.Client(base_url=stack_url, timeout=60, trust_env=False)
    simulators = {name: _simulator(account, http) for name, account in ACCOUNTS.items()}

    wechat = servers(list(simulators.values()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        photo = Response(PHOTO, media_type="image/png")
        await (photo if scope["path"] == "/photo.png" else wechat)(scope, receive, send)

    with http, listening(app, urlsplit(api_url).port or 80, lifespan="off"):
        yield simulators


def _simulator(account: Account, http: httpx.Client) -> Simulator:
    async def reach(method: str, query: dict[str, str], body: bytes) -> httpx.Response:
        return await asyncio.to_thread(http.request, method, f"/wechat/{account.name}", params=query, content=body)

    return Simulator(simulated(account), reach=reach)
