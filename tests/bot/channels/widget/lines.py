"""The widget, for the contract of channels: the whole app, with doubles for Rasa and the search."""

from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from bot.app import create_app
from bot.channels.widget.channel import Widget
from bot.settings import Settings
from bot.turns import Turns
from tests.bot.channels.bench import ANSWER, Bench, Makes
from tests.fakes import FakeRasa, doubled_parts


def _page(sessions: sessionmaker[Session], home: Path) -> Bench:
    rasa = FakeRasa([{"kind": "answer", "text": ANSWER}])
    turns = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type]  # a double
    settings = Settings(home=home, messages_per_minute=100)
    parts = doubled_parts(settings, sessions, rasa, turns)
    (channel,) = Widget.build(settings, sessions=sessions, answer=turns.answer)
    client = TestClient(create_app(parts, [channel]))
    client.post("/api/widget/conversations", json={}).raise_for_status()

    def say(text: str, key: int) -> None:
        sent = {"client_id": f"message-{key}", "text": text}
        client.post("/api/widget/messages", json=sent).raise_for_status()

    def heard() -> list[str]:
        found = client.get("/api/widget/messages").json()["messages"]
        return [m["text"] for m in found if m["sender"] != "resident"]

    return Bench(channel, sessions, say, heard, later=lambda _: None)


LINES: dict[str, Makes] = {"page": _page}
