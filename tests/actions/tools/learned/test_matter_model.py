import json
from pathlib import Path

import pytest

from actions.tools.learned.examples import NONE, OPEN, phrases, said, tales
from actions.tools.learned.matter_model import Model, model, weighed
from actions.tools.matter_words import WHICH, Found, find
from actions.tools.matters import ANSWERS, MATTERS

JUDGED = Path(__file__).resolve().parents[3] / "judged"


def test_every_example_leads_to_something_we_know() -> None:
    known = {*MATTERS, *ANSWERS, NONE, OPEN}
    assert {example.matter for example in [*phrases(), *tales(), *said()]} <= known


def test_the_models_were_taught_no_judged_message() -> None:
    taught = {example.told for example in [*phrases(), *tales()]}
    judged = [
        json.loads(line)["text"]
        for path in JUDGED.glob("*/deadlines*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert judged
    assert [text for text in judged if text in taught] == []


def test_every_matter_has_tales_with_its_day_and_tales_without() -> None:
    marked = {example.matter for example in tales() if example.marked}
    unmarked = {example.matter for example in tales() if not example.marked}
    rulings = {"criminal_ruling_appeal", "private_ruling_appeal"}  # hardly anybody asks
    assert set(MATTERS) - marked <= {*rulings, "labour_inspection"}
    assert {NONE, OPEN} <= unmarked


def test_learning_twice_gives_the_same_opinion() -> None:
    text = "法院判决书12月3号收到，欠货款的案子，想上诉到哪天"
    assert Model([*phrases(), *said()], tales()).opinion(text) == model().opinion(text)


def test_what_the_words_and_the_model_agree_on_stays() -> None:
    text = "劳动仲裁裁决书11月20号收到，要去法院起诉公司"
    found = find(text)
    assert weighed(found, text) == found


def test_where_the_model_holds_something_else_to_be_likelier_one_question_is_asked() -> None:
    text = "承包合同纠纷的官司，公安说不归他管，叫我去法院"
    doubted = weighed(Found((MATTERS["no_case_review"],)), text)
    assert doubted.ask == WHICH
    assert [matter.id for matter in doubted.matters] == ["no_case_review", "civil_appeal"]


def test_where_the_model_holds_it_to_be_open_one_question_is_asked() -> None:
    text = "厂里的事，工资和工伤都没说清楚，9月3号以后就没去，最晚哪天"
    doubted = weighed(Found((MATTERS["labour_arbitration"],)), text)
    assert (doubted.matters, doubted.ask) == ((MATTERS["labour_arbitration"],), WHICH)


def test_which_of_two_matters_with_one_article_and_one_day_is_no_question() -> None:
    text = "8月10号我从厂里辞工走的，还欠我两个月工资没发，劳动仲裁到哪天"
    told = weighed(Found((MATTERS["labour_arbitration"],)), text)
    assert (told.matters, told.ask) == ((MATTERS["labour_wages_after_leaving"],), "")
    one, other = MATTERS["labour_arbitration"], MATTERS["labour_wages_after_leaving"]
    assert (one.article, one.amount, one.unit, one.begins) == (other.article, other.amount, other.unit, other.begins)


@pytest.mark.parametrize("text", ["是工资的事", "民事的"])
def test_a_short_answer_gets_no_second_opinion(text: str) -> None:
    found = Found((MATTERS["birth_registration"],))
    assert weighed(found, text) is found


def test_what_the_words_leave_open_the_model_decides_where_it_is_far_ahead() -> None:
    vague = Found((MATTERS["general_limitation"],), is_vague=True)
    told = weighed(vague, "公安不立案，不予立案通知书12月3号收到，我要复议")
    assert (told.matters, told.ask) == ((MATTERS["no_case_review"],), "")
    open_still = weighed(vague, "法院判决书昨天收到了，不服，最晚哪天")  # civil, criminal or against an office
    assert len(open_still.matters) != 1 or open_still.ask or open_still.is_vague


def test_who_asks_for_no_limit_is_told_none_though_the_words_heard_nothing() -> None:
    assert weighed(Found(), "去年3月8号被狗咬，花了2300，狗主人该不该赔") == Found()


@pytest.mark.parametrize("said", ["我想算一下土地承包仲裁的期限", "劳动仲裁时效是多久", "帮我查民事上诉的期限"])
def test_a_matter_called_by_its_name_is_that_matter(said: str) -> None:
    assert len(find(said).matters) == 1
    assert weighed(find(said), said) == find(said)
