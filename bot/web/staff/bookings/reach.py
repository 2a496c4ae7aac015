"""Whose openings one sees together, and whose one may change."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from actions.bookings.models import Opening
from actions.errors import InvalidInput, NotAllowed
from bot.staff import rights
from bot.staff.models import Role, Staff
from bot.web.staff.desk import Seat

_LEADS = (Role.supervisor, Role.administrator)


@dataclass(frozen=True)
class Whose:
    """`chosen`: all, me, a legal worker (w3) or a unit (t2). `workers`: their accounts; None for everybody's."""

    chosen: str
    workers: frozenset[int] | None

    @classmethod
    def of(cls, at: Seat, said: str) -> Self:
        """A legal worker begins with the own week, whoever leads with everybody's."""
        chosen = said or ("all" if may_lead(at) else "me")
        people = _people(at)
        if chosen == "me":
            return cls(chosen, frozenset({at.staff.id}))
        number = int(chosen[1:]) if chosen[1:].isascii() and chosen[1:].isdigit() and len(chosen) <= 10 else 0
        if chosen[:1] == "w" and number:
            return cls(chosen, frozenset({number}))
        if chosen[:1] == "t" and number:
            return cls(chosen, frozenset(each.id for each in people if each.team_id == number))
        return cls("all", None)

    def has(self, opening: Opening) -> bool:
        return self.workers is None or opening.worker_id in self.workers

    @property
    def one(self) -> int | None:
        return next(iter(self.workers)) if self.workers is not None and len(self.workers) == 1 else None


def choices(at: Seat) -> dict[str, str]:
    """What can be looked at, by what the address says."""
    people = _people(at)
    units = {team.id: team.name for team in at.teams()}
    found = {"all": "所有人", "me": "我的"}
    found |= {f"w{each.id}": each.name for each in people if each.id != at.staff.id}
    with_workers = sorted({each.team_id for each in people if each.team_id in units}, key=lambda team: units[team])
    return found | {f"t{team}": units[team] for team in with_workers}


def may_lead(at: Seat) -> bool:
    return at.staff.role in _LEADS


def workers(at: Seat) -> list[Staff]:
    """For whom one may publish: oneself, and for whoever leads everybody of their places."""
    return _people(at) if may_lead(at) else [at.staff]


def worker(at: Seat, number: int | None) -> Staff:
    """Raises InvalidInput."""
    found = next((each for each in workers(at) if each.id == (number or at.staff.id)), None)
    if found is None:
        raise InvalidInput("请选是谁的时间。替别人放，要主管或管理员来做。")
    return found


def may_change(at: Seat, opening: Opening) -> bool:
    return opening.worker_id == at.staff.id or may_lead(at)


def check_change(at: Seat, opening: Opening) -> None:
    """Raises NotAllowed."""
    if not may_change(at, opening):
        raise NotAllowed("这是别人的时段，请本人或者主管来改。")


def _people(at: Seat) -> list[Staff]:
    """Who gives consultations in the places that one sees; oneself among them."""
    seen = rights.places_of(at.session, at.staff)
    rows = at.session.scalars(select(Staff).where(Staff.is_active).order_by(Staff.name, Staff.id))
    return [
        each
        for each in rows
        if each.id == at.staff.id or (each.can("calendar") and (seen is None or each.place_id in seen))
    ]
