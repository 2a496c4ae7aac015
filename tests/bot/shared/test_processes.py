"""Whether who holds something is dead is known, or it isn't said."""

import multiprocessing
import os

import pytest

from bot.shared import processes
from bot.shared.processes import is_dead, owner
from tests.fakes import a_dead_process


def _tell(queue: "multiprocessing.SimpleQueue[str]") -> None:
    queue.put(owner())


def test_who_runs_is_not_dead() -> None:
    assert not is_dead(owner())


def test_who_has_ended_is_dead() -> None:
    assert is_dead(a_dead_process())


def test_a_fork_is_another_process() -> None:
    owner()  # known before
    context = multiprocessing.get_context("fork")
    told: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    child = context.Process(target=_tell, args=(told,))
    child.start()
    of_child = told.get()
    assert of_child != owner()
    child.join()
    assert is_dead(of_child)


def test_who_was_killed_is_dead_before_anybody_asks_for_its_end() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, owner().encode())
        os._exit(0)
    of_child = os.read(reading, 200).decode()
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert is_dead(of_child)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)


def test_a_number_given_to_another_process_says_that_the_first_is_dead() -> None:
    machine, number, started = owner().rsplit(" ", 2)
    assert is_dead(f"{machine} {number} {int(started) - 1}")


@pytest.mark.parametrize("who", ["other/1234abcd/4026 1 1", "", "somebody", "a b c"])
def test_of_another_machine_nothing_is_known(who: str) -> None:
    assert not is_dead(who)


def test_of_another_container_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = a_dead_process()
    monkeypatch.setattr(processes, "_machine", lambda: "here/1234abcd/4026531999")
    assert not is_dead(ended)
