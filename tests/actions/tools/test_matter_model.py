import json
from pathlib import Path

import pytest

from actions.tools.matter_model import NONE, OPEN, Model, model, read_examples, weighed
from actions.tools.matter_words import WHICH, Found, find
from actions.tools.matters import ANSWERS, MATTERS

JUDGED = Path(__file__).resolve().parents[2] / "judged"


def test_every_example_leads_to_something_we_know() -> None:
    known = {*MATTERS, *ANSWERS, NONE, OPEN}
    assert {example.matter for example in read_examples()} <= known


def test_the_model_was_taught_no_judged_message() -> None:
    taught = {example.text for example in read_examples()}
    judged = [
        json.loads(line)["text"]
        for path in JUDGED.glob("*/deadlines*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert judged
    assert [text for text in judged if text in taught] == []


def test_learning_twice_gives_the_same_opinion() -> None:
    said = "法院判决书12月3号收到，欠货款的案子，想上诉到哪天"
    assert Model(read_examples()).opinion(said) == model().opinion(said)


def test_what_the_words_and_the_model_agree_on_stays() -> None:
    said = "劳动仲裁裁决书11月20号收到，要去法院起诉公司"
    found = find(said)
    assert weighed(found, said) == found


def test_where_the_model_holds_something_quite_different_one_question_is_asked() -> None:
    said = "公安不立案，不予立案通知书12月3号收到，我要复议"
    doubted = weighed(Found((MATTERS["birth_registration"],)), said)
    assert doubted.ask == WHICH
    assert [matter.id for matter in doubted.matters] == ["birth_registration", "no_case_review"]


@pytest.mark.parametrize("said", ["是工资的事", "民事的"])
def test_a_short_answer_gets_no_second_opinion(said: str) -> None:
    found = Found((MATTERS["birth_registration"],))
    assert weighed(found, said) is found


def test_what_the_words_did_not_find_the_model_does_not_tell() -> None:
    assert weighed(Found(), "公安不立案，不予立案通知书12月3号收到，我要复议") == Found()
    vague = Found((MATTERS["general_limitation"],), is_vague=True)
    assert weighed(vague, "公安不立案，不予立案通知书12月3号收到，我要复议").ask == WHICH
