"""积分 as the console lists it, and what waits there for whom."""

from collections.abc import Iterator
from datetime import UTC, datetime

from fastapi import APIRouter

from actions.calendar.workdays import local
from actions.points import claims, disputes, schemes, stars
from actions.points.models import PointDispute
from actions.points.status import LABELS, ClaimState, DisputeState, SchemeState
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.points import counter, deeds, doorstep, home, importing, rules
from bot.web.affairs.points.page import AT
from bot.web.affairs.subject import Subject, Todo
from bot.web.staff.desk import Seat
from knowledge.places import villages_in

router = APIRouter()
for part in (home, rules, counter, importing, deeds, doorstep):  # `deeds` takes what no other address names
    router.include_router(part.router)


def waiting(at: Seat) -> list[Todo]:
    villages = {place.id: place.name for place in villages_in(at.session, at.staff.place_id)}
    if not (at.staff.can("write") or at.staff.can("oversee")):
        return []
    return [*_schemes(at, villages), *_claims(at, villages), *_disputes(at, villages), *_stars(at, villages)]


def _schemes(at: Seat, villages: dict[str, str]) -> Iterator[Todo]:
    """A draft waits for who oversees the village itself."""
    for place, name in villages.items() if at.staff.role is Role.overseer else ():
        newest = schemes.newest(at.session, place)
        if newest is not None and newest.state is SchemeState.draft and newest.rules and newest.by_id != at.staff.id:
            yield Todo(f"{name}：积分办法要确认", f"{AT}/rules?place={place}")


def _claims(at: Seat, villages: dict[str, str]) -> Iterator[Todo]:
    counted: dict[str, int] = {}
    for made in claims.waiting(at.session, list(villages)):
        is_others = at.staff.id not in (made.by_id, made.first_by_id)
        if is_others and (made.state is ClaimState.claimed or at.staff.can("oversee")):
            counted[made.place_id] = counted.get(made.place_id, 0) + 1
    for place, number in counted.items():
        yield Todo(f"{villages[place]}：{number}件积分要确认", f"{AT}?place={place}#claims")


def _disputes(at: Seat, villages: dict[str, str]) -> Iterator[Todo]:
    now = datetime.now(UTC)
    for made in disputes.waiting(at.session, list(villages), *_levels(at)):
        if at.staff.role is Role.supervisor and made.state is DisputeState.overseer and _is_anothers(at, made):
            continue
        until = f"{local(made.due_at)}前答复" if made.due_at else ""
        is_late = made.due_at is not None and made.due_at < now
        text = f"{villages[made.place_id]}：有户说积分不对，{LABELS[made.state]}"
        yield Todo(text, f"{AT}?place={made.place_id}#dispute-{made.id}", until, is_late)


def _is_anothers(at: Seat, made: PointDispute) -> bool:
    """Somebody oversees the village who may answer it: who hasn't decided of this household's points."""
    own = rights.overseers(at.session, made.place_id)
    return any(not disputes.has_decided(at.session, made, one.id) for one in own)


def _levels(at: Seat) -> tuple[DisputeState, ...]:
    if at.staff.role is Role.supervisor:
        return (DisputeState.overseer, DisputeState.township)
    return (DisputeState.overseer,) if at.staff.role is Role.overseer else (DisputeState.group,)


def _stars(at: Seat, villages: dict[str, str]) -> Iterator[Todo]:
    for place in {made.place_id for made in stars.to_look_at(at.session, list(villages))}:
        yield Todo(f"{villages[place]}：有户申请星级文明户", f"{AT}?place={place}#stars")
    for said in stars.unweighed(at.session, list(villages)) if at.staff.can("oversee") else ():
        yield Todo(
            f"{villages[said.award.place_id]}：星级公示有异议要查", f"{AT}?place={said.award.place_id}#objections"
        )


POINTS = Subject(
    name="积分",
    href=AT,
    hint="做好事加分的办法、等着确认的、换东西的柜台、少记了怎么办、星级文明户",
    needs="village",
    waiting=waiting,
    router=router,
)
