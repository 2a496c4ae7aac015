"""Whether people who answered many statements fall into groups at all, and into which (village_affairs.md 4.4).

The usual pipeline (principal components, k-means, the best silhouette) finds groups in pure noise, always. So chance
is asked first, by parallel analysis (Horn 1965): the largest singular value must be larger than in 96 of 99 copies of
the table whose columns were shuffled. Everything random comes out of a seed by SHAKE-256 and all else is determined,
so whoever has the closed topic's voices gets the same groups.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]  # (people, statements): 1 agrees, -1 doesn't, 0 passes, NaN wasn't answered
Flags = NDArray[np.bool_]

LEAST_PEOPLE, LEAST_ANSWERS, LEAST_STATEMENTS, LEAST_GROUP = 60, 7, 8, 10
# At .05 noise passes in one of twenty runs, as it must (5.6 % of 1,000 with 100 people); promised is at most that.
SHUFFLES, MOST_P = 99, 0.04
Z = 1.645  # one-sided, 5 %
MOST_OWN, MOST_COMMON = 3, 5
_ROUNDS, _STARTS = 100, 12


@dataclass(frozen=True)
class Said:
    """A statement, by its column, that most of a group agree with, or don't."""

    column: int
    agrees: bool


@dataclass(frozen=True)
class Group:
    size: int
    own: tuple[Said, ...]  # what sets it apart most, at most three


@dataclass(frozen=True)
class Found:
    """`why_not`: "" where there are groups, else people, statements, noise or small. `common` stands first."""

    why_not: str
    p: float | None = None
    common: tuple[Said, ...] = ()
    groups: tuple[Group, ...] = ()
    labels: tuple[int, ...] = ()  # of the rows that were looked at; for tests, stored nowhere


def find(votes: Table, *, seed: str) -> Found:
    """Of rows in an order that doesn't depend on who they are; `seed`: the topic's seal."""
    votes, columns = _answered(votes)
    if votes.shape[0] < LEAST_PEOPLE:
        return Found("people")
    if votes.shape[1] < LEAST_STATEMENTS:
        return Found("statements")
    seen = ~np.isnan(votes)
    table = _centred(votes, seen)
    p = chance(table, seen, seed)
    if p > MOST_P:
        return Found("noise", p)
    labels = _labels(table, seen, seed)
    if labels is None:
        return Found("small", p)
    groups = [labels == g for g in range(int(labels.max()) + 1)]
    own = tuple(Group(int(g.sum()), _own(votes, g, columns)) for g in groups)
    return Found("", p, _common(votes, groups, columns), own, tuple(int(label) for label in labels))


def _answered(votes: Table) -> tuple[Table, list[int]]:
    """Who answered at least seven, and what at least half of them answered: a column that is mostly empty says how
    long somebody went on, not what they think.
    """
    seen = ~np.isnan(votes)
    kept = seen.sum(axis=1) >= LEAST_ANSWERS
    votes, seen = votes[kept], seen[kept]
    columns = [n for n in range(votes.shape[1]) if 2 * int(seen[:, n].sum()) >= max(1, votes.shape[0])]
    return votes[:, columns], columns


def _centred(votes: Table, seen: Flags) -> Table:
    """What wasn't answered stands at the mean of its statement."""
    means = np.where(seen, votes, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.where(seen, votes - means, 0.0)


def chance(table: Table, seen: Flags, seed: str) -> float:
    """How often shuffled columns are as much of one mind as these; answers stay with who gave some, so that who
    stopped early makes no group.
    """
    strongest = _strength(table)
    as_strong = sum(_strength(_shuffled(table, seen, f"{seed} {n}")) >= strongest for n in range(SHUFFLES))
    return (1 + as_strong) / (1 + SHUFFLES)


def _strength(table: Table) -> float:
    return float(np.linalg.svd(table, compute_uv=False)[0])


def _shuffled(table: Table, seen: Flags, seed: str) -> Table:
    shuffled = table.copy()
    for column in range(table.shape[1]):
        rows = np.flatnonzero(seen[:, column])
        keys = np.frombuffer(hashlib.shake_256(f"{seed} {column}".encode()).digest(8 * len(rows)), dtype="<u8")
        shuffled[rows, column] = table[rows[np.argsort(keys, kind="stable")], column]
    return shuffled


def _labels(table: Table, seen: Flags, seed: str) -> NDArray[np.int64] | None:
    """Two groups, or three where what two leave over passes the same test; None where one would be too small."""
    left, values, right = np.linalg.svd(table, full_matrices=False)
    points = left[:, :2] * values[:2]
    rest = np.where(seen, table - values[0] * np.outer(left[:, 0], right[0]), 0.0)
    for count in (3, 2) if chance(rest, seen, f"{seed} rest") <= MOST_P else (2,):
        labels = _k_means(points, count)
        sizes = np.bincount(labels, minlength=count)
        if min(sizes) >= LEAST_GROUP and len(labels) - max(sizes) >= LEAST_GROUP:
            return _by_size(labels, sizes)
    return None


def _by_size(labels: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The largest is the first: the sign of a singular vector is anybody's."""
    order = sorted(range(len(sizes)), key=lambda g: (-int(sizes[g]), int(np.argmax(labels == g))))
    return np.array([order.index(int(label)) for label in labels])


def _k_means(points: Table, count: int) -> NDArray[np.int64]:
    """Lloyd's, the tightest of twelve: each begins with whoever stands farthest out in directions evenly apart."""
    tries = [_lloyd(points, _outermost(points, count, turn)) for turn in range(_STARTS)]
    return min(tries, key=lambda found: found[0])[1]


def _outermost(points: Table, count: int, turn: int) -> Table:
    angles = 2 * np.pi * (np.arange(count) + turn / _STARTS) / count
    farthest = (points @ np.array([np.cos(angles), np.sin(angles)])).argmax(axis=0)
    return np.asarray(points[farthest])


def _lloyd(points: Table, centres: Table) -> tuple[float, NDArray[np.int64]]:
    """The sum of squares, rounded so that no last bit decides, and whose centre each is nearest to."""
    labels = np.zeros(len(points), dtype=np.int64)
    away = np.zeros(len(points))
    for _ in range(_ROUNDS):
        distances = ((points[:, None, :] - centres[None]) ** 2).sum(axis=2)
        labels, away = distances.argmin(axis=1), distances.min(axis=1)
        held = [points[labels == g] for g in range(len(centres))]
        moved = np.array([own.mean(axis=0) if len(own) else centres[g] for g, own in enumerate(held)])
        if np.array_equal(moved, centres):
            break
        centres = moved
    return round(float(away.sum()), 6), labels


# --- what a group says


def _own(votes: Table, group: Flags, columns: list[int]) -> tuple[Said, ...]:
    """Most of the group say so, and more of it than of the others; both at z."""
    found = []
    for n, column in enumerate(columns):
        for agrees in (True, False):
            said, of = _count(votes[group, n], agrees)
            others, of_others = _count(votes[~group, n], agrees)
            apart = _apart(said, of, others, of_others)
            if _most(said, of) >= Z and apart >= Z:
                found.append((-apart, column, agrees))
    return tuple(Said(column, agrees) for _, column, agrees in sorted(found)[:MOST_OWN])


def _common(votes: Table, groups: list[Flags], columns: list[int]) -> tuple[Said, ...]:
    """What most of every group agree with, or don't; of what least agree on least."""
    found = []
    for n, column in enumerate(columns):
        for agrees in (True, False):
            counts = [_count(votes[group, n], agrees) for group in groups]
            if all(_most(said, of) >= Z for said, of in counts):
                found.append((-min(_share(said, of) for said, of in counts), column, agrees))
    return tuple(Said(column, agrees) for _, column, agrees in sorted(found)[:MOST_COMMON])


def _count(answers: Table, agrees: bool) -> tuple[int, int]:
    return int((answers == (1 if agrees else -1)).sum()), int((~np.isnan(answers)).sum())


def _share(said: int, of: int) -> float:
    """Smoothed, so that three of three isn't everybody."""
    return (said + 0.75) / (of + 1.5)


def _most(said: int, of: int) -> float:
    """z of more than half."""
    return (_share(said, of) - 0.5) * float(np.sqrt(of + 1.5)) / 0.5


def _apart(said: int, of: int, others: int, of_others: int) -> float:
    """z of two shares."""
    both = (said + others + 1.5) / (of + of_others + 3)
    spread = both * (1 - both) * (1 / (of + 1.5) + 1 / (of_others + 1.5))
    return (_share(said, of) - _share(others, of_others)) / float(np.sqrt(spread))
