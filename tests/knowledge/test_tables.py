import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session, sessionmaker

from knowledge.places import Level, Place
from knowledge.tables import changed


@pytest.fixture
def village(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        session.add(Place(id="bridge", name="石桥村", level=Level.village))
        session.commit()
    return sessions


def test_second_of_two_conditional_updates_changes_nothing(village: sessionmaker[Session]) -> None:
    renamed = update(Place).where(Place.name == "石桥村").values(name="大桥村")
    with village() as session:
        assert changed(session, renamed) == 1
        assert changed(session, renamed) == 0


def test_deleting_counts_the_rows_that_went(village: sessionmaker[Session]) -> None:
    with village() as session:
        assert changed(session, delete(Place)) == 1
        assert changed(session, delete(Place)) == 0


def test_without_synchronizing_the_row_in_hand_keeps_what_was_read(village: sessionmaker[Session]) -> None:
    with village() as session:
        held = session.get_one(Place, "bridge")
        assert changed(session, update(Place).values(name="大桥村"), synchronize=False) == 1
        assert held.name == "石桥村"
        session.refresh(held)
        assert held.name == "大桥村"
