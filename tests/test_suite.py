"""What the tests stand on: every one is run, and none finds what another left."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.settings import ROOT
from knowledge.places import Level, Place
from tests import suite
from tests.databases import Databases
from tests.ports import free_port


def test_what_the_workers_leave_out_is_run_alone() -> None:
    left_out = [a.removeprefix("--ignore=") for a in suite.UNITS if a.startswith("--ignore=")]
    assert sorted(left_out) == sorted(suite.ALONE)
    assert [path for path in left_out if not (ROOT / path).exists()] == []


def test_a_database_is_filled_once_and_its_copies_know_nothing_of_each_other(databases: Databases) -> None:
    calls = 0

    def one_place(session: Session) -> None:
        nonlocal calls
        calls += 1
        session.add(Place(id="nation", name="全国", level=Level.nation))

    def places(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(Place)) or 0

    with databases.opened(one_place) as first, databases.opened(one_place) as second, databases.opened() as empty:
        with first() as session:
            session.add(Place(id="liuhe", name="柳河镇", level=Level.township, parent_id="nation"))
            session.commit()
            assert places(session) == 2
        with second() as session, empty() as other:
            assert (places(session), places(other)) == (1, 0)
    assert calls == 1


def test_a_free_port_is_not_given_twice_in_a_row() -> None:
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == 50
    assert all(20_000 <= port < 32_000 for port in given), "below those that the kernel gives away"
