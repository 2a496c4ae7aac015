"""The learned second opinion: what it is taught with, and that it speaks only where the rules are silent."""

from collections import Counter

import pytest

from bot.emergency.guidance import GUIDANCE, Emergency, EmergencyKind
from bot.emergency.second_opinion import NONE, SecondOpinion, Sentence, read_sentences, train
from bot.turns import Turns
from tests.fakes import FakeRasa, PairEmbedder

SENTENCES = read_sentences()
TAUGHT = {kind.value for kind in EmergencyKind} - {"stroke", "bite", "legal_deadline"}  # finer cards, and no danger
DROWNED = Emergency(EmergencyKind.water, False, GUIDANCE[EmergencyKind.water])


@pytest.fixture(scope="module")
def taught() -> SecondOpinion:
    some = [s for s in SENTENCES if s.label in (NONE, "water")]
    return train(some[:600], embedder=PairEmbedder())


def test_there_are_enough_sentences_of_every_kind_and_near_misses() -> None:
    counts = Counter(s.label for s in SENTENCES)
    assert len(SENTENCES) >= 3000
    assert set(counts) == TAUGHT | {NONE}
    assert min(counts.values()) >= 40
    assert counts[NONE] >= 1200
    assert len({s.text for s in SENTENCES}) == len(SENTENCES)


def test_it_tells_a_kind_with_its_card(taught: SecondOpinion) -> None:
    drowning = next(s.text for s in SENTENCES if s.label == "water")
    [(chance, kind)] = taught.likely([drowning], PairEmbedder())
    assert kind == "water"
    assert 0.5 < chance <= 1
    found = taught.of(drowning, PairEmbedder())
    assert found is not None
    assert found.guidance is GUIDANCE[EmergencyKind.water]


def test_two_kinds_are_enough_to_learn_from() -> None:
    few = [Sentence("娃掉河里了", "water"), Sentence("借条怎么写", NONE)] * 4
    assert train(few, embedder=PairEmbedder()).likely(["娃掉河里了"], PairEmbedder())[0][1] == "water"


def test_the_rules_come_first_and_the_second_opinion_speaks_where_they_are_silent() -> None:
    asked: list[str] = []

    def second(text: str) -> Emergency | None:
        asked.append(text)
        return DROWNED if "塘边" in text else None

    turns = Turns(sessions=None, rasa=FakeRasa([]), second_opinion=second)  # type: ignore[arg-type]
    ruled = turns.danger_in("着火了")
    assert ruled is not None
    assert (ruled.kind, asked) == (EmergencyKind.fire, [])
    assert turns.danger_in("塘边只剩一双小鞋") is DROWNED
    assert turns.danger_in("彩礼能退吗") is None
