"""The invented month of a village: every public tab and console page has something, and it goes without a trace."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actions.topics.counting.keys import TopicKeys
from bot.run import demo
from bot.run.invented import affairs
from bot.web.village.registry import TABS
from tests.bot.world import World


@pytest.mark.parametrize("days", [0, 20, 45])  # also where the month reaches into the year before
def test_it_is_on_every_page_and_goes_without_a_trace(world: World, tmp_path: Path, days: int) -> None:
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
