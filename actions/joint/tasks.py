"""What each unit takes home from the table, until when; done, refused with a reason and who does it instead, late.

Each step is told once to the resident whose case it is about, under its key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import moves
from actions.cases.models import Case
from actions.cases.status import OPEN
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.joint.models import JointMeeting, JointState, JointTask, TaskState
from actions.offices.models import Team
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

_SOON = timedelta(days=1)
_MOST = 60  # tasks of a meeting
_LONGEST = timedelta(days=366)
_SETTLED = "这一项已经办了或者转给别的单位了，请刷新再看。"


def get(session: Session, meeting: JointMeeting, task_id: int) -> JointTask:
    """Raises NotFound."""
    task = row_of(session, JointTask, task_id)
    if task is None or task.meeting_id != meeting.id:
        raise NotFound("没有这一项。")
    return task


@dataclass(frozen=True)
class Doing:
    """Which unit does what for which case until when."""

    team_id: int
    case_id: int | None
    what: str
    due_on: date


def give(
    session: Session, meeting: JointMeeting, doing: Doing, *, actor: moves.Actor, key: str, now: datetime
) -> JointTask:
    """Commits; the same key twice is one. Raises InvalidInput, NotAllowed."""
    if found := session.scalar(select(JointTask).where(JointTask.key == key)):
        return found
    if meeting.state is JointState.dropped or meeting.held_at > now:
        raise NotAllowed("会开了，才能定谁办什么。")
    if len(meeting.tasks) >= _MOST:
        raise InvalidInput(f"一次会最多定{_MOST}项。")
    if doing.case_id is not None and doing.case_id not in {item.case_id for item in meeting.items}:
        raise InvalidInput("这件事不在这次会的议程里。")
    task = _new(session, meeting, doing, key=key, now=now)
    try:
        session.flush()
        say = f"几个单位商量定了：{task.team.name}在{says_day(task.due_on)}前{task.what}。"
        _tell(session, task, "given", f"联席会议定：{task.team.name}", say=say, note=task.what, actor=actor, now=now)
        session.commit()
    except IntegrityError:
        session.rollback()
        found = session.scalar(select(JointTask).where(JointTask.key == key))
        if found is None:
            raise
        return found
    return task


def finish(session: Session, task: JointTask, result: str, *, actor: moves.Actor, now: datetime) -> None:
    """Commits. Raises InvalidInput, Conflict."""
    result = storable(result, 500).strip()
    if len(result) < 2:
        raise InvalidInput("请写明怎么办的，居民会看到。")
    _settle(session, task, TaskState.done, result, now)
    say = f"{task.team.name}说，{task.what}，办了：{result}。"
    _tell(session, task, "done", f"{task.team.name}办了", say=say, note=result, actor=actor, now=now)
    session.commit()


def refuse(
    session: Session, task: JointTask, why: str, *, team_id: int | None, actor: moves.Actor, now: datetime
) -> JointTask:
    """A reason, and who does it instead: the new task. Never silent. Commits. Raises InvalidInput, Conflict."""
    why = storable(why, 500).strip()
    if len(why) < 4:
        raise InvalidInput("请写明为什么不办，居民会看到。")
    if team_id is None or team_id == task.team_id or row_of(session, Team, team_id) is None:
        raise InvalidInput("请选由谁来办：不能还是这个单位，也不能没有人办。")
    _settle(session, task, TaskState.refused, why, now)
    today = now.astimezone(SHANGHAI).date()
    due_on = max(task.due_on, today + timedelta(days=3))
    doing = Doing(team_id, task.case_id, task.what, due_on)
    follow = _new(session, task.meeting, doing, key=f"{task.key[:100]}-after", now=now)
    session.flush()
    task.passed_to_id = follow.id
    say = (
        f"{task.team.name}说这一项不归它办：{why}。改由{follow.team.name}在{says_day(follow.due_on)}前办：{task.what}。"
    )
    _tell(
        session, task, "refused", f"{task.team.name}不办，转{follow.team.name}", say=say, note=why, actor=actor, now=now
    )
    session.commit()
    return follow


def tick(session: Session, now: datetime) -> None:
    """The day before: the unit's line is marked. The day after: it is late, and whoever waits hears so. Commits."""
    today = now.astimezone(SHANGHAI).date()
    still = select(JointTask).where(JointTask.state == TaskState.open)
    for task in session.scalars(still.where(JointTask.due_on <= today + _SOON, JointTask.warned_at.is_(None))).all():
        mark = update(JointTask).where(JointTask.id == task.id, JointTask.warned_at.is_(None))
        if changed(session, mark.values(warned_at=now)) and task.case is not None:
            what = f"联席会议的期限快到了：{task.team.name}"
            _event(session, task, "soon", what, say=None, note=task.what, actor=moves.CLOCK, now=now)
        session.commit()
    for task in session.scalars(still.where(JointTask.due_on < today, JointTask.overdue_at.is_(None))).all():
        mark = update(JointTask).where(JointTask.id == task.id, JointTask.overdue_at.is_(None))
        if changed(session, mark.values(overdue_at=now)):
            say = (
                f"商量好{task.team.name}在{says_day(task.due_on)}前{task.what}，到期还没有回音，"
                "已经报给乡镇（街道）督促，对不住。"
            )
            _tell(
                session,
                task,
                "overdue",
                f"{task.team.name}到期没办",
                say=say,
                note=task.what,
                actor=moves.CLOCK,
                now=now,
            )
        session.commit()


def late(session: Session, places: Sequence[str] | None, now: datetime) -> list[JointTask]:
    """Open and past their day, the oldest first."""
    today = now.astimezone(SHANGHAI).date()
    found = select(JointTask).join(JointMeeting).where(JointTask.state == TaskState.open, JointTask.due_on < today)
    found = found if places is None else found.where(JointMeeting.place_id.in_(places))
    return list(session.scalars(found.order_by(JointTask.due_on, JointTask.id).limit(200)))


def _new(session: Session, meeting: JointMeeting, doing: Doing, *, key: str, now: datetime) -> JointTask:
    what, today = storable(doing.what, 200).strip().rstrip("。."), now.astimezone(SHANGHAI).date()
    if len(what) < 2:
        raise InvalidInput("请写明办什么，居民会看到。")
    if not today <= doing.due_on <= today + _LONGEST:
        raise InvalidInput("哪天办完，要写今天以后、一年以内的日子。")
    if row_of(session, Team, doing.team_id) is None:
        raise InvalidInput("请选哪个单位来办。")
    task = JointTask(
        key=key,
        meeting_id=meeting.id,
        team_id=doing.team_id,
        case_id=doing.case_id,
        what=what,
        due_on=doing.due_on,
    )
    session.add(task)
    return task


def _settle(session: Session, task: JointTask, to: TaskState, result: str, now: datetime) -> None:
    """The state is the lock."""
    still = (JointTask.id == task.id, JointTask.state == TaskState.open)
    if not changed(session, update(JointTask).where(*still).values(state=to, result=result, settled_at=now)):
        session.rollback()
        raise Conflict(_SETTLED)
    session.refresh(task)


def _tell(
    session: Session, task: JointTask, step: str, what: str, *, say: str, note: str, actor: moves.Actor, now: datetime
) -> None:
    """Into the case it is about; a case that is over hears of it no more."""
    case: Case | None = task.case
    if case is not None:
        _event(session, task, step, what, say=say if case.status in OPEN else None, note=note, actor=actor, now=now)


def _event(
    session: Session,
    task: JointTask,
    step: str,
    what: str,
    *,
    say: str | None,
    note: str,
    actor: moves.Actor,
    now: datetime,
) -> None:
    assert task.case is not None
    key = f"joint-task-{task.id}-{step}"
    moves.add_event(session, task.case, what, key=key, actor=actor, now=now, note=note, say=say)


def says_day(day: date) -> str:
    return f"{day.month}月{day.day}日"
