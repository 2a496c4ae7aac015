"""A village with households, for tests of slips."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from actions.roster import households, printing
from actions.roster.models import Basis, Household, HouseholdKind
from actions.roster.printing import Printed

PLACE = "lijiagou"
NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
TODAY = date(2026, 12, 1)


def household(session: Session, code: str = "1-07", *, adults: int = 3, group: str = "一组") -> Household:
    kind = HouseholdKind.registered
    return households.add(session, place=PLACE, group=group, code=code, kind=kind, adults=adults, today=TODAY)


def printed(
    session: Session, *, group: str = "一组", basis: Basis = Basis.person, is_again: bool = False
) -> list[Printed]:
    made = printing.sheet(session, place=PLACE, group=group, basis=basis, is_again=is_again, by="文书小李", now=NOW)
    session.commit()
    return made
