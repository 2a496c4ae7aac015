"""公开: one version, from a table to the board, and what is asked about it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile

from actions.cases.photos import MAX_BYTES, clean_photo
from actions.disclosure import listing, posting, questions, schedule, sheets
from actions.disclosure.models import Disclosure
from actions.disclosure.posting import Who
from actions.disclosure.status import LABELS, STANDING, State
from actions.disclosure.words import articles_of, name_of, period_name
from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from actions.imports import tables
from actions.replies import Link, Reply, ReplyKind
from bot.conversations import delivery
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place

router = APIRouter(prefix="/staff/village/disclosure")
VillageSeat = Annotated[Seat, seat("village")]
VillageForm = Annotated[Form, form("village")]

_DONE = {
    "put": "存好了，还没有公布。下面就是居民会看到的样子，请监督委员核对。",
    "check": "核对好了，村文书可以公布了。",
    "back": "退回了，村文书会看到原因。",
    "post": "公布了，居民现在就能看到。也请贴到公开栏上，拍一张照片传上来。",
    "board": "照片存好了。",
    "correct": "新的一份开好了：传改好的表，再核对、公布。公布以前，居民看到的还是原来那份。",
    "answer": "答复好了，公布在这一份下面。",
}


@router.get("/{disclosure_id}", response_class=HTMLResponse)
def show(at: VillageSeat, disclosure_id: str, done: str = "") -> Response:
    return _page(at, _held(at, disclosure_id), done=_DONE.get(done, ""))


@router.get("/{disclosure_id}/board.jpg")
def board(at: VillageSeat, disclosure_id: str) -> Response:
    item = _held(at, disclosure_id)
    if item.board_photo is None:
        raise NotFound("还没有公开栏的照片。")
    return Response(item.board_photo, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.post("/{disclosure_id}/{do}")
def act(at: VillageForm, disclosure_id: str, do: str) -> Response:
    item, now = _held(at, disclosure_id), datetime.now(UTC)
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    number, place = item.id, item.place_id
    try:
        to = deed(at, item, now)
        at.record(f"公开：{do}", str(number))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, _held(at, str(number)), problem=error.message_zh)
    return at.back(f"/staff/village/disclosure?place={place}&done=drop" if do == "drop" else f"{_href(to)}?done={do}")


def _put(at: Form, item: Disclosure, now: datetime) -> int:
    _writes(at)
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        lines = tables.read_bytes(file.file.read(tables.MOST_BYTES + 1))
    elif isinstance(pasted, str) and pasted.strip():
        lines = tables.read_text(pasted)
    else:
        raise InvalidInput("请选一个文件，或者把表格贴进来。")
    masks = at.text("mask", 1) == "1"
    posting.put(at.session, item, lines, note=at.text("note", 1000), masks_names=masks, by=_who(at), now=now)
    return item.id


def _check(at: Form, item: Disclosure, now: datetime) -> int:
    rights.check_second(at.session, at.staff, item.place_id, item.by_id)
    confirms = at.text("names", 1) == "1"
    edition = _edition(at)
    posting.check(
        at.session, item, edition=edition, confirms_names=confirms, why=at.text("why", 200), by=_who(at), now=now
    )
    return item.id


def _back(at: Form, item: Disclosure, now: datetime) -> int:
    rights.check_second(at.session, at.staff, item.place_id, item.by_id)
    posting.send_back(at.session, item, edition=_edition(at), why=at.text("why", 300), by=_who(at), now=now)
    return item.id


def _post(at: Form, item: Disclosure, now: datetime) -> int:
    _writes(at)
    posting.post(at.session, item, days=at.number("days"), by=_who(at), now=now)
    return item.id


def _board(at: Form, item: Disclosure, now: datetime) -> int:
    _writes(at)
    file = at.sent.get("photo")
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput("没有收到照片，请重新选一张。")
    photo = clean_photo(file.file.read(MAX_BYTES + 1))
    posting.add_board_photo(at.session, item, photo, by=_who(at), now=now)
    return item.id


def _correct(at: Form, item: Disclosure, now: datetime) -> int:
    _writes(at)
    return posting.correct(at.session, item, why=at.text("why", 300), by=_who(at), now=now).id


def _drop(at: Form, item: Disclosure, now: datetime) -> int:
    _writes(at)
    posting.drop(at.session, item)
    return 0


def _answer(at: Form, item: Disclosure, now: datetime) -> int:
    """Not shown only where who oversees says so: what is asked of the committee isn't the committee's to hide."""
    question = questions.get(at.session, at.number("question") or 0)
    if question.disclosure_id != item.id:
        raise NotFound("没有找到这个提问。")
    is_public = at.text("hide", 1) != "1"
    if is_public:
        _writes(at)
    elif not at.staff.can("oversee"):
        raise NotAllowed("答复不公布出来，要由村务监督委员会的人定。")
    questions.answer(
        at.session,
        question,
        text=at.text("text", 2000),
        shown_text=at.text("shown", 300),
        is_public=is_public,
        by=at.staff.name,
        now=now,
    )
    if question.conversation_id:
        said = f"您问的“{question.text[:40]}”，村里答复了：{question.answer}"
        link = Link("看这一份", f"/v/{item.place_id}/open/{item.id}")
        reply = Reply(ReplyKind.answer, said, links=(link,)) if is_public else Reply(ReplyKind.answer, said)
        delivery.tell(at.session, question.conversation_id, reply, key=f"disclosure-answer-{question.id}")
    return item.id


_DEEDS: dict[str, Callable[[Form, Disclosure, datetime], int]] = {
    "put": _put,
    "check": _check,
    "back": _back,
    "post": _post,
    "board": _board,
    "correct": _correct,
    "drop": _drop,
    "answer": _answer,
}


def _writes(at: Form) -> None:
    if not at.staff.can("write"):
        raise NotAllowed("这一步由村文书来做。")


def _who(at: Form) -> Who:
    return Who(at.staff.id, at.staff.name)


def _edition(at: Form) -> int:
    found = at.number("edition")
    if found is None:
        raise Conflict
    return found


def _href(number: int) -> str:
    return f"/staff/village/disclosure/{number}"


def _held(at: Seat, disclosure_id: str) -> Disclosure:
    """Raises NotFound, NotAllowed."""
    item = posting.get(at.session, number_or_404(disclosure_id))
    rights.check_place(at.session, at.staff, item.place_id)
    return item


def _page(at: Seat, item: Disclosure, *, problem: str | None = None, done: str = "") -> HTMLResponse:
    duty = posting.duty_of(at.session, item)
    old = posting.get(at.session, item.replaces_id) if item.replaces_id else None
    confirms = at.staff.can("oversee") and at.staff.id != item.by_id
    own = questions.waiting(at.session, [item.id])
    return at.page(
        "village/disclosure/item.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        item=item,
        duty=duty,
        village=at.session.get(Place, item.place_id),
        name=name_of(item),
        period=period_name(item.period),
        label=LABELS[item.state],
        articles=articles_of(duty),
        state=item.state.value,
        is_standing=item.state in STANDING,
        rows=item.rows,
        sums=sheets.sums(item.rows),
        numeric=sheets.numeric(item.rows),
        unsummed=sheets.unsummed(item.rows),
        held={(row, column) for row, column in item.held},
        changes=sheets.changes(old.rows, item.rows) if old is not None and item.rows else [],
        events=schedule.events_of(at.session, item.id),
        waiting=own,
        answered=listing.questions_of(at.session, item),
        least_days=duty.said.days,
        may_write=at.staff.can("write"),
        may_check=confirms and item.state is State.drafted,
        may_drop=at.staff.can("write") and posting.may_drop(item),
    )
