"""约见时说的事，只有约见的法律工作者能看到: what the form promises (red team M5)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.bookings.models import Appointment
from actions.feedback import UnansweredQuestion, record_unanswered
from bot.conversations import private, service
from bot.conversations.models import Conversation, Message, Sender
from tests.bot.world import World

MATTER, PHONE, FIRST = "想问乙肝被辞退的事", "13877776666", "咨询一下得病被辞退"
NOW = datetime.now(UTC)


@pytest.fixture
def booked(world: World) -> World:
    """Somebody booked with the legal worker, then asked for a person; and was in danger once in between."""
    said = [
        ("resident", FIRST, None, {}),
        ("bot", "点一个时间：", 1, {"form": "booking"}),
        ("resident", "第一个", None, {}),
        ("bot", "想咨询什么事？只有约见的法律工作者能看到。", 3, {"form": "booking"}),
        ("resident", MATTER, None, {}),
        ("bot", "留个手机号？", 5, {"form": "booking"}),
        ("resident", "他拿着刀站在门口", None, {}),
        ("bot", "马上拨打 110。", 7, {"kind": "emergency", "emergency": "violence"}),
        ("bot", "留个手机号？", 7, {"form": "booking"}),
        ("resident", PHONE, None, {}),
        ("bot", f"{MATTER}，电话 {PHONE}，对吗？", 10, {"form": "booking"}),
        ("resident", "对", None, {}),
        ("bot", "约好了：12月8日 09:00。", 12, {"kind": "booking"}),
        ("resident", "另外路灯坏了", None, {}),
    ]
    with world.sessions() as session:
        session.add(Conversation(id="conversation-2", channel="widget", place_id="lijiagou", status="waiting",
                                 waiting_since=NOW, handoff_reason="asked"))  # fmt: skip
        session.flush()
        rows: list[Message] = []
        for number, (sender, text, to, body) in enumerate(said):
            kind = body.pop("kind", "asking" if sender == "bot" else "text")
            row = Message(conversation_id="conversation-2", sender=Sender(sender), kind=kind, text=text, body=body,
                          in_reply_to=rows[to - 1].id if to else None, ordinal=number if to else None,
                          answered_at=NOW, created_at=NOW + timedelta(seconds=number))  # fmt: skip
            session.add(row)
            session.flush()
            rows.append(row)
        session.get_one(Appointment, 1).conversation_id = "conversation-2"
        session.commit()
    return world


def shown(world: World, login: str, **headers: str) -> str:
    return world.enter(login).get("/staff/conversations/conversation-2", headers=headers).text


@pytest.mark.parametrize("login", ["agent", "supervisor", "administrator", "colleague"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_nobody_else_reads_what_it_is_about(booked: World, login: str, headers: dict[str, str]) -> None:
    page = shown(booked, login, **headers)
    assert "路灯坏了" in page
    assert "拿着刀" in page, "danger is everybody's"
    assert private.HIDDEN in page
    assert [word for word in (MATTER, PHONE, FIRST) if word in page] == []


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_legal_worker_whom_they_will_meet_reads_it(booked: World, headers: dict[str, str]) -> None:
    page = shown(booked, "legal_worker", **headers)
    assert [word for word in (MATTER, PHONE, FIRST) if word not in page] == []


def test_the_list_of_the_inbox_keeps_it_too(booked: World) -> None:
    with booked.sessions() as session:
        last = session.query(Message).filter_by(text="另外路灯坏了").one()
        last.text = "还想问乙肝药能报吗"
        before = session.query(Message).filter_by(text="约好了：12月8日 09:00。").one()
        before.body = {"form": "booking"}
        session.commit()
    page = booked.enter("agent").get("/staff/inbox").text
    assert "乙肝" not in page
    assert private.HIDDEN in page
    assert "隔壁占了我家的路" in page, "what is said elsewhere stands there as before"


def answered(booked: World, words: str) -> tuple[int, int]:
    """The numbers of a message and of what answered it."""
    with booked.sessions() as session:
        asked = session.scalars(select(Message.id).where(Message.text == words)).one()
        return asked, session.scalars(select(Message.id).where(Message.in_reply_to == asked)).first() or 0


def listed(booked: World) -> list[str]:
    with booked.sessions() as session:
        return [q for q in session.scalars(select(UnansweredQuestion.question)) if q != "李家沟的粪坑占了我家"]


def test_a_colleague_puts_it_on_no_list(booked: World) -> None:
    """Third red team, R6: 答错了 wrote the words of an appointment into the questions that were not answered."""
    _, answer = answered(booked, MATTER)
    page = booked.enter("agent").post("/staff/conversations/conversation-2/wrong", data={"message": str(answer)})
    assert page.status_code == 403
    assert listed(booked) == []
    _, other = answered(booked, "他拿着刀站在门口")
    booked.enter("agent").post("/staff/conversations/conversation-2/wrong", data={"message": str(other)})
    assert listed(booked) == ["他拿着刀站在门口"]


def test_nor_does_the_resident_by_saying_that_it_was_of_no_use(booked: World) -> None:
    _, answer = answered(booked, MATTER)
    with booked.sessions() as session:
        service.rate(session, session.get_one(Message, answer), "down")
    assert listed(booked) == []


def test_what_we_had_no_answer_to_there_is_shown_to_nobody(booked: World) -> None:
    asked, _ = answered(booked, MATTER)
    with booked.sessions() as session:
        for number, words in ((asked, MATTER), (None, "彩礼能退吗")):
            record_unanswered(
                session,
                words,
                reason="abstained",
                conversation_id="conversation-2",
                message_id=number,
                place="lijiagou",
            )
        session.commit()
    page = booked.enter("administrator").get("/staff/knowledge/unanswered").text
    assert "彩礼能退吗" in page
    assert MATTER not in page
