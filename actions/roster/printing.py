"""Slips are made: a sheet for a group, or one code read out by telephone. Nobody can make the same ones again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput
from actions.roster import codes, households
from actions.roster.models import Basis, Household, How, Participant, Slip, SlipRequest, Why, Wish
from knowledge.clock import SHANGHAI

MOST = 400  # slips in one file: 50 sheets
_NEW_WITHIN_DAYS = 45  # before a slip ends, the next one may be printed


@dataclass(frozen=True)
class Printed:
    """What stands on one paper. `person_no`: 0 for a household's. `ends_on`: the last day it is good."""

    group: str
    household: str
    person_no: int
    code: str
    ends_on: date


def sheet(
    session: Session, *, place: str, group: str, basis: Basis, is_again: bool, by: str, now: datetime
) -> list[Printed]:
    """New slips for everybody of the group who holds none that is good for longer. `is_again`: also for those whose
    slip still lies in the office, which ends then; what was handed over is never printed again.

    Raises InvalidInput where there is nobody, Conflict where two print at one moment; the caller commits.
    """
    today = now.astimezone(SHANGHAI).date()
    people = [
        person
        for household in households.of_group(session, place, group)
        for person in _people(session, household, basis)
    ]
    held = _held(session, [p.id for p in people])
    wanting = [p for p in people if _wants(held.get(p.id), today, is_again)]
    if not wanting:
        raise InvalidInput("这一组的人都有能用的码了，没有要打印的。印坏了、没发出去的，请勾上“没发出去的重新打”。")
    if len(wanting) > MOST:
        raise InvalidInput(f"一次最多打 {MOST} 张，这一组有 {len(wanting)} 张，请把组分小一点。")
    try:
        made = [_make(session, person, by=by, today=today, now=now) for person in wanting]
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Conflict("刚刚有人也在打印这一组，请等一下，刷新后再看。") from None
    return made


def by_telephone(session: Session, wished: SlipRequest, *, second: str, now: datetime) -> Printed:
    """The code that two of the staff read out after ringing the number in the village's own book; it was never on
    paper. `wished`: allowed just now. Raises InvalidInput; the caller commits, and shows it once.
    """
    participant = wished.participant
    if wished.wish is not Wish.call or not wished.is_granted or participant is None or participant.revoked_at:
        raise InvalidInput("这一件不是打电话念码，或者码已经作废了。")
    today = now.astimezone(SHANGHAI).date()
    made = _make(session, participant, by=wished.by, today=today, now=now)
    given = {"handed_by": f"{wished.by}、{second}", "handed_on": today, "how": How.call}
    mine = Slip.code_hash == codes.digest(participant.place_id, made.code)
    session.execute(update(Slip).where(mine).values(given))
    return made


def person(session: Session, household: Household, *, basis: Basis, person_no: int) -> Participant:
    """The one of this number, made where there is none yet. Raises InvalidInput for no such number."""
    found = next((p for p in _people(session, household, basis) if p.person_no == person_no), None)
    if found is None:
        raise InvalidInput("这一户没有这么多人。")
    return found


def _people(session: Session, household: Household, basis: Basis) -> list[Participant]:
    """Everybody of the household who may hold a slip, made where they aren't there yet."""
    own = (Participant.household_id == household.id, Participant.basis == basis, Participant.revoked_at.is_(None))
    found = list(session.scalars(select(Participant).where(*own).order_by(Participant.person_no)))
    if basis is Basis.household:
        missing = [] if found else [0]
    else:
        taken = {p.person_no for p in found}
        free = (n for n in range(1, households.MOST_ADULTS * 4) if n not in taken)
        missing = [next(free) for _ in range(household.adults - len(found))]
    for number in missing:
        one = Participant(
            place_id=household.place_id, household_id=household.id, basis=basis, person_no=number, verified_by=""
        )
        session.add(one)
        found.append(one)
    session.flush()
    return sorted(found, key=lambda p: p.person_no)


def _held(session: Session, people: Collection[int]) -> dict[int, Slip]:
    rows = session.scalars(select(Slip).where(Slip.participant_id.in_(people), Slip.revoked_at.is_(None)))
    return {slip.participant_id: slip for slip in rows}


def _wants(slip: Slip | None, today: date, is_again: bool) -> bool:
    if slip is None:
        return True
    if slip.handed_on is None and slip.used_at is None:
        return is_again or slip.ends_on < today
    return (slip.ends_on - today).days <= _NEW_WITHIN_DAYS


def _make(session: Session, participant: Participant, *, by: str, today: date, now: datetime) -> Printed:
    """The slip before it ends; a voice that was given with it stays until its own last day."""
    before = update(Slip).where(Slip.participant_id == participant.id, Slip.revoked_at.is_(None))
    session.execute(before.values(revoked_at=now, why=Why.renewed))
    code, ends_on = codes.new_code(), _a_year_after(today)
    session.add(
        Slip(
            code_hash=codes.digest(participant.place_id, code),
            participant_id=participant.id,
            printed_by=by,
            printed_on=today,
            handed_by="",
            ends_on=ends_on,
        )
    )
    session.flush()
    home = participant.household
    return Printed(home.group_name, home.code, participant.person_no, code, ends_on)


def _a_year_after(day: date) -> date:
    """The same day of the next year; of a 29 February, the 28th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def ending_soon(session: Session, places: Collection[str], today: date) -> dict[str, int]:
    """How many hold a slip that ends within the time in which the next one may be printed, or has ended, by village."""
    soon = today + timedelta(days=_NEW_WITHIN_DAYS)
    given = Slip.handed_on.is_not(None) | Slip.used_at.is_not(None)
    held = (
        select(Participant.place_id, func.count())
        .join(Slip, Slip.participant_id == Participant.id)
        .join(Household, Household.id == Participant.household_id)
        .where(Participant.place_id.in_(places), Household.is_active, given, Slip.ends_on <= soon)
        .where(Participant.revoked_at.is_(None), Slip.revoked_at.is_(None))
        .group_by(Participant.place_id)
    )
    return {row[0]: row[1] for row in session.execute(held)}
