"""代表 in the console: who is listed, what they were asked, the answer that the clerk writes down."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.deputies import service
from actions.deputies.models import DeputyQuestion
from actions.errors import ActionError, NotFound
from bot.staff import rights
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.talk.hearings import day_typed
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat

router = APIRouter(prefix="/staff/village/deputies")

DEEDS = ("add", "off", "look", "answer")
_DONE = {"add": "登记好了。", "off": "撤下来了。", "look": "看过了。", "answer": "答复贴出来了。"}


def waiting(at: Seat) -> list[Todo]:
    """Questions that nobody looked at, or that nobody answered."""
    if not at.staff.can("write"):
        return []
    now = datetime.now(UTC)
    found = []
    for village in villages_of(at):
        rows = service.serving(at.session, village.id, now)
        names = {row.id: row.name for row in rows}
        for one in service.questions(at.session, rows, is_public=False):
            if one.state in ("waiting", "shown"):
                until = f"{one.due_on.month}月{one.due_on.day}日前"
                what = "看一看、转给" if one.state == "waiting" else "等答复："
                href = f"/staff/village/deputies?place={village.id}"
                found.append(
                    Todo(f"问代表的，{what}{names[one.deputy_id]}", href, until, service.is_late(one, now), village.id)
                )
    return found


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return _page(at, place, done=_DONE.get(done, ""))


def _page(at: Seat, place: str, **more: Any) -> HTMLResponse:
    village, now = village_asked(at, place), datetime.now(UTC)
    rows = service.serving(at.session, village.id, now)
    asked = service.questions(at.session, rows, is_public=False)
    return at.page(
        "village/deputies/list.html",
        status=422 if more.get("problem") else 200,
        village=village,
        villages=villages_of(at),
        rows=rows,
        kinds=service.KINDS,
        names={row.id: row.name for row in rows},
        asked=[(one, service.is_late(one, now)) for one in asked],
        may_write=at.staff.can("write"),
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/{do}")
def change(at: Annotated[Form, form("write")], do: str) -> Response:
    """`do`: one of DEEDS."""
    village = village_asked(at, at.text("place", 40))
    if do not in DEEDS:
        raise NotFound("没有这个操作。")
    try:
        on = {"add": _add, "off": _off, "look": _look, "answer": _answer}[do](at, village.id)
        at.record({"add": "登记代表", "off": "撤下代表", "look": "看问代表的", "answer": "答复问代表的"}[do], on)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        return _page(at, village.id, problem=error.message_zh)
    return at.back(f"/staff/village/deputies?place={village.id}&done={do}")


def _add(at: Form, place: str) -> str:
    row = service.add(
        at.session,
        place,
        name=at.text("name", 40),
        kind=at.text("kind", 12),
        group=at.text("group", 20),
        reception=at.text("reception", 100),
        phone=at.text("phone", 30),
        ends_on=day_typed(at.text("ends_on", 10)),
        by=at.staff.id,
        key=f"deputy-{at.staff.id}-{at.text('nonce', 40) or datetime.now(UTC).timestamp()}",
        now=datetime.now(UTC),
    )
    return row.name


def _off(at: Form, place: str) -> str:
    row = service.get(at.session, at.number("deputy") or 0)
    rights.check_place(at.session, at.staff, row.place_id)
    name = row.name
    service.take_off(at.session, row)
    return name


def _question(at: Form) -> DeputyQuestion:
    row = service.question(at.session, at.number("question") or 0)
    rights.check_place(at.session, at.staff, service.get(at.session, row.deputy_id).place_id)
    return row


def _look(at: Form, place: str) -> str:
    row = _question(at)
    service.look(at.session, row, is_shown=at.text("verdict", 8) == "show", by=at.staff.id)
    return str(row.id)


def _answer(at: Form, place: str) -> str:
    row = _question(at)
    service.answer(at.session, row, at.text("answer", 2000), by=at.staff.id, now=datetime.now(UTC))
    return str(row.id)


DEPUTIES = Subject(
    name="代表",
    href="/staff/village/deputies",
    hint="村民代表、人大代表、政协委员：接待日，居民问的和答复",
    needs="village",
    waiting=waiting,
    router=router,
)
