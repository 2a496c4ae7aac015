"""联席: called over cases and topics, held, written down; who came, and who stays away again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import moves
from actions.cases.models import Case
from actions.cases.status import OPEN
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.joint.models import JointItem, JointMeeting, JointState, JointUnit
from actions.offices.models import Team
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

MOST_ITEMS, MOST_UNITS = 20, 20
ABSENT_FROM, _YEAR = 2, timedelta(days=365)  # so often within a year: the township reads it


@dataclass(frozen=True)
class About:
    """One point of the agenda. `case` or `topic`, and the title that the paper has: never a resident's name."""

    title: str
    case: Case | None = None
    topic_id: int | None = None


@dataclass(frozen=True)
class Absent:
    team: Team
    times: int
    last: datetime


def get(session: Session, meeting_id: int) -> JointMeeting:
    """Raises NotFound."""
    found = row_of(session, JointMeeting, meeting_id)
    if found is None:
        raise NotFound("没有这次联席会议。")
    return found


@dataclass(frozen=True, kw_only=True)
class Calling:
    """A meeting that is to be called. `teams`: the units' ids; `held_at`: UTC."""

    place: str
    title: str
    held_at: datetime
    spot: str
    agenda: Sequence[About]
    teams: Sequence[int]


def call(session: Session, wish: Calling, *, actor: moves.Actor, key: str, now: datetime) -> JointMeeting:
    """A meeting, and a line for each resident whose case is on the agenda. Commits; the same key twice is one.

    Raises InvalidInput, NotAllowed.
    """
    if found := session.scalar(select(JointMeeting).where(JointMeeting.key == key)):
        return found
    title, spot = storable(wish.title, 80).strip(), storable(wish.spot, 60).strip()
    units = [team for number in dict.fromkeys(wish.teams) if (team := row_of(session, Team, number)) is not None]
    if len(title) < 2 or not spot:
        raise InvalidInput("请写会议的题目和地点。")
    _check(wish, units, now)
    meeting = JointMeeting(
        key=key, place_id=wish.place, title=title, held_at=wish.held_at, spot=spot, by_id=actor.id, by=actor.name[:40]
    )
    meeting.items = [_item(position, about) for position, about in enumerate(wish.agenda, 1)]
    meeting.units = [JointUnit(team_id=team.id) for team in units]
    session.add(meeting)
    try:
        session.flush()
        for case in (about.case for about in wish.agenda if about.case):
            _tell_called(session, meeting, case, units, actor, now)
        session.commit()
    except IntegrityError:  # pressed twice at once
        session.rollback()
        found = session.scalar(select(JointMeeting).where(JointMeeting.key == key))
        if found is None:
            raise
        return found
    return meeting


def _item(position: int, about: About) -> JointItem:
    case_id = about.case.id if about.case else None
    return JointItem(position=position, case_id=case_id, topic_id=about.topic_id, title=storable(about.title, 80))


def _check(wish: Calling, units: Sequence[Team], now: datetime) -> None:
    if not now < wish.held_at < now + timedelta(days=180):
        raise InvalidInput("开会的时间要在今后半年以内。")
    if not 1 <= len(wish.agenda) <= MOST_ITEMS:
        raise InvalidInput(f"议程要有1到{MOST_ITEMS}件事。")
    if not 2 <= len(units) <= MOST_UNITS:
        raise InvalidInput(f"联席会议要叫2到{MOST_UNITS}个单位；只要一个单位的，在事项里“叫它来”就行。")
    if any(about.case and about.case.status not in OPEN for about in wish.agenda):
        raise NotAllowed("已经办结、撤回或者并案的事，不能再上联席会议。")


def _tell_called(
    session: Session, meeting: JointMeeting, case: Case, units: Sequence[Team], actor: moves.Actor, now: datetime
) -> None:
    names = "、".join(team.name for team in units[:4]) + (f"等{len(units)}个单位" if len(units) > 4 else "")
    say = f"您的事一家单位定不下来，{says_moment(meeting.held_at)}请{names}坐到一起商量。商量的结果，我在这里告诉您。"
    key = f"joint-{meeting.id}-case-{case.id}"
    moves.add_event(session, case, "列入联席会议", key=key, actor=actor, now=now, note=meeting.title, say=say)


def note_came(session: Session, meeting: JointMeeting, unit_id: int, *, came: bool, now: datetime) -> None:
    """报到, or not. May be put right until the minutes stand. Commits. Raises NotFound, NotAllowed."""
    unit = row_of(session, JointUnit, unit_id)
    if unit is None or unit.meeting_id != meeting.id:
        raise NotFound("没有叫这个单位。")
    if meeting.state is not JointState.called:
        raise NotAllowed("会议记录已经定了，到没到会不能再改。")
    if meeting.held_at > now:
        raise NotAllowed("会还没开，开了再记谁到了。")
    unit.came, unit.arrived_at = came, now if came else None
    session.commit()


def hold(session: Session, meeting: JointMeeting, minutes: str, *, now: datetime) -> None:
    """The minutes stand; every unit has come or hasn't. Commits. Raises InvalidInput, NotAllowed, Conflict."""
    minutes = storable(minutes, 6000).strip()
    if meeting.held_at > now:
        raise NotAllowed("会还没开。")
    if len(minutes) < 10:
        raise InvalidInput("会议记录还没写：谁主持、大家怎么说、定了什么。")
    if any(unit.came is None for unit in meeting.units):
        raise InvalidInput("还有单位没记到没到会，请先记上。")
    _set(session, meeting, JointState.held, minutes=minutes)
    session.commit()


def drop(session: Session, meeting: JointMeeting, *, why: str, actor: moves.Actor, now: datetime) -> None:
    """Not held after all: whoever waits for it hears why. Commits. Raises InvalidInput, Conflict."""
    why = storable(why, 200).strip()
    if len(why) < 2:
        raise InvalidInput("请写明为什么不开了，居民会看到。")
    _set(session, meeting, JointState.dropped, minutes=why)
    for item in meeting.items:
        if item.case is not None and item.case.status in OPEN:
            say = f"原来说{says_moment(meeting.held_at)}几个单位一起商量您的事，这次不开了：{why}。事情照样在办。"
            key = f"joint-{meeting.id}-dropped-{item.case.id}"
            moves.add_event(session, item.case, "联席会议不开了", key=key, actor=actor, now=now, note=why, say=say)
    session.commit()


def _set(session: Session, meeting: JointMeeting, to: JointState, *, minutes: str) -> None:
    """The state is the lock."""
    still = (JointMeeting.id == meeting.id, JointMeeting.state == JointState.called)
    if not changed(session, update(JointMeeting).where(*still).values(state=to, minutes=minutes)):
        session.rollback()
        raise Conflict
    session.refresh(meeting)


def listed(session: Session, places: Sequence[str] | None) -> list[JointMeeting]:
    """Of places that somebody sees (None: all), the next one first."""
    found = select(JointMeeting).order_by(JointMeeting.held_at.desc()).limit(100)
    return list(session.scalars(found if places is None else found.where(JointMeeting.place_id.in_(places))))


def often_absent(session: Session, places: Sequence[str] | None, now: datetime) -> list[Absent]:
    """Units that stayed away twice or more within a year, from meetings whose minutes stand."""
    times = func.count().label("times")
    missed = (
        select(JointUnit.team_id, times, func.max(JointMeeting.held_at))
        .join(JointMeeting)
        .where(JointUnit.came.is_(False), JointMeeting.state == JointState.held, JointMeeting.held_at > now - _YEAR)
        .group_by(JointUnit.team_id)
        .having(times >= ABSENT_FROM)
        .order_by(times.desc(), JointUnit.team_id)
    )
    if places is not None:
        missed = missed.where(JointMeeting.place_id.in_(places))
    return [Absent(session.get_one(Team, team), n, last) for team, n, last in session.execute(missed)]


def says_moment(moment: datetime) -> str:
    """12月8日9:30, in Shanghai."""
    at = moment.astimezone(SHANGHAI)
    return f"{at.month}月{at.day}日{at.hour}:{at.minute:02}"
