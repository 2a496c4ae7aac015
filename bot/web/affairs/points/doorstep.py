"""记积分 at the door: a grid worker writes down what a household did; somebody else confirms it."""

from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from actions.cases.photos import MAX_BYTES, clean_photo
from actions.errors import ActionError, InvalidInput, NotAllowed
from actions.points import claims, ledger, schemes, stars
from actions.points.claims import Deed
from actions.points.models import RuleKind, Source
from actions.roster import households
from actions.roster.models import Household
from bot.web.affairs.points.page import who
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.places import Place

AT = "/staff/doorstep/points"
router = APIRouter(prefix=AT)


def entries(at: Seat, village: Place) -> list[tuple[str, str]]:
    """For 上门; nothing where the village gives no points."""
    if schemes.why_not(at.session, village.id):
        return []
    return [("记一件好事，或者申请星级文明户", f"{AT}?place={village.id}")]


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("doorstep")], place: str = "") -> Response:
    return _page(at, village_asked(at, place))


@router.post("")
def write(at: Annotated[Form, form("doorstep")]) -> Response:
    village, now = village_asked(at, at.text("place", 40)), datetime.now(UTC)
    is_star = at.text("do", 8) == "star"
    try:
        home = households.find(at.session, village.id, households.read_code(at.text("house", 20)))
        if home is None:
            raise InvalidInput("名册里没有这一户，请核对户号。")
        (_star if is_star else _claim)(at, home, now)
        at.record("上门替人申请星级" if is_star else "上门记积分", village.id, detail=home.code)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed) and not schemes.has_any(at.session, village.id):
            raise
        return _page(at, village_asked(at, village.id), problem=error.message_zh)
    return _page(at, village, done="申请交上去了。" if is_star else "记下了，等评议小组的人确认。")


def _claim(at: Form, home: Household, now: datetime) -> None:
    try:
        on_day = date.fromisoformat(at.text("day", 10))
    except ValueError:
        raise InvalidInput("哪天做的，请填日期。") from None
    deed = Deed(at.number("rule") or 0, on_day, at.text("words", claims.MOST_WORDS))
    key = f"door-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    made = claims.claim(at.session, home, deed, source=Source.grid, key=key, now=now, by=who(at))
    file = at.sent.get("photo")
    if isinstance(file, UploadFile) and file.size and not made.has_photo:
        made.photo, made.has_photo = clean_photo(file.file.read(MAX_BYTES + 1)).jpeg, True


def _star(at: Form, home: Household, now: datetime) -> None:
    agrees, key = at.text("agrees", 1) == "1", f"door-star-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    stars.apply(at.session, home, agrees=agrees, words=at.text("words", 300), key=key, now=now, by=who(at))


def _page(at: Seat, village: Place, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    return at.page(
        "village/points/doorstep.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        village=village,
        why_not=schemes.why_not(at.session, village.id),
        rules=schemes.rules_of(at.session, village.id),
        criteria=schemes.rules_of(at.session, village.id, RuleKind.star),
        today=ledger.day_of(datetime.now(UTC)),
        nonce=token_urlsafe(9),
    )
