"""A turn keeps the event loop free, and a cancelled one leaves nothing half done."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, numbers
from actions.cases.models import CaseEvent
from actions.replies import Button, Reply, ReplyKind
from bot.conversations import claims, delivery, messages, service
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.emergency.guidance import GUIDANCE, MAYBE, Emergency, EmergencyKind
from bot.turns import Turns
from tests.fakes import FakeRasa


class Gate:
    """Stands before a function that writes to the database, as another writer does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
        self._passes = getattr(module, name)
        self.reached, self.opened = threading.Event(), threading.Event()
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: object, **kwargs: object) -> object:
        self.reached.set()
        assert self.opened.wait(10), "the event loop stood still"
        return self._passes(*args, **kwargs)

    async def wait(self) -> None:
        while not self.reached.is_set():
            await asyncio.sleep(0.001)


@pytest.fixture
def message(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        return messages.receive(session, conversation, client_id="c1234567", text="我要报个事").id


def turns(sessions: sessionmaker[Session], *replies: dict[str, object]) -> Turns:
    return Turns(sessions=sessions, rasa=FakeRasa(list(replies)))  # type: ignore[arg-type] # a double


REPLY: dict[str, object] = {"kind": "smalltalk", "text": "好的。"}


@pytest.mark.parametrize(("module", "name"), [(claims, "claim"), (messages, "store_replies")])
def test_the_loop_goes_on_while_a_turn_waits_for_another_writer(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    gate = Gate(monkeypatch, module, name)

    async def run() -> list[Message]:
        turn = asyncio.create_task(turns(sessions, REPLY).answer(message))
        await gate.wait()
        gate.opened.set()  # by the loop, which is free to
        return await turn

    assert [m.text for m in asyncio.run(run())] == ["好的。"]


def test_a_turn_cancelled_while_it_claims_gives_the_claim_up(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, claims, "claim")

    async def run() -> None:
        turn = asyncio.create_task(turns(sessions, REPLY).answer(message))
        await gate.wait()
        turn.cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await turn

    asyncio.run(run())
    with sessions() as session:
        held = session.get_one(Message, message)
        assert (held.claimed_at, held.answered_at) == (service.LONG_AGO, None)
        assert claims.claim(session, message)


def test_a_cancelled_turn_gives_up_no_claim_of_another(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sessions() as session:
        assert claims.claim(session, message)
        since = session.get_one(Message, message).claimed_at
    gate = Gate(monkeypatch, claims, "claim")

    async def run() -> None:
        turn = asyncio.create_task(turns(sessions, REPLY).answer(message))
        await gate.wait()
        turn.cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await turn

    asyncio.run(run())
    with sessions() as session:
        assert session.get_one(Message, message).claimed_at == since


def test_a_turn_cancelled_while_it_is_kept_is_kept(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, messages, "store_replies")

    async def run() -> None:
        turn = asyncio.create_task(turns(sessions, REPLY).answer(message))
        await gate.wait()
        turn.cancel()
        gate.opened.set()
        with pytest.raises(asyncio.CancelledError):
            await turn
        while not await asyncio.to_thread(stored):
            await asyncio.sleep(0.001)

    def stored() -> list[Message]:
        with sessions() as session:
            return messages.replies_to(session, message)

    asyncio.run(asyncio.wait_for(run(), 10))
    assert [m.text for m in stored()] == ["好的。"]


def test_what_a_reply_does_is_kept_and_not_shown(sessions: sessionmaker[Session], message: int) -> None:
    said = {"kind": "answer", "text": "记下了。", "next": "接着问。", "place": "liuhe", "green": True}
    [reply] = asyncio.run(turns(sessions, said).answer(message))
    assert reply.body == {"next": "接着问。"}
    with sessions() as session:
        conversation = session.get_one(Conversation, reply.conversation_id)
        assert (conversation.place_id, conversation.is_green) == ("liuhe", True)


FEARED = Emergency(EmergencyKind.gas, soft=True, guidance=GUIDANCE[EmergencyKind.gas], is_feared=True, is_likely=True)
HARMLESS: dict[str, object] = {"kind": "smalltalk", "text": "您慢慢说。"}


def in_fear(sessions: sessionmaker[Session], message: int, *replies: dict[str, object]) -> list[Message]:
    rasa: Any = FakeRasa(list(replies))
    feared = Turns(sessions=sessions, rasa=rasa, second_opinion=lambda *_: FEARED)
    return asyncio.run(feared.answer(message))


@pytest.mark.parametrize("kind", ["smalltalk", "abstention", "asking", "text"])
def test_a_feared_danger_is_one_where_nothing_better_is_found(
    sessions: sessionmaker[Session], message: int, kind: str
) -> None:
    said = in_fear(sessions, message, {**HARMLESS, "kind": kind})
    assert said[0].text == GUIDANCE[EmergencyKind.gas].text
    assert "您慢慢说。" not in [m.text for m in said]
    with sessions() as session:
        held = session.get_one(Conversation, session.get_one(Message, message).conversation_id)
        assert (held.emergency_kind, held.status) == ("gas", ConversationStatus.waiting)


def test_a_feared_danger_stands_behind_an_answer_and_calls_nobody(
    sessions: sessionmaker[Session], message: int
) -> None:
    answer, card = in_fear(sessions, message, {"kind": "answer", "text": "装报警器，每年查一次管子。"})
    assert answer.text == "装报警器，每年查一次管子。"
    assert card.text.startswith("要是这会儿正出着事")
    assert GUIDANCE[EmergencyKind.gas].text in card.text
    with sessions() as session:
        held = session.get_one(Conversation, session.get_one(Message, message).conversation_id)
        assert held.status is ConversationStatus.bot


CHOICES: dict[str, object] = {
    "kind": "asking",
    "text": "您说的是下面哪一件？",
    "buttons": [{"title": "帮工受伤了要赔吗", "payload": "帮工受伤了要赔吗"}],
}


@pytest.mark.parametrize(
    ("kind", "told", "is_kept"),
    [
        (
            EmergencyKind.medical,
            "帮工前天早上烫了膀子，在县医院住着已经垫了一万一，他儿子打电话来开口就要十五万，还说要闹",
            True,
        ),
        (EmergencyKind.medical, "帮工烫了膀子，叫不醒", False),
        (
            EmergencyKind.self_harm,
            "欠了一屁股债，媳妇也走了，我把猪都卖了，存折压在俺娘枕头底下，密码写在背面，你不用劝我了",
            False,
        ),
    ],
)
def test_a_long_trouble_keeps_what_was_found_behind_the_card(
    sessions: sessionmaker[Session],
    message: int,
    monkeypatch: pytest.MonkeyPatch,
    kind: EmergencyKind,
    told: str,
    is_kept: bool,
) -> None:
    monkeypatch.setattr("tests.bot.test_turns.FEARED", replace(FEARED, kind=kind, guidance=GUIDANCE[kind]))
    with sessions() as session:
        session.execute(update(Message).values(text=told))
        session.commit()
    first, *rest = in_fear(sessions, message, CHOICES)
    assert first.kind == "emergency"
    assert first.text.startswith("要是这会儿正出着事") is is_kept
    assert ("您说的是下面哪一件？" in [m.text for m in rest]) is is_kept
    with sessions() as session:
        held = session.get_one(Conversation, session.get_one(Message, message).conversation_id)
        assert (held.status is ConversationStatus.bot) is is_kept


def test_what_somebody_in_danger_adds_to_a_case_gets_there_too(sessions: sessionmaker[Session], message: int) -> None:
    with sessions() as session:
        own = session.get_one(Message, message).conversation_id
        case = filing.file(
            session,
            request_key="k",
            conversation_id=own,
            place=None,
            category="其他",
            fields={"what": "邻居砌墙"},
            now=datetime.now(UTC),
        )
        said = f"{numbers.spoken(case.number)} 补充：他拿刀来我家了，救命"
        added = messages.receive(session, session.get_one(Conversation, own), client_id="c7654321", text=said).id
    asyncio.run(turns(sessions, REPLY).answer(added))
    with sessions() as session:
        first, *rest = messages.messages_after(session, own, added)
        assert first.kind == "emergency"
        assert "也补充进" in rest[-1].text
        noted = session.scalars(select(CaseEvent.note).where(CaseEvent.what == "居民补充"))
        assert list(noted) == ["他拿刀来我家了，救命"]


def test_a_number_before_the_words_is_not_heard_as_danger(sessions: sessionmaker[Session], message: int) -> None:
    heard: list[str] = []

    def second(text: str, ruled: Emergency | None, _is_asked: bool) -> Emergency | None:
        heard.append(text)
        return ruled

    with sessions() as session:
        own = session.get_one(Conversation, session.get_one(Message, message).conversation_id)
        text = "261124-001-05 补充：他今天又砌高了一截"
        added = messages.receive(session, own, client_id="c7654321", text=text).id
    double = FakeRasa([REPLY])
    asyncio.run(Turns(sessions=sessions, rasa=double, second_opinion=second).answer(added))  # type: ignore[arg-type]
    assert heard == ["补充:他今天又砌高了一截"], "normalised"
    assert double.asked[0][1].startswith("261124-001-05 "), "the dialogue hears the number"


@pytest.mark.parametrize("asks", ["form", "case"])
def test_a_short_answer_to_our_question_is_not_feared(sessions: sessionmaker[Session], message: int, asks: str) -> None:
    with sessions() as session:
        first = session.get_one(Message, message)
        if asks == "form":
            asking = Reply(ReplyKind.asking, "您希望怎么解决？", form="dispute_form", step="wish")
            messages.store_replies(session, first, [asking])
        else:
            solved = Reply(ReplyKind.case, "这样算解决了吗？", buttons=(Button("解决了"), Button("没解决")))
            assert delivery.tell(session, first.conversation_id, solved, key="case-event-1")
            session.commit()
        conversation = session.get_one(Conversation, first.conversation_id)
        answer = messages.receive(session, conversation, client_id="c7654321", text="墙已经扒了，路通了").id
    heard: list[bool] = []

    def feared(_text: str, _ruled: Emergency | None, is_asked: bool) -> Emergency:
        heard.append(is_asked)
        return FEARED

    rasa: Any = FakeRasa([{"kind": "case", "text": "记为办结。"}])
    said = asyncio.run(Turns(sessions=sessions, rasa=rasa, second_opinion=feared).answer(answer))
    assert heard == [True]
    assert [m.text for m in said] == ["记为办结。"]


def test_what_is_hardly_feared_never_takes_the_place_of_a_reply(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bot.test_turns.FEARED", replace(FEARED, is_likely=False))
    said = in_fear(sessions, message, HARMLESS)
    assert said[0].text == "您慢慢说。"
    assert said[1].text.startswith("要是这会儿正出着事")


def test_who_says_thanks_hears_no_fear(
    sessions: sessionmaker[Session], message: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bot.test_turns.FEARED", replace(FEARED, is_likely=False))
    with sessions() as session:
        session.execute(update(Message).values(text="谢谢，照您说的办，钱要回来了"))
        session.commit()
    assert [reply.text for reply in in_fear(sessions, message, HARMLESS)] == ["您慢慢说。"]


@pytest.mark.parametrize(("said", "is_put_aside"), [("我真不想活了", True), ("他拿刀冲进来了救命", False)])
def test_a_form_rests_once_somebody_has_spoken_of_dying(
    sessions: sessionmaker[Session], said: str, is_put_aside: bool
) -> None:
    with sessions() as session:
        conversation = service.start(session, channel="widget", place="lijiagou")
        despair = messages.receive(session, conversation, client_id="c7654321", text=said).id
        name = conversation.id
    rasa = FakeRasa([REPLY])
    held = Turns(sessions=sessions, rasa=rasa)  # type: ignore[arg-type] # a double

    async def run() -> list[Message]:
        told = await held.answer(despair)
        await asyncio.sleep(0)
        return told

    assert asyncio.run(run())
    assert rasa.put_aside == [name] * is_put_aside


@pytest.mark.parametrize(
    ("kind", "confidence", "is_told"),
    [(EmergencyKind.medical, 0.9, False), (EmergencyKind.medical, 0.5, True), (EmergencyKind.gas, 0.9, True)],
)
def test_a_mere_guess_is_not_told_behind_a_sure_answer(
    sessions: sessionmaker[Session], message: int, kind: EmergencyKind, confidence: float, is_told: bool
) -> None:
    """房贷水电把我勒得喘不过气，公积金能提吗; where minutes count it is told all the same."""
    rasa: Any = FakeRasa([{"kind": "answer", "text": "能提。", "confidence": confidence}])
    guess = Emergency(kind, soft=True, guidance=MAYBE, is_feared=True)
    said = asyncio.run(Turns(sessions=sessions, rasa=rasa, second_opinion=lambda *_: guess).answer(message))
    assert any(MAYBE.text in m.text for m in said) is is_told


def test_inside_a_form_nothing_is_feared(sessions: sessionmaker[Session], message: int) -> None:
    said = in_fear(sessions, message, {"kind": "asking", "text": "这事在哪儿？", "form": "dispute_form"})
    assert [m.text for m in said] == ["这事在哪儿？"]


@pytest.mark.parametrize(("kind", "before"), [("smalltalk", "我要报个事"), ("answer", "")])
def test_words_that_only_a_card_answered_are_what_the_next_ones_follow(
    sessions: sessionmaker[Session], message: int, kind: str, before: str
) -> None:
    """Behind an answer the dialogue has heard them itself, and knows which document it told."""
    in_fear(sessions, message, {**HARMLESS, "kind": kind})
    with sessions() as session:
        conversation = session.get_one(Conversation, session.get_one(Message, message).conversation_id)
        after = messages.receive(session, conversation, client_id="c7654321", text="那要不要紧")
        assert messages.told_in_danger(session, after) == before
