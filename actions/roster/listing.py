"""Who holds a slip, as pages show it; and the list that the overseer reads."""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.roster import households
from actions.roster.handing import HOW_LABELS
from actions.roster.models import Household, Participant, Slip, SlipRequest, Why

WHY_LABELS = {
    Why.renewed: "换了新的",
    Why.lost: "纸条丢了",
    Why.phone: "纸条和手机丢了",
    Why.stolen: "被别人用了",
    Why.gone: "搬走或去世",
    Why.asked: "本人要求删除",
}
_LISTED = 300


class Stand(enum.StrEnum):
    """How far somebody's slip has come."""

    none = "none"
    printed = "printed"
    handed = "handed"
    used = "used"


STAND_LABELS = {
    Stand.none: "还没打印",
    Stand.printed: "打好了，没发",
    Stand.handed: "发了，没用过",
    Stand.used: "登记好了",
}


@dataclass(frozen=True)
class Holder:
    """`name`: 第2人, or 全户. `given`: who gave it to them when, "" where nobody has yet."""

    participant: Participant
    name: str
    stand: Stand
    given: str
    ends_on: date | None
    is_asked: bool  # something about it waits for the overseer

    @property
    def label(self) -> str:
        return STAND_LABELS[self.stand]


@dataclass(frozen=True)
class Home:
    household: Household
    holders: tuple[Holder, ...]
    is_asked: bool


def homes(session: Session, place: str, group: str) -> list[Home]:
    """The households of a group, each with those who may hold a slip of it."""
    rows = households.of_group(session, place, group)
    ids = [h.id for h in rows]
    people = list(
        session.scalars(
            select(Participant)
            .where(Participant.household_id.in_(ids), Participant.revoked_at.is_(None))
            .order_by(Participant.person_no)
        )
    )
    slips = _good(session, [p.id for p in people])
    asked = set(
        session.scalars(select(SlipRequest.waits_for).where(SlipRequest.place_id == place, SlipRequest.waits_for > ""))
    )
    return [
        Home(
            household,
            tuple(_holder(p, slips.get(p.id), asked) for p in people if p.household_id == household.id),
            f"h:{household.id}" in asked,
        )
        for household in rows
    ]


def _good(session: Session, people: Sequence[int]) -> dict[int, Slip]:
    rows = session.scalars(select(Slip).where(Slip.participant_id.in_(people), Slip.revoked_at.is_(None)))
    return {slip.participant_id: slip for slip in rows}


def _holder(person: Participant, slip: Slip | None, asked: set[str | None]) -> Holder:
    return Holder(
        person,
        name_of(person.person_no),
        stand_of(person, slip),
        given(slip) if slip else "",
        slip.ends_on if slip else person.ends_on,
        f"p:{person.id}" in asked,
    )


def name_of(person_no: int) -> str:
    return f"第{person_no}人" if person_no else "全户"


def stand_of(person: Participant, slip: Slip | None) -> Stand:
    if slip is None:
        return Stand.none
    if slip.used_at is not None:
        return Stand.used
    return Stand.handed if slip.handed_on else Stand.printed


def given(slip: Slip) -> str:
    if slip.handed_on is None:
        return ""
    how = HOW_LABELS[slip.how] if slip.how else ""
    return f"{slip.handed_on.month}月{slip.handed_on.day}日 {slip.handed_by} {how}".rstrip()


def stands(session: Session, place: str) -> dict[Stand, int]:
    """Of all slips that are good, how many stand where."""
    rows = session.execute(
        select(Slip.handed_on.is_not(None), Slip.used_at.is_not(None), func.count())
        .join(Participant, Participant.id == Slip.participant_id)
        .where(Participant.place_id == place, Participant.revoked_at.is_(None), Slip.revoked_at.is_(None))
        .group_by(Slip.handed_on.is_not(None), Slip.used_at.is_not(None))
    )
    found = {Stand.printed: 0, Stand.handed: 0, Stand.used: 0}
    for is_handed, is_used, count in rows:
        found[Stand.used if is_used else Stand.handed if is_handed else Stand.printed] += count
    return found


def log(session: Session, place: str) -> list[Slip]:
    """The last slips of the village, those first that changed last; never their codes."""
    latest = func.max if session.get_bind().dialect.name == "sqlite" else func.greatest
    rows = (
        select(Slip)
        .join(Participant, Participant.id == Slip.participant_id)
        .where(Participant.place_id == place)
        .order_by(latest(Slip.printed_on, func.coalesce(Slip.handed_on, Slip.printed_on)).desc(), Slip.participant_id)
    )
    return list(session.scalars(rows.limit(_LISTED)))


def unexplained(session: Session, places: Collection[str]) -> list[Slip]:
    """Slips somebody uses though nobody noted having handed them over: for the overseer to ask about."""
    rows = (
        select(Slip)
        .join(Participant, Participant.id == Slip.participant_id)
        .where(Participant.place_id.in_(places), Slip.revoked_at.is_(None))
        .where(Slip.used_at.is_not(None), Slip.handed_on.is_(None))
    )
    return list(session.scalars(rows.order_by(Slip.participant_id).limit(_LISTED)))


def decided(session: Session, place: str, today: date) -> list[SlipRequest]:
    """What was asked and decided within a year, newest first."""
    after = today - timedelta(days=366)
    rows = select(SlipRequest).where(SlipRequest.place_id == place, SlipRequest.decided_at.is_not(None))
    found = session.scalars(rows.order_by(SlipRequest.id.desc()).limit(_LISTED))
    return [one for one in found if one.decided_at and one.decided_at.date() >= after]
