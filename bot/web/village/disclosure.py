"""公开: what a village has posted, what it owes, a question about it, a complaint. No sign-in, no script."""

from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from actions.cases import numbers
from actions.cases.photos import MAX_BYTES, CleanPhoto, PhotosBusy, clean_photo
from actions.disclosure import complaint, duties, listing, posting, questions, schedule, sheets
from actions.disclosure.models import Disclosure
from actions.disclosure.status import READABLE, State
from actions.disclosure.words import (
    articles_of,
    how_often,
    name_of,
    says_day,
    short_state,
    where_it_stands,
    whom_to_tell,
)
from actions.errors import ActionError, InvalidInput, NotFound
from actions.imports.tables import is_phone
from actions.roster.profile import profile_of
from bot.emergency.card import by_rules
from bot.web.limits import address_of
from bot.web.resident.chat import Chat
from bot.web.staff.typed import number_or_404, text_of
from bot.web.village.page import At
from bot.web.village.tab import Tab, Teaser
from bot.web.village.visitor import check_sender

router = APIRouter(prefix="/v/{place}/open", default_response_class=HTMLResponse)

_ASKS, _TELLS = 6, 4  # of an address in a minute
_ASKS_A_DAY, _TELLS_A_DAY = 40, 20
_MOST_WAITING = 6  # for their picture
_TEASERS = 3


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    href = f"/v/{place}/open"
    late = listing.by_period(listing.missing(session, place, now))
    found = [
        Teaser(_late(group), f"{href}#missing", f"过了{group[0].days}天", is_urgent=True) for group in late[:_TEASERS]
    ]
    posted = listing.standing(session, place, only_now=now)[:_TEASERS] or listing.standing(session, place)[:1]
    return found + [Teaser(name_of(item), f"{href}/{item.id}", short_state(item)) for item in posted]


def _late(group: list[listing.Missing]) -> str:
    what = group[0].title if len(group) == 1 else f"{len(group)}项"
    return f"{group[0].period_name}的{what}还没有公布"


@router.get("")
def show(at: At, all: int = 0) -> HTMLResponse:
    place, now = at.village.id, at.now
    items = listing.standing(at.session, place, only_now=None if all else now)
    by_duty: dict[str, list[Disclosure]] = {}
    for item in items:
        by_duty.setdefault(duties.title_of(item.duty_code), []).append(item)
    return at.page(
        "disclosure/list.html",
        here="open",
        by_duty=by_duty,
        missing=listing.by_period(listing.missing(at.session, place, now)),
        shows_all=bool(all),
        name_of=name_of,
        says_day=says_day,
        short_state=short_state,
        how_often=how_often(at.session, place),
    )


@router.get("/tell")
def tell_form(at: At, duty: str = "", period: str = "") -> HTMLResponse:
    return _tell_page(at, {"duty": duty[:30], "period": period[:20]})


async def _form(request: Request) -> FormData:
    return await request.form(max_files=1, max_fields=20, max_part_size=20_000)


Sent = Annotated[FormData, Depends(_form)]


def _may_tell(request: Request) -> None:
    """Asked before anything is read."""
    check_sender(request, "open-tell", _TELLS, a_day=_TELLS_A_DAY)


async def _photo(
    request: Request, _: Annotated[None, Depends(_may_tell)], sent: Sent
) -> CleanPhoto | ActionError | None:
    """Few at a time; a picture that can't be read gives the words of the form back, so the error travels as a value."""
    photo = sent.get("photo")
    if not isinstance(photo, UploadFile) or not photo.size:
        return None
    chat: Chat = request.app.state.chat
    try:
        await run_in_threadpool(chat.limit.check, f"photo {address_of(request)}", 40)
        if chat.photo_room.statistics().tasks_waiting >= _MOST_WAITING:
            raise PhotosBusy
        async with chat.photo_room:
            return await run_in_threadpool(clean_photo, await photo.read(MAX_BYTES + 1))
    except ActionError as error:
        return error


@router.post("/tell")
def tell(photo: Annotated[CleanPhoto | ActionError | None, Depends(_photo)], sent: Sent, at: At) -> Response:
    given = {name: text_of(sent, name, 1200) for name in ("duty", "period", "words", "phone", "nonce")}
    given["anonymous"] = text_of(sent, "anonymous", 1)
    try:
        if isinstance(photo, ActionError):
            raise photo
        phone = given["phone"]
        if phone and not given["anonymous"] and not is_phone(phone):
            raise InvalidInput("电话好像不对，请核对一下；不想留也可以空着。")
        place = at.village.id
        case = complaint.file(
            at.session,
            place=place,
            duty_code=given["duty"],
            period=given["period"],
            conversation_id=None,
            words=given["words"],
            is_anonymous=bool(given["anonymous"]),
            phone=phone,
            key=f"page-{place}-{given['nonce'][:24] or token_urlsafe(12)}",
            now=at.now,
            photo=photo,
        )
    except ActionError as error:
        at.session.rollback()
        return _tell_page(at, given, problem=error.message_zh)
    return at.page(
        "disclosure/told.html",
        here="open",
        number=numbers.spoken(case.number),
        team=case.team,
        due=case.due_at,
        has_phone=bool(case.phone),
        danger=_danger(given["words"]),
    )


@router.get("/{disclosure_id}")
def one(at: At, disclosure_id: str, asked: int = 0) -> HTMLResponse:
    return _page(at, _held(at, disclosure_id), done=_ASKED if asked else "")


_ASKED = "问题交上去了。村里要在10个工作日以内答复，答复公布在这一页，不写是谁问的。"


@router.get("/{disclosure_id}/board.jpg")
def board(at: At, disclosure_id: str) -> Response:
    """While it hangs there: the paper may show names."""
    item = _held(at, disclosure_id)
    is_over = item.state is not State.posted or item.posted_until is None or item.posted_until < schedule.day_of(at.now)
    if item.board_photo is None or is_over:
        raise NotFound("这张照片不在这里了。")
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return Response(item.board_photo, media_type="image/jpeg", headers=headers)


@router.post("/{disclosure_id}/ask")
def ask(sent: Sent, at: At, request: Request, disclosure_id: str) -> Response:
    item, text = _held(at, disclosure_id), text_of(sent, "text", 1200)
    check_sender(request, "open-ask", _ASKS, a_day=_ASKS_A_DAY)
    key = f"page-{item.id}-{text_of(sent, 'nonce', 24) or token_urlsafe(12)}"
    try:
        questions.ask(at.session, disclosure_id=item.id, conversation_id=None, text=text, key=key, now=at.now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, _held(at, disclosure_id), problem=error.message_zh, typed=text)
    if danger := _danger(text):
        return _page(at, item, done=_ASKED, danger=danger)
    return RedirectResponse(f"/v/{at.village.id}/open/{item.id}?asked=1", 303)


def _page(
    at: At, item: Disclosure, *, problem: str = "", done: str = "", typed: str = "", danger: str = ""
) -> HTMLResponse:
    rows = listing.shown_rows(item, at.now)
    versions = listing.versions_of(at.session, item)
    old = next((each for each in versions if each.id == item.replaces_id), None)
    waiting = questions.waiting(at.session, listing.all_versions(at.session, item))
    return at.page(
        "disclosure/item.html",
        here="open",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        danger=danger,
        typed=typed,
        nonce=token_urlsafe(12),
        item=item,
        name=name_of(item),
        basis=_basis(at, item),
        rows=rows,
        is_hidden=sheets.is_hidden(rows),
        sums=sheets.sums(item.rows),
        numeric=sheets.numeric(item.rows),
        stands=where_it_stands(item),
        versions=[each for each in versions if each.id != item.id],
        newer=next((each for each in versions if each.version > item.version), None),
        changes=sheets.changes(listing.shown_rows(old, at.now), rows) if old is not None else [],
        answered=listing.questions_of(at.session, item),
        waiting=len(waiting),
        waiting_until=waiting[0].due_at if waiting else None,
        shows_board=item.has_board_photo and rows == item.rows and item.state is State.posted,
        says_day=says_day,
    )


def _tell_page(at: At, given: dict[str, str], *, problem: str = "") -> HTMLResponse:
    missing = listing.missing(at.session, at.village.id, at.now)
    return at.page(
        "disclosure/tell.html",
        here="open",
        status=422 if problem else 200,
        problem=problem,
        given=given,
        nonce=token_urlsafe(12),
        duties=duties.duties_of(profile_of(at.session, at.village.id)),
        missing=missing,
        whom=whom_to_tell(at.session, at.village.id),
    )


def _basis(at: At, item: Disclosure) -> str:
    try:
        return articles_of(posting.duty_of(at.session, item))
    except InvalidInput:
        return ""


def _held(at: At, disclosure_id: str) -> Disclosure:
    """Raises NotFound, also for what isn't posted yet: what nobody has checked is nobody's to read."""
    item = posting.get(at.session, number_or_404(disclosure_id))
    if item.place_id != at.village.id or item.state not in READABLE:
        raise NotFound("没有找到这一份，请从“公开”里点进去。")
    return item


def _danger(text: str) -> str:
    """What to do now where the words tell of danger; the form is taken all the same."""
    found = by_rules(text)
    return found[0].text if found else ""


TAB = Tab(name="公开", path="open", newest=newest, router=router)
