"""The kind 问答: what its lines hold, what is missing, and what a resident is told."""

from datetime import date
from typing import Any

from knowledge.documents.building import build
from knowledge.documents.kinds.answer import cases_in, more_in
from knowledge.documents.kinds.registry import Kind
from knowledge.documents.shape import problems, shaped
from knowledge.documents.sources.doors import DOORS, doors_for
from knowledge.documents.topics import TOPICS

DAY = date(2026, 11, 30)
CONTENT: dict[str, Any] = {
    "title": "借钱给亲戚没写借条，要得回来吗",
    "topic": "借贷债务",
    "answer": "要得回来。转账记录加上催钱的聊天，没有借条一样能起诉。",
    "cases": ["他说这钱是还以前的账 → 由他先拿证据", "没说好哪天还 → 随时可以要"],
    "steps": ["今天就发微信问他什么时候还", "谈不成，带身份证和回单去法院立案"],
    "never": "别堵门、别扣车，那样有理变没理",
    "door": "法院诉讼服务",
    "more": ["带什么：身份证、转账回单", "多久：一审一般六个月内"],
    "legal_basis": ["民法典 667"],
    "not_for": ["借条丢了"],
    "questions": ["没借条能起诉吗", "表弟拿了俺两万不认账"],
}


def wrong(**changed: Any) -> list[str]:
    content = shaped(Kind.answer, {**CONTENT, **changed})
    return problems(Kind.answer, content, in_force_from=DAY, in_force_to=None)


def test_a_complete_answer_lacks_nothing() -> None:
    assert wrong() == []


def test_what_is_missing_or_too_long_is_told_in_the_legal_workers_words() -> None:
    assert "最多 120 个" in wrong(answer="很长" * 61)[0]
    assert "一到5步" in wrong(steps=["一步"] * 3 + [f"第{n}步" for n in range(9)])[0]
    assert "这一步太长" in wrong(steps=["走" * 101])[0]
    assert "什么情况 → 怎么样" in wrong(cases=["没写箭头"])[0]
    assert "开头要是" in wrong(more=["几点开门：八点"])[0]
    assert wrong(legal_basis=[]) == ["请写法律依据，或者别的依据。"]
    assert wrong(legal_basis=[], other_sources=["工伤保险条例 17"]) == []
    assert wrong(door="没有的门") == ["请写去哪儿。"]


def test_its_lines_are_read_as_they_are_written() -> None:
    assert cases_in(CONTENT["cases"])[0] == ("他说这钱是还以前的账", "由他先拿证据")
    assert more_in(CONTENT["more"]) == {"带什么": "身份证、转账回单", "多久": "一审一般六个月内"}


def test_every_phrasing_and_the_question_itself_are_indexed() -> None:
    data = {**CONTENT, "id": "answer-jie", "kind": "answer", "place": "nation", "in_force_from": DAY}
    document, questions = build(data, source="x")
    assert [q.text for q in questions] == [CONTENT["title"], *CONTENT["questions"]]
    assert not any(q.is_set_aside for q in questions)
    assert document.chunks[0].details["door"] == "法院诉讼服务"


def test_each_topic_has_a_door_and_an_unknown_one_has_the_last_resort() -> None:
    assert all(doors_for(topic) for topic in TOPICS)
    assert [door.phone for door in doors_for(None)] == ["12348", "12345"]
    assert DOORS["劳动监察"].phone == "12333"
