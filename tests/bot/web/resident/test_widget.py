"""The chat's endpoints over a county, Rasa replaced by its double."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.cases.models import Photo
from bot.conversations import messages, queue
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.settings import Settings
from bot.web.headers import Headers
from bot.web.limits import RateLimit
from bot.web.problems import ApiError
from bot.web.resident.chat import Chat
from tests.bot.world import World

SAID = {"client_id": "client-1", "text": "彩礼能退吗"}


def resident(world: World) -> TestClient:
    client = world.visitor()
    started = client.post("/api/widget/conversations", json={"village": "lijiagou", "embedded": True})
    assert started.status_code == 201
    client.headers["authorization"] = f"Bearer {started.json()['token']}"
    return client


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "brown").save(file, "PNG")
    return file.getvalue()


def test_a_page_gets_a_cookie_and_an_embedding_one_a_token(empty: World) -> None:
    page = empty.visitor()
    started = page.post("/api/widget/conversations", json={"village": "lijiagou"})
    assert (started.json()["token"], started.json()["village"]) == (None, "lijiagou")
    assert "httponly" in started.headers["set-cookie"].lower()
    assert page.get("/api/widget/conversations/current").json()["messages"] == []


def test_what_is_said_is_answered_and_kept(empty: World) -> None:
    client = resident(empty)
    turn = client.post("/api/widget/messages", json=SAID).json()
    assert [turn["message"]["text"], *(m["text"] for m in turn["replies"])] == ["彩礼能退吗", "可以。"]
    assert (turn["status"], turn["pending"]) == ("bot", False)
    assert client.post("/api/widget/messages", json=SAID).json() == turn, "sent once more"
    news = client.get("/api/widget/messages", params={"after": turn["message"]["id"]}).json()
    assert news["messages"] == turn["replies"]


def test_a_page_of_a_very_long_conversation_opens_at_its_end(empty: World) -> None:
    """Of 10,000 messages the oldest 500 were shown, and twenty polls of ten seconds later the newest."""
    client = resident(empty)
    client.post("/api/widget/messages", json=SAID)
    with empty.sessions() as session:
        conversation = session.scalars(select(Conversation.id)).one()
        now = datetime.now(UTC)
        for number in range(messages.AT_ONCE + 20):
            told = Message(
                conversation_id=conversation, sender=Sender.bot, kind="text", text=f"第{number}句", created_at=now
            )
            session.add(told)
            session.flush()
        session.commit()
    shown = [m["text"] for m in client.get("/api/widget/conversations/current").json()["messages"]]
    assert shown == [f"第{number}句" for number in range(20, messages.AT_ONCE + 20)]


def test_a_very_long_conversation_is_read_so_often_in_a_minute(empty: World) -> None:
    """Third red team, R2: two hundred such readings at once kept everybody waiting for 11 s."""
    client = resident(empty)
    first = client.post("/api/widget/messages", json=SAID).json()["message"]["id"]
    with empty.sessions() as session:
        conversation = session.scalars(select(Conversation.id)).one()
        session.add_all(
            Message(conversation_id=conversation, sender=Sender.bot, kind="text", text="话") for _ in range(150)
        )
        session.commit()
    paths = ("/api/widget/conversations/current", f"/api/widget/messages?after={first}")
    assert [client.get(paths[i % 2]).status_code for i in range(14)] == [200] * 12 + [429] * 2
    assert client.get(f"/api/widget/messages?after={first + 100}").status_code == 200, "the page goes on"


def test_what_a_button_says_is_shown_as_what_stands_on_it(empty: World) -> None:
    """A page that is loaded again, or another one, showed `261124-001-05 催一下` where 催一下 was pressed."""
    client = resident(empty)
    pressed = {"client_id": "client-1", "text": "催一下", "payload": "261124-001-05 催一下"}
    client.post("/api/widget/messages", json=pressed)
    assert client.get("/api/widget/messages").json()["messages"][0]["text"] == "催一下"
    with empty.sessions() as session:
        assert session.scalars(select(Message.text)).first() == "261124-001-05 催一下", (
            "what the dialogue and staff read"
        )


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), ("   ", "empty"), ("长" * 2001, "too_long"), ("长" * 20_001, "malformed")]
)
def test_what_can_not_be_answered_is_refused(empty: World, text: str, code: str) -> None:
    refused = resident(empty).post("/api/widget/messages", json={**SAID, "text": text})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)


def test_who_is_refused_in_danger_is_told_what_to_do(empty: World) -> None:
    """A long story with a knife in it was only told that it is too long."""
    client, story = resident(empty), "他正在拿刀砍我，快来救我。" + "我们结婚以后一直吵架。" * 200
    refused = client.post("/api/widget/messages", json={**SAID, "text": story})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "too_long")
    assert refused.json()["guidance"]["kind"] == "emergency"
    chat: Chat = empty.app.state.chat
    chat.settings = chat.settings.model_copy(update={"messages_per_minute": 1})
    assert client.post("/api/widget/messages", json=SAID).status_code == 200
    refused = client.post("/api/widget/messages", json={"client_id": "client-2", "text": "他拿刀要砍死我，救命！"})
    assert refused.status_code == 429
    assert refused.json()["guidance"]["kind"] == "emergency"


def test_what_somebody_said_is_kept_in_no_cache(empty: World) -> None:
    client = TestClient(Headers(empty.app))
    started = client.post("/api/widget/conversations", json={"village": "lijiagou"})
    client.post("/api/widget/messages", json=SAID)
    answers = [
        started,
        *(client.get(f"/api/widget/{path}") for path in ("messages", "conversations/current", "matters")),
    ]
    assert {answer.headers.get("cache-control") for answer in answers} == {"no-store"}


ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/widget/conversations/current", {}),
    ("DELETE", "/api/widget/conversations/current", {}),
    ("POST", "/api/widget/messages", {"json": SAID}),
    ("GET", "/api/widget/messages", {}),
    ("GET", "/api/widget/events", {}),
    ("GET", "/api/widget/matters", {}),
    ("DELETE", "/api/widget/matters/261124-001-05/links", {}),
    ("POST", "/api/widget/messages/1/rating", {"json": {"value": "down"}}),
    ("POST", "/api/widget/photos", {"files": {"photo": ("a.png", b"x")}}),
    ("POST", "/api/widget/typing", {}),
    ("PUT", "/api/widget/village", {"json": {"village": "lijiagou"}}),
]


@pytest.mark.parametrize(("method", "path", "sent"), ASKED, ids=[f"{m} {p}" for m, p, _ in ASKED])
def test_nobody_without_its_token_touches_a_conversation(
    world: World, method: str, path: str, sent: dict[str, Any]
) -> None:
    before = world.rows()
    for headers in ({}, {"authorization": "Bearer forged"}):
        assert world.visitor().request(method, path, headers=headers, **sent).status_code == 404
    evil = {"origin": "https://evil.example"}
    assert resident(world).request(method, path, headers=evil, **sent).status_code == 403
    after = world.rows()
    assert {name: rows for name, rows in after.items() if name != "conversation"} == {
        name: rows for name, rows in before.items() if name != "conversation"
    }


def test_two_bad_answers_in_a_row_call_a_person(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "is_open", lambda *_: True)
    client = resident(empty)
    for number in range(2):
        [reply] = client.post("/api/widget/messages", json={**SAID, "client_id": f"client-{number}"}).json()["replies"]
        assert client.post(f"/api/widget/messages/{reply['id']}/rating", json={"value": "down"}).status_code == 204
    news = client.get("/api/widget/messages").json()
    assert (news["status"], news["messages"][-1]["kind"]) == ("waiting", "handoff")
    assert news["messages"][-1]["buttons"] == [{"title": queue.DONT_WAIT, "payload": queue.DONT_WAIT}]


def test_a_photo_is_stored_anew_and_said_to_be_there(empty: World) -> None:
    client, files = resident(empty), {"photo": ("../wall.png", picture())}
    assert client.post("/api/widget/photos", files=files).json() == {"photos": 1, "is_new": True}
    assert client.post("/api/widget/photos", data={"photo": "no file"}).status_code == 422
    assert client.post("/api/widget/photos", files={"photo": ("a.png", b"not a picture")}).status_code == 422
    with empty.sessions() as session:
        assert [photo.jpeg[:2] for photo in session.scalars(select(Photo))] == [b"\xff\xd8"]
    assert [m["text"] for m in client.get("/api/widget/messages").json()["messages"]] == [
        "收到照片 1 张，我先替您存着。要报事，说“我要报个事”，登记时一起交上去；照片我自己看不懂，想问什么打几个字。"
    ]


def test_typing_and_reading_count_while_a_person_is_there(empty: World) -> None:
    client = resident(empty)
    last = client.post("/api/widget/messages", json=SAID).json()["replies"][-1]["id"]

    def noticed() -> tuple[bool, int]:
        client.post("/api/widget/typing")
        client.get("/api/widget/messages", params={"after": last, "seen": True})
        with empty.sessions() as session:
            held = session.scalars(select(Conversation)).one()
            return held.resident_typing_at is not None, held.resident_seen

    assert noticed() == (False, 0)
    with empty.sessions() as session:
        session.scalars(select(Conversation)).one().status = ConversationStatus.open
        session.commit()
    assert noticed() == (True, last)


def test_a_village_that_is_none_is_refused(empty: World) -> None:
    client = resident(empty)
    assert client.put("/api/widget/village", json={"village": "nation"}).status_code == 404
    assert client.put("/api/widget/village", json={"village": "lijiagou"}).status_code == 204
    assert client.get("/api/widget/conversations/current").json()["village"] == "lijiagou"


def test_forgetting_leaves_nothing_to_come_back_to(empty: World) -> None:
    client = resident(empty)
    client.post("/api/widget/messages", json=SAID)
    assert client.delete("/api/widget/conversations/current").status_code == 204
    assert client.get("/api/widget/messages").status_code == 404
    with empty.sessions() as session:
        assert session.scalars(select(Message)).all() == []


def test_a_registered_page_may_embed_the_chat(empty: World) -> None:
    held: Chat = empty.app.state.chat
    settings = Settings(home=empty.settings.home, origins="https://village.example/, https://b.example")
    chat = Chat(settings=settings, sessions=held.sessions, turns=held.turns, degraded=held.degraded)
    empty.app.state.chat = chat
    for origin, status in (("https://village.example", 201), ("https://other.example", 403)):
        assert (
            empty.visitor().post("/api/widget/conversations", json={}, headers={"origin": origin}).status_code == status
        )


def test_who_asks_too_often_waits_and_nobody_else() -> None:
    limit = RateLimit()
    for _ in range(3):
        limit.check("address one", 3)
    with pytest.raises(ApiError, match="too_many"):
        limit.check("address one", 3)
    limit.check("address two", 3)
