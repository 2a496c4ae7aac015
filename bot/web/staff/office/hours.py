"""设置 → 上班时间: an ordinary week with its lunch break, single days off and on duty, and what residents read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import delete, select

from actions.calendar import hours as office
from actions.calendar.dates import WEEKDAYS
from actions.calendar.hours import Hours
from actions.calendar.models import OfficeDay, OfficeHours
from actions.errors import ActionError, InvalidInput, NotFound
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import SHANGHAI, today
from knowledge.places import Level, Place, above

_MOST_DAYS = 31  # in one form

router = APIRouter(prefix="/staff/hours")


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("settings")], place: str = "", done: str = "") -> Response:
    return _page(at, _place(at, place), done=_DONE.get(done, ""))


@router.post("/{what}")
def change(at: Annotated[Form, form("settings")], what: str) -> Response:
    """`what`: week, inherit, day or forget."""
    place = _place(at, at.text("place", 40), is_asked=True)
    try:
        done = _carry_out(at, what, place.id)
        at.record("改上班时间", place.id, detail=f"{what} {done}".strip())
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        return _page(at, place, problem=error.message_zh, refused=what)
    return at.back(f"/staff/hours?place={place.id}&done={what}")


_DONE = {
    "week": "存好了，居民现在读到的就按这个算。",
    "inherit": "不单独定了，跟着上一级。",
    "day": "存好了。",
    "forget": "去掉了，这一天照平常的算。",
}


def _carry_out(at: Form, what: str, place: str) -> str:
    """What was set, for the audit. Raises InvalidInput, NotFound."""
    if what == "week":
        return _save_week(at, place)
    if what == "inherit":
        at.session.execute(delete(OfficeHours).where(OfficeHours.place_id == place))
        return ""
    if what == "day":
        return _save_days(at, place)
    if what == "forget":
        own = (OfficeDay.place_id == place, OfficeDay.day == _day(at.text("day", 10)))
        at.session.execute(delete(OfficeDay).where(*own))
        return at.text("day", 10)
    raise NotFound


def _save_week(at: Form, place: str) -> str:
    """With `same`, Tuesday to Friday are as Monday."""
    days = [office.read_day(_typed(at, f"d{i}"), of=f"周{WEEKDAYS[i]}") for i in range(7)]
    if at.text("same", 1):
        days[1:5] = [days[0]] * 4
    if not any(days):
        raise InvalidInput("一周里总要有一天有人。临时没人的日子，在下面写成休息。")
    at.session.merge(OfficeHours(place_id=place, week=[office.kept(day) for day in days]))
    return "；".join(f"周{name} {office.says(day)}" for name, day in zip(WEEKDAYS, days, strict=True))


def _typed(at: Form, name: str) -> list[tuple[str, str]]:
    """Before and after the break."""
    return [(at.text(f"{name}a", 5), at.text(f"{name}b", 5)), (at.text(f"{name}c", 5), at.text(f"{name}d", 5))]


def _save_days(at: Form, place: str) -> str:
    first = _day(at.text("day", 10))
    last = _day(at.text("until", 10)) if at.text("until", 10) else first
    if first < today():
        raise InvalidInput("这一天已经过了。")
    if not first <= last < first + timedelta(days=_MOST_DAYS):
        raise InvalidInput(f"“到”要在第一天之后，一次最多 {_MOST_DAYS} 天。")
    is_duty = at.text("kind", 5) == "duty"
    periods = office.read_day(_typed(at, "duty"), of="值班") if is_duty else ()
    if is_duty and not periods:
        raise InvalidInput("值班从几点到几点，请填上。")
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    at.session.execute(delete(OfficeDay).where(OfficeDay.place_id == place, OfficeDay.day.in_(days)))
    note = at.text("note", 40)
    at.session.add_all(OfficeDay(place_id=place, day=day, periods=office.kept(periods), note=note) for day in days)
    return f"{first} 到 {last} {office.says(periods)}"


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput("请填日期。") from None


def _place(at: Seat, said: str, *, is_asked: bool = False) -> Place:
    """The one named, or where one works; who works everywhere begins with the county. Raises NotFound, NotAllowed."""
    if not said and not is_asked:
        seen = rights.places_of(at.session, at.staff)
        county = at.session.scalar(select(Place).where(Place.level == Level.county).order_by(Place.id).limit(1))
        said = county.id if seen is None and county is not None else at.staff.place_id
    found = at.session.get(Place, said)
    if found is None:
        raise NotFound("没有这个地方。")
    rights.check_place(at.session, at.staff, found.id)
    return found


def _page(at: Seat, place: Place, *, problem: str | None = None, refused: str = "", done: str = "") -> HTMLResponse:
    """`refused`: which of the forms, so that only that one is given back."""
    here, seen = office.hours(at.session, place.id), rights.places_of(at.session, at.staff)
    days = at.session.scalars(
        select(OfficeDay)
        .where(OfficeDay.place_id.in_(above(at.session, place.id)), OfficeDay.day >= today())
        .order_by(OfficeDay.day)
    ).all()
    return at.page(
        "hours.html",
        status=422 if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        place=place,
        reach=[each.id for each in at.session.scalars(select(Place)) if seen is None or each.id in seen],
        source=office.source(at.session, place.id),
        week=here.week,
        weekdays=WEEKDAYS,
        days=[(row, office.says(office.day_of(row.periods))) for row in days],
        heard=list(_heard(here, datetime.now(UTC))),
    )


def _heard(here: Hours, now: datetime) -> Iterator[tuple[str, str]]:
    """What a resident reads who asks for a person at some usual moments, the nearest of each."""
    yield "现在", here.away(now)
    first = now.astimezone(SHANGHAI).replace(second=0, microsecond=0)
    days = [first + timedelta(days=i) for i in range(1, 8)]
    weekday = next(day for day in days if day.weekday() < 5)
    saturday = next(day for day in days if day.weekday() == 5)
    for name, day, hour, minute in (("中午", weekday, 12, 30), ("晚上", weekday, 20, 0), ("星期六", saturday, 10, 0)):
        moment = day.replace(hour=hour, minute=minute)
        yield f"{day.month}月{day.day}日{name} {moment:%H:%M}", here.away(moment)
