from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import Conflict
from actions.feedback import UnansweredQuestion
from actions.replies import Reply, ReplyKind
from bot.conversations import claims, messages, service
from bot.conversations.models import Conversation, Message


def asked(sessions: sessionmaker[Session]) -> tuple[Conversation, Message]:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        return conversation, messages.receive(session, conversation, client_id="c1234567", text="彩礼能退吗")


def test_a_repeated_delivery_is_one_message(sessions: sessionmaker[Session]) -> None:
    conversation, first = asked(sessions)
    with sessions() as session:
        again = messages.receive(
            session, session.get_one(Conversation, conversation.id), client_id="c1234567", text="彩礼能退吗"
        )
        assert again.id == first.id
        assert len(session.scalars(select(Message)).all()) == 1


def test_nobody_speaks_under_a_key_of_ours(sessions: sessionmaker[Session]) -> None:
    """Third red team, R10: what the bot had said was taken for the resident's words, and theirs were lost."""
    conversation, message = asked(sessions)
    with sessions() as session:
        messages.notice_once(session, session.get_one(Message, message.id), Reply(ReplyKind.smalltalk, "请稍等。"))
        own, key = session.get_one(Conversation, conversation.id), f"wait-{message.id}"
        with pytest.raises(Conflict):
            messages.receive(session, own, client_id=key, text="我也是")
        assert [m.text for m in session.scalars(select(Message))] == ["彩礼能退吗", "请稍等。"]


def test_a_message_is_claimed_by_one_and_the_claim_lapses(sessions: sessionmaker[Session]) -> None:
    _, message = asked(sessions)
    with sessions() as session:
        assert claims.claim(session, message.id)
        assert not claims.claim(session, message.id)
        session.get_one(Message, message.id).claimed_at = datetime.now(UTC) - claims.CLAIM_LAPSES - timedelta(seconds=1)
        session.commit()
        assert claims.claim(session, message.id)


def test_replies_are_stored_once_whoever_comes_second(sessions: sessionmaker[Session]) -> None:
    _, message = asked(sessions)
    with sessions() as one, sessions() as other:
        mine, theirs = one.get_one(Message, message.id), other.get_one(Message, message.id)
        assert len(messages.store_replies(one, mine, [Reply(ReplyKind.answer, "甲")])) == 1
        assert messages.store_replies(other, theirs, [Reply(ReplyKind.answer, "乙")]) == []
    with sessions() as session:
        assert [m.text for m in messages.replies_to(session, message.id)] == ["甲"]
        assert claims.unanswered(session, older_than=timedelta(0)) == []


def test_the_waiting_notice_is_given_once_and_the_message_stays_open(sessions: sessionmaker[Session]) -> None:
    conversation, message = asked(sessions)
    for _ in range(2):
        with sessions() as session:
            messages.notice_once(session, session.get_one(Message, message.id), Reply(ReplyKind.text, "稍等"))
    with sessions() as session:
        assert len(messages.messages_after(session, conversation.id, 0)) == 2
        assert claims.unanswered(session, older_than=timedelta(seconds=-1)) == [message.id]


def test_a_down_vote_asks_for_a_better_answer_once(sessions: sessionmaker[Session]) -> None:
    _, message = asked(sessions)
    with sessions() as session:
        [reply] = messages.store_replies(session, session.get_one(Message, message.id), [Reply(ReplyKind.answer, "甲")])
        service.rate(session, reply, "down")
        service.rate(session, reply, "down")
        assert [(u.question, u.reason) for u in session.scalars(select(UnansweredQuestion))] == [
            ("彩礼能退吗", "rated_down")
        ]
        service.rate(session, reply, "down", why="vague")
        service.rate(session, reply, "down", why="other")
        session.expire_all()
        assert [u.reason for u in session.scalars(select(UnansweredQuestion))] == ["down_other"], "said more exactly"


def test_forgetting_leaves_nothing_that_was_said(sessions: sessionmaker[Session]) -> None:
    conversation, message = asked(sessions)
    with sessions() as session:
        [reply] = messages.store_replies(session, session.get_one(Message, message.id), [Reply(ReplyKind.answer, "甲")])
        service.rate(session, reply, "down")
        assert service.forget(session, conversation.id)
        assert session.scalars(select(Message)).all() == []
        assert session.scalars(select(UnansweredQuestion)).all() == []
        assert not service.forget(session, conversation.id)


def test_retention_deletes_the_old_only(sessions: sessionmaker[Session]) -> None:
    conversation, _ = asked(sessions)
    asked(sessions)
    with sessions() as session:
        session.get_one(Conversation, conversation.id).updated_at = datetime.now(UTC) - timedelta(days=200)
        session.commit()
        [old] = service.older_than(session, timedelta(days=180))
        assert old == conversation.id
        assert service.forget(session, old)
        assert len(session.scalars(select(Conversation)).all()) == 1
