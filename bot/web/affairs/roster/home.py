"""The roster: groups, the households of one, who holds a slip; households are added and changed here."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed
from actions.roster import households, listing, tries, voiding
from actions.roster.models import HouseholdKind, Wish
from actions.roster.profile import profile_of
from bot.web.affairs.roster.page import AT, page_of
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import SHANGHAI, today
from knowledge.places import Place

router = APIRouter(prefix=AT)

_DONE = {
    "added": "这一户加好了。",
    "changed": "改好了。",
    "asked": "提出来了，等另一位确认；确认之前什么也不变。",
    "ended": "作废了。",
}


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", group: str = "", done: str = "") -> Response:
    return roster_page(at, village_asked(at, place), group=group, done=_DONE.get(done, ""))


@router.post("/household")
def save(at: Annotated[Form, form("write")]) -> Response:
    """A new household, or other numbers of one that is there (`id`)."""
    village = village_asked(at, at.text("place", 40))
    group, is_new = at.text("group", 40), not at.text("id", 9)
    try:
        group = households.read_group(group)
        code = _save(at, village, group)
        at.record("改名册", village.id, detail=f"{'新增' if is_new else '改'} {group} {code} 户")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed):
            raise
        return roster_page(at, village, group=group, problem=error.message_zh)
    return at.back(f"{AT}?place={village.id}&group={group}&done={'added' if is_new else 'changed'}")


def _save(at: Form, village: Place, group: str) -> str:
    """The household's code. Raises ActionError."""
    adults, kind, day = households.read_adults(at.text("adults", 5)), _kind(at), today()
    if not at.text("id", 9):
        code = households.read_code(at.text("code", 20))
        gone = households.find(at.session, village.id, code)
        if gone is None or gone.is_active:
            households.add(at.session, place=village.id, group=group, code=code, kind=kind, adults=adults, today=day)
        else:
            households.change(at.session, gone, group=group, kind=kind, adults=adults, today=day)
        return code
    household = households.get(at.session, at.number("id"))
    village_asked(at, household.place_id)
    if household.place_id != village.id or not household.is_active:
        raise InvalidInput("这一户不在这个村的名册里，请刷新后再看。")
    households.change(at.session, household, group=group, kind=kind, adults=adults, today=day)
    return household.code


def _kind(at: Form) -> HouseholdKind:
    asked = at.text("kind", 20)
    return HouseholdKind.resident if asked == HouseholdKind.resident else HouseholdKind.registered


def roster_page(
    at: Seat, village: Place, *, group: str = "", problem: str | None = None, done: str = ""
) -> HTMLResponse:
    numbers = households.numbers(at.session, village.id)
    names = [name for name, _, _ in numbers.groups]
    group = group if group in names else (names[0] if names else "")
    until = tries.locked_until(at.session, village.id, datetime.now(UTC))
    return page_of(
        at,
        village,
        "home.html",
        problem=problem,
        done=done,
        numbers=numbers,
        profile=profile_of(at.session, village.id),
        group=group,
        homes=listing.homes(at.session, village.id, group) if group else [],
        stands=listing.stands(at.session, village.id),
        stand_labels=listing.STAND_LABELS,
        kinds=households.KIND_LABELS,
        wishes={wish: label for wish, label in voiding.WISH_LABELS.items() if wish is not Wish.close},
        locked=f"{until.astimezone(SHANGHAI):%H:%M}" if until else "",
    )
