"""A decision's steps, what hangs on the board, what units were told to do, what other systems get: killed at every
step.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases import filing, moves
from actions.cases.models import Case, CaseEvent
from actions.cases.status import CaseStatus
from actions.decisions import meetings, steps
from actions.decisions.models import Decision, DecisionStep, Meeting, MeetingState
from actions.decisions.status import State, Step
from actions.decisions.steps import Proposal
from actions.decisions.steps import Task as Duty
from actions.disclosure import posting, schedule
from actions.disclosure.models import Disclosure, DisclosureEvent
from actions.disclosure.status import State as Posted
from actions.errors import ActionError
from actions.exchange import incoming, outgoing, systems
from actions.exchange.mapping import Order
from actions.exchange.models import ExternalRef, ExternalSystem, Outbox
from actions.joint import meetings as joint
from actions.joint import tasks
from actions.joint.meetings import About, Calling
from actions.joint.models import JointMeeting, JointTask, TaskState
from actions.joint.tasks import Doing
from actions.offices.models import Team
from bot.affairs import exchange
from bot.conversations import delivery
from bot.conversations.models import Conversation, Message
from bot.settings import Settings
from bot.staff.vault import Vault
from knowledge.places import Level, Place
from tests import killer
from tests.actions.decisions.conftest import CLERK, OVERSEER, START, Office, furnished
from tests.actions.disclosure.test_schedule import CLERK as POSTER
from tests.actions.disclosure.test_schedule import SECOND, TABLE, begun, finance, noon
from tests.actions.exchange.receiver import Receiver, listening
from tests.bot.affairs.kills.mortal import Deed, Stage, walk
from tests.bot.county import places_and_offices
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)


def _said(session: Session, words: str) -> int:
    return sum(words in said for said in session.scalars(select(Message.text)))


def _told(stage: Stage) -> None:
    with stage.sessions() as session:
        delivery.tell_case_events(session)


def _refused_or_not(deed: Deed, stage: Stage) -> None:
    """A press that is refused the second time; the worker's round comes all the same."""
    try:
        deed(stage)
    except ActionError:
        _told(stage)


# --- a decision


def _office(stage: Stage, session: Session) -> Office:
    furnished(session)
    session.commit()
    return Office(session)


def _empty_office(stage: Stage, session: Session) -> None:
    _office(stage, session)


def _proposed(stage: Stage) -> None:
    with stage.sessions() as session:
        proposal = Proposal(
            title="南沟水渠整修",
            matter="public_works",
            body="villager_representatives",
            on_day=steps.local_day(START),
            source="议-26-014",
            authorised="2026年3月1日村民会议授权",
        )
        steps.propose(session, place="lijiagou", proposal=proposal, who=CLERK, key="p", now=START)


def test_a_decision_gets_one_number(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert [d.number for d in session.scalars(select(Decision))] == ["决-26-001"]
        assert session.scalars(select(DecisionStep.step)).all() == [Step.propose]

    assert walk(databases, tmp_path, _empty_office, _proposed, check) >= 4


def _clear(stage: Stage, session: Session) -> None:
    _office(stage, session).to_the_notice()


def _called(stage: Stage) -> None:
    with stage.sessions() as session:
        decision = session.scalars(select(Decision)).one()
        notice = meetings.Call(steps.local_day(START), START + timedelta(days=10), "村部")
        meetings.call(session, [decision.id], notice=notice, who=CLERK, key="call", now=START)


def test_a_meeting_is_called_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Meeting.state)).all() == [MeetingState.called]
        assert session.scalars(select(Decision.state)).all() == [State.noticed]

    assert walk(databases, tmp_path, _clear, _called, check) >= 6


AFTER = START + timedelta(days=10, hours=3)


def _counted(stage: Stage, session: Session) -> None:
    office = _office(stage, session)
    meeting = office.call(office.to_the_notice())
    office.now = AFTER
    numbers = office.numbers(meeting, base="meeting_members", present=29, yes=27)
    meetings.enter(session, meeting.id, numbers=numbers, who=CLERK, now=AFTER)


def _confirmed(stage: Stage) -> None:
    with stage.sessions() as session:
        meeting = session.scalars(select(Meeting)).one()
        meetings.confirm(session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=AFTER)


def test_what_a_meeting_decided_counts_once(databases: Databases, tmp_path: Path) -> None:
    def whole(session: Session) -> None:
        """A confirmed meeting without its decision's step would leave the decision where it was for ever."""
        is_confirmed = session.scalars(select(Meeting.state)).one() is MeetingState.confirmed
        assert is_confirmed == (session.scalars(select(Decision.state)).one() is State.resolved)

    def check(session: Session) -> None:
        assert session.scalars(select(Decision.state)).all() == [State.resolved]
        assert len(session.scalars(select(DecisionStep).where(DecisionStep.step == Step.meet)).all()) == 1

    assert walk(databases, tmp_path, _counted, _confirmed, check, at_once=whole) >= 6


def _passed(stage: Stage, session: Session) -> None:
    """Posted on the board for its days, and to be carried out."""
    office = _office(stage, session)
    decision = office.passed()
    row = office.write(decision, Step.publish, office.posted())
    if session.get_one(DecisionStep, row).confirmed_at is None:
        steps.confirm(session, row, who=OVERSEER, now=office.now)
    (stage.home / "now").write_text((office.now + timedelta(days=16)).isoformat())


def _carried(stage: Stage) -> None:
    now = datetime.fromisoformat((stage.home / "now").read_text())
    with stage.sessions() as session:
        decision, team = session.scalars(select(Decision.id)).one(), session.scalars(select(Team.id)).first()
        due = steps.local_day(now) + timedelta(days=30)
        task = Duty(team, "修南沟水渠", due, approved="2026年10月9日 水审〔2026〕3号", filed="2026年10月9日 备案3号")
        steps.carry(session, decision, task=task, who=CLERK, key="c", now=now)


def test_a_unit_is_given_a_task_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
        assert session.scalars(select(Case.status)).one() is CaseStatus.assigned
        assert len(session.scalars(select(DecisionStep).where(DecisionStep.step == Step.carry)).all()) == 1

    assert walk(databases, tmp_path, _passed, _carried, check) >= 6


# --- a posting


NAMES = [(1, ["姓名", "救助类别"]), (2, ["李大山", "低保"])]


def _board(stage: Stage, session: Session) -> None:
    places_and_offices(session)
    begun(session)
    schedule.tick(session, noon("2026-10-05"))


def _drafted(stage: Stage, session: Session) -> None:
    _board(stage, session)
    item = finance(session)
    posting.put(session, item, TABLE, note="", masks_names=False, by=POSTER, now=noon("2026-10-05"))
    posting.check(session, item, edition=item.edition, confirms_names=False, why="", by=SECOND, now=noon("2026-10-05"))
    session.commit()


def _posted(stage: Stage) -> None:
    with stage.sessions() as session:
        posting.post(session, finance(session), days=None, by=POSTER, now=noon("2026-10-05"))
        session.commit()


def test_accounts_are_posted_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert finance(session).state is Posted.posted
        said = session.scalars(select(DisclosureEvent.what).where(DisclosureEvent.disclosure_id == finance(session).id))
        assert sum(what.startswith("公布") for what in said) == 1

    assert walk(databases, tmp_path, _drafted, _posted, check) >= 4


def _begun_at_once(stage: Stage) -> None:
    """What is owed at once: begun by hand, each press a posting of its own."""
    with stage.sessions() as session:
        posting.open_item(
            session,
            "lijiagou",
            "relief_decisions",
            day=date(2026, 10, 4),
            title="第三批",
            by=POSTER,
            key="k",
            now=noon("2026-10-05"),
        )
        session.commit()


def test_a_posting_is_begun_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert len(session.scalars(select(Disclosure).where(Disclosure.duty_code == "relief_decisions")).all()) == 1

    assert walk(databases, tmp_path, _board, _begun_at_once, check) >= 4


def _over(stage: Stage, session: Session) -> None:
    """A posting that names people, and its last day is over."""
    _board(stage, session)
    _begun_at_once(stage)
    session.expire_all()
    item = session.scalars(select(Disclosure).where(Disclosure.duty_code == "relief_decisions")).one()
    now = noon("2026-10-05")
    posting.put(session, item, NAMES, note="", masks_names=False, by=POSTER, now=now)
    why = "社会救助法第四十五条"
    posting.check(session, item, edition=item.edition, confirms_names=True, why=why, by=SECOND, now=now)
    posting.post(session, item, days=None, by=POSTER, now=now)
    session.commit()


def _ended(stage: Stage) -> None:
    with stage.sessions() as session:
        schedule.tick(session, noon("2026-11-20"))


def test_names_are_gone_with_the_last_day(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        item = session.scalars(select(Disclosure).where(Disclosure.duty_code == "relief_decisions")).one()
        assert (item.state, item.held) == (Posted.archived, [])
        assert "李大山" not in str(item.rows)
        keys = session.scalars(select(DisclosureEvent.key)).all()
        assert sum(key.endswith("-names-gone") for key in keys) == 1

    assert walk(databases, tmp_path, _over, _ended, check) >= 7


# --- a joint meeting


HELD = datetime(2026, 12, 1, 2, tzinfo=UTC)
CHIEF = moves.Actor("staff", "主管老赵", 5)


def _at_one_table(stage: Stage, session: Session) -> None:
    session.add(Place(id="liuhe", name="柳河镇", level=Level.township))
    session.add_all(
        Team(id=n, name=name, place_id="liuhe") for n, name in ((1, "城建办"), (2, "水务站"), (3, "供电所"))
    )
    session.add(Conversation(id="c-1", channel="widget", place_id="liuhe"))
    session.commit()
    said: dict[str, Any] = {"place": "liuhe", "category": "环境卫生", "fields": {"what": "南沟的水淹到院里"}}
    case = filing.file(session, request_key="r1", conversation_id="c-1", now=HELD, **said)
    wish = Calling(
        place="liuhe",
        title="南沟排水",
        held_at=HELD + timedelta(hours=1),
        spot="镇里二楼",
        agenda=[About("南沟排水", case)],
        teams=[1, 2],
    )
    joint.call(session, wish, actor=CHIEF, key="k", now=HELD)
    delivery.tell_case_events(session)


def _given(stage: Stage) -> None:
    with stage.sessions() as session:
        meeting, case = session.scalars(select(JointMeeting)).one(), session.scalars(select(Case.id)).one()
        doing = Doing(1, case, "把排水管接通。", date(2026, 12, 10))
        tasks.give(session, meeting, doing, actor=CHIEF, key="t", now=HELD + timedelta(hours=3))
    _told(stage)


def test_a_task_is_given_and_told_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(JointTask.state)).all() == [TaskState.open]
        assert _said(session, "几个单位商量定了") == 1

    assert walk(databases, tmp_path, _at_one_table, _given, check) >= 6


def _with_a_task(stage: Stage, session: Session) -> None:
    _at_one_table(stage, session)
    _given(stage)


def _passed_on(stage: Stage) -> None:
    with stage.sessions() as session:
        task = session.scalars(select(JointTask).order_by(JointTask.id)).first()
        assert task is not None
        tasks.refuse(session, task, "管道归水务站管", team_id=2, actor=CHIEF, now=HELD + timedelta(hours=4))
    _told(stage)


def test_a_task_that_is_refused_is_passed_on_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(JointTask.state).order_by(JointTask.id)).all() == [
            TaskState.refused,
            TaskState.open,
        ]
        assert _said(session, "不归它办") == 1

    again = partial(_refused_or_not, _passed_on)
    assert walk(databases, tmp_path, _with_a_task, _passed_on, check, again=again) >= 6


def _late(stage: Stage) -> None:
    with stage.sessions() as session:
        tasks.tick(session, datetime(2026, 12, 12, 2, tzinfo=UTC))
    _told(stage)


def test_a_late_task_is_told_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _said(session, "到期还没有回音") == 1
        whats = session.scalars(select(CaseEvent.what)).all()
        assert whats.count("联席会议的期限快到了：城建办") == 1

    assert walk(databases, tmp_path, _with_a_task, _late, check) >= 7


# --- what is shared with another system


_TRIED = ("outbox.tries", "outbox.sent_at", "outbox.next_try_at")


@pytest.fixture
def there() -> Iterator[Receiver]:
    with listening() as receiver:
        receiver.answer = {"number": "GD-7"}
        yield receiver


def _line(stage: Stage, session: Session, *, receiver: Receiver) -> None:
    places_and_offices(session)
    session.add(Conversation(id="c-1", channel="widget", place_id="lijiagou"))
    session.commit()
    vault = Vault.of(stage.settings.secret("tokens"))
    _, receiver.secret = systems.add(
        session,
        name="清禾县12345热线",
        place="qinghe",
        contact="电话 12345",
        url=receiver.url,
        profile="12345工单",
        networks="203.0.113.8",
        by="管理员",
        seal=lambda text, owner: vault.seal(text, owner=owner),
        now=HELD,
    )
    said: dict[str, Any] = {"place": "lijiagou", "category": "环境卫生", "fields": {"what": "垃圾没人拉"}}
    filing.file(session, request_key="r1", conversation_id="c-1", now=HELD, **said)
    (stage.home / "port").write_text(str(receiver.port))


def _handed_over(stage: Stage) -> None:
    with stage.sessions() as session:
        case, system = session.scalars(select(Case)).one(), session.scalars(select(ExternalSystem)).one()
        outgoing.send_case(session, case, system, actor=CHIEF, key="s", now=HELD)
    _told(stage)


def _shared(stage: Stage, session: Session, *, receiver: Receiver) -> None:
    _line(stage, session, receiver=receiver)
    _handed_over(stage)


def _settings(stage: Stage) -> Settings:
    return stage.settings.model_copy(update={"exchange_hosts": f"127.0.0.1:{(stage.home / 'port').read_text()}"})


def _sent(stage: Stage, *, after: timedelta = timedelta()) -> None:
    with stage.sessions() as session:
        exchange.tick(session, _settings(stage), HELD + after)


def test_a_case_is_handed_over_once(databases: Databases, tmp_path: Path, there: Receiver) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Outbox.event)).all() == ["case"]
        assert _said(session, "转给了清禾县12345热线") == 1

    fill = partial(_line, receiver=there)
    assert walk(databases, tmp_path, fill, _handed_over, check) >= 6


def test_what_is_sent_arrives_and_their_number_is_kept(databases: Databases, tmp_path: Path, there: Receiver) -> None:
    """Whoever dies with the answer in hand sends once more under the same mark; the number is never lost."""

    def check(session: Session) -> None:
        assert session.scalars(select(Outbox.sent_at.is_not(None))).all() == [True]
        assert session.scalars(select(ExternalRef.number)).all() == ["GD-7"]
        assert len(there.times) == 1, "one message, however often it came"
        assert there.wrong == 0

    again = partial(_sent, after=timedelta(minutes=3))  # the dead one's two minutes are over
    fill = partial(_shared, receiver=there)
    assert walk(databases, tmp_path, fill, _sent, check, again=again, but=_TRIED) >= 6


def _answered(stage: Stage, session: Session, *, receiver: Receiver) -> None:
    """Shared, sent, and the unit here has taken it up since."""
    _shared(stage, session, receiver=receiver)
    _sent(stage)
    session.expire_all()
    case = session.scalars(select(Case)).one()
    later = HELD + timedelta(minutes=1)
    moves.move(session, case.id, CaseStatus.accepted, actor=CHIEF, key="a", now=later, note="", team_id=None)
    delivery.tell_case_events(session)


def test_news_of_a_case_go_out_once(databases: Databases, tmp_path: Path, there: Receiver) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Outbox.event).order_by(Outbox.id)).all() == ["case", "status"]
        assert session.scalars(select(Outbox.sent_at.is_not(None))).all() == [True, True]

    deed, again = partial(_sent, after=timedelta(minutes=5)), partial(_sent, after=timedelta(minutes=9))
    fill, but = partial(_answered, receiver=there), ["outbox.made_at", *_TRIED]
    assert walk(databases, tmp_path, fill, deed, check, again=again, but=but) >= 7


def _ordered(stage: Stage) -> None:
    with stage.sessions() as session:
        system = session.scalars(select(ExternalSystem)).one()
        order = Order(
            number="GD-9",
            place="柳河镇李家沟村",
            category="生态环境",
            what="村口垃圾堆了半个月没人拉",
            spot="",
            when="2026-11-30 18:20",
            phone="13900001111",
        )
        incoming.take(session, system, order, now=HELD)


def test_an_order_of_theirs_becomes_one_case(databases: Databases, tmp_path: Path, there: Receiver) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(ExternalRef.number)).all() == ["GD-9"]
        assert session.scalar(select(func.count()).select_from(Case)) == 2  # theirs beside our own

    assert walk(databases, tmp_path, partial(_line, receiver=there), _ordered, check) >= 6


def _heard(stage: Stage) -> None:
    with stage.sessions() as session:
        system = session.scalars(select(ExternalSystem)).one()
        number = session.scalars(select(Case.number)).one()
        incoming.hear(session, system, number, status=CaseStatus.closed, reply="拉走了", key="n1", now=HELD)
    _told(stage)


def test_their_answer_is_told_once(databases: Databases, tmp_path: Path, there: Receiver) -> None:
    def check(session: Session) -> None:
        assert _said(session, "说您的事办了：拉走了") == 1

    assert walk(databases, tmp_path, partial(_shared, receiver=there), _heard, check) >= 5
