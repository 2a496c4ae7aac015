"""Our answers carry no fault that a machine sees, on today's law and on that of the next new year."""

from datetime import date
from typing import Any

from knowledge.documents.building import build
from knowledge.evaluation.answer_texts import Law, faults, report
from knowledge.statutes.citations import parse_citation
from tests.conftest import CORPUS
from tests.knowledge.documents.test_answer import CONTENT

LAW = Law({parse_citation("民法典 667"): "借款合同是……三年"})
PHRASINGS = [
    "借条没有",
    "表弟拿了俺两万",
    "微信转的账算数不",
    "他不认账咋整",
    "没字据",
    "老同学借走一万八没音信",
    "我妈借给小姨的钱",
    "去年腊月说好还",
    "电话也不接了",
    "能告他吗",
]


def found(**changed: Any) -> list[str]:
    data = {**CONTENT, "more": [], "questions": PHRASINGS, **changed}
    row = {"id": "answer-jie", "kind": "answer", "place": "nation", "in_force_from": date(2026, 11, 30)}
    return faults(build({**row, **data}, source="x")[0], LAW)


def test_a_sound_answer_has_none() -> None:
    assert found() == []
    assert found(answer="要得回来，三年内起诉。") == []
    assert found(never="手机上只用“交管12123”") == []  # an app


def test_each_kind_of_fault_is_seen() -> None:
    assert "来源里没有的数：2 year" in found(answer="要得回来，两年内起诉。")
    assert "没有在施行的法条：民法典 9999" in found(legal_basis=["民法典 667", "民法典 9999"])
    assert "没有收录的依据：没有的条例 3" in found(other_sources=["没有的条例 3"])
    assert "没有的电话：12399" in found(never="打 12399 问")
    assert any("公文话" in f for f in found(never="请找有关部门"))
    assert any("“你”要写“您”" in f for f in found(never="你别去"))
    assert "问法只有 2 种" in found(questions=PHRASINGS[:2])
    assert any("太像" in f for f in found(questions=[*PHRASINGS, "老同学借走一万八没音信了"]))


def test_our_corpus_has_none() -> None:
    said: list[str] = []
    figures = report(CORPUS, say=said.append)
    assert said == []
    assert figures["answers"] >= 1800
    assert figures["phrasings"] >= 18_000
    assert figures["rest_on_memory"] <= 219
    assert figures["numbers_from_memory"] <= 69
