"""The same list and dice give the same names on any machine (scenario 22)."""

import hashlib
import math
import random
from collections import Counter

import pytest

from actions.hearings.draw import Drawn, Entry, dice_of, draw, hash_of

DICE = "3 5 2 6 1"


def village(seed: int = 1, *, people: int = 74, affected: int = 3) -> list[Entry]:
    """Five groups of unequal size; some tell their sex."""
    chance = random.Random(seed)
    groups = chance.choices(["一组", "二组", "三组", "四组", "五组"], [30, 18, 12, 9, 5], k=people)
    groups[:3] = ["一组", "二组", "三组"][:people]  # where those affected live
    told = chance.choices(["女", "男", ""], [3, 4, 1], k=people)
    return [Entry(n + 1, groups[n], told[n], n < affected) for n in range(people)]


def by_hand(entries: list[Entry], seats: int, dice: str) -> tuple[set[int], list[int]]:
    """Written anew from the notice that hangs beside the list, without looking at the code: (who sits, reserve).

    For lists whose affected are no more than the share of their group.
    """
    text = "\n".join(
        f"{e.code}|{e.group}|{e.sex}|{'受影响' if e.is_affected else ''}" for e in sorted(entries, key=lambda e: e.code)
    )
    seed = hashlib.sha256(text.encode("utf-8")).hexdigest() + " " + dice

    def rank(what: object) -> int:
        return int.from_bytes(hashlib.sha256((seed + "|" + str(what)).encode("utf-8")).digest(), "big")

    people = {e.code: e for e in entries}
    count = Counter(e.group for e in entries)
    share = {g: seats * n // len(entries) for g, n in count.items()}
    rest = {g: seats * n % len(entries) for g, n in count.items()}
    while sum(share.values()) < seats:
        best = min(rest, key=lambda g: (-rest[g], rank(g)))
        share[best] += 1
        rest[best] = -1
    sits = {e.code for e in entries if e.is_affected}
    order = sorted(people, key=rank)
    for code in order:
        e = people[code]
        if not e.is_affected and sum(people[c].group == e.group for c in sits) < share[e.group]:
            sits.add(code)
    for code in order:
        women = sum(people[c].sex == "女" for c in sits)
        if women >= math.ceil(seats / 3):
            break
        if people[code].sex == "女" and code not in sits:
            same = [c for c in order if c in sits and people[c].group == people[code].group]
            men = [c for c in same if people[c].sex != "女" and not people[c].is_affected]
            if men:
                sits.remove(men[-1])
                sits.add(code)
    return sits, [code for code in order if code not in sits]


def sits(drawn: Drawn) -> set[int]:
    return {*drawn.affected, *drawn.seated}


@pytest.mark.parametrize("seed", range(25))
def test_somebody_else_draws_the_same_names_from_the_same_list_and_dice(seed: int) -> None:
    entries = village(seed)
    drawn = draw(entries, seats=12, dice=DICE)
    assert (sits(drawn), list(drawn.reserve)) == by_hand(entries, 12, DICE)
    shuffled = entries[:]
    random.Random(seed).shuffle(shuffled)
    assert draw(shuffled, seats=12, dice=DICE) == drawn


@pytest.mark.parametrize("seed", range(25))
def test_groups_are_within_one_of_their_share_affected_sit_and_a_third_are_women(seed: int) -> None:
    entries = village(seed)
    drawn = draw(entries, seats=12, dice=DICE)
    people = {entry.code: entry for entry in entries}
    assert len(sits(drawn)) == 12
    assert set(drawn.affected) == {1, 2, 3}
    seats_of = Counter(people[code].group for code in sits(drawn))
    for group, size in Counter(entry.group for entry in entries).items():
        assert abs(seats_of[group] - 12 * size / 74) < 1
    assert sum(people[code].sex == "女" for code in sits(drawn)) >= 4
    assert len(drawn.reserve) == 62
    assert not sits(drawn) & set(drawn.reserve)


def test_everybody_of_a_group_has_the_same_chance() -> None:
    entries = [Entry(n, "一组" if n <= 30 else "二组", "", False) for n in range(1, 41)]
    seen: Counter[int] = Counter()
    for throw in range(2000):
        seen.update(sits(draw(entries, seats=8, dice=str(throw))))
    # 0.2 of 2000, standard deviation 17.9: five of them either way
    assert min(seen.values()) > 310
    assert max(seen.values()) < 490


def test_another_throw_or_one_person_more_gives_other_names() -> None:
    entries = village()
    drawn = draw(entries, seats=12, dice=DICE)
    assert draw(entries, seats=12, dice="3 5 2 6 2") != drawn
    assert hash_of(entries) != hash_of(entries[:-1])
    assert hash_of(entries) != hash_of([*entries[:-1], Entry(74, "九组", "", False)])


def test_a_group_of_many_affected_has_all_of_them_and_no_more() -> None:
    entries = [Entry(n, "一组", "", n <= 6) for n in range(1, 11)] + [
        Entry(n, "二组", "", False) for n in range(11, 41)
    ]
    drawn = draw(entries, seats=12, dice=DICE)
    assert drawn.affected == (1, 2, 3, 4, 5, 6)
    assert all(code > 10 for code in drawn.seated)
    assert len(drawn.seated) == 6


@pytest.mark.parametrize(
    ("people", "affected", "seats"), [(5, 0, 12), (12, 12, 12), (20, 15, 12), (1, 0, 3), (13, 0, 12)]
)
def test_the_seats_are_filled_as_far_as_there_are_people(people: int, affected: int, seats: int) -> None:
    entries = village(3, people=people, affected=affected)
    drawn = draw(entries, seats=seats, dice=DICE)
    assert len(sits(drawn)) == min(seats, people)
    assert len(sits(drawn)) + len(drawn.reserve) == people
    assert len(drawn.affected) == min(affected, seats)


@pytest.mark.parametrize(
    ("typed", "dice"),
    [
        ("3 5 2 6 1", DICE),
        ("35261", DICE),
        ("３、５，２ ６,１", DICE),
        ("3 5 2 6", ""),
        ("3 5 2 6 7", ""),
        ("", ""),
        ("1" * 21, ""),
        ("一二三四五", ""),
        ("3 5 2 6 1'; DROP TABLE hearing", ""),
    ],
)
def test_a_throw_is_read_as_it_was_thrown(typed: str, dice: str) -> None:
    assert dice_of(typed) == dice
