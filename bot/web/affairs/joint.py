"""联席: called over cases and topics, who came, who does what until when; what is late, who stays away."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.cases import moves, numbers
from actions.cases.models import Case
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.joint import meetings, tasks
from actions.joint.meetings import About, Calling
from actions.joint.models import JointMeeting, JointState, TaskState
from actions.papers import joint as papers
from actions.papers.printing import as_pdf
from actions.topics.models import Topic
from bot.conversations import delivery
from bot.staff import rights
from bot.web.affairs.subject import Subject, Todo
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404, when_of
from knowledge.clock import SHANGHAI
from knowledge.places import Place

HOME = "/staff/village/joint"
router = APIRouter(prefix=HOME)
JointSeat = Annotated[Seat, seat("cases")]
JointForm = Annotated[Form, form("cases")]

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DONE = {
    "called": "定好了，可以打印通知。事项里已经告诉居民哪天一起商量。",
    "came": "记上了。",
    "absent": "记上了。",
    "task": "记上了，居民会看到。",
    "done": "记上了，居民会看到。",
    "refuse": "转好了，居民会看到。",
    "hold": "会议记录定了。",
    "drop": "记上了，居民会看到为什么不开。",
}
_LABELS = {JointState.called: "定了时间", JointState.held: "开过了", JointState.dropped: "没有开"}
_TASKS = {TaskState.open: "在办", TaskState.done: "办了", TaskState.refused: "不办，已转"}


@router.get("", response_class=HTMLResponse)
def show(at: JointSeat, case: str = "") -> Response:
    """`case`: a case's number, to begin the agenda with."""
    return _list(at, typed={"agenda": numbers.find(case)[0] or ""})


@router.post("")
def call(at: JointForm) -> Response:
    typed = {name: at.text(name, 4000) for name in ("title", "held_at", "spot", "agenda")}
    chosen = [int(team) for team in at.sent.getlist("team") if isinstance(team, str) and team.isdigit()][:40]
    try:
        if not at.staff.can("settings"):
            raise NotAllowed("联席会议由乡镇的主管或者管理员来叫。")
        wish = Calling(
            place=at.staff.place_id,
            title=typed["title"],
            held_at=when_of(typed["held_at"]),
            spot=typed["spot"],
            agenda=_agenda(at, typed["agenda"]),
            teams=chosen,
        )
        key = f"joint-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
        at.record("叫联席会议", wish.place or "", detail=wish.title)  # first: the call commits by itself
        meeting = meetings.call(at.session, wish, actor=_actor(at), key=key, now=datetime.now(UTC))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotAllowed):
            raise
        return _list(at, typed=typed, chosen=chosen, problem=error.message_zh)
    delivery.tell_case_events(at.session)
    return at.back(f"{HOME}/{meeting.id}?done=called")


@router.get("/{joint_id}", response_class=HTMLResponse)
def one(at: JointSeat, joint_id: str, done: str = "") -> Response:
    return _page(at, _held(at, joint_id), done=_DONE.get(done, ""))


@router.get("/{joint_id}/invitation.{kind}")
def invitation(at: JointSeat, joint_id: str, kind: str) -> Response:
    meeting = _held(at, joint_id)
    place = at.session.get(Place, meeting.place_id)
    office = place.name if place else ""
    return _paper(papers.invitation(meeting, office=office), f"联席会议通知-{meeting.id}", kind)


@router.get("/{joint_id}/minutes.{kind}")
def minutes(at: JointSeat, joint_id: str, kind: str) -> Response:
    meeting = _held(at, joint_id)
    return _paper(papers.minutes(meeting), f"联席会议记录-{meeting.id}", kind)


@router.post("/{joint_id}/{do}")
def act(at: JointForm, joint_id: str, do: str) -> Response:
    """`do`: came, absent, hold, drop, task, done or refuse."""
    meeting, deed = _held(at, joint_id), _DEEDS.get(do)
    if deed is None:
        raise NotFound
    number = meeting.id
    at.record(f"联席：{do}", str(number))
    try:
        deed(at, meeting, datetime.now(UTC))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, _held(at, str(number)), problem=error.message_zh, refused=do)
    delivery.tell_case_events(at.session)
    return at.back(f"{HOME}/{number}?done={do}")


def _came(at: Form, meeting: JointMeeting, now: datetime) -> None:
    meetings.note_came(at.session, meeting, at.number("unit") or 0, came=True, now=now)


def _absent(at: Form, meeting: JointMeeting, now: datetime) -> None:
    meetings.note_came(at.session, meeting, at.number("unit") or 0, came=False, now=now)


def _hold(at: Form, meeting: JointMeeting, now: datetime) -> None:
    meetings.hold(at.session, meeting, at.text("minutes", 6000), now=now)


def _drop(at: Form, meeting: JointMeeting, now: datetime) -> None:
    if not at.staff.can("settings"):
        raise NotAllowed("会不开了，由乡镇的主管或者管理员来定。")
    meetings.drop(at.session, meeting, why=at.text("why", 200), actor=_actor(at), now=now)


def _task(at: Form, meeting: JointMeeting, now: datetime) -> None:
    try:
        due_on = date.fromisoformat(at.text("due_on", 10))
    except ValueError:
        raise InvalidInput("请填哪天以前办完。") from None
    doing = tasks.Doing(at.number("team") or 0, at.number("case"), at.text("what", 300), due_on)
    key = f"joint-{meeting.id}-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    tasks.give(at.session, meeting, doing, actor=_actor(at), key=key, now=now)


def _finish(at: Form, meeting: JointMeeting, now: datetime) -> None:
    task = tasks.get(at.session, meeting, at.number("task") or 0)
    tasks.finish(at.session, task, at.text("result", 600), actor=_actor(at), now=now)


def _refuse(at: Form, meeting: JointMeeting, now: datetime) -> None:
    task = tasks.get(at.session, meeting, at.number("task") or 0)
    tasks.refuse(at.session, task, at.text("why", 600), team_id=at.number("team"), actor=_actor(at), now=now)


_DEEDS: dict[str, Callable[[Form, JointMeeting, datetime], None]] = {
    "came": _came,
    "absent": _absent,
    "hold": _hold,
    "drop": _drop,
    "task": _task,
    "done": _finish,
    "refuse": _refuse,
}


def _agenda(at: Form, text: str) -> list[About]:
    """A line each: a case's number, or a topic's (议-26-014); what follows is the title, else the category or the
    topic's own. Raises InvalidInput.
    """
    found: list[About] = []
    for line in (part.strip() for part in text.splitlines()):
        if not line:
            continue
        about = _case_about(at, line) or _topic_about(at, line)
        if about is None:
            raise InvalidInput(f"“{line[:30]}”不是您这里的事项编号或者议题编号，请核对。")
        if about not in found:
            found.append(about)
    return found


def _case_about(at: Form, line: str) -> About | None:
    digits, fits = numbers.find(line)
    case = at.session.scalar(select(Case).where(Case.number == digits)) if digits and fits else None
    if case is None or not _sees(at, case.place_id):
        return None
    rest = numbers.after(line)
    return About((rest if rest != line else "").strip(" ：:，,")[:60] or f"{case.category}的事", case)


def _topic_about(at: Form, line: str) -> About | None:
    number, _, _ = line.partition(" ")
    own = select(Topic).where(Topic.number == number).order_by(Topic.id)
    topic = next((one for one in at.session.scalars(own) if _sees(at, one.place_id)), None)
    return About(f"{topic.number} {topic.title}"[:80], None, topic.id) if topic is not None else None


def _sees(at: Seat, place: str | None) -> bool:
    seen = rights.places_of(at.session, at.staff)
    return seen is None or place is None or place in seen


def _actor(at: Form) -> moves.Actor:
    return moves.Actor("staff", at.staff.name, at.staff.id)


def _held(at: Seat, joint_id: str) -> JointMeeting:
    """Raises NotFound, NotAllowed."""
    meeting = meetings.get(at.session, number_or_404(joint_id))
    rights.check_place(at.session, at.staff, meeting.place_id)
    return meeting


def _paper(word: bytes, name: str, kind: str) -> Response:
    if kind == "docx":
        return file_response(word, f"{name}.docx", _WORD)
    if kind == "pdf":
        return file_response(as_pdf(word, title=name), f"{name}.pdf", "application/pdf")
    raise NotFound


def _list(
    at: Seat, *, typed: dict[str, str] | None = None, chosen: list[int] | None = None, problem: str = ""
) -> HTMLResponse:
    now, seen = datetime.now(UTC), rights.places_of(at.session, at.staff)
    return at.page(
        "village/joint/list.html",
        status=422 if problem else 200,
        problem=problem,
        typed=typed or {},
        chosen=chosen or [],
        meetings=meetings.listed(at.session, seen),
        absent=meetings.often_absent(at.session, seen, now),
        late=tasks.late(at.session, seen, now),
        labels=_LABELS,
        teams=at.teams(at.staff.place_id),
        nonce=token_urlsafe(9),
        may_call=at.staff.can("settings"),
    )


def _page(at: Seat, meeting: JointMeeting, *, problem: str = "", refused: str = "", done: str = "") -> HTMLResponse:
    now = datetime.now(UTC)
    shared: dict[str, Any] = {
        "labels": _LABELS,
        "task_labels": _TASKS,
        "teams": at.teams(meeting.place_id),
        "nonce": token_urlsafe(9),
    }
    return at.page(
        "village/joint/one.html",
        status=422 if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        meeting=meeting,
        state=meeting.state.value,
        has_begun=meeting.held_at <= now,
        today=now.astimezone(SHANGHAI).date(),
        may_call=at.staff.can("settings"),
        **shared,
    )


def waiting(at: Seat) -> list[Todo]:
    """Minutes that are missing, and tasks past their day."""
    now, seen = datetime.now(UTC), rights.places_of(at.session, at.staff)
    found = [
        Todo(f"联席会议“{one.title}”开过了，记录还没定", f"{HOME}/{one.id}", "", is_late=True)
        for one in meetings.listed(at.session, seen)
        if one.state is JointState.called and one.held_at < now
    ]
    found += [
        Todo(f"{one.team.name}：{one.what}，到期没办", f"{HOME}/{one.meeting_id}", tasks.says_day(one.due_on), True)
        for one in tasks.late(at.session, seen, now)[:20]
    ]
    return found


JOINT = Subject(
    name="联席",
    href=HOME,
    hint="几个单位坐到一起商量一件或几件事：通知、谁到了、谁办什么、哪天前",
    needs="cases",
    waiting=waiting,
    router=router,
)
