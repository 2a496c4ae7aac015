"""News as they come, over a real connection; what is new is written by another session, as another process would."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, update

from bot.conversations import service
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.run.serving import listening
from bot.web.resident import events, live
from tests.bot.world import World


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_S", 0.05)


@pytest.fixture
def base(empty: World) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with listening(empty.app, port, lifespan="off", on_end=empty.app.state.chat.live.end):
        yield f"http://127.0.0.1:{port}"


class Page:
    """Listens as the widget does."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, timeout=10, trust_env=False)
        token = self.http.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
        self.http.headers["authorization"] = f"Bearer {token}"

    def listen(self, held: ExitStack, after: int = 0) -> Iterator[dict[str, Any]]:
        """Each of the news; a line that only keeps the connection open is {}."""
        answer = held.enter_context(self.http.stream("GET", "/api/widget/events", params={"after": after}))
        assert answer.status_code == 200, answer.read()
        assert answer.headers["x-accel-buffering"] == "no"
        return (
            json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            for line in answer.iter_lines()
            if line
        )


def newest(world: World) -> str:
    with world.sessions() as session:
        return session.scalars(select(Conversation.id).order_by(Conversation.created_at.desc())).first() or ""


def write(world: World, text: str) -> int:
    """Of an agent."""
    with world.sessions() as session:
        message = Message(conversation_id=newest(world), sender=Sender.agent, text=text, answered_at=datetime.now(UTC))
        session.add(message)
        session.commit()
        return message.id


def change(world: World, **values: Any) -> None:
    with world.sessions() as session:
        session.execute(update(Conversation).where(Conversation.id == newest(world)).values(**values))
        session.commit()


def test_what_an_agent_writes_comes_by_itself_and_once(empty: World, base: str) -> None:
    with ExitStack() as held:
        news = Page(base).listen(held)
        assert next(news)["messages"] == [], "how it stands, at once"
        first = write(empty, "我是小王")
        assert [(m["id"], m["text"]) for m in next(news)["messages"]] == [(first, "我是小王")]
        second = write(empty, "您说")
        assert [m["id"] for m in next(news)["messages"]] == [second]


def test_a_page_that_comes_back_hears_what_it_missed(empty: World, base: str) -> None:
    page = Page(base)
    first, second = write(empty, "第一句"), write(empty, "第二句")
    with ExitStack() as held:
        assert [m["id"] for m in next(page.listen(held, after=first))["messages"]] == [second]


def test_who_speaks_and_who_is_writing_are_news_too(empty: World, base: str) -> None:
    with ExitStack() as held:
        news = Page(base).listen(held)
        next(news)
        change(empty, status=ConversationStatus.open, agent_name="小王")
        said = next(news)
        assert (said["status"], said["agent"], said["typing"]) == ("open", "小王", False)
        change(empty, agent_typing_at=datetime.now(UTC))
        assert next(news)["typing"]


def test_another_conversation_is_no_news(empty: World, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "QUIET_S", 0.4)
    with ExitStack() as held:
        news = Page(base).listen(held)
        next(news)
        Page(base)
        write(empty, "给另一个人的话")
        assert next(news) == {}


def test_a_quiet_stream_is_kept_open_and_ends_after_a_while(
    empty: World, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "QUIET_S", 0.1)
    monkeypatch.setattr(events, "LASTS_S", 0.35)
    with ExitStack() as held:
        said = list(Page(base).listen(held))
    assert said[0]["status"] == "bot"
    assert 1 <= said[1:].count({}) == len(said) - 1 <= 3


def test_a_page_that_lost_its_right_is_left_at_once(empty: World, base: str) -> None:
    with ExitStack() as held:
        news = Page(base).listen(held)
        next(news)
        change(empty, page_count=1)  # 关掉网页
        assert list(news) == []
        news = Page(base).listen(held)
        next(news)
        with empty.sessions() as session:
            service.forget(session, newest(empty))
        assert list(news) == []


def test_an_address_has_room_for_so_many_and_gets_it_back(
    empty: World, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_AN_ADDRESS", 2)
    page = Page(base)
    with ExitStack() as held:
        pages = [page.listen(held) for _ in range(2)]
        assert all(next(news) for news in pages)
        refused = page.http.get("/api/widget/events")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_room")
        assert page.http.get("/api/widget/messages").status_code == 200, "it asks instead"
    until = time.monotonic() + 10
    while empty.app.state.chat.live._streams and time.monotonic() < until:
        time.sleep(0.05)
    with ExitStack() as held:
        next(page.listen(held))


def test_listening_holds_no_connection_to_the_database(empty: World, base: str) -> None:
    with empty.sessions() as session:
        bind = session.get_bind()
    assert isinstance(bind, Engine)
    page = Page(base)
    with ExitStack() as held:
        pages = [page.listen(held) for _ in range(8)]
        assert all(next(news) for news in pages)
        counts: list[int] = []
        for _ in range(40):
            time.sleep(0.01)
            counts.append(bind.pool.checkedout())  # type: ignore[attr-defined]
        assert min(counts) == 0
        assert max(counts) < len(pages), "one look for all, beside the app's own loops"


def test_open_pages_do_not_keep_the_process_from_stopping(empty: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with ExitStack() as held:
        with listening(empty.app, port, lifespan="off", on_end=empty.app.state.chat.live.end):
            news = Page(f"http://127.0.0.1:{port}").listen(held)
            next(news)
            started = time.monotonic()
        assert time.monotonic() - started < 5
        assert list(news) == []
