"""From a table to the board by two people; corrections in sight; questions; a complaint that goes above."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.clock import tick as case_clock
from actions.cases.models import Case, Photo
from actions.cases.photos import CleanPhoto
from actions.disclosure import complaint, listing, posting, questions, schedule
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.posting import Who
from actions.disclosure.sheets import HIDDEN
from actions.disclosure.status import MOVES, State
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.offices.models import RoutingRule, Team
from actions.offices.routing import team_for
from knowledge.places import Level, Place
from tests.bot.county import places_and_offices
from tests.databases import Databases

CLERK, SECOND = Who(1, "文书"), Who(2, "监督")
NOW = datetime(2026, 10, 5, 4, tzinfo=UTC)
HEAD = ["日期", "事由", "收入", "支出", "结余", "经手"]
TABLE = [(1, HEAD), (2, ["7月1日", "电费", "0", "300", "700", "会计"])]
NAMES = [(1, ["姓名", "救助类别"]), (2, ["王大勇", "低保"]), (3, ["李二妹", "特困"])]


@pytest.fixture
def session(databases: Databases) -> Iterator[Session]:
    with databases.opened(places_and_offices) as sessions, sessions() as opened:
        schedule.begin(opened, "lijiagou", on=date(2026, 8, 1), now=NOW)
        schedule.tick(opened, NOW)
        yield opened


def finance(session: Session) -> Disclosure:
    return session.scalars(select(Disclosure).where(Disclosure.duty_code == "finance", Disclosure.version == 1)).one()


def put(session: Session, item: Disclosure, table: list[tuple[int, list[str]]], *, masks: bool = False) -> None:
    posting.put(session, item, table, note="", masks_names=masks, by=CLERK, now=NOW)


def check(session: Session, item: Disclosure, *, confirms: bool = False, why: str = "") -> None:
    posting.check(session, item, edition=item.edition, confirms_names=confirms, why=why, by=SECOND, now=NOW)


def posted(
    session: Session, item: Disclosure, table: list[tuple[int, list[str]]], *, now: datetime = NOW
) -> Disclosure:
    put(session, item, table)
    check(session, item, confirms=True, why="社会救助法第四十五条")
    posting.post(session, item, days=None, by=CLERK, now=now)
    session.commit()
    return item


def opened(
    session: Session, code: str, *, title: str = "第三批", key: str = "k", day: date = date(2026, 10, 4)
) -> Disclosure:
    return posting.open_item(session, "lijiagou", code, day=day, title=title, by=CLERK, key=key, now=NOW)


def test_nothing_is_posted_that_nobody_has_checked(session: Session) -> None:
    item = finance(session)
    with pytest.raises(NotAllowed):
        posting.post(session, item, days=None, by=CLERK, now=NOW)
    put(session, item, TABLE)
    with pytest.raises(NotAllowed):
        posting.post(session, item, days=None, by=CLERK, now=NOW)
    assert listing.standing(session, "lijiagou") == []


def test_every_state_leads_only_where_the_table_of_moves_says(session: Session) -> None:
    item = finance(session)
    for start in State:
        for to in State:
            item.state = start
            session.flush()
            if to in MOVES[start]:
                continue
            with pytest.raises(NotAllowed):
                posting._move(session, item, to)
            session.refresh(item)
            assert item.state is start


def test_a_table_changed_after_the_look_is_looked_at_again(session: Session) -> None:
    item = finance(session)
    put(session, item, TABLE)
    seen = item.edition
    put(session, item, [TABLE[0], (2, ["7月1日", "电费", "0", "9000", "700", "会计"])])
    with pytest.raises(Conflict):
        posting.check(session, item, edition=seen, confirms_names=False, why="", by=SECOND, now=NOW)
    check(session, item)
    put(session, item, TABLE)  # once more after the check: it must be checked anew
    assert (item.state, item.checked_by_name) == (State.drafted, "")


def test_of_two_who_press_at_once_one_is_told(databases: Databases) -> None:
    with databases.opened(places_and_offices) as sessions:
        with sessions() as session:
            schedule.begin(session, "lijiagou", on=date(2026, 8, 1), now=NOW)
            session.commit()
            put(session, finance(session), TABLE)
            session.commit()
        with sessions() as one, sessions() as other:
            mine, theirs = finance(one), finance(other)
            other.rollback()
            check(one, mine)
            one.commit()
            theirs.state, theirs.edition  # noqa: B018  # as a page holds it
            other.rollback()
            with pytest.raises((Conflict, NotAllowed)):
                check(other, finance(other))


def test_names_wait_for_a_second_persons_word(session: Session) -> None:
    item = opened(session, "relief_decisions")
    put(session, item, NAMES)
    for confirms, why in ((False, "有依据"), (True, ""), (True, "   ")):
        with pytest.raises(InvalidInput) as refused:
            check(session, item, confirms=confirms, why=why)
        assert "法律要求公布这些姓名" in refused.value.message_zh
    check(session, item, confirms=True, why="社会救助法第四十五条")
    assert item.state is State.checked


def test_where_no_law_publishes_names_they_can_only_be_no_names(session: Session) -> None:
    item = finance(session)
    put(session, item, [(1, HEAD), (2, ["7月1日", "付王大勇工钱", "0", "300", "700", "会计"])])
    with pytest.raises(InvalidInput) as refused:
        check(session, item, confirms=False)
    assert "这些不是村民的姓名" in refused.value.message_zh
    put(session, item, [(1, HEAD), (2, ["7月1日", "付王大勇工钱", "0", "300", "700", "会计"])], masks=True)
    assert item.held == []
    assert "王大勇" not in str(item.rows)
    check(session, item)


def test_names_of_a_relief_list_leave_the_page_with_its_last_day(session: Session) -> None:
    """Scenario 18."""
    item = posted(session, opened(session, "relief_decisions"), NAMES)
    last = datetime(2026, 10, 20, 15, 59, tzinfo=UTC)
    assert "王大勇" in str(listing.shown_rows(item, last))
    after = last + timedelta(minutes=1)  # though no clock has been there
    assert listing.shown_rows(item, after)[1:] == [[HIDDEN, "低保"], [HIDDEN, "特困"]]
    schedule.tick(session, after)
    session.refresh(item)
    assert item.state is State.archived
    assert "王大勇" not in str(listing.shown_rows(item, NOW))


def test_days_on_the_board_are_never_fewer_than_the_law_has(session: Session) -> None:
    item = finance(session)
    put(session, item, TABLE)
    check(session, item)
    for days in (0, 14, 366):
        with pytest.raises(InvalidInput):
            posting.post(session, item, days=days, by=CLERK, now=NOW)
    posting.post(session, item, days=20, by=CLERK, now=NOW)
    assert item.posted_until == date(2026, 10, 25)
    land = opened(session, "expropriation", title="南沟地块")
    put(session, land, [(1, ["内容"]), (2, ["征收范围见附图"])])
    check(session, land)
    with pytest.raises(InvalidInput):
        posting.post(session, land, days=29, by=CLERK, now=NOW)


def test_a_correction_stands_beside_what_it_corrects(session: Session) -> None:
    """Scenario 17."""
    old = posted(session, finance(session), TABLE)
    new = posting.correct(session, old, why="电费写错了", by=CLERK, now=NOW)
    assert listing.latest(session, "lijiagou", "账", NOW) == [old]  # until the new one is posted
    with pytest.raises(Conflict):
        posting.correct(session, old, why="再改", by=CLERK, now=NOW)
    posted(session, new, [TABLE[0], (2, ["7月1日", "电费", "0", "320", "680", "会计"])])
    session.refresh(old)
    assert (old.state, new.version, new.replaces_id) == (State.corrected, 2, old.id)
    assert listing.versions_of(session, new) == [old, new]
    assert listing.shown_rows(old, NOW) == [list(TABLE[0][1]), list(TABLE[1][1])]
    assert listing.latest(session, "lijiagou", "第三季度的账", NOW) == [new]


def test_a_correction_of_what_is_not_posted_or_without_a_reason_is_refused(session: Session) -> None:
    item = finance(session)
    with pytest.raises(NotAllowed):
        posting.correct(session, item, why="改", by=CLERK, now=NOW)
    posted(session, item, TABLE)
    for why in ("", "  ", "见13812345678"):
        with pytest.raises(InvalidInput):
            posting.correct(session, item, why=why, by=CLERK, now=NOW)


def test_what_comes_at_once_is_opened_by_hand_and_once_a_press(session: Session) -> None:
    one, again, second = (
        opened(session, "projects", key="a", title="南沟路"),
        opened(session, "projects", key="a", title="南沟路"),
        opened(session, "projects", key="b", title="水渠"),
    )
    assert one is again
    assert (one.period, second.period) == ("2026-10-04", "2026-10-04-2")
    with pytest.raises(InvalidInput):
        opened(session, "projects", key="c", title="  ")
    with pytest.raises(InvalidInput):
        opened(session, "projects", key="d", day=date(2026, 12, 4))
    with pytest.raises(Conflict):
        opened(session, "finance", key="e", title="", day=date(2026, 9, 4))  # the calendar has it
    with pytest.raises(InvalidInput):
        opened(session, "facilities", key="f")  # a residents' committee's


def test_only_what_was_begun_by_hand_can_be_dropped(session: Session) -> None:
    with pytest.raises(NotAllowed):
        posting.drop(session, finance(session))
    item = opened(session, "projects", title="开错了")
    posting.drop(session, item)
    session.commit()
    assert session.scalars(select(Disclosure).where(Disclosure.duty_code == "projects")).all() == []
    held = posted(session, opened(session, "projects", key="z"), [(1, ["工程", "金额"]), (2, ["路", "3"])])
    with pytest.raises(NotAllowed):
        posting.drop(session, held)


def test_the_title_of_what_nobody_checked_is_on_no_page(session: Session) -> None:
    opened(session, "relief_decisions", title="柳树湾那一户的低保")
    late = NOW + timedelta(days=40)
    assert "柳树湾" not in str(listing.missing(session, "lijiagou", late))
    assert "relief_decisions" in {m.code for m in listing.missing(session, "lijiagou", late)}


def test_latest_finds_by_what_people_call_it(session: Session) -> None:
    account = posted(session, finance(session), TABLE)
    land = posted(
        session, opened(session, "land_compensation", title="高速占地"), [(1, ["项目", "收到"]), (2, ["地", "9"])]
    )
    assert listing.latest(session, "lijiagou", "今年的账咋还没贴", NOW)[0] == account
    assert listing.latest(session, "lijiagou", "征地补偿费怎么分的", NOW)[0] == land
    assert set(listing.latest(session, "lijiagou", "嗯", NOW)) == {account, land}
    assert listing.latest(session, "shiqiao", "账", NOW) == []


# --- questions ---


def ask(
    session: Session, item: Disclosure, text: str, *, key: str = "q", conversation: str | None = None
) -> DisclosureQuestion:
    return questions.ask(session, disclosure_id=item.id, conversation_id=conversation, text=text, key=key, now=NOW)


def test_a_question_is_answered_in_public_without_who_asked(session: Session) -> None:
    item = posted(session, finance(session), TABLE)
    question = ask(session, item, "我是王大勇，电话13812345678，电费怎么这么多", conversation="c1")
    assert "王大勇" not in question.shown_text
    assert "13812345678" not in question.shown_text
    assert question.due_at.date() == date(2026, 10, 20)  # 8, 9, 10 (a Saturday at work), 12-16, 19, 20
    assert listing.questions_of(session, item) == []
    shown = question.shown_text
    questions.answer(session, question, text="夏天开会多", shown_text=shown, is_public=True, by="文书", now=NOW)
    assert listing.questions_of(session, item) == [question]
    assert "王大勇" not in question.text  # what is needed no more
    with pytest.raises(NotAllowed):
        questions.answer(session, question, text="改口", shown_text=shown, is_public=True, by="文书", now=NOW)


def test_the_same_press_and_the_same_words_are_one_question(session: Session) -> None:
    item = posted(session, finance(session), TABLE)
    one = ask(session, item, "电费怎么这么多")
    assert ask(session, item, "电费怎么这么多") is one
    assert ask(session, item, "电费怎么这么多", key="other") is one


def test_a_flood_of_questions_ends(session: Session) -> None:
    item = posted(session, finance(session), TABLE)
    for n in range(questions.MOST_A_DAY):
        ask(session, item, f"第{n}个问题", key=f"c{n}", conversation="c1")
    with pytest.raises(NotAllowed):
        ask(session, item, "再问一个", key="more", conversation="c1")
    for n in range(questions.MOST_WAITING - questions.MOST_A_DAY):
        ask(session, item, f"别人问的{n}", key=f"p{n}")
    with pytest.raises(NotAllowed):
        ask(session, item, "还有", key="last")


@pytest.mark.parametrize("text", ["", " ", "嗯", "问" * 301])
def test_a_question_too_short_or_too_long_is_refused(session: Session, text: str) -> None:
    with pytest.raises(InvalidInput):
        ask(session, posted(session, finance(session), TABLE), text)


def test_what_is_not_posted_takes_no_question(session: Session) -> None:
    item = finance(session)
    with pytest.raises(NotFound):
        ask(session, item, "什么时候贴")
    with pytest.raises(NotFound):
        questions.ask(session, disclosure_id=2**70, conversation_id=None, text="在吗在吗", key="k", now=NOW)


@pytest.mark.parametrize("text", ["找他，13812345678", "卡号6222021234567890123"])
def test_an_answer_with_a_number_of_a_person_is_refused(session: Session, text: str) -> None:
    question = ask(session, posted(session, finance(session), TABLE), "电费怎么这么多")
    with pytest.raises(InvalidInput):
        questions.answer(session, question, text=text, shown_text="电费", is_public=True, by="文书", now=NOW)


def test_a_conversation_that_is_forgotten_takes_its_questions_along(session: Session) -> None:
    item = posted(session, finance(session), TABLE)
    done, waiting = (
        ask(session, item, "电费多少", key="a", conversation="c1"),
        ask(session, item, "水费多少", conversation="c1"),
    )
    other = ask(session, item, "路灯多少", key="o", conversation="c2")
    questions.answer(session, done, text="三百", shown_text="电费多少", is_public=True, by="文书", now=NOW)
    assert len(questions.of_conversation(session, "c1")) == 2
    questions.forget(session, "c1")
    session.expire_all()
    assert questions.of_conversation(session, "c1") == []
    assert [q.id for q in listing.questions_of(session, item)] == [done.id]
    assert [q.id for q in questions.waiting(session)] == [other.id]
    assert waiting.id not in {q.id for q in session.scalars(select(DisclosureQuestion))}


# --- the complaint ---


def complain(session: Session, **more: object) -> Case:
    given: dict[str, object] = {
        "place": "lijiagou",
        "duty_code": "finance",
        "period": "2026Q3",
        "conversation_id": None,
        "words": "公开栏还是去年的",
        "is_anonymous": True,
        "phone": "13800001234",
        "key": "k1",
        "now": NOW,
    }
    return complaint.file(session, **{**given, **more})  # type: ignore[arg-type]


def test_a_complaint_goes_above_the_committee_and_escalates(session: Session) -> None:
    """Scenario 16, its end."""
    photo = CleanPhoto(b"\xff\xd8", 1, 1, "ab" * 32)
    case = complain(session, photo=photo)
    assert (case.category, case.place_id, case.is_anonymous, case.phone) == ("村务公开", "lijiagou", True, None)
    assert case.team
    above = session.get(Place, case.team.place_id)
    assert above
    assert (above.id, above.level) == ("liuhe", Level.township)
    assert "2026年第三季度" in case.what
    assert "公开栏还是去年的" in case.what
    assert session.scalars(select(Photo.case_id)).all() == [case.id]
    assert complain(session, photo=photo).id == case.id  # sent twice
    assert len(session.scalars(select(Photo.id)).all()) == 1
    assert case.due_at
    case_clock(session, now=case.due_at + timedelta(minutes=1))
    assert case.escalated_at


def test_no_rule_leads_a_complaint_to_a_village(session: Session) -> None:
    committee = session.scalars(select(Team).where(Team.place_id == "lijiagou")).first()
    assert committee
    committee.is_fallback = True
    session.add(RoutingRule(position=1, place_id="lijiagou", team_id=committee.id))
    session.add(RoutingRule(position=1, keyword="账", team_id=committee.id))
    session.flush()
    assert team_for(session, category="其他", place="lijiagou", text="村里的账") == committee
    found = team_for(session, category="村务公开", place="lijiagou", text="村里的账")
    assert found
    assert found.place_id == "liuhe"


@pytest.mark.parametrize(
    "wrong",
    [
        {"duty_code": "nothing"},
        {"period": "2026Q9"},
        {"words": "长" * 1001},
        {"is_anonymous": False, "phone": "1" * 31},
    ],
)
def test_a_complaint_that_cannot_be_taken_says_why(session: Session, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        complain(session, **wrong)
    assert session.scalars(select(Case)).all() == []


def test_a_complaint_without_a_period_is_taken(session: Session) -> None:
    case = complain(session, period="", is_anonymous=False)
    assert "没说是哪一期" in case.what
    assert case.phone == "13800001234"
