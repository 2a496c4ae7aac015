"""法治体检: one, from the first answer to the adviser's signature; printed for the file."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.checkup import checking
from actions.checkup.checking import Given as GivenAnswer
from actions.checkup.models import Checkup
from actions.checkup.selfcheck import basis_of
from actions.checkup.status import ANSWERS, LABELS, MOVES, Answer, State
from actions.checkup.templates import template_of
from actions.decisions import steps
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.roster.profile import profile_of
from bot.conversations.agents.attachments import CleanFile
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.checkup.listing import HOME
from bot.web.affairs.decisions.desk import Given, VillageForm, VillageSeat, check_may, keep, who
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import number_or_404

router = APIRouter(prefix=HOME)
_DONE = {
    "start": "开好了。下面一件一件答，不知道的答“不清楚”，可以分几次填。",
    "put": "存好了。",
    "file": "材料存好了。",
    "send": "交给法律顾问了。",
    "back": "退回了，村文书会看到要补什么。",
    "sign": "签好了。",
    "excuse": "写好了，可以出会议通知了；这段原因跟体检放在一起。",
    "reopen": "打开了，补好以后再交给法律顾问。",
    "withdraw": "这份不做了。",
}


@router.get("/{checkup_id}", response_class=HTMLResponse)
def show(at: VillageSeat, checkup_id: str, done: str = "") -> Response:
    return _page(at, _held(at, checkup_id), done=_DONE.get(done, ""))


@router.get("/{checkup_id}/print", response_class=HTMLResponse)
def printed(at: VillageSeat, checkup_id: str) -> Response:
    return _page(at, _held(at, checkup_id), shown="village/checkup/print.html")


@router.post("/{checkup_id}/{do}")
def act(given: Given, at: VillageForm, checkup_id: str, do: str) -> Response:
    checkup, now = _held(at, checkup_id), datetime.now(UTC)
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    number = checkup.id
    try:
        at.record(f"法治体检：{do}", str(number))
        deed(at, checkup, given, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        status = 403 if isinstance(error, NotAllowed) else 422
        return _page(at, _held(at, str(number)), problem=error.message_zh, refused=do, status=status)
    return at.back(f"{HOME}/{number}?done={do}")


Deed = Callable[[Form, Checkup, dict[str, CleanFile], datetime], None]


def _put(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    answers = {}
    for item in template_of(checkup.template).items:
        if not (typed := at.text(f"answer-{item.code}", 20)):
            continue
        answer = next((a for a in Answer if a.value == typed), None)
        if answer is None:
            raise InvalidInput(f"“{item.ask}”请从四个答案里选一个。")
        answers[item.code] = GivenAnswer(answer, at.text(f"paper-{item.code}", 300))
    if not answers:
        raise InvalidInput("一件也没有答，请至少选一个。")
    checking.put(at.session, checkup, answers, who=who(at), now=now)


def _file(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    item = template_of(checkup.template).item(at.text("item", 40))
    if checkup.state is not State.filling:
        raise NotAllowed("已经交给法律顾问了，退回以后才能传。")
    number = keep(at, given, "file", checkup.place_id)
    if number is None:
        raise InvalidInput("没有收到照片或者 PDF，请重新选一个。")
    before = checkup.latest.get(item.code)
    told = GivenAnswer(Answer.there, before.paper if before else "", number)
    checking.put(at.session, checkup, {item.code: told}, who=who(at), now=now)


def _send(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    checking.send(at.session, checkup, who=who(at))


def _back(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "clear")
    checking.send_back(at.session, checkup, why=at.text("why", 500), who=who(at))


def _sign(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "clear")
    risk, lacking = at.text("risk", checking.MOST_WORDS), at.text("lacking", checking.MOST_WORDS)
    checking.sign(at.session, checkup, risk=risk, lacking=lacking, who=who(at), now=now)


def _excuse(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    if at.staff.role is not Role.supervisor:
        raise NotAllowed("缺着材料也要开会的，由乡镇（街道）的主管写明原因。")
    checking.excuse(at.session, checkup, why=at.text("why", 500), who=who(at), now=now)


def _reopen(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    checking.reopen(at.session, checkup)


def _withdraw(at: Form, checkup: Checkup, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    checking.withdraw(at.session, checkup)


_DEEDS: dict[str, Deed] = {
    "put": _put,
    "file": _file,
    "send": _send,
    "back": _back,
    "sign": _sign,
    "excuse": _excuse,
    "reopen": _reopen,
    "withdraw": _withdraw,
}


def _held(at: Seat, checkup_id: str) -> Checkup:
    """Raises NotFound, NotAllowed."""
    found = checking.get(at.session, number_or_404(checkup_id))
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def _page(
    at: Seat,
    checkup: Checkup,
    *,
    shown: str = "village/checkup/one.html",
    problem: str | None = None,
    refused: str = "",
    done: str = "",
    status: int = 422,
) -> HTMLResponse:
    committee = profile_of(at.session, checkup.place_id).committee
    is_head = at.staff.role is Role.supervisor
    may = {to.value for to, move in MOVES[checkup.state].items() if at.staff.can(move.needs)}
    return at.page(
        shown,
        status=status if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        checkup=checkup,
        village=rights.village(at.session, checkup.place_id),
        one=template_of(checkup.template),
        lines=[(item, answer, said, basis_of(item, committee)) for item, answer, said in checking.lines(checkup)],
        missing=checking.must_missing(checkup),
        comes_later=partial(checking.comes_later, checkup),
        decision=steps.get(at.session, checkup.decision_id) if checkup.decision_id else None,
        waits_for=checking.waits_for(checkup) if checkup.decision_id else "",
        label=LABELS[checkup.state],
        answers=ANSWERS,
        state=checkup.state.value,
        may=may,
        may_fill=at.staff.can("write") and checkup.state is State.filling,
        may_excuse=is_head and State.excused.value in may and bool(checkup.missing),
    )
