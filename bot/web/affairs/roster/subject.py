"""名册与参与码: its pages, the grid worker's page at the door, and what of it waits for whom."""

from datetime import UTC, datetime

from fastapi import APIRouter

from actions.roster import listing, printing, tries, voiding
from actions.roster.profile import profile_of
from bot.web.affairs import doorstep
from bot.web.affairs.roster import home, importing, log, page, printed, profile, wishes
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Seat
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_AT = "/staff/village/roster"


def waiting(at: Seat) -> list[Todo]:
    now = datetime.now(UTC)
    found: list[Todo] = []
    for village in villages_of(at):
        if at.staff.can("write"):
            found += _of_clerk(at, village, now)
        if at.staff.can("oversee"):
            found += _of_overseer(at, village)
    return found


def _of_clerk(at: Seat, village: Place, now: datetime) -> list[Todo]:
    found, here = [], f"{_AT}?place={village.id}"
    if until := tries.locked_until(at.session, village.id, now):
        when = f"{until.astimezone(SHANGHAI):%H:%M} 解锁"
        found.append(Todo(f"{village.name}：有人一直在试参与码，已经自动停用一小时", here, when, is_late=True))
    for household in voiding.without_paper(at.session, village.id):
        said = f"{village.name} {household.group_name} {household.code} 户：码被别人用了，已作废，请打印新的送上门"
        found.append(Todo(said, f"{here}&group={household.group_name}", is_late=True))
    today = now.astimezone(SHANGHAI).date()
    if count := printing.ending_soon(at.session, village.id, today):
        found.append(Todo(f"{village.name}：{count} 张参与码快到期了，请打印下一年的", here))
    confirmed = profile_of(at.session, village.id).confirmed_on
    if confirmed is None or (today - confirmed).days > profile.CONFIRMED_DAYS:
        said = "请填好" if confirmed is None else "一年没核对了，请再看一遍"
        found.append(Todo(f"{village.name}：村里的基本数{said}", f"{_AT}/profile?place={village.id}"))
    return found


def _of_overseer(at: Seat, village: Place) -> list[Todo]:
    """What somebody else has to confirm is left to them: a township sees it only where nobody oversees the village."""
    here = f"{_AT}/log?place={village.id}"
    found = [
        Todo(f"{village.name}：{page.says(wished)}，{wished.by}提出，等您确认", here)
        for wished in voiding.waiting(at.session, village.id)
        if page.may_decide(at, wished)
    ]
    if odd := listing.unexplained(at.session, village.id):
        found.append(Todo(f"{village.name}：{len(odd)} 张码有人用了，却没有登记是谁发的，请问一问", here))
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
