"""What a resident sends on the page is seen by them and by the agent, and it is said truly who sees it."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.replies import Reply, ReplyKind
from bot.conversations import delivery, handoff, messages
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff.models import AuditEntry, Staff
from tests.bot.world import World


def _jpeg(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(out, "JPEG")
    return out.getvalue()


def _send(page: TestClient, colour: str = "red") -> dict[str, Any]:
    answer = page.post("/api/widget/photos", files={"photo": ("a.jpg", _jpeg(colour), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _shown(page: TestClient) -> dict[str, Any]:
    """The newest message about a picture, as the page gets it when it is opened."""
    said = page.get("/api/widget/conversations/current").json()["messages"]
    return dict([m for m in said if m["file"]][-1])


@pytest.fixture
def page(world: World) -> TestClient:
    client = world.visitor()
    client.post("/api/widget/conversations", json={"village": "lijiagou"})
    return client


def _here(world: World) -> Conversation:
    with world.sessions() as session:
        newest = select(Conversation).where(Conversation.id != World.conversation)
        return session.scalars(newest.order_by(Conversation.created_at.desc())).first() or pytest.fail("none")


def _accepted(world: World) -> str:
    here = _here(world).id
    with world.sessions() as session:
        conversation = session.get_one(Conversation, here)
        conversation.status, conversation.waiting_since = ConversationStatus.waiting, datetime.now(UTC)
        session.commit()
        me = session.scalars(select(Staff.id).where(Staff.login == "agent")).one()
        handoff.accept(session, here, agent_id=me, agent_name="小钱", now=datetime.now(UTC))
    return here


def test_an_agent_and_the_resident_see_the_picture_again(world: World, page: TestClient) -> None:
    """请把合同拍照发过来 was answered with a picture that nobody but the resident saw, and they until a reload."""
    here = _accepted(world)
    assert _send(page) == {"photos": 1, "is_new": True}
    shown = _shown(page)
    assert "工作人员看得到" in shown["text"]
    assert "登记" not in shown["text"], "nothing is being filed"
    for path in (shown["file"]["href"], shown["file"]["small"]):
        picture = world.visitor().get(path)
        assert picture.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(picture.content)).size[0] in (900, 480)
    desk = world.enter("agent")
    thread = desk.get(f"/staff/conversations/{here}").text
    path = f"/staff/conversations/{here}/photos/{shown['id']}"
    assert f'src="{path}?small=1"' in thread
    assert desk.get(path).headers["content-type"] == "image/jpeg"
    with world.sessions() as session:
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.what == "查看照片")) is not None


def test_a_picture_is_shown_to_nobody_else(world: World, page: TestClient) -> None:
    here = _accepted(world)
    _send(page)
    number = _shown(page)["id"]
    assert world.enter("qingshi").get(f"/staff/conversations/{here}/photos/{number}").status_code in (403, 404)
    other = world.enter("administrator").get(f"/staff/conversations/{World.conversation}/photos/{number}")
    assert other.status_code == 404, "of another conversation"
    assert world.visitor().get("/a/photo/bm90aGluZw").status_code == 404


def test_a_link_ends_with_the_conversation(world: World, page: TestClient) -> None:
    _send(page)
    path = _shown(page)["file"]["href"]
    assert world.visitor().get(path).status_code == 200
    assert page.delete("/api/widget/conversations/current").status_code < 300
    assert world.visitor().get(path).status_code == 404


def test_it_is_said_who_sees_it(world: World, page: TestClient) -> None:
    _send(page, "red")
    assert "先替您存着" in _shown(page)["text"], "neither a report nor a person"
    with world.sessions() as session:
        asked = Reply(ReplyKind.asking, "这事在哪儿？", form="dispute")
        delivery.tell(session, _here(world).id, asked, key="asked")
        session.commit()
    _send(page, "green")
    assert _shown(page)["text"] == "收到照片 2 张，登记时一起交上去。"
    _accepted(world)
    _send(page, "blue")
    assert "工作人员看得到" in _shown(page)["text"]


def test_the_same_picture_twice_is_said_once(world: World, page: TestClient) -> None:
    _send(page)
    assert _send(page) == {"photos": 1, "is_new": False}
    with world.sessions() as session:
        told = [m for m in messages.all_messages(session, _here(world).id) if m.sender is Sender.system]
    assert len([m for m in told if isinstance(m, Message) and "照片" in m.text]) == 1
