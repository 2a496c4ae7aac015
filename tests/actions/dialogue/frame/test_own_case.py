"""A second message that says which case of what was told is the resident's own."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.dispute import ReportDispute
from actions.dialogue.frame import own_case
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Said, Turn
from actions.dialogue.frame.own_case import Case, Told
from actions.dialogue.question import AnswerQuestion
from knowledge.answering.told import Abstention, Answer, Citation, Near
from knowledge.documents.kinds.answer import cases_in
from tests.actions.dialogue.test_base import given
from tests.fakes import PairEmbedder

SOURCE = Citation("answer", "问答", "theft", "孩子偷东西", None, "2026-01-01", None, False, "", None, 1.0)
THEFT = Told(
    "theft",
    "孩子偷东西要坐牢吗",
    {
        "answer": "看多大。",
        "cases": ["没满十四岁 → 不处罚，家长管教", "十四到十六岁 → 派出所能罚，一般不关"],
        "door": "司法所",
        "more": ["带什么：户口本"],
    },
    SOURCE,
)
GUARANTEE = Told("guarantee", "替人担保要还吗", {"answer": "看怎么写。", "cases": ["写了连带责任 → 直接找您"]}, SOURCE)


def near(*scores: float) -> list[Case]:
    return [Case(THEFT, when, then, score) for (when, then), score in zip(cases(), scores, strict=True)]


def cases() -> Sequence[tuple[str, str]]:
    return cases_in(THEFT.details["cases"])


def test_a_case_is_only_told_where_it_is_near_and_well_ahead() -> None:
    assert own_case.sure(near(0.9, 0.6), "差一个月满十五") == near(0.9, 0.6)[0]
    assert own_case.sure(near(0.9, 0.8), "差一个月满十五") is None  # 证没扯 lies as near to 领了证
    assert own_case.sure(near(0.5, 0.1), "差一个月满十五") is None
    assert own_case.sure([], "差一个月满十五") is None
    assert [case.when for case in own_case.likely(near(0.9, 0.8), "差一个月")] == ["没满十四岁", "十四到十六岁"]
    assert own_case.likely(near(0.4, 0.3), "差一个月") == []


def test_a_case_that_the_words_deny_is_not_told() -> None:
    written = [Case(GUARANTEE, "写了担保到某年某月", "按写的日子算", 1.2), Case(GUARANTEE, "口头担保", "不算", 0.3)]
    assert own_case.sure(written, "条子上写着担保到明年三月") == written[0]
    assert own_case.sure(written, "纸上就三个字担保人还有我的名字，别的啥都没有") is None
    assert own_case.sure(written, "上面没写到哪天") is None
    shared = [Case(GUARANTEE, "婆家村已经给您分了地", "那边有了，这边就没了", 1.2)]
    assert own_case.likely(shared, "我在婆家那边也没分到地") == []


def test_the_case_that_was_told_stands_first_and_once() -> None:
    whole = Answer("看多大。\n· 没满十四岁：不处罚，家长管教\n· 十四到十六岁：派出所能罚，一般不关", None, (), 0.9)
    said = own_case.first(whole, near(0.1, 0.9)[1]).text
    assert said == "十四到十六岁：派出所能罚，一般不关\n看多大。\n· 没满十四岁：不处罚，家长管教"


class Scripted(PairEmbedder):
    """Words that are near to each other by decree: what is in `like` points the way of what stands beside it."""

    like: ClassVar[dict[str, str]] = {"差一个月满十五": "十四到十六岁", "上面写的是连带": "写了连带责任"}

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return super().encode_queries([self.like.get(text, text) for text in texts])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Told]:
    ours = {"theft": THEFT, "guarantee": GUARANTEE}
    monkeypatch.setattr(own_case, "load", lambda _, ids, *__: [ours[one] for one in ids if one in ours])
    monkeypatch.setattr(Answering, "whole", lambda _, document: Answer(ours[document].details["answer"], None, (), 1.0))
    monkeypatch.setattr(Answering, "keep_unanswered", lambda *_, **__: None)
    return ours


def asked(sessions: sessionmaker[Session], text: str, *, kind: type[Any] = AnswerQuestion, **slots: Any) -> Said:
    services = replace(given(sessions), searcher=SimpleNamespace(embedder=Scripted()))  # type: ignore[arg-type]
    intent = "ask_law" if kind is AnswerQuestion else "report_dispute"
    said: Said = kind(services).do(Turn("c", text, intent=intent, sure=0.9, message=None, slots=slots))
    return said


def nothing_found(*_: Any, **__: Any) -> Abstention:
    return Abstention("not_sure", 0.1)


@pytest.mark.parametrize("kind", [AnswerQuestion, ReportDispute])
def test_a_second_message_gets_its_case(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch, kind: type[Any]
) -> None:
    monkeypatch.setattr(Answering, "look_up", nothing_found)
    said = asked(sessions, "差一个月满十五", kind=kind, last_document="theft", last_question="孩子偷东西")
    own = "听您这么说，是这一种：\n十四到十六岁：派出所能罚，一般不关。\n整条规矩：看多大。"
    assert said.replies[0].text == own
    kept = {event["name"]: event["value"] for event in said.events if event["event"] == "slot"}
    assert kept["last_question"] == "孩子偷东西 差一个月满十五"
    assert kept.get("last_document", "theft") == "theft"


def test_a_question_is_not_told_a_case(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "look_up", nothing_found)
    monkeypatch.setitem(Scripted.like, "差一个月满十五会不会留案底？", "十四到十六岁")
    said = asked(sessions, "差一个月满十五会不会留案底？", last_document="theft", last_question="孩子偷东西")
    assert "是这一种" not in said.replies[0].text


def test_what_has_a_sure_answer_of_its_own_is_no_case(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Answer("另一条。", None, (), 0.9, document="other")
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: own)
    said = asked(sessions, "差一个月满十五", last_document="theft", last_question="孩子偷东西")
    assert "另一条" in said.replies[0].text


def test_of_a_list_the_one_whose_case_was_told_is_told_whole(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "look_up", nothing_found)
    slots: dict[str, Any] = {"last_offered": ["theft", "guarantee"], "last_question": "签了字要还吗"}
    said = asked(sessions, "上面写的是连带", **slots)
    assert said.replies[0].text.startswith("照您说的，是这一条：替人担保要还吗\n")


def test_a_case_of_an_answer_that_others_lie_nearer_to_is_not_told_as_theirs(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """俩人没领过证 was told what holds where a husband's family wants the wife's name changed."""
    near = (
        Near("替人担保要还吗", "看怎么写。", None, "guarantee"),
        Near("孩子偷东西要坐牢吗", "看多大。", None, "theft"),
    )
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.3, near, 0.4))
    monkeypatch.setattr(own_case, "sure", lambda *_: Case(GUARANTEE, "写了连带责任", "直接找您", 1.3))
    slots: dict[str, Any] = {"last_offered": ["theft", "guarantee"], "last_question": "签了字要还吗"}
    said = asked(sessions, "孩子偷东西是头一回", **slots)
    assert said.replies[0].text.startswith("最挨得上的是这一条，您看是不是：孩子偷东西要坐牢吗\n")


@pytest.mark.parametrize(
    ("text", "is_list"),
    [("孩子偷东西，我替人担保要还吗", True), ("孩子偷东西那时候差半年没满十四岁，他爹不在家里", False)],
)
def test_a_question_that_the_last_answer_says_nothing_of_gets_what_else_lies_near(
    sessions: sessionmaker[Session],
    told: dict[str, Told],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    is_list: bool,
) -> None:
    near = (
        Near("替人担保要还吗", "看怎么写。", None, "guarantee"),
        Near("孩子偷东西要坐牢吗", "看多大。", None, "theft"),
    )

    def look_up(self: Any, turn: Turn, question: str, **_: Any) -> Answer | Abstention:
        alone = Abstention("not_sure", 0.3, near, 0.4)
        return alone if question == text else Answer("看多大。", None, (), 0.7, document="theft", raw=0.5)

    monkeypatch.setattr(Answering, "look_up", look_up)
    monkeypatch.setattr(own_case, "sure", lambda *_: None)
    said = asked(sessions, text, last_document="theft", last_question="孩子偷东西要坐牢吗")
    assert ("还是刚才那件事" in said.replies[0].text) is not is_list
    assert ("替人担保要还吗" in said.replies[0].text) is is_list
    assert ("看多大" in said.replies[0].text) is not is_list


@pytest.mark.parametrize(
    ("cost", "own", "is_told"),
    [
        ("看怎么写，不收钱。", "五日内复议。", True),
        ("看怎么写。", "五日内复议。", False),
        ("不收钱。", "五元。", False),
    ],
)
def test_who_asks_what_it_costs_after_a_list_is_told_where_it_says_so(
    sessions: sessionmaker[Session],
    told: dict[str, Told],
    monkeypatch: pytest.MonkeyPatch,
    cost: str,
    own: str,
    is_told: bool,
) -> None:
    """那个保护令要交好多钱 was told the five days for an appeal against it."""
    monkeypatch.setattr(Answering, "whole", lambda *_: Answer(cost, None, (), 1.0, document="guarantee"))
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Answer(own, None, (), 0.6, document="other"))
    slots: dict[str, Any] = {"last_offered": ["theft", "guarantee"], "last_question": "签了字要还吗"}
    said = asked(sessions, "那替人担保要交好多钱", **slots)
    assert said.replies[0].text.startswith("您问的是这一条：替人担保要还吗\n") is is_told


def test_the_same_list_is_not_shown_twice(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = tuple(Near(one.title, one.details["answer"], None, one.document) for one in told.values())
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.3, both, 0.4))
    first = asked(sessions, "签了字的事情要还吗")
    assert first.replies[0].text.startswith("您说的是下面哪一件？")
    kept = {event["name"]: event["value"] for event in first.events if event["event"] == "slot"}
    assert kept["last_offered"] == ["theft", "guarantee"]
    strange = asked(sessions, "那天下着雨，别的啥也没有", **kept)
    assert strange.replies[0].text.startswith("您说的是下面哪一件？")  # of neither
    again = asked(sessions, "孩子偷东西是头一回", **kept)
    assert again.replies[0].text.startswith("最挨得上的是这一条，您看是不是：孩子偷东西要坐牢吗\n看多大。")
    assert [button.title for button in again.replies[0].buttons] == ["替人担保要还吗"]


def test_what_lies_near_alone_is_no_list(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Near("替人担保要还吗", "看怎么写。", None, "guarantee", score=0.7)
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.7, (one,), 0.4))
    said = asked(sessions, "签了字的事情要还吗")
    assert said.replies[0].text == "最挨得上的是这一条，您看是不是：替人担保要还吗\n看怎么写。"
    assert not said.replies[0].buttons
    unsure = (replace(one, score=0.6),)
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.6, unsure, 0.4))
    said = asked(sessions, "签了字的事情要还吗")
    assert said.replies[0].text == "您说的是下面哪一件？点一下看怎么办。\n· 替人担保要还吗：看怎么写。"


def test_the_doors_are_those_of_the_answers_that_lie_near(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the topic's: 妇联 was offered for a shopping refund, the window for poor relief for a housing fund."""
    near = tuple(Near(name, name, "婚姻家庭", name, name) for name in ("公积金中心", "医保局", "教育局", "没有的门"))
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.4, near[:3], 0.4))
    reply = asked(sessions, "签了字的事情要还吗").replies[0]
    assert reply.next.startswith("都不是的话，先问公积金中心")
    assert ("医保局" in reply.next, "教育局" in reply.next, "妇联" in reply.next) == (True, False, False)
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.4, near[3:], 0.4))
    assert "妇联" in asked(sessions, "签了字的事情要还吗").replies[0].next


@pytest.mark.parametrize(("text", "is_said"), [("老公天天喝酒骂我", False), ("孩子偷东西头一回", True)])
def test_words_of_another_matter_are_not_answered_from_the_last(
    sessions: sessionmaker[Session],
    told: dict[str, Told],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    is_said: bool,
) -> None:
    def look_up(self: Any, turn: Turn, question: str, **_: Any) -> Answer | Abstention:
        is_joined = question != text
        return Answer("看多大。", None, (), 0.7, document="theft") if is_joined else nothing_found()

    monkeypatch.setattr(Answering, "look_up", look_up)
    said = asked(sessions, text, last_document="theft", last_question="娃拿了人家的车")
    assert ("还是刚才那件事" in said.replies[0].text) is is_said


def test_what_lies_nearest_to_both_messages_gives_way_only_to_one_well_ahead(
    sessions: sessionmaker[Session], told: dict[str, Told]
) -> None:
    """要是告的话是告村委还是告小组 names neither matter; 俩人没领过证 does."""
    answering = AnswerQuestion(given(sessions))
    theft, guarantee = told.values()
    words = guarantee.title
    assert own_case.nearest(answering, words, [theft, guarantee]) is guarantee
    assert own_case.nearest(answering, words, [theft, guarantee], first=theft) is guarantee  # far ahead
    assert own_case.nearest(answering, words, [theft, replace(guarantee, document="x")], first=guarantee) is not theft
    assert own_case.nearest(answering, "那天下着雨，别的啥也没有", [theft, guarantee], first=theft) is None


@pytest.mark.parametrize(
    ("text", "confidence", "nearest", "goes_on"),
    [
        ("孩子偷东西那天喝了半斤酒", 0.7, "theft", True),  # not sure, and both together lie nearest to another
        ("孩子偷东西那天喝了半斤酒", 0.85, "theft", False),  # sure
        ("孩子偷东西那天喝了半斤酒", 0.7, "drinking", False),  # both say the same
        ("低保一个月发好些钱", 0.7, "theft", False),  # of nothing that was told before
    ],
)
def test_an_answer_that_is_not_sure_gives_way_to_what_both_messages_say(
    sessions: sessionmaker[Session],
    told: dict[str, Told],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    confidence: float,
    nearest: str,
    goes_on: bool,
) -> None:
    """他那天自己喝了半斤酒, of a man who fell from my roof, was told of who drinks at one table."""
    near = tuple(Near(title, title, None, document) for title, document in (("甲", nearest), ("乙", "guarantee")))

    def found(_self: object, _turn: object, question: str, **_: object) -> Answer | Abstention:
        if question == text:
            return Answer("同桌喝酒看劝没劝。", None, (), confidence, document="drinking", raw=0.33)
        return Abstention("not_sure", 0.4, near, 0.32)

    monkeypatch.setattr(Answering, "look_up", found)
    slots: dict[str, Any] = {"last_offered": ["theft", "guarantee"], "last_question": "孩子偷了东西怎么办"}
    said = asked(sessions, text, **slots).replies[0].text
    assert said.startswith("同桌喝酒") is not goes_on


def test_what_both_find_far_surer_goes_on_though_it_lies_farther(
    sessions: sessionmaker[Session], told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(_self: object, _turn: object, question: str, **_: object) -> Answer | Abstention:
        if question.startswith("孩子偷东西那阵子"):
            return Abstention("not_sure", 0.24, (Near("别的", "别的。", None, "other"),), 0.31)
        return Answer("看多大。", None, (), 0.7, document="theft", raw=0.26)

    monkeypatch.setattr(Answering, "look_up", found)
    slots: dict[str, Any] = {"last_offered": ["theft"], "last_question": "年纪小的时候签的单子算不算数"}
    assert asked(sessions, "孩子偷东西那阵子离满十八还差俩月", **slots).replies[0].text.startswith("看多大")
