from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from actions.cases.figures import figures
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from knowledge.places import Level, Place

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)  # a Wednesday; its week began on November 23rd


def case(number: int, *, days_ago: float, category: str = "土地", place: str | None = "li", **more: object) -> Case:
    filed_at = NOW - timedelta(days=days_ago)
    return Case(
        number=str(number),
        request_key=str(number),
        what="墙",
        category=category,
        place_id=place,
        filed_at=filed_at,
        due_at=filed_at + timedelta(days=7),
        **more,
    )


def test_without_a_case_there_is_no_share_and_no_mark(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        found = figures(session, None, now=NOW)
    assert (found.totals["收到"], found.totals["按时答复"], found.totals["满意度"]) == (0, None, None)
    assert (found.chart.topics, found.grid.rows, found.warnings) == ({}, {}, [])
    assert len(found.chart.weeks) == 12
    assert found.chart.weeks[-1] == "11.23"


def test_figures_are_counted_by_week_topic_and_place(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.add(Place(id="li", name="李家沟村", level=Level.village))
        session.add_all(
            [
                case(1, days_ago=1, answered_at=NOW, satisfaction=5, status=CaseStatus.closed),
                case(2, days_ago=8, answered_at=NOW, satisfaction=4, status=CaseStatus.answered),  # a day too late
                case(3, days_ago=9, category="工资", place=None, times_reopened=1),
                case(4, days_ago=100),  # before the twelve weeks
            ]
        )
        session.commit()
        found = figures(session, None, now=NOW)
    assert found.totals == {
        "收到": 3,
        "已答复": 2,
        "按时答复": ("50%", "1/2 件"),
        "办结": 1,
        "重新办理": 1,
        "满意度": ("4.5 分", "2 人打分"),
        "超时未答复": 2,  # as in the list: also the one before the twelve weeks
    }
    assert {topic: weeks[-2:] for topic, weeks in found.chart.topics.items()} == {"土地": [1, 1], "工资": [1, 0]}
    assert found.chart.places == {"李家沟村": 2, "没写地方": 1}
    # two of two are the darkest of five shades, one of two is half of them, rounded up
    assert found.grid.rows == {"土地": [(2, 5), (0, 0)], "工资": [(0, 0), (1, 3)]}


def test_a_week_far_above_its_history_is_warned_of(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        session.add(Place(id="li", name="李家沟村", level=Level.village))
        session.add_all([case(n, days_ago=1) for n in range(3)])
        session.commit()
        found = figures(session, None, now=NOW)
    # none in eleven weeks: a mean of 0 is held for one of 0.5, so three stand above 3 * sqrt(0.5) = 2.1
    assert found.warnings == [
        "类别“土地”本周 3 件，前 11 周平均每周 0.0 件。",
        "地方“李家沟村”本周 3 件，前 11 周平均每周 0.0 件。",
    ]
