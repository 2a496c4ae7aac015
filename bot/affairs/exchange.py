"""What other systems are to be told goes out: signed, to the address the administrator gave and nowhere else.

`X-Linli-Signature` is the HMAC-SHA256 of time, method, path and body under the key both sides hold; `X-Linli-Event` is
the same at every try, so a receiver that had the message before the line broke knows it again.
"""

import hashlib
import hmac
import json
import logging
import socket
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import anyio
import httpx
from sqlalchemy.orm import Session

from actions.exchange import outgoing
from actions.exchange.models import Outbox
from bot.settings import Settings
from bot.staff.vault import Vault

log = logging.getLogger("linli.exchange")

_PATIENCE_S = 8.0
_MOST_ANSWER = 64_000  # bytes of what they answer
KEY, TIME, SIGNATURE, EVENT = "X-Linli-Key", "X-Linli-Time", "X-Linli-Signature", "X-Linli-Event"


class Refused(Exception):
    """Not sent, or not taken; the words are for staff."""


@dataclass(frozen=True)
class Target:
    """`url` holds the address that was looked at, so that a name can't lead elsewhere between look and call."""

    url: str
    host: str
    name: str  # for the certificate


def tick(session: Session, settings: Settings, now: datetime) -> None:
    """What happened becomes rows, and what is due is sent. A system that doesn't answer is left alone for this round,
    so that a dead line holds nobody up.
    """
    outgoing.collect(session, now)
    due = outgoing.due(session, now)
    if not due:
        return
    vault, silent = Vault.of(settings.secret("tokens")), set[int]()
    for row_id in due:
        if outgoing.check_row(session, row_id).ref.system_id in silent:
            continue
        row = outgoing.claim(session, row_id, now)
        if row is not None and not _send(session, row, settings, vault, now):
            silent.add(row.ref.system_id)


def _send(session: Session, row: Outbox, settings: Settings, vault: Vault, now: datetime) -> bool:
    """False where they couldn't be reached."""
    system = row.ref.system
    body = json.dumps({"event": row.event, "id": row.key, "data": row.payload}, ensure_ascii=False).encode()
    letter = _Letter(system.url, system.key_id, vault.open(system.secret, owner=system.key_id) or "", row.key, body)
    session.commit()  # nothing is held while they think
    try:
        number = anyio.run(_post, letter, check_target(letter.url, allowed(settings)), now)
    except (Refused, httpx.HTTPError, httpx.InvalidURL) as error:
        # An httpx error's own words may hold the address.
        said = str(error) if isinstance(error, Refused) else f"连不上（{type(error).__name__}）"
        log.warning("exchange row=%s not sent", row.id)
        outgoing.note_failed(session, row, said, now)
        return False
    outgoing.note_sent(session, row, number=number, now=now)
    return True


@dataclass(frozen=True)
class _Letter:
    url: str
    key_id: str
    secret: str = field(repr=False)
    event_id: str
    body: bytes


async def _post(letter: _Letter, target: Target, now: datetime) -> str:
    """Their number for the case, where they answer with one. Raises Refused, httpx.HTTPError.

    The patience is for the whole: httpx counts it from one read to the next, so a receiver that lets its answer drip
    would hold the worker for hours.
    """
    if not letter.secret:
        raise Refused("密钥打不开，请管理员换一把。")
    at, path = str(int(now.timestamp())), urlsplit(letter.url).path or "/"
    headers = {
        "Host": target.host,
        "Content-Type": "application/json; charset=utf-8",
        KEY: letter.key_id,
        TIME: at,
        EVENT: letter.event_id,
        SIGNATURE: signature(letter.secret, at, "POST", path, letter.body),
    }
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False, follow_redirects=False) as http:
            request = http.build_request("POST", target.url, content=letter.body, headers=headers)
            request.extensions["sni_hostname"] = target.name
            with anyio.fail_after(_PATIENCE_S):
                return await _answered(await http.send(request, stream=True))
    except TimeoutError:
        raise Refused("对方回得太慢，没等到头。") from None


async def _answered(answer: httpx.Response) -> str:
    try:
        told = b""
        async for piece in answer.aiter_bytes():
            told += piece
            if len(told) > _MOST_ANSWER:
                raise Refused("对方回的内容太大。")
    finally:
        with anyio.CancelScope(shield=True):
            await answer.aclose()
    if not answer.is_success:  # a redirect, too: it could lead anywhere
        raise Refused(f"对方回了 HTTP {answer.status_code}。")
    return _number_in(told)


def _number_in(told: bytes) -> str:
    try:
        found = json.loads(told or b"{}")
    except (ValueError, RecursionError):
        return ""
    number = found.get("number") if isinstance(found, dict) else None
    return str(number)[:60] if isinstance(number, str | int) and not isinstance(number, bool) else ""


def signature(secret: str, at: str, method: str, path: str, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 of `at`, `method`, `path` and body, a line each."""
    signed = f"{at}\n{method}\n{path}\n".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def allowed(settings: Settings) -> frozenset[str]:
    """Hosts that the machine's owner lists: inside the house, or without https."""
    return frozenset(part.strip().lower() for part in settings.exchange_hosts.split(",") if part.strip())


def check_target(url: str, listed: frozenset[str], *, resolves: bool = True) -> Target:
    """Where to connect. Public addresses over https; all else only where the machine's owner listed `host` or
    `host:port`, so that nobody at the console can have our own services called. `resolves=False`: as far as can be
    said without asking for the name. Raises Refused.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Refused("地址写得不对。") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        raise Refused("地址写得不对，要写成 https://…，不带用户名和密码。")
    is_listed = bool({host, f"{host}:{port}"} & listed)
    if parts.scheme != "https" and not is_listed:
        raise Refused("只往 https 的地址发；内网的地址请装系统的人写进 LINLI_EXCHANGE_HOSTS。")
    found = _addresses(host, port) if resolves or _is_address(host) else []
    if not is_listed and not all(ip_address(one).is_global for one in found):
        raise Refused("这是内网的地址，请装系统的人写进 LINLI_EXCHANGE_HOSTS。")
    first = found[0] if found else host
    address = f"[{first}]" if ":" in first else first
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    shown = f"[{host}]" if ":" in host else host
    return Target(f"{parts.scheme}://{address}:{port}{path}", f"{shown}:{port}" if parts.port else shown, host)


def _addresses(host: str, port: int) -> list[str]:
    """Raises Refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("找不到对方的地址。") from None
    return [str(one[4][0]).partition("%")[0] for one in found]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
