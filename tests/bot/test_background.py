"""The app's loops: they outlive what goes wrong, and what was left lying is answered."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from bot.background import Background
from bot.conversations import claims, messages, service
from bot.conversations.models import Message
from bot.turns import Turns
from knowledge.search.vectors.engines import FAISS
from tests.fakes import FakeRasa, a_dead_process

SECRET = "隔壁老李欠我钱"


@dataclass
class Line:
    """Fails in its first round of each loop, with a resident's words in the error."""

    kind: str = "toy"
    name: str = "one"
    done: list[str] = field(default_factory=list)

    def deliver_due(self) -> int:
        return self._round("deliver")

    def tend(self) -> None:
        self._round("tend")

    def _round(self, what: str) -> int:
        self.done.append(what)
        if self.done.count(what) == 1:
            raise ValueError(SECRET)
        return 0


class Rasa(FakeRasa):
    """There or away, as a test says."""

    is_there = True

    async def is_ready(self) -> bool:
        return self.is_there


def background(sessions: sessionmaker[Session], rasa: Rasa, *lines: Line) -> Background:
    turns = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type]  # a double
    parts: Any = SimpleNamespace(sessions=sessions, rasa=rasa, turns=turns, engine=FAISS)
    return Background(parts, lines)  # type: ignore[arg-type]  # half a channel is enough


def run(found: Background, until: Callable[[], bool]) -> None:
    """The loops, until what they are watched for is there."""

    async def story() -> None:
        loops, ends = found.start(), time.monotonic() + 30
        while not until():
            assert time.monotonic() < ends
            assert not any(loop.done() for loop in loops)
            await asyncio.sleep(0.05)
        for loop in loops:
            loop.cancel()

    asyncio.run(story())


def waiting(sessions: sessionmaker[Session]) -> int:
    """A message said a while ago that a killed process had claimed."""
    with sessions() as session:
        conversation = service.start(session, channel="widget", place=None)
        message = messages.receive(session, conversation, client_id="1", text=SECRET)
        session.execute(update(Message).values(created_at=service.LONG_AGO))
        session.commit()
        assert claims.claim(session, message.id, owner=a_dead_process())
        return message.id


def answers(sessions: sessionmaker[Session], message_id: int) -> list[str]:
    with sessions() as session:
        return [m.text for m in messages.replies_to(session, message_id)]


def test_a_round_that_fails_is_logged_without_words_and_the_next_one_comes(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    line = Line()
    with caplog.at_level(logging.INFO, logger="linli"):
        found = background(sessions, Rasa([{"text": "可以。"}]), line)
        run(found, until=lambda: line.done.count("deliver") >= 2 and line.done.count("tend") >= 2)
    said = [record.getMessage() for record in caplog.records if record.name == "linli.app"]
    assert sorted(said) == ["toy deliver account=one ValueError", "toy tend account=one ValueError"]
    assert SECRET not in caplog.text


def test_what_a_killed_process_had_claimed_is_answered(sessions: sessionmaker[Session]) -> None:
    message = waiting(sessions)
    found = background(sessions, Rasa([{"kind": "answer", "text": "可以。"}]))
    run(found, until=lambda: answers(sessions, message) == ["可以。"])


def test_while_rasa_is_away_nothing_is_tried_and_the_page_may_say_so(sessions: sessionmaker[Session]) -> None:
    message, rasa = waiting(sessions), Rasa([{"kind": "answer", "text": "可以。"}])
    rasa.is_there = False
    found = background(sessions, rasa)
    run(found, until=lambda: not found.is_rasa_ready)
    assert answers(sessions, message) == []
    assert rasa.asked == []


def test_a_look_that_fails_does_not_end_the_watch(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Rasa):
        async def is_ready(self) -> bool:
            raise OSError

    def failed() -> int:
        return sum(r.name == "linli.app" and r.getMessage() == "watch" for r in caplog.records)

    run(background(sessions, Broken([{"text": "可以。"}])), until=lambda: failed() == 2)


def test_a_damaged_database_does_not_keep_the_app_from_starting(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    class Damaged:
        def __enter__(self) -> Session:
            raise DatabaseError("UPDATE message", {}, sqlite3.DatabaseError("database disk image is malformed"))

        def __exit__(self, *_: object) -> None:
            pass

    found = background(sessions, Rasa([{"text": "可以。"}]))
    found.parts.sessions = Damaged  # type: ignore[assignment]
    run(found, until=lambda: True)
    assert "run `linli doctor`: database disk image is malformed" in caplog.text
