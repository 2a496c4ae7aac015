"""`linli eval contradictions`: which of our texts say different things about one matter."""

from collections.abc import Callable, Sequence
from typing import Any

from knowledge.documents.sources.opposites import OPPOSITES
from knowledge.evaluation.contradictions.decisions import Decision, outdated, undecided
from knowledge.evaluation.contradictions.finding import Difference, Pair, find
from knowledge.evaluation.contradictions.texts import Told
from knowledge.evaluation.quantities import in_words


def confused_pairs() -> frozenset[Pair]:
    """Answers easily taken for one another."""
    return frozenset(frozenset({one, other}) for one, others in OPPOSITES.items() for other in others)


def report(
    texts: Sequence[Told],
    decisions: Sequence[Decision],
    *,
    confused: frozenset[Pair],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Each difference that nobody decided is said, with what a decision would be written with."""
    found = find(texts, confused=confused)
    open_ones = undecided(found.differences, decisions)
    for one in open_ones:
        say(_in_words(one))
    idle = list(outdated(texts, decisions))
    for text, decision in idle:
        say(f"{text} 已经不这样说了，决定要改：{decision.why}")
    return {
        "texts": len(texts),
        "compared": found.compared,
        "different": len(found.differences),
        "undecided": len(open_ones),
        "outdated_decisions": len(idle),
    }


def _in_words(one: Difference) -> str:
    heads = [
        f"{text}（{'、'.join(in_words(q) for q in sorted(numbers))}）" if numbers else text
        for text, numbers in zip((one.a, one.b), one.numbers, strict=True)
    ]
    lines = [f"  {head}：{said}" for head, said in zip(heads, one.says, strict=True)]
    return "\n".join(["数不一样：" if one.what == "numbers" else "一个说是、一个说不：", *lines])
