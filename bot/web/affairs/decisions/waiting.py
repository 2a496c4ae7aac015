"""What waits for the clerk, the overseer, the legal worker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from actions.decisions import listing, steps, words
from actions.decisions.models import Decision, Meeting, MeetingState
from actions.decisions.status import STEP_LABELS, State, Step
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.decisions.desk import HOME
from bot.web.affairs.subject import Todo
from bot.web.staff.desk import Seat

_ENTER_WITHIN = timedelta(days=3)  # ours: a count is entered while those who counted remember
_WRITES_NEXT = (State.proposed, State.discussed, State.not_held, State.resolved, State.published)
_BEFORE_NOTICE = (State.proposed, State.discussed, State.deliberated, State.not_held)


def waiting(at: Seat) -> list[Todo]:
    seen, now = rights.places_of(at.session, at.staff), datetime.now(UTC)
    found: list[Todo] = []
    if at.staff.can("oversee"):
        found += _to_confirm(at, seen)
    if at.staff.can("write"):
        found += _to_write(at, seen, now)
    if at.staff.can("clear"):
        found += _to_clear(at, seen)
    return found


def _to_confirm(at: Seat, seen: list[str] | None) -> Iterator[Todo]:
    for meeting in listing.meetings(at.session, seen, MeetingState.entered):
        if _is_second(at, meeting.place_id, meeting.entered_by_id):
            yield Todo(f"核对会议的数：{meeting.title}", _of(meeting), place=meeting.place_id)
    for step in listing.steps_waiting(at.session, seen):
        if _is_second(at, step.decision.place_id, step.by_id):
            said = f"确认{STEP_LABELS[step.step]}：{step.decision.title}"
            yield Todo(said, f"{HOME}/{step.decision_id}", place=step.decision.place_id)


def _is_second(at: Seat, place: str, writer_id: int | None) -> bool:
    if at.staff.id == writer_id:
        return False
    return at.staff.role is Role.overseer or not rights.overseers(at.session, place)


def _to_write(at: Seat, seen: list[str] | None, now: datetime) -> Iterator[Todo]:
    for meeting in listing.meetings(at.session, seen, MeetingState.called):
        if meeting.held_at <= now:
            is_late = meeting.held_at + _ENTER_WITHIN < now
            said = "对不上，重新录数" if meeting.sent_back else "会开完了，录人数和票数"
            yield Todo(
                f"{said}：{meeting.title}", _of(meeting), words.says_day(meeting.held_at), is_late, meeting.place_id
            )
    for decision in listing.of_places(at.session, seen):
        is_with_another = any(step.waits for step in decision.steps)
        if not is_with_another and _writes_next(at, decision):
            said = f"{decision.title}：下一步，{words.next_of(decision)}"
            yield Todo(said, f"{HOME}/{decision.id}", place=decision.place_id)


def _writes_next(at: Seat, decision: Decision) -> bool:
    if decision.state is State.carrying_out:
        return steps.is_all_done(at.session, decision)
    is_cleared = decision.state is State.deliberated and decision.cleared_at is not None
    return is_cleared or decision.state in _WRITES_NEXT


def _of(meeting: Meeting) -> str:
    return f"{HOME}/meetings/{meeting.id}"


def _to_clear(at: Seat, seen: list[str] | None) -> Iterator[Todo]:
    for decision in listing.of_places(at.session, seen):
        was_looked_at = any(step.step is Step.clear for step in decision.steps)
        if decision.state in _BEFORE_NOTICE and decision.cleared_at is None and not was_looked_at:
            yield Todo(f"看看合不合法：{decision.title}", f"{HOME}/{decision.id}", place=decision.place_id)
