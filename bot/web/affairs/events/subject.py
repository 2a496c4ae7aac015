"""活动 as the console lists it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter

from actions.events import listing, questions, suggesting, words
from bot.staff.models import Role
from bot.web.affairs.events import board, one, shelf
from bot.web.affairs.events.board import HOME
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Seat
from knowledge.clock import SHANGHAI

router = APIRouter()
for each in (shelf.router, board.router, one.router):  # `one` last: its addresses end in an event's number
    router.include_router(each)

_SOON, _PRESSING, _MOST = timedelta(days=1), timedelta(days=21), 30


def waiting(at: Seat) -> list[Todo]:
    """The clerk's: who comes tomorrow, what to think of; and for both, what was asked and isn't answered."""
    now, names = datetime.now(UTC), {village.id: village.name for village in villages_of(at)}
    found = list(_answers(at, names, now))
    if at.staff.can("write"):
        found += _doors(at, names, now)
    if at.staff.role is Role.clerk:
        found += _suggestions(at, names, now)
    return found[:_MOST]


def _answers(at: Seat, names: dict[str, str], now: datetime) -> Iterator[Todo]:
    """The overseer sees those that are late."""
    today = now.astimezone(SHANGHAI).date()
    for event, count in questions.owed(at.session, list(names), now):
        last = questions.answer_by(event)
        is_late = last is not None and last < today
        if at.staff.can("write") or (at.staff.can("oversee") and is_late):
            until = f"{last.month}月{last.day}日前答复" if last else ""
            text = f"{names[event.place_id]}：{event.title}还有{count}个问题没有答复"
            yield Todo(text, f"{HOME}/{event.id}#questions", until, is_late)


def _doors(at: Seat, names: dict[str, str], now: datetime) -> Iterator[Todo]:
    for event in listing.coming(at.session, list(names), now=now, until=now + _SOON):
        if not event.is_cancelled:
            yield Todo(f"{names[event.place_id]}：{event.title}，{words.when(event)}", f"{HOME}/{event.id}/door")


def _suggestions(at: Seat, names: dict[str, str], now: datetime) -> Iterator[Todo]:
    today = now.astimezone(SHANGHAI).date()
    for village, name in names.items():
        for said in suggesting.open_ones(at.session, village, now):
            if said.on_day - today <= _PRESSING:
                until = f"{said.on_day.month}月{said.on_day.day}日"
                yield Todo(f"{name}：{said.name}，要不要办", f"{HOME}?place={village}#think", until)


EVENTS = Subject(
    name="活动",
    href=HOME,
    hint="村晚、电影、手工课、普法、村务公开日：排日子、收报名、签到、答问题",
    needs="village",
    waiting=waiting,
    router=router,
)
