"""A claim has an owner and an end: it is renewed while its turn runs, and only its owner renews or gives it up."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.replies import Reply
from bot.conversations import claims, messages, service
from bot.conversations.models import Message
from bot.turns import Turns
from tests.fakes import FakeRasa, a_dead_process

_ELSEWHERE = "another/1234abcd/4026 17 4711"
ANSWER = [{"kind": "smalltalk", "text": "好的。"}]


@pytest.fixture
def message(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        return messages.receive(session, conversation, client_id="c1234567", text="对，报上去").id


class Slow(FakeRasa):
    """Thinks until it is told to answer."""

    def __init__(self) -> None:
        super().__init__(ANSWER)
        self.thinks, self.may_answer = asyncio.Event(), asyncio.Event()

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        self.thinks.set()
        await self.may_answer.wait()
        return await super().talk(conversation_id, text, metadata=metadata)


def test_a_claim_is_renewed_while_its_turn_runs(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEWED_EVERY", timedelta(milliseconds=20))

    def since() -> datetime | None:
        with sessions() as session:
            return session.scalar(select(Message.claimed_at).where(Message.id == message))

    async def run() -> list[Message]:
        rasa = Slow()
        turn = asyncio.create_task(Turns(sessions=sessions, rasa=rasa).answer(message))  # type: ignore[arg-type]
        await rasa.thinks.wait()
        seen = {since()}
        while len(seen) < 4:  # it is renewed, and again, or this never ends
            await asyncio.sleep(0.02)
            seen.add(since())
        rasa.may_answer.set()
        return await turn

    assert [m.text for m in asyncio.run(run())] == ["好的。"]


def test_nothing_is_renewed_once_it_is_answered(sessions: sessionmaker[Session], message: int) -> None:
    asyncio.run(Turns(sessions=sessions, rasa=FakeRasa(ANSWER)).answer(message))  # type: ignore[arg-type]
    with sessions() as session:
        assert claims.renew(session, [message]) == 0


def test_only_its_owner_renews_a_claim_or_gives_it_up(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        assert claims.claim(session, message, owner=_ELSEWHERE)
        assert claims.renew(session, [message]) == 0
        claims.release(session, message)
        assert not claims.claim(session, message)


def test_a_claim_of_another_machine_lapses_and_is_not_ended(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        assert claims.claim(session, message, owner=_ELSEWHERE)
        assert claims.end_those_of_the_dead(session) == 0
        assert not claims.claim(session, message)
        ago = datetime.now(UTC) - claims.CLAIM_LAPSES - timedelta(seconds=1)
        session.execute(update(Message).values(claimed_at=ago))
        session.commit()
        assert claims.claim(session, message)
        assert claims.renew(session, [message]) == 1


def test_ending_those_of_the_dead_leaves_the_living(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        other = service.start(session, channel="widget", place="lijiagou")
        second = messages.receive(session, other, client_id="c1234567", text="在吗").id
        assert claims.claim(session, message)
        assert claims.claim(session, second, owner=a_dead_process())
        assert claims.end_those_of_the_dead(session) == 1
        assert not claims.claim(session, message)
        assert claims.claim(session, second)
