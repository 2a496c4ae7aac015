"""What a trivial request waits while staff sign in or import: nobody's work may stand in a resident's way.

    python -m benchmarks.stall [--base http://127.0.0.1:8000] [--signs-in 20] [--files 40]

Needs a running stack; everything goes over HTTP, and the account is made by `linli staff add` of the checkout in the
current folder, so that two checkouts can be compared with one script. `/healthz` is asked every 20 ms, whether the one
before has come back or not: alone, during sign-ins that verify argon2 all at once, during the import of a ZIP. Ends
with one line of JSON, times in milliseconds.
"""

import argparse
import asyncio
import io
import json
import re
import secrets
import subprocess
import sys
import time
import zipfile
from collections.abc import Awaitable
from contextlib import suppress

import httpx

_EVERY_S = 0.02
_QUIET_S = 5.0


async def probed(base: str, work: Awaitable[object]) -> dict[str, float]:
    """Latency of `/healthz` while `work` goes on."""
    times: list[float] = []
    asked: set[asyncio.Task[None]] = set()
    limits = httpx.Limits(max_connections=500, max_keepalive_connections=500)
    async with httpx.AsyncClient(base_url=base, timeout=120, trust_env=False, limits=limits) as client:

        async def ask() -> None:
            at = time.perf_counter()
            (await client.get("/healthz")).raise_for_status()
            times.append(time.perf_counter() - at)

        begun = time.perf_counter()
        doing = asyncio.ensure_future(work)
        while not doing.done():
            asked.add(asyncio.create_task(ask()))
            await asyncio.sleep(_EVERY_S)
        spent = time.perf_counter() - begun
        await asyncio.gather(doing, *asked)
    found = sorted(times)

    def at(share: float) -> float:
        return round(1000 * found[int(share * (len(found) - 1))], 1)

    return {"seconds": round(spent, 1), "asked": len(found), "p50": at(0.5), "p99": at(0.99), "most": at(1.0)}


def account() -> tuple[str, str]:
    """Login and first password of a legal worker made for this run."""
    login = f"stall-{secrets.token_hex(4)}"
    command = [sys.executable, "-m", "bot.cli", "staff", "add", login, "--name", "压测", "--role", "legal_worker"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    found = re.search(r"初始密码：(\S+)", told)
    assert found, told
    return login, found[1]


async def sign_in(base: str, login: str, password: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        base_url=base, timeout=300, trust_env=False, follow_redirects=True, headers={"accept": "text/html"}
    )
    await client.post("/staff/sign-in", data={"login": login, "password": password})
    return client


async def sign_in_often(base: str, login: str, password: str, number: int) -> None:
    clients = await asyncio.gather(*(sign_in(base, login, password) for _ in range(number)))
    for client in clients:
        await client.aclose()


async def at_work(base: str, login: str, password: str) -> tuple[httpx.AsyncClient, str]:
    """Signed in, with a password of one's own, and the secret that forms carry."""
    client = await sign_in(base, login, password)
    page = await client.get("/staff/account")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf, page.text[:500]
    fresh = secrets.token_urlsafe(12)
    await client.post("/staff/account/password", data={"csrf": csrf[1], "old": password, "new": fresh})
    client = await sign_in(base, login, fresh)
    page = await client.get("/staff/knowledge/import")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf, page.text[:500]
    return client, csrf[1]


def papers(number: int) -> bytes:
    """A ZIP of made-up service guides."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for i in range(number):
            text = (
                f"# 怎么办第{i}号证\n\n满六十岁的村民带身份证到村委会登记，三个工作日内办好。\n\n"
                + "材料：身份证、照片。\n\n" * 20
            )
            archive.writestr(f"service_guide/第{i}号证.md", text)
    return held.getvalue()


async def import_papers(client: httpx.AsyncClient, csrf: str, number: int) -> None:
    answer = await client.post(
        "/staff/knowledge/import/folder",
        data={"csrf": csrf, "kind": "service_guide", "place": "nation"},
        files={"file": ("资料.zip", papers(number), "application/zip")},
    )
    assert answer.status_code == 200, (answer.status_code, answer.text[:800])
    assert "导入结果" in answer.text, (answer.status_code, answer.text[:800])


async def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    login, password = account()
    found = {"alone": await probed(args.base, asyncio.sleep(_QUIET_S))}
    client, csrf = await at_work(args.base, login, password)
    found["import"] = await probed(args.base, import_papers(client, csrf, args.files))
    await client.aclose()
    await asyncio.sleep(61)  # the door lets twenty in a minute
    login, password = account()
    found["signing_in"] = await probed(args.base, sign_in_often(args.base, login, password, args.signs_in))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="What a trivial request waits while staff work.")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--signs-in", type=int, default=20)
    parser.add_argument("--files", type=int, default=40)
    with suppress(KeyboardInterrupt):
        print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
