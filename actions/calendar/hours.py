"""When people work at a place, and what a resident reads while they don't."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.calendar.models import OfficeDay, OfficeHours
from actions.calendar.workdays import WorkCalendar, calendar, local
from actions.errors import InvalidInput
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place, above

_LOOKED_AHEAD = 60  # days: longer than any holiday
_MOST_PERIODS = 3


@dataclass(frozen=True)
class Period:
    """From `opens` until just before `closes`, in Shanghai."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


Day = tuple[Period, ...]
Week = tuple[Day, ...]

_USUAL = (Period(time(8, 30), time(17, 30)),)
USUAL_WEEK: Week = (*(_USUAL,) * 5, (), ())  # where nobody has said otherwise


@dataclass(frozen=True)
class Special:
    """A single day of its own; no periods: nobody is there."""

    periods: Day
    note: str = ""


class Hours:
    """Of one place, the holidays of the country and its own days known."""

    def __init__(self, week: Week, specials: Mapping[date, Special], days: WorkCalendar) -> None:
        self.week, self._specials, self._days = week, dict(specials), days

    def special(self, day: date) -> Special | None:
        return self._specials.get(day)

    def on(self, day: date) -> Day:
        """A single day's own word first, then the holidays; a weekend worked in exchange (调休) is an ordinary day."""
        if (special := self._specials.get(day)) is not None:
            return special.periods
        if self._days.is_holiday(day):
            return ()
        if day.weekday() > 4 and self._days.is_workday(day):
            return self.week[day.weekday()] or next((each for each in self.week[:5] if each), ())
        return self.week[day.weekday()]

    def is_open(self, moment: datetime) -> bool:
        here = moment.astimezone(SHANGHAI)
        return any(period.opens <= here.time() < period.closes for period in self.on(here.date()))

    def next_opening(self, moment: datetime) -> datetime | None:
        """In UTC, always later than `moment`, also where people are there now; None where nobody comes for weeks."""
        here = moment.astimezone(SHANGHAI)
        for ahead in range(_LOOKED_AHEAD):
            day = here.date() + timedelta(days=ahead)
            for period in self.on(day):
                if (opens := datetime.combine(day, period.opens, SHANGHAI)) > here:
                    return opens.astimezone(UTC)
        return None

    def away(self, moment: datetime) -> str:
        """Why nobody answers at `moment`, and when somebody will; "" while people are there."""
        if self.is_open(moment):
            return ""
        here, opens = moment.astimezone(SHANGHAI), self.next_opening(moment)
        if opens is None:
            return f"现在{self._why(here)}，工作人员上班的时间还没定"
        if self._is_lunch(here):
            return f"现在是午休时间，工作人员今天 {opens.astimezone(SHANGHAI):%H:%M} 上班"
        return f"现在{self._why(here)}，工作人员 {local(opens, time_too=True)} 上班"

    def _why(self, here: datetime) -> str:
        if self.on(here.date()):
            return "是下班时间"
        return "放假" if self._days.is_holiday(here.date()) else "休息"

    def _is_lunch(self, here: datetime) -> bool:
        """Between two spans of a day that meet around noon."""
        pairs = pairwise(self.on(here.date()))
        return any(
            before.closes <= here.time() < after.opens and before.closes.hour >= 11 and after.opens.hour <= 15
            for before, after in pairs
        )


def hours(session: Session, place: str | None) -> Hours:
    """Those of the place, or of the nearest above it that has some; a single day likewise."""
    here = above(session, place or _home(session))
    weeks = {
        row.place_id: row.week for row in session.scalars(select(OfficeHours).where(OfficeHours.place_id.in_(here)))
    }
    own = next((weeks[each] for each in here if each in weeks), None)
    rows = session.scalars(select(OfficeDay).where(OfficeDay.place_id.in_(here))).all()
    from_above = sorted(rows, key=lambda row: here.index(row.place_id), reverse=True)
    specials = {row.day: Special(day_of(row.periods), row.note) for row in from_above}  # the nearest comes last
    return Hours(week_of(own) if own else USUAL_WEEK, specials, calendar(session))


def _home(session: Session) -> str:
    """Of somebody who hasn't said where they live: the county, where there is one."""
    counties = session.scalars(select(Place.id).where(Place.level == Level.county)).all()
    return counties[0] if len(counties) == 1 else "nation"


def source(session: Session, place: str) -> str | None:
    """Whose week holds at the place: its own id, that of one above it, or None for the usual one."""
    known = set(session.scalars(select(OfficeHours.place_id)))
    return next((each for each in above(session, place) if each in known), None)


def day_of(kept: Sequence[Sequence[str]]) -> Day:
    return tuple(Period(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in kept)


def week_of(kept: Sequence[Sequence[Sequence[str]]]) -> Week:
    return tuple(day_of(day) for day in kept)


def kept(day: Day) -> list[list[str]]:
    """As a column keeps it."""
    return [[f"{period.opens:%H:%M}", f"{period.closes:%H:%M}"] for period in day]


def read_day(typed: Sequence[tuple[str, str]], *, of: str) -> Day:
    """From pairs as typed, empty ones left out. `of`: the day, for the sentence. Raises InvalidInput."""
    found = []
    for opens, closes in typed:
        if not opens and not closes:
            continue
        try:
            period = Period(time.fromisoformat(opens), time.fromisoformat(closes))
        except ValueError:
            raise InvalidInput(f"{of}：上班和下班的时间要都填，写成 08:30 这样。") from None
        if period.closes <= period.opens:
            raise InvalidInput(f"{of}：下班（{closes}）要晚于上班（{opens}）。")
        found.append(period)
    if any(later.opens < before.closes for before, later in pairwise(found)):
        raise InvalidInput(f"{of}：下午上班要晚于上午下班。")
    return tuple(found[:_MOST_PERIODS])


def says(day: Day) -> str:
    """08:30-12:00、14:00-17:30, or 休息."""
    return "、".join(map(str, day)) or "休息"
