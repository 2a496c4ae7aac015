"""复议纠错: sixty days, the county's list, two people, a summary without names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from actions.cases import filing
from actions.cases.models import Case
from actions.cases.moves import RESIDENT
from actions.checkup import corrections, official
from actions.checkup.corrections import Told
from actions.checkup.models import Correction, OfficialCase
from actions.checkup.status import Outcome, Paper, Stand
from actions.decisions.entries import Who
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from bot.privacy.masking import mask_case
from tests.bot.county import places_and_offices
from tests.databases import Databases

LEGAL, HEAD = Who(3, "法律"), Who(8, "主管")
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
TODAY = date(2026, 12, 1)
TOLD = Told(
    unit="柳河镇人民政府",
    matter="责令限期拆除决定",
    outcome=Outcome.set_aside,
    what="重新查清房子是哪年盖的",
    paper=Paper.opinion,
    number="〔2026〕12号",
    received_on=date(2026, 11, 2),
)


@pytest.fixture
def session(databases: Databases) -> Iterator[Session]:
    with databases.opened(places_and_offices) as sessions, sessions() as opened:
        yield opened


def entered(session: Session, told: Told = TOLD, *, key: str = "k") -> Correction:
    return corrections.enter(session, told, place="lijiagou", case_id=None, who=LEGAL, key=key, now=NOW)


def a_case(session: Session) -> Case:
    return filing.file(
        session,
        request_key="r",
        conversation_id="c-me",
        place="lijiagou",
        category="征收拆迁",
        fields={"what": "要拆我家棚子"},
        now=NOW,
    )


def test_an_opinion_is_answered_within_sixty_days_of_its_receipt(session: Session) -> None:
    """行政复议法 76: 自收到行政复议意见书之日起六十日内; 2 November and sixty days are 1 January."""
    row = entered(session)
    assert row.due_on == date(2027, 1, 1)
    assert not corrections.is_late(row, date(2027, 1, 1))
    assert corrections.is_late(row, date(2027, 1, 2))


def test_a_decision_has_the_day_that_stands_in_it(session: Session) -> None:
    told = replace(TOLD, paper=Paper.decision)
    with pytest.raises(InvalidInput, match="行政复议决定书里写的办完的期限"):
        entered(session, told)
    row = entered(session, replace(told, due_on=date(2026, 12, 20)))
    assert row.due_on == date(2026, 12, 20)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": ""}, "哪个单位"),
        ({"matter": "拆"}, "什么事"),
        ({"outcome": None}, "请选复议的结果"),
        ({"paper": None}, "请选复议的结果"),
        ({"received_on": None}, "收到文书的日期"),
        ({"received_on": date(2027, 1, 1)}, "不能是以后的"),
        ({"what": "给330102199003070017的人重新办"}, "身份证"),
        ({"outcome": Outcome.upheld, "paper": Paper.decision}, "维持"),
    ],
)
def test_what_is_wrong_is_said(session: Session, change: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        entered(session, replace(TOLD, **change))  # type: ignore[arg-type]


def test_sent_twice_is_one(session: Session) -> None:
    assert entered(session).id == entered(session).id


def test_two_people_settle_it_and_a_summary_goes_out(session: Session) -> None:
    row = entered(session)
    with pytest.raises(NotAllowed):
        corrections.settle(session, row, is_done=True, who=HEAD)
    corrections.answer(session, row, words="重新调查，撤回了原决定", on=TODAY, who=LEGAL, now=NOW)
    with pytest.raises(NotAllowed, match="自己记的不能自己核实"):
        corrections.settle(session, row, is_done=True, who=LEGAL)
    with pytest.raises(NotAllowed, match="核实纠正了"):
        corrections.publish(session, row, summary="镇里撤回了原决定", now=NOW)
    corrections.settle(session, row, is_done=True, who=HEAD)
    assert corrections.published(session, "lijiagou") == []
    with pytest.raises(InvalidInput, match=r"手机|电话"):
        corrections.publish(session, row, summary="找13812345678问", now=NOW)
    corrections.publish(session, row, summary="镇里撤回了原决定", now=NOW)
    with pytest.raises(Conflict):
        corrections.publish(session, row, summary="又写一遍摘要", now=NOW)
    assert [r.summary for r in corrections.published(session, "lijiagou")] == ["镇里撤回了原决定"]


def test_not_put_right_goes_back(session: Session) -> None:
    row = entered(session)
    corrections.answer(session, row, words="正在研究怎么办", on=TODAY, who=LEGAL, now=NOW)
    corrections.settle(session, row, is_done=False, who=HEAD)
    assert row.state is Stand.open


def test_the_clock_puts_it_on_the_countys_list_once(session: Session) -> None:
    row, done = entered(session), entered(session, key="other")
    corrections.answer(session, done, words="已经纠正完了", on=TODAY, who=LEGAL, now=NOW)
    corrections.settle(session, done, is_done=True, who=HEAD)
    corrections.tick(session, NOW)
    session.refresh(row)
    assert not row.overdue_at
    late = NOW + timedelta(days=40)
    corrections.tick(session, late)
    corrections.tick(session, late + timedelta(days=1))
    session.refresh(row)
    session.refresh(done)
    assert row.overdue_at == late
    assert done.overdue_at is None


def test_figures_by_unit_are_a_list_and_no_league(session: Session) -> None:
    entered(session)
    entered(session, replace(TOLD, outcome=Outcome.declared), key="b")
    entered(session, replace(TOLD, unit="县自然资源局"), key="c")
    found = corrections.figures(corrections.of_places(session, None), date(2027, 2, 1))
    assert [(f.unit, f.all, f.late) for f in found] == [("县自然资源局", 1, 1), ("柳河镇人民政府", 2, 2)]
    assert found[1].outcomes == {"撤销": 1, "确认违法": 1}
    assert corrections.of_places(session, ["shiqiao"]) == []


def test_the_tag_is_one_and_the_outcome_replaces_itself(session: Session) -> None:
    case = a_case(session)
    with pytest.raises(NotFound, match="没有标"):
        official.get(session, case.id)
    for _ in range(2):
        official.tag(session, case, checked=None, last=None, by_name="法律", actor=RESIDENT, now=NOW)
    for outcome in (Outcome.upheld, Outcome.upheld, Outcome.set_aside):
        official.set_outcome(session, case.id, outcome, by_name="", actor=RESIDENT, now=NOW)
    session.commit()
    session.refresh(case)
    assert [e.what for e in case.events if "复议" in e.what or "标上" in e.what] == [
        "标上“涉行政行为”",
        "复议结果：维持",
        "复议结果：撤销",
    ]
    assert official.of_person(session, "c-me")[0].outcome is Outcome.set_aside
    assert official.of_person(session, "c-other") == []
    assert official.of_places(session, ["shiqiao"]) == []


def test_when_the_case_is_deleted_what_was_found_goes_and_the_figure_stays(session: Session) -> None:
    case = a_case(session)
    row = official.tag(session, case, checked=None, last=TODAY, by_name="", actor=RESIDENT, now=NOW)
    row.missing, row.outcome = ["notice"], Outcome.settled
    session.commit()
    mask_case(session, case, why="应本人要求", now=NOW)
    session.commit()
    kept = session.get_one(OfficialCase, case.id)
    session.refresh(kept)
    assert (kept.missing, kept.last_day, kept.outcome) == ([], None, Outcome.settled)


@pytest.mark.parametrize("number", ["", "nothing", "26120100100", "９９９", "1" * 300])
def test_a_number_that_is_none(session: Session, number: str) -> None:
    with pytest.raises(NotFound):
        official.numbered(session, number)
