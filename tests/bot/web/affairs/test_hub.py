import pytest

from actions.errors import NotAllowed
from bot.staff import rights
from bot.staff.models import Role, Staff
from tests.bot.world import HASH, World


@pytest.mark.parametrize(
    ("login", "first"),
    [
        ("agent", "/staff/inbox"),
        ("clerk", "/staff/village"),
        ("overseer", "/staff/village"),
        ("grid_worker", "/staff/doorstep"),
    ],
)
def test_everybody_begins_where_their_work_is(world: World, login: str, first: str) -> None:
    with world.sessions() as session:
        assert rights.home_of(session.query(Staff).filter_by(login=login).one()) == first


def test_the_hub_names_the_villages_of_ones_place(world: World) -> None:
    page = world.enter("overseer").get("/staff/village")
    assert page.status_code == 200
    assert "没有等您办的" in page.text
    assert 'href="/v/lijiagou"' in page.text


def test_whoever_writes_does_not_confirm(world: World) -> None:
    with world.sessions() as session:
        own = Staff(login="own", name="监", password_hash=HASH, role=Role.overseer, place_id="lijiagou")
        session.add(own)
        session.flush()
        people = {s.login: s for s in session.query(Staff)}
        rights.check_second(session, own, "lijiagou", people["clerk"].id)
        for who, writer in (
            ("own", own.id),  # what one wrote oneself
            ("clerk", 0),  # who may not confirm at all
            ("supervisor", 0),  # there is somebody who oversees this village
        ):
            with pytest.raises(NotAllowed):
                rights.check_second(session, people[who] if who != "own" else own, "lijiagou", writer)
        with pytest.raises(NotAllowed):
            rights.check_second(session, own, "qingshi", people["clerk"].id)
        own.is_active = False
        session.flush()
        rights.check_second(session, people["supervisor"], "lijiagou", people["clerk"].id)
