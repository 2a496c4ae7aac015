"""One decision: every step with its proof, the one that comes next, what the second person confirms."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.decisions import bodies, meetings, steps, words
from actions.decisions.entries import Entry
from actions.decisions.matters import matter_of
from actions.decisions.meetings import Call
from actions.decisions.models import Decision, DecisionStep
from actions.decisions.status import LABELS, STEP_LABELS, Step, moves_of
from actions.decisions.steps import Task
from actions.errors import ActionError, NotAllowed, NotFound
from actions.motions import gate
from bot.conversations.agents.attachments import CleanFile
from bot.staff import rights
from bot.web.affairs.decisions.desk import (
    HOME,
    Given,
    VillageForm,
    VillageSeat,
    check_may,
    day_of,
    decision_held,
    keep,
    key_of,
    number_typed,
    who,
)
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import when_of
from knowledge.clock import today

router = APIRouter(prefix=HOME)
_WRITTEN = {
    Step.discuss: "write",
    Step.deliberate: "write",
    Step.publish: "write",
    Step.result: "write",
    Step.correct: "write",
    Step.clear: "clear",
    Step.suspend: "clear",
    Step.resume: "clear",
    Step.annul: "clear",
}
_DONE = {
    "discuss": "记下了。",
    "deliberate": "记下了。",
    "clear": "记下了。",
    "carry": "交办了，单位会在“事项”里看到，办的进展居民也能看到。",
    "publish": "记下了，等监督委员看过照片确认。",
    "result": "记下了，等监督委员确认。",
    "correct": "记下了，等监督委员确认；原来的那条留着。",
    "confirm": "确认了。",
    "send-back": "退回了，村文书会看到原因。",
    "suspend": "暂停了，原因居民看得到。",
    "resume": "恢复了，从停下的那一步接着走。",
    "annul": "撤销了，每一步都留着，原因居民看得到。",
}


@router.get("/{decision_id}", response_class=HTMLResponse)
def show(at: VillageSeat, decision_id: str, done: str = "") -> Response:
    return _page(at, decision_held(at, decision_id), done=_DONE.get(done, ""))


@router.post("/{decision_id}/{do}")
def act(given: Given, at: VillageForm, decision_id: str, do: str) -> Response:
    decision, now = decision_held(at, decision_id), datetime.now(UTC)
    number = decision.id
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    at.record(f"决定：{do}", decision.number)
    try:
        to = deed(at, decision, given, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        status = 403 if isinstance(error, NotAllowed) else 422
        return _page(at, decision_held(at, str(number)), problem=error.message_zh, refused=do, status=status)
    return at.back(to or f"{HOME}/{number}?done={do}")


Deed = Callable[[Form, Decision, dict[str, CleanFile], datetime], str | None]
"""Gives another page to go to, where there is one. Raises ActionError."""


def _write(at: Form, decision: Decision, given: dict[str, CleanFile], now: datetime) -> None:
    step = Step(at.request.path_params["do"])
    check_may(at, _WRITTEN[step])
    entry = Entry(
        on_day=day_of(at, "on_day"),
        words=at.text("words", 2000),
        document=at.text("document", 200),
        present=number_typed(at, "present"),
        entitled=number_typed(at, "entitled"),
        yes=number_typed(at, "yes"),
        is_cleared=at.text("cleared", 1) == "1",
        posted_from=day_of(at, "posted_from"),
        posted_to=day_of(at, "posted_to"),
        file_id=keep(at, given, "file", decision.place_id),
        yuan_in=number_typed(at, "yuan_in"),
        yuan_out=number_typed(at, "yuan_out"),
        corrects_id=number_typed(at, "corrects"),
    )
    key = key_of(at, step.value, decision.id, now)
    steps.record(at.session, decision.id, step, entry=entry, who=who(at), key=key, now=now)


def _notice(at: Form, decision: Decision, given: dict[str, CleanFile], now: datetime) -> str:
    check_may(at, "write")
    also = [
        int(i) for i in at.sent.getlist("also") if isinstance(i, str) and i.isascii() and i.isdigit() and len(i) < 10
    ]
    for number in also:
        rights.check_place(at.session, at.staff, steps.get(at.session, number).place_id)
    notice = Call(
        notice_on=day_of(at, "notice_on"),
        held_at=when_of(at.text("held_at", 20)),
        spot=at.text("spot", 120),
        special=at.text("special", 300),
    )
    key = key_of(at, "notice", decision.id, now)
    made = meetings.call(at.session, [decision.id, *also], notice=notice, who=who(at), key=key, now=now)
    return f"{HOME}/meetings/{made.id}?done=called"


def _carry(at: Form, decision: Decision, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    task = Task(
        team_id=number_typed(at, "team"),
        what=at.text("words", 1000),
        due_on=day_of(at, "due_on"),
        sum_yuan=number_typed(at, "sum"),
        approved=at.text("approved", 200),
        filed=at.text("filed", 200),
    )
    steps.carry(at.session, decision.id, task=task, who=who(at), key=key_of(at, "carry", decision.id, now), now=now)


def _confirm(at: Form, decision: Decision, given: dict[str, CleanFile], now: datetime) -> None:
    step = _second(at, decision)
    steps.confirm(at.session, step.id, who=who(at), now=now)


def _send_back(at: Form, decision: Decision, given: dict[str, CleanFile], now: datetime) -> None:
    step = _second(at, decision)
    steps.send_back(at.session, step.id, words=at.text("words", 300), who=who(at), now=now)


def _second(at: Form, decision: Decision) -> DecisionStep:
    number = at.number("step")
    step = next((s for s in decision.steps if s.id == number), None)
    if step is None:
        raise NotFound("没有这一条。")
    rights.check_second(at.session, at.staff, decision.place_id, step.by_id)
    return step


_DEEDS: dict[str, Deed] = {
    **{step.value: _write for step in _WRITTEN},
    "notice": _notice,
    "carry": _carry,
    "confirm": _confirm,
    "send-back": _send_back,
}


def _page(
    at: Seat,
    decision: Decision,
    *,
    problem: str | None = None,
    refused: str = "",
    done: str = "",
    status: int = 422,
) -> HTMLResponse:
    moves = moves_of(decision.state, has_party_step=decision.has_party_step)
    waiting = [s for s in decision.steps if s.waits]
    pending = {s.step for s in waiting}  # one at a time: what waits isn't asked for again
    may = {step.value: move for step, move in moves.items() if at.staff.can(move.by) and step not in pending}
    return at.page(
        "village/decisions/one.html",
        status=status if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        decision=decision,
        village=rights.village(at.session, decision.place_id),
        lines=words.lines(at.session, decision),
        next=words.next_of(decision),
        undoing=words.undoing(decision),
        body=bodies.body_of(decision.body),
        matter=matter_of(decision.matter),
        moves=may,
        waiting=waiting,
        seconds=_may_confirm(at, decision),
        labels=LABELS,
        step_labels=STEP_LABELS,
        day=words.says_day,
        today=today(),
        **_choices(at, decision, may),
    )


def _choices(at: Seat, decision: Decision, may: dict[str, Any]) -> dict[str, Any]:
    """What the forms offer to choose from."""
    ready = [
        d
        for d in at.session.query(Decision).filter_by(place_id=decision.place_id, body=decision.body)
        if d.id != decision.id
        and d.cleared_at is not None
        and Step.notice in moves_of(d.state, has_party_step=d.has_party_step)
    ]
    return {
        "also": ready if "notice" in may else [],
        # a hint, no stop: the law lets a meeting of members decide some of what no topic may ask
        "doubts": gate.check(decision.title).findings if "clear" in may else (),
        "teams": at.teams(decision.place_id) if "carry" in may else [],
        "is_all_done": "result" in may and steps.is_all_done(at.session, decision),
        "meeting_id": next((s.meeting_id for s in reversed(decision.steps) if s.meeting_id), None),
    }


def _may_confirm(at: Seat, decision: Decision) -> set[int]:
    """The steps that this seat may confirm."""
    found = set()
    for step in decision.steps:
        if step.waits:
            try:
                rights.check_second(at.session, at.staff, decision.place_id, step.by_id)
            except NotAllowed:
                continue
            found.add(step.id)
    return found
