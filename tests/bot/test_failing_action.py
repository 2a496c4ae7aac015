"""An action that raises, in the real action server: the resident hears so after three tries, and a person is called."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from sqlalchemy.orm import Session, sessionmaker

from bot.conversations import claims, messages, service
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.rasa_client import RasaClient
from bot.run.serving import listening
from bot.turns import MOST_TRIES, Turns
from bot.web.internal import internal_app
from tests.fakes import PairEmbedder
from tests.ports import free_port

SECRET = "s" * 20


class Breaking(Action):
    """Raises as long as it is told to."""

    fails, calls = 99, 0

    def name(self) -> str:
        return "action_answer_question"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        Breaking.calls += 1
        if Breaking.calls <= Breaking.fails:
            raise ZeroDivisionError("a fault of ours")
        dispatcher.utter_message(json_message={"kind": "answer", "text": "可以退。"})
        return []


@pytest.fixture
def rasa() -> Iterator[RasaClient]:
    """Our action server under uvicorn, with Rasa's SDK; before it, what Rasa does: it calls the action, and where that
    fails it says nothing.
    """
    executor = ActionExecutor()
    executor.register_action(Breaking())
    Breaking.fails, Breaking.calls = 99, 0
    actions, port = free_port(), free_port()
    front = FastAPI()

    @front.post("/webhooks/rest/webhook")
    async def webhook(request: Request) -> list[Any]:
        said = await request.json()
        call = {
            "next_action": "action_answer_question",
            "sender_id": said["sender"],
            "tracker": {
                "sender_id": said["sender"],
                "slots": {},
                "latest_message": {},
                "events": [],
                "active_loop": {},
            },
            "version": "3.6.21",
        }
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{actions}", trust_env=False) as client:
            headers = {"x-linli-secret": SECRET}
            answer = await client.post("/internal/actions/webhook", json=call, headers=headers)
        return [{"custom": r["custom"]} for r in answer.json()["responses"]] if answer.status_code == 200 else []

    @front.get("/status")
    async def status() -> dict[str, str]:
        return {"status": "loaded"}

    internal = internal_app(secret=SECRET, embedder=PairEmbedder(), executor=executor)
    with listening(internal, actions), listening(front, port):
        yield RasaClient(f"http://127.0.0.1:{port}", "t", timeout_s=10)


@pytest.fixture
def message(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place=None)
        return messages.receive(session, conversation, client_id="client-1", text="彩礼能退吗").id


def looks(sessions: sessionmaker[Session], rasa: RasaClient, message: int, times: int) -> list[list[Message]]:
    """As the app's watch does it: while Rasa is there, what waits is tried."""

    async def run() -> list[list[Message]]:
        turns, found = Turns(sessions=sessions, rasa=rasa), []
        for _ in range(times):
            assert await rasa.is_ready()
            found.append(await turns.answer(message))
        return found

    return asyncio.run(run())


def test_after_three_tries_the_resident_hears_so_and_a_person_is_called(
    sessions: sessionmaker[Session], rasa: RasaClient, message: int
) -> None:
    *before, last, after = looks(sessions, rasa, message, MOST_TRIES + 1)
    assert before == [[], []]
    assert "出了毛病" in last[0].text
    for number in ("110", "120", "119", "12345", "12348"):
        assert number in last[0].text
        assert {"label": f"拨打 {number}", "href": f"tel:{number}"} in last[0].body["links"]
    assert [m.id for m in after] == [m.id for m in last], "and it isn't tried again"
    assert Breaking.calls == MOST_TRIES
    with sessions() as session:
        held = session.get_one(Message, message)
        conversation = session.get_one(Conversation, held.conversation_id)
        assert (conversation.status, conversation.handoff_reason) == (ConversationStatus.waiting, "failed")
        assert held.answered_at is not None
        assert claims.unanswered(session, older_than=service.timedelta(0)) == []
        told = session.query(Message).filter_by(conversation_id=conversation.id, sender=Sender.system).count()
        assert told <= 1, "and the wait was told once at most"


def test_what_fails_twice_and_then_works_is_answered_as_if_nothing_had_been(
    sessions: sessionmaker[Session], rasa: RasaClient, message: int
) -> None:
    Breaking.fails = 2
    found = looks(sessions, rasa, message, 3)
    assert [[m.text for m in replies] for replies in found] == [[], [], ["可以退。"]]
    with sessions() as session:
        held = session.get_one(Message, message)
        assert session.get_one(Conversation, held.conversation_id).status is ConversationStatus.bot


def test_while_rasa_is_away_nothing_is_given_up(sessions: sessionmaker[Session], message: int) -> None:
    away = RasaClient(f"http://127.0.0.1:{free_port()}", "t", timeout_s=1)

    async def run() -> list[list[Message]]:
        turns = Turns(sessions=sessions, rasa=away)
        return [await turns.answer(message) for _ in range(MOST_TRIES + 2)]

    assert asyncio.run(run()) == [[]] * (MOST_TRIES + 2)
    with sessions() as session:
        assert session.get_one(Message, message).failures == 0
