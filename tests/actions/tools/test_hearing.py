"""Phrases of residents, each with the outcome a lawyer would give, on 30 November 2026."""

import json
from datetime import date
from pathlib import Path

import pytest

from actions.tools.exam import judge
from actions.tools.hearing import Doubt, day_in, hear
from actions.tools.matters import MATTERS

TODAY = date(2026, 11, 30)
ROWS = [
    json.loads(line)
    for line in Path(__file__).with_name("deadline_phrases.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_phrases_lead_where_they_should() -> None:
    outcomes = judge(ROWS)
    wrong = [(o.text, o.wanted, o.got) for o in outcomes if not o.is_right]
    assert len(outcomes) >= 400
    assert len(wrong) <= 0.02 * len(outcomes), wrong
    assert [o.text for o in outcomes if o.is_wrong_span] == []


def test_the_exam_tells_a_wrong_span_from_a_question_too_many() -> None:
    def one(text: str, **want: object) -> tuple[bool, bool]:
        row = {"text": text, "day": "2026-11-30", "want": {"matter": None, "last_day": None, "ask": False, **want}}
        outcome = judge([row])[0]
        return outcome.is_right, outcome.is_wrong_span

    told = "我9月1号被辞退，仲裁期限到哪天"
    assert one(told, matter="labour_arbitration", last_day="2027-09-01") == (True, False)
    assert one(told, matter="申请劳动仲裁", last_day="2027-09-01") == (True, False)  # the title does as well
    assert one(told, matter="labour_arbitration", last_day="2027-09-02") == (False, True)
    assert one(told, ask=True) == (False, True)
    assert one(told) == (False, True)
    assert one("公司把我辞退了", ask=True) == (True, False)
    assert one("公司把我辞退了", matter="reconsideration", ask=True) == (False, True)  # on the way to a wrong span
    assert one("裁决书收到了", matter="labour_award_suit", last_day="2026-12-04") == (False, False)
    assert one("村委会罚款", answer="village_fine") == (True, False)
    assert one("村委会罚款", answer="school_expulsion") == (False, False)


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("法院10月20号判的，11月16号才收到判决书，是欠款的案子，想上诉", date(2026, 11, 16)),
        ("不是11月20号，是11月21号收到的民事判决书 想上诉", date(2026, 11, 21)),
        ("被辞退是去年3月8号", date(2025, 3, 8)),
        ("交警11月20号出的现场，认定书前天给的，不服", date(2026, 11, 28)),
        ("判决今年3月2日生效，写的生效之日起十五日内还清，他没还，申请执行", date(2026, 3, 17)),
        ("调解书写第一期24年6月30，最后一期24年12月31，都没给，申请执行", date(2024, 12, 31)),
        ("城管10月20号下的处罚决定，罚我三千，当天送达，我要复议", date(2026, 10, 20)),
        ("我侄子关在看守所，一审判决书11月25号给他了，想上诉", date(2026, 11, 25)),
        ("法院11月25日把告我的起诉状副本送来，答辩状哪天交", date(2026, 11, 25)),  # the paper itself, here
        ("争地的处理决定，11月10号盖的章，11月17号我签收，要去法院起诉", date(2026, 11, 17)),  # not the stamp
        ("欠款的判决书落款是11月18，我是上礼拜四领回来的，想上诉", date(2026, 11, 26)),
        ("合作社去年12月8号开会定的分红没我份，今年3月5号我才听说，想请法院撤销", date(2026, 3, 5)),
        ("9月30号老板说干完今儿就别来了，我要去劳动仲裁", date(2026, 9, 30)),  # 今儿 is that day's
        ("离婚判决书是25号，不对，是26号收到的，想上诉", date(2026, 11, 26)),
        ("我儿子诈骗判了三年，他11月25号在看守所拿到判决书，他要上诉", date(2026, 11, 25)),
        ("欠款判决书，我说成11月20号收的，翻出回执是11月23号收到的，想上诉", date(2026, 11, 23)),
        ("支付令11月17号送来，更正一下，17号家里没人，11月23号我去法庭领的，书面异议哪天截", date(2026, 11, 23)),
        ("借条打在24年3月1日，写明当年9月1日还，他没还，起诉到哪天", date(2024, 9, 1)),
        ("调解书22年3月1号生效，让他4月15号前付清，他没付，申请强制执行到哪天", date(2022, 4, 15)),  # not this year's
        ("前年端午我被邻居家牛顶了，医药费他不认，打官司哪天过期", date(2024, 6, 10)),
        ("23年腊月借给他八千，条子写明去年国庆还，到现在没还，起诉期限到哪天", date(2025, 10, 1)),
        ("市场局11月20号给我的罚款决定书，我要复议，哪天截止", date(2026, 11, 20)),
        ("竹林的权属处理决定11月18日，寄到11月23日，起诉到法院哪天截", date(2026, 11, 23)),
    ],
)
def test_the_day_beside_its_words_is_the_start(said: str, start: date) -> None:
    assert hear(said, today=TODAY).start == start


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ("法院10月20号判的离婚，我不服想上诉", Doubt.no_day),  # judged, not received
        ("11月20号收到传票，欠款的案子，现在判决下来了想上诉", Doubt.no_day),
        ("离婚判决书11月20号还没收到", Doubt.no_day),
        ("离婚案11月20号开庭我签了字，判决书还没收到，想上诉", Doubt.no_day),
        ("打我的人，派出所11月10号给他本人处罚决定书，想复议", Doubt.no_day),  # his day, not mine
        ("车祸，对方保险公司不赔，鉴定书11月16日拿到", Doubt.no_day),  # not the day of the accident
        ("派出所给的纸分不清是不予立案还是别的，11月24号给的，想复议", Doubt.no_day),
        ("去年10月被辞退", Doubt.vague),
        ("八月十五被厂里辞退的", Doubt.vague),
        ("去年2月30号被辞退的", Doubt.impossible),
        ("明年1月5号借条到期 他说不还", Doubt.ahead),
        ("12月20号被辞退的", Doubt.year),  # nearly a year ago, or a slip of the tongue
        ("2月29号被辞退的", Doubt.year),
        ("3月8号被辞退 5月6号又被辞退了一回", Doubt.several),
        ("离婚判决书11月20号和11月23号各收到一份，想上诉", Doubt.several),
        ("劳动仲裁24年3月1号开的庭，3月10号收到的裁决书，要去法院起诉公司", Doubt.year),  # of either year
        ("欠我货款，条子写21年5月1号前给清，去年8月3号又还过我一千，起诉到哪天", Doubt.vague),  # begins anew
        ("劳动仲裁裁决11月20号送来，我妈替我收的，哪天收的没问过，要起诉公司", Doubt.no_day),
        ("欠款的判决书邻居11月20号替我签收的，想上诉", Doubt.vague),  # served on kin of the same home alone
    ],
)
def test_a_start_that_is_not_sure_is_no_start(said: str, doubt: Doubt) -> None:
    heard = hear(said, today=TODAY)
    assert (heard.start, heard.doubt) == (None, doubt)
    assert not heard.is_sure


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("刑事判决书11月20号收到了 不服", "被害的那一边"),
        ("裁决书11月20号收到的", "劳动仲裁的裁决，还是土地承包仲裁"),
        ("镇里给了个责令限期拆除通知 昨天收到", "《土地管理法》，还是《城乡规划法》"),
        ("给邻居家盖房 工钱一直没结", "给私人干的"),
        ("我是公司的 劳动仲裁裁决书11月17号收到 不服", "终局裁决"),
        ("检察院不起诉 昨天收到的", "被害人"),
    ],
)
def test_where_the_matter_or_the_person_is_open_one_thing_is_asked(said: str, asked: str) -> None:
    heard = hear(said, today=TODAY)
    assert asked in heard.ask
    assert heard.matter is None
    assert heard.start is None


@pytest.mark.parametrize(
    ("said", "matters"),
    [
        ("处罚决定11月10日收到，复议起诉都行，哪天截", {"reconsideration", "administrative_suit"}),
        ("厂里10月26号出了个工伤，报工伤认定到哪天", {"work_injury_employer", "work_injury_recognition"}),
        ("邻居的遗嘱把房留给我，10月15号才看到遗嘱，不是亲戚，最迟哪天表态", {"bequest_acceptance"}),  # is he dead?
        ("派出所挨打那事，伤情鉴定11月28日收到，不服要重新鉴定", {"injury_test_review"}),  # an offence or a crime?
    ],
)
def test_what_a_rule_cannot_be_sure_of_is_asked(said: str, matters: set[str]) -> None:
    heard = hear(said, today=TODAY)
    assert heard.ask
    assert heard.start is None
    assert matters <= {matter.id for matter in heard.matters}


def test_pollution_of_before_the_code_is_not_counted() -> None:
    """Three years had passed for some of it before 生态环境法典 gave five."""
    said = "化工厂排废水，{}鱼塘里的鱼全死了，赔偿起诉到哪天"
    assert hear(said.format("2025年5月30号"), today=TODAY).start == date(2025, 5, 30)
    old = hear(said.format("2022年5月30号"), today=TODAY)
    assert (old.matter, old.start) == (MATTERS["pollution_limitation"], None)


@pytest.mark.parametrize(
    "said",
    [
        "11月20日我被电动车撞了，医药费该谁出",
        "上个月8号他借我两万，帮我写个起诉状",
        "昨天签了调解协议，大家都满意，感谢你们",
        "12月3号仲裁开庭，要不要请律师",
    ],
)
def test_a_story_with_days_that_asks_for_something_else_leads_to_no_day(said: str) -> None:
    heard = hear(said, today=TODAY)
    assert (heard.matters, heard.start) == ((), None)
    asked = hear(f"{said}，期限到哪天", today=TODAY)  # the same story, and the time is asked for
    assert asked.matters


@pytest.mark.parametrize(
    "said",
    [
        "借条写11月26号借的，说好三个月还，他到底哪天该给我钱",
        "厂里说每月10号发工资，这个月10号是礼拜几",
        "劳动仲裁11月25号受理了，多久出裁决",
        "判一年缓刑两年，12月1日生效，缓刑考验期到哪天才算完",
    ],
)
def test_the_day_of_somebody_else_is_no_limit_of_ones_own(said: str) -> None:
    heard = hear(said, today=TODAY)
    assert (heard.matters, heard.start) == ((), None)


@pytest.mark.parametrize(
    ("said", "matter_id"),
    [
        ("决定书10月12日收到，复议我不走，直接去法院告民政局", "administrative_suit"),
        ("停低保的决定收到了，我不打官司，就想复议", "reconsideration"),
        ("停低保的决定收到了，行政复议那套信不过，想起诉", "administrative_suit"),
    ],
)
def test_the_way_that_is_refused_leaves_the_other(said: str, matter_id: str) -> None:
    assert hear(said, today=TODAY).matter is MATTERS[matter_id]


def test_a_day_alone_answers_the_question_for_the_day() -> None:
    assert day_in("去年3月5号", today=TODAY) == (date(2025, 3, 5), None, "去年3月5号")
    assert day_in("记不太清了", today=TODAY) == (None, Doubt.no_day, "")
    assert day_in("3.5万", today=TODAY)[0] is None


def test_only_sure_words_tell_a_span() -> None:
    assert hear("我9月1号被辞退", today=TODAY).matter is MATTERS["labour_arbitration"]
    assert hear("还来得及吗", today=TODAY).is_vague


@pytest.mark.parametrize(
    ("said", "matter_id"),
    [
        ("执行局罚了我三千，罚款决定书11月24号收到，想申请复议到哪天", "court_fine_review"),
        ("城管罚了我三千，处罚决定书11月24号收到，想申请复议到哪天", "reconsideration"),
        ("不动产中心11月18号给办的异议登记，要在哪天前去起诉", "objection_registration"),
        ("我是饭店老板，劳动仲裁裁决书11月20号收到，没写终局，要去法院起诉，最晚哪天", "labour_award_suit"),
        ("9月8号厂里把我辞退，一分补偿不给，劳动仲裁到哪天", "labour_arbitration"),
        ("11月20号收到的罚款决定书，我认罚，最晚几号去交钱", "fine_payment"),
        ("卖了两头猪，说好今年9月9号给钱，没给，起诉期限到啥时候", "general_limitation"),
        ("今年5月31号辞的职，年假没休也没给钱，想仲裁，最晚哪天", "labour_arbitration"),
    ],
)
def test_who_decided_and_what_is_asked_tell_the_matter(said: str, matter_id: str) -> None:
    heard = hear(said, today=TODAY)
    assert heard.is_sure
    assert heard.matter is not None
    assert heard.matter.id == matter_id


def test_the_days_to_think_over_an_insurance_are_those_of_the_policy() -> None:
    heard = hear("11月12号签收的人寿保单，犹豫期退全款到哪天", today=TODAY)
    assert heard.answer is not None
    assert heard.answer.id == "insurance_cooling_off"
