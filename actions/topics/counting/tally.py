"""What a count may say in public, so that nobody learns from it what one neighbour chose (village_affairs.md 2.14).

Pure functions of the numbers. A number is told exactly only where neither it nor what it leaves over is a handful;
where one is, every number is blurred and no sum is given, or the handful could be had by subtraction. While a topic is
open only steps of five are told, so no two readings of the page differ by one person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEW = 5  # fewer than these aren't told
LEAST_RUNNING = 10
LEAST_CELL = 10  # of a breakdown
LEAST_CIRCLE = 30
# With five options the steps of a running number and of blurred counts can meet so that only one reading is left
# (4 + 5 x 4 is a step); tests/actions/topics/test_tally.py looks for such readings.
_NO_RUNNING = 5


@dataclass(frozen=True)
class Shown:
    """`cells`: what is told of each option; `total`: of all, "" where a sum would tell too much."""

    cells: tuple[str, ...]
    total: str
    is_exact: bool


def running(voters: int, *, options: int = 0) -> str:
    """While it is open; "" below ten."""
    if voters < LEAST_RUNNING or options == _NO_RUNNING:
        return ""
    return f"已有{_floor(voters)}人以上参加"


def shown(counts: Sequence[int], voters: int, *, is_single: bool) -> Shown:
    """`counts` by option, of `voters` people. Single choice: the counts sum up to the voters."""
    if voters == 0:
        return Shown(tuple("没有人选" for _ in counts), "没有人参加", is_exact=True)
    if voters < FEW:
        return Shown(tuple("" for _ in counts), f"参加的人少于{FEW}，不公布各选了多少", is_exact=False)
    if all(count in (0, voters) for count in counts):
        # what everybody said is everybody's voice, so no more is told than that nobody said otherwise
        cells = tuple("没有人反对" if count else "没有人选" for count in counts)
        return Shown(cells, f"{voters}人参加" if voters >= LEAST_RUNNING else "", is_exact=False)
    if not any(_is_few(count) or (not is_single and _is_few(voters - count)) for count in counts):
        return Shown(tuple(_exact(count, voters) for count in counts), f"{voters}人参加", is_exact=True)
    return Shown(tuple(_blurred(count, voters, is_single) for count in counts), "", is_exact=False)


def _exact(count: int, voters: int) -> str:
    if count == voters:
        return "没有人反对"
    return f"{count}人" if count else "没有人选"


def _is_few(count: int) -> bool:
    return 0 < count < FEW


def _blurred(count: int, voters: int, is_single: bool) -> str:
    if count < FEW:
        return f"少于{FEW}人"  # also for nobody, or the sum of the others would bound it
    if not is_single and voters - count < FEW:
        return "差不多都选了"
    return f"{_floor(count)}人以上"


def _floor(count: int) -> int:
    return count // FEW * FEW


def breakdown(cells: Mapping[str, Sequence[int]], *, circle: int | None) -> dict[str, tuple[int, ...]] | None:
    """By group or sex: the counts, or None where any of them, or what the other groups leave over of it, is under ten,
    or where so few live that everybody can be guessed (`circle`: None is not known, so nothing is told).
    """
    if circle is None or circle < LEAST_CIRCLE or len(cells) < 2:
        return None
    sums = [sum(column) for column in zip(*cells.values(), strict=True)]
    for counts in cells.values():
        if any(count < LEAST_CELL or total - count < LEAST_CELL for count, total in zip(counts, sums, strict=True)):
            return None
    return {name: tuple(counts) for name, counts in cells.items()}


def copies(count: int) -> str:
    """How many said nearly the same as an opinion; "" for one."""
    if count <= 1:
        return ""
    return f"{_floor(count)}人以上说过差不多的话" if count >= FEW else "还有人说过差不多的话"
