import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.calendar.models import OfficeHours
from actions.cases import filing, numbers
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.offices.defaults import import_offices
from actions.offices.models import HandoffRule, Team
from bot import turns
from bot.alarms import rows
from bot.conversations import claims, handoff, messages, queue, service
from bot.conversations import messages as conversations_messages
from bot.conversations import status as statuses
from bot.conversations.models import Conversation, InternalNote, Message, Sender
from bot.conversations.status import MOVES, Status
from bot.staff import signing_in
from bot.turns import Turns
from bot.web.resident.shown import message_json
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS
from tests.fakes import FakeRasa

OPEN_HOURS = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday 10:00 in Shanghai
NIGHT = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # Friday 23:00
WANG = {"agent_id": 1, "agent_name": "王芳"}
_IS_OPEN = queue.is_open  # the tests' office stands in for it
LI = {"agent_id": 2, "agent_name": "李强"}


@pytest.fixture(autouse=True)
def _offices(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        import_places(session, CORPUS)
        import_offices(session, CORPUS / "offices.yml")
        session.commit()


class Office:
    """Whether it is open, and who is there; the tests' own hour doesn't count."""

    is_open = True
    present: tuple[str, ...] = ("王芳",)


@pytest.fixture(autouse=True)
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    found = Office()
    monkeypatch.setattr(queue, "is_open", lambda *_: found.is_open)
    monkeypatch.setattr(signing_in, "present", lambda *_, **__: list(found.present))
    return found


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Session:
    return sessions()


def started(session: Session, place: str = "lijiagou") -> Conversation:
    return service.start(session, channel="widget", place=place)


def queued(session: Session, reason: str = "asked", *, now: datetime = OPEN_HOURS, **marks: Any) -> str:
    conversation = started(session)
    for name, value in marks.items():
        setattr(conversation, name, value)
    assert queue.request(session, conversation, reason=reason, now=now)
    session.commit()
    return conversation.id


def held(session: Session, **agent: Any) -> str:
    conversation_id = queued(session)
    handoff.accept(session, conversation_id, **(agent or WANG), now=OPEN_HOURS)
    return conversation_id


def status(session: Session, conversation_id: str) -> Status:
    session.expire_all()
    return session.get_one(Conversation, conversation_id).status


def said(session: Session, conversation_id: str, sender: Sender) -> list[str]:
    return [m.text for m in messages.messages_after(session, conversation_id, 0) if m.sender is sender]


def resident(session: Session, conversation_id: str, text: str, number: int = 1) -> Message:
    return messages.receive(
        session, session.get_one(Conversation, conversation_id), client_id=f"resident-{number}", text=text
    )


def turn(
    sessions: sessionmaker[Session], rasa: FakeRasa, conversation_id: str, text: str, number: int = 1
) -> list[Message]:
    with sessions() as session:
        message = resident(session, conversation_id, text, number)
    return asyncio.run(Turns(sessions=sessions, rasa=rasa).answer(message.id))  # type: ignore[arg-type]


@pytest.mark.parametrize("start", Status)
@pytest.mark.parametrize("to", Status)
def test_only_the_moves_of_the_table_are_made(session: Session, start: Status, to: Status) -> None:
    conversation = started(session)
    conversation.status = start
    session.commit()
    if to in MOVES[start]:
        assert statuses.move(session, conversation.id, to, start=(start,))
    else:
        with pytest.raises(NotAllowed):
            statuses.move(session, conversation.id, to, start=(start,))
    assert status(session, conversation.id) is (to if to in MOVES[start] else start)


def test_every_status_leads_back_to_the_bot() -> None:
    assert set(MOVES) == set(Status)
    assert all(Status.bot in MOVES[s] for s in (Status.waiting, Status.open))


def test_a_second_request_changes_nothing(session: Session) -> None:
    conversation_id = queued(session)
    conversation = session.get_one(Conversation, conversation_id)
    assert queue.request(session, conversation, reason="rated_down", now=OPEN_HOURS + timedelta(hours=1)) is None
    session.commit()
    assert (conversation.waiting_since, conversation.handoff_reason) == (OPEN_HOURS, "asked")


def test_a_request_while_an_agent_has_it_changes_nothing(session: Session) -> None:
    conversation_id = held(session)
    assert (
        queue.request(session, session.get_one(Conversation, conversation_id), reason="asked", now=OPEN_HOURS) is None
    )
    assert status(session, conversation_id) is Status.open


def test_a_request_goes_to_the_team_of_the_place(session: Session) -> None:
    conversation = session.get_one(Conversation, queued(session))
    assert session.get_one(Team, conversation.team_id).name == "柳河镇综治中心"


def test_danger_stands_first_then_the_green_channel_then_who_waited_longest(session: Session) -> None:
    later, earlier = queued(session, now=OPEN_HOURS + timedelta(minutes=5)), queued(session)
    green = queued(session, now=OPEN_HOURS + timedelta(minutes=10), is_green=True)
    danger = queued(session, "danger", now=OPEN_HOURS + timedelta(minutes=20), emergency_at=OPEN_HOURS)
    danger_and_green = queued(
        session, "danger", now=OPEN_HOURS + timedelta(minutes=15), emergency_at=OPEN_HOURS, is_green=True
    )
    ordered = list(
        session.scalars(select(Conversation.id).where(Conversation.status == Status.waiting).order_by(*queue.order()))
    )
    assert ordered == [danger_and_green, danger, green, earlier, later]
    assert [queue.position(session, c) for c in ordered] == [0, 1, 2, 3, 4]


def test_the_resident_is_told_the_true_position(session: Session) -> None:
    first = started(session)
    reply = queue.request(session, first, reason="asked", now=OPEN_HOURS)
    assert reply
    assert "您排在最前面" in reply.text
    second = started(session)
    reply = queue.request(session, second, reason="asked", now=OPEN_HOURS + timedelta(minutes=1))
    assert reply
    assert "前面还有 1 位" in reply.text
    handoff.accept(session, first.id, **WANG, now=OPEN_HOURS)
    assert "您排在最前面" in queue.waiting_reply(session, second.id, now=OPEN_HOURS).text


def test_nobody_is_first_in_a_line_that_nobody_serves(
    sessions: sessionmaker[Session], session: Session, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine in the morning, and nobody has signed in (chatwoot#1600)."""

    class Morning(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.combine(OPEN_HOURS.date(), OPEN_HOURS.timetz())

    monkeypatch.setattr(turns, "datetime", Morning)
    rasa = FakeRasa([{"kind": "handoff", "text": "好，这就请工作人员来。", "handoff": {"reason": "asked"}}])
    office.present = ()
    *_, alone = turn(sessions, rasa, started(session).id, "转人工")
    assert "都不在座位上" in alone.text
    assert "最前面" not in alone.text
    office.present = ("王芳",)
    *_, manned = turn(sessions, rasa, started(session).id, "转人工")
    assert "不在座位上" not in manned.text
    assert "最前面" in manned.text or "前面还有 1 位" in manned.text


@pytest.mark.parametrize(
    ("now", "back"),
    [
        (NIGHT, "11月30日 08:30"),  # Friday night: Monday
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "11月24日 08:30"),  # eight in the morning: the same day
        (datetime(2026, 11, 24, 9, 30, tzinfo=UTC), "11月25日 08:30"),  # 17:30 sharp
        (datetime(2026, 10, 1, 2, 0, tzinfo=UTC), "10月8日 08:30"),  # National Day
    ],
)
def test_outside_office_hours_the_resident_hears_when_people_are_back_and_whom_to_ring(
    session: Session, now: datetime, back: str
) -> None:
    reply = queue.request(session, started(session), reason="asked", now=now)
    assert reply
    assert back in reply.text
    assert "会在这里回您" in reply.text
    assert "最前面" not in reply.text
    assert {link.href for link in reply.links} == {"tel:12345", "tel:12348"}


@pytest.mark.parametrize(
    ("place", "heard"),
    [("lijiagou", "现在是午休时间，工作人员今天 14:00 上班，看到后会在这里回您"), ("shiqiao", "您排在最前面")],
)
def test_at_noon_the_resident_hears_when_their_own_office_is_back(session: Session, place: str, heard: str) -> None:
    day = [["08:30", "12:00"], ["14:00", "17:30"]]
    session.add(OfficeHours(place_id="lijiagou", week=[day] * 5 + [[], []]))
    noon = OPEN_HOURS + timedelta(hours=2, minutes=30)
    reply = queue.request(session, started(session, place), reason="asked", now=noon)
    assert reply
    assert heard in reply.text
    assert _IS_OPEN(session, noon, place) is (place == "shiqiao")


def test_in_danger_the_resident_is_sent_to_the_emergency_numbers_not_to_the_queue(session: Session) -> None:
    reply = queue.request(session, started(session), reason="danger", now=NIGHT)
    assert reply
    assert "110" in reply.next
    assert reply.links == ()
    assert "下班" not in reply.text


def test_the_resident_can_stop_waiting(sessions: sessionmaker[Session], session: Session) -> None:
    conversation_id = queued(session)
    rasa = FakeRasa([{"kind": "answer", "text": "可以退"}])
    [reply] = turn(sessions, rasa, conversation_id, queue.DONT_WAIT)
    assert "接着答" in reply.text
    assert rasa.asked == []
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    assert (conversation.status, conversation.waiting_since, conversation.handoff_reason) == (Status.bot, None, None)
    [reply] = turn(sessions, rasa, conversation_id, "彩礼能退吗", 2)
    assert reply.text == "可以退"


def test_of_two_agents_who_accept_at_once_one_has_it_and_the_other_hears_who(
    sessions: sessionmaker[Session], session: Session
) -> None:
    for _ in range(5):
        conversation_id = queued(session)
        gate, heard, won = threading.Barrier(2), [], []

        def press(
            agent: dict[str, Any], conversation_id: str, gate: threading.Barrier, heard: list[str], won: list[str]
        ) -> None:
            with sessions() as own:
                gate.wait()
                try:
                    handoff.accept(own, conversation_id, **agent, now=OPEN_HOURS)
                    won.append(agent["agent_name"])
                except Conflict as error:
                    heard.append(error.message_zh)

        threads = [threading.Thread(target=press, args=(a, conversation_id, gate, heard, won)) for a in (WANG, LI)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == len(heard) == 1
        assert won[0] in heard[0]
        conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
        assert (conversation.status, conversation.agent_name) == (Status.open, won[0])
        assert len(said(session, conversation_id, Sender.system)) == 1


def test_accepting_twice_is_accepting_once(session: Session) -> None:
    conversation_id = held(session)
    assert handoff.accept(session, conversation_id, **WANG, now=OPEN_HOURS).agent_name == "王芳"
    assert said(session, conversation_id, Sender.system) == ["工作人员王芳来了，现在是真人在跟您说话，邻里不插嘴。"]


def test_a_conversation_deleted_meanwhile_is_a_conflict(session: Session) -> None:
    conversation_id = queued(session)
    service.forget(session, conversation_id)
    with pytest.raises(Conflict):
        handoff.accept(session, conversation_id, **WANG, now=OPEN_HOURS)


def test_an_agent_may_step_in_where_nobody_asked(session: Session) -> None:
    conversation = started(session)
    handoff.accept(session, conversation.id, **WANG, now=OPEN_HOURS)
    assert status(session, conversation.id) is Status.open


def say(
    session: Session, conversation_id: str, text: str = "您好", *, agent_id: int = 1, client_id: str = "n1"
) -> Message:
    return handoff.say(session, conversation_id, text, agent_id=agent_id, client_id=client_id, now=OPEN_HOURS)


@pytest.mark.parametrize(
    "act",
    [
        lambda s, c: say(s, c, agent_id=2),
        lambda s, c: handoff.give_back(s, c, **LI),
        lambda s, c: handoff.transfer(s, c, **LI, team_id=1, team_name="县里", now=OPEN_HOURS),
    ],
    ids=["say", "give back", "transfer"],
)
def test_what_is_in_a_colleagues_hands_is_left_to_them(session: Session, act: Callable[[Session, str], object]) -> None:
    for conversation_id in (held(session), queued(session), started(session).id):
        before, messages = (
            status(session, conversation_id),
            len(conversations_messages.messages_after(session, conversation_id, 0)),
        )
        with pytest.raises(NotAllowed):
            act(session, conversation_id)
        assert status(session, conversation_id) is before
        assert len(conversations_messages.messages_after(session, conversation_id, 0)) == messages


def test_a_repeated_message_of_an_agent_is_one_message(session: Session) -> None:
    conversation_id = held(session)
    assert say(session, conversation_id).id == say(session, conversation_id).id
    assert said(session, conversation_id, Sender.agent) == ["您好"]
    assert say(session, conversation_id, "在吗", client_id="n2").text == "在吗"


@pytest.mark.parametrize("text", ["", "  \n", "字" * 4001])
def test_an_empty_or_endless_message_is_refused(session: Session, text: str) -> None:
    conversation_id = held(session)
    with pytest.raises(InvalidInput):
        say(session, conversation_id, text)
    assert said(session, conversation_id, Sender.agent) == []


def test_messages_that_cross_are_all_kept_once_and_the_bot_is_silent(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = held(session)
    rasa = FakeRasa([{"kind": "answer", "text": "插嘴"}])
    gate = threading.Barrier(2)

    def agent() -> None:
        gate.wait()
        with sessions() as own:
            for i in range(10):
                say(own, conversation_id, f"坐席 {i}", client_id=f"n{i}")
                say(own, conversation_id, f"坐席 {i}", client_id=f"n{i}")

    writer = threading.Thread(target=agent)
    writer.start()
    gate.wait()
    for i in range(10):
        turn(sessions, rasa, conversation_id, f"居民 {i}", i)
        turn(sessions, rasa, conversation_id, f"居民 {i}", i)
    writer.join()
    assert said(session, conversation_id, Sender.agent) == [f"坐席 {i}" for i in range(10)]
    assert said(session, conversation_id, Sender.resident) == [f"居民 {i}" for i in range(10)]
    assert said(session, conversation_id, Sender.bot) == []
    assert rasa.asked == []
    assert claims.unanswered(session, older_than=timedelta(seconds=-5)) == []


def test_a_reply_that_comes_after_an_agent_took_over_is_dropped(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation = started(session)

    def take_over() -> None:
        with sessions() as own:
            handoff.accept(own, conversation.id, **WANG, now=OPEN_HOURS)

    replies = turn(
        sessions,
        FakeRasa([{"kind": "answer", "text": "可以退", "handoff": {"reason": "asked"}}], during=take_over),
        conversation.id,
        "彩礼能退吗",
    )
    assert replies == []
    assert said(session, conversation.id, Sender.bot) == []
    assert status(session, conversation.id) is Status.open
    assert claims.unanswered(session, older_than=timedelta(seconds=-5)) == []


def test_an_emergency_word_is_said_even_while_an_agent_has_it(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = held(session)
    [reply] = turn(sessions, FakeRasa([]), conversation_id, "救命，他拿刀砍我")
    assert reply.kind == "emergency"
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    assert conversation.status is Status.open
    assert conversation.emergency_at


@pytest.mark.parametrize(("is_closing", "words"), [(False, "王芳把对话交还给我了"), (True, "王芳说这次就先到这里")])
def test_giving_back_and_closing_return_to_the_bot_which_says_so(
    sessions: sessionmaker[Session], session: Session, is_closing: bool, words: str
) -> None:
    conversation_id = held(session)
    handoff.give_back(session, conversation_id, **WANG, is_closing=is_closing)
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    assert (conversation.status, conversation.agent_id, conversation.agent_name, conversation.handoff_reason) == (
        Status.bot,
        None,
        None,
        None,
    )
    assert words in said(session, conversation_id, Sender.system)[-1]
    rasa = FakeRasa([{"kind": "answer", "text": "接着答"}])
    assert [m.text for m in turn(sessions, rasa, conversation_id, "彩礼能退吗")] == ["接着答"]


def test_a_transfer_puts_it_into_the_other_teams_queue_audibly(session: Session) -> None:
    conversation_id = held(session)
    team = session.scalars(select(Team).where(Team.name == "柳河镇司法所")).one()
    handoff.transfer(session, conversation_id, **WANG, team_id=team.id, team_name=team.name, now=OPEN_HOURS)
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    assert (conversation.status, conversation.team_id, conversation.agent_id, conversation.handoff_reason) == (
        Status.waiting,
        team.id,
        None,
        "transferred",
    )
    assert "柳河镇司法所" in said(session, conversation_id, Sender.system)[-1]


def test_danger_stays_in_front_when_it_is_transferred_or_forgotten(session: Session) -> None:
    ordinary = queued(session)
    danger = queued(session, "danger", now=OPEN_HOURS + timedelta(hours=1), emergency_at=OPEN_HOURS)
    handoff.accept(session, danger, **WANG, now=OPEN_HOURS)
    handoff.transfer(session, danger, **WANG, team_id=1, team_name="县里", now=OPEN_HOURS + timedelta(hours=2))
    assert [queue.position(session, c) for c in (danger, ordinary)] == [0, 1]
    handoff.accept(session, danger, **WANG, now=OPEN_HOURS)
    message = resident(session, danger, "他又来了")
    assert handoff.release_forgotten(session, now=message.created_at + timedelta(minutes=11)) == [danger]
    assert [queue.position(session, c) for c in (danger, ordinary)] == [0, 1]
    assert session.get_one(Conversation, danger, populate_existing=True).handoff_reason == "danger"


def test_a_conversation_is_forgotten_after_ten_minutes_and_not_before(session: Session) -> None:
    conversation_id = held(session)
    message = resident(session, conversation_id, "人呢")
    at = message.created_at
    assert handoff.release_forgotten(session, now=at + timedelta(minutes=9, seconds=59)) == []
    assert status(session, conversation_id) is Status.open
    assert handoff.release_forgotten(session, now=at + timedelta(minutes=10, seconds=1)) == [conversation_id]
    conversation = session.get_one(Conversation, conversation_id, populate_existing=True)
    assert (conversation.status, conversation.agent_id, conversation.handoff_reason, conversation.waiting_since) == (
        Status.waiting,
        None,
        "forgotten",
        at,
    )
    assert "走开" in said(session, conversation_id, Sender.system)[-1]
    assert handoff.release_forgotten(session, now=at + timedelta(hours=1)) == []


def test_it_is_not_forgotten_when_the_agent_spoke_last_or_is_writing(session: Session) -> None:
    spoke_last, writing = held(session), held(session)
    resident(session, spoke_last, "人呢")
    say(session, spoke_last, "在")
    at = resident(session, writing, "人呢").created_at
    session.get_one(Conversation, writing).agent_active_at = at + timedelta(minutes=8)
    session.commit()
    assert handoff.release_forgotten(session, now=at + timedelta(minutes=11)) == []
    assert status(session, spoke_last) is status(session, writing) is Status.open


def test_an_internal_note_is_in_no_message(session: Session) -> None:
    conversation_id = held(session)
    handoff.note(session, conversation_id, "此人常来，先核实", author="王芳")
    say(session, conversation_id)
    assert [n.text for n in session.scalars(select(InternalNote))] == ["此人常来，先核实"]
    shown = json.dumps(
        [message_json(m) for m in messages.messages_after(session, conversation_id, 0)], ensure_ascii=False
    )
    assert "您好" in shown
    assert "核实" not in shown
    with pytest.raises(InvalidInput):
        handoff.note(session, conversation_id, " ", author="王芳")
    service.forget(session, conversation_id)
    assert list(session.scalars(select(InternalNote))) == []


ABSTENTION: list[dict[str, Any]] = [{"kind": "abstention", "text": "没找到依据。"}]
ANSWER: list[dict[str, Any]] = [{"kind": "answer", "text": "可以。"}]


def test_two_abstentions_in_a_row_queue_it_and_one_does_not(sessions: sessionmaker[Session], session: Session) -> None:
    conversation_id = started(session).id
    rasa = FakeRasa(ABSTENTION, ANSWER, ABSTENTION, ABSTENTION)
    for number in range(3):
        turn(sessions, rasa, conversation_id, "天上有几颗星", number)
        assert status(session, conversation_id) is Status.bot
    replies = turn(sessions, rasa, conversation_id, "天上有几颗星", 3)
    assert [r.kind for r in replies] == ["abstention", "handoff"]
    assert status(session, conversation_id) is Status.waiting
    assert session.get_one(Conversation, conversation_id).handoff_reason == "abstained"
    assert len(rasa.asked) == 4


def test_two_down_votes_in_a_row_are_seen(sessions: sessionmaker[Session], session: Session) -> None:
    conversation_id = started(session).id
    rasa = FakeRasa(ANSWER)
    answers = [turn(sessions, rasa, conversation_id, "彩礼能退吗", number)[0] for number in range(2)]
    for answer, count in zip(answers, (0, 2), strict=True):  # the first vote isn't on the last answer
        service.rate(session, session.get_one(Message, answer.id), "down")
        assert messages.in_a_row(session, conversation_id)[1] == count
    service.rate(session, session.get_one(Message, answers[1].id), "up")
    assert messages.in_a_row(session, conversation_id)[1] == 0


def test_who_asks_for_a_person_is_queued_with_the_word_from_rasa(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = started(session).id
    replies = turn(
        sessions,
        FakeRasa([{"kind": "smalltalk", "text": "好。", "handoff": {"reason": "asked"}}]),
        conversation_id,
        "转人工",
    )
    assert [r.kind for r in replies] == ["smalltalk", "handoff"]
    assert "handoff" not in replies[0].body
    assert status(session, conversation_id) is Status.waiting


def test_the_conversation_goes_to_the_team_of_its_topic_and_says_which(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = service.start(session, channel="widget", place="lijiagou").id
    rasa = FakeRasa(
        [{"kind": "answer", "text": "可以仲裁。"}],
        [{"kind": "handoff", "text": "好。", "handoff": {"reason": "asked"}}],
    )
    heard: list[str] = []
    for number, text in enumerate(("包工头不发工钱，我是残疾人", "转人工")):
        with sessions() as other:
            message = resident(other, conversation_id, text, number)
        asyncio.run(
            Turns(sessions=sessions, rasa=rasa, topic=lambda words: heard.append(words) or "劳动用工").answer(
                message.id
            )
        )  # type: ignore[arg-type, func-returns-value]
    session.expire_all()
    held = session.get_one(Conversation, conversation_id)
    assert (held.topic, session.get_one(Team, held.team_id).name, held.is_green) == (
        "劳动用工",
        "清禾县人社局劳动监察",
        True,
    )
    assert heard == ["包工头不发工钱，我是残疾人"]


def test_a_rule_of_the_place_calls_a_person_after_the_answer(sessions: sessionmaker[Session], session: Session) -> None:
    session.add_all([HandoffRule(keyword="信访", place_id="liuhe"), HandoffRule(keyword="集资", place_id="qingshi")])
    session.commit()
    conversation_id = service.start(session, channel="widget", place="lijiagou").id
    rasa = FakeRasa([{"kind": "answer", "text": "是这样的。"}])
    assert [m.kind for m in turn(sessions, rasa, conversation_id, "有人叫我集资", 1)] == ["answer"], (
        "a rule of another township"
    )
    assert [m.kind for m in turn(sessions, rasa, conversation_id, "我要去信访", 2)] == ["answer", "handoff"]
    assert session.get_one(Conversation, conversation_id, populate_existing=True).handoff_reason == "rule"


def test_a_case_of_the_green_channel_puts_its_conversation_there(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = service.start(session, channel="widget", place="lijiagou").id
    turn(sessions, FakeRasa([{"kind": "case", "text": "登记好了", "green": True}]), conversation_id, "报上去")
    assert session.get_one(Conversation, conversation_id, populate_existing=True).is_green


def test_while_waiting_rasa_is_not_asked_and_the_resident_hears_now_and_then(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = queued(session)
    rasa = FakeRasa(ANSWER)
    [reply] = turn(sessions, rasa, conversation_id, "我在门口")
    assert "看得到" in reply.text
    assert turn(sessions, rasa, conversation_id, "我在门口", 2) == []
    assert rasa.asked == []
    assert claims.unanswered(session, older_than=timedelta(seconds=-5)) == []


@pytest.mark.parametrize(("is_open", "present"), [(False, ("王芳",)), (True, ())])
def test_while_nobody_is_at_work_the_bot_goes_on_answering(
    sessions: sessionmaker[Session], session: Session, office: Office, is_open: bool, present: tuple[str, ...]
) -> None:
    office.is_open, office.present = is_open, present
    conversation_id = queued(session, "danger")
    assert [r.text for r in turn(sessions, FakeRasa(ANSWER), conversation_id, "医药费谁出")] == ["可以。"]
    asked_again = FakeRasa([{"kind": "handoff", "text": "好，这就请工作人员来。", "handoff": {"reason": "asked"}}])
    assert len(turn(sessions, asked_again, conversation_id, "转人工", 2)) == 2, "and where one stands"
    assert status(session, conversation_id) is Status.waiting, "people still see it"
    [stopped] = turn(sessions, FakeRasa(ANSWER), conversation_id, queue.DONT_WAIT, 3)
    assert "接着答" in stopped.text


@pytest.mark.parametrize(
    ("text", "is_answered"),
    [
        ("他讲是我自己后头改过线的，那就一点不赔啦？", True),  # met silence behind the card
        ("电瓶烧起来，能不能找修车铺赔", True),
        ("你们什么时候来人呀", False),
        ("他还在院子里砸东西", False),
    ],
)
def test_a_question_is_answered_while_people_are_on_their_way(
    sessions: sessionmaker[Session], session: Session, text: str, is_answered: bool
) -> None:
    conversation_id = queued(session, "danger", emergency_at=OPEN_HOURS, emergency_kind="fire")
    said = turn(sessions, FakeRasa(ANSWER), conversation_id, text)
    assert ([reply.text for reply in said] == ["可以。"]) is is_answered
    assert is_answered or "看得到" in said[0].text
    assert status(session, conversation_id) is Status.waiting, "people still see it"


def test_who_is_in_danger_is_not_met_with_three_minutes_of_silence(
    sessions: sessionmaker[Session], session: Session
) -> None:
    conversation_id = queued(session, "danger", emergency_at=OPEN_HOURS, emergency_kind="violence")
    assert turn(sessions, FakeRasa(ANSWER), conversation_id, "他还在院子里砸东西")
    assert turn(sessions, FakeRasa(ANSWER), conversation_id, "我躲在灶房", 2) == []
    session.execute(update(Message).values(created_at=datetime.now(UTC) - timedelta(seconds=70)))
    session.commit()
    [told] = turn(sessions, FakeRasa(ANSWER), conversation_id, "门快撑不住了", 3)
    assert "看得到" in told.text


def test_out_of_hours_nobody_is_queued_unasked(
    sessions: sessionmaker[Session], session: Session, office: Office
) -> None:
    office.is_open = False
    conversation_id = started(session).id
    rasa = FakeRasa(ABSTENTION, ABSTENTION)
    for number in (1, 2):
        turn(sessions, rasa, conversation_id, "外星人归谁管", number)
    assert status(session, conversation_id) is Status.bot


def test_an_emergency_while_waiting_moves_to_the_front(sessions: sessionmaker[Session], session: Session) -> None:
    first, second = queued(session), queued(session, now=OPEN_HOURS + timedelta(minutes=1))
    assert queue.position(session, second) == 1
    replies = turn(sessions, FakeRasa(ANSWER), second, "救命，他拿刀砍我")
    assert replies[0].kind == "emergency"
    assert [queue.position(session, c) for c in (second, first)] == [0, 1]


def test_an_emergency_at_the_bot_goes_to_the_queue_with_the_guidance_first(
    sessions: sessionmaker[Session], session: Session
) -> None:
    waiting, conversation_id = queued(session), started(session).id
    replies = turn(sessions, FakeRasa(ANSWER), conversation_id, "救命，他拿刀砍我")
    assert [r.kind for r in replies] == ["emergency", "handoff"]
    assert [queue.position(session, c) for c in (conversation_id, waiting)] == [0, 1]


def test_an_alarm_rings_on_though_the_resident_goes_on_with_the_bot(
    sessions: sessionmaker[Session], session: Session
) -> None:
    """Whoever took the telephone could write so, too."""
    conversation_id = queued(session, "danger", emergency_at=OPEN_HOURS, emergency_kind="violence")
    now = datetime.now(UTC)
    queue.raise_alarm(session, conversation_id, now=now)
    session.commit()
    turn(sessions, FakeRasa([{"kind": "answer", "text": "可以退"}]), conversation_id, queue.SAFE)
    assert status(session, conversation_id) is Status.bot
    assert len(rows.due(session, now=now)) == 1


@pytest.mark.parametrize("present", [("王芳",), ()])
def test_who_spoke_of_danger_is_asked_before_the_call_for_people_ends(
    sessions: sessionmaker[Session], session: Session, office: Office, present: tuple[str, ...]
) -> None:
    office.is_open, office.present = True, present
    conversation_id = queued(session, "danger", emergency_at=OPEN_HOURS, emergency_kind="violence")
    [asked] = turn(sessions, FakeRasa(ANSWER), conversation_id, queue.DONT_WAIT)
    assert [b["payload"] for b in asked.body["buttons"]] == [queue.WAIT_ON, queue.SAFE]
    assert "110" in asked.body["next"]
    assert status(session, conversation_id) is Status.waiting
    [told] = turn(sessions, FakeRasa(ANSWER), conversation_id, queue.WAIT_ON, 2)
    assert "工作人员看得到" in told.text
    assert status(session, conversation_id) is Status.waiting
    turn(sessions, FakeRasa(ANSWER), conversation_id, queue.SAFE, 3)
    assert status(session, conversation_id) is Status.bot


def test_a_conversation_isnt_ended_before_somebody_spoke_to_who_may_be_in_danger(session: Session) -> None:
    conversation_id = held(session)
    session.get_one(Conversation, conversation_id).emergency_at = OPEN_HOURS
    session.commit()
    with pytest.raises(NotAllowed, match="问过安全"):
        handoff.give_back(session, conversation_id, **WANG)
    assert status(session, conversation_id) is Status.open
    session.get_one(Conversation, conversation_id).emergency_at = datetime.now(UTC) - timedelta(minutes=1)
    session.commit()
    session.add(
        Message(conversation_id=conversation_id, sender=Sender.agent, text="您安全吗", created_at=datetime.now(UTC))
    )
    session.commit()
    handoff.give_back(session, conversation_id, **WANG)
    assert status(session, conversation_id) is Status.bot


def test_who_calls_again_while_waiting_is_answered(sessions: sessionmaker[Session], session: Session) -> None:
    conversation_id = queued(session)
    rasa = FakeRasa([{"kind": "answer", "text": "可以退"}])
    assert turn(sessions, rasa, conversation_id, "水还在流")  # the first word that arrives is acknowledged
    assert turn(sessions, rasa, conversation_id, "越流越大", 2) == []
    [reply] = turn(sessions, rasa, conversation_id, "转人工", 3)
    assert "看得到" in reply.text


NO_HELP: dict[str, object] = {"kind": "smalltalk", "text": "您慢慢说。"}


@pytest.mark.parametrize(
    "text", ["申请低保要多久", "村干部贪污往哪告", "我家老头子天天喝酒骂我", "邻居占了我家两垄地，界桩也拔了"]
)
def test_what_is_asked_or_told_while_a_person_is_on_the_way_is_answered(
    sessions: sessionmaker[Session], session: Session, text: str
) -> None:
    """Five of them in a row met nothing, while the bot knew the answers."""
    conversation_id = queued(session)
    for number in (1, 2):
        assert [r.text for r in turn(sessions, FakeRasa(ANSWER), conversation_id, text, number)] == ["可以。"], number
    assert status(session, conversation_id) is Status.waiting, "people still see it"


@pytest.mark.parametrize("is_open", [True, False])
def test_who_asks_after_the_people_hears_where_they_stand_each_time(
    sessions: sessionmaker[Session], session: Session, office: Office, is_open: bool
) -> None:
    """At night 前面还有几个人呀 was told to ring 12388, as a word more about the matter before it."""
    office.is_open, office.present = is_open, ("王芳",)
    conversation_id, rasa = queued(session), FakeRasa(ANSWER)
    for number, text in enumerate(("前面还有几个人呀", "有人吗", "你们什么时候来"), 1):
        [reply] = turn(sessions, rasa, conversation_id, text, number)
        assert reply.kind == "handoff", text
    assert rasa.asked == []


def test_what_is_told_to_those_who_come_gets_no_small_talk(sessions: sessionmaker[Session], session: Session) -> None:
    conversation_id = queued(session)
    [first] = turn(sessions, FakeRasa([NO_HELP]), conversation_id, "我叫王桂兰，住村东头第三家")
    assert "工作人员看得到" in first.text
    assert turn(sessions, FakeRasa([NO_HELP]), conversation_id, "院里有棵大枣树，一看就认得", 2) == []


@pytest.mark.parametrize("reason", ["asked", "danger"])
def test_a_case_is_spoken_of_while_a_person_is_on_the_way(
    sessions: sessionmaker[Session], session: Session, reason: str
) -> None:
    """催一下 on the card told how many stand in line, and 没解决 met nothing."""
    conversation_id = queued(session, reason)
    case = filing.file(
        session,
        request_key="k",
        conversation_id=conversation_id,
        place=None,
        category="其他",
        fields={"what": "邻居占地"},
        now=datetime.now(UTC),
    )
    about = FakeRasa([{"kind": "case", "text": "替您催了。"}])
    button = f"{numbers.spoken(case.number)} 催一下"
    for number, text in enumerate((button, "催一下", "他根本没挪回来，没解决", "要个链接，换手机也能看"), 1):
        assert [r.text for r in turn(sessions, about, conversation_id, text, number)] == ["替您催了。"], text


@pytest.mark.parametrize("present", [("王芳",), ()])
@pytest.mark.parametrize(
    ("kind", "text", "is_over"),
    [
        ("violence", "我没事了，他走了", True),
        ("violence", "他走了", True),
        ("fire", "火灭了", True),
        ("medical", "他走了", False),  # he died
        ("violence", "是不是没事了？", False),
        ("violence", "谢谢你", False),
    ],
)
def test_who_was_in_danger_and_says_it_is_over_is_not_told_goodbye(
    sessions: sessionmaker[Session],
    session: Session,
    office: Office,
    kind: str,
    text: str,
    is_over: bool,
    present: tuple[str, ...],
) -> None:
    """再见，祝您一切顺利 was said to a woman whose husband had just left."""
    office.is_open, office.present = True, present
    conversation_id = queued(session, "danger", emergency_at=datetime.now(UTC), emergency_kind=kind)
    goodbye: dict[str, object] = {"kind": "smalltalk", "text": "再见，祝您一切顺利。"}
    [said] = turn(sessions, FakeRasa([goodbye]), conversation_id, text)
    assert ("人没事就好" in said.text) is is_over
    assert status(session, conversation_id) is Status.waiting, "people still come and ask"
