"""What a resident does in the dialogue, through the real Rasa: the app is killed just before and just after each commit
of the deciding turn, Rasa in the middle of it. The deed is done once, the resident hears of it once, the dialogue
stands where it should.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.cases import filing, finding, numbers
from actions.cases import moves as cases
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from bot.conversations import delivery, service
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.db import make_engine, make_sessions
from bot.run.stack import Stack
from tests.end_to_end.conftest import Resident, kill
from tests.killer import app_command

_STORY = "昨天隔壁老王家砌墙占了我家的路"
_MATTER = "邻居占了我家的路，想问怎么要回来"


@dataclass
class Deed:
    """Brings a dialogue to the turn that decides, names that turn's words, and knows what must be true after it."""

    begin: Callable[["Walk", Resident, Session, str], tuple[str, Any]]
    check: Callable[[Session, str, Any], None]
    hears: str
    slots: dict[str, Any]  # of Rasa, afterwards
    village: str | None = "lijiagou"


@dataclass
class Walk:
    stack: Stack
    base: str
    sessions: sessionmaker[Session]
    order: Path

    def begun(self, deed: Deed) -> tuple[Resident, str, str, Any]:
        resident = Resident(self.base, deed.village)
        prefix = resident.http.get("/api/widget/conversations/current").json()["conversation"]
        with self.sessions() as session:
            conversation_id = session.scalars(
                select(Conversation.id).where(Conversation.id.startswith(prefix, autoescape=True))
            ).one()
            words, about = deed.begin(self, resident, session, conversation_id)
        return resident, conversation_id, words, about

    def check(self, deed: Deed, resident: Resident, conversation_id: str, client_id: str, about: Any) -> None:
        with self.sessions() as session:
            while delivery.tell_case_events(session) + delivery.tell_appointments(session, now=datetime.now(UTC)):
                pass
            assert finding.untold(session) == []
            deed.check(session, conversation_id, about)
        shown = resident.messages()
        [asked] = [m for m in shown if m["client_id"] == client_id]
        assert [deed.hears in m["text"] for m in shown if m["in_reply_to"] == asked["id"]].count(True) == 1, shown[-3:]
        said = Counter((m["in_reply_to"], m["sender"], m["text"]) for m in shown)
        assert [key for key, times in said.items() if times > 1] == [], "nothing is said twice"
        tracker = httpx.get(
            f"{self.stack.settings.rasa_url}/conversations/{conversation_id}/tracker",
            params={"token": self.stack.settings.secret("rasa"), "include_events": "NONE"},
            trust_env=False,
        ).json()
        assert {name: tracker["slots"][name] for name in deed.slots} == deed.slots

    def send(self, resident: Resident, words: str, client_id: str) -> bool:
        """Whether the app had an answer before it died."""
        try:
            found = resident.post(words, client_id=client_id)
        except httpx.HTTPError:
            return False
        assert found.status_code == 200, found.text
        return not found.json()["pending"]

    def until_answered(self, resident: Resident, client_id: str, words: str | None, *, within_s: float) -> None:
        """`words`: as the widget does, the same message again until the server has it; None: nobody sends it again."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if words is not None and self.send(resident, words, client_id):
                return
            if words is None:
                with suppress(httpx.HTTPError):
                    shown = resident.messages()
                    if {m["id"] for m in shown if m["client_id"] == client_id} & {m["in_reply_to"] for m in shown}:
                        return
            time.sleep(0.2)
        raise AssertionError("no answer")

    def app_dies(self, deed: Deed) -> int:
        """At how many points."""
        points = 0
        for moment in ("before", "after"):
            for number in count(1):
                resident, conversation_id, words, about = self.begun(deed)
                client_id = uuid.uuid4().hex
                self.order.with_suffix(".new").write_text(f"{number} {moment}")
                self.order.with_suffix(".new").rename(self.order)
                ended = self.send(resident, words, client_id)
                try:
                    # What is stored when the app dies is answered without being sent again; that takes a few seconds,
                    # so one point has it.
                    self.until_answered(
                        resident, client_id, None if (number, moment) == (3, "after") else words, within_s=30
                    )
                    fired = not self.order.exists()
                    assert fired is not ended
                    self.check(deed, resident, conversation_id, client_id, about)
                except AssertionError as error:
                    raise AssertionError(f"killed {moment} commit {number}: {error}") from error
                finally:
                    self.order.unlink(missing_ok=True)
                if ended:
                    break
                points += 1
        return points

    def rasa_dies(self, deed: Deed) -> None:
        child = next(c for c in self.stack.children if c.name == "rasa")
        assert child.process
        resident, conversation_id, words, about = self.begun(deed)
        client_id = uuid.uuid4().hex
        self.order.write_text(f"3 before {child.process.pid}")  # the commit of the deed: Rasa waits for its action
        assert not self.send(resident, words, client_id)
        assert not self.order.exists()
        self.until_answered(resident, client_id, None, within_s=90)
        self.check(deed, resident, conversation_id, client_id, about)
        child.failures = 0
        assert sum(m["sender"] == "system" for m in resident.messages()) == 1, (
            "the resident heard that it takes a while"
        )


@pytest.fixture(scope="module")
def walk(stack: Stack, browser: Browser) -> Iterator[Walk]:
    """The stack with an app that dies on order: at its n-th commit, so nobody else may ask anything of it. The pages of
    other tests do, every few seconds.
    """
    for context in browser.contexts:
        context.close()
    child, order = next(c for c in stack.children if c.name == "app"), stack.settings.home / "kill-order"
    stock, base = child.command, f"http://127.0.0.1:{stack.settings.port}"
    engine = make_engine(stack.settings.url)
    child.command = app_command(order)
    try:
        _restart(stack, base)
        yield Walk(stack, base, make_sessions(engine), order)
    finally:
        child.command = stock
        _restart(stack, base)
        engine.dispose()


def _restart(stack: Stack, base: str) -> None:
    kill(stack, "app")
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{base}/readyz", timeout=20, trust_env=False).status_code == 200:
                return
        time.sleep(0.3)
    raise AssertionError("the app didn't come back")


_ANSWERS = {
    "在哪儿": "李家沟村东头",
    "什么时候": "昨天",
    "跟谁有关": "邻居",
    "怎么解决": "请帮忙处理",
    "优先照顾": "没有",
    "联系您": "匿名",
}
_NO_FORM = {"requested_slot": None, "dispute_what": None, "dispute_id": None, "booking_opening": None}


def _told(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    """The story is told and the bot has offered to file it."""
    assert "登记" in resident.say(_STORY)[-1]["text"]
    return "帮我登记上报", None


def _taken_down(session: Session, conversation_id: str, about: Any) -> None:
    assert session.scalars(select(Case).where(Case.conversation_id == conversation_id)).all() == []


def _asked_before(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    """A question waits for the village."""
    assert "哪个村" in resident.say("我们村酒席有什么规定")[-1]["text"]
    return "我是李家沟的", None


def _answered_after(session: Session, conversation_id: str, about: Any) -> None:
    kinds = session.scalars(
        select(Message.kind)
        .where(Message.conversation_id == conversation_id, Message.sender == Sender.bot)
        .order_by(Message.id)
    ).all()
    assert kinds == ["asking", "smalltalk", "answer"]
    assert session.get_one(Conversation, conversation_id).place_id == "lijiagou"


def _summarised(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    said = resident.say(f"帮我登记上报，{_STORY}")[-1]["text"]
    for _ in range(8):
        if "我念一遍" in said:
            return "对，报上去", None
        said = resident.say(next(answer for asked, answer in _ANSWERS.items() if asked in said))[-1]["text"]
    raise AssertionError(said)


def _filed(session: Session, conversation_id: str, about: Any) -> None:
    [case] = session.scalars(select(Case).where(Case.conversation_id == conversation_id)).all()
    assert [e.what for e in case.events] == ["登记"]
    [told] = [
        m
        for m in session.scalars(select(Message).where(Message.conversation_id == conversation_id))
        if "登记好了" in m.text
    ]
    assert numbers.spoken(case.number) in told.text


def _case(session: Session, conversation_id: str, *path: CaseStatus) -> Case:
    now = datetime.now(UTC)
    case = filing.file(
        session,
        request_key=uuid.uuid4().hex,
        conversation_id=conversation_id,
        place="lijiagou",
        category="其他",
        fields={"what": "隔壁砌墙占了路"},
        now=now,
    )
    for to in path:
        cases.move(session, case.id, to, actor=cases.CLOCK, key=f"{case.id}-{to}", now=now, note="说明", team_id=1)
    delivery.tell_case_events(session)
    return case


def _answered(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    _case(
        session, conversation_id, CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered
    )
    return "这件事没解决", None


def _reopened(session: Session, conversation_id: str, about: Any) -> None:
    case = session.scalars(select(Case).where(Case.conversation_id == conversation_id)).one()
    assert (case.status, case.times_reopened) == (CaseStatus.reopened, 1)
    assert len([e for e in case.events if e.status_to is CaseStatus.reopened]) == 1


def _filed_before(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    return f"{numbers.spoken(_case(session, conversation_id).number)} 确认撤回", None


def _withdrawn(session: Session, conversation_id: str, about: Any) -> None:
    case = session.scalars(select(Case).where(Case.conversation_id == conversation_id)).one()
    assert case.status is CaseStatus.withdrawn
    assert len([e for e in case.events if e.status_to is CaseStatus.withdrawn]) == 1


def _opening(session: Session, *, days: int) -> Opening:
    now = datetime.now(UTC)
    starts = now + timedelta(days=days)
    found = openings.publish(
        session,
        worker_id=None,
        worker_name="周律师",
        mode=Mode.visit,
        place="lijiagou",
        address="党群服务中心",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=1,
        now=now,
    )
    session.commit()
    return found


def _chosen(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    opening = _opening(session, days=9)
    for words in ("想约律师", f"约{opening.id}号时段", _MATTER):
        resident.say(words)
    assert "您看对不对" in resident.say("在这里联系")[-1]["text"]
    return "对", [opening.id]


def _booked(session: Session, conversation_id: str, about: list[int]) -> None:
    held = session.scalars(
        select(Appointment).where(Appointment.conversation_id == conversation_id).order_by(Appointment.id)
    ).all()
    assert [a.status for a in held] == [AppointmentStatus.cancelled] * (len(about) - 1) + [AppointmentStatus.booked]
    assert [session.get_one(Opening, i).taken for i in about] == [0] * (len(about) - 1) + [1]


def _held(session: Session, opening: Opening, conversation_id: str) -> Appointment:
    book = bookings.book if opening.taken < opening.capacity else bookings.wait
    return book(
        session,
        opening.id,
        conversation_id=conversation_id,
        request_key=uuid.uuid4().hex,
        summary=_MATTER,
        phone=None,
        now=datetime.now(UTC),
    )


def _changing(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    before, after = _opening(session, days=9), _opening(session, days=10)
    _held(session, before, conversation_id)
    resident.say("改时间")
    assert "您看对不对" in resident.say(f"约{after.id}号时段")[-1]["text"]
    return "对", [before.id, after.id]


def _cancelling(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    opening, other = _opening(session, days=9), service.start(session, channel="widget", place="lijiagou")
    mine, next_one = _held(session, opening, conversation_id), _held(session, opening, other.id)
    return f"确认取消{mine.id}号预约", (mine.id, next_one.id)


def _passed_on(session: Session, conversation_id: str, about: tuple[int, int]) -> None:
    mine, next_one = (session.get_one(Appointment, i) for i in about)
    assert (mine.status, next_one.status, mine.opening.taken) == (
        AppointmentStatus.cancelled,
        AppointmentStatus.booked,
        1,
    )
    told = session.scalars(select(Message.text).where(Message.conversation_id == next_one.conversation_id)).all()
    assert len(told) == 1
    assert "您候补上了" in told[0]


def _asking(walk: Walk, resident: Resident, session: Session, conversation_id: str) -> tuple[str, Any]:
    return "转人工", None


def _queued(session: Session, conversation_id: str, about: Any) -> None:
    held = session.get_one(Conversation, conversation_id)
    assert held.status is ConversationStatus.waiting
    assert held.waiting_since
    said = session.scalars(
        select(Message.kind).where(Message.conversation_id == conversation_id, Message.sender == Sender.bot)
    ).all()
    assert said == ["handoff", "handoff"], "the word, and the place in the queue"


_ASKED_ON = {"requested_slot": "dispute_where", "dispute_what": _STORY}
DEEDS = {
    "offer_taken": Deed(_told, _taken_down, "这事在哪儿", _ASKED_ON),
    "village_told": Deed(_asked_before, _answered_after, "您是李家沟村的", {"pending_question": None}, village=None),
    "file": Deed(_summarised, _filed, "登记好了", _NO_FORM),
    "not_solved": Deed(_answered, _reopened, "没解决就接着办", _NO_FORM),
    "withdraw": Deed(_filed_before, _withdrawn, "按您的意思撤回了", _NO_FORM),
    "book": Deed(_chosen, _booked, "约好了", _NO_FORM),
    "change": Deed(_changing, _booked, "约好了", _NO_FORM),
    "cancel": Deed(_cancelling, _passed_on, "取消好了", _NO_FORM),
    "hand_over": Deed(_asking, _queued, "这就请工作人员来", _NO_FORM),
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_done_and_told_once_wherever_the_app_dies(walk: Walk, name: str) -> None:
    begun = time.monotonic()
    points = walk.app_dies(DEEDS[name])
    print(f"{name}: {points} points in {time.monotonic() - begun:.0f} s")
    assert points >= (6 if name in ("offer_taken", "village_told", "hand_over") else 8), (
        "receive, claim, the deed, the reply: before and after each"
    )


@pytest.mark.parametrize("name", ["file", "book"])
def test_a_deed_is_done_and_told_once_when_rasa_dies_in_the_middle(walk: Walk, name: str) -> None:
    walk.rasa_dies(DEEDS[name])
