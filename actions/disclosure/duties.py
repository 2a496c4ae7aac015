"""What a village must make public, from duties.yml: by which article, how often, with which columns, names or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from actions.disclosure.periods import Rhythm
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

LEAST_DAYS = 15  # 村民委员会组织法 35, 城市居民委员会组织法 34


class Kind(StrEnum):
    village = "village"  # 村民委员会
    residents = "residents"  # 居民委员会
    collective = "collective"  # 农村集体经济组织


class HowOften(DataModel):
    rhythm: Rhythm
    grace_days: Annotated[int, Field(ge=0, le=60)]  # after the period's last day, or after what was settled
    law: tuple[Source, ...] = ()
    other: str = ""  # ※: a basis that our statutes don't hold

    @model_validator(mode="after")
    def _has_a_basis(self) -> Self:
        if not self.law and not self.other.startswith("※"):
            raise ValueError("要写 law，或者写 other 并以 ※ 开头")
        return self


class DutySaid(DataModel):
    code: Annotated[str, Field(pattern=r"^[a-z_]{2,30}$")]
    title: Annotated[str, Field(min_length=1, max_length=40)]
    say: Text
    columns: Annotated[tuple[Text, ...], Field(min_length=1, max_length=12)]
    names: Literal["none", "decision"] = "none"
    names_why: str = ""
    days: Annotated[int, Field(ge=LEAST_DAYS, le=365)] = LEAST_DAYS
    office: str = ""
    applies: Annotated[dict[Kind, HowOften], Field(min_length=1, alias="for")]

    @model_validator(mode="after")
    def _names_have_a_law(self) -> Self:
        if self.names == "decision" and (not self.names_why or not all(how.law for how in self.applies.values())):
            raise ValueError("要公布到人的，names_why 和每一种的 law 都要写")
        return self


class DutiesFile(DataModel):
    """The schema of duties.yml."""

    duties: tuple[DutySaid, ...]

    @model_validator(mode="after")
    def _codes_stand_once(self) -> Self:
        known: set[str] = set()
        for place, duty in enumerate(self.duties):
            if duty.code in known:
                raise WrongAt(f"“{duty.code}”写了两遍", "duties", place)
            known.add(duty.code)
        return self


PATH = Path(__file__).with_name("duties.yml")


@dataclass(frozen=True)
class DutyHere:
    """A duty as it holds at one place."""

    said: DutySaid
    how: HowOften

    @property
    def code(self) -> str:
        return self.said.code

    @property
    def title(self) -> str:
        return self.said.title

    @property
    def may_name(self) -> bool:
        """Whether the law itself publishes who it is."""
        return self.said.names == "decision"


@cache
def _all() -> tuple[DutySaid, ...]:
    return read(PATH, DutiesFile).duties


def codes() -> list[str]:
    return [duty.code for duty in _all()]


def said(code: str) -> DutySaid:
    """Raises InvalidInput."""
    found = next((duty for duty in _all() if duty.code == code), None)
    if found is None:
        raise InvalidInput("没有这一项要公布的事，请从单子里选。")
    return found


def title_of(code: str) -> str:
    """As people read it; the code itself where duties.yml no longer has it."""
    return next((duty.title for duty in _all() if duty.code == code), code)


def duties_of(profile: VillageProfile) -> Sequence[DutyHere]:
    """What holds at a place, in the order of the file."""
    found = []
    for duty in _all():
        kind = next((k for k in _kinds(profile) if k in duty.applies), None)
        if kind is not None:
            found.append(DutyHere(duty, duty.applies[kind]))
    return found


def duty_of(profile: VillageProfile, code: str) -> DutyHere:
    """Raises InvalidInput where the place has no such duty."""
    found = next((duty for duty in duties_of(profile) if duty.code == code), None)
    if found is None:
        raise InvalidInput("这里没有这一项要公布的事，请从单子里选。")
    return found


def _kinds(profile: VillageProfile) -> list[Kind]:
    own = Kind.residents if profile.committee is Committee.residents else Kind.village
    return [Kind.collective, own] if profile.has_collective else [own]
