"""A message is tried again after somebody was killed: Rasa forgets the first try, and what was done is told."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.feedback import UnansweredQuestion, record_unanswered
from actions.outcomes import ActionOutcome
from actions.replies import Reply
from bot.conversations import claims, messages, service
from bot.conversations.models import Message
from bot.rasa_client import RasaUnavailable, erase_turn
from bot.turns import Turns
from tests.fakes import FakeRasa, a_dead_process

ANSWER = [{"kind": "smalltalk", "text": "好的。"}]


class GoneOn(FakeRasa):
    """A dialogue that has heard a later message."""

    async def take_back(self, conversation_id: str, message_id: int) -> bool:
        return False


class Away(FakeRasa):
    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        raise RasaUnavailable


@pytest.fixture
def message(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        return messages.receive(session, conversation, client_id="c1234567", text="对，报上去").id


def answered(sessions: sessionmaker[Session], rasa: FakeRasa, message: int) -> list[str]:
    return [m.text for m in asyncio.run(Turns(sessions=sessions, rasa=rasa).answer(message))]  # type: ignore[arg-type]


def done(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        session.add(ActionOutcome(message_id=message, replies=[{"kind": "case", "text": "登记好了"}]))
        session.commit()


def test_a_first_try_takes_nothing_back(sessions: sessionmaker[Session], message: int) -> None:
    rasa = FakeRasa(ANSWER)
    assert answered(sessions, rasa, message) == ["好的。"]
    assert rasa.taken_back == []


def test_a_second_try_takes_the_first_back(sessions: sessionmaker[Session], message: int) -> None:
    assert answered(sessions, Away(), message) == []
    rasa = FakeRasa(ANSWER)
    assert answered(sessions, rasa, message) == ["好的。"]
    assert rasa.taken_back == [message]


class Beginning(FakeRasa):
    """Fails at the first talk, and counts the sessions that were begun."""

    begun = 0

    async def start_session(self, conversation_id: str) -> None:
        self.begun += 1

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        if not self.asked:
            self.asked.append((conversation_id, text))
            raise RasaUnavailable
        return await super().talk(conversation_id, text, metadata=metadata)


def test_a_second_try_begins_no_session_behind_which_the_first_would_lie(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.SESSION_TURNS", 1)
    rasa = Beginning(ANSWER)
    assert [answered(sessions, rasa, message) for _ in range(2)] == [[], ["好的。"]]
    assert rasa.begun == 1


def test_a_starting_app_ends_the_claim_of_a_dead_one(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        assert claims.claim(session, message, owner=a_dead_process())
    rasa = FakeRasa(ANSWER)
    assert answered(sessions, rasa, message) == [], "somebody is at it"
    with sessions() as session:
        assert claims.end_those_of_the_dead(session) == 1
    assert answered(sessions, rasa, message) == ["好的。"]
    assert rasa.taken_back == [message]


def test_ending_claims_opens_no_answered_message(sessions: sessionmaker[Session], message: int) -> None:
    answered(sessions, FakeRasa(ANSWER), message)
    with sessions() as session:
        session.execute(update(Message).values(claimed_by=a_dead_process()))
        session.commit()
        before = session.get_one(Message, message).claimed_at
        assert claims.end_those_of_the_dead(session) == 0
        session.expire_all()
        assert session.get_one(Message, message).claimed_at == before
        assert not claims.claim(session, message)


def test_what_was_done_is_told_whatever_the_dialogue_says_now(sessions: sessionmaker[Session], message: int) -> None:
    answered(sessions, Away(), message)
    done(sessions, message)
    assert answered(sessions, FakeRasa(ANSWER), message) == ["登记好了"]


def test_what_was_done_is_not_tried_on_a_dialogue_that_has_gone_on(
    sessions: sessionmaker[Session], message: int
) -> None:
    answered(sessions, Away(), message)
    done(sessions, message)
    rasa = GoneOn(ANSWER)
    assert answered(sessions, rasa, message) == ["登记好了"]
    assert rasa.asked == []


def test_a_question_tried_twice_is_listed_once(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        for question in ("彩礼能退吗", "彩礼能退吗", "低保怎么办"):
            record_unanswered(
                session, question, reason="abstained", conversation_id="c", message_id=message, place=None
            )
        session.commit()
        assert [u.question for u in session.scalars(select(UnansweredQuestion).order_by(UnansweredQuestion.id))] == [
            "彩礼能退吗",
            "低保怎么办",
        ]


def tracker(path: Path, *rows: tuple[str, str, int | None]) -> list[int]:
    """Rasa's file with these events: (conversation, type, our message)."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id TEXT, type_name TEXT, data TEXT)"
        )
        for sender, kind, message in rows:
            data = {"event": kind, "metadata": {"message": message} if message else {}}
            db.execute(
                "INSERT INTO events (sender_id, type_name, data) VALUES (?, ?, ?)", (sender, kind, json.dumps(data))
            )
    return left(path)


def left(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT id FROM events ORDER BY id")]


TURNS = [
    ("a", "action", None),
    ("a", "user", 7),
    ("a", "slot", None),
    ("b", "user", 8),
    ("a", "user", 9),
    ("a", "active_loop", None),
    ("b", "action", None),
    ("a", "action", None),
]


def test_the_last_turn_is_taken_back_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "tracker.sqlite"
    tracker(path, *TURNS)
    assert erase_turn(path, "a", 9)
    assert left(path) == [1, 2, 3, 4, 7]
    assert erase_turn(path, "a", 9), "once more does nothing"
    assert left(path) == [1, 2, 3, 4, 7]


def test_a_turn_that_another_followed_stays(tmp_path: Path) -> None:
    path = tmp_path / "tracker.sqlite"
    before = tracker(path, *TURNS)
    assert not erase_turn(path, "a", 7)
    assert left(path) == before


def test_a_tracker_that_never_heard_the_message_is_as_it_should_be(tmp_path: Path) -> None:
    path = tmp_path / "tracker.sqlite"
    assert erase_turn(path, "a", 9), "no file yet"
    before = tracker(path, *TURNS)
    assert erase_turn(path, "a", 11)
    assert erase_turn(path, "new", 1)
    assert left(path) == before
