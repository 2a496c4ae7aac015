"""复议纠错: cases about an act of an authority, how a 复议 ended, what a unit has to put right. Read by who works with
cases: a village's clerk doesn't see what residents report about offices.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.cases import numbers
from actions.cases.moves import Actor
from actions.checkup import corrections, official
from actions.checkup.corrections import Told
from actions.checkup.models import Correction
from actions.checkup.status import OUTCOMES, PAPERS, STANDS, Outcome, Paper
from actions.checkup.templates import templates
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from bot.staff import rights
from bot.web.affairs.checkup.listing import HOME as CHECKUPS
from bot.web.affairs.decisions.desk import day_of, who
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404

HOME = f"{CHECKUPS}/corrections"
router = APIRouter(prefix=HOME)
_DONE = {
    "tag": "标上了。",
    "outcome": "记下了。",
    "correction": "记下了，到期没有纠正的会列在最上面。",
    "answer": "记下了，请另一位同事核实。",
    "done": "核实了。可以公布一段摘要。",
    "undone": "退回去了，还要单位接着纠正。",
    "publish": "公布了，村里的页面上看得到。",
}


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], done: str = "") -> Response:
    return _page(at, done=_DONE.get(done, ""))


@router.post("/{what}")
def add(at: Annotated[Form, form("village")], what: str) -> Response:
    """`what`: tag, outcome or correction."""
    deed = _ADDED.get(what)
    if deed is None:
        raise NotFound
    return _done(at, what, lambda: deed(at, datetime.now(UTC)))


@router.post("/{correction_id}/{do}")
def act(at: Annotated[Form, form("village")], correction_id: str, do: str) -> Response:
    """`do`: answer, done, undone or publish."""
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    row = corrections.get(at.session, number_or_404(correction_id))
    rights.check_place(at.session, at.staff, row.place_id)
    return _done(at, do, lambda: deed(at, row, datetime.now(UTC)))


def _done(at: Form, what: str, deed: Callable[[], str]) -> Response:
    try:
        if not at.staff.can("cases"):
            raise NotAllowed("这一步由法律工作者或者乡镇、县里的主管来做。")
        on = deed()
        at.record(f"复议纠错：{what}", on)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed):
            raise
        return _page(at, problem=error.message_zh, refused=what)
    return at.back(f"{HOME}?done={what}")


def _tag(at: Form, now: datetime) -> str:
    case = official.numbered(at.session, at.text("case", 30))
    rights.check_place(at.session, at.staff, case.place_id)
    official.tag(at.session, case, checked=None, last=None, by_name=at.staff.name, actor=_actor(at), now=now)
    return case.number


def _outcome(at: Form, now: datetime) -> str:
    case = official.numbered(at.session, at.text("case", 30))
    rights.check_place(at.session, at.staff, case.place_id)
    outcome = _outcome_typed(at)
    if outcome is None:
        raise InvalidInput("请选复议的结果。")
    official.set_outcome(at.session, case.id, outcome, by_name=at.staff.name, actor=_actor(at), now=now)
    return case.number


def _correction(at: Form, now: datetime) -> str:
    number, place, case_id = at.text("case", 30), at.text("place", 40), None
    if number:
        case = official.numbered(at.session, number)
        rights.check_place(at.session, at.staff, case.place_id)
        official.get(at.session, case.id)  # only of what is tagged
        case_id, place = case.id, case.place_id or place
    rights.village(at.session, place)
    rights.check_place(at.session, at.staff, place)
    told = Told(
        unit=at.text("unit", 80),
        matter=at.text("matter", 80),
        outcome=_outcome_typed(at),
        what=at.text("what", 2000),
        paper=next((p for p in Paper if p.value == at.text("paper", 20)), None),
        number=at.text("number", 80),
        received_on=day_of(at, "received_on"),
        due_on=day_of(at, "due_on"),
    )
    key = f"form-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    row = corrections.enter(at.session, told, place=place, case_id=case_id, who=who(at), key=key, now=now)
    return str(row.id)


def _answer(at: Form, row: Correction, now: datetime) -> str:
    corrections.answer(at.session, row, words=at.text("words", 2000), on=day_of(at, "on"), who=who(at), now=now)
    return str(row.id)


def _settle(is_done: bool) -> Callable[[Form, Correction, datetime], str]:
    def settle(at: Form, row: Correction, now: datetime) -> str:
        if not at.staff.can("oversee"):
            raise NotAllowed("纠正了没有，由乡镇、县里的主管核实。")
        corrections.settle(at.session, row, is_done=is_done, who=who(at))
        return str(row.id)

    return settle


def _publish(at: Form, row: Correction, now: datetime) -> str:
    corrections.publish(at.session, row, summary=at.text("summary", 500), now=now)
    return str(row.id)


_ADDED: dict[str, Callable[[Form, datetime], str]] = {"tag": _tag, "outcome": _outcome, "correction": _correction}
_DEEDS: dict[str, Callable[[Form, Correction, datetime], str]] = {
    "answer": _answer,
    "done": _settle(True),
    "undone": _settle(False),
    "publish": _publish,
}


def _outcome_typed(at: Form) -> Outcome | None:
    return next((o for o in Outcome if o.value == at.text("outcome", 20)), None)


def _actor(at: Seat) -> Actor:
    return Actor("staff", at.staff.name, at.staff.id)


def _page(at: Seat, *, problem: str | None = None, refused: str = "", done: str = "") -> HTMLResponse:
    may = at.staff.can("cases")
    seen, today = rights.places_of(at.session, at.staff), corrections.day_of(datetime.now(UTC))
    rows = corrections.of_places(at.session, seen) if may else []
    return at.page(
        "village/checkup/corrections.html",
        status=422 if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        may=may,
        may_settle=may and at.staff.can("oversee"),
        villages=villages_of(at),
        cases=official.of_places(at.session, seen) if may else [],
        rows=rows,
        late={row.id for row in rows if corrections.is_late(row, today)},
        figures=corrections.figures(rows, today),
        today=today,
        spoken=numbers.spoken,
        templates=templates(),
        outcomes=OUTCOMES,
        papers=PAPERS,
        stands=STANDS,
        nonce=token_urlsafe(9),
    )
