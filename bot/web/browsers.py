"""Browsers that were let in to an account before: others' wrong passwords elsewhere don't lock them out (OWASP's
"device cookies").
"""

import secrets
from typing import Protocol

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.settings import Settings
from bot.staff.models import Staff
from bot.staff.signing_in import From
from bot.web.limits import address_of, is_https
from bot.web.staff.desk import Desk

_COOKIE, _LASTS_S = "linli_known", 180 * 86_400


class _At(Protocol):
    @property
    def desk(self) -> Desk: ...
    @property
    def request(self) -> Request: ...


def origin_of(at: _At, *, login: str) -> From:
    """Whoever has the cookie for this login is known; everybody else is their address."""
    try:
        held = _signer(at.desk.settings).loads(at.request.cookies.get(_COOKIE, ""), max_age=_LASTS_S)
        if held["login"] == login.strip().lower():
            return From(str(held["browser"]), is_known=True)
    except (BadSignature, TypeError, KeyError):
        pass
    return From(address_of(at.request))


def remember(at: _At, response: Response, staff: Staff) -> None:
    value = _signer(at.desk.settings).dumps({"login": staff.login, "browser": secrets.token_urlsafe(12)})
    response.set_cookie(
        _COOKIE,
        value,
        max_age=_LASTS_S,
        httponly=True,
        samesite="strict",
        secure=is_https(at.request, at.desk.settings.public_url),
        path="/staff",
    )


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret("tokens"), salt="known browser")
