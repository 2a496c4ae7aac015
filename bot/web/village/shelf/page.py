"""书屋: what the village lends, looked through by a word. No sign-in, no script; who has what stands nowhere."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.shelf import listing
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    count = listing.count(session, place)
    return [Teaser(f"书屋里有 {count} 种书和器材可以借", f"/v/{place}/shelf")] if count else []


@router.get("/shelf")
def show(at: At, q: str = "") -> HTMLResponse:
    place = at.village.id
    return at.page(
        "shelf/list.html",
        here="shelf",
        q=q[:40],
        items=listing.items(at.session, place, q),
        count=listing.count(at.session, place),
        most=listing.MOST_SHOWN,
        kinds=listing.KINDS,
    )


TAB = Tab(name="书屋", path="shelf", newest=newest, router=router)
