"""What a count may say (village_affairs.md 2.14, scenario 6)."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.topics.counting.tally import FEW, Shown, breakdown, copies, running, shown

COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)


def numbers(told: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", told.replace(f"少于{FEW}", ""))]


@given(COUNTS)
def test_no_cell_under_five_is_told_exactly(counts: list[int]) -> None:
    told = shown(counts, sum(counts), is_single=True)
    for count, cell in zip(counts, told.cells, strict=True):
        if 0 < count < FEW:
            assert count not in numbers(cell), cell


@given(COUNTS)
def test_no_subtraction_gives_a_handful(counts: list[int]) -> None:
    """Where one number is blurred no sum is told, so nothing is left over to be had."""
    told = shown(counts, sum(counts), is_single=True)
    if not told.is_exact and sum(counts) >= FEW:
        assert told.total == "" or len([c for c in counts if c]) == 1
        assert all(n % FEW == 0 for cell in told.cells for n in numbers(cell))


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6), st.integers(0, 40))
def test_ticks_of_all_but_a_handful_are_blurred_too(counts: list[int], voters: int) -> None:
    counts = [min(count, voters) for count in counts]
    told = shown(counts, voters, is_single=False)
    if told.is_exact:
        assert not any(0 < voters - count < FEW or 0 < count < FEW for count in counts)


@given(COUNTS)
def test_what_everybody_said_is_told_as_nobody_against(counts: list[int]) -> None:
    voters = max(counts)
    one = [voters if n == 0 else 0 for n in range(len(counts))]
    told = shown(one, voters, is_single=True)
    if voters >= FEW:
        assert told.cells[0] == "没有人反对"
        assert not numbers(told.cells[0])


@given(st.integers(0, 500))
def test_two_readings_while_it_is_open_never_differ_by_one_person(voters: int) -> None:
    before, after = running(voters), running(voters + 1)
    assert before == after or (voters + 1) % FEW == 0
    if voters < 10:
        assert before == ""
    elif numbers(before):
        assert numbers(before)[0] <= voters < numbers(before)[0] + FEW


def pinned_down(options: int, last_running: Callable[[int], str]) -> int:
    """How many blurred cells have one value left, for an attacker who read the page every hour, with its last running
    number; over all counts of two blocks of five in each option.
    """
    readings: dict[tuple[Shown, str], list[tuple[int, ...]]] = {}
    for counts in product(range(2 * FEW), repeat=options):
        told = shown(counts, sum(counts), is_single=True)
        if not told.is_exact and sum(counts) >= FEW:
            readings.setdefault((told, last_running(sum(counts))), []).append(counts)
    few = f"少于{FEW}人"
    cells = ((n, fitting) for (told, _), fitting in readings.items() for n in range(options) if told.cells[n] == few)
    return sum(len({counts[n] for counts in fitting}) == 1 for n, fitting in cells)


@pytest.mark.parametrize("options", [2, 3, 4])
def test_an_attacker_who_saw_the_page_every_hour_pins_nobody_down(options: int) -> None:
    assert pinned_down(options, lambda voters: running(voters, options=options)) == 0


def test_with_five_options_a_running_number_would_and_so_none_is_told() -> None:
    assert pinned_down(5, lambda voters: running(voters, options=4)) > 0
    assert running(200, options=5) == ""


@given(st.dictionaries(st.sampled_from(["一组", "二组", "三组"]), st.lists(st.integers(0, 60), min_size=2, max_size=2)))
def test_a_breakdown_has_ten_in_every_cell_and_every_rest(cells: dict[str, list[int]]) -> None:
    told = breakdown(cells, circle=500)
    if told is None:
        return
    sums = [sum(column) for column in zip(*told.values(), strict=True)]
    for counts in told.values():
        assert all(count >= 10 and total - count >= 10 for count, total in zip(counts, sums, strict=True))


@pytest.mark.parametrize("circle", [None, 0, 18, 29])
def test_a_small_circle_or_one_that_nobody_counted_has_no_breakdown(circle: int | None) -> None:
    assert breakdown({"男": [50, 50], "女": [50, 50]}, circle=circle) is None
    assert breakdown({"男": [50, 50], "女": [50, 50]}, circle=30) is not None


def test_counts_by_hand() -> None:
    assert shown([36, 21, 0], 57, is_single=True) == Shown(("36人", "21人", "没有人选"), "57人参加", is_exact=True)
    assert shown([36, 21, 3], 60, is_single=True) == Shown(("35人以上", "20人以上", "少于5人"), "", is_exact=False)
    assert shown([20, 18], 20, is_single=False).cells == ("差不多都选了", "差不多都选了")
    assert shown([3, 0], 3, is_single=True).total == "参加的人少于5，不公布各选了多少"
    assert shown([0, 0], 0, is_single=True).total == "没有人参加"
    assert (copies(1), copies(2), copies(7), copies(400)) == (
        "",
        "还有人说过差不多的话",
        "5人以上说过差不多的话",
        "400人以上说过差不多的话",
    )
