"""Somebody who holds the village's page at every hour and knows what five of those who chose did: what can they infer
of the others that the published totals alone don't tell?

For each hour's page the attacker keeps every set of counts that the page allows. Someone is found out where all of
those sets agree on what one more person chose. Both are asked of the same made-up topics: of all readings of the page
(hour by hour while it is open, the result) and of the result alone; known are the five, and who voted in which order.
"""

import random
from collections.abc import Sequence
from itertools import pairwise

from actions.topics.counting import tally

_OPTIONS, _KNOWN, _HOURS = 3, 5, 24


def readings(choices: Sequence[int], hours: Sequence[int]) -> list[str]:
    """What `running` shows each hour."""
    return [tally.running(hour, options=_OPTIONS) for hour in hours if hour <= len(choices)]


def allowed(told: tally.Shown, voters: int, *, is_total_known: bool) -> list[tuple[int, ...]]:
    """Every set of counts that would be told in exactly these words, of this many voters or, unknown, of any."""
    found: list[tuple[int, ...]] = []
    totals = [voters] if is_total_known else range(max(0, voters - 15), voters + 16)
    for total in totals:
        for first in range(total + 1):
            for second in range(total - first + 1):
                counts = (first, second, total - first - second)
                if tally.shown(counts, total, is_single=True) == told:
                    found.append(counts)
    return found


def certain(possible: list[tuple[int, ...]], known: Sequence[int]) -> bool:
    """Whether all of the rest, without the five known, can only have chosen one and the same option."""
    rests = []
    for counts in possible:
        rest = [count - known.count(option) for option, count in enumerate(counts)]
        if min(rest) >= 0:
            rests.append(rest)
    alike = {option for rest in rests for option, count in enumerate(rest) if count and sum(rest) == count}
    return bool(rests) and all(sum(rest) == max(rest) for rest in rests) and len(alike) == 1


def excluded(possible: list[tuple[int, ...]], known: Sequence[int]) -> int:
    """Options that certainly nobody of the rest chose."""
    rests = [[count - known.count(option) for option, count in enumerate(counts)] for counts in possible]
    rests = [rest for rest in rests if min(rest) >= 0]
    return sum(all(rest[option] == 0 for rest in rests) for option in range(_OPTIONS)) if rests else 0


def steps(voters: int, chance: random.Random) -> list[int]:
    """How many had chosen at each hour."""
    return sorted(chance.randint(0, voters) for _ in range(_HOURS))


def run(runs: int) -> None:
    print(f"attack: {_OPTIONS} options, {_KNOWN} known, the page at {_HOURS} hours, {runs} topics of each size")
    for people in (30, 60, 120, 200):
        by_page = by_totals = singled = 0
        for n in range(runs):
            chance = random.Random(f"{people} {n}")
            choices = chance.choices(range(_OPTIONS), [chance.random() ** 2 for _ in range(_OPTIONS)], k=people)
            told = tally.shown([choices.count(option) for option in range(_OPTIONS)], people, is_single=True)
            hours, known = steps(people, chance), choices[:_KNOWN]
            texts = [tally.running(hour, options=_OPTIONS) for hour in hours]
            totals = allowed(told, people, is_total_known=bool(told.total))
            pages = [counts for counts in totals if sum(counts) >= _least(texts)]
            by_totals += certain(totals, known) or excluded(totals, known) > 0
            by_page += certain(pages, known) or excluded(pages, known) > 0
            singled += any(a != b and after - before == 1 for (a, b), (before, after) in _pairs(texts, hours))
        print(
            f"  {people} people: something certain of the rest by the totals alone in {by_totals}, by all pages in"
            f" {by_page} of {runs}; somebody's coming (not their choice) shows in its hour in {singled}",
            flush=True,
        )


def _pairs(texts: list[str], hours: list[int]) -> list[tuple[tuple[str, str], tuple[int, int]]]:
    return list(zip(pairwise(texts), pairwise(hours), strict=True))


def _least(texts: Sequence[str]) -> int:
    """The largest number that the running line ever gave."""
    return max((int("".join(c for c in text if c.isdigit())) for text in texts if text), default=0)
