"""What waits for the clerk, the legal adviser, the township's head."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from actions.checkup import checking, corrections
from actions.checkup.models import Checkup
from actions.checkup.status import Stand, State
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.checkup.corrections import HOME as CORRECTIONS
from bot.web.affairs.checkup.listing import HOME
from bot.web.affairs.subject import Todo
from bot.web.staff.desk import Seat


def waiting(at: Seat) -> list[Todo]:
    seen, today = rights.places_of(at.session, at.staff), corrections.day_of(datetime.now(UTC))
    found = [todo for checkup in checking.of_places(at.session, seen) if (todo := _of_checkup(at, checkup))]
    if at.staff.can("cases"):
        found += _of_corrections(at, seen, today)
    return found


def _of_checkup(at: Seat, checkup: Checkup) -> Todo | None:
    href, name = f"{HOME}/{checkup.id}", checkup.subject
    is_held = checkup.state is State.signed and checkup.missing and checkup.decision_id
    if checkup.state is State.filling and at.staff.can("write"):
        return Todo(f"{'退回了，补体检' if checkup.sent_back else '填体检'}：{name}", href, place=checkup.place_id)
    if checkup.state is State.sent and at.staff.can("clear"):
        return Todo(f"看体检、签意见：{name}", href, place=checkup.place_id)
    if is_held and at.staff.can("write"):
        return Todo(f"体检还缺 {len(checkup.missing)} 件，补材料：{name}", href, place=checkup.place_id)
    if is_held and at.staff.role is Role.supervisor:
        return Todo(f"体检还缺 {len(checkup.missing)} 件，等补，或者写明原因：{name}", href, place=checkup.place_id)
    return None


def _of_corrections(at: Seat, seen: list[str] | None, today: date) -> Iterator[Todo]:
    for row in corrections.of_places(at.session, seen):
        day = f"{row.due_on.month}月{row.due_on.day}日"
        if row.state is Stand.answered and at.staff.can("oversee"):
            yield Todo(
                f"核实纠正了没有：{row.unit}，{row.matter}",
                CORRECTIONS,
                day,
                corrections.is_late(row, today),
                row.place_id,
            )
        elif row.state is Stand.open and corrections.is_late(row, today):
            yield Todo(f"过了期还没有纠正：{row.unit}，{row.matter}", CORRECTIONS, day, True, row.place_id)
