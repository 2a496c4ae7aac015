"""The village in which the invented affairs happen: its numbers, its houses, the voices that speak in it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.disclosure.models import Duty
from actions.offices.models import Team
from actions.roster import households, printing, slips
from actions.roster.models import Basis, Household, HouseholdKind, VillageProfile
from actions.topics.counting.keys import TopicKeys
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place, above

# No account has such a number, so that nothing a real person wrote is ever taken for invented.
CLERK, OVERSEER, LEGAL = (
    Actor("staff", "演示·文书", -1),
    Actor("staff", "演示·监委", -2),
    Actor("staff", "演示·法律", -3),
)
NOBODY = (-1, -2, -3)
MARK = "（演示）"  # ends the meeting place of the invented numbers
CODE = "YS-"  # begins the number of each invented house
BEGUN_DAYS_AGO = 110
_GROUPS = ("一组", "二组", "三组")
_HOUSES = 8  # of a group


@dataclass
class Stage:
    """Where it plays, and when: `at` counts back from now, so that the month is always the last one."""

    session: Session
    place: Place
    keys: TopicKeys
    now: datetime
    team: int
    voices: tuple[str, ...] = ()

    def at(self, days_ago: float, hour: int = 10) -> datetime:
        """An hour of that day in Shanghai; never later than now."""
        day = (self.now.astimezone(SHANGHAI) - timedelta(days=days_ago)).date()
        return min(self.now, datetime.combine(day, time(hour), SHANGHAI))

    def day(self, days_ago: float) -> date:
        return (self.now.astimezone(SHANGHAI) - timedelta(days=days_ago)).date()

    def look_at_numbers(self, days_ago: float) -> None:
        """A count needs the numbers looked at within the year, also where the month began in the last one."""
        profile = self.session.get_one(VillageProfile, self.place.id)
        profile.confirmed_on = self.day(days_ago)
        self.session.commit()


def free_village(session: Session) -> Place | None:
    """The first that nobody has begun to use for its affairs: nothing invented may stand beside what is true."""
    used: set[str] = set()
    for column in (VillageProfile.place_id, Household.place_id, Duty.place_id):
        used |= set(session.scalars(select(column).distinct()))
    villages = select(Place).where(Place.level == Level.village).order_by(Place.id.desc())
    return next((place for place in session.scalars(villages) if place.id not in used), None)


def settle(session: Session, place: Place, keys: TopicKeys, now: datetime) -> Stage:
    """Numbers, 24 houses, and somebody of each who has used the slip."""
    near = above(session, place.id)
    teams = {team.place_id: team.id for team in session.scalars(select(Team).order_by(Team.id.desc()))}
    team = next((teams[level] for level in near if level in teams), next(iter(teams.values())))
    stage = Stage(session, place, keys, now, team)
    session.add(_profile(place.id, stage.day(BEGUN_DAYS_AGO)))
    for number, group in enumerate(_GROUPS, 1):
        for house in range(1, _HOUSES + 1):
            households.add(
                session,
                place=place.id,
                group=group,
                code=f"{CODE}{number}-{house:02d}",
                kind=HouseholdKind.registered,
                adults=1,
                today=stage.day(BEGUN_DAYS_AGO),
            )
    session.commit()
    stage.voices = tuple(asker for group in _GROUPS for asker in _slips_used(stage, group))
    return stage


def _profile(place: str, day: date) -> VillageProfile:
    return VillageProfile(
        place_id=place,
        adults=812,
        households=213,
        representatives=31,
        meeting_members=36,
        has_collective=True,
        collective_members=690,
        collective_representatives=25,
        meets_at=f"村部一楼{MARK}",
        confirmed_on=day,
    )


def _slips_used(stage: Stage, group: str) -> list[str]:
    session, at = stage.session, stage.at(BEGUN_DAYS_AGO - 2)
    printed = printing.sheet(
        session, place=stage.place.id, group=group, basis=Basis.person, is_again=False, by=CLERK.name, now=at
    )
    session.commit()
    askers = []
    for slip in printed:
        asker = f"page:demo-{slip.household.lower()}"
        slips.use(session, asker=asker, place=stage.place.id, code=slip.code, now=at)
        askers.append(asker)
    session.commit()
    return askers
