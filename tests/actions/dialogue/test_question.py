"""Several matters in one message, and the second message of a pair."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.dispute import ReportDispute
from actions.dialogue.frame import own_case, thread
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Turn
from actions.dialogue.hearing.matters import listed_matters, split_matters
from actions.dialogue.question import AnswerQuestion
from actions.replies import Reply, ReplyKind
from knowledge.answering.told import Abstention, Answer, Citation, Near
from knowledge.documents.kinds.service_guide import SERVICE_GUIDE
from knowledge.normalise import normalise
from tests.actions.dialogue.test_base import given
from tests.fakes import PairEmbedder


@pytest.mark.parametrize(
    ("text", "first_words"),
    [
        ("三件事问你哈：1厂里押我一个月工资 2我租房押金不退 3我弟的手机被没收找不回来", ["厂里", "我租房", "我弟"]),
        ("有两个事第一个是老头子给外头女的转了七万第二个是我没社保五十六了还能交不", ["老头子", "我没社保"]),
        (
            "四个事一块说：公益岗只发了五个月；公公的丧葬费没给；家门口路灯坏了；还有摩托卖了没过户",
            ["公益", "公公", "家门", "摩托"],
        ),
        ("一是工资没给，二是社保没交，咋弄", ["工资没", "社保没"]),
        ("想问三个事：欠了三万会不会坐牢，前妻不让看孩子，还有我哥种着我的地", ["欠了", "前妻", "我哥"]),
        (
            "房东涨租逼我搬走怎么办；邻居的狗咬了我家鸡不认；还有我妈的医药费三个月没报下来",
            ["房东", "邻居", "我妈"],
        ),
        ("小区有人占我车位半年，又有人拿走我的快递，还有物业不给装充电桩", ["小区", "有人", "物业"]),
        ("老板拖了三个月工资；社保没交；还有押金不退", []),
        ("我入股三十万是真金白银，另外的股东一分钱没交过，另外两个股东躲着不露面", []),
        ("1月份到2月份欠我工资", []),
        ("孩子三岁，第一次发烧第二次抽搐", []),
        ("我家三口人，一个月两千，二儿子不养我", []),
    ],
)
def test_what_is_counted_up_is_told_apart(text: str, first_words: list[str]) -> None:
    found = listed_matters(normalise(text))
    assert len(found) == len(first_words)
    assert all(part.startswith(word) for part, word in zip(found, first_words, strict=True))


def test_a_question_behind_a_mark_of_either_width_is_a_matter_of_its_own() -> None:
    for text in ("彩礼能退不？还有低保怎么办", "彩礼能退不?还有低保怎么办"):
        assert split_matters(text) == ["彩礼能退不", "低保怎么办"]


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Words that a matter begins with -> the answer to it."""
    told: dict[str, str] = {}

    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Answer | Abstention:
        found = next((said for words, said in told.items() if question.startswith(words)), None)
        return Answer(found, None, (), 0.9, document=found) if found else Abstention("not_sure", 0.1)

    monkeypatch.setattr(Answering, "look_up", look_up)
    return told


def replies(sessions: sessionmaker[Session], text: str) -> tuple[Reply, ...]:
    turn = Turn("c", normalise(text), intent="ask_law", sure=0.9, message=None)
    return AnswerQuestion(given(sessions)).do(turn).replies


def test_each_matter_counted_up_is_answered_in_order_and_none_dropped(
    sessions: sessionmaker[Session], knows: dict[str, str]
) -> None:
    knows |= {"厂里押": "押工资不合法。", "我弟": "学校要赔。"}
    said = replies(sessions, "三件事问你：1厂里押我一个月工资 2房东说墙有钉眼不退押金 3我弟的手机被没收找不回来")
    assert [reply.kind for reply in said] == [ReplyKind.answer, ReplyKind.abstention, ReplyKind.answer]
    assert said[0].text == "一、厂里押我一个月工资\n押工资不合法。"
    assert said[1].text.startswith("二、房东说墙有钉眼不退押金\n")
    assert said[2].text.endswith("学校要赔。")


def test_what_is_asked_beside_an_answered_matter_can_be_asked_by_a_tap(
    sessions: sessionmaker[Session], knows: dict[str, str]
) -> None:
    knows["交房晚了"] = "能要违约金。"
    said = replies(sessions, "当初说楼下有学校现在没有能不能退？交房晚了五个月违约金找谁要？")
    assert said[0].text == "能要违约金。"
    assert [button.title for button in said[1].buttons] == ["当初说楼下有学校现在没有能不能退"]


def test_the_answer_told_last_isnt_told_again_word_for_word(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Citation("answer", "问答", "wages", "双倍工资", None, "2026-01-01", None, False, "", None, 1.0)
    details = {
        "answer": "能。",
        "cases": ["他不肯签 → 要不到", "已经走了一年 → 离开那天起一年内要"],
        "door": "劳动仲裁",
    }
    monkeypatch.setattr(thread, "_told", lambda *_: own_case.Told("wages", "双倍工资", details, source))
    services = replace(given(sessions), searcher=SimpleNamespace(embedder=PairEmbedder()))  # type: ignore[arg-type]
    turn = Turn("c", "那要是我已经走了一年呢", intent="ask_law", sure=0.9, message=1, slots={"last_document": "wages"})
    told = Answer("能。整篇再说一遍。", None, (), 0.8, document="wages")
    said = thread.again(AnswerQuestion(services), turn, told)
    assert said.text.startswith("还是刚才那件事：能。")
    assert said.text.endswith("已经走了一年：离开那天起一年内要。")
    assert "整篇" not in said.text
    other = Answer("另一条。", None, (), 0.8, document="other")
    assert thread.again(AnswerQuestion(services), turn, other).text == "另一条。"


_CARD = {
    "answer": "带户口本到派出所办。",
    "more": ["带什么：户口本", "代办：得本人去", "不给办：打12389", "多少钱：补领四十元"],
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("那要带什么", "户口本"),
        ("我妈走不动，儿子能替她办吗", "得本人去"),
        ("窗口不给办咋整?", "打12389"),
        ("窗口不给办咋整？", "打12389"),
        ("补领要多少钱", "补领四十元"),
        ("低保要带什么", None),
        ("低保不给办咋办", None),
        ("打官司要多少钱", None),
    ],
)
def test_the_next_question_gets_its_line_unless_it_names_another_matter(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, text: str, told: str | None
) -> None:
    source = Citation("answer", "问答", "card", "身份证丢了怎么补", None, "2026-01-01", None, False, "", None, 1.0)
    monkeypatch.setattr(thread, "_told", lambda *_: own_case.Told("card", "身份证丢了怎么补", _CARD, source))
    turn = Turn("c", text, intent="ask_law", sure=0.9, message=1, slots={"last_document": "card"})
    said = thread.from_last(AnswerQuestion(given(sessions)), turn)
    assert (said.text if said else None) == told


def test_the_parts_of_a_paper_answer_the_next_question(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {
        "id": "guide-x",
        "title": "怎么办证",
        "answer": "去窗口办。",
        "sections": {"收费": "不收钱。", "谁可以办": "成年人。", "注意": "别丢。", "代办": "家里人能替。"},
    }
    details = SERVICE_GUIDE.build(data, "test")[0][0].details
    assert not any("别丢" in part for part in details["parts"])
    source = Citation("service_guide", "指南", "guide-x", "怎么办证", None, "2026-01-01", None, False, "", None, 1.0)
    monkeypatch.setattr(thread, "_told", lambda *_: own_case.Told("guide-x", "怎么办证", details, source))
    for text, told in (("要多少钱", "不收钱。"), ("什么条件", "成年人。"), ("多久", None)):
        turn = Turn("c", text, intent="ask_service_guide", sure=0.9, message=1, slots={"last_document": "guide-x"})
        said = thread.from_last(AnswerQuestion(given(sessions)), turn)
        assert (said.text if said else None) == told


def test_a_clause_of_the_village_is_wanted_by_these_words_not_by_those_of_the_matter_before(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[str] = []

    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Abstention:
        wanted.append(intent)
        return Abstention("not_sure", 0.1)

    monkeypatch.setattr(Answering, "look_up", look_up)
    answering = AnswerQuestion(given(sessions))
    for before in ("ask_law", "ask_village_rule"):
        slots = {"last_question": "村里修路要各家出钱吗", "last_intent": before}
        turn = Turn("c", "粮站收粮压级压价", intent="ask_village_rule", sure=0.9, message=None, slots=slots)
        thread.best_reading(answering, turn, intent="ask_village_rule")
    assert wanted == ["ask_village_rule", "ask_law", "ask_village_rule", "ask_village_rule"]


@pytest.mark.parametrize(
    ("text", "intent", "told"),
    [
        (
            "我们村酒席最多能办几桌",
            "ask_village_rule",
            "十五桌",
        ),  # 讨薪可以投诉、仲裁、起诉 was told, by the question before
        ("那我们村最多几桌", "ask_village_rule", "讨薪"),
        ("彩礼多少算高", "ask_law", "讨薪"),
    ],
)
def test_a_question_for_the_villages_rules_after_one_of_the_law_stands_alone(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, text: str, intent: str, told: str
) -> None:
    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Answer:
        is_alone = question == turn.text
        return Answer("十五桌" if is_alone else "讨薪", None, (), 0.6 if is_alone else 0.85)

    monkeypatch.setattr(Answering, "look_up", look_up)
    slots = {"last_question": "拖欠工资犯法吗", "last_intent": "ask_law"}
    turn = Turn("c", text, intent=intent, sure=0.9, message=None, slots=slots)
    read = thread.best_reading(AnswerQuestion(given(sessions)), turn, intent=intent)
    assert read
    assert read[0].text == told


def _found(raw: float, chance: float = 0.3, near: tuple[Near, ...] = ()) -> Abstention:
    return Abstention("not_sure", chance, near, raw)


@pytest.mark.parametrize("action", [AnswerQuestion, ReportDispute])
@pytest.mark.parametrize(
    ("text", "alone", "joined", "is_joined"),
    [
        ("我没收他一分钱呀，这个也要我出吗", 0.28, 0.31, True),
        ("那他说我改过线，一点不赔啦", 0.32, 0.31, True),  # words that lean
        ("村里低保名单在哪里看，今年有没有公示", 0.4, 0.33, False),
    ],
)
def test_words_belong_to_the_question_before_where_both_lie_nearer(
    sessions: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    alone: float,
    joined: float,
    is_joined: bool,
    action: type[AnswerQuestion] | type[ReportDispute],
) -> None:
    before = "骑摩托捎了个同村的，路上摔了，他手腕断了"
    lift, other = Near("好心捎人出了事，要赔吗", "要赔，可以少赔。"), Near("人家送的钱要退吗", "多半要退。")

    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Abstention:
        return _found(joined, near=(lift,)) if question.startswith(before) else _found(alone, near=(other,))

    monkeypatch.setattr(Answering, "look_up", look_up)
    intent = "ask_law" if action is AnswerQuestion else "report_dispute"
    turn = Turn("c", text, intent=intent, sure=0.9, message=None, slots={"last_question": before})
    said = action(given(sessions)).do(turn)
    titles = [button.title for button in said.replies[0].buttons]
    assert titles == ([lift.title, other.title] if is_joined else [other.title])


@pytest.mark.parametrize(("text", "is_told"), [("工资不给我", True), ("欠钱", False)])
def test_a_trouble_of_a_few_words_is_looked_up_too(
    sessions: sessionmaker[Session], knows: dict[str, str], text: str, is_told: bool
) -> None:
    knows |= {"工资": "欠工资犯法。", "欠钱": "能要回来。"}
    turn = Turn("c", text, intent="report_dispute", sure=0.9, message=None)
    said = ReportDispute(given(sessions)).do(turn).replies
    assert (said[0].text == "欠工资犯法。") is is_told
    assert "登记上报" in said[-1].text


def test_what_is_filed_of_a_second_message_is_the_whole_story(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "给表弟的车贷签了个字，银行找我要钱"

    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Abstention:
        return _found(0.5 if question.startswith(before) else 0.2)

    monkeypatch.setattr(Answering, "look_up", look_up)
    turn = Turn("c", "我没收他一分钱呀", intent="report_dispute", message=None, slots={"last_question": before})
    said = ReportDispute(given(sessions)).do(turn)
    kept = {event["name"]: event["value"] for event in said.events if event["event"] == "slot"}
    assert kept["dispute_offer"] == kept["last_question"] == f"{before} 我没收他一分钱呀"


def test_a_line_that_does_not_fit_is_not_told_as_the_nearest(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Citation("answer", "问答", "lift", "装电梯", None, "2026-01-01", None, False, "", None, 1.0)
    details = {"answer": "不用家家同意。", "cases": ["没投钱的后来想用 → 按协议补交"], "door": "法院"}
    monkeypatch.setattr(thread, "_told", lambda *_: own_case.Told("lift", "装电梯", details, source))
    services = replace(given(sessions), searcher=SimpleNamespace(embedder=PairEmbedder()))  # type: ignore[arg-type]
    turn = Turn("c", "她躺在挖机前面，手续都批了，还能挖不", message=None, slots={"last_document": "lift"})
    told = Answer("不用家家同意。", None, (), 0.8, document="lift")
    said = thread.again(AnswerQuestion(services), turn, told)
    assert "补交" not in said.text
    assert said.kind is ReplyKind.abstention
    assert "没说到您问的那一点" in said.next
    assert said.text.endswith("不用家家同意。")  # the rule itself is said again
    assert "转人工" in said.next
