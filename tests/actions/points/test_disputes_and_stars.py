"""A dispute is answered or goes up by the clock; a star is given by two, posted, objected to in confidence, and nobody
hears who didn't get it.
"""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from actions.points import clock, disputes, stars
from actions.points.models import PointDispute, StarAward
from actions.points.status import DisputeState, StarState
from actions.roster.models import Household
from tests.actions.points import hall
from tests.actions.points.hall import CLERK, NOW, SECOND, THIRD
from tests.actions.roster.village import PLACE


def now_of(session: Session, made: PointDispute | StarAward) -> DisputeState | StarState:
    session.refresh(made)
    return made.state


def disputed(session: Session, home: Household, key: str = "d") -> PointDispute:
    words = "十八号帮老张头收玉米没有记"
    made = disputes.raise_dispute(session, home, words=words, conversation_id="c-me", key=key, now=NOW)
    session.commit()
    return made


def applied(session: Session, home: Household, key: str = "s") -> StarAward:
    made = stars.apply(session, home, agrees=True, words="", key=key, now=NOW, conversation_id="c-me")
    session.commit()
    return made


def posted(session: Session, home: Household) -> StarAward:
    made = applied(session, home)
    stars.find_fit(session, made.id, is_no_kin=True, oversees=False, by=CLERK, now=NOW)
    stars.find_fit(session, made.id, is_no_kin=True, oversees=True, by=SECOND, now=NOW)
    session.commit()
    return made


def test_not_answered_in_ten_workdays_it_goes_up_twice_and_each_once(session: Session) -> None:
    hall.adopted(session)
    made = disputed(session, hall.home(session))
    assert made.due_at
    clock.tick(session, made.due_at - timedelta(minutes=1))
    assert now_of(session, made) is DisputeState.group
    for expected in (DisputeState.overseer, DisputeState.township, DisputeState.township):
        due = made.due_at
        assert due
        for _ in range(2):
            clock.tick(session, due + timedelta(minutes=1))
            assert now_of(session, made) is expected
    assert made.is_late
    disputes.answer(session, made.id, text="查实了，已经补上。", by=THIRD, now=NOW)
    assert now_of(session, made) is DisputeState.settled


def test_whoever_gave_the_points_does_not_answer_above_the_group(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    hall.given(session, home)  # by the clerk
    made = disputed(session, home)
    disputes.answer(session, made.id, text="查了，没有登记。", by=CLERK, now=NOW)
    with pytest.raises(NotAllowed):
        disputes.answer(session, made.id, text="再答一次看看", by=SECOND, now=NOW)
    disputes.object_again(session, made.id, home.id, now=NOW)
    with pytest.raises(NotAllowed, match="换一个人"):
        disputes.answer(session, made.id, text="还是我来答。", by=CLERK, now=NOW)
    disputes.answer(session, made.id, text="问了老张头，有这回事，已经补报。", by=SECOND, now=NOW)
    disputes.accept(session, made.id, home.id)
    assert now_of(session, made) is DisputeState.settled


def test_who_says_nothing_against_an_answer_is_content_after_fifteen_days(session: Session) -> None:
    hall.adopted(session)
    made = disputed(session, hall.home(session))
    disputes.answer(session, made.id, text="查了，没有登记。", by=CLERK, now=NOW)
    session.commit()
    clock.tick(session, NOW + timedelta(days=16))
    assert now_of(session, made) is DisputeState.settled


def test_a_dispute_is_the_households_own(session: Session) -> None:
    hall.adopted(session)
    made, other = disputed(session, hall.home(session)), hall.home(session, "1-08")
    with pytest.raises(NotFound):
        disputes.accept(session, made.id, other.id)
    with pytest.raises(NotFound):
        disputes.object_again(session, made.id, other.id, now=NOW)


def test_three_disputes_at_once_and_words_of_some_length(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    for at in range(3):
        disputed(session, home, f"d{at}")
    with pytest.raises(NotAllowed):
        disputed(session, home, "d4")
    for words in ("", "少", "长" * 501):
        with pytest.raises(InvalidInput):
            disputes.raise_dispute(session, home, words=words, conversation_id=None, key="w", now=NOW)


def test_a_star_needs_consent_criteria_and_two_people(session: Session) -> None:
    hall.adopted(session, star=True)
    home = hall.home(session)
    with pytest.raises(InvalidInput, match="同意贴户号"):
        stars.apply(session, home, agrees=False, words="", key="s", now=NOW)
    made = applied(session, home)
    with pytest.raises(Conflict):
        applied(session, home, "another")
    with pytest.raises(NotAllowed, match="回避"):
        stars.find_fit(session, made.id, is_no_kin=False, oversees=True, by=CLERK, now=NOW)
    stars.find_fit(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    with pytest.raises(NotAllowed, match="换一个人"):
        stars.find_fit(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    with pytest.raises(NotAllowed, match="监督的人"):
        stars.find_fit(session, made.id, is_no_kin=True, oversees=False, by=THIRD, now=NOW)
    assert stars.shown(session, PLACE, NOW.date()) == []
    stars.find_fit(session, made.id, is_no_kin=True, oversees=True, by=SECOND, now=NOW)
    assert [one.state for one in stars.shown(session, PLACE, NOW.date())] == [StarState.noticed]


def test_posted_for_seven_days_then_awarded_for_a_year(session: Session) -> None:
    hall.adopted(session, star=True)
    made = posted(session, hall.home(session))
    clock.tick(session, NOW + timedelta(days=7))
    assert now_of(session, made) is StarState.noticed
    clock.tick(session, NOW + timedelta(days=8))
    assert now_of(session, made) is StarState.awarded
    clock.tick(session, NOW + timedelta(days=8 + 366))
    assert now_of(session, made) is StarState.ended
    assert stars.shown(session, PLACE, NOW.date()) == []


def test_an_objection_holds_the_star_until_it_is_weighed(session: Session) -> None:
    hall.adopted(session, star=True)
    made = posted(session, hall.home(session))
    with pytest.raises(NotAllowed, match="没有人提出异议"):
        stars.turn_down(session, made.id, why="不想给他家了", by=THIRD)
    said = stars.object_to(session, made.id, words="家里天天吵架", key="o", now=NOW)
    assert stars.object_to(session, made.id, words="家里天天吵架", key="o", now=NOW).id == said.id
    session.commit()
    clock.tick(session, NOW + timedelta(days=9))
    assert now_of(session, made) is StarState.noticed
    stars.weigh(session, said.id, words="问了两家，不属实", by=SECOND, now=NOW)
    session.commit()
    clock.tick(session, NOW + timedelta(days=9))
    assert now_of(session, made) is StarState.awarded


def test_who_did_not_get_it_is_shown_nowhere_and_may_apply_again(session: Session) -> None:
    hall.adopted(session, star=True)
    home = hall.home(session)
    made = applied(session, home)
    stars.turn_down(session, made.id, why="老人单独住在柴房，先接回来", by=CLERK)
    session.commit()
    assert stars.shown(session, PLACE, NOW.date()) == []
    with pytest.raises(NotAllowed):
        stars.object_to(session, made.id, words="他家也配？", key="o", now=NOW)
    assert applied(session, home, "again").state is StarState.applied
    with pytest.raises(ActionError):
        stars.withdraw(session, made.id, home.id)
