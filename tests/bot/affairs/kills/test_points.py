"""Points of a household: a line of the ledger and its taking back, a thing set aside, taken, given back, ended."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.dialogue.community import points as chat
from actions.dialogue.frame.base import Turn
from actions.points import claims, disputes, ledger, vouchers
from actions.points.models import Kind, PointAccount, PointClaim, PointDispute, PointEntry, PointItem, Voucher
from actions.points.status import DisputeState, VoucherState
from actions.roster.models import Basis, Household, Participant, ParticipantThread
from bot.affairs import points as clock
from bot.conversations.models import Conversation, Message
from tests import killer
from tests.actions.dialogue.affairs import hall as furniture
from tests.actions.dialogue.test_base import given as services_of
from tests.actions.points import hall
from tests.actions.points.hall import CLERK, NOW, THIRD
from tests.actions.roster.village import PLACE
from tests.bot.affairs.kills.mortal import Stage, walk
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)

ME = "c-me"


def _rich(_stage: Stage, session: Session) -> Household:
    """Twenty points, and a thing for ten; its conversation speaks for the house."""
    furniture.furnish(session)
    hall.adopted(session)
    home = hall.home(session)
    hall.item(session, stock=2)
    hall.given(session, home, rule_at=2)
    session.add(Conversation(id=ME, channel="widget", place_id=PLACE))
    who = Participant(place_id=PLACE, household_id=home.id, basis=Basis.household, person_no=0)
    who.verified_at, who.ends_on = NOW, (datetime.now(UTC) + timedelta(days=300)).date()
    session.add(who)
    session.flush()
    session.add(ParticipantThread(asker=ME, place_id=PLACE, participant_id=who.id, bound_at=NOW))
    session.commit()
    return home


def _furnished(stage: Stage, session: Session) -> None:
    _rich(stage, session)


def _stands(session: Session) -> tuple[int, int, int]:
    """Balance, set aside, pieces left; what the lines say is what the account says, always."""
    held = session.scalars(select(PointAccount)).one()
    assert held.balance == sum(session.scalars(select(PointEntry.amount)))
    open_ones = session.scalars(select(Voucher).where(Voucher.state == VoucherState.open)).all()
    assert held.held == sum(one.cost for one in open_ones)
    item = session.scalars(select(PointItem)).one()
    gone = session.scalars(select(Voucher).where(Voucher.state.in_([VoucherState.open, VoucherState.spent]))).all()
    assert item.stock == 2 - len(gone)
    return held.balance, held.held, item.stock


def _is_even(session: Session) -> None:
    _stands(session)


# --- lines of the ledger


def _claimed(stage: Stage, session: Session) -> None:
    hall.claimed(session, _rich(stage, session), key="more")
    session.commit()


def _confirmed(stage: Stage) -> None:
    with stage.sessions() as session:
        [claim] = session.scalars(select(PointClaim).where(PointClaim.key == "more"))
        claims.confirm(session, claim.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
        session.commit()


def test_a_claim_that_is_confirmed_is_one_line(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (23, 0, 2)

    assert walk(databases, tmp_path, _claimed, _confirmed, check, at_once=_is_even) >= 4


def _taken_back(stage: Stage) -> None:
    with stage.sessions() as session:
        [entry] = session.scalars(select(PointEntry).where(PointEntry.kind == Kind.earned))
        ledger.reverse(session, entry.id, why="加错了户", by=THIRD, now=NOW)
        session.commit()


def test_a_line_is_taken_back_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (0, 0, 2)

    assert walk(databases, tmp_path, _furnished, _taken_back, check, at_once=_is_even) >= 4


# --- vouchers


def _ordered(stage: Stage) -> None:
    with stage.sessions() as session:
        home, item = session.scalars(select(Household)).one(), session.scalars(select(PointItem)).one()
        vouchers.order(session, home, item.id, key="o", now=NOW)
        session.commit()


def test_a_thing_is_set_aside_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (20, 10, 1)

    assert walk(databases, tmp_path, _furnished, _ordered, check, at_once=_is_even) >= 5


def _ordered_in_the_chat(stage: Stage) -> str:
    """What the household reads; the app stores it once the action has answered."""
    with stage.sessions() as session:
        item = session.scalars(select(PointItem.id)).one()
    turn = Turn(ME, f"换积分 {item}", message=7, place=PLACE)
    said = chat.heard(services_of(stage.sessions), turn)
    assert said is not None
    return said.replies[0].text


def _wished(stage: Stage) -> None:
    _ordered_in_the_chat(stage)


def test_whoever_orders_in_the_chat_holds_a_code_that_works_wherever_the_action_died(
    databases: Databases, tmp_path: Path
) -> None:
    """What the dead one said nobody has read: the message is answered anew, with a code."""

    drawn = ["slip_try", "action_outcome.replies"]  # the code in words

    def taken(stage: Stage) -> None:
        said = _ordered_in_the_chat(stage)
        with stage.sessions() as session:
            if session.scalars(select(Voucher.state)).one() is VoucherState.open:
                code = said.partition("换物码：")[2].splitlines()[0]
                vouchers.spend(session, PLACE, code, by=CLERK, now=datetime.now(UTC))
                session.commit()

    def check(session: Session) -> None:
        assert _stands(session) == (10, 0, 1)

    assert walk(databases, tmp_path, _furnished, _wished, check, again=taken, at_once=_is_even, but=drawn) >= 5


def _waiting(stage: Stage, session: Session) -> None:
    home = _rich(stage, session)
    item = session.scalars(select(PointItem)).one()
    code = vouchers.order(session, home, item.id, key="o", now=NOW).code
    session.commit()
    (stage.home / "code").write_text(code)


def _spent(stage: Stage) -> None:
    with stage.sessions() as session:
        vouchers.spend(session, PLACE, (stage.home / "code").read_text(), by=CLERK, now=NOW)
        session.commit()


def test_a_code_is_taken_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (10, 0, 1)

    assert walk(databases, tmp_path, _waiting, _spent, check, at_once=_is_even, but=["slip_try"]) >= 5


def _handed_out(stage: Stage) -> None:
    with stage.sessions() as session:
        home, item = session.scalars(select(Household)).one(), session.scalars(select(PointItem)).one()
        vouchers.hand_out(session, home, item.id, key="h", by=CLERK, now=NOW)
        session.commit()


def test_a_thing_over_the_counter_is_given_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (10, 0, 1)

    assert walk(databases, tmp_path, _furnished, _handed_out, check, at_once=_is_even) >= 5


# --- by the clock


def _ticked(stage: Stage, *, now: datetime) -> None:
    with stage.sessions() as session:
        clock.tick(session, now)


def _said(session: Session, words: str) -> int:
    return sum(words in said for said in session.scalars(select(Message.text)))


def test_what_nobody_fetched_goes_back_and_the_months_sheet_is_posted_once(
    databases: Databases, tmp_path: Path
) -> None:
    def check(session: Session) -> None:
        assert _stands(session) == (20, 0, 2)

    deed = partial(_ticked, now=NOW + timedelta(days=20))
    assert walk(databases, tmp_path, _waiting, deed, check, at_once=_is_even) >= 6


def test_the_years_end_is_told_once_and_takes_what_was_told_once(databases: Databases, tmp_path: Path) -> None:
    told, over = datetime(2026, 11, 2, 4, tzinfo=UTC), datetime(2027, 1, 2, 4, tzinfo=UTC)

    def fill(stage: Stage, session: Session) -> None:
        _rich(stage, session)

    def told_check(session: Session) -> None:
        assert _said(session, "没换就清零") == 1
        assert _stands(session)[0] == 20

    def over_check(session: Session) -> None:
        assert _said(session, "没换就清零") == 1
        assert _stands(session)[0] == 0

    def told_before(stage: Stage, session: Session) -> None:
        _rich(stage, session)
        _ticked(stage, now=told)

    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert walk(databases, tmp_path / "one", fill, partial(_ticked, now=told), told_check) >= 6
    assert walk(databases, tmp_path / "two", told_before, partial(_ticked, now=over), over_check) >= 6


def test_a_dispute_nobody_answered_goes_up_once_and_its_household_hears_it_once(
    databases: Databases, tmp_path: Path
) -> None:
    def fill(stage: Stage, session: Session) -> None:
        home = _rich(stage, session)
        said: dict[str, Any] = {"words": "11月3号扫雪没有记", "conversation_id": ME, "key": "d"}
        disputes.raise_dispute(session, home, now=NOW, **said)
        session.commit()

    def check(session: Session) -> None:
        assert session.scalars(select(PointDispute.state)).one() is DisputeState.overseer
        assert _said(session, "过了期没有答复") == 1

    deed = partial(_ticked, now=NOW + timedelta(days=17))
    assert walk(databases, tmp_path, fill, deed, check) >= 6
