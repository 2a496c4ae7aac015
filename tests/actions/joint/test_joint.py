"""Several units at one table: called, came or didn't, who does what, late, refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, moves
from actions.cases.models import Case, CaseEvent
from actions.cases.status import CaseStatus
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.joint import meetings, tasks
from actions.joint.meetings import About, Calling
from actions.joint.models import JointMeeting, JointTask, TaskState
from actions.joint.tasks import Doing
from actions.offices.models import Team
from knowledge.places import Level, Place

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
HELD = NOW + timedelta(days=2)
AFTER = HELD + timedelta(hours=2)
CHIEF = moves.Actor("staff", "主管老赵", 5)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Session:
    opened = sessions()
    opened.add(Place(id="liuhe", name="柳河镇", level=Level.township))
    opened.add_all(Team(id=n, name=name, place_id="liuhe") for n, name in ((1, "城建办"), (2, "水务站"), (3, "供电所")))
    opened.commit()
    filing.file(
        opened,
        request_key="r1",
        conversation_id=None,
        place="liuhe",
        category="环境卫生",
        fields={"what": "南沟的水淹到院里"},
        now=NOW,
    )
    return opened


def case(session: Session) -> Case:
    return session.scalars(select(Case)).one()


def wish(session: Session, **other: Any) -> Calling:
    given: dict[str, Any] = {
        "place": "liuhe",
        "title": "南沟排水",
        "held_at": HELD,
        "spot": "镇里二楼",
        "agenda": [About("南沟排水", case(session))],
        "teams": [1, 2],
        **other,
    }
    return Calling(**given)


def called(session: Session, key: str = "k", **other: Any) -> JointMeeting:
    return meetings.call(session, wish(session, **other), actor=CHIEF, key=key, now=NOW)


def given(session: Session, meeting: JointMeeting, key: str = "t", team: int = 1) -> JointTask:
    doing = Doing(team, case(session).id, "把排水管接通。", date(2026, 12, 10))
    return tasks.give(session, meeting, doing, actor=CHIEF, key=key, now=AFTER)


def said(session: Session) -> list[str]:
    told = select(CaseEvent.say).where(CaseEvent.say.is_not(None)).order_by(CaseEvent.id)
    return [one for one in session.scalars(told) if one]


def test_a_meeting_is_called_once_and_the_resident_hears_when(session: Session) -> None:
    first, again = called(session), called(session)
    assert first.id == again.id
    assert said(session) == [
        "您的事一家单位定不下来，12月3日10:00请城建办、水务站坐到一起商量。商量的结果，我在这里告诉您。"
    ]


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"teams": [1]}, InvalidInput),
        ({"teams": [1, 1]}, InvalidInput),
        ({"teams": [1, 999, -4]}, InvalidInput),
        ({"agenda": []}, InvalidInput),
        ({"held_at": NOW - timedelta(minutes=1)}, InvalidInput),
        ({"held_at": NOW + timedelta(days=400)}, InvalidInput),
        ({"title": " "}, InvalidInput),
        ({"spot": "\u202e"}, InvalidInput),
    ],
)
def test_a_meeting_that_makes_no_sense_is_refused(
    session: Session, other: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        called(session, **other)
    assert said(session) == []


def test_a_case_that_is_over_comes_on_no_agenda(session: Session) -> None:
    moves.move(session, case(session).id, CaseStatus.withdrawn, actor=moves.RESIDENT, key="w", now=NOW)
    with pytest.raises(NotAllowed):
        called(session)


def test_minutes_wait_for_the_meeting_and_for_who_came(session: Session) -> None:
    meeting = called(session)
    first, second = meeting.units
    with pytest.raises(NotAllowed):
        meetings.note_came(session, meeting, first.id, came=True, now=NOW)
    with pytest.raises(NotAllowed):
        tasks.give(session, meeting, Doing(1, None, "办事", date(2026, 12, 9)), actor=CHIEF, key="e", now=NOW)
    meetings.note_came(session, meeting, first.id, came=True, now=AFTER)
    with pytest.raises(InvalidInput):
        meetings.hold(session, meeting, "大家说了很多，定了三件事。", now=AFTER)
    meetings.note_came(session, meeting, second.id, came=False, now=AFTER)
    meetings.hold(session, meeting, "大家说了很多，定了三件事。", now=AFTER)
    with pytest.raises(Conflict):
        meetings.hold(session, meeting, "再写一份不一样的记录。", now=AFTER)
    with pytest.raises(NotAllowed):
        meetings.note_came(session, meeting, second.id, came=True, now=AFTER)
    assert first.arrived_at == AFTER


def test_who_stays_away_twice_is_named_to_the_township(session: Session) -> None:
    for key in ("a", "b"):
        meeting = called(session, key)
        meetings.note_came(session, meeting, meeting.units[0].id, came=True, now=AFTER)
        meetings.note_came(session, meeting, meeting.units[1].id, came=False, now=AFTER)
        if key == "b":
            assert meetings.often_absent(session, ["liuhe"], AFTER) == []
        meetings.hold(session, meeting, "开过了，定了谁来办。", now=AFTER)
    (found,) = meetings.often_absent(session, ["liuhe"], AFTER)
    assert (found.team.name, found.times) == ("水务站", 2)
    assert meetings.often_absent(session, ["elsewhere"], AFTER) == []
    assert meetings.often_absent(session, None, AFTER + timedelta(days=400)) == []


def test_a_task_is_told_once_and_its_end_too(session: Session) -> None:
    meeting = called(session)
    task = given(session, meeting)
    assert given(session, meeting).id == task.id
    tasks.finish(session, task, "管子接通了", actor=CHIEF, now=AFTER)
    with pytest.raises(Conflict):
        tasks.finish(session, task, "又接了一遍", actor=CHIEF, now=AFTER)
    with pytest.raises(Conflict):
        tasks.refuse(session, task, "不归我们管", team_id=2, actor=CHIEF, now=AFTER)
    assert said(session)[1:] == [
        "几个单位商量定了：城建办在12月10日前把排水管接通。",
        "城建办说，把排水管接通，办了：管子接通了。",
    ]


@pytest.mark.parametrize(
    ("why", "team"), [("", 2), ("不归", 2), ("不归我们管", None), ("不归我们管", 1), ("不归我们管", 99)]
)
def test_a_refusal_without_a_reason_or_without_another_is_none(session: Session, why: str, team: int | None) -> None:
    task = given(session, called(session))
    with pytest.raises(InvalidInput):
        tasks.refuse(session, task, why, team_id=team, actor=CHIEF, now=AFTER)
    assert task.state is TaskState.open


def test_a_refused_task_goes_on_with_another_unit(session: Session) -> None:
    task = given(session, called(session))
    after = tasks.refuse(session, task, "这段归水务站管", team_id=2, actor=CHIEF, now=AFTER)
    assert (task.state, task.passed_to_id, after.team_id, after.state) == (
        TaskState.refused,
        after.id,
        2,
        TaskState.open,
    )
    assert said(session)[-1] == ("城建办说这一项不归它办：这段归水务站管。改由水务站在12月10日前办：把排水管接通。")


def test_the_clock_warns_and_tells_once_however_often_it_ticks(session: Session) -> None:
    task = given(session, called(session))
    at: Callable[[int], datetime] = lambda day: datetime(2026, 12, day, 2, tzinfo=UTC)  # noqa: E731
    for day in (8, 9, 9, 10, 10):
        tasks.tick(session, at(day))
    assert len(said(session)) == 2
    assert task.warned_at == at(9)
    for _ in range(3):
        tasks.tick(session, at(11))
    assert said(session)[2:] == [
        "商量好城建办在12月10日前把排水管接通，到期还没有回音，已经报给乡镇（街道）督促，对不住。"
    ]
    assert [one.id for one in tasks.late(session, ["liuhe"], at(11))] == [task.id]
    tasks.finish(session, task, "晚了两天，接通了", actor=CHIEF, now=at(12))
    tasks.tick(session, at(13))
    assert tasks.late(session, None, at(13)) == []
    assert len(said(session)) == 4


def test_a_case_that_is_over_hears_nothing_more(session: Session) -> None:
    task = given(session, called(session))
    moves.move(session, case(session).id, CaseStatus.withdrawn, actor=moves.RESIDENT, key="w", now=NOW)
    before = said(session)
    tasks.tick(session, datetime(2026, 12, 20, tzinfo=UTC))
    tasks.finish(session, task, "还是接通了", actor=CHIEF, now=AFTER)
    assert said(session) == before


def test_a_meeting_that_is_not_held_says_why(session: Session) -> None:
    meeting = called(session)
    with pytest.raises(InvalidInput):
        meetings.drop(session, meeting, why="", actor=CHIEF, now=NOW)
    meetings.drop(session, meeting, why="下大雪", actor=CHIEF, now=NOW)
    assert "这次不开了：下大雪" in said(session)[-1]
    with pytest.raises(NotAllowed):
        given(session, meeting)
