"""docs/guide-village.zh-CN.md where clerks and overseers are, with its pictures; the words of the repository."""

import re
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from actions.errors import NotFound
from bot.settings import ROOT
from bot.web.staff.desk import Seat, seat

PATH = ROOT / "docs" / "guide-village.zh-CN.md"
PICTURES = ROOT / "docs" / "images" / "village"
HOME = "/staff/village/guide"
_NAME = re.compile(r"[a-z-]{1,40}")
router = APIRouter(prefix=HOME)


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")]) -> Response:
    if not PATH.is_file():
        raise NotFound("这台机器上没有放说明，请找管理员要。")
    return at.page("village/guide.html", told=_told(PATH.stat().st_mtime_ns))


@router.get("/{picture}.png")
def picture(at: Annotated[Seat, seat("village")], picture: str) -> Response:
    file = PICTURES / f"{picture}.png"
    if not _NAME.fullmatch(picture) or not file.is_file():
        raise NotFound("没有这张图。")
    return Response(file.read_bytes(), media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@lru_cache(maxsize=2)
def _told(_: int) -> Markup:
    """As it was at that moment. It is our own file, and no HTML in it is let through."""
    text = PATH.read_text(encoding="utf-8").replace("](images/village/", f"]({HOME}/")
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))
