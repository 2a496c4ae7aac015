"""What a sentence of a resident fills, corrects, asks or stops, without a running stack."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.cases.models import Photo
from actions.dialogue import case
from actions.dialogue.dispute import AskConfirm, ValidateDispute
from actions.dialogue.frame.base import Turn
from actions.dialogue.hearing import asides, phrases
from actions.dialogue.hearing import dispute as words
from knowledge.normalise import normalise
from tests.actions.dialogue.test_base import given

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (
            "前天晚上在村口小卖部门前，养殖场的车把我三轮撞坏了",
            {"where": "村口", "when": "前天晚上（11月22日）", "who": "养殖场"},
        ),
        ("昨天对门把垃圾倒我家门口", {"when": "昨天（11月23日）", "who": "对门"}),
        ("家里没有残疾人也没有老人", {}),
        ("邻居半夜放音响", {"who": "邻居"}),
        ("我老公坐轮椅，坡道让人堵了", {"care": "残疾人"}),
        ("广场舞太吵", {}),
        ("老板不发工资，喊他补齐", {"who": "老板", "care": "农民工工资", "wish": "喊他补齐"}),
    ],
)
def test_a_sentence_fills_what_it_says_and_no_more(text: str, filled: dict[str, str]) -> None:
    assert words.extract(normalise(text), now=NOW) == filled


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("地点不对，是村口", ("where", "村口")),
        ("不是昨天，是前天", ("when", "前天")),
        ("我说错了，是隔壁不是对门", ("who", "隔壁")),
        ("等一下，地方搞错了，是镇东头的超市", ("where", "镇东头的超市")),
        ("不对不对，应该是前天", ("when", "前天")),
        ("时间要改", ("when", None)),
        ("要求再加一条，让他道歉", ("wish", "赔钱；让他道歉")),
        ("他不是好人，是个骗子吗", None),
        ("对方是包工头，不是老板", ("who", "包工头")),
        ("对方应该是隔壁老李不是对门", ("who", "隔壁老李")),
        ("对方不是对门，是隔壁老李", ("who", "隔壁老李")),
        ("地点在村口，不在村西头", ("where", "村口")),
        ("对方不是人，是个畜生", None),
        ("对方是不是要赔我钱", None),
        ("事情是他先动的手，不是我", None),
    ],
)
def test_a_correction_names_its_field(text: str, corrected: tuple[str, str | None] | None) -> None:
    held: dict[str, str | None] = {"where": "村西头", "when": "昨天（11月23日）", "who": "对门", "wish": "赔钱"}
    assert words.correction(normalise(text), held, now=NOW) == corrected


@pytest.mark.parametrize(
    ("text", "phone", "odd"),
    [
        ("一三八一二三四五六七八", "13812345678", 0),
        ("136 1234 5678", "13612345678", 0),
        ("13911112222", "13911112222", 0),
        ("1381234567", None, 10),
        ("138123456789", None, 12),
    ],
)
def test_a_phone_number_is_read_as_people_write_it(text: str, phone: str | None, odd: int) -> None:
    assert (phrases.phone_in(normalise(text)), phrases.odd_number_in(normalise(text))) == (phone, odd)


@pytest.mark.parametrize(
    ("text", "stops"),
    [("算了不报了", True), ("唉还是算了吧", True), ("停下来", False), ("让他把摊子撤了", False), ("让他停下", False)],
)
def test_only_the_report_is_stopped_never_the_trouble(text: str, stops: bool) -> None:
    assert phrases.is_drop(text) is stops


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        ("没解决", False),
        ("水不漏了，解决了", True),
        ("鬼影子都没见到", False),
        ("又犯了", False),
        ("还行吧", None),
        ("墙已经扒了", True),
    ],
)
def test_the_verdict_on_an_answer_is_read_from_the_words(text: str, solved: bool | None) -> None:
    assert case.verdict(text) is solved


@pytest.mark.parametrize(
    ("text", "mark"), [("打5分", 5), ("五分", 5), ("很满意", 5), ("一般吧", 3), ("很不满意", 1), ("你好", None)]
)
def test_a_mark_is_read_from_figures_and_words(text: str, mark: int | None) -> None:
    assert case.stars(text) == mark


def test_a_question_of_law_is_no_question_about_the_form() -> None:
    assert asides.find("报这个要钱吗", asides.REPORT)
    assert not asides.find("人民调解要收费吗？", asides.REPORT)
    assert not asides.find("低保一个月多少钱", asides.REPORT)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("我要投诉隔壁砌墙占了我家的路", True),
        ("举报村干部", True),
        ("路灯坏了，派人来修", True),
        ("登记吧", True),
        ("俺爹三月份老的，没顾上报，养老金一直打，现在社保所来电话叫退", False),
        ("上回登记的跟王家的地界纠纷到哪一步了", False),
        ("老房子是爷爷留下的，我爸没登记就不在了，我能把证办到我名下不", False),
        ("结婚登记要什么", False),
        ("他去派出所报案了", False),
    ],
)
def test_a_word_of_filing_within_a_story_asks_for_none(text: str, asks: bool) -> None:
    assert phrases.is_explicit(text) is asks


def heard_where(sessions: sessionmaker[Session], text: str, *, intent: str, hint: str | None = None) -> dict[str, Any]:
    """What the form fills where it has asked for the place."""
    held = {"requested_slot": "dispute_where", "dispute_what": "邻居砌墙占了我家路", "dispute_hint": hint}
    turn = Turn("c", text, intent=intent, sure=0.95, message=2, slots=held)
    said = ValidateDispute(given(sessions)).do(turn)
    return {e["name"]: e["value"] for e in said.events if e["event"] == "slot" and e["value"]}


def test_another_trouble_is_no_place(sessions: sessionmaker[Session]) -> None:
    told = "村上那个水渠遭隔壁堵死了"
    asked = heard_where(sessions, told, intent="report_dispute")
    assert "dispute_where" not in asked
    assert "在哪儿" in asked["dispute_hint"]
    again = heard_where(sessions, told, intent="report_dispute", hint="在哪儿")
    assert again["dispute_where"] == told, "said twice, it stands"
    assert heard_where(sessions, "村东头老井边上", intent="report_dispute")["dispute_where"]
    assert heard_where(sessions, "老王家后面那块地", intent="inform")["dispute_where"]


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [("养老金每月有好多", True), ("赔下来能得好多钱", True), ("他欠我好多钱", False), ("村里人好多", False)],
)
def test_sichuans_how_much_is_a_question(text: str, is_asked: bool) -> None:
    assert phrases.is_question(text) == is_asked


@pytest.mark.parametrize(("sent", "said"), [(0, "有照片可以再加上"), (2, "照片 2 张一起报上去")])
def test_what_is_read_back_says_how_many_photos_go_along(sessions: sessionmaker[Session], sent: int, said: str) -> None:
    with sessions.begin() as session:
        session.add_all(Photo(conversation_id="c1", sha256=str(n) * 64, jpeg=b"x") for n in range(sent))
        session.add(Photo(conversation_id="other", sha256="9" * 64, jpeg=b"x"))
    text = AskConfirm(given(sessions)).do(Turn("c1", "", slots={"dispute_what": "地被占了"})).replies[0].text
    assert text.endswith(f"这样报上去，行吗？{said}。")
