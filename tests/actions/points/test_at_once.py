"""Many at one moment: nobody gets more than they have, and a code works once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import ActionError
from actions.points import claims, ledger, vouchers
from actions.points.ledger import Who
from actions.points.models import PointEntry
from actions.roster.models import Household
from tests.actions.dialogue.affairs import hall as furniture
from tests.actions.points import hall
from tests.actions.points.hall import NOW
from tests.actions.roster.village import PLACE

_HANDS = 6


def at_once(sessions: sessionmaker[Session], deed: Callable[[Session, int], object]) -> int:
    """How many of six succeed."""

    def one(number: int) -> bool:
        with sessions() as session:
            try:
                deed(session, number)
                session.commit()
            except ActionError:
                session.rollback()
                return False
            return True

    with ThreadPoolExecutor(_HANDS) as pool:
        return sum(pool.map(one, range(_HANDS)))


def test_of_six_who_order_as_many_get_it_as_the_points_pay_and_a_code_is_taken_once(
    sessions: sessionmaker[Session],
) -> None:
    with sessions() as session:
        furniture.furnish(session)
        hall.adopted(session)
        home, thing = hall.home(session), hall.item(session, stock=9)
        hall.given(session, home, rule_at=2)  # 20 points; a thing costs 10
        home_id, thing_id = home.id, thing.id

    def order(session: Session, number: int) -> None:
        vouchers.order(session, session.get_one(Household, home_id), thing_id, key=f"o{number}", now=NOW)

    assert at_once(sessions, order) == 2
    with sessions() as session:
        vouchers.drop(session, vouchers.open_of(session, home_id)[0].id, home_id)
        code = vouchers.order(session, session.get_one(Household, home_id), thing_id, key="last", now=NOW).code
        session.commit()
    assert at_once(sessions, lambda s, n: vouchers.spend(s, PLACE, code, by=Who(20 + n, "柜台"), now=NOW)) == 1
    with sessions() as session:
        stands = ledger.standing(session, home_id, NOW)
        assert (stands.balance, stands.held) == (10, 10)


def test_of_six_claims_confirmed_at_once_no_more_than_the_cap_is_given(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        furniture.furnish(session)
        hall.adopted(session)
        home = hall.home(session)
        for at in range(8):
            hall.given(session, home, key=f"k{at}")  # 24 of 30
        numbers = [hall.claimed(session, home, key=f"n{at}").id for at in range(_HANDS)]
        session.commit()
        home_id = home.id

    def confirm(session: Session, number: int) -> None:
        who = Who(20 + number, "评议")
        claims.confirm(session, numbers[number], is_no_kin=True, oversees=True, by=who, now=NOW)

    assert at_once(sessions, confirm) == 2
    with sessions() as session:
        total = select(func.sum(PointEntry.amount)).where(PointEntry.household_id == home_id)
        assert session.scalar(total) == ledger.standing(session, home_id, NOW).balance == 30
