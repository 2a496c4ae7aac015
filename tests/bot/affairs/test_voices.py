"""A voice leaves no trace in the conversation: not in its rows, in Rasa, in a receipt, in a log; and never gets past
danger or a person who holds the conversation.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.affairs.opinion import ask_code, ballot
from actions.roster import codes
from actions.roster.models import Basis
from actions.topics import ballots
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Topic
from bot.affairs.voices import GAVE_CODE, VOTED, Voices
from bot.conversations import delivery, messages
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.turns import Turns
from knowledge.tables import Base
from tests.actions.dialogue.affairs import hall
from tests.fakes import FakeRasa

RASA_SAID: dict[str, Any] = {"kind": "smalltalk", "text": "Rasa 听到了。"}


class Telephone:
    """A resident whose messages go through every stage of a turn, but for Rasa, which is a double that remembers."""

    def __init__(self, sessions: sessionmaker[Session], keys: TopicKeys, conversation_id: str = "c-me") -> None:
        self.sessions, self.keys, self.id, self.sent = sessions, keys, conversation_id, 0
        self.rasa = FakeRasa([RASA_SAID])
        rasa: Any = self.rasa
        voices = Voices(sessions, keys)
        self.turns = Turns(sessions=sessions, rasa=rasa, voices=voices.take, afterwards=voices.mention)
        with sessions() as session:
            session.add(Conversation(id=conversation_id, channel="widget", place_id=hall.PLACE))
            session.commit()

    def hear(self, text: str, *, button: str = "") -> int:
        self.sent += 1
        with self.sessions() as session:
            conversation = session.get_one(Conversation, self.id)
            key = f"{self.id}-{self.sent:06}"
            return messages.receive(session, conversation, client_id=key, text=text, button=button).id

    def say(self, text: str, *, button: str = "") -> list[Message]:
        return asyncio.run(self.turns.answer(self.hear(text, button=button)))

    def is_asked(self, topic_id: int | None = None) -> None:
        """What the action says when somebody wants to choose, or to give a code."""
        with self.sessions() as session:
            asked = ask_code() if topic_id is None else ballot(session.get_one(Topic, topic_id))
            message = session.get_one(Message, self.hear("我要投票"))
            messages.store_replies(session, message, [asked])

    def is_with_a_person(self) -> None:
        with self.sessions() as session:
            session.get_one(Conversation, self.id).status = ConversationStatus.open
            session.commit()

    def heard_by_rasa(self) -> list[str]:
        return [text for _, text in self.rasa.asked]


@pytest.fixture
def keys(tmp_path: Any) -> TopicKeys:
    return hall.keys_in(tmp_path)


@pytest.fixture
def topic(sessions: sessionmaker[Session], keys: TopicKeys) -> int:
    with sessions() as session:
        hall.furnish(session)
        return hall.opened(session, keys).id


@pytest.fixture
def me(sessions: sessionmaker[Session], keys: TopicKeys, topic: int) -> Telephone:
    telephone = Telephone(sessions, keys)
    telephone.is_asked(topic)
    return telephone


def chosen(sessions: sessionmaker[Session]) -> list[list[int]]:
    with sessions() as session:
        return [ballot.choice for ballot in session.scalars(select(Ballot).order_by(Ballot.id))]


def everything(sessions: sessionmaker[Session], *, but: tuple[str, ...] = ()) -> str:
    """Every row of every table, as text."""
    with sessions() as session:
        tables: MetaData = Base.metadata
        kept = [t for t in tables.sorted_tables if t.name not in but]
        return "\n".join(str(tuple(row)) for table in kept for row in session.execute(select(table)).all())


def test_a_choice_is_stored_and_its_words_are_nowhere(
    sessions: sessionmaker[Session], me: Telephone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = "我选学校门口和西头"
    [reply] = me.say(said, button="学校门口按的")
    assert chosen(sessions) == [[1, 2]]
    assert "计入了" in reply.text
    assert not any(option in reply.text for option in hall.ENDS)
    assert me.heard_by_rasa() == []
    rows = everything(sessions)
    assert said not in rows
    assert "学校门口按的" not in rows, "the button's title tells it too"
    assert said not in caplog.text
    with sessions() as session:
        [row] = [m for m in messages.all_messages(session, "c-me") if m.text == VOTED]
        assert (row.body, row.answered_at is not None) == ({}, True)
        assert VOTED in messages.last_words(session, "c-me"), "what an agent and the queue read"


def test_a_number_counts_the_options_from_one_and_the_last_word_counts(
    sessions: sessionmaker[Session], me: Telephone, topic: int
) -> None:
    me.say("1 3")
    assert chosen(sessions) == [[0, 2]]
    assert "Rasa 听到了" in me.say("2")[0].text, "nobody asked any more"
    me.is_asked(topic)
    me.say("2")
    assert chosen(sessions) == [[1]]


def test_a_button_of_ours_is_taken_whenever_it_is_pressed(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.say("路灯要多少钱")
    me.say("议-26-001 选第2个", button="西头")
    assert chosen(sessions) == [[1]]
    assert "西头" not in everything(sessions, but=("topic", "topic_event", "message"))


def test_unasked_words_are_taken_where_they_fit_one_topic_alone(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.say("今天天气")
    me.say("我选东头")
    assert chosen(sessions) == [[0]]
    me.say("我选律师")
    assert me.heard_by_rasa() == ["今天天气", "我选律师"]


def test_what_a_form_asked_for_is_its_answer(sessions: sessionmaker[Session], me: Telephone, keys: TopicKeys) -> None:
    with sessions() as session:
        hall.opened(session, keys, title="广场舞几点结束", method="single", options=("上午十点", "晚上九点"))
    me.rasa.answers = [[{"kind": "asking", "text": "哪个时间？", "form": "booking", "step": "opening"}]]
    me.say("想约律师")
    me.say("选上午十点")
    assert chosen(sessions) == []
    assert me.heard_by_rasa() == ["想约律师", "选上午十点"]


def test_a_question_to_the_ballot_goes_to_rasa(sessions: sessionmaker[Session], me: Telephone) -> None:
    assert "Rasa 听到了" in me.say("太阳能的贵不贵")[0].text
    assert chosen(sessions) == []


def test_danger_comes_first(sessions: sessionmaker[Session], me: Telephone) -> None:
    replies = me.say("我选不下去了，不想活了，药都准备好了")
    assert replies[0].kind == "emergency"
    assert chosen(sessions) == []


def test_what_a_person_holds_goes_to_the_person(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.is_with_a_person()
    assert me.say("2") == []
    assert chosen(sessions) == []
    with sessions() as session:
        assert "2" in [m.text for m in messages.all_messages(session, "c-me")]


def test_a_wrong_number_is_asked_again_and_not_kept(sessions: sessionmaker[Session], me: Telephone) -> None:
    replies = me.say("8")
    assert chosen(sessions) == []
    assert replies[-1].reply.form == "ballot"
    with sessions() as session:
        assert "8" not in [m.text for m in messages.all_messages(session, "c-me")]
    me.say("1")
    assert chosen(sessions) == [[0]]


def test_after_the_close_nothing_counts_and_nothing_is_kept(
    sessions: sessionmaker[Session], me: Telephone, topic: int
) -> None:
    with sessions() as session:
        held = session.get_one(Topic, topic)
        held.closes_at = datetime(2026, 1, 1, tzinfo=UTC)
        session.commit()
    assert ballots.CLOSED in me.say("学校门口")[0].text
    assert chosen(sessions) == []
    with sessions() as session:
        assert "学校门口" not in [m.text for m in messages.all_messages(session, "c-me")]


def test_news_between_the_question_and_the_answer_changes_nothing(
    sessions: sessionmaker[Session], me: Telephone
) -> None:
    with sessions() as session:
        from actions.replies import Reply, ReplyKind

        delivery.tell(session, "c-me", Reply(ReplyKind.case, "您的事受理了。"), key="news")
        session.commit()
    me.say("2")
    assert chosen(sessions) == [[1]]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_kill_loses_nothing_and_counts_nothing_twice(
    sessions: sessionmaker[Session], me: Telephone, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before the commit nothing is there and no word gone; after it all is, and the next try finds it answered."""
    real: Callable[..., Ballot] = ballots.cast

    def killed(*args: Any, **given: Any) -> Ballot:
        if where == "after":
            real(*args, **given)
        raise RuntimeError("killed")

    monkeypatch.setattr(ballots, "cast", killed)
    message = me.hear("2")
    with pytest.raises(RuntimeError):
        asyncio.run(me.turns.answer(message))
    assert chosen(sessions) == ([[1]] if where == "after" else [])
    with sessions() as session:
        assert session.get_one(Message, message).text == (VOTED if where == "after" else "2")
        session.get_one(Message, message).claimed_at = datetime(2026, 1, 1, tzinfo=UTC)  # its claim lapses
        session.commit()
    monkeypatch.setattr(ballots, "cast", real)
    replies = asyncio.run(me.turns.answer(message))
    assert len(replies) == 1
    assert chosen(sessions) == [[1]]
    with sessions() as session:
        told = select(func.count()).select_from(Message).where(Message.in_reply_to == message)
        assert session.scalar(told) == 1


def slip(sessions: sessionmaker[Session]) -> str:
    """The code of a slip that was handed over."""
    from tests.actions.roster.village import household, printed

    with sessions() as session:
        household(session)
        session.commit()
        made = printed(session, basis=Basis.person)
        return made[0].code


def test_a_code_is_taken_unasked_and_lifts_the_voice_that_was_loose(
    sessions: sessionmaker[Session], me: Telephone, topic: int
) -> None:
    code = slip(sessions)
    assert "另算" in me.say("2")[0].text
    [reply] = me.say(codes.spaced(code).lower())
    assert "登记好了" in reply.text
    assert me.heard_by_rasa() == []
    rows = everything(sessions)
    assert code not in rows
    assert codes.spaced(code).lower() not in rows
    assert GAVE_CODE in rows
    with sessions() as session:
        assert [(b.choice, b.is_verified) for b in session.scalars(select(Ballot))] == [([1], True)]
    me.is_asked(topic)
    assert "另算" not in me.say("1")[0].text
    assert chosen(sessions) == [[0]]


def test_a_wrong_code_counts_is_not_kept_and_may_be_sent_again(sessions: sessionmaker[Session], me: Telephone) -> None:
    code = slip(sessions)
    me.is_asked()
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    [reply] = me.say(wrong)
    assert reply.reply.step == "slip"
    assert "还可以试" in reply.text
    assert wrong not in everything(sessions)
    assert "登记好了" in me.say(code)[0].text


def test_a_slip_of_another_telephone_is_refused_in_the_words_of_the_village(
    sessions: sessionmaker[Session], keys: TopicKeys, me: Telephone
) -> None:
    code = slip(sessions)
    me.say(code)
    other = Telephone(sessions, keys, "c-other-one")
    [reply] = other.say(code)
    assert "另一部手机" in reply.text
    assert [button.says for button in reply.reply.buttons] == ["码被人用了"]


def test_words_that_are_no_code_are_no_code(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.is_asked()
    assert "Rasa 听到了" in me.say("没有纸条咋办")[0].text
    assert "Rasa 听到了" in me.say("13812345678")[0].text


ANSWER: dict[str, Any] = {"kind": "answer", "text": "彩礼的规矩是这样。"}


def mentioned(me: Telephone) -> list[str]:
    with me.sessions() as session:
        return [m.text for m in messages.all_messages(session, me.id) if "件事在征求意见" in m.text]


def test_what_is_open_is_mentioned_once_behind_an_answer(me: Telephone, keys: TopicKeys) -> None:
    me.rasa.answers = [[ANSWER]]
    me.say("彩礼能退吗")
    me.say("那要多久")
    assert mentioned(me) == ["村里有1件事在征求意见，“村口路段装路灯，装在哪一头”。想看说“议事”。"]
    with me.sessions() as session:
        hall.opened(session, keys, title="广场舞几点结束", options=("八点", "九点"))
    me.say("低保怎么申请")
    assert len(mentioned(me)) == 2


@pytest.mark.parametrize(
    "said",
    [
        [{"kind": "asking", "text": "在哪儿？", "form": "dispute", "step": "where"}],
        [ANSWER, {"kind": "asking", "text": "您慢慢说", "form": "dispute"}],
        [{"kind": "smalltalk", "text": "您好。"}],
    ],
)
def test_it_isnt_mentioned_in_a_form_nor_in_a_chat(me: Telephone, said: list[dict[str, Any]]) -> None:
    me.rasa.answers = [said]
    me.say("村里路坏了")
    assert mentioned(me) == []


def test_it_isnt_mentioned_after_danger_nor_to_who_has_chosen(
    sessions: sessionmaker[Session], keys: TopicKeys, me: Telephone
) -> None:
    me.rasa.answers = [[ANSWER]]
    me.say("1")
    me.say("彩礼能退吗")
    assert mentioned(me) == []
    other = Telephone(sessions, keys, "c-in-danger")
    other.rasa.answers = [[ANSWER]]
    other.say("他拿刀要砍我，救命")
    with sessions() as session:
        session.get_one(Conversation, other.id).status = ConversationStatus.bot
        session.commit()
    other.say("彩礼能退吗")
    assert mentioned(other) == []
