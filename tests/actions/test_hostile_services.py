"""The services with any text, number and time: done and readable again, or refused by an error of ours; never the
database's.
"""

import io
import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Appointment, Mode
from actions.bookings.status import AppointmentStatus
from actions.calendar import dates
from actions.calendar.workdays import WorkCalendar
from actions.cases import clock, filing, finding, green, mediation, moves, numbers, units
from actions.cases.models import CalledUnit, Case, CaseEvent, Mediation
from actions.cases.photos import clean_photo
from actions.cases.status import LABELS, CaseStatus
from actions.dialogue import case
from actions.dialogue.hearing import asides, dispute, phrases
from actions.errors import ActionError
from actions.offices.models import Team
from actions.papers import agreement, case_file
from actions.replies import Reply, ReplyKind
from actions.storable import storable
from actions.tools import deadlines, legal_aid, matter_words, matters
from bot.conversations import delivery, handoff, messages
from bot.conversations import service as conversations
from bot.conversations.models import Conversation, InternalNote, Message
from bot.staff import accounts, audit, models, passwords, signing_in
from bot.staff.models import Role
from bot.staff.vault import Vault
from knowledge.places import Level, Place

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
VAULT = Vault.of("a secret of this home")
WORST = [
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud800",
        "字\udfff字",
        "\x1b[0m\x08\x7f",
        "\u202e反\u2066的",
        "\u200b\u200d\ufeff",
        "\ufffe\uffff",
        "\U0010ffff",
        "👨‍👩‍👧" * 30,
        "e" + "\u0301" * 300,
        "字" * 100_000,
        "\n" * 5000,
    ),
    *(
        "&" * 7000,
        "<w:p>&amp;</w:p>]]>",
        "{{ 7*7 }}{%p for p in parties %}{_{",
        "{note}{team}{0}",
        "%s%(x)s%",
        '\'; DROP TABLE "case"; --',
        "\\",
        "١٢٣٤",
        "²³",
        "261124-001-05",
        "9" * 5000,
    ),
]
TEXT = st.sampled_from(WORST) | st.text(st.characters(), max_size=60)
NUMBER = st.sampled_from([0, -1, 1, 2, 2**31 - 1, 2**31, 2**63, 10**40, -(10**40)]) | st.integers()
PURE = hypothesis_settings(
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# Each example is a walk through the database.
OPTIONS = hypothesis_settings(PURE, max_examples=15)
_NEXT = itertools.count()


def key() -> str:
    return f"key-{next(_NEXT)}"


def tried(session: Session, call: Callable[[], Any]) -> Any:
    """What was done, or None where it was refused in Chinese; any other error is the test's."""
    try:
        return call()
    except ActionError as error:
        session.rollback()
        assert any("\u4e00" <= c <= "\u9fff" for c in error.message_zh)
        return None


@pytest.fixture
def filled(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        session.add_all(
            [
                Place(id="nation", name="全国", level=Level.nation),
                Team(id=1, name="办" * 60, place_id="nation", is_fallback=True),
                Team(id=2, name="司法所", place_id="nation"),
            ]
        )
        session.add(Conversation(id="c1", channel="widget"))
        session.commit()
    return sessions


def filed(session: Session, **fields: Any) -> Case:
    return filing.file(
        session,
        request_key=key(),
        conversation_id="c1",
        place=None,
        category="其他",
        fields={"what": "隔壁砌墙", "phone": "13800001234", **fields},
        now=NOW,
    )


def test_a_case_takes_any_words(filled: sessionmaker[Session]) -> None:
    columns = ("what", "spot", "when_said", "other_party", "wish")

    @OPTIONS
    @given(
        said=st.fixed_dictionaries(dict.fromkeys(columns, TEXT)),
        contact=st.fixed_dictionaries({}, optional={"phone": TEXT, "contact_name": TEXT}),
        category=TEXT,
    )
    def run(said: dict[str, str], contact: dict[str, str], category: str) -> None:
        with filled() as session:
            case = tried(
                session,
                lambda: filing.file(
                    session,
                    request_key=key(),
                    conversation_id=None,
                    place=None,
                    category=category,
                    fields={**said, **contact},
                    now=NOW,
                ),
            )
            number = case.number if case else None
            assert case or max(map(len, contact.values()), default=0) > 30
        with filled() as session:
            for found in session.scalars(select(Case).where(Case.number == number)):
                assert {c: getattr(found, c) for c in columns} == {c: storable(v) for c, v in said.items()}
                assert finding.progress(session, found).encode()
                assert len(found.category) <= 20

    run()


def attempts(session: Session) -> Callable[..., Any]:
    """Calls a service with the session and what follows, as `tried` does."""

    def do(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        return tried(session, lambda: call(session, *args, **more))

    return do


def handled(do: Callable[..., Any], number: int, words: list[str], team: int, **common: Any) -> None:
    """A case from its first note to the results of the units that were called."""
    a, _, c, d, e, f = words
    do(moves.note, number, c, key=key(), for_resident=True, **common)
    do(moves.pause, number, d, key=key(), **common)
    do(moves.supplement, number, e, key=key(), now=NOW)
    do(moves.mark_green, number, [f], key=key(), **common)
    for to, team_id in (
        (CaseStatus.accepted, None),
        (CaseStatus.assigned, team),
        (CaseStatus.assigned, 1),
        (CaseStatus.in_progress, None),
    ):
        do(moves.move, number, to, key=key(), note=a, team_id=team_id, **common)


def called_for(do: Callable[..., Any], number: int, words: list[str], one: int, two: int, **common: Any) -> None:
    _, b, c, d, *_ = words
    do(units.call_unit, number, two, reason=b, key=key(), **common)
    called = do(units.call_unit, number, 1, reason=c, key=key(), **common)
    for unit in (one, called.id):
        do(units.unit_arrived, unit, **common)
        do(units.unit_result, unit, d, **common)


def mediated(do: Callable[..., Any], number: int, words: list[str], one: int, **common: Any) -> None:
    a, b, c, d, e, f = words
    do(
        mediation.start_mediation,
        number,
        mediator=a,
        parties=[{"name": b, "role": c, "phone": d}, {"name": e}, {"name": "乙"}],
        **common,
    )
    for party in (one, 0, 1, 2):
        do(mediation.consent, number, party, "yes", **common)
    do(mediation.add_session, number, at=NOW, place=f, text=e, **common)
    do(mediation.sign_agreement, number, facts=d, terms=c, method=b, signed_on=date(2026, 11, 24), **common)
    do(mediation.fail_mediation, number, a, **common)


def ended(do: Callable[..., Any], number: int, words: list[str], one: int, two: int, **common: Any) -> None:
    _, b, c, *_ = words
    do(moves.merge, number, b, key=key(), **common)
    do(moves.move, number, CaseStatus.answered, key=key(), note=c, **common)
    do(moves.rate, number, two, now=NOW)
    do(moves.move, one, CaseStatus.closed, key=key(), note=c, **common)


def test_a_case_lives_through_any_words(filled: sessionmaker[Session]) -> None:
    @OPTIONS
    @given(words=st.lists(TEXT, min_size=6, max_size=6), numbers_=st.lists(NUMBER, min_size=3, max_size=3))
    def run(words: list[str], numbers_: list[int]) -> None:
        one, two, _ = numbers_
        with filled() as session:
            do, number = attempts(session), filed(session, what=words[1] or "事").id
            common: dict[str, Any] = {"actor": moves.Actor("staff", words[0], 1), "now": NOW}
            handled(do, number, words, one, **common)
            called_for(do, number, words, one, two, **common)
            clock.tick(session, now=NOW + timedelta(days=40))
            mediated(do, number, words, one, **common)
            ended(do, number, words, one, two, **common)
            for text in words:
                do(finding.look_up, text, text, now=NOW)
                finding.page(
                    session,
                    places=[text.replace("\x00", "")[:40]] if text.isascii() else None,
                    category=text,
                    text=text,
                )
            delivery.tell_case_events(session)
        with filled() as session:
            found = session.get_one(Case, number)
            assert finding.progress(session, found).encode()
            assert found.satisfaction == max(1, min(5, two))
            assert all(f"{e.what}{e.note}{e.say}{e.actor_name}".encode() and len(e.what) <= 60 for e in found.events)
            assert str([m.parties for m in session.scalars(select(Mediation))]).encode()
            "".join(u.result or "" for u in session.scalars(select(CalledUnit))).encode()

    run()


def test_the_time_line_holds_the_longest_name_of_a_unit(filled: sessionmaker[Session]) -> None:
    actor = moves.Actor("staff", "王", 1)
    with filled() as session:
        unit = units.call_unit(
            session, filed(session).id, 1, reason="", actor=actor, key=key(), now=NOW, is_referral=True
        )
        units.unit_arrived(session, unit.id, actor=actor, now=NOW)
        other = units.call_unit(session, filed(session).id, 1, reason="", actor=actor, key=key(), now=NOW)
        units.unit_result(session, unit.id, "办了", actor=actor, now=NOW)
        assert other.arrived_at is None
        assert clock.tick(session, now=NOW + timedelta(days=9)) > 0
        said = [e.what for e in session.scalars(select(CaseEvent))]
    assert max(map(len, said)) <= 60
    assert any(w.endswith("已签收") for w in said)
    assert any(w.endswith("没有按时报到，上报主管") for w in said)


@pytest.mark.parametrize("signed", [date.min, date.max, date(1990, 1, 1)])
def test_an_agreement_is_not_signed_in_another_age(filled: sessionmaker[Session], signed: date) -> None:
    actor = moves.Actor("staff", "王", 1)
    with filled() as session:
        case = filed(session)
        mediation.start_mediation(
            session, case.id, mediator="王", parties=[{"name": "甲"}, {"name": "乙"}], actor=actor, now=NOW
        )
        for party in (0, 1):
            mediation.consent(session, case.id, party, "yes", actor=actor, now=NOW)
        assert (
            tried(
                session,
                lambda: mediation.sign_agreement(
                    session, case.id, facts="", terms="退", method="", signed_on=signed, actor=actor, now=NOW
                ),
            )
            is None
        )


def test_a_time_without_a_zone_is_never_stored(filled: sessionmaker[Session]) -> None:
    naive, actor = datetime(2026, 11, 24, 10), moves.Actor("staff", "王", 1)
    with filled() as session:
        case = filed(session)
        opening = openings.publish(
            session,
            worker_id=1,
            worker_name="李",
            mode=Mode.visit,
            place="nation",
            address="",
            starts_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=1, hours=1),
            capacity=1,
            now=NOW,
        )
        session.commit()
        calls: list[Callable[[], Any]] = [
            lambda: filing.file(
                session,
                request_key=key(),
                conversation_id="c1",
                place=None,
                category="其他",
                fields={"what": "x"},
                now=naive,
            ),
            lambda: moves.note(session, case.id, "x", actor=actor, key=key(), now=naive),
            lambda: openings.publish(
                session,
                worker_id=1,
                worker_name="李",
                mode=Mode.visit,
                place="nation",
                address="",
                starts_at=naive,
                ends_at=naive + timedelta(hours=1),
                capacity=1,
                now=NOW,
            ),
            lambda: bookings.book(
                session, opening.id, conversation_id="c1", request_key=key(), summary="", phone=None, now=naive
            ),
            lambda: handoff.accept(session, "c1", agent_id=1, agent_name="王", now=naive),
        ]
        for call in calls:
            # SQLAlchemy wraps the ValueError of UtcDateTime
            with pytest.raises((ValueError, TypeError, StatementError), match=r"zone|naive"):
                call()
            session.rollback()
        assert session.scalars(select(Case.id)).all() == [case.id]
        assert not session.scalars(select(Appointment)).all()


def booked(session: Session, words: list[str], one: int, two: int, capacity: int) -> int:
    """An appointment that was made, changed, marked and written about; its number."""
    a, b, c, d, e = words
    do, later = attempts(session), NOW + timedelta(days=2)
    opening: dict[str, Any] = {
        "worker_id": 1,
        "worker_name": a,
        "mode": Mode.visit,
        "place": "nation",
        "address": b,
        "starts_at": later,
        "ends_at": later + timedelta(hours=1),
        "now": NOW,
    }
    do(openings.publish, capacity=capacity, **opening)
    first, other = (openings.publish(session, capacity=1, **opening).id for _ in range(2))
    session.commit()
    for wanted in (one, first):
        do(bookings.book, wanted, conversation_id=None, request_key=key(), summary=c, phone=d, name=e, now=NOW)
    held = bookings.book(
        session, other, conversation_id="c1", request_key=key(), summary=c, phone=None, name=e, now=NOW
    ).id
    for wanted in (two, first):
        do(bookings.wait, wanted, conversation_id="c1", request_key=key(), summary=a, phone=b, now=NOW)
        do(bookings.change, held, wanted, request_key=key(), now=NOW)
    for number in (one, held):
        do(bookings.mark, number, AppointmentStatus.attended, worker_id=1, now=NOW + timedelta(days=3))
        do(bookings.write_note, number, b, worker_id=two if number == one else 1)
    do(bookings.cancel, one, now=NOW)
    do(openings.cancel_opening, two, reason=d, now=NOW)
    openings.cancel_opening(session, first, reason=d, now=NOW)
    return held


def test_bookings_take_any_words_and_numbers(filled: sessionmaker[Session]) -> None:
    @OPTIONS
    @given(words=st.lists(TEXT, min_size=5, max_size=5), numbers_=st.lists(NUMBER, min_size=3, max_size=3))
    def run(words: list[str], numbers_: list[int]) -> None:
        _, b, c, _, _ = words
        with filled() as session:
            kept = booked(session, words, *numbers_)
            delivery.tell_appointments(session, now=NOW)
        with filled() as session:
            found = session.get_one(Appointment, kept)
            assert found.summary == storable(c).strip()[:1000]
            assert found.private_note == storable(b).strip()[:4000]
            assert bookings.label(found.opening).encode()

    run()


def test_a_conversation_takes_any_words(filled: sessionmaker[Session]) -> None:
    @OPTIONS
    @given(text=TEXT, name=TEXT)
    def run(text: str, name: str) -> None:
        with filled() as session:
            conversation = conversations.start(session, channel="widget", place=None)
            here = conversation.id
            message = messages.receive(session, conversation, client_id=key(), text=text)
            messages.store_replies(session, message, [Reply(ReplyKind.answer, storable(text))])
            handoff.accept(session, here, agent_id=1, agent_name="王", now=NOW)
            sent = tried(session, lambda: handoff.say(session, here, text, agent_id=1, client_id="n", now=NOW))
            assert bool(sent) == bool(0 < len(storable(text).strip()) <= 4000)
            tried(session, lambda: handoff.note(session, here, text, author=name))
            tried(session, lambda: handoff.say(session, here, text, agent_id=10**40, client_id="m", now=NOW))
        with filled() as session:
            kept = session.scalars(
                select(Message.text).where(Message.conversation_id == here).order_by(Message.id)
            ).all()
            assert kept[0] == storable(text)
            "".join(kept).encode()
            "".join(session.scalars(select(InternalNote.text))).encode()

    run()


def test_accounts_take_any_words(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        accounts.add(session, login="known", name="知", role=Role.agent, password="village-bridge-42")
        session.commit()

    @hypothesis_settings(OPTIONS, max_examples=5)
    @given(words=st.lists(TEXT, min_size=4, max_size=4), team=NUMBER)
    def run(words: list[str], team: int) -> None:
        a, b, c, d = words
        with filled() as session:
            tried(session, lambda: accounts.add(session, login=a, name=b, role=Role.agent, password=c, place=d))
            staff = tried(
                session,
                lambda: accounts.add(
                    session, login=key(), name=b, role=Role.agent, password="village-bridge-42", team_id=team
                ),
            )
            audit.record(session, staff, a, b, c)
            session.commit()
            for login in (a, "known"):
                assert (
                    tried(
                        session,
                        lambda login=login: signing_in.sign_in(
                            session, login=login, password=b, code=c, now=datetime.now(UTC), agent=d, vault=VAULT
                        ),
                    )
                    is None
                )
            assert signing_in.held_session(session, a, now=NOW) is None
            with pytest.raises(ActionError):
                passwords.check_right(models.Staff(password_hash=passwords.NOBODY), a)
        with filled() as session:
            assert all(
                f"{e.name}{e.what}{e.subject}{e.detail}".encode() for e in session.scalars(select(models.AuditEntry))
            )

    run()


_SAID = st.lists(
    st.sampled_from(
        (
            "昨天 明年 9999年12月31日 1年1月1日 0001年 公元前3年 下周三 32号 2月30日 三点 99点 十十十 岁 8号 上个月 "
            "一百年前 村口 老王家 欠 钱 工资 不对 是 1３8００００ 13800001234 2026-02-30 ٣ ² \u0301 \x00 \ud800 （ [ "
            "\\ 第九十九个 十岁 ０岁"
        ).split()
    ),
    max_size=8,
)


@PURE
@given(parts=st.lists(TEXT, max_size=2) | _SAID)
def test_readers_of_words_never_stumble(parts: list[str]) -> None:
    text = "".join(parts)[:2000]  # no message is longer
    for now in (NOW, datetime(2028, 2, 29, 15, 59, tzinfo=UTC)):
        for found in (dates.find_past(text, now=now), dates.find_future(text, now=now)):
            assert found is None or (found.label and found.start <= found.end)
        dispute.extract(text, now=now)
        for step in dispute.STEPS:
            dispute.read_step(step, text, now=now)
    dispute.correction(text, {"where": text, "what": text}, now=NOW)
    for ask in (
        phrases.is_explicit,
        dispute.is_wish,
        phrases.is_question,
        phrases.is_pause,
        phrases.is_drop,
        phrases.is_back,
        phrases.yes_or_no,
        green.green_reasons,
    ):
        ask(text)
    for question in legal_aid.QUESTIONS:
        legal_aid.read_option(question, text)
    case.verdict(text), case.stars(text), asides.find(text, asides.REPORT)
    assert all(m.id in matters.MATTERS for m in matter_words.find_matter(text))
    digits, _ = numbers.find(text)
    assert digits is None or numbers.spoken(digits)
    with pytest.raises(ActionError):
        clean_photo(text.encode(errors="surrogatepass"))


@pytest.mark.parametrize(
    "text",
    [
        "字" * 2000,
        "在" * 2000,
        "昨天" * 1000,
        "1" * 2000,
        "想" * 2000,
        "不是" * 1000,
        "261124" * 300,
        "打" * 2000,
        "一" * 2000,
        "欠工资工地" * 400,
        "十" * 2000,
        "a" * 2000,
        "，" * 2000,
    ],
)
def test_no_message_keeps_the_readers_busy(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """昨天 a thousand times over took minutes: jionlp tries every part of a run, so it is given short ones."""
    heard: list[str] = []
    jionlp = dates._jionlp()

    def extract_time(given: str, **more: Any) -> Any:
        heard.append(given)
        return jionlp.ner.extract_time(given, **more)

    monkeypatch.setattr(
        dates,
        "_jionlp",
        lambda: SimpleNamespace(ner=SimpleNamespace(extract_time=extract_time), parse_time=jionlp.parse_time),
    )
    dates.phrases.cache_clear()
    dispute.extract(text, now=NOW)
    for step in dispute.STEPS:
        dispute.read_step(step, text, now=NOW)
    dispute.correction(text, {"where": text}, now=NOW)
    dates.find_future(text, now=NOW)
    matter_words.find_matter(text)
    numbers.find(text)
    for question in legal_aid.QUESTIONS:
        legal_aid.read_option(question, text)
    runs = [run for given in heard for run in re.findall(f"(?:{dates._run_characters()})+", given)]
    assert heard
    assert max(map(len, heard)) <= 2 * dates._READ
    assert max(map(len, runs), default=0) <= dates._LONGEST_RUN


@PURE
@given(matter=st.sampled_from([*matters.MATTERS, "", "\x00"]), start=st.dates())
def test_a_deadline_is_counted_or_its_day_refused(matter: str, start: date) -> None:
    try:
        found = deadlines.last_day(matter, start, calendar=WorkCalendar(), today=date(2026, 11, 24))
    except ValueError:
        return
    assert found.last_day > start
    assert found.text_zh


def held(text: str, *, short: int) -> Any:
    """A case whose every word is the text."""
    cut = text[:short]
    event = SimpleNamespace(at=NOW, actor_name=cut, what=cut, note=text, undone_at=None)
    unit = SimpleNamespace(team=SimpleNamespace(name=cut), called_at=NOW, arrived_at=None, result=text)
    mediation = SimpleNamespace(
        parties=[{"name": cut, "role": cut, "phone": cut}],
        facts=text,
        terms=text,
        method=text,
        mediator=cut,
        signed_on=date(2026, 11, 24),
        confirm_by=None,
    )
    fields = dict.fromkeys(("spot", "what", "when_said", "other_party", "wish"), text)
    return SimpleNamespace(
        number="26112400105",
        category=cut,
        filed_at=NOW,
        due_at=None,
        status=next(iter(LABELS)),
        green=[cut],
        is_anonymous=False,
        phone=cut,
        events=[event] * 2,
        units=[unit],
        mediation=mediation,
        **fields,
    )


@pytest.mark.parametrize(
    "text",
    [t[:20_000] for t in WORST]
    + [
        "<" * 6001,
        "&" * 5999 + "\n<b>",
        "\t" * 3000,
        "a" * 9000,
        "\u2028\u2029\x85\x0c",
        "".join(map(chr, range(0x300))),
    ],
)
def test_papers_open_whatever_was_written(text: str) -> None:
    case = held(text, short=60)
    opened = Document(io.BytesIO(agreement.mediation_agreement(case, place=text[:60])))
    said = "\n".join(p.text for p in opened.paragraphs)
    assert "人民调解协议书" in said
    assert "司法确认" in said
    if text.isprintable() and "{" not in text:
        assert text.strip()[:50] in said
    pdf = case_file.pack_pdf(case_file.pack(case, place=text[:60]))
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 1


def test_what_is_kept_reads_as_it_is_written() -> None:
    """Third red team, R12: marks that turn the direction of writing around made 5000 of 0005, also in print."""
    assert storable("赔我\u202e0005\u202c元\u2067，\u2069好") == "赔我0005元，好"
    assert storable("👨\u200d👩\u200d👧") == "👨\u200d👩\u200d👧", "joined signs stay one"
