"""Groups are shown only where chance is ruled out (village_affairs.md 4.4)."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from actions.topics.statements import groups
from actions.topics.statements.groups import Table


def noise(chance: np.random.Generator, people: int, statements: int = 10) -> Table:
    votes = np.where(chance.random((people, statements)) < chance.uniform(0.2, 0.8, statements), 1.0, -1.0)
    votes[chance.random(votes.shape) < 0.15] = 0
    return votes


def camps(chance: np.random.Generator, people: int, *, share: float = 0.5, statements: int = 10) -> tuple[Table, Table]:
    """Whose camp is whose, and what they say: half of it divides them, one in ten all agree with."""
    side = (np.arange(people) < people * share).astype(float)
    votes = np.empty((people, statements))
    for n in range(statements):
        agree = np.where(side == n % 2, 0.85, 0.15) if n < 6 else np.full(people, 0.9 if n == 9 else 0.5)
        votes[:, n] = np.where(chance.random(people) < agree, 1, -1)
    return votes, side


def test_noise_has_groups_in_one_of_twenty_runs_and_the_usual_way_in_all() -> None:
    chance = np.random.default_rng(5)
    found = [groups.find(noise(chance, 80), seed=str(n)).why_not for n in range(60)]
    assert set(found) <= {"", "noise", "small"}
    assert found.count("") <= 7  # 3 expected; more than 7 in one run of a hundred
    assert groups.Found("noise").groups == ()


@pytest.mark.parametrize(("people", "share"), [(60, 0.5), (100, 0.5), (100, 0.25)])
def test_two_camps_are_found_and_people_placed_right(people: int, share: float) -> None:
    chance = np.random.default_rng(7)
    right = []
    for n in range(10):
        votes, side = camps(chance, people, share=share)
        found = groups.find(votes, seed=str(n))
        if found.why_not == "" and len(found.groups) == 2:
            right.append(adjusted_rand_score(side, found.labels))
            assert groups.Said(9, True) in found.common
            assert {said.column for group in found.groups for said in group.own} <= set(range(6))
    assert len(right) >= 7
    assert np.mean(right) > 0.7


def test_they_are_those_that_a_library_finds() -> None:
    votes, _ = camps(np.random.default_rng(3), 120)
    left, values, _ = np.linalg.svd(votes - votes.mean(axis=0), full_matrices=False)
    theirs = KMeans(2, n_init=10, random_state=0).fit_predict(left[:, :2] * values[:2])
    assert adjusted_rand_score(theirs, groups._k_means(left[:, :2] * values[:2], 2)) == 1


def test_the_same_voices_and_seal_give_the_same_groups() -> None:
    votes, _ = camps(np.random.default_rng(3), 90)
    assert groups.find(votes, seed="seal") == groups.find(votes.copy(), seed="seal")


def test_below_the_conditions_there_are_none() -> None:
    chance = np.random.default_rng(1)
    assert groups.find(camps(chance, 59)[0], seed="s").why_not == "people"
    assert groups.find(camps(chance, 100, statements=7)[0], seed="s").why_not == "statements"
    alike = np.where(chance.random((100, 10)) < 0.95, 1.0, -1.0)
    alike[:6] = -1  # a family that says no to everything
    assert groups.find(alike, seed="s").why_not == "small"
    votes, _ = camps(chance, 100)
    votes[:50, 6:] = np.nan  # six of ten answered: half the people are left out
    assert groups.find(votes, seed="s").why_not == "people"
    assert groups.find(np.full((0, 0), np.nan), seed="s").why_not == "people"
    assert groups.find(np.full((80, 10), np.nan), seed="s").why_not == "people"


def test_who_stops_early_makes_no_group() -> None:
    """Missing answers of half the people hang together; what they said doesn't."""
    chance = np.random.default_rng(2)
    found = []
    for n in range(40):
        votes = noise(chance, 100, 14)
        votes[:50, 7:] = np.nan
        found.append(groups.find(votes, seed=str(n)).why_not)
    assert found.count("") <= 6


def test_what_all_say_alike_is_no_group_and_no_fault() -> None:
    assert groups.find(np.ones((80, 10)), seed="s").why_not in ("noise", "small")
