"""网格分工: which grid worker has which groups, when to reach them, who stands in."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.offices import routing
from actions.visits import grid
from bot.web.affairs.people.desk import AT
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

router = APIRouter(prefix=AT)


@router.get("/grid", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done="改好了，居民问“我的网格员”就按这个答。" if done else "")


@router.post("/grid")
def save(at: Annotated[Form, form("write")]) -> Response:
    village = village_asked(at, at.text("place", 40))
    try:
        worker = grid.worker(at.session, at.number("worker") or 0)
        if worker.place_id != village.id:
            raise NotFound("没有找到这位网格员。")
        grid.set_round(
            at.session,
            worker,
            groups=[value for value in at.sent.getlist("groups") if isinstance(value, str)],
            hours=at.text("hours", 80),
            shows_phone=at.text("shows_phone", 1) == "1",
            away=(_day(at.text("away_from", 10)), _day(at.text("away_until", 10))),
            deputy_id=at.number("deputy"),
        )
        at.record("改网格分工", village.id, detail=worker.name)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed | NotFound):
            raise
        return _page(at, village, problem=error.message_zh)
    return at.back(f"{AT}/grid?place={village.id}&done=1")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("日子写成 2026-10-01 这样。") from None


def _page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    workers, today = routing.grid_workers(at.session, village.id), grid.day_of(datetime.now(UTC))
    groups = grid.groups_of(at.session, village.id)
    whose = [(name, grid.mine(at.session, village.id, name, today=today)) for name in groups]
    return at.page(
        "village/people/grid.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        village=village,
        villages=villages_of(at),
        workers=[(one, grid.round_of(at.session, one.id)) for one in workers],
        named={one.id: grid.named(one, groups) for one in workers},
        groups=groups,
        whose=whose,
        may_write=at.staff.can("write"),
    )
