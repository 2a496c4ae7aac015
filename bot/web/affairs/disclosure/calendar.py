"""公开: a village's calendar of duties, what is late, what is new; begun and tightened here."""

from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.disclosure import listing, posting, schedule
from actions.disclosure.duties import duties_of
from actions.disclosure.periods import RHYTHM_LABELS, Rhythm
from actions.disclosure.posting import Who
from actions.disclosure.status import LABELS
from actions.disclosure.words import articles_of, name_of
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.roster.profile import profile_of
from bot.staff.models import Role
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

router = APIRouter(prefix="/staff/village/disclosure")

_DONE = {
    "begin": "定好了，到期要公布的列在下面。",
    "tighten": "改好了。",
    "drop": "撤掉了。",
}


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return _page(at, village_asked(at, place), done=_DONE.get(done, ""))


@router.post("/{what}")
def change(at: Annotated[Form, form("village")], what: str) -> Response:
    """`what`: begin, tighten or open."""
    village = village_asked(at, at.text("place", 40))
    try:
        to = _carry_out(at, what, village)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, village, problem=error.message_zh, refused=what)
    return at.back(to)


def _carry_out(at: Form, what: str, village: Place) -> str:
    """Where to go on. Raises ActionError."""
    now, home = datetime.now(UTC), f"/staff/village/disclosure?place={village.id}&done={what}"
    if what == "begin":
        if not at.staff.can("write") and at.staff.role is not Role.supervisor:
            raise NotAllowed("从哪天起公开，由村文书或者乡镇的主管定。")
        schedule.begin(at.session, village.id, on=_day(at, "day"), now=now)
        at.record("开始在这里公开村务", village.id, detail=at.text("day", 10))
        return home
    if not at.staff.can("write"):
        raise NotAllowed("这一步由村文书来做。")
    if what == "tighten":
        code, grace = at.text("code", 30), at.number("grace_days")
        rhythm = next((r for r in Rhythm if r.value == at.text("rhythm", 20)), None)
        if rhythm is None or grace is None:
            raise InvalidInput("多久一次、几天以内，请都填上。")
        schedule.tighten(at.session, village.id, code, rhythm=rhythm, grace_days=grace, now=now)
        at.record("改公开的期限", village.id, detail=f"{code} {rhythm.value} {grace}")
        return home
    if what == "open":
        by = Who(at.staff.id, at.staff.name)
        key = f"{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
        item = posting.open_item(
            at.session,
            village.id,
            at.text("code", 30),
            day=_day(at, "day"),
            title=at.text("title", 80),
            by=by,
            key=key,
            now=now,
        )
        at.record("新开一份公开", str(item.id))
        return f"/staff/village/disclosure/{item.id}"
    raise NotFound


def _day(at: Form, name: str) -> date:
    try:
        return date.fromisoformat(at.text(name, 10))
    except ValueError:
        raise InvalidInput("请填日期。") from None


def _page(at: Seat, village: Place, *, problem: str | None = None, refused: str = "", done: str = "") -> HTMLResponse:
    now = datetime.now(UTC)
    villages = villages_of(at)
    late = listing.for_township(at.session, [each.id for each in villages], now) if len(villages) > 1 else []
    return at.page(
        "village/disclosure/calendar.html",
        status=422 if problem else 200,
        problem=problem,
        refused=refused,
        nonce=token_urlsafe(9),
        done=done,
        village=village,
        villages=villages,
        today=schedule.day_of(now),
        kept=schedule.kept(at.session, village.id),
        duties=duties_of(profile_of(at.session, village.id)),
        items=listing.calendar_of(at.session, village.id),
        standing=listing.standing(at.session, village.id),
        late=late,
        labels=LABELS,
        rhythms=RHYTHM_LABELS,
        name_of=name_of,
        articles_of=articles_of,
        may_write=at.staff.can("write"),
        may_begin=at.staff.can("write") or at.staff.role is Role.supervisor,
    )
