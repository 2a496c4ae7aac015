"""The invented month of a village: every public tab and console page has something, and it goes without a trace."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.decisions.models import Decision
from actions.decisions.status import State
from actions.disclosure import listing
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.status import TopicState
from bot.run import demo
from bot.run.invented import affairs
from bot.web.affairs.registry import SUBJECTS
from bot.web.village.registry import TABS
from knowledge.places import Place
from tests.bot.world import World

_LATER = {"村史"}  # a story is told, and is public only once two people have edited and approved it


@pytest.mark.parametrize("days", [0, 20, 45])  # also where the month reaches into the year before
def test_it_goes_without_a_trace(world: World, tmp_path: Path, days: int) -> None:
    before, keys = world.rows(), TopicKeys(tmp_path / "keys")
    now = datetime.now(UTC) + timedelta(days=days)
    with world.sessions() as session:
        made = affairs.fill(session, keys, now=now)
        assert made["topics"] == 5
        assert made["posted"] >= 5
        assert affairs.fill(session, keys, now=now) == {}
        assert demo.remove_all(session, keys)["topics"] == 5
    assert world.rows() == before
    assert keys.names() == []


def test_every_tab_and_every_page_of_the_console_has_something(world: World, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with world.sessions() as session:
        made = affairs.fill(session, TopicKeys(tmp_path / "keys"), now=now)
        place = session.scalars(select(Place.id).where(Place.name == made["village"])).one()
        assert {tab.name for tab in TABS if not tab.newest(session, place, now)} <= _LATER
        own = select(Topic.state).where(Topic.place_id == place)
        assert set(session.scalars(own)) == {
            TopicState.fed_back,
            TopicState.open,
            TopicState.agenda,
            TopicState.raised,
            TopicState.refused,
        }
        decided = select(Decision.state).where(Decision.place_id == place)
        assert set(session.scalars(decided)) == {State.published, State.not_held, State.noticed}
        assert len(listing.owed(session, place, now)) == 1
    visitor = world.visitor()
    for path in ("", *(f"/{tab.path}" for tab in TABS)):
        assert visitor.get(f"/v/{place}{path}").status_code == 200, path
    for login in ("clerk", "overseer", "legal_worker", "supervisor"):
        client = world.enter(login)
        assert client.get("/staff/village").status_code == 200
        for subject in SUBJECTS:
            answer = client.get(f"{subject.href}?place={place}")
            assert answer.status_code in (200, 403), (login, subject.href)
