"""Which kinds of events a village holds, and the days of the year to think of (`events.yml`)."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from actions.errors import InvalidInput
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

_Code = Annotated[str, Field(pattern=r"^[a-z_]{2,20}$")]


class Kind(DataModel):
    code: _Code
    name: Annotated[str, Field(min_length=1, max_length=20)]
    hint: Text
    ask_item: str = ""
    counts_hours: bool = False
    is_lent: bool = False  # by the hour, to one after another; `capacity` is how many it seats
    takes_questions: bool = False
    answer_days: Annotated[int, Field(ge=0, le=60)] = 0


class Day(DataModel):
    """One to think of; `days` beside `month_day`: where it falls differently each year."""

    code: _Code
    name: Annotated[str, Field(min_length=1, max_length=20)]
    kind: _Code
    weeks_before: Annotated[int, Field(ge=1, le=12)]
    month_day: Annotated[str, Field(pattern=r"^\d{2}-\d{2}$")] = ""
    days: tuple[date, ...] = ()
    law: tuple[Source, ...] = ()
    other: str = ""

    @model_validator(mode="after")
    def _is_some_day_with_a_basis(self) -> Self:
        if bool(self.month_day) == bool(self.days):
            raise ValueError("month_day 和 days 写一个")
        if self.month_day:
            month, day = map(int, self.month_day.split("-"))
            date(2027, month, day)  # a year without 29 February
        if not self.law and not self.other.startswith("※"):
            raise ValueError("要写 law，或者写 other 并以 ※ 开头")
        return self

    def next_on(self, today: date) -> date | None:
        """From today on; None where the file knows no more of them."""
        if self.days:
            return min((day for day in self.days if day >= today), default=None)
        month, day = map(int, self.month_day.split("-"))
        this = date(today.year, month, day)
        return this if this >= today else date(today.year + 1, month, day)


def _check_once(part: str, codes: Sequence[str]) -> None:
    for place, code in enumerate(codes):
        if code in codes[:place]:
            raise WrongAt(f"“{code}”写了两遍", part, place)


class EventsFile(DataModel):
    """The schema of events.yml."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    days: tuple[Day, ...]

    @model_validator(mode="after")
    def _each_stands_once(self) -> Self:
        _check_once("kinds", [kind.code for kind in self.kinds])
        _check_once("days", [day.code for day in self.days])
        kinds = {kind.code for kind in self.kinds}
        for place, day in enumerate(self.days):
            if day.kind not in kinds:
                raise WrongAt(f"没有“{day.kind}”这种活动", "days", place)
        return self


PATH = Path(__file__).with_name("events.yml")
OPEN_DAY = "open_day"
_UNKNOWN = re.compile(r"[^a-z_]")


@cache
def events_file() -> EventsFile:
    return read(PATH, EventsFile)


def kinds() -> tuple[Kind, ...]:
    return events_file().kinds


def kind_of(code: str) -> Kind:
    """Raises InvalidInput."""
    found = next((kind for kind in kinds() if kind.code == code), None)
    if found is None:
        raise InvalidInput("请选一种活动。")
    return found


def known_kind(code: str) -> Kind:
    """Of a row that stands: a bare one where events.yml no longer has it."""
    found = next((kind for kind in kinds() if kind.code == code), None)
    return found or Kind(code=_UNKNOWN.sub("", code)[:20] or "other", name="活动", hint="已经不用的种类")
