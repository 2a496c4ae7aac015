"""名册与参与码: its pages, the grid worker's page at the door, and what of it waits for whom."""

from collections import Counter
from datetime import UTC, datetime

from fastapi import APIRouter

from actions.roster import listing, printing, tries, voiding
from actions.roster.profile import unconfirmed
from bot.web.affairs import doorstep
from bot.web.affairs.roster import home, importing, log, page, printed, profile, wishes
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Seat
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_AT = "/staff/village/roster"


def waiting(at: Seat) -> list[Todo]:
    villages, now = {village.id: village for village in villages_of(at)}, datetime.now(UTC)
    of_clerk = _of_clerk(at, villages, now) if at.staff.can("write") else []
    return of_clerk + (_of_overseer(at, villages) if at.staff.can("oversee") else [])


def _of_clerk(at: Seat, villages: dict[str, Place], now: datetime) -> list[Todo]:
    found, day = [], now.astimezone(SHANGHAI).date()
    for place, until in tries.locked(at.session, villages, now).items():
        when = f"到 {until.astimezone(SHANGHAI):%H:%M}"
        said = f"{villages[place].name}：有人一直在试参与码，这一小时每人只让试两次"
        found.append(Todo(said, f"{_AT}?place={place}", when, is_late=True))
    for house in voiding.without_paper(at.session, villages):
        whose = f"{villages[house.place_id].name} {house.group_name} {house.code} 户"
        said = f"{whose}：码被别人用了，已作废，请打印新的送上门"
        found.append(Todo(said, f"{_AT}?place={house.place_id}&group={house.group_name}", is_late=True))
    for place, count in printing.ending_soon(at.session, villages, day).items():
        said = f"{villages[place].name}：{count} 张参与码快到期了，请打印下一年的"
        found.append(Todo(said, f"{_AT}?place={place}"))
    if stale := unconfirmed(at.session, list(villages), day):
        others = f"等 {len(stale)} 个村" if len(stale) > 1 else ""
        said = f"{villages[stale[0]].name}{others}：村里的基本数还没填，或者一年没核对了"
        found.append(Todo(said, f"{_AT}/profile?place={stale[0]}"))
    return found


def _of_overseer(at: Seat, villages: dict[str, Place]) -> list[Todo]:
    """What somebody else has to confirm is left to them: a township sees it only where nobody oversees the village."""
    found = [
        Todo(
            f"{villages[wished.place_id].name}：{page.says(wished)}，{wished.by}提出，等您确认",
            f"{_AT}/log?place={wished.place_id}",
        )
        for wished in voiding.waiting(at.session, villages)
        if page.may_decide(at, wished)
    ]
    odd = Counter(slip.participant.place_id for slip in listing.unexplained(at.session, villages))
    for place, count in odd.items():
        said = f"{villages[place].name}：{count} 张码有人用了，却没有登记是谁发的，请问一问"
        found.append(Todo(said, f"{_AT}/log?place={place}"))
    return found


_router = APIRouter()
for _each in (home, importing, log, printed, profile, wishes, doorstep):
    _router.include_router(_each.router)

ROSTER = Subject(
    name="名册与参与码",
    href=_AT,
    hint="村里有几户、多少成年人；一人一张的参与码，打印、发放、作废。",
    needs="village",
    waiting=waiting,
    router=_router,
)
