"""我的网格员 by group, with deputies; a visit answered in a day, there in three."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import clock as cases
from actions.cases.models import Case, CaseEvent
from actions.cases.moves import Actor
from actions.cases.status import CaseStatus
from actions.errors import InvalidInput, NotAllowed
from actions.offices.models import GridWorker, Team
from actions.offices.routing import VISIT
from actions.visits import grid, visits
from actions.visits.models import Visit
from actions.visits.visits import Asked
from knowledge.places import Level, Place

PLACE = "lijiagou"
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
TODAY = date(2026, 12, 1)
WANG = Actor("staff", "王网格", 5)


@pytest.fixture
def here(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        session.add(Place(id=PLACE, name="李家沟村", level=Level.village))
        session.add(Team(id=7, name="综治中心", place_id=PLACE, is_fallback=True))
        for name, area in (("王网格", "一组、二组"), ("赵网格", "三组"), ("钱网格", "全村")):
            session.add(GridWorker(place_id=PLACE, area=area, name=name, phone="13800000000"))
        session.commit()
        yield session


def names(session: Session, group: str, today: date = TODAY) -> list[str]:
    return [one.name for one in grid.mine(session, PLACE, group, today=today)]


def worker(session: Session, name: str) -> GridWorker:
    return session.scalars(select(GridWorker).where(GridWorker.name == name)).one()


def test_a_group_has_its_own_and_who_has_none_gets_who_is_for_all(here: Session) -> None:
    assert names(here, "一组") == ["王网格"]
    assert names(here, "三组") == ["赵网格"]
    assert names(here, "五组") == ["钱网格"]
    assert names(here, "") == ["钱网格"]


def test_the_round_says_the_groups_and_the_deputy_comes_while_somebody_is_away(here: Session) -> None:
    wang, zhao = worker(here, "王网格"), worker(here, "赵网格")
    away = (date(2026, 12, 5), date(2026, 12, 8))
    grid.set_round(here, wang, groups=["五组"], hours="8点到18点", shows_phone=False, away=away, deputy_id=zhao.id)
    here.commit()
    assert names(here, "五组") == ["王网格"]
    assert grid.mine(here, PLACE, "五组", today=TODAY)[0].phone == ""
    assert names(here, "一组") == ["钱网格"]
    for day in (5, 8):
        found = grid.mine(here, PLACE, "五组", today=date(2026, 12, day))
        assert [(one.name, one.instead_of) for one in found] == [("赵网格", "王网格")]
    assert names(here, "五组", date(2026, 12, 9)) == ["王网格"]


@pytest.mark.parametrize(
    ("away", "deputy", "told"),
    [
        ((date(2026, 12, 5), None), "赵网格", "都要写"),
        ((date(2026, 12, 5), date(2026, 12, 4)), "赵网格", "都要写"),
        ((date(2026, 12, 5), date(2026, 12, 6)), None, "谁替"),
        ((None, None), "王网格", "另一位"),
    ],
)
def test_who_is_away_has_a_deputy(
    here: Session, away: tuple[date | None, date | None], deputy: str | None, told: str
) -> None:
    stands_in = worker(here, deputy).id if deputy else None
    with pytest.raises(InvalidInput, match=told):
        grid.set_round(
            here, worker(here, "王网格"), groups=[], hours="", shows_phone=True, away=away, deputy_id=stands_in
        )


@pytest.mark.parametrize(
    ("said", "group"),
    [
        ("我是三组的", "三组"),
        ("3组", "三组"),
        ("第十二村民小组", "十二组"),
        ("12队", "十二组"),
        ("东头", ""),
        ("九组", ""),
    ],
)
def test_the_group_is_heard(said: str, group: str) -> None:
    assert grid.group_in(said, ["一组", "三组", "十二组"]) == group


def test_the_group_is_remembered_for_the_village_it_was_said_in(here: Session) -> None:
    grid.remember(here, PLACE, "c-1", "三组", now=NOW)
    grid.remember(here, PLACE, "c-1", "一组", now=NOW)
    assert grid.group_known(here, PLACE, "c-1", now=NOW) == "一组"
    assert grid.group_known(here, "shiqiao", "c-1", now=NOW) == ""
    grid.forget(here, "c-1")
    assert grid.group_known(here, PLACE, "c-1", now=NOW) == ""


def visit(session: Session, *, group: str = "一组", key: str = "k") -> tuple[Visit, Case]:
    case = visits.ask(
        session, Asked("老人一个人在家，来看看", group), place=PLACE, conversation_id="c-1", key=key, now=NOW
    )
    return visits.get(session, case.id)


def said(session: Session) -> list[str]:
    rows = select(CaseEvent.say).where(CaseEvent.say.is_not(None)).order_by(CaseEvent.id)
    return [row or "" for row in session.scalars(rows)]


def test_a_visit_is_a_case_of_three_days_and_of_the_groups_own_worker(here: Session) -> None:
    held, case = visit(here)
    assert visit(here)[1].id == case.id
    ends = datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC)  # of the day, in Shanghai
    assert (case.category, case.due_at) == (VISIT, ends + timedelta(days=3))
    assert (held.reply_by, held.come_by) == (ends + timedelta(days=1), ends + timedelta(days=3))
    assert held.grid_worker_id == worker(here, "王网格").id
    assert visits.open_ones(here, [PLACE]) == [(held, case)]


def test_from_the_answer_to_the_result_in_a_tap(here: Session) -> None:
    held, case = visit(here)
    with pytest.raises(InvalidInput, match="一个星期"):
        visits.reply(here, held, comes_on=TODAY - timedelta(days=1), words="", actor=WANG, key="r0", now=NOW)
    for _ in range(2):
        visits.reply(here, held, comes_on=date(2026, 12, 2), words="下午", actor=WANG, key="r1", now=NOW)
    assert case.status is CaseStatus.in_progress
    assert [one for one in said(here) if "明天来看您" in one] == ["网格员王网格明天来看您。下午"]
    visits.finish(here, held, "absent", "", actor=WANG, key="r2", now=NOW)
    assert visits.open_ones(here, [PLACE])
    for _ in range(2):
        visits.finish(here, held, "done", "量了血压，正常", actor=WANG, key="r3", now=NOW)
    assert here.scalar(select(Case.status)) == CaseStatus.answered
    assert visits.open_ones(here, [PLACE]) == []
    with pytest.raises(NotAllowed):
        visits.finish(here, held, "done", "", actor=WANG, key="r4", now=NOW)


def test_what_those_above_must_do_stays_open_for_them(here: Session) -> None:
    held, case = visit(here)
    with pytest.raises(InvalidInput, match="说一句"):
        visits.finish(here, held, "up", "", actor=WANG, key="u", now=NOW)
    visits.finish(here, held, "up", "房顶漏了，要住建来看", actor=WANG, key="u", now=NOW)
    assert (case.status, held.result) == (CaseStatus.in_progress, "up")
    assert visits.open_ones(here, [PLACE]) == []


def test_a_day_without_an_answer_is_reported_once_and_three_days_escalate(here: Session) -> None:
    held, case = visit(here)
    visits.tick(here, NOW + timedelta(hours=23))
    assert held.escalated_at is None
    for hours in (38, 39, 40):
        visits.tick(here, NOW + timedelta(hours=hours))
    assert len([one for one in said(here) if "一天内没有回话" in one]) == 1
    cases.tick(here, now=NOW + timedelta(days=3, hours=14))
    here.refresh(case)
    assert case.escalated_at is not None


def test_a_filing_that_was_cut_short_is_found_by_the_clock(here: Session) -> None:
    _, case = visit(here)
    here.delete(here.get_one(Visit, case.id))
    here.commit()
    visits.tick(here, NOW)
    assert here.get(Visit, case.id) is not None
