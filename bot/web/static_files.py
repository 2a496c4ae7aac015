"""Style sheets and scripts: an address that changes with the content, so that a browser may keep what it has."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.settings import ROOT

FOLDER = ROOT / "bot" / "static"
VENDOR = {"bootstrap": "bootstrap/dist", "htmx": "htmx.org/dist", "chart": "chart.js/dist"}


def address(name: str) -> str:
    """Of `staff.css`, or of `vendor/htmx/htmx.min.js`, whose version is the one that package.json names."""
    if name.startswith("vendor/"):
        return f"/static/{name}?v={_version(VENDOR[name.split('/')[1]].split('/')[0])}"
    file = FOLDER / name
    return f"/static/{name}?v={_digest(file, file.stat().st_mtime_ns)}"


@lru_cache
def _version(package: str) -> str:
    found = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"][package]
    return str(found)


@lru_cache
def _digest(file: Path, _: int) -> str:
    """As it was at that moment: a file changed under a running server has another address."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


class KeptFiles(StaticFiles):
    """Under an address with its version a file never changes; without, the browser asks each time whether it has."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        is_versioned = bytes(scope.get("query_string", b"")).startswith(b"v=")
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if is_versioned else "public, no-cache"
            )
        return response


def know(templates: Any) -> None:
    """Templates of Jinja2 call it `static(name)`."""
    templates.env.globals["static"] = address
