"""A project stage by stage: two people, what shows by itself, sums, days, the same wish twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.projects import reading, service
from actions.projects.models import Project, ProjectStage
from actions.projects.service import Entry, Who
from actions.projects.stages import ORDER, Stage, items_of
from tests.databases import Databases

NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
CLERK, SECOND = Who(1, "文书"), Who(2, "监委")
PLACE = "lijiagou"


@pytest.fixture
def session(databases: Databases) -> Iterator[Session]:
    with databases.opened() as sessions, sessions() as opened:
        yield opened


@pytest.fixture
def road(session: Session) -> Project:
    return begun(session)


def begun(session: Session, title: str = "南沟路硬化", key: str = "k") -> Project:
    return service.begin(session, place=PLACE, title=title, decision_id=None, who=CLERK, key=key, now=NOW)


def write(
    session: Session, project: Project, stage: Stage, *, month: int = 3, yuan: int | None = None, words: str = ""
) -> ProjectStage:
    key = f"{project.id}-{stage}-{len(project.stages)}"
    entry = Entry(stage, date(2026, month, 1), yuan, words)
    return service.record(session, project, entry, who=CLERK, key=key, now=NOW)


def done(session: Session, project: Project, stage: Stage, *, month: int = 3, yuan: int | None = None) -> None:
    service.confirm(session, write(session, project, stage, month=month, yuan=yuan), who=SECOND, now=NOW)
    session.expire_all()


def test_a_whole_project_in_order_says_nothing_odd(session: Session, road: Project) -> None:
    sums = {"budget": 80_000, "tender": 78_000, "contract": 78_000, "settle": 79_000, "audit": 79_000}
    for month, stage in enumerate((s for s in ORDER if s is not Stage.change), 1):
        assert reading.next_of(road) == {line.stage: line.name for line in reading.lines(road)}[stage]
        done(session, road, stage, month=month, yuan=sums.get(stage.value))
    assert reading.warnings(road) == []
    assert reading.next_of(road) == ""
    assert reading.stands(road) == "走到公示"
    assert [line.is_past for line in reading.lines(road)] == [True] * 9  # no change, so there is no line of it


def test_what_nobody_confirmed_is_read_by_nobody(session: Session, road: Project) -> None:
    row = write(session, road, Stage.approve)
    assert reading.public(session, PLACE) == []
    with pytest.raises(NotFound):
        reading.by_slug(session, PLACE, road.slug)
    with pytest.raises(NotAllowed):
        service.confirm(session, row, who=CLERK, now=NOW)
    service.confirm(session, row, who=SECOND, now=NOW)
    session.expire_all()
    assert reading.public(session, PLACE) == [road]
    assert reading.by_slug(session, PLACE, "26-001") == road
    assert reading.public(session, "shiqiao") == []


def test_a_stage_passed_over_shows_by_itself_until_it_is_written(session: Session, road: Project) -> None:
    done(session, road, Stage.approve, month=1)
    done(session, road, Stage.budget, month=2, yuan=50_000)
    done(session, road, Stage.contract, month=4, yuan=50_000)
    [skipped] = [line for line in reading.lines(road) if line.is_skipped]
    assert (skipped.name, skipped.when) == ("招标或比选", "没有记录")
    assert reading.warnings(road) == ["“招标或比选”这一步没有记录，后面的已经有了。"]
    done(session, road, Stage.tender, month=3, yuan=50_000)
    assert reading.warnings(road) == []


@pytest.mark.parametrize(
    ("after", "shows"), [(110_000, False), (110_001, True), (90_000, False), (89_999, True), (100_000, False)]
)
def test_a_change_of_more_than_a_tenth_shows_by_itself(
    session: Session, road: Project, after: int, shows: bool
) -> None:
    for month, (stage, yuan) in enumerate(
        ((Stage.approve, None), (Stage.budget, 100_000), (Stage.tender, 100_000), (Stage.contract, 100_000)), 1
    ):
        done(session, road, stage, month=month, yuan=yuan)
    done(session, road, Stage.start, month=5)
    done(session, road, Stage.change, month=6, yuan=after)
    said = reading.warnings(road)
    assert bool(said) is shows
    if shows:
        assert "超过一成" in said[0]
        assert f"{after:,} 元" in said[0]
    assert "变更" in [line.name for line in reading.lines(road)]


def test_many_small_changes_are_measured_together_against_the_contract(session: Session, road: Project) -> None:
    for stage, yuan in ((Stage.approve, None), (Stage.budget, 100), (Stage.tender, 100), (Stage.contract, 100)):
        done(session, road, stage, yuan=yuan)
    for month, yuan in ((5, 108), (6, 116)):  # each by less than a tenth
        done(session, road, Stage.start, month=5)
        done(session, road, Stage.change, month=month, yuan=yuan)
    assert any("116 元，比合同价 100 元多 16 元，差16.0%，超过一成" in said for said in reading.warnings(road))


def test_without_a_contract_the_budget_is_the_measure_and_nothing_divides_by_nothing(
    session: Session, road: Project
) -> None:
    done(session, road, Stage.budget, yuan=0)
    done(session, road, Stage.settle, month=5, yuan=9)
    assert any("决算 9 元，比预算 0 元多 9 元，超过一成" in said for said in reading.warnings(road))


def test_a_day_before_the_stage_before_it_shows(session: Session, road: Project) -> None:
    done(session, road, Stage.approve, month=6)
    done(session, road, Stage.budget, month=2, yuan=1)
    assert reading.warnings(road) == ["“预算”的日子在“立项”前面。"]


def test_a_correction_is_a_row_of_its_own_and_the_later_one_counts(session: Session, road: Project) -> None:
    done(session, road, Stage.budget, yuan=50_000)
    done(session, road, Stage.budget, yuan=60_000)
    [line] = [each for each in reading.lines(road) if each.stage is Stage.budget]
    assert [row.yuan for row in line.rows] == [50_000, 60_000]
    done(session, road, Stage.contract, month=4, yuan=62_000)
    assert not any("超过一成" in said for said in reading.warnings(road))  # 62 of 60, not of 50


def test_the_same_wish_twice_is_one(session: Session, road: Project) -> None:
    assert begun(session) is road
    entry = Entry(Stage.approve, date(2026, 3, 1))
    first = service.record(session, road, entry, who=CLERK, key="same", now=NOW)
    assert service.record(session, road, entry, who=CLERK, key="same", now=NOW) is first
    with pytest.raises(NotAllowed):
        service.record(session, road, entry, who=CLERK, key="other", now=NOW)
    service.confirm(session, first, who=SECOND, now=NOW)
    with pytest.raises(Conflict):
        service.send_back(session, first, why="看错了", who=SECOND, now=NOW)
    assert first.refused_at is None
    assert len(session.scalars(select(ProjectStage)).all()) == 1


def test_two_projects_of_a_year_have_numbers_of_their_own(session: Session, road: Project) -> None:
    well = begun(session, "打井", key="k2")
    assert (road.number, well.number) == ("项-26-001", "项-26-002")


@pytest.mark.parametrize(
    ("stage", "day", "yuan", "words"),
    [
        (Stage.start, None, None, ""),
        (Stage.start, date(2026, 12, 2), None, ""),  # tomorrow
        (Stage.start, date(1999, 12, 31), None, ""),
        (Stage.budget, date(2026, 3, 1), None, ""),
        (Stage.budget, date(2026, 3, 1), -1, ""),
        (Stage.budget, date(2026, 3, 1), 10**10 + 1, ""),
        (Stage.start, date(2026, 3, 1), None, "工头电话13812345678"),
        (Stage.start, date(2026, 3, 1), None, "身份证330102199001011234"),
        (Stage.start, date(2026, 3, 1), None, "长" * 1001),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    session: Session, road: Project, stage: Stage, day: date | None, yuan: int | None, words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.record(session, road, Entry(stage, day, yuan, words), who=CLERK, key="x", now=NOW)
    assert refused.value.message_zh
    assert road.stages == []


@pytest.mark.parametrize("title", ["", "路", "长" * 61, "问13812345678"])
def test_a_title_that_cannot_stand_there_is_refused(session: Session, title: str) -> None:
    with pytest.raises(InvalidInput):
        begun(session, title)


def test_only_items_of_the_list_are_ticked(session: Session, road: Project) -> None:
    entry = Entry(Stage.tender, date(2026, 3, 1), 5, ticked=["not_split", "not_split", "<script>", "papers_whole"])
    row = service.record(session, road, entry, who=CLERK, key="t", now=NOW)
    assert row.ticked == ["not_split"]
    assert {item.code for item in items_of(Stage.tender)} >= {"must_tender", "not_split"}


def test_a_number_that_none_can_be_is_not_found(session: Session, road: Project) -> None:
    for number in (0, -1, 10**12, 99):
        with pytest.raises(NotFound):
            service.get(session, number)
        with pytest.raises(NotFound):
            service.stage_of(session, road, number)
    for slug in ("", "26-999", "26-1' or 1=1", "二六-001", "26-0000001"):
        with pytest.raises(NotFound):
            reading.by_slug(session, PLACE, slug)
