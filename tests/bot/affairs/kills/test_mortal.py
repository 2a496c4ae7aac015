"""The harness itself: it kills for real, and finds what a kill leaves half done, doubled or told twice."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.replies import Reply, ReplyKind
from bot.conversations import delivery
from bot.conversations.models import Conversation, Message
from knowledge.places import Level, Place
from tests import killer
from tests.bot.affairs.kills import mortal
from tests.bot.affairs.kills.mortal import Stage, walk
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)


def _somebody(_stage: Stage, session: Session) -> None:
    session.add(Conversation(id="c", channel="widget"))
    session.commit()


def _check_nothing(_session: Session) -> None:
    pass


def _tells(stage: Stage, key: str) -> None:
    with stage.sessions() as session:
        if session.get(Place, "lijiagou") is None:
            session.add(Place(id="lijiagou", name="李家沟村", level=Level.village))
            session.commit()
        delivery.tell(session, "c", Reply(ReplyKind.text, "办好了。"), key=key)
        session.commit()


def _well(stage: Stage) -> None:
    _tells(stage, "once")


def _tells_anew(stage: Stage) -> None:
    _tells(stage, uuid.uuid4().hex)


def _half(stage: Stage) -> None:
    """Takes the first commit for the whole."""
    with stage.sessions() as session:
        if session.get(Place, "lijiagou") is not None:
            return
    _well(stage)


def test_a_deed_that_may_be_done_again_passes(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Message.text)).all() == ["办好了。"]

    assert walk(databases, tmp_path, _somebody, _well, check) == 7  # three writes, two commits


def test_what_is_told_twice_is_found(databases: Databases, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"done again without a kill: lost.*too much.*办好了"):
        walk(databases, tmp_path, _somebody, _tells_anew, _check_nothing)


def test_what_a_kill_leaves_half_done_is_found(databases: Databases, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"killed at 3 of wbawwba, after a commit: lost.*办好了"):
        walk(databases, tmp_path, _somebody, _half, _check_nothing)


def test_a_kill_is_a_kill(databases: Databases, tmp_path: Path) -> None:
    """At a write nothing of it is there, behind a commit all of it is."""
    home = tmp_path / "home"
    home.mkdir()
    for last, places, messages in ((1, 0, 0), (2, 0, 0), (3, 1, 0), (6, 1, 0), (7, 1, 1)):
        with databases.opened() as sessions:
            with sessions() as session:
                _somebody(Stage(sessions, home), session)
            assert mortal.run(Stage(sessions, home), _well, last) == "wbawwba"[:last]
            with sessions() as session:
                found = len(session.scalars(select(Place)).all()), len(session.scalars(select(Message)).all())
                assert found == (places, messages), last


def test_of_many_points_some_are_walked_and_commits_before_writes() -> None:
    passed = "wwwwba" * 10
    chosen = mortal.sample(passed, "ci")
    assert len(chosen) == 8
    assert {5, 60} <= set(chosen), "the first commit and the last"
    assert mortal.sample(passed, "night") == list(range(1, 61))
