"""听证会 in the console: announced, signed up, the list frozen by two, dice entered by two, printed."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.hearings import service
from actions.hearings.models import Hearing, HearingSignup
from actions.hearings.service import Person, Plan
from actions.storable import row_of
from bot.staff import rights
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from bot.web.village.talk.hearings import state_of, when_of
from knowledge.clock import SHANGHAI

router = APIRouter(prefix="/staff/village/hearings")


def waiting(at: Seat) -> list[Todo]:
    """The list to freeze, the dice to enter: for the first, or the second of two."""
    now = datetime.now(UTC)
    rows = service.of_places(at.session, [village.id for village in villages_of(at)])
    return [todo for row in rows if (todo := _todo(at, row, now)) is not None]


def _todo(at: Seat, row: Hearing, now: datetime) -> Todo | None:
    href, day = f"/staff/village/hearings/{row.id}", when_of(row)
    if row.pending and at.staff.can("oversee") and row.pending_by != at.staff.id:
        what = "请您核对名单、封上" if row.pending == "freeze" else "请您把骰子的点数再录一遍"
        return Todo(f"{what}：{row.title}", href, day, place=row.place_id)
    if not at.staff.can("write") or row.pending:
        return None
    if row.state == "open" and not service.is_open(row, now):
        return Todo(f"报名截止了，核对名单：{row.title}", href, day, place=row.place_id)
    return Todo(f"掷骰子抽座位：{row.title}", href, day, place=row.place_id) if row.state == "frozen" else None


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "") -> Response:
    return _board(at, place)


def _board(at: Seat, place: str, **more: Any) -> HTMLResponse:
    village, now = village_asked(at, place), datetime.now(UTC)
    rows = service.of_places(at.session, [village.id])
    return at.page(
        "village/hearings/list.html",
        status=422 if more else 200,
        village=village,
        villages=villages_of(at),
        rows=[(row, state_of(row, now), when_of(row)) for row in rows],
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("")
def announce(at: Annotated[Form, form("write")]) -> Response:
    village = village_asked(at, at.text("place", 40))
    key = f"hearing-{at.staff.id}-{at.text('nonce', 40) or datetime.now(UTC).timestamp()}"
    try:
        plan = Plan(
            title=at.text("title", 100),
            about=at.text("about", 2000),
            spot=at.text("spot", 100),
            held_at=_moment(at.text("held_at", 20)),
            closes_on=_moment(at.text("closes_on", 10)).astimezone(SHANGHAI).date(),
            seats=at.number("seats") or 0,
        )
        at.record("通知听证会", plan.title)  # first: the announcement commits by itself
        row = service.announce(at.session, village.id, plan, by=at.staff.id, key=key, now=datetime.now(UTC))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _board(at, village.id, problem=error.message_zh)
    return at.back(f"/staff/village/hearings/{row.id}?done=announced")


def _moment(typed: str) -> datetime:
    """As a browser sends a day, or a day and time, of Shanghai. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError as error:
        raise InvalidInput("请填哪天、几点，报名到哪天。") from error
    if not 2020 < found.year < 2100:
        raise InvalidInput("请再看一遍日子。")
    return found.replace(tzinfo=SHANGHAI)


def _held(at: Seat, hearing_id: str) -> Hearing:
    """Raises NotFound, NotAllowed outside one's own place."""
    row = service.get(at.session, number_or_404(hearing_id))
    rights.check_place(at.session, at.staff, row.place_id)
    return row


@router.get("/{hearing_id}", response_class=HTMLResponse)
def one(at: Annotated[Seat, seat("village")], hearing_id: str, done: str = "") -> Response:
    row = _held(at, hearing_id)
    at.saw("听证会报名名单", f"{row.place_id} {row.ordinal}")
    return _page(at, row, done=_ANNOUNCED if done == "announced" else DEEDS[done].done if done in DEEDS else "")


def _page(at: Seat, row: Hearing, **more: Any) -> HTMLResponse:
    now = datetime.now(UTC)
    return at.page(
        "village/hearings/hearing.html",
        status=422 if more.get("problem") else 200,
        hearing=row,
        state=state_of(row, now),
        when=when_of(row),
        is_open=service.is_open(row, now),
        may={needs: at.staff.can(needs) for needs in ("write", "oversee")},
        signups=service.signups(at.session, row, all=True),
        groups=service.groups_of(at.session, row.place_id),
        nonce=secrets.token_urlsafe(12),
        **more,
    )


def _paper(at: Form, row: Hearing) -> None:
    who = Person(
        at.text("name", 40),
        at.text("group", 40),
        at.text("phone", 30),
        at.text("sex", 2),
        at.text("affected", 1) == "1",
    )
    key = f"paper-{row.id}-{at.staff.id}-{at.text('nonce', 40) or datetime.now(UTC).timestamp()}"
    service.sign_up(at.session, row.id, who, asker=None, key=key, now=datetime.now(UTC))


def _signup(at: Form, row: Hearing) -> int:
    """Of this hearing, whose place was checked. Raises NotFound."""
    held = row_of(at.session, HearingSignup, at.number("signup") or 0)
    if held is None or held.hearing_id != row.id:
        raise NotFound("没有这个报名。")
    return held.id


def _strike(at: Form, row: Hearing) -> None:
    service.strike(at.session, _signup(at, row), at.text("why", 100))


def _affected(at: Form, row: Hearing) -> None:
    service.strike(at.session, _signup(at, row), "", is_affected=at.text("is", 1) == "1")


def _ready(at: Form, row: Hearing) -> None:
    service.propose_freeze(at.session, row.id, by=at.staff.id, now=datetime.now(UTC))


def _freeze(at: Form, row: Hearing) -> None:
    rights.check_second(at.session, at.staff, row.place_id, row.pending_by)
    service.freeze(at.session, row.id, by=at.staff.id, now=datetime.now(UTC))


def _throw(at: Form, row: Hearing) -> None:
    service.throw(at.session, row.id, at.text("dice", 80), by=at.staff.id)


def _confirm(at: Form, row: Hearing) -> None:
    rights.check_second(at.session, at.staff, row.place_id, row.pending_by)
    service.confirm_throw(at.session, row.id, at.text("dice", 80), by=at.staff.id, now=datetime.now(UTC))


def _cancel(at: Form, row: Hearing) -> None:
    service.cancel(at.session, row.id)


_ANNOUNCED = "通知出去了，居民在村里的页面上能报名。当面、打电话来报的，您在这一页替他们录上。"


@dataclass(frozen=True)
class Deed:
    """`needs`: the permission; `name`: as the audit has it."""

    needs: str
    name: str
    carry_out: Callable[[Form, Hearing], None]
    done: str = "存好了。"


DEEDS = {
    "paper": Deed("write", "录听证会报名", _paper, "录上了。"),
    "strike": Deed("write", "划掉听证会报名", _strike, "划掉了，原因监委会会看。"),
    "affected": Deed("write", "改是不是受影响", _affected),
    "ready": Deed("write", "请确认封名单", _ready, "交给监委会核对了。"),
    "freeze": Deed("oversee", "封听证会名单", _freeze, "封好了。请先念校验码的前八位、贴名单，再掷骰子。"),
    "throw": Deed("write", "录骰子点数", _throw, "录好了，请另一个人自己再录一遍。"),
    "confirm": Deed("oversee", "确认骰子点数", _confirm, "抽好了，村里的页面上已经有名单和算法。"),
    "cancel": Deed("write", "取消听证会", _cancel, "取消了。"),
}


@router.post("/{hearing_id}/{do}")
def change(at: Annotated[Form, form("village")], hearing_id: str, do: str) -> Response:
    """`do`: one of DEEDS; each asks for its own permission."""
    row = _held(at, hearing_id)
    if (deed := DEEDS.get(do)) is None:
        raise NotFound("没有这个操作。")
    if not at.staff.can(deed.needs):
        raise NotAllowed("您的岗位没有这个权限。")
    title = row.title
    try:
        at.record(deed.name, title)
        deed.carry_out(at, row)
        at.session.commit()
    except (InvalidInput, NotAllowed) as error:
        at.session.rollback()
        return _page(at, _held(at, hearing_id), problem=error.message_zh)
    return at.back(f"/staff/village/hearings/{hearing_id}?done={do}")


HEARINGS = Subject(
    name="听证会",
    href="/staff/village/hearings",
    hint="通知、报名、封名单、当众掷骰子抽座位",
    needs="village",
    waiting=waiting,
    router=router,
)


def day_typed(typed: str) -> date | None:
    """None for what is no day."""
    try:
        return _moment(typed).astimezone(SHANGHAI).date()
    except InvalidInput:
        return None
