"""Looking for a conversation tells nobody what is hidden from them: neither the words nor that they were said."""

import pytest
from sqlalchemy import select

from bot.conversations import private
from bot.conversations.models import Message, Sender
from bot.staff.models import Staff
from tests.bot.conversations.test_private import FIRST, MATTER, PHONE, booked
from tests.bot.world import World

__all__ = ["booked"]  # a fixture

_ROW = 'class="list-group-item'


def _found(world: World, login: str, q: str) -> bool:
    page = world.enter(login).get("/staff/inbox", params={"q": q}).text
    return "/staff/conversations/conversation-2" in page


@pytest.mark.parametrize("login", ["agent", "supervisor", "administrator", "colleague"])
@pytest.mark.parametrize("q", ["乙肝", MATTER, PHONE, PHONE[-4:], FIRST, "得病"])
def test_what_is_hidden_finds_nothing(booked: World, login: str, q: str) -> None:
    assert not _found(booked, login, q)


@pytest.mark.parametrize("q", ["乙肝", PHONE, FIRST])
def test_the_legal_worker_whom_they_will_meet_finds_it(booked: World, q: str) -> None:
    assert _found(booked, "legal_worker", q)


@pytest.mark.parametrize("q", ["路灯坏了", "拿着刀", "约好了", "李家沟"])
def test_what_is_open_is_found_as_before(booked: World, q: str) -> None:
    """Words of danger are everybody's."""
    assert _found(booked, "agent", q)


def test_the_boxes_counts_tell_nothing_either(booked: World) -> None:
    page = booked.enter("agent").get("/staff/inbox", params={"q": "乙肝"}).text
    assert "：0 段" in page
    assert page.count(_ROW) == 0


def test_a_question_before_those_that_are_shown_still_hides_its_answer(booked: World) -> None:
    """The page shows the last 300; the form's question was the one before."""
    with booked.sessions() as session:
        matter = session.scalars(select(Message).where(Message.text == MATTER)).one()
        after = session.scalars(select(Message.id).where(Message.id > matter.id)).all()
        session.add_all(
            Message(conversation_id="conversation-2", sender=Sender.bot, text=f"第{i}条")
            for i in range(299 - len(after))
        )
        session.commit()
    page = booked.enter("agent").get("/staff/conversations/conversation-2").text
    assert MATTER not in page
    assert private.HIDDEN in page


def test_sql_says_of_each_message_what_the_rule_says(booked: World) -> None:
    """Danger, news and what was said elsewhere are open; the form's questions and what answers or begins it aren't."""
    with booked.sessions() as session:
        said = {
            m.text: m.id for m in session.scalars(select(Message).where(Message.conversation_id == "conversation-2"))
        }
        hidden = private.among(session, said.values())
        shown = {text for text, number in said.items() if number not in hidden}
        assert shown == {"他拿着刀站在门口", "马上拨打 110。", "约好了：12月8日 09:00。", "另外路灯坏了"}
        worker = session.scalars(select(Staff.id).where(Staff.login == "legal_worker")).one()
        mine = session.scalars(select(Message.id).where(Message.id.in_(said.values()), private.is_open_to(worker)))
        assert set(mine) == set(said.values())
