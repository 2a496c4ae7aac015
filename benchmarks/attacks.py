"""What hostile hands do beside `benchmarks.load --attacks`, in its second half (issue 16, section 1).

16 uploads and 16 forms of staff that come a byte every two seconds, 50 connections that say nothing and 50 that begin
a request and don't end it, and every half minute 24 pictures of 40 million pixels at once. Each comes again when it is
sent away. All the time, also while nobody attacks, somebody asks `/healthz` twice a second, and somebody new is in
danger every five seconds: how long they wait is what counts. Each of them has an address of its own (X-Forwarded-For),
or our limits would stop them first.
"""

import asyncio
import contextlib
import io
import itertools
import math
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from PIL import Image

_SLOW, _SILENT, _PICTURES = 16, 50, 24
_BYTE_EVERY_S, _PICTURES_EVERY_S, _HEALTH_EVERY_S, _DANGER_EVERY_S = 2.0, 30.0, 0.5, 5.0
_DANGER = "我家着火了，楼道里全是烟"


@dataclass
class Felt:
    """What the others waited, in seconds, and what became of the attackers."""

    health: list[float] = field(default_factory=list)
    danger: list[float] = field(default_factory=list)
    unhelped: int = 0  # in danger, and no guidance came
    sent_away: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        return {
            "health_s": spread(self.health),
            "danger_s": spread(self.danger),
            "unhelped": self.unhelped,
            "sent_away": dict(self.sent_away),
            "pictures": dict(self.pictures),
        }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """How many, and the time within which so many of a hundred were answered."""
    found = sorted(seconds) or [0.0]
    at = {
        name: found[math.ceil(share * len(found)) - 1] for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {"number": len(seconds), **{name: round(value, 3) for name, value in {**at, "most": found[-1]}.items()}}


@dataclass(frozen=True)
class Target:
    base: str
    ends: float  # of the monotonic clock
    felt: Felt
    addresses: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends

    def somebody(self, **headers: str) -> httpx.AsyncClient:
        """From an address that nobody else has."""
        number = next(self.addresses)
        address = f"198.{18 + number // 65_536 % 2}.{number // 256 % 256}.{number % 256}"  # RFC 2544
        return httpx.AsyncClient(
            base_url=self.base, timeout=120, trust_env=False, headers={"x-forwarded-for": address, **headers}
        )


async def watch(base: str, ends: float) -> Felt:
    """Nobody attacks."""
    target = Target(base, ends, Felt())
    await asyncio.gather(_ask_health(target), _be_in_danger(target))
    return target.felt


async def attack(base: str, ends: float, login: str, password: str) -> Felt:
    """`login`: of a member of staff, whose forms are slow."""
    target = Target(base, ends, Felt())
    async with target.somebody(accept="text/html") as staff:
        await staff.post("/staff/sign-in", data={"login": login, "password": password})
        cookie = "; ".join(f"{c.name}={c.value}" for c in staff.cookies.jar)
    token = await _token(target)
    await asyncio.gather(
        *(_slow(target, "upload", _upload(target, token)) for _ in range(_SLOW)),
        *(_slow(target, "form", _form(target, cookie)) for _ in range(_SLOW)),
        *(_slow(target, "silent", b"") for _ in range(_SILENT)),
        *(_slow(target, "half a head", b"GET / HTTP/1.1\r\nHost: linli\r\nX-Slow: ") for _ in range(_SILENT)),
        _send_pictures(target),
        _ask_health(target),
        _be_in_danger(target),
    )
    return target.felt


def _upload(target: Target, token: str) -> bytes:
    lines = ["POST /api/widget/photos HTTP/1.1", f"Host: {urlsplit(target.base).netloc}"]
    lines += [f"Authorization: Bearer {token}", "Content-Type: multipart/form-data; boundary=x"]
    lines += ["Content-Length: 100000", "", "--x", 'Content-Disposition: form-data; name="photo"; filename="a.jpg"']
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _form(target: Target, cookie: str) -> bytes:
    lines = ["POST /staff/account/presence HTTP/1.1", f"Host: {urlsplit(target.base).netloc}", f"Cookie: {cookie}"]
    lines += ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 1000"]
    return ("\r\n".join(lines) + "\r\n\r\nx=").encode()


async def _slow(target: Target, name: str, head: bytes) -> None:
    """A connection that says this and then next to nothing; again and again. With an empty head it says nothing."""
    host, port = urlsplit(target.base).hostname, urlsplit(target.base).port
    while not target.is_over:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(head)
            while not target.is_over and not reader.at_eof():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(4096), _BYTE_EVERY_S)
                if head and not reader.at_eof():
                    writer.write(b"x")
            writer.close()
            target.felt.sent_away[name] += not target.is_over
        await asyncio.sleep(1)


async def _token(target: Target) -> str:
    """Of a new conversation; "" where nobody would begin one until it was over."""
    async with target.somebody() as http:
        while not target.is_over:
            with contextlib.suppress(httpx.HTTPError):
                started = await http.post("/api/widget/conversations", json={"embedded": True, "village": "lijiagou"})
                if started.status_code == 201:
                    return str(started.json()["token"])
            target.felt.sent_away["at the start"] += 1
            await asyncio.sleep(1)
    return ""


async def _send_pictures(target: Target) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (6320, 6320)).save(drawn, "PNG")
    while not target.is_over:
        sent = [_send_picture(target, drawn.getvalue()) for _ in range(_PICTURES)]
        await asyncio.gather(*sent, _until(target, _PICTURES_EVERY_S))


async def _send_picture(target: Target, picture: bytes) -> None:
    async with target.somebody() as http:
        try:
            held = {"authorization": f"Bearer {await _token(target)}"}
            answer = await http.post("/api/widget/photos", headers=held, files={"photo": ("a.png", picture)})
            target.felt.pictures[str(answer.status_code)] += 1
        except (httpx.HTTPError, KeyError, ValueError) as error:
            target.felt.pictures[type(error).__name__] += 1


async def _ask_health(target: Target) -> None:
    async with target.somebody() as http:
        while not target.is_over:
            target.felt.health.append(await _timed(http.get("/healthz")))
            await asyncio.sleep(_HEALTH_EVERY_S)


async def _be_in_danger(target: Target) -> None:
    while not target.is_over:
        async with target.somebody() as http:
            held = {"authorization": f"Bearer {await _token(target)}"}
            said = {"client_id": uuid.uuid4().hex, "text": _DANGER}
            begun = time.perf_counter()
            try:
                told = (await http.post("/api/widget/messages", headers=held, json=said)).json()
            except (httpx.HTTPError, ValueError):
                told = {}
            target.felt.danger.append(time.perf_counter() - begun)
            heard = [told.get("guidance") or {}, *told.get("replies", ())]
            target.felt.unhelped += not any(reply.get("kind") == "emergency" for reply in heard)
        await _until(target, _DANGER_EVERY_S)


async def _timed(asking: Awaitable[object]) -> float:
    begun = time.perf_counter()
    with contextlib.suppress(httpx.HTTPError):
        await asking
    return time.perf_counter() - begun


async def _until(target: Target, seconds: float) -> None:
    await asyncio.sleep(max(0.0, min(seconds, target.ends - time.monotonic())))
