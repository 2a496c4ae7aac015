"""For other systems: an order becomes a case, a status is told or asked. By key, address, time and signature.

Errors are `{"error": {"code", "message"}}`; the message is Chinese and English, for whoever builds the other side.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from actions.cases import numbers
from actions.errors import ActionError, Conflict, InvalidInput, NotFound
from actions.exchange import incoming, outgoing, systems
from actions.exchange.mapping import field_in, profile_of, read_order
from actions.exchange.models import ExternalSystem
from bot.affairs.exchange import KEY, SIGNATURE, TIME, signature
from bot.staff.vault import Vault
from bot.web.limits import address_of
from bot.web.problems import ApiError
from bot.web.resident.chat import Chat

router = APIRouter(prefix="/api/exchange", default_response_class=JSONResponse)

WINDOW_S = 300  # a signed request is good so long before and after its time
_MOST_BODY = 64_000  # bytes
_BY_ADDRESS, _BY_SYSTEM = 120, 600  # in a minute


@dataclass(frozen=True)
class Call:
    """A signed request of a system that we know, for the length of which a session is open."""

    session: Session
    system: ExternalSystem
    body: bytes
    now: datetime

    @property
    def raw(self) -> dict[str, Any]:
        """Raises ApiError."""
        try:
            found = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or len(found) > 60:
            raise ApiError(
                422, "not_json", "正文要是一个 JSON 对象（UTF-8）。The body must be one JSON object in UTF-8."
            )
        return found


async def _body(request: Request) -> bytes:
    """As it was signed. Raises ApiError."""
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:12]) > _MOST_BODY:
        raise ApiError(413, "too_large", f"正文最多 {_MOST_BODY} 字节。The body may have {_MOST_BODY} bytes at most.")
    body = await request.body()
    if len(body) > _MOST_BODY:
        raise ApiError(413, "too_large", f"正文最多 {_MOST_BODY} 字节。The body may have {_MOST_BODY} bytes at most.")
    return body


def _call(request: Request, body: Annotated[bytes, Depends(_body)]) -> Iterator[Call]:
    chat: Chat = request.app.state.chat
    chat.limit.check(f"exchange {address_of(request)}", _BY_ADDRESS)
    now: datetime = getattr(request.app.state, "clock", lambda: datetime.now(UTC))()
    with chat.sessions() as session:
        system = _known(request, session, Vault.of(chat.settings.secret("tokens")), body, now)
        chat.limit.check(f"exchange-{system.id}", _BY_SYSTEM)
        yield Call(session, system, body, now)


At = Annotated[Call, Depends(_call, scope="function")]


def _known(request: Request, session: Session, vault: Vault, body: bytes, now: datetime) -> ExternalSystem:
    """Raises ApiError. An unknown key and an address that isn't listed look the same, so that keys can't be looked for
    from elsewhere.
    """
    system = systems.by_key(session, request.headers.get(KEY, ""))
    address = request.client.host if request.client else ""
    if system is None or not systems.may_call(system, address):
        raise ApiError(
            403,
            "unknown_caller",
            "密钥编号不对，或者您的服务器地址不在名单里。The key is unknown, or your address isn't listed.",
        )
    at = request.headers.get(TIME, "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or abs(int(at) - now.timestamp()) > WINDOW_S:
        raise ApiError(
            401,
            "time",
            f"{TIME} 要写现在的秒数，前后差不超过5分钟。It must be the time now, in seconds, within 5 minutes.",
        )
    secret = vault.open(system.secret, owner=system.key_id) or ""
    right = signature(secret, at, request.method, request.url.path, body)
    given = request.headers.get(SIGNATURE, "").lower()
    if not secret or not hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")):
        raise ApiError(401, "signature", "签名不对。The signature doesn't fit time, method, path and body.")
    return system


@router.post("/cases")
def file(at: At) -> JSONResponse:
    """An order, once: 201 for a new case, 200 for one that came before."""
    raw = at.raw
    try:
        taken = incoming.take(at.session, at.system, read_order(profile_of(at.system.profile), raw), now=at.now)
    except ActionError as error:
        raise _refused(error) from None
    said = {
        "number": taken.case.number,
        "spoken": numbers.spoken(taken.case.number),
        "is_new": taken.is_new,
        **outgoing.answer_of(taken.ref, at.now),
    }
    return JSONResponse({**said, "number": taken.case.number}, 201 if taken.is_new else 200)


@router.post("/cases/{number}/status")
def hear(at: At, number: str) -> JSONResponse:
    """Where it stands there. `id`: the same for the same news, however often it is sent."""
    raw, profile = at.raw, profile_of(at.system.profile)
    try:
        status = profile.status_of(field_in(profile, raw, "status"))
        reply = field_in(profile, raw, "reply")
        key = raw.get("id")
        named = str(key)[:200] if isinstance(key, str | int) else f"{status.value}-{reply}"
        ref = incoming.hear(at.session, at.system, number[:60], status=status, reply=reply, key=named, now=at.now)
    except ActionError as error:
        raise _refused(error) from None
    return JSONResponse(outgoing.answer_of(ref, at.now))


@router.get("/cases/{number}")
def show(at: At, number: str) -> JSONResponse:
    try:
        return JSONResponse(outgoing.answer_of(incoming.find(at.session, at.system, number[:60]), at.now))
    except ActionError as error:
        raise _refused(error) from None


def _refused(error: ActionError) -> ApiError:
    if isinstance(error, NotFound):
        return ApiError(404, "not_found", f"{error.message_zh} No such case of yours.")
    if isinstance(error, Conflict):
        return ApiError(409, "conflict", f"{error.message_zh} Changed at this moment; send it again.")
    code = "invalid" if isinstance(error, InvalidInput) else "not_allowed"
    return ApiError(422, code, f"{error.message_zh} The request can't be taken as it is.")
