"""Voices by chat, page, slip and paper; close, seal, count, result, what is carried out: killed at every step."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.cases.models import Case
from actions.dialogue.affairs.opinion import ask_code, ballot
from actions.roster.models import Basis, ParticipantThread
from actions.topics import ballots, clock
from actions.topics.counting import paper, sealing
from actions.topics.counting.keys import TopicKeys
from actions.topics.counting.paper import Box
from actions.topics.models import Ballot, BallotVoid, Opinion, PaperCount, Topic, TopicEvent
from actions.topics.status import TopicState
from actions.topics.steps import result, screening
from bot.affairs.voices import GAVE_CODE, VOTED, Voices
from bot.conversations import delivery, messages
from bot.conversations.models import Conversation, Message
from bot.turns import Turns
from bot.web.resident.chat import Chat
from bot.web.village import topics as page
from tests import killer
from tests.actions.dialogue.affairs import hall
from tests.actions.roster.village import household, printed
from tests.actions.topics.village import CLERK, NOW, OVERSEER, PLACE, Village, village
from tests.bot.affairs.kills.mortal import Stage, walk
from tests.databases import Databases
from tests.fakes import FakeRasa

pytestmark = pytest.mark.slow
killer.preload(__name__)

ME, BROWSER = "c-me", "a-browser-of-the-village"


def _keys(stage: Stage) -> TopicKeys:
    return TopicKeys(stage.settings.topic_keys)


def _said(session: Session) -> list[str]:
    return list(session.scalars(select(Message.text).order_by(Message.id)))


# --- a voice


def _asked(stage: Stage, session: Session, *, code: bool = False) -> None:
    """In the chat it was asked which, or for the code of the slip; the answer came in and nobody has read it yet."""
    hall.furnish(session)
    topic = hall.opened(session, _keys(stage))
    session.add(Conversation(id=ME, channel="widget", place_id=PLACE))
    session.commit()
    me, said = session.get_one(Conversation, ME), "2"
    if code:
        home = household(session)
        said = printed(session, basis=Basis.person)[0].code
        assert home.adults
    wish = messages.receive(session, me, client_id="wish", text="我要投票")
    messages.store_replies(session, wish, [ask_code() if code else ballot(topic)])
    messages.receive(session, me, client_id="answer", text=said)


def _answered(stage: Stage) -> None:
    """As the app does it, also for a message whose first reader died."""
    with stage.sessions() as session:
        message = session.scalars(select(Message).where(Message.client_id == "answer")).one()
    rasa: Any = FakeRasa([{"kind": "smalltalk", "text": "Rasa 听到了。"}])
    voices = Voices(stage.sessions, _keys(stage))
    asyncio.run(Turns(sessions=stage.sessions, rasa=rasa, voices=voices.take).answer(message.id))


def _answered_later(stage: Stage) -> None:
    with stage.sessions() as session:
        message = session.scalars(select(Message).where(Message.client_id == "answer")).one()
        if message.answered_at is None:
            message.claimed_at = datetime(2026, 1, 1, tzinfo=UTC)  # whoever took it is dead, and its time is over
            session.commit()
    _answered(stage)


def test_a_voice_in_the_chat_counts_once_and_is_answered_once(databases: Databases, tmp_path: Path) -> None:
    def whole(session: Session) -> None:
        """Its words are gone in the moment in which it counts, and not before."""
        kept = session.scalars(select(Message.text).where(Message.client_id == "answer")).one()
        counted = session.scalar(select(func.count()).select_from(Ballot))
        assert (kept, counted) in ((VOTED, 1), ("2", 0))

    def check(session: Session) -> None:
        assert [b.choice for b in session.scalars(select(Ballot))] == [[1]]
        assert sum("计入了" in said for said in _said(session)) == 1

    assert walk(databases, tmp_path, _asked, _answered, check, again=_answered_later, at_once=whole) >= 3


def test_a_slip_given_in_the_chat_is_used_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert len(session.scalars(select(ParticipantThread)).all()) == 1
        assert sum("登记好了" in said for said in _said(session)) == 1
        assert _said(session).count(GAVE_CODE) == 1

    fill = partial(_asked, code=True)
    assert walk(databases, tmp_path, fill, _answered, check, again=_answered_later, but=["slip_try"]) >= 3


def _open(stage: Stage, session: Session) -> None:
    hall.furnish(session)
    hall.opened(session, _keys(stage))


def _chosen_on_the_page(stage: Stage) -> None:
    app = FastAPI()
    turns = Turns(sessions=stage.sessions, rasa=FakeRasa([]))  # type: ignore[arg-type]
    app.state.chat = Chat(settings=stage.settings, sessions=stage.sessions, turns=turns, degraded=lambda: None)
    app.include_router(page.router)
    client = TestClient(app, follow_redirects=False, headers={"accept": "text/html"})
    client.cookies.set("linli_page", BROWSER, path="/v")
    answer = client.post(f"/v/{PLACE}/y1/choose", data={"choice": "1", "nonce": "n1"})
    assert answer.status_code == 303, answer.text


def test_a_voice_on_the_page_counts_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert [(b.choice, b.source) for b in session.scalars(select(Ballot))] == [([1], "page")]

    assert walk(databases, tmp_path, _open, _chosen_on_the_page, check) >= 3


# --- paper


def _closed(stage: Stage, session: Session, *, boxes: int = 1) -> Village:
    """A house of three, of whom one chose in the chat; the topic is closed, and its box stands on the table."""
    here = village(session, stage.home)
    here.keys = _keys(stage)
    topic = here.opened(basis="household", boxes=boxes)
    for asker in ("a", "b", "c"):
        here.slip(asker)
        session.add(Conversation(id=asker, channel="widget", place_id=PLACE))
        session.commit()
        ballots.cast(
            session, topic_id=topic.id, asker=asker, choice=[0], source="chat", key=asker, now=NOW, keys=here.keys
        )
    here.tick(days=11)
    return here


LATER = NOW + timedelta(days=11, hours=2)
BOX = Box(1, (0, 2, 0, 0), 2, 1, ("h-a", "h-b"))


def _box_written(stage: Stage) -> None:
    with stage.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        paper.write(session, topic.id, BOX, actor=CLERK, key="w", now=LATER)


def _box_confirmed(stage: Stage) -> None:
    with stage.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        paper.confirm(session, topic.id, 1, actor=OVERSEER, key="c", now=LATER, keys=_keys(stage))
        clock.tick(session, LATER, keys=_keys(stage))


def test_a_box_of_paper_is_entered_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert [(box.papers, box.spoilt) for box in session.scalars(select(PaperCount))] == [(2, 1)]

    def fill(stage: Stage, session: Session) -> None:
        _closed(stage, session)

    assert walk(databases, tmp_path, fill, _box_written, check) >= 3


def test_a_box_that_two_counted_takes_the_voices_of_its_houses_out_once(databases: Databases, tmp_path: Path) -> None:
    def fill(stage: Stage, session: Session) -> None:
        _closed(stage, session)
        topic = session.scalars(select(Topic)).one()
        paper.write(session, topic.id, BOX, actor=CLERK, key="w", now=LATER)

    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert session.scalar(select(func.count()).select_from(BallotVoid)) == 2
        assert topic.tally is not None
        assert (topic.tally["options"], topic.tally["voters"], topic.tally["voided"]) == ([1, 2, 0, 0], 3, 2)
        assert sealing.fault_of(session, topic) == ""

    assert walk(databases, tmp_path, fill, _box_confirmed, check) >= 5


# --- opened, closed, answered, carried out


def _told(stage: Stage) -> None:
    with stage.sessions() as session:
        delivery.tell_topic_events(session)
        delivery.tell_case_events(session)


def _ticked(stage: Stage, *, days: float) -> None:
    with stage.sessions() as session:
        clock.tick(session, NOW + timedelta(days=days), keys=_keys(stage))
    _told(stage)


def _opened(stage: Stage) -> None:
    with stage.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        screening.open_topic(session, topic.id, actor=OVERSEER, key="open", now=NOW, keys=_keys(stage))
    _told(stage)


def _ready(stage: Stage, session: Session) -> None:
    here = village(session, stage.home)
    session.add(Conversation(id="c-raiser", channel="widget", place_id=PLACE))
    topic = here.raised()
    wording = screening.Wording(
        title="村口路段装路灯，装在哪一头",
        matter="facility",
        method="single",
        basis="person",
        options=("东头", "西头"),
        days=10,
        boxes=0,
        circle_size=200,
    )
    screening.edit(session, topic.id, wording, actor=CLERK, key="edit", now=NOW)
    screening.take_up(session, topic.id, actor=CLERK, key="take", now=NOW)
    screening.propose_opening(session, topic.id, actor=CLERK, key="ask", now=NOW)
    delivery.tell_topic_events(session)


def test_a_topic_is_opened_once_with_a_key_that_works(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert topic.state is TopicState.open
        assert topic.key_file
        assert sum("开始征求意见" in said for said in _said(session)) == 1

    assert walk(databases, tmp_path, _ready, _opened, check, but=["topic.key_file"]) >= 3


def _three_voices(stage: Stage, session: Session) -> None:
    here = village(session, stage.home)
    here.keys = _keys(stage)
    session.add(Conversation(id="c-raiser", channel="widget", place_id=PLACE))
    topic = here.opened()
    for asker in ("a", "b", "c"):
        here.slip(asker)
        session.add(Conversation(id=asker, channel="widget", place_id=PLACE))
        session.commit()
        ballots.cast(
            session, topic_id=topic.id, asker=asker, choice=[0], source="chat", key=asker, now=NOW, keys=here.keys
        )
    delivery.tell_topic_events(session)


def test_the_clock_closes_seals_and_counts_once_and_everybody_hears_it_once(
    databases: Databases, tmp_path: Path
) -> None:
    def sealed(session: Session) -> None:
        """There is no closed topic without its seal, and none with a seal that doesn't fit."""
        topic = session.scalars(select(Topic)).one()
        assert (topic.state is TopicState.open) == (topic.sealed_at is None)
        assert sealing.fault_of(session, topic) == ""

    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert topic.tally is not None
        assert (topic.state, topic.tally["options"]) == (TopicState.counting, [3, 0, 0, 0])
        assert sum("征求意见截止了" in said for said in _said(session)) == 4  # three voices, and who raised it
        whats = session.scalars(select(TopicEvent.what)).all()
        assert (whats.count("截止"), whats.count("票数定了")) == (1, 1)

    assert walk(databases, tmp_path, _three_voices, partial(_ticked, days=11), check, at_once=sealed) >= 6


def _counted(stage: Stage, session: Session) -> None:
    _three_voices(stage, session)
    clock.tick(session, NOW + timedelta(days=11), keys=_keys(stage))
    _told(stage)
    topic = session.scalars(select(Topic)).one()
    later = NOW + timedelta(days=12)
    tasks = [result.Task(text, 7, later.date() + timedelta(days=60)) for text in ("东头装灯", "接电")]
    said: dict[str, Any] = {"said": "先装东头，别处等明年。", "outcome": "carry_out", "tasks": tasks}
    result.propose(session, topic.id, actor=CLERK, key="w", now=later, **said)


def _published(stage: Stage) -> None:
    with stage.sessions() as session:
        topic = session.scalars(select(Topic)).one()
        result.publish(session, topic.id, actor=OVERSEER, key="p", now=NOW + timedelta(days=12))
    _told(stage)


def _published_by_whoever_comes(stage: Stage) -> None:
    """The overseer presses again, and the clock goes on."""
    _published(stage)
    _ticked(stage, days=12)


def test_a_result_is_published_told_and_given_to_the_units_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert topic.state is TopicState.carrying_out
        assert len({task["case_id"] for task in topic.tasks}) == session.scalar(select(func.count()).select_from(Case))
        assert sum("有结果了" in said for said in _said(session)) == 4

    assert walk(databases, tmp_path, _counted, _published, check, again=_published_by_whoever_comes) >= 7


def test_by_the_clock_alone_what_was_agreed_reaches_the_units(databases: Databases, tmp_path: Path) -> None:
    """Whoever pressed died behind the first commit, and nobody presses again."""

    def fill(stage: Stage, session: Session) -> None:
        _counted(stage, session)
        topic = session.scalars(select(Topic)).one()
        topic.state, topic.result_at, topic.pending = TopicState.result, NOW + timedelta(days=12), ""
        session.commit()

    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert topic.state is TopicState.carrying_out
        assert [case.what.rsplit("：", 1)[1] for case in session.scalars(select(Case).order_by(Case.id))] == [
            "东头装灯",
            "接电",
        ]

    assert walk(databases, tmp_path, fill, partial(_ticked, days=12.1), check) >= 7


def test_the_key_is_destroyed_and_nobody_can_be_found_any_more(databases: Databases, tmp_path: Path) -> None:
    def fill(stage: Stage, session: Session) -> None:
        _counted(stage, session)
        _published(stage)
        topic = session.scalars(select(Topic.id)).one()
        said = {"text": "挺好", "normal": "挺好", "stance": "reason", "asker": "a", "source": "chat", "state": "shown"}
        session.add(Opinion(topic_id=topic, key="late", at=NOW, **said))
        session.commit()
        _ticked(stage, days=13)

    def check(session: Session) -> None:
        topic = session.scalars(select(Topic)).one()
        assert topic.key_gone_at
        assert session.scalars(select(Opinion.asker)).all() == [None]

    deed = partial(_ticked, days=30)
    assert walk(databases, tmp_path, fill, deed, check) >= 4
