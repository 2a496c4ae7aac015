"""The whole product under a path of somebody's domain (`/linli/`), as LINLI_PUBLIC_URL says."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Attributes of our own pages; what people typed is escaped there, so it never reads like one.
_IN_PAGES = re.compile(rb'(?<=[\s])((?:href|src|action|formaction|poster|hx-[a-z-]+|data-[a-z-]+)=")/(?!/)')
_IN_SCRIPTS = re.compile(rb"""(["'`])/(?=staff[/?"'`])""")


class SubPath:
    """Addresses in pages, redirects and cookies get the prefix; it is taken off a request that still has it, so both
    `proxy_pass http://127.0.0.1:8000;` and `…:8000/;` work.
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        """`prefix`: /linli"""
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            scope = {**scope, "path": path[len(self._prefix) :] or "/", "raw_path": None}
        await self._app(scope, receive, _Prefixed(send, self._prefix))


class _Prefixed:
    """One answer on its way out. Pages and scripts are held until they are whole; all else passes at once."""

    def __init__(self, send: Send, prefix: str) -> None:
        self._send, self._prefix = send, prefix
        self._start: Message | None = None
        self._held = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            self._readdress(headers)
            kind = headers.get("content-type", "")
            if "content-encoding" not in headers and kind.startswith(("text/html", "text/javascript")):
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._held += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole()
            return
        await self._send(message)

    async def _whole(self) -> None:
        assert self._start is not None
        headers, prefix = MutableHeaders(scope=self._start), self._prefix.encode()
        if headers["content-type"].startswith("text/html"):
            body = _IN_PAGES.sub(rb"\1" + prefix + b"/", self._held)
        else:
            body = _IN_SCRIPTS.sub(rb"\1" + prefix + b"/", self._held)
        if "content-length" in headers and (
            self._held or headers["content-length"] == "0"
        ):  # an answer to HEAD has none
            headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})

    def _readdress(self, headers: MutableHeaders) -> None:
        for name in ("location", "hx-redirect"):
            to = headers.get(name, "")
            if to.startswith("/") and not to.startswith("//"):
                headers[name] = self._prefix + to
        cookies = headers.getlist("set-cookie")
        if cookies:
            del headers["set-cookie"]
            for cookie in cookies:
                headers.append("set-cookie", re.sub(r"(?i)(;\s*path=)/", rf"\g<1>{self._prefix}/", cookie, count=1))
