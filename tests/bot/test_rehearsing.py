"""What is only tried is acted by our own actions, and nothing of it is kept."""

from datetime import date
from typing import Any

from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions.feedback import UnansweredQuestion, record_unanswered
from bot.rehearsing.supposed import Supposed
from bot.rehearsing.unkept import unkept
from bot.web.internal import internal_app
from tests.fakes import PairEmbedder

SUPPOSED = Supposed(date(2026, 12, 1), 7)


class Names(Action):
    """Says by whom it was given."""

    def __init__(self, giver: str) -> None:
        self._giver = giver

    def name(self) -> str:
        return "action_names"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        dispatcher.utter_message(text=self._giver)
        return []


def executor(giver: str) -> ActionExecutor:
    made = ActionExecutor()
    made.register_action(Names(giver))
    return made


def call(metadata: dict[str, Any]) -> dict[str, Any]:
    tracker = {"sender_id": "c", "slots": {}, "events": [], "latest_message": {"text": "x", "metadata": metadata}}
    return {"next_action": "action_names", "sender_id": "c", "tracker": {**tracker, "paused": False}, "domain": {}}


def test_what_is_committed_in_a_session_that_keeps_nothing_is_gone_with_it(sessions: sessionmaker[Session]) -> None:
    with unkept(sessions)() as session:
        told: dict[str, Any] = {"reason": "abstained", "conversation_id": "try-1", "message_id": 0, "place": None}
        record_unanswered(session, "火星上的蚯蚓", **told)
        session.commit()
        assert session.scalars(select(UnansweredQuestion.question)).all() == ["火星上的蚯蚓"], "it sees its own work"
        with sessions() as other:
            assert other.scalars(select(UnansweredQuestion)).all() == []
    with sessions() as other:
        assert other.scalars(select(UnansweredQuestion)).all() == []


def test_what_is_supposed_survives_the_way_through_rasa() -> None:
    assert Supposed.of(call({"message": 0, **SUPPOSED.metadata()})) == SUPPOSED
    assert Supposed.of(call({"message": 12, "place": "lijiagou"})) is None
    assert Supposed.of({}) is None


def test_a_call_that_supposes_something_is_acted_by_those_that_keep_nothing() -> None:
    asked = list[Supposed]()

    def rehearsing(supposed: Supposed) -> ActionExecutor:
        asked.append(supposed)
        return executor("tried")

    app = internal_app(secret="s", embedder=PairEmbedder(), executor=executor("real"), rehearsing=rehearsing)
    client = TestClient(app, headers={"x-linli-secret": "s"})

    def said(metadata: dict[str, Any]) -> str:
        return str(client.post("/internal/actions/webhook", json=call(metadata)).json()["responses"][0]["text"])

    assert said({"message": 12}) == "real"
    assert asked == []
    assert said({"message": 0, **SUPPOSED.metadata()}) == "tried"
    assert asked == [SUPPOSED]
