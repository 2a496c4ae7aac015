"""设置 → 网站: which sites may show the chat, the code to paste there, and who has tried."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import select

from actions.errors import InvalidInput, NotAllowed
from bot.settings import ROOT
from bot.sites import listed
from bot.sites.models import Site
from bot.staff import rights
from bot.web.resident.chat import At
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import village_labels

router = APIRouter()
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")


@router.get("/staff/sites", response_class=HTMLResponse)
def sites(at: Annotated[Seat, seat("settings")]) -> Response:
    return _page(at)


@router.post("/staff/sites", response_class=HTMLResponse)
def change(at: Annotated[Form, form("settings")], chat: At) -> Response:
    """`do`: add, remove, or forget a knock."""
    do, origin = at.text("do", 10), at.text("origin", 300)
    if rights.places_of(at.session, at.staff) is not None:
        raise NotAllowed("哪些网站能用，对所有地方都算数，要由负责所有地方的人来定。")
    try:
        if do == "remove":
            listed.remove(at.session, origin)
        elif do == "forget":
            listed.forget_knock(at.session, origin)
        else:
            now = datetime.now(UTC)
            origin = listed.add(at.session, origin, colour=at.text("colour", 7), by=at.staff.name, now=now).origin
    except InvalidInput as error:
        at.session.rollback()
        return _page(at, problem=error.message_zh, typed=origin)
    at.record("改网站", origin, detail=do)
    at.session.commit()
    chat.sites.look_again()
    return at.back("/staff/sites")


@router.get("/embedding-preview", response_class=HTMLResponse)
def preview(request: Request, at: At, village: str = "", colour: str = "", side: str = "", label: str = "") -> Response:
    """A page as somebody else's might be, with the button on it."""
    values = {"village": village, "colour": colour, "side": side, "label": label}
    return _templates.TemplateResponse(request, "embedding_preview.html", values)


def _page(at: Seat, *, problem: str | None = None, typed: str = "") -> HTMLResponse:
    settings = at.desk.settings
    return at.page(
        "sites.html",
        status=422 if problem else 200,
        problem=problem,
        typed=typed,
        script=f"{settings.own_url}/static/launcher.js",
        colour=listed.COLOUR,
        sites=list(at.session.scalars(select(Site).order_by(Site.origin))),
        always=sorted(listed.listed_in(settings.origins)),
        knocks=listed.knocks(at.session),
        villages=[(place.id, label) for place, label, _ in village_labels(at.session)],
    )
