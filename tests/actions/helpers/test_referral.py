"""A resident's words on their way; scenario 21 of village_affairs.md as a story."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.helpers import clock, links, referrals
from actions.helpers.models import HelperLink, Referral, ReferralEvent
from actions.helpers.status import State
from tests.actions.helpers.county import LEASE, NOW, QUARREL, agreed, asked


def state(referral: Referral) -> State:
    """As it is by now: the type checker holds what it was."""
    return referral.state


def said(session: Session, referral: Referral) -> list[str]:
    rows = select(ReferralEvent.say).where(ReferralEvent.referral_id == referral.id, ReferralEvent.say.is_not(None))
    return [row or "" for row in session.scalars(rows.order_by(ReferralEvent.id))]


def test_a_retired_judge_mediates_with_both_yes_is_no_lawyer_for_two_years_and_steps_back_for_his_cousin(
    here: Session,
) -> None:
    """Scenario 21."""
    judge = agreed(
        here, name="陈正", called="陈法官", kinds=("retired_judge", "legal_adviser"), left_office_on=date(2025, 6, 30)
    )
    elder = agreed(here, name="刘德", called="刘叔", kinds=("elder",))
    # as a lawyer he isn't offered
    sued = asked(here, "我要请个律师帮我打官司")
    assert referrals.choices(here, sued, now=NOW) == []
    with pytest.raises(NotAllowed, match="不能接"):
        referrals.offer(here, sued, judge.id, now=NOW)
    # he mediates, and both parties' yes is needed
    wall = asked(here, QUARREL, other_party="隔壁老张", contact="13912345678")
    assert judge in referrals.choices(here, wall, now=NOW)
    referrals.offer(here, wall, judge.id, now=NOW)
    referrals.agree(here, wall, interest="", is_free=True, now=NOW)
    assert wall.state is State.other_asked
    assert not any("13800001111" in words for words in said(here, wall))
    referrals.other_says(here, wall, "yes", now=NOW)
    assert state(wall) is State.accepted
    assert "13800001111" in said(here, wall)[-1]
    # his cousin's case: he says so, and it goes to the next, after the resident's yes
    cousin = asked(here, "堂弟占了我家地边，请人评评理", other_party="陈小勇")
    referrals.offer(here, cousin, judge.id, now=NOW)
    with pytest.raises(InvalidInput, match="先说清楚"):
        referrals.agree(here, cousin, interest="", is_free=False, now=NOW)
    referrals.agree(here, cousin, interest="是我堂弟", is_free=False, now=NOW)
    assert (cousin.state, cousin.helper_id, cousin.tried) == (State.asked, None, [judge.id])
    assert "回避" in said(here, cousin)[-1]
    assert "堂弟" not in said(here, cousin)[-1]
    assert referrals.choices(here, cousin, now=NOW) == [elder]


def test_two_years_later_the_judge_may_be_a_lawyer(here: Session) -> None:
    judge = agreed(
        here, name="陈正", called="陈法官", kinds=("retired_judge", "legal_adviser"), left_office_on=date(2024, 11, 30)
    )
    assert referrals.choices(here, asked(here, "我要请个律师帮我打官司"), now=NOW) == [judge]


def test_from_the_question_to_a_mark(here: Session) -> None:
    helper = agreed(here)
    referral = asked(here, contact="13912345678")
    assert (referral.state, referral.wish, referral.subjects) == (State.asked, "explain", ["contract", "land", "paper"])
    referrals.offer(here, referral, helper.id, now=NOW)
    referrals.offer(here, referral, helper.id, now=NOW)  # sent twice
    assert referral.due_at is not None
    assert NOW + timedelta(days=2) <= referral.due_at <= NOW + timedelta(days=3)
    referrals.agree(here, referral, interest="", is_free=True, now=NOW)
    referrals.met(here, referral, now=NOW)
    with pytest.raises(InvalidInput):
        referrals.close(here, referral, note=" ", now=NOW)
    referrals.close(here, referral, note="合同第三条要改，已经讲清楚", now=NOW)
    referrals.rate(here, referral, 5)
    assert (referral.state, referral.rating) == (State.closed, 5)
    events = here.scalars(select(ReferralEvent.what).order_by(ReferralEvent.id)).all()
    assert events == ["想找人帮忙", "转给李老师", "答应了", "见过面了", "办完了"]


def test_the_same_wish_twice_is_one_and_too_many_are_refused(here: Session) -> None:
    first = asked(here, key="k")
    assert asked(here, key="k").id == first.id
    for number in range(2):
        asked(here, f"{LEASE}{number}")
    with pytest.raises(NotAllowed, match="一天最多"):
        asked(here, f"{LEASE}9")


def test_what_is_no_helpers_matter_is_not_stored(here: Session) -> None:
    with pytest.raises(NotAllowed, match="110"):
        asked(here, "男人喝了酒就打我，想请人说和", other_party="男人")
    assert here.scalar(select(Referral)) is None


def test_mediation_without_the_other_party_is_asked_back(here: Session) -> None:
    helper = agreed(here, kinds=("mediator",))
    with pytest.raises(InvalidInput, match="对方是谁"):
        referrals.offer(here, asked(here, QUARREL), helper.id, now=NOW)


@pytest.mark.parametrize(
    ("answer", "state", "told"), [("another", State.asked, "换一位"), ("no", State.refused, "第十七条")]
)
def test_what_the_other_party_says_counts(here: Session, answer: str, state: State, told: str) -> None:
    helper = agreed(here, kinds=("mediator",))
    referral = asked(here, QUARREL, other_party="老张")
    referrals.offer(here, referral, helper.id, now=NOW)
    with pytest.raises(NotAllowed):
        referrals.other_says(here, referral, answer, now=NOW)  # nobody asked them yet
    referrals.agree(here, referral, interest="", is_free=True, now=NOW)
    referrals.other_says(here, referral, answer, now=NOW)
    assert referral.state is state
    assert told in said(here, referral)[-1]


def test_two_working_days_without_an_answer_and_the_resident_chooses_anew_once(here: Session) -> None:
    helper, second = agreed(here), agreed(here, name="王芳", called="王老师")
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    token = links.make(here, links.HELPER, referral_id=referral.id, now=NOW)
    here.commit()
    clock.tick(here, NOW + timedelta(days=1))
    assert referral.state is State.offered
    for days in (4, 4, 5):
        clock.tick(here, NOW + timedelta(days=days))
    assert (referral.state, referral.tried) == (State.asked, [helper.id])
    assert len([one for one in said(here, referral) if "没有回话" in one]) == 1
    last = here.scalars(select(ReferralEvent).order_by(ReferralEvent.id.desc())).first()
    assert last
    assert [button["title"] for button in last.buttons] == ["转给王老师"]
    with pytest.raises(NotFound):
        links.check(here, token, now=NOW)
    with pytest.raises(NotAllowed):  # a late yes
        referrals.agree(here, referral, interest="", is_free=True, now=NOW)
    referrals.offer(here, referral, second.id, now=NOW)
    assert referral.helper_id == second.id


def test_words_without_a_helper_are_given_up_after_two_weeks(here: Session) -> None:
    referral = asked(here)
    clock.tick(here, NOW + timedelta(days=13))
    assert referral.state is State.asked
    clock.tick(here, NOW + timedelta(days=15))
    assert state(referral) is State.unhelped


def test_who_was_refused_late_has_two_weeks_anew(here: Session) -> None:
    helper = agreed(here)
    agreed(here, name="王芳", called="王老师")
    referral = asked(here)
    late = NOW + timedelta(days=13)
    referrals.offer(here, referral, helper.id, now=late)
    for days in (4, 5):
        clock.tick(here, late + timedelta(days=days))
    assert referral.state is State.asked


def test_withdrawn_words_are_gone_with_their_links(here: Session) -> None:
    helper = agreed(here)
    referral = asked(here, contact="13912345678")
    referrals.offer(here, referral, helper.id, now=NOW)
    links.make(here, links.HELPER, referral_id=referral.id, now=NOW)
    referrals.withdraw(here, referral, now=NOW)
    assert (referral.state, referral.contact) == (State.withdrawn, "")
    assert LEASE not in referral.words
    assert here.scalar(select(HelperLink)) is None


def test_who_deletes_their_conversation_leaves_nothing_they_said(here: Session) -> None:
    helper = agreed(here)
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    referrals.forget(here, "c-1", now=NOW)
    here.commit()
    assert (referral.state, referral.conversation_id) == (State.withdrawn, None)
    assert LEASE not in referral.words


def test_a_year_after_its_end_nothing_said_is_left(here: Session) -> None:
    helper = agreed(here)
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    referrals.agree(here, referral, interest="", is_free=True, now=NOW)
    referrals.close(here, referral, note="讲清楚了", now=NOW)
    clock.tick(here, NOW + timedelta(days=366))
    assert (referral.note, referral.masked_at is not None) == ("", True)
    assert not any(said(here, referral))


def test_of_two_who_press_at_once_one_is_told_to_look_again(sessions: sessionmaker[Session], here: Session) -> None:
    helper = agreed(here)
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    with sessions() as other:
        same = other.get_one(Referral, referral.id)
        referrals.agree(other, same, interest="", is_free=True, now=NOW)
    with pytest.raises(Conflict):
        referrals.decline(here, referral, why="没空", now=NOW)
    here.expire_all()
    assert referral.state is State.accepted


class Killed(Exception):
    pass


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize(
    "deed",
    [
        lambda s, r: referrals.agree(s, r, interest="", is_free=True, now=NOW),
        lambda s, r: referrals.decline(s, r, why="", now=NOW),
        lambda s, r: clock.tick(s, NOW + timedelta(days=5)),
    ],
    ids=["agree", "decline", "clock"],
)
def test_killed_at_a_commit_it_is_done_once(
    sessions: sessionmaker[Session],
    here: Session,
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[Session, Referral], None],
    is_before: bool,
) -> None:
    helper = agreed(here)
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    with sessions() as killed:
        whole = killed.commit

        def cut() -> None:
            if not is_before:
                whole()
            raise Killed

        monkeypatch.setattr(killed, "commit", cut)
        with pytest.raises(Killed):
            deed(killed, killed.get_one(Referral, referral.id))
        killed.rollback()
    with sessions() as again:
        try:
            deed(again, again.get_one(Referral, referral.id))
        except (NotAllowed, Conflict):
            again.rollback()
    here.expire_all()
    told = [one for one in said(here, referral) if one]
    assert len(told) == 1
    assert referral.state in (State.accepted, State.asked)
