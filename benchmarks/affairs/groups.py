"""Opinion groups in pure noise (wanted: at most 5 %), and how often two camps are found."""

import time
from collections import Counter

import numpy as np

from actions.topics.statements import groups
from actions.topics.statements.groups import Table

_STATEMENTS = 10


def noise(chance: np.random.Generator, people: int) -> Table:
    """Nobody's answer to one statement says anything of their answer to another."""
    votes = np.where(chance.random((people, _STATEMENTS)) < chance.uniform(0.2, 0.8, _STATEMENTS), 1.0, -1.0)
    return _ragged(chance, votes)


def camps(chance: np.random.Generator, people: int, share: float) -> Table:
    """Half of the statements divide two camps (3 of 4 against 1 of 4), a quarter all agree with, the rest is noise."""
    side = np.arange(people) < people * share
    votes = np.empty((people, _STATEMENTS))
    for n in range(_STATEMENTS):
        divides = np.where(side == (chance.random() < 0.5), 0.75, 0.25)
        agree = divides if n % 4 < 2 else np.full(people, 0.8 if n % 4 == 3 else 0.5)
        votes[:, n] = np.where(chance.random(people) < agree, 1, -1)
    return _ragged(chance, votes)


def yes_sayers(chance: np.random.Generator, people: int) -> Table:
    """No camps; but everybody has a habit of agreeing, from 3 of 10 to 8 of 10."""
    habit = chance.uniform(0.3, 0.8, people)[:, None]
    return _ragged(chance, np.where(chance.random((people, _STATEMENTS)) < habit, 1.0, -1.0))


def _ragged(chance: np.random.Generator, votes: Table) -> Table:
    """As people answer: one in seven passes; of those who come late some stop, but all answer eight or more."""
    votes[chance.random(votes.shape) < 0.15] = 0
    for row in range(votes.shape[0]):
        left_out = chance.permutation(_STATEMENTS)[: chance.integers(0, 3)]
        votes[row, left_out] = np.nan
    return votes


def run(runs: int) -> None:
    print(f"groups: {_STATEMENTS} statements, {groups.SHUFFLES} shuffles, p <= {groups.MOST_P}")
    for people in (60, 100, 200):
        _told(f"noise, {people} people", [noise(np.random.default_rng([1, n]), people) for n in range(runs)])
    for people in (60, 100):
        for share in (0.5, 0.25):
            tables = [camps(np.random.default_rng([2, n]), people, share) for n in range(max(1, runs // 5))]
            _told(f"two camps of {people}, the smaller {share:.0%}", tables)
    _told("a habit of agreeing, 100 people", [yes_sayers(np.random.default_rng([3, n]), 100) for n in range(runs // 5)])


def _told(name: str, tables: list[Table]) -> None:
    begun = time.perf_counter()
    found = [groups.find(table, seed=str(n)) for n, table in enumerate(tables)]
    counts = Counter(len(one.groups) for one in found)
    shown = sum(counts[k] for k in (2, 3))
    spent = (time.perf_counter() - begun) / len(tables)
    print(
        f"  {name}: shown in {shown} of {len(tables)} ({shown / len(tables):.1%}), two {counts[2]}, three {counts[3]};"
        f" {1000 * spent:.0f} ms each",
        flush=True,
    )
