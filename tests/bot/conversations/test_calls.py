"""What the inbox shows of a conversation: the words that called for help, and what hasn't been read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from bot.conversations import calls
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender

_NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Talk = Callable[..., Conversation]


@pytest.fixture
def talk(sessions: sessionmaker[Session]) -> Talk:
    """A conversation that waits since its last but `after` messages, a minute between each."""

    def made(*said: str, reason: str = "abstained", alarming: int | None = None, after: int = 0) -> Conversation:
        with sessions() as session:
            waiting_since = _NOW + timedelta(minutes=len(said) - 1 - after)
            conversation = Conversation(
                id=f"c-{reason}",
                channel="widget",
                status=ConversationStatus.waiting,
                handoff_reason=reason,
                waiting_since=waiting_since,
            )
            session.add(conversation)
            session.flush()
            for i, text in enumerate(said):
                message = Message(conversation_id=conversation.id, sender=Sender.resident, text=text)
                message.created_at = _NOW + timedelta(minutes=i)
                session.add(message)
                session.flush()
                if i == alarming:
                    card = Message(conversation_id=conversation.id, sender=Sender.bot, kind="emergency", text="打 110")
                    card.in_reply_to, card.ordinal = message.id, 0
                    session.add(card)
            session.commit()
            return session.get_one(Conversation, conversation.id)

    return made


def _words(sessions: sessionmaker[Session], conversation: Conversation) -> str:
    with sessions() as session:
        return calls.words(session, [conversation])[conversation.id]


def test_danger_shows_the_dangerous_message_and_not_the_last_one(sessions: sessionmaker[Session], talk: Talk) -> None:
    said = ("我想问工资的事", "他拿刀砍我家门", "我现在还在试用期想辞职")
    assert _words(sessions, talk(*said, reason="danger", alarming=1)) == "他拿刀砍我家门"


@pytest.mark.parametrize(
    ("said", "reason", "after", "shown"),
    [
        (("工地三个月没给我工钱", "转人工"), "asked", 0, "工地三个月没给我工钱"),
        (("工地三个月没给我工钱", "想找个人当面说说"), "asked", 0, "工地三个月没给我工钱"),
        (("工地三个月没给我工钱", "老头子走了银行的钱取不出来"), "abstained", 0, "老头子走了银行的钱取不出来"),
        (("邻居占我家地怎么办", "还有人吗还有人吗"), "abstained", 1, "邻居占我家地怎么办"),
        (("转人工",), "asked", 0, "转人工"),
        ((), "asked", 0, ""),
    ],
)
def test_others_show_the_matter_that_was_said_before_they_waited(
    sessions: sessionmaker[Session], talk: Talk, said: tuple[str, ...], reason: str, after: int, shown: str
) -> None:
    assert _words(sessions, talk(*said, reason=reason, after=after)) == shown


def test_unread_is_what_came_after_the_last_message_that_was_seen(sessions: sessionmaker[Session], talk: Talk) -> None:
    conversation = talk("工地三个月没给我工钱", "还在吗", "您说句话")
    with sessions() as session:
        held = session.get_one(Conversation, conversation.id)
        held.agent_seen = 1
        session.commit()
        assert calls.unread(session, [held]) == {held.id: 2}
        held.agent_seen = 3
        session.commit()
        assert calls.unread(session, [held]) == {}


def _long(session: Session, many: int) -> Conversation:
    """So many short words, each answered, and one sentence at the end."""
    conversation = Conversation(id=f"c-{many}", channel="widget", status=ConversationStatus.waiting)
    session.add(conversation)
    session.flush()
    said = [word for _ in range(many) for word in (("好", Sender.resident), ("嗯，您说。", Sender.bot))]
    session.add_all(
        Message(conversation_id=conversation.id, sender=sender, text=text, created_at=_NOW + timedelta(seconds=i))
        for i, (text, sender) in enumerate([*said, ("找个人帮我看看", Sender.resident)])
    )
    return conversation


@pytest.mark.parametrize("since", ["before", "after", "never"])
def test_a_long_conversation_costs_no_more_than_a_short_one(sessions: sessionmaker[Session], since: str) -> None:
    """The inbox asks this of a hundred conversations at every view (steps of SQLite's virtual machine are counted)."""
    with sessions() as session:
        if session.get_bind().dialect.name != "sqlite":
            pytest.skip("counts SQLite's steps")
        short, long = _long(session, 300), _long(session, 3000)
        stands = {"before": _NOW - timedelta(days=1), "after": _NOW + timedelta(days=9), "never": None}[since]
        session.execute(update(Conversation).values(waiting_since=stands))
        session.commit()
        steps = []
        for conversation in (short, long):
            held = session.get_one(Conversation, conversation.id, populate_existing=True)
            counted = [0]
            driver: Any = session.connection().connection.driver_connection
            driver.set_progress_handler(lambda counted=counted: counted.__setitem__(0, counted[0] + 1), 10)
            shown = calls.words(session, [held])[held.id]
            driver.set_progress_handler(None, 0)
            assert shown == "找个人帮我看看"
            steps.append(counted[0])
    assert steps[1] < 1.5 * steps[0] + 50, steps
