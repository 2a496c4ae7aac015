"""对接 as the console lists it."""

from fastapi import APIRouter

from actions.exchange import systems as external
from bot.staff import rights
from bot.web.affairs.exchange import case, systems
from bot.web.affairs.subject import Subject, Todo
from bot.web.staff.desk import Seat

router = APIRouter()
router.include_router(systems.router)
router.include_router(case.router)


def waiting(at: Seat) -> list[Todo]:
    """What was tried five times and didn't arrive."""
    seen = external.of_places(at.session, rights.places_of(at.session, at.staff))
    stuck = external.stuck(at.session, [one.id for one in seen])
    names = dict.fromkeys(row.ref.system.name for row in stuck)
    if not stuck:
        return []
    return [Todo(f"有{len(stuck)}条没发到{'、'.join(names)}", f"{systems.HOME}#stuck", "要再发", is_late=True)]


EXCHANGE = Subject(
    name="对接",
    href=systems.HOME,
    hint="12345 等别的系统：转来的工单、转出的事项、没发出去的、表格进出",
    needs="settings",
    waiting=waiting,
    router=router,
)
