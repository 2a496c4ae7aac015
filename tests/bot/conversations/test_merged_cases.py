"""Two residents told of the same thing: the case goes on once, and both hear of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, finding, moves, numbers
from actions.cases.models import Case
from actions.cases.moves import RESIDENT, Actor
from actions.cases.status import CaseStatus
from actions.offices.models import Team
from bot.conversations import delivery
from bot.conversations.messages import messages_after
from bot.conversations.models import Conversation

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
STAFF = Actor("staff", "赵主任", 1)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Session:
    with sessions() as session:
        session.add_all(
            [Team(name="村委会", place_id="nation"), *(Conversation(id=f"c{i}", channel="widget") for i in (1, 2, 3))]
        )
        session.commit()
        return session


def filed(session: Session, conversation: str, what: str) -> Case:
    return filing.file(
        session,
        request_key=what,
        conversation_id=conversation,
        place=None,
        category="其他",
        fields={"what": what},
        now=NOW,
    )


def move(session: Session, case: Case, to: CaseStatus, note: str = "") -> None:
    moves.move(session, case.id, to, actor=STAFF, key=f"{case.id}-{to}-{note}", now=NOW, note=note, team_id=1)


def merge(session: Session, case: Case, into: Case) -> None:
    moves.merge(session, case.id, numbers.spoken(into.number), actor=STAFF, key=f"merge-{case.id}", now=NOW)


def heard(session: Session, conversation: str) -> str:
    delivery.tell_case_events(session)
    return "\n".join(m.text for m in messages_after(session, conversation, 0))


def test_what_happens_after_the_merger_reaches_every_resident_once(session: Session) -> None:
    first = filed(session, "c1", "路灯坏了")
    second = filed(session, "c2", "村口黑")
    third = filed(session, "c3", "灯不亮")
    move(session, first, CaseStatus.accepted)
    merge(session, third, second)
    merge(session, second, first)  # the third follows the second to the first
    move(session, first, CaseStatus.assigned)
    move(session, first, CaseStatus.in_progress)
    move(session, first, CaseStatus.answered, "灯修好了")
    for conversation, case in (("c1", first), ("c2", second), ("c3", third)):
        words = heard(session, conversation)
        assert words.count("灯修好了") == 1
        cards = {m.reply.case for m in messages_after(session, conversation, 0)}
        assert cards == {numbers.spoken(case.number)}, "all news of it stand on the card of their own report"
        assert (numbers.spoken(case.number) in words) == (case is not first), (
            "who was merged hears which report of theirs it is"
        )
    assert "已经受理" not in heard(session, "c2"), "what was before the merger is not told again"


def test_a_question_to_one_resident_goes_to_that_one_alone(session: Session) -> None:
    first, second = filed(session, "c1", "路灯坏了"), filed(session, "c2", "村口黑")
    merge(session, second, first)
    moves.pause(session, first.id, "您家门牌号多少", actor=STAFF, key="p", now=NOW)
    assert "门牌号" in heard(session, "c1")
    assert "门牌号" not in heard(session, "c2")


def test_the_words_of_a_merged_resident_are_kept_and_leave_the_clock_standing(session: Session) -> None:
    first, second = filed(session, "c1", "路灯坏了"), filed(session, "c2", "村口黑")
    merge(session, second, first)
    moves.pause(session, first.id, "您家门牌号多少", actor=STAFF, key="p", now=NOW)
    moves.supplement(session, second.id, "我家门口也黑", key="s", now=NOW + timedelta(hours=1))
    assert first.paused_at
    assert any("我家门口也黑" in e.note for e in first.events)


def test_progress_of_a_merged_case_is_that_of_the_case_it_goes_on_in(session: Session) -> None:
    first, second = filed(session, "c1", "路灯坏了"), filed(session, "c2", "村口黑")
    merge(session, second, first)
    move(session, first, CaseStatus.accepted)
    told = finding.progress(session, second)
    assert told.startswith(numbers.spoken(second.number))
    assert "已受理" in told
    assert "路灯坏了" not in told


def test_one_resident_with_both_reports_hears_it_once(session: Session) -> None:
    first, second = filed(session, "c1", "路灯坏了"), filed(session, "c1", "村口黑")
    merge(session, second, first)
    move(session, first, CaseStatus.accepted)
    assert heard(session, "c1").count("已经受理") == 1


def test_a_not_solved_of_a_merged_resident_reopens_for_both(session: Session) -> None:
    first, second = filed(session, "c1", "路灯坏了"), filed(session, "c2", "村口黑")
    merge(session, second, first)
    for to in (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress):
        move(session, first, to)
    move(session, first, CaseStatus.answered, "好了")
    moves.move(session, finding.lead(session, second).id, CaseStatus.reopened, actor=RESIDENT, key="r", now=NOW)
    assert first.status is CaseStatus.reopened
