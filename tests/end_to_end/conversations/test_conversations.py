"""Residents' talk (conversations.yml), played over every line to a person; by day over two where all lines are alike.

Those selected are played together, then judged one by one.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.channels.simulator.account import Simulator
from bot.db import make_engine, make_sessions
from bot.run.stack import Stack
from bot.settings import ROOT, Settings
from tests.conftest import PROFILE
from tests.end_to_end.conversations import playing
from tests.end_to_end.conversations.playing import LINES, Played

_LOADED = playing.load()
_ALL = {c["id"]: c for c in _LOADED}
_AT_NIGHT = [(c, line) for c in _LOADED for line in playing.lines_of(c, at_night=True)]
_PLAYED = [(c, line) for c in _LOADED for line in playing.lines_of(c, at_night=PROFILE == "night")]


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, stack: Stack, simulators: dict[str, Simulator], prepared: Settings
) -> Iterator[dict[tuple[str, str], Played]]:
    selected = [
        (str(item.callspec.params["name"]), str(item.callspec.params["line"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_resident_is_served.__name__
    ]
    engine = make_engine(prepared.url)
    sessions = make_sessions(engine)
    words = {line: playing.furnish(sessions, line) for line in LINES}
    with ThreadPoolExecutor(4) as pool:
        found = dict(
            zip(
                selected,
                pool.map(
                    lambda s: playing.play(_ALL[s[0]], s[1], stack.settings, sessions, simulators, words[s[1]]),
                    selected,
                ),
                strict=True,
            )
        )
    if path := os.environ.get("LINLI_SCENARIO_TABLE"):
        assert found.keys() == {(c["id"], line) for c, line in _AT_NIGHT}, "only a full night writes the table"
        Path(path).write_text(
            playing.table(_LOADED, {key: not p.failures for key, p in found.items()}), encoding="utf-8"
        )
    yield found
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param(
            c["id"],
            line,
            id=f"{c['id']}-{line}",
            marks=[pytest.mark.xfail(strict=True, reason=c["expected_to_fail"])] if c.get("expected_to_fail") else [],
        )
        for c, line in _PLAYED
    ],
)
def test_resident_is_served(played: dict[tuple[str, str], Played], name: str, line: str) -> None:
    assert not played[name, line].failures, "\n".join(played[name, line].transcript)


def test_wechat_refused_nothing_of_what_was_sent(
    played: dict[tuple[str, str], Played], simulators: dict[str, Simulator]
) -> None:
    for simulator in simulators.values():
        simulator.check()
    assert {line for _, line in played} <= {"widget", *(name for name, s in simulators.items() if s.telephones)}, (
        "and they were all spoken to"
    )


def test_conversations_are_many_and_named_once() -> None:
    assert len(_ALL) == len(_LOADED) >= 60
    assert min(sum(c["half"] == half for c in _LOADED) for half in "ab") >= 30


def test_the_committed_table_is_of_these_conversations() -> None:
    """Written by LINLI_SCENARIO_TABLE=docs/scenarios.md and this file's tests; anything they would write otherwise
    is stale.
    """
    served = {(c["id"], line): not c.get("expected_to_fail") for c, line in _AT_NIGHT}
    assert (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8") == playing.table(_LOADED, served)
