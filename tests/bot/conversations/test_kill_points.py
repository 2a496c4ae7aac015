"""Staff forms and the worker's round, where Rasa plays no part: each is killed just before and just after each of its
commits and tried again, and what it should do is done once. The dialogue's deeds are walked in
tests/end_to_end/test_kill_points.py.
"""

import json
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.cases import filing, finding, mediation, units
from actions.cases import moves as cases
from actions.cases.models import Case, CaseEvent, Mediation
from actions.cases.status import CaseStatus
from actions.dialogue.booking import Book
from actions.dialogue.frame.base import Turn
from actions.feedback import UnansweredQuestion
from actions.offices.defaults import import_offices
from actions.replies import Reply, ReplyKind
from bot.conversations import handoff, messages, service
from bot.conversations.models import Conversation, ConversationStatus, InternalNote, Message, Sender
from bot.db import make_engine, make_sessions
from bot.run import worker
from bot.settings import Settings
from bot.staff import signing_in
from bot.staff.models import AuditEntry, Role, Staff, StaffSession
from bot.web.staff.desk import COOKIE
from knowledge.exchange.corpus import import_places
from tests import killer
from tests.bot.world import console
from tests.conftest import CORPUS, DAY
from tests.fakes import services_that_find_nothing

pytestmark = pytest.mark.slow

killer.preload(__name__)
_TOKEN, _CSRF = "token-of-wang", "csrf-of-wang"
_PARTIES = [{"name": "李大山"}, {"name": "王有田"}]


def _press(sessions: sessionmaker[Session], home: Path, path: str, form: dict[str, str]) -> None:
    """A form of the staff pages, as a browser sends it."""
    client = TestClient(
        console(Settings(home=home), sessions), follow_redirects=False, headers={"accept": "text/html", "x-csrf": _CSRF}
    )
    client.cookies.set(COOKIE, _TOKEN, path="/staff")
    answer = client.post(path, data=form)
    assert answer.status_code in (303, 403, 409), (path, answer.status_code, answer.text[:300])


def _step(sessions: sessionmaker[Session], home: Path, path: str, form: dict[str, str]) -> None:
    """A form of the case page, and 现在就发 for what it holds back."""
    _press(sessions, home, path, form)
    case, _, _ = path.rpartition("/")
    with sessions() as session:
        held = session.scalar(_held(int(case.rpartition("/")[2])))
    if held is not None:
        _press(sessions, home, f"{case}/send-now", {"event": str(held)})


def _regretted(sessions: sessionmaker[Session], home: Path, path: str, form: dict[str, str]) -> None:
    """A form of the case page, and 撤销 for what it holds back."""
    _press(sessions, home, path, form)
    case, _, _ = path.rpartition("/")
    with sessions() as session:
        held = session.scalar(_held(int(case.rpartition("/")[2])))
    if held is not None:
        _press(sessions, home, f"{case}/undo", {"event": str(held)})


def _held(case_id: int) -> Select[int]:
    mine = (CaseEvent.case_id == case_id, CaseEvent.tell_after.is_not(None), CaseEvent.undone_at.is_(None))
    return select(CaseEvent.id).where(*mine, CaseEvent.told_at.is_(None)).order_by(CaseEvent.id.desc()).limit(1)


def _work(sessions: sessionmaker[Session], home: Path) -> None:
    worker.work(Settings(home=home), sessions)


def _again(sessions: sessionmaker[Session], home: Path, deed: Callable[..., None], *arguments: Any) -> None:
    """The second try, a third for good measure, and the worker's next round."""
    for _ in range(2):
        deed(sessions, home, *arguments)
    _work(sessions, home)


def _child(url: str, order: killer.Order | None, deed: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    engine = make_engine(url)
    killer.install(lambda: order)
    deed(make_sessions(engine), *arguments)


@dataclass
class World:
    sessions: sessionmaker[Session]
    home: Path
    staff_id: int

    def do(self, order: killer.Order | None, deed: Callable[..., None], *arguments: Any) -> bool:
        """Whether the deed came to its end; False: it was killed on the way."""
        url = self.sessions.kw["bind"].url.render_as_string(hide_password=False)
        process = killer.FORKS.Process(target=_child, args=(url, order, deed, (self.home, *arguments)))
        process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        return process.exitcode == 0

    def walk(
        self,
        begin: Callable[[Session], tuple[Any, ...]],
        deed: Callable[..., None],
        check: Callable[[Session, Any], None],
    ) -> int:
        """How many points the deed was killed at. `begin` gives its arguments, the first of which `check` gets."""
        points = 0
        for moment in ("before", "after"):
            for number in count(1):
                with self.sessions() as session:
                    about, *arguments = begin(session)
                    session.commit()
                ended = self.do(killer.Order(number, moment), deed, *arguments)
                assert self.do(None, _again, deed, *arguments)
                with self.sessions() as session:
                    try:
                        check(session, about)
                        self.check_all(session)
                    except AssertionError as error:
                        raise AssertionError(f"killed {moment} commit {number}: {error}") from error
                if ended:
                    break
                points += 1
        return points

    def check_all(self, session: Session) -> None:
        assert finding.untold(session) == []
        assert session.scalars(select(Appointment).where(Appointment.say.is_not(None))).all() == []
        shown = Counter(session.execute(select(Message.conversation_id, Message.sender, Message.text)).all())
        assert [key for key, times in shown.items() if times > 1] == [], "nothing is said twice"
        noted = Counter(session.execute(select(CaseEvent.case_id, CaseEvent.what, CaseEvent.note)).all())
        assert [key for key, times in noted.items() if times > 1] == [], "nothing is noted twice"


@pytest.fixture
def world(sessions: sessionmaker[Session], tmp_path: Path) -> World:
    now = datetime.now(UTC)
    with sessions() as session:
        import_places(session, CORPUS)
        import_offices(session, CORPUS / "offices.yml")
        staff = Staff(login="wang", name="王芳", password_hash="-", role=Role.administrator, place_id="nation")
        session.add(staff)
        session.flush()
        session.add(
            StaffSession(
                token_hash=signing_in.token_hash(_TOKEN), staff_id=staff.id, csrf=_CSRF, created_at=now, seen_at=now
            )
        )
        session.commit()
        return World(sessions, tmp_path / "home", staff.id)


def _talk(
    session: Session, status: ConversationStatus = ConversationStatus.bot, *, agent: int | None = None
) -> Conversation:
    conversation = service.start(session, channel="widget", place="lijiagou")
    message = messages.receive(session, conversation, client_id=uuid.uuid4().hex, text="隔壁占了我家的路")
    messages.store_replies(session, message, [Reply(ReplyKind.answer, "可以先找村委会。")])
    conversation.status, conversation.agent_id, conversation.agent_name = status, agent, "王芳" if agent else None
    conversation.waiting_since = datetime.now(UTC) if status is ConversationStatus.waiting else None
    session.commit()
    return conversation


def _case(session: Session, status: CaseStatus = CaseStatus.filed, conversation: Conversation | None = None) -> Case:
    """At this status, its earlier news told."""
    conversation = conversation or _talk(session)
    now, actor = datetime.now(UTC), cases.Actor("staff", "王芳", 1)
    case = filing.file(
        session,
        request_key=uuid.uuid4().hex,
        conversation_id=conversation.id,
        place="lijiagou",
        category="其他",
        fields={"what": "隔壁砌墙占了路"},
        now=now,
    )
    path = (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered, CaseStatus.closed)
    for to in path[: path.index(status) + 1] if status in path else ():
        cases.move(session, case.id, to, actor=actor, key=f"{case.id}-{to}", now=now, note="说明", team_id=1)
    for event in finding.untold(session):
        event.told_at = now
    session.commit()
    return case


def _said(session: Session, conversation_id: str | None, text: str, sender: Sender = Sender.bot) -> int:
    return sum(
        text in m.text
        for m in session.scalars(
            select(Message).where(Message.conversation_id == conversation_id, Message.sender == sender)
        )
    )


def _events(session: Session, case_id: int, what: str) -> int:
    return sum(e.what == what for e in session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id)))


def _nonce() -> dict[str, str]:
    return {"nonce": uuid.uuid4().hex[:24]}


def _case_form(do: str, status: CaseStatus, form: dict[str, str]) -> Callable[[Session], tuple[Any, ...]]:
    def begin(session: Session) -> tuple[Any, ...]:
        case = _case(session, status)
        return case.id, f"/staff/cases/{case.id}/{do}", {**form, **_nonce()}

    return begin


@pytest.mark.parametrize(
    ("do", "start", "form", "end", "event", "told"),
    [
        ("move", CaseStatus.filed, {"to": "accepted"}, CaseStatus.accepted, "受理", "已经受理"),
        ("move", CaseStatus.accepted, {"to": "assigned", "team": "1"}, CaseStatus.assigned, "交办", "已经交给"),
        (
            "move",
            CaseStatus.in_progress,
            {"to": "answered", "note": "墙退回去了"},
            CaseStatus.answered,
            "答复",
            "墙退回去了",
        ),
        ("tell", CaseStatus.in_progress, {"note": "明天到现场"}, CaseStatus.in_progress, "告知进展", "明天到现场"),
        ("pause", CaseStatus.in_progress, {"note": "请发照片"}, CaseStatus.in_progress, "请居民补充", "请发照片"),
        ("green", CaseStatus.filed, {"green-残疾人": "1"}, CaseStatus.filed, "列入绿色通道", "排到前面"),
    ],
)
def test_a_case_form_is_carried_out_and_told_once(
    world: World, do: str, start: CaseStatus, form: dict[str, str], end: CaseStatus, event: str, told: str
) -> None:
    def check(session: Session, case_id: int) -> None:
        case = session.get_one(Case, case_id)
        assert case.status is end
        assert _events(session, case_id, event) == 1
        assert _said(session, case.conversation_id, told) == 1
        assert session.scalars(select(AuditEntry).where(AuditEntry.subject == case.number)).first(), (
            "the audit log has it"
        )

    assert world.walk(_case_form(do, start, form), _step, check) >= 4


@pytest.mark.parametrize(
    ("do", "start", "form", "event"),
    [
        ("move", CaseStatus.filed, {"to": "accepted"}, "受理"),
        ("move", CaseStatus.in_progress, {"to": "answered", "note": "墙退回去了"}, "答复"),
        ("tell", CaseStatus.in_progress, {"note": "明天到现场"}, "告知进展"),
        ("pause", CaseStatus.in_progress, {"note": "请发照片"}, "请居民补充"),
    ],
)
def test_a_step_that_is_taken_back_is_told_to_nobody(
    world: World, do: str, start: CaseStatus, form: dict[str, str], event: str
) -> None:
    """Wherever it is killed the case stands as it did, with one line for the step and one for its taking back."""

    def check(session: Session, case_id: int) -> None:
        case = session.get_one(Case, case_id)
        assert (case.status, case.paused_at) == (start, None)
        assert (_events(session, case_id, event), _events(session, case_id, f"撤销：{event}")) == (1, 1)
        told = select(Message).where(Message.conversation_id == case.conversation_id, Message.kind == "case")
        assert session.scalars(told).all() == []

    assert world.walk(_case_form(do, start, form), _regretted, check) >= 4


@pytest.mark.parametrize(("who", "held"), [("me", True), ("", False)])
def test_a_case_is_taken_or_laid_down_once(world: World, who: str, held: bool) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        case = _case(session, CaseStatus.in_progress)
        case.assignee_id = None if held else world.staff_id
        seen = str(case.assignee_id or "")
        return case.id, f"/staff/cases/{case.id}/hold", {"who": who, "seen": seen, **_nonce()}

    def check(session: Session, case_id: int) -> None:
        assert session.get_one(Case, case_id).assignee_id == (world.staff_id if held else None)
        assert _events(session, case_id, "接过来经手" if held else "放下了，没人经手") == 1

    assert world.walk(begin, _press, check) >= 2


def test_a_merge_moves_one_case_and_tells_both_residents_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        case, master = _case(session), _case(session)
        return (case.id, master.id), f"/staff/cases/{case.id}/move", {"to": "merged", "into": master.number, **_nonce()}

    def check(session: Session, about: tuple[int, int]) -> None:
        case, master = (session.get_one(Case, i) for i in about)
        assert (case.status, case.merged_into_id, master.status) == (CaseStatus.merged, master.id, CaseStatus.filed)
        assert (
            _said(session, case.conversation_id, "并在一起办"),
            _said(session, master.conversation_id, "并在一起办"),
        ) == (1, 1)

    assert world.walk(begin, _step, check) >= 4


def test_a_unit_is_called_and_arrives_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        case = _case(session, CaseStatus.in_progress)
        return case.id, f"/staff/cases/{case.id}/call", {"team": "2", "note": "请来看", **_nonce()}

    def arrives(session: Session) -> tuple[Any, ...]:
        case = _case(session, CaseStatus.in_progress)
        unit = units.call_unit(
            session, case.id, 2, reason="请来看", actor=cases.CLOCK, key=uuid.uuid4().hex, now=datetime.now(UTC)
        )
        return case.id, f"/staff/cases/{case.id}/arrived", {"unit": str(unit.id), **_nonce()}

    def check(session: Session, case_id: int) -> None:
        case = session.get_one(Case, case_id)
        [unit] = case.units
        assert _said(session, case.conversation_id, f"请了{unit.team.name}") == 1
        assert _said(session, case.conversation_id, "已经到了") == (unit.arrived_at is not None)

    def check_arrived(session: Session, case_id: int) -> None:
        check(session, case_id)
        assert session.get_one(Case, case_id).units[0].arrived_at

    assert world.walk(begin, _press, check) >= 4
    assert world.walk(arrives, _press, check_arrived) >= 4


def _mediated(session: Session, *consents: str) -> Case:
    case = _case(session, CaseStatus.in_progress)
    actor, now = cases.Actor("staff", "王芳", 1), datetime.now(UTC)
    mediation.start_mediation(session, case.id, mediator="王芳", parties=_PARTIES, actor=actor, now=now)
    for party, answer in enumerate(consents):
        mediation.consent(session, case.id, party, answer, actor=actor, now=now)
    return case


def test_a_no_to_mediation_is_noted_and_ends_it_in_one_step(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        case = _mediated(session, "yes")
        return case.id, f"/staff/cases/{case.id}/mediation-consent", {"party": "1", "answer": "no", **_nonce()}

    def check(session: Session, case_id: int) -> None:
        mediation = session.scalars(select(Mediation).where(Mediation.case_id == case_id)).one()
        assert [p["consent"] for p in mediation.parties] == ["yes", "no"]
        assert mediation.failed_at
        assert (_events(session, case_id, "王有田不同意调解"), _events(session, case_id, "调解未成")) == (1, 1)
        assert _said(session, mediation.case.conversation_id, "这次调解没有成") == 1

    assert world.walk(begin, _press, check) >= 4


def test_a_session_of_mediation_is_held_once(world: World) -> None:
    at = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%dT09:00")

    def begin(session: Session) -> tuple[Any, ...]:
        case = _mediated(session, "yes", "yes")
        return (
            case.id,
            f"/staff/cases/{case.id}/mediation-session",
            {"at": at, "place": "村委会", "note": "第一次", **_nonce()},
        )

    def check(session: Session, case_id: int) -> None:
        mediation = session.scalars(select(Mediation).where(Mediation.case_id == case_id)).one()
        assert len(mediation.sessions) == 1
        assert _said(session, mediation.case.conversation_id, "调解定在") == 1

    assert world.walk(begin, _press, check) >= 4


def test_an_agreement_is_signed_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        case = _mediated(session, "yes", "yes")
        return (
            case.id,
            f"/staff/cases/{case.id}/mediation-sign",
            {"signed_on": datetime.now(UTC).date().isoformat(), "facts": "占路", "terms": "退回去", **_nonce()},
        )

    def check(session: Session, case_id: int) -> None:
        mediation = session.scalars(select(Mediation).where(Mediation.case_id == case_id)).one()
        assert mediation.terms == "退回去"
        assert mediation.confirm_by
        assert _said(session, mediation.case.conversation_id, "调解协议签好了") == 1

    assert world.walk(begin, _press, check) >= 4


def _talk_form(
    world: World, do: str, status: ConversationStatus, form: dict[str, str], **nonce: str
) -> Callable[[Session], tuple[Any, ...]]:
    def begin(session: Session) -> tuple[Any, ...]:
        conversation = _talk(session, status, agent=world.staff_id if status is ConversationStatus.open else None)
        return conversation.id, f"/staff/conversations/{conversation.id}/{do}", {**form, **_nonce()}

    return begin


@pytest.mark.parametrize(
    ("do", "start", "form", "end", "sender", "text"),
    [
        ("accept", ConversationStatus.waiting, {}, ConversationStatus.open, Sender.system, "王芳来了"),
        ("say", ConversationStatus.open, {"text": "您先别急"}, ConversationStatus.open, Sender.agent, "您先别急"),
        ("give-back", ConversationStatus.open, {}, ConversationStatus.bot, Sender.system, "接着由我来答"),
        ("close", ConversationStatus.open, {}, ConversationStatus.bot, Sender.system, "先到这里"),
        ("transfer", ConversationStatus.open, {"to": "team-2"}, ConversationStatus.waiting, Sender.system, "转给了"),
    ],
)
def test_an_agents_form_moves_the_conversation_and_says_so_once(
    world: World,
    do: str,
    start: ConversationStatus,
    form: dict[str, str],
    end: ConversationStatus,
    sender: Sender,
    text: str,
) -> None:
    def check(session: Session, conversation_id: str) -> None:
        conversation = session.get_one(Conversation, conversation_id)
        assert (conversation.status, conversation.agent_id) == (
            end,
            world.staff_id if end is ConversationStatus.open else None,
        )
        assert _said(session, conversation_id, text, sender) == 1

    assert world.walk(_talk_form(world, do, start, form), _press, check) >= 2


def test_a_message_is_withdrawn_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        conversation = _talk(session, ConversationStatus.open, agent=world.staff_id)
        said = handoff.say(
            session,
            conversation.id,
            "说错了",
            agent_id=world.staff_id,
            client_id=uuid.uuid4().hex,
            now=datetime.now(UTC),
        )
        return said.id, f"/staff/conversations/{conversation.id}/withdraw", {"message": str(said.id)}

    def check(session: Session, message_id: int) -> None:
        assert session.get_one(Message, message_id).withdrawn_at is not None
        told = select(Message).where(Message.withdraws == message_id)
        assert len(session.scalars(told).all()) == 1

    assert world.walk(begin, _press, check) >= 2


def test_an_internal_note_is_kept_once(world: World) -> None:
    def check(session: Session, conversation_id: str) -> None:
        assert (
            len(session.scalars(select(InternalNote).where(InternalNote.conversation_id == conversation_id)).all()) == 1
        )

    assert world.walk(_talk_form(world, "note", ConversationStatus.open, {"text": "已联系派出所"}), _press, check) >= 2


def test_an_agent_makes_one_case_of_a_conversation(world: World) -> None:
    def check(session: Session, conversation_id: str) -> None:
        [case] = session.scalars(select(Case).where(Case.conversation_id == conversation_id)).all()
        assert _events(session, case.id, "登记") == 1

    assert (
        world.walk(_talk_form(world, "case", ConversationStatus.open, {"what": "隔壁砌墙占了路"}), _press, check) >= 2
    )


def test_a_wrong_answer_is_listed_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        conversation = _talk(session, ConversationStatus.open, agent=world.staff_id)
        answer = session.scalars(
            select(Message.id).where(Message.conversation_id == conversation.id, Message.sender == Sender.bot)
        ).one()
        return conversation.id, f"/staff/conversations/{conversation.id}/wrong", {"message": str(answer)}

    def check(session: Session, conversation_id: str) -> None:
        assert (
            len(
                session.scalars(
                    select(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id)
                ).all()
            )
            == 1
        )

    assert world.walk(begin, _press, check) >= 2


def _opening(session: Session, *, hours: float = 72, capacity: int = 1) -> Opening:
    now = datetime.now(UTC)
    starts = now + timedelta(hours=hours)
    return openings.publish(
        session,
        worker_id=None,
        worker_name="周律师",
        mode=Mode.visit,
        place="lijiagou",
        address="党群服务中心",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=capacity,
        now=now,
    )


def _booked(session: Session, opening: Opening) -> Appointment:
    session.commit()
    book = bookings.book if opening.taken < opening.capacity else bookings.wait
    return book(
        session,
        opening.id,
        conversation_id=_talk(session).id,
        request_key=uuid.uuid4().hex,
        summary="占路",
        phone=None,
        now=datetime.now(UTC),
    )


def test_an_opening_is_called_off_once_and_everybody_hears_it(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        opening = _opening(session)
        _booked(session, opening), _booked(session, opening)
        return opening.id, f"/staff/calendar/{opening.id}/cancel", {"reason": "开会"}

    def check(session: Session, opening_id: int) -> None:
        opening = session.get_one(Opening, opening_id)
        assert opening.is_cancelled
        assert opening.taken == 0
        assert [a.status for a in opening.appointments] == [AppointmentStatus.cancelled] * 2
        assert [_said(session, a.conversation_id, "取消了，因为开会") for a in opening.appointments] == [1, 1]

    assert world.walk(begin, _press, check) >= 4


def test_an_opening_is_changed_once_and_everybody_hears_it(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        opening = _opening(session)
        _booked(session, opening), _booked(session, opening)
        form = {"starts_at": f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}T15:00", "minutes": "60"}
        return (
            opening.id,
            f"/staff/calendar/{opening.id}/edit",
            {**form, "capacity": "1", "address": "村部二楼", "sure": "1"},
        )

    def check(session: Session, opening_id: int) -> None:
        opening = session.get_one(Opening, opening_id)
        assert opening.address == "村部二楼"
        assert [a.status for a in opening.appointments] == [AppointmentStatus.booked, AppointmentStatus.waiting]
        assert [_said(session, a.conversation_id, "有变动") for a in opening.appointments] == [1, 1]

    assert world.walk(begin, _press, check) >= 4


def _confirm(sessions: sessionmaker[Session], home: Path, opening: int, talks: list[str]) -> None:
    """Each says 对 within moments, in threads of their own as in the app; what each heard lies in the home."""
    services = services_that_find_nothing(sessions, DAY)
    gate, heard = threading.Barrier(len(talks)), dict[str, str]()

    def say(talk: str) -> None:
        slots = {"booking_confirm": "yes", "booking_opening": str(opening), "booking_kind": "约", "booking_id": talk}
        gate.wait()
        turn = Turn(talk, "对", place="lijiagou", slots={**slots, "booking_contact": "在这里联系"})
        heard[talk] = Book(services).do(turn).replies[0].text

    threads = [threading.Thread(target=say, args=(talk,)) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (home / "heard.json").write_text(json.dumps(heard))


def test_of_twenty_who_confirm_at_once_one_is_booked_wherever_the_app_dies(world: World) -> None:
    """easyappointments#31, #845, #982; LibreBooking#147 (T42): one place, one app killed in between."""
    world.home.mkdir(exist_ok=True)

    def begin(session: Session) -> tuple[Any, ...]:
        opening = _opening(session)
        session.commit()
        return opening.id, opening.id, [_talk(session).id for _ in range(20)]

    def check(session: Session, opening_id: int) -> None:
        opening = session.get_one(Opening, opening_id)
        assert opening.taken == 1
        assert [a.status for a in opening.appointments] == [AppointmentStatus.booked]
        heard = json.loads((world.home / "heard.json").read_text())
        assert len(heard) == 20
        winner = heard.pop(str(opening.appointments[0].conversation_id))
        assert "约好了" in winner
        assert len(heard) == 19
        assert all("约满了" in text and "可以排候补" in text for text in heard.values())

    assert world.walk(begin, _confirm, check) >= 2


@pytest.mark.parametrize("every", ["", "week"])
def test_openings_are_published_once(world: World, every: str) -> None:
    first = datetime.now(UTC) + timedelta(days=3)
    while first.weekday() > 3:
        first += timedelta(days=1)
    hours = count(8)  # one worker's openings don't meet

    def begin(session: Session) -> tuple[Any, ...]:
        where = uuid.uuid4().hex
        until = (first + timedelta(days=15)).date().isoformat() if every else ""
        form = {
            "starts_at": f"{first:%Y-%m-%d}T{next(hours):02}:00",
            "minutes": "60",
            "mode": "visit",
            "place": "lijiagou",
            "capacity": "3",
            "address": where,
            "every": every,
            "until": until,
            **_nonce(),
        }
        return where, "/staff/calendar", form

    def check(session: Session, where: str) -> None:
        days = Counter(o.starts_at for o in session.scalars(select(Opening).where(Opening.address == where)))
        assert set(days.values()) == {1}
        assert len(days) == (3 if every else 1)

    assert world.walk(begin, _press, check) >= 2


def test_a_round_of_the_worker_tells_everything_once(world: World) -> None:
    def begin(session: Session) -> tuple[Any, ...]:
        now = datetime.now(UTC)
        late = _case(session)
        warned = _case(session)
        asked = _case(session, CaseStatus.closed)
        forgotten = _talk(session, ConversationStatus.open, agent=1)
        old = _talk(session)
        late.clock_started_at, late.due_at = now - timedelta(days=9), now - timedelta(hours=1)
        warned.clock_started_at, warned.due_at = now - timedelta(days=9), now + timedelta(hours=1)
        asked.closed_at = now - timedelta(days=8)
        answered = _case(session, CaseStatus.in_progress)
        cases.move(
            session,
            answered.id,
            CaseStatus.answered,
            actor=cases.Actor("staff", "王芳", 1),
            key=uuid.uuid4().hex,
            now=now,
            note="修好了",
        )
        soon = _booked(session, _opening(session, hours=1.5))
        tomorrow = _booked(session, _opening(session, hours=20))
        given_back = _opening(session)
        tomorrow.created_at = now - timedelta(days=2)
        held, waiting = _booked(session, given_back), _booked(session, given_back)
        bookings.cancel(session, held.id, now=now)
        messages.receive(session, forgotten, client_id=uuid.uuid4().hex, text="还在吗")
        session.scalars(
            select(Message).where(Message.conversation_id == forgotten.id, Message.text == "还在吗")
        ).one().created_at = now - timedelta(minutes=20)
        old.updated_at = now - timedelta(days=400)
        session.commit()
        return (
            (
                {
                    late.conversation_id: "没能按时答复",
                    asked.conversation_id: "现在真解决了吗",
                    answered.conversation_id: "修好了",
                    soon.conversation_id: "快到时间了",
                    tomorrow.conversation_id: "提醒您",
                    waiting.conversation_id: "您候补上了",
                },
                warned.id,
                forgotten.id,
                old.id,
            ),
        )

    def check(session: Session, about: tuple[dict[str, str], int, str, str]) -> None:
        news, warned, forgotten, old = about
        assert {text: _said(session, conversation, text) for conversation, text in news.items()} == dict.fromkeys(
            news.values(), 1
        )
        assert _events(session, warned, "时限将到") == 1
        assert session.get_one(Conversation, forgotten).status is ConversationStatus.waiting
        assert _said(session, forgotten, "又排到前面", Sender.system) == 1
        assert session.get(Conversation, old) is None

    assert world.walk(begin, _work, check) >= 10


def test_a_walk_without_a_kill_would_be_no_test(world: World) -> None:
    with world.sessions() as session:
        case = _case(session)
    assert not world.do(
        killer.Order(1, "before"), _press, f"/staff/cases/{case.id}/move", {"to": "accepted", **_nonce()}
    )
    with world.sessions() as session:
        assert session.get_one(Case, case.id).status is CaseStatus.filed
    assert not world.do(
        killer.Order(1, "after"), _press, f"/staff/cases/{case.id}/move", {"to": "accepted", **_nonce()}
    )
    with world.sessions() as session:
        assert session.get_one(Case, case.id).status is CaseStatus.accepted
