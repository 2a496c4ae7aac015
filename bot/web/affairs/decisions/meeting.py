"""One meeting: its papers to print, the numbers, and the second person's look at them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.decisions import bodies, meetings, words
from actions.decisions.meetings import Numbers, Votes
from actions.decisions.models import Meeting, MeetingState
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.papers import meeting as papers
from actions.papers.printing import as_pdf
from actions.roster.profile import profile_of
from bot.conversations.agents.attachments import CleanFile
from bot.staff import rights
from bot.web.affairs.decisions.desk import (
    HOME,
    Given,
    VillageForm,
    VillageSeat,
    check_may,
    keep,
    meeting_held,
    number_typed,
    who,
)
from bot.web.affairs.decisions.listing import KINDS
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat
from knowledge import places
from knowledge.places import Level, Place

router = APIRouter(prefix=f"{HOME}/meetings")
_DONE = {
    "called": "通知存好了。把通知打印出来贴上，签到表、会议记录表也在下面。",
    "numbers": "录好了，等监督委员对着纸核对。",
    "confirm": "确认了，结果已经按人数和票数算出来。",
    "send-back": "退回了，村文书会看到原因。",
}
_MADE = {
    "notice": ("会议通知", papers.notice),
    "sheet": ("签到表", papers.sign_sheet),
    "minutes": ("会议记录", papers.minutes),
}


@router.get("/{meeting_id}", response_class=HTMLResponse)
def show(at: VillageSeat, meeting_id: str, done: str = "") -> Response:
    return _page(at, meeting_held(at, meeting_id), done=_DONE.get(done, ""))


@router.get("/{meeting_id}/notice.{kind}")
def notice(at: VillageSeat, meeting_id: str, kind: Literal["docx", "pdf"]) -> Response:
    return _paper(at, meeting_held(at, meeting_id), "notice", kind)


@router.get("/{meeting_id}/sheet.{kind}")
def sheet(at: VillageSeat, meeting_id: str, kind: Literal["docx", "pdf"]) -> Response:
    return _paper(at, meeting_held(at, meeting_id), "sheet", kind)


@router.get("/{meeting_id}/minutes.{kind}")
def minutes(at: VillageSeat, meeting_id: str, kind: Literal["docx", "pdf"]) -> Response:
    return _paper(at, meeting_held(at, meeting_id), "minutes", kind)


@router.post("/{meeting_id}/{do}")
def act(given: Given, at: VillageForm, meeting_id: str, do: str) -> Response:
    meeting, now = meeting_held(at, meeting_id), datetime.now(UTC)
    number = meeting.id
    deed = _DEEDS.get(do)
    if deed is None:
        raise NotFound
    at.record(f"会议：{do}", str(number))
    try:
        deed(at, meeting, given, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        status = 403 if isinstance(error, NotAllowed) else 422
        return _page(at, meeting_held(at, str(number)), problem=error.message_zh, status=status)
    return at.back(f"{HOME}/meetings/{number}?done={do}")


def _numbers(at: Form, meeting: Meeting, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    votes = {
        motion.id: Votes(
            yes=number_typed(at, f"yes{motion.id}"),
            no=number_typed(at, f"no{motion.id}"),
            abstain=number_typed(at, f"abstain{motion.id}"),
            rule=at.text(f"rule{motion.id}", 10),
        )
        for motion in meeting.motions
    }
    numbers = Numbers(
        base=at.text("base", 20),
        present=number_typed(at, "present"),
        votes=votes,
        entitled=number_typed(at, "entitled"),
        online=number_typed(at, "online") or 0,
        proxies=number_typed(at, "proxies") or 0,
        # what was handed in before the numbers were sent back is still there
        minutes_id=keep(at, given, "minutes", meeting.place_id) or meeting.minutes_id,
        sheet_id=keep(at, given, "sheet", meeting.place_id) or meeting.sheet_id,
    )
    meetings.enter(at.session, meeting.id, numbers=numbers, who=who(at), now=now)


def _confirm(at: Form, meeting: Meeting, given: dict[str, CleanFile], now: datetime) -> None:
    rights.check_second(at.session, at.staff, meeting.place_id, meeting.entered_by_id)
    meetings.confirm(at.session, meeting.id, seen=at.text("seen", 40), who=who(at), now=now)


def _send_back(at: Form, meeting: Meeting, given: dict[str, CleanFile], now: datetime) -> None:
    rights.check_second(at.session, at.staff, meeting.place_id, meeting.entered_by_id)
    meetings.send_back(at.session, meeting.id, words=at.text("words", 300), who=who(at), now=now)


_DEEDS: dict[str, Callable[[Form, Meeting, dict[str, CleanFile], datetime], None]] = {
    "numbers": _numbers,
    "confirm": _confirm,
    "send-back": _send_back,
}


def _paper(at: Seat, meeting: Meeting, what: str, kind: str) -> Response:
    name, make = _MADE[what]
    numbers = bodies.numbers_of(profile_of(at.session, meeting.place_id))
    body = bodies.body_of(meeting.body)
    committee = papers.Committee(village=_village(at, meeting.place_id), called_by=body.called_by)
    data = make(meeting, committee=committee, numbers=numbers)
    name = f"{name}-{body.name}-{meeting.id}"
    return file_response(as_pdf(data, title=name) if kind == "pdf" else data, f"{name}.{kind}", KINDS[kind])


def _village(at: Seat, place: str) -> str:
    """Township and village in one word, as papers name them."""
    found = [at.session.get_one(Place, each) for each in places.above(at.session, place)]
    return "".join(each.name for each in reversed(found) if each.level in (Level.township, Level.village))


def _page(at: Seat, meeting: Meeting, *, problem: str | None = None, done: str = "", status: int = 422) -> HTMLResponse:
    body, now = bodies.body_of(meeting.body), datetime.now(UTC)
    numbers = bodies.numbers_of(profile_of(at.session, meeting.place_id))
    return at.page(
        "village/decisions/meeting.html",
        status=status if problem else 200,
        problem=problem,
        done=done,
        meeting=meeting,
        village=rights.village(at.session, meeting.place_id),
        body=body,
        bases=[(name, bodies.number_said(name), numbers.get(name)) for name in body.bases],
        needed=bodies.needed_to_begin(meeting.body, numbers),
        outcomes=_outcomes(meeting),
        may_enter=at.staff.can("write") and meeting.state in (MeetingState.called, MeetingState.entered),
        is_over=meeting.held_at <= now,
        may_confirm=meeting.state is MeetingState.entered and _is_second(at, meeting),
        said=bodies.number_said,
        moment=words.says_moment,
        day=words.says_day,
    )


def _outcomes(meeting: Meeting) -> list[tuple[str, tuple[str, ...]]]:
    """What the numbers say, of each motion; nothing before they were entered."""
    if meeting.present is None or meeting.state is MeetingState.called:
        return []
    found = []
    for motion in meeting.motions:
        try:
            found.append((motion.text, meetings.reckoned(meeting, motion).say))
        except InvalidInput as error:
            found.append((motion.text, (error.message_zh,)))
    return found


def _is_second(at: Seat, meeting: Meeting) -> bool:
    try:
        rights.check_second(at.session, at.staff, meeting.place_id, meeting.entered_by_id)
    except NotAllowed:
        return False
    return True
