"""The learned second opinion: what it is taught with, and that it speaks only where the rules are silent."""

from collections import Counter

import pytest

from bot.emergency.guidance import GUIDANCE, Emergency, EmergencyKind
from bot.emergency.recognising import recognise
from bot.emergency.second_opinion import NONE, SecondOpinion, Sentence, read_sentences, train, troubles
from bot.turns import Turns
from tests.fakes import FakeRasa, PairEmbedder

SENTENCES = read_sentences()
TAUGHT = {kind.value for kind in EmergencyKind} - {"stroke", "bite", "legal_deadline"}  # finer cards, and no danger


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


def test_two_kinds_are_enough_to_learn_from() -> None:
    few = [Sentence("娃掉河里了", "water"), Sentence("借条怎么写", NONE)] * 4
    assert train(few, embedder=PairEmbedder()).likely(["娃掉河里了"], PairEmbedder())[0][1] == "water"


def sure(chance: float, kind: str = "water") -> SecondOpinion:
    """One that always thinks so."""
    opinion = SecondOpinion(None, None)  # type: ignore[arg-type]
    opinion.likely = lambda *_: [(chance, kind)]  # type: ignore[method-assign]
    return opinion


def held(text: str, chance: float, kind: str = "water") -> Emergency | None:
    return sure(chance, kind).of(text, PairEmbedder(), recognise(text))


@pytest.mark.parametrize(("chance", "is_alarm", "is_feared"), [(0.95, True, False), (0.6, False, True)])
def test_it_speaks_where_the_rules_are_silent(chance: float, is_alarm: bool, is_feared: bool) -> None:
    found = held("塘边只剩一双小鞋", chance)
    assert found is not None
    assert (not found.soft, found.is_feared, found.kind) == (is_alarm, is_feared, EmergencyKind.water)
    assert held("彩礼能退吗", 0.1) is None


def test_an_answer_to_our_question_needs_more_to_ring() -> None:
    wish = "让他晚上莫放了"
    assert recognise(wish) is None
    for chance, rings in ((0.7, False), (0.95, False), (0.98, True)):
        found = sure(chance, "revenge").of(wish, PairEmbedder(), None, is_asked=True)
        assert found is not None
        assert (not found.soft, found.is_feared, found.is_likely) == (rings, not rings, not rings)
    assert not sure(0.0).of("着火了", PairEmbedder(), recognise("着火了"), is_asked=True).soft  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["着火了", "我不想活了，一点意思都没有，你们别管我", "孩子吃了老鼠药"])
def test_a_cry_and_the_wish_to_die_are_never_doubted(text: str) -> None:
    assert held(text, 0.0) == recognise(text)


def test_a_told_trouble_with_words_of_danger_is_answered_first() -> None:
    text = "给果园打农药，晕倒住了院，果园主说我自己没戴口罩"
    ruled = recognise(text)
    assert ruled is not None
    assert not ruled.soft
    doubted = held(text, 0.1)
    assert doubted is not None
    assert (doubted.soft, doubted.is_feared, doubted.guidance) == (True, True, ruled.guidance)
    hardly = held("后爹拿皮带抽娃的事，去年村里调解过，签了保证书", 0.0)
    assert hardly is None or hardly.soft


def test_the_finer_card_is_told() -> None:
    found = held("他在草棵里脚背上叫长虫啃了，两个小眼，肿到膝盖", 0.95, "medical")
    assert found is not None
    assert found.kind is EmergencyKind.medical
    found = held("割草回来腿上叫土布袋咬了，两个牙印，肿得发亮", 0.95, "medical")
    assert found is not None
    assert found.guidance is GUIDANCE[EmergencyKind.bite]


@pytest.mark.parametrize("text", ["我爸刚吵完把农药喝了，躺在院里吐白沫", "我把一瓶安眠药吃了", "他喝了农药"])
def test_who_has_swallowed_it_needs_what_to_do_about_poison(text: str) -> None:
    ruled = recognise(text)
    assert ruled is not None
    assert ruled.guidance is GUIDANCE[EmergencyKind.poison]


def test_without_a_second_opinion_the_rules_decide() -> None:
    turns = Turns(sessions=None, rasa=FakeRasa([]))  # type: ignore[arg-type]
    assert turns.danger_in("着火了") == recognise("着火了")
    assert turns.danger_in("彩礼能退吗") is None
    assert turns.danger_in("") is None


def test_the_troubles_most_like_danger_are_learned_as_none() -> None:
    taught = [Sentence("娃掉河里了", "water"), Sentence("彩礼能退多少", NONE)] * 4
    some = [f"去年娃掉河里了{n}，赔多少" for n in range(30)] + [f"欠条怎么写{n}" for n in range(9000)]
    chosen = {s.text for s in troubles(some, taught)}
    assert set(some[:30]) <= chosen
    assert len(chosen) < 9000
