"""One statement after another in the chat: stored, never told, stopped at any time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.affairs.opinion import GiveOpinion, ballot
from actions.dialogue.affairs.topics import deeds
from actions.topics import raising
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.opinions import normalised
from actions.topics.statements import choices, writing
from actions.topics.steps import screening
from bot.affairs import statements
from bot.affairs.voices import BEGAN, VOTED
from bot.conversations import messages
from tests.actions.dialogue.affairs import hall
from tests.actions.topics.statements.lamp import LINES
from tests.bot.affairs.test_voices import Telephone

Opened = Callable[[], int]


@pytest.fixture
def keys(tmp_path: Any) -> TopicKeys:
    return hall.keys_in(tmp_path)


@pytest.fixture
def topic(sessions: sessionmaker[Session], keys: TopicKeys) -> int:
    with sessions() as session:
        hall.furnish(session)
        now = datetime.now(UTC)
        topic = raising.raise_topic(
            session, place=hall.PLACE, text=hall.LAMP, conversation_id="c-other", by="resident", key="k", now=now
        )
        wording = screening.Wording("村口路段装路灯", matter="facility", method="statements", days=10, circle_size=200)
        screening.edit(session, topic.id, wording, actor=hall.CLERK, key="edit", now=now)
        screening.take_up(session, topic.id, actor=hall.CLERK, key="take", now=now)
        lines = LINES[:5]
        normals = [normalised(line) for line in lines]
        writing.seed(session, topic.id, lines, normals, actor=hall.CLERK, key="seed", now=now)
        screening.propose_opening(session, topic.id, actor=hall.CLERK, key="ask", now=now)
        screening.open_topic(session, topic.id, actor=hall.OVERSEER, key="open", now=now, keys=keys)
        return topic.id


@pytest.fixture
def me(sessions: sessionmaker[Session], keys: TopicKeys, topic: int) -> Telephone:
    telephone = Telephone(sessions, keys)
    telephone.is_asked(topic)
    return telephone


def answers(sessions: sessionmaker[Session]) -> list[dict[int, int]]:
    with sessions() as session:
        return [choices.unpacked(ballot.choice) for ballot in session.scalars(select(Ballot).order_by(Ballot.id))]


def words(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return [m.text for m in messages.all_messages(session, "c-me") if m.in_reply_to is None]


def test_from_the_first_to_the_last_by_number_and_nothing_said_is_kept(
    sessions: sessionmaker[Session], me: Telephone
) -> None:
    [first] = me.say("1")
    assert "第1句，一共5句" in first.text
    for n, said in enumerate(("1", "不同意", "3", "同意吧", "2"), 2):
        [reply] = me.say(said)
        assert (f"第{n}句" in reply.text) == (n <= 5)
    assert "都答完了" in reply.text
    assert "参与码" in reply.text
    [held] = answers(sessions)
    assert sorted(held.values()) == [-1, -1, 0, 1, 1]
    assert me.heard_by_rasa() == []
    assert words(sessions).count(VOTED) == 5
    assert BEGAN in words(sessions)
    assert not {"不同意", "同意吧"} & set(words(sessions))


def test_it_stops_at_any_time_and_goes_on_where_it_stood(
    sessions: sessionmaker[Session], me: Telephone, topic: int
) -> None:
    me.say("开始")
    me.say("同意")
    [reply] = me.say("不看了")
    assert "先到这里" in reply.text
    assert "Rasa 听到了" in me.say("2")[0].text, "nobody asked any more"
    me.is_asked(topic)
    [reply] = me.say("开始")
    assert "第2句" in reply.text
    assert len(answers(sessions)[0]) == 1


def test_other_words_go_to_rasa_and_danger_comes_first(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.say("1")
    assert "Rasa 听到了" in me.say("太阳能的灯贵不贵")[0].text
    me.say("议-26-001 开始表态")
    assert me.say("我不想活了，药都准备好了")[0].kind == "emergency"
    assert answers(sessions) == []


def test_a_late_button_still_means_its_own_statement_and_says_it_once(
    sessions: sessionmaker[Session], me: Telephone, topic: int
) -> None:
    with sessions() as session:
        ids = [row.id for row in choices.shown(session, session.get_one(Topic, topic))]
    for _ in range(2):
        me.say(f"议-26-001 第{ids[3]}句 不同意", button="不同意")
    assert answers(sessions) == [{ids[3]: -1}]
    [reply] = me.say("议-26-001 第99999句 同意", button="同意")
    assert "没有这一句" in reply.text
    assert answers(sessions) == [{ids[3]: -1}]


def test_what_a_person_holds_goes_to_the_person(sessions: sessionmaker[Session], me: Telephone) -> None:
    me.say("1")
    me.is_with_a_person()
    assert me.say("同意") == []
    assert answers(sessions) == []


def test_after_the_close_nothing_counts(sessions: sessionmaker[Session], me: Telephone, topic: int) -> None:
    me.say("1")
    with sessions() as session:
        session.get_one(Topic, topic).closes_at = datetime(2026, 1, 1, tzinfo=UTC)
        session.commit()
    assert "截止" in me.say("同意")[0].text
    assert answers(sessions) == []
    assert "同意" not in words(sessions)


def test_the_question_offers_both_and_a_statement_of_ones_own_is_kept(
    sessions: sessionmaker[Session], topic: int
) -> None:
    with sessions() as session:
        held = session.get_one(Topic, topic)
        assert [button.title for button in deeds(held)] == ["写一句", "一句一句表态"]
        assert "随时可以停" in ballot(held).text
    me = hall.Resident(sessions)
    [asked] = me.say("议-26-001 说意见")
    assert "140" in asked.text
    [kept] = me.say("灯要装在老人常走的路上", GiveOpinion, intent="give_opinion")
    assert "记下了" in kept.text
    with sessions() as session:
        [row] = session.scalars(select(Opinion).where(Opinion.source == "chat"))
        assert (row.stance, row.state) == ("说法", "waiting")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", 1),
        ("同意", 1),
        ("同意。", 1),
        ("赞成", 1),
        ("2", -1),
        ("不同意了", -1),
        ("反对", -1),
        ("3", 0),
        ("跳过吧", 0),
        ("4", None),
        ("同意什么", None),
        ("我不同意东头", None),
        ("", None),
        ("12", None),
    ],
)
def test_what_is_an_answer_and_what_isnt(said: str, meant: int | None) -> None:
    assert statements.said_in(said) == meant
