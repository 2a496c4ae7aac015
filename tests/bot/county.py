"""Who and what `tests.bot.world.World` finds in its database."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import Mode
from actions.cases import filing, mediation, moves
from actions.cases.models import Photo
from actions.cases.status import CaseStatus
from actions.checkup.models import Checkup, Correction
from actions.checkup.status import Outcome, Paper
from actions.disclosure.models import Disclosure
from actions.disclosure.status import State
from actions.events import publishing
from actions.events.models import EventPhoto
from actions.events.publishing import Wanted
from actions.feedback import UnansweredQuestion
from actions.hearings import service as hearings
from actions.hearings.service import Plan
from actions.helpers.models import Helper, Referral
from actions.helpers.status import State as ReferralState
from actions.history import telling
from actions.joint.models import JointMeeting
from actions.offices.defaults import import_offices
from actions.topics.models import Topic, TopicCounter
from actions.topics.status import TopicState
from actions.visits.models import Visit
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.staff.models import Staff
from knowledge.documents import comments, versions
from knowledge.documents.models import Document, Kind
from knowledge.documents.versions import Person
from knowledge.evaluation.models import GoldenQuestion
from knowledge.exchange.corpus import import_places
from tests.bot.web.affairs.decisions.there import a_decision_on_its_way
from tests.bot.web.affairs.projects.there import a_project_on_its_way
from tests.bot.world import DAY, HASH, STAFF, World
from tests.conftest import CORPUS

_AUTHOR = Person(900, "离职的人")


def places_and_offices(session: Session) -> None:
    import_places(session, CORPUS)
    import_offices(session, CORPUS / "offices.yml")


def whole_county(session: Session) -> None:
    now = datetime.now(UTC)
    session.add_all(
        Staff(login=login, name=f"{login}的人", password_hash=HASH, role=role, place_id=place)
        for login, (role, place) in STAFF.items()
    )
    _waiting_conversation(session, now)
    case, photo = _case_with_an_agreement(session, now)
    opening = _booked_opening(session, now)
    version = _village_rule_with_a_conflict(session, now)
    a_decision_on_its_way(session, now)
    a_project_on_its_way(session, now)
    session.add(
        GoldenQuestion(
            key="k1",
            ask="红事能罚款吗",
            place_id="lijiagou",
            must=["rule-1 第一条"],
            any_of=["law 民法典 1042"],
            must_not=[],
            source="console",
            created_by="李",
        )
    )
    session.add(
        UnansweredQuestion(question="李家沟的粪坑占了我家", reason="abstained", place_id="lijiagou", created_at=now)
    )
    _checkup_and_correction(session, now)
    session.add(
        Disclosure(
            place_id="lijiagou",
            duty_code="common_concern",
            period="2026Q2",
            state=State.corrected,
            rows=[["事项", "情况"], ["路灯", "修好了"]],
            posted_on=DAY,
            posted_until=DAY,
            board_photo=b"\xff\xd8",
            has_board_photo=True,
            at=now,
        )
    )
    session.flush()
    topic = _open_topic(session, now)
    session.add(
        JointMeeting(
            key="joint-1", place_id="nation", title="南沟排水", held_at=now, spot="镇里", by="主管的人", by_id=1
        )
    )
    _hearing(session, now)
    # `World` and `DEEDS` name them.
    assert (case, photo, opening, version) == (World.case, World.photo, World.opening, World.version)
    assert topic == World.topic
    assert _helper_who_was_asked(session, now) == (World.helper, World.referral)
    session.add(Visit(case_id=case, place_id="lijiagou", reply_by=now, come_by=now))
    assert _event(session, now) == World.event
    said = "村口那口老井是我爷爷那辈人打的，打了三个月才见水。"
    telling.tell(session, place="lijiagou", text=said, teller="", may_name=False, key="county", now=now)


def _helper_who_was_asked(session: Session, now: datetime) -> tuple[int, int]:
    helper = Helper(place_id="lijiagou", name="李建国", called="李老师", kinds=["legal_aware"], at=now)
    helper.consent_on, helper.consent_how, helper.ends_on = DAY, "paper", DAY + timedelta(days=365)
    session.add(helper)
    session.flush()
    referral = Referral(place_id="lijiagou", key="asked", wish="explain", words="想请人看看租地合同", asked_at=now)
    referral.state, referral.helper_id, referral.due_at = ReferralState.offered, helper.id, now + timedelta(days=2)
    session.add(referral)
    session.flush()
    return helper.id, referral.id


def _checkup_and_correction(session: Session, now: datetime) -> None:
    session.add(
        Checkup(
            key="county-checkup",
            place_id="lijiagou",
            template="land",
            subject="南沟二十亩地征收",
            by_id=0,
            by_name="村文书",
            at=now,
        )
    )
    session.add(
        Correction(
            key="county-correction",
            place_id="lijiagou",
            unit="柳河镇人民政府",
            matter="责令拆除决定",
            outcome=Outcome.set_aside,
            what="重新调查建房的时间",
            paper=Paper.opinion,
            received_on=now.date(),
            due_on=now.date() + timedelta(days=60),
            by_id=0,
            by_name="法律工作者",
            at=now,
        )
    )
    session.flush()


def _waiting_conversation(session: Session, now: datetime) -> None:
    session.add(
        Conversation(
            id=World.conversation,
            channel="widget",
            place_id="lijiagou",
            status=ConversationStatus.waiting,
            waiting_since=now,
            handoff_reason="asked",
        )
    )
    session.flush()
    session.add(
        Message(conversation_id=World.conversation, sender=Sender.resident, text="隔壁占了我家的路", answered_at=now)
    )
    session.flush()


def _case_with_an_agreement(session: Session, now: datetime) -> tuple[int, int]:
    """The ids of the case, which is in progress, and of its photo."""
    actor = moves.Actor("staff", "王芳", 1)
    case = filing.file(
        session,
        request_key="r1",
        conversation_id=World.conversation,
        place="lijiagou",
        category="其他",
        fields={"what": "隔壁砌墙占了路", "phone": "13800001234"},
        now=now,
    )
    photo = Photo(conversation_id=World.conversation, case_id=case.id, sha256="0" * 64, jpeg=b"\xff\xd8")
    session.add(photo)
    for to in (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress):
        moves.move(session, case.id, to, actor=actor, key=f"k-{to}", now=now, team_id=1)
    parties = [{"name": "甲"}, {"name": "乙"}]
    mediation.start_mediation(session, case.id, mediator="王芳", parties=parties, actor=actor, now=now)
    for party in (0, 1):
        mediation.consent(session, case.id, party, "yes", actor=actor, now=now)
    mediation.sign_agreement(
        session, case.id, facts="占路", terms="退回去", method="", signed_on=DAY, actor=actor, now=now
    )
    return case.id, photo.id


def _booked_opening(session: Session, now: datetime) -> int:
    worker = session.scalars(select(Staff).where(Staff.login == "legal_worker")).one()
    starts = now + timedelta(days=3)
    opening = openings.publish(
        session,
        worker_id=worker.id,
        worker_name=worker.name,
        mode=Mode.visit,
        place="lijiagou",
        address="党群服务中心",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=2,
        now=now,
    )
    appointment = appointments.book(
        session,
        opening.id,
        conversation_id=World.conversation,
        request_key="b1",
        summary="想问离婚的事",
        phone="13900005678",
        now=now,
    )
    appointments.write_note(session, appointment.id, "当事人情绪不稳", worker_id=worker.id)
    return opening.id


def _village_rule_with_a_conflict(session: Session, now: datetime) -> int:
    """The id of the version, a draft with a comment."""
    session.add(Document(id=World.document, kind=Kind.village_rule, title="", place_id="lijiagou"))
    session.flush()
    clauses = [
        {
            "number": "第一条",
            "text": "违者罚款五百元。",
            "answer": "不能罚。",
            "status": "conflicts",
            "conflict": {"articles": ["行政处罚法 10"], "says": "村里没有权罚款。"},
        }
    ]
    version = versions.start_draft(
        session,
        by=_AUTHOR,
        now=now,
        document_id=World.document,
        content={"title": "李家沟村规", "clauses": clauses},
        in_force_from=DAY,
    )
    comments.comment(session, version.id, by=_AUTHOR, now=now, text="看看第一条")
    return version.id


def _hearing(session: Session, now: datetime) -> None:
    """At lijiagou, with one who signed up."""
    plan = Plan(
        "路灯装在哪里", "装几盏，装在哪一头", "村部", now + timedelta(days=12), (now + timedelta(days=5)).date(), 12
    )
    held = hearings.announce(session, "lijiagou", plan, by=1, key="county", now=now)
    who = hearings.Person("王大爷", "一组", phone="13800000000")
    hearings.sign_up(session, held.id, who, asker="conversation-1", key="county", now=now)


def _open_topic(session: Session, now: datetime) -> int:
    """What is talked over at lijiagou; its key lies nowhere, so nobody can choose."""
    topic = Topic(
        place_id="lijiagou",
        ordinal=1,
        number="议-26-001",
        request_key="county",
        text="咱村口那段路晚上太黑",
        title="村口路段装路灯，装在哪一头",
        state=TopicState.open,
        raised_by="resident",
        raised_at=now,
        answer_due_on=now.date(),
        updated_at=now,
        matter="facility",
        method="single",
        options=["东头", "西头"],
        opens_at=now,
        closes_at=now + timedelta(days=9),
        result_due_on=now.date() + timedelta(days=20),
    )
    session.add_all([topic, TopicCounter(place_id="lijiagou", value=1)])
    session.flush()
    return topic.id


def _event(session: Session, now: datetime) -> int:
    """公开日 in five days at lijiagou, for thirty people, with a picture of the hall."""
    starts = now + timedelta(days=5)
    wanted = Wanted(
        kind="open_day",
        title="第四季度村务公开日",
        about="念三季度的账，答大家的问题。",
        lead="村会计",
        address="党群服务中心",
        note="自己带凳子",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        capacity=30,
    )
    [event] = publishing.announce(session, "lijiagou", wanted, key="county", now=now)
    picture = EventPhoto(opening_id=event.id, sha256="1" * 64, jpeg=b"\xff\xd8", faces="none", by_name="文书", at=now)
    session.add(picture)
    session.flush()
    return event.id
