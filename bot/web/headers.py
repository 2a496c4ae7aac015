"""Security headers."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The microphone is for who would rather speak.
_NO_MORE = "camera=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), display-capture=(), microphone=(self)"


def policy(around: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of a page; `around`: the origins whose pages may show it in a frame."""
    frames = " ".join(("'self'", *around))
    return (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        f"frame-ancestors {frames}; base-uri 'none'; form-action 'self'"
    )


CSP = policy()


class Headers:
    """On every response.

    Plain ASGI: behind Starlette's BaseHTTPMiddleware a response's background task runs before it has left us.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", CSP)
                if scope["path"].startswith("/api/") or "set-cookie" in headers:
                    headers.setdefault("Cache-Control", "no-store")  # somebody's own words, or what opens them
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Permissions-Policy"] = _NO_MORE
                if "location" in headers:
                    headers["location"] = _by_path(headers["location"], RequestHeaders(scope=scope).get("host", ""))
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self._app(scope, receive, sent)


def _by_path(location: str, host: str) -> str:
    """Starlette redirects `/staff/` to an address made of the Host header, which anybody can send."""
    try:
        parts = urlsplit(location)
    except ValueError:  # a host that is none
        return "/"
    if not parts.netloc or parts.netloc != host:
        return location
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
