from datetime import date

import pytest

from actions.calendar import said_days
from actions.tools.hearing import Doubt, start_in
from actions.tools.learned.examples import Example, phrases, tales
from actions.tools.learned.start_model import StartModel, model
from actions.tools.matters import MATTERS

TODAY = date(2026, 12, 1)


def test_every_mark_of_an_example_stands_around_one_day() -> None:
    wrong = []
    for example in [*phrases(), *tales()]:
        if example.marked is None:
            continue
        days = said_days.read(example.told, today=TODAY, past=True)
        at, end = example.marked
        if not any(day.at < end and day.end > at for day in days):
            wrong.append(example.text)
    assert wrong == []


def test_a_mark_is_no_part_of_what_is_told() -> None:
    example = Example(text="判决书【11月20号】收到", matter="civil_appeal")
    assert example.told == "判决书11月20号收到"
    assert example.marked is not None
    assert example.told[slice(*example.marked)] == "11月20号"
    assert Example(text="判决书收到了", matter="civil_appeal").marked is None


def test_learning_twice_gives_the_same_scores() -> None:
    text, matter = "判决书11月20号落款，11月24号到家，欠款案，上诉哪天截", MATTERS["civil_appeal"]
    days = said_days.read(text, today=TODAY, past=True)
    again = StartModel(phrases(), tales()).scores(text, days, matter)
    assert again == model().scores(text, days, matter)
    assert again[0] < again[1]  # the day it came, not the one it is dated
    assert model().scores("欠款案，想上诉", [], matter) == []


@pytest.mark.parametrize(
    ("matter", "said", "start"),
    [
        ("labour_arbitration", "9月12号保安把我行李扔到大门外叫我别再进厂，要赔偿去劳动仲裁", date(2026, 9, 12)),
        ("civil_appeal", "11月18日判决，11月23日我姐夫开车送我去法院把判决书捧回家，想上诉", date(2026, 11, 23)),
        ("general_limitation", "去年8月2号他家的鹅啄瞎我一只眼，没赔过钱", date(2025, 8, 2)),
    ],
)
def test_days_by_words_that_no_list_has_are_starts(matter: str, said: str, start: date) -> None:
    assert start_in(said, MATTERS[matter], today=TODAY)[0] == start


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        ("accident_review", "11月9号撞的，认定书不知哪天塞门缝的，同等责任不服，复核几号截"),
        ("civil_appeal", "判决书对方律师11月20号收的，我还没收到，上诉到哪天"),
        ("labour_award_suit", "仲裁委11月17号来电话说裁决书寄了，我没收着，起诉几号前"),
        ("work_injury_recognition", "住院是5月6号到7月9号，出事哪天要翻病历，厂里没报，工伤认定到哪天"),
    ],
)
def test_the_day_of_something_else_is_asked_about(matter: str, said: str) -> None:
    start, doubt, _ = start_in(said, MATTERS[matter], today=TODAY)
    assert start is None
    assert doubt in (Doubt.no_day, Doubt.several, Doubt.vague)
