"""Several conversations at once: what can be done is done, and of the others each refusal is said."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.conversations import handoff, messages
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff.models import AuditEntry, Notice, Staff
from tests.bot.world import World

_PART = {"hx-request": "true"}
_BYE = "水管今天修好了，有事再找我们。"


def _id(session: Session, login: str) -> int:
    return session.scalars(select(Staff.id).where(Staff.login == login)).one()


@pytest.fixture
def queue(world: World) -> World:
    """Beside the county's one that waits: two more, one in a colleague's hands, one in danger, one out of reach."""
    now = datetime.now(UTC)
    with world.sessions() as session:
        rows: dict[str, dict[str, Any]] = {
            "w1": {"text": "水管裂了没人管"},
            "w2": {"text": "路灯坏了半个月"},
            "held": {"text": "工钱要不回来了"},
            "fear": {"text": "他拿刀堵我家门", "handoff_reason": "danger", "emergency_at": now},
            "far": {"text": "青石那边的事情", "place_id": "qingshi"},
            "over": {"text": "只跟邻里说过话", "status": ConversationStatus.bot, "waiting_since": None},
        }
        standing: dict[str, Any] = {
            "channel": "widget",
            "status": "waiting",
            "waiting_since": now,
            "handoff_reason": "asked",
        }
        for name, more in rows.items():
            text = more.pop("text")
            session.add(Conversation(**{**standing, "place_id": "lijiagou", "id": name, **more}))
            session.flush()
            session.add(Message(conversation_id=name, sender=Sender.resident, text=text, answered_at=now))
        session.commit()
        other = _id(session, "mediator")
        handoff.accept(session, "held", agent_id=other, agent_name="mediator的人", now=now)
    return world


def _press(world: World, do: str, *ids: str, login: str = "liuhe", **more: str) -> str:
    sent = {"ids": list(ids), "do": do, "nonce": "n1", **more}
    answer = world.enter(login).post("/staff/inbox/many", data=sent, headers=_PART)
    assert answer.status_code == 200, answer.text
    return answer.text


def _of(world: World, name: str) -> Conversation:
    with world.sessions() as session:
        return session.get_one(Conversation, name)


def _said(world: World, name: str, sender: Sender) -> list[str]:
    with world.sessions() as session:
        return [m.text for m in messages.all_messages(session, name) if m.sender is sender]


def test_several_are_taken_and_who_has_one_already_keeps_it(queue: World) -> None:
    told = _press(queue, "accept", "w1", "w2", "held", "far", "gone")
    assert "2 段接入了" in told
    assert "3 段没办成" in told
    assert "工钱要不回来了" in told
    assert "已经由mediator的人接了" in told
    assert "这不在您负责的地方" in told
    assert "没有这段对话" in told
    assert "青石" not in told, "of one out of reach not even the words"
    with queue.sessions() as session:
        me = _id(session, "liuhe")
        assert {c.id for c in session.scalars(select(Conversation).where(Conversation.agent_id == me))} == {"w1", "w2"}
        lines = session.scalars(select(AuditEntry.subject).where(AuditEntry.what == "接入对话")).all()
        assert sorted(lines) == ["w1", "w2"], "what was refused wasn't done"


def test_ones_own_are_handed_back_and_others_stay(queue: World) -> None:
    _press(queue, "accept", "w1")
    told = _press(queue, "give-back", "w1", "w2", "held")
    assert "1 段交还了" in told
    assert "2 段没办成" in told
    assert told.count("不在您手上") == 2
    stands = [_of(queue, name).status.value for name in ("w1", "w2", "held")]
    assert stands == ["bot", "waiting", "open"]


def test_several_end_with_one_sentence_each_and_never_with_whom_may_be_in_danger(queue: World) -> None:
    _press(queue, "accept", "w1")
    told = _press(queue, "close", "w1", "w2", "held", "fear", "over", sentence=_BYE)
    assert "2 段结束了" in told
    assert "可能有危险" in told
    assert "在mediator的人手上" in told
    assert "已经结束" in told
    assert [_of(queue, name).status.value for name in ("w1", "w2", "fear")] == ["bot", "bot", "waiting"]
    for name in ("w1", "w2"):
        assert _said(queue, name, Sender.agent) == [_BYE]
        assert "这次就先到这里" in _said(queue, name, Sender.system)[-1]
    assert _said(queue, "fear", Sender.agent) == _said(queue, "held", Sender.agent) == []
    again = _press(queue, "close", "w1", "w2", sentence=_BYE)
    assert "2 段没办成" in again
    assert _said(queue, "w1", Sender.agent) == [_BYE], "pressed twice it is said once"


def test_nothing_ends_without_a_word(queue: World) -> None:
    told = _press(queue, "close", "w1", sentence="  ")
    assert "请写一句话" in told
    assert _of(queue, "w1").status is ConversationStatus.waiting


def test_several_go_to_a_colleague_who_hears_of_each(queue: World) -> None:
    with queue.sessions() as session:
        colleague = _id(session, "colleague")
    told = _press(queue, "assign", "w1", "w2", "held", to=f"staff-{colleague}")
    assert "2 段转出去了" in told
    assert "在mediator的人手上" in told
    for name in ("w1", "w2"):
        assert (_of(queue, name).status.value, _of(queue, name).agent_id) == ("open", colleague)
        assert "colleague的人" in _said(queue, name, Sender.system)[-1]
    with queue.sessions() as session:
        called = session.scalars(select(Notice.conversation_id).where(Notice.staff_id == colleague)).all()
    assert {*called} == {"w1", "w2"}
    listed = queue.enter("colleague").get("/staff/inbox?box=mine").text
    assert "水管裂了" in listed
    assert "工钱" not in listed


def test_several_go_to_a_units_queue_and_keep_their_turn(queue: World) -> None:
    _press(queue, "accept", "w1")
    since = _of(queue, "w2").waiting_since
    told = _press(queue, "assign", "w1", "w2", to="team-2")
    assert "2 段转出去了" in told
    for name in ("w1", "w2"):
        assert (_of(queue, name).status.value, _of(queue, name).team_id) == ("waiting", 2)
    assert _of(queue, "w2").waiting_since == since


@pytest.mark.parametrize("to", ["", "team-999", "staff-999", "staff-", "team-x", "nobody-1"])
def test_nothing_goes_to_nobody(queue: World, to: str) -> None:
    assert "请选转给哪个单位" in _press(queue, "assign", "w1", to=to)
    assert _of(queue, "w1").status is ConversationStatus.waiting


def test_nobody_gets_what_they_may_not_see(queue: World) -> None:
    with queue.sessions() as session:
        stranger = _id(session, "qingshi")
    assert "请选转给哪个单位" in _press(queue, "assign", "w1", to=f"staff-{stranger}")
    with queue.sessions() as session:
        assert session.scalars(select(Notice)).all() == []


@pytest.mark.parametrize(("do", "ids"), [("accept", []), ("burn", ["w1"]), ("accept", [f"x{i}" for i in range(101)])])
def test_what_names_no_deed_or_too_many_is_refused(queue: World, do: str, ids: list[str]) -> None:
    answer = queue.enter("liuhe").post("/staff/inbox/many", data={"ids": ids, "do": do}, headers=_PART)
    assert answer.status_code == 422


def test_without_javascript_the_whole_page_comes_back(queue: World) -> None:
    answer = queue.enter("liuhe").post("/staff/inbox/many", data={"ids": ["w1", "held"], "do": "accept", "box": "mine"})
    assert "1 段接入了" in answer.text
    assert "水管裂了" in answer.text
    assert "已经由mediator的人接了" in answer.text


def test_hidden_words_are_not_named_in_a_refusal(queue: World) -> None:
    with queue.sessions() as session:
        ask = Message(
            conversation_id="held", sender=Sender.bot, kind="asking", text="想咨询什么事？", body={"form": "booking"}
        )
        session.add(ask)
        session.flush()
        session.add(Message(conversation_id="held", sender=Sender.resident, text="想问乙肝被辞退的事"))
        session.execute(update(Conversation).where(Conversation.id == "held").values(waiting_since=None))
        session.commit()
    told = _press(queue, "accept", "held")
    assert "乙肝" not in told
