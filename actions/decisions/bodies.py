"""Which meeting may begin with how many, and whether it passed something; the bodies and their law in bodies.yml.

Nothing is reckoned by a number that isn't known: `Reckoning.missing` says which.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, model_validator

from actions.errors import InvalidInput
from actions.roster.models import VillageProfile
from actions.rulings.rulings import RULED, STRICT, Rulings
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

BodyName = Literal[
    "villagers",
    "villager_representatives",
    "group",
    "residents",
    "resident_representatives",
    "members",
    "member_representatives",
    "village_as_collective",
    "group_as_collective",
]
NumberName = Literal[
    "adults",
    "households",
    "representatives",
    "meeting_members",
    "members",
    "member_representatives",
    "group_adults",
    "group_households",
    "group_members",
]
Numbers = Mapping[str, int | None]
MOST = 2_000_000  # people in one place: more is a slip of the finger
FILLED_IN_BY = "请村文书在“村里的基本数”里填好，再来算。"


@dataclass(frozen=True)
class Share:
    """What part of a whole is needed. `of_more`: more than the part itself (过半数), else so much is enough (以上)."""

    part: Fraction
    of_more: bool = False

    def of(self, whole: int) -> int:
        """The least number that is enough (民法典 1259): ceil(2n/3), floor(n/2) + 1."""
        whole_parts, rest = divmod(whole * self.part.numerator, self.part.denominator)
        return whole_parts + (1 if self.of_more or rest else 0)

    @property
    def said(self) -> str:
        return "过半数" if self.of_more else _SAID.get(self.part, f"{self.part.denominator}分之{self.part.numerator}")


_SAID = {
    Fraction(1): "全部",
    Fraction(4, 5): "五分之四",
    Fraction(3, 4): "四分之三",
    Fraction(2, 3): "三分之二",
    Fraction(1, 3): "三分之一",
    Fraction(1, 5): "五分之一",
    Fraction(1, 10): "十分之一",
}
MAJORITY = Share(Fraction(1, 2), of_more=True)


def share_of(written: object) -> object:
    """`majority`, `2/3`, `1`: as the data files and forms have it. Raises ValueError."""
    if written == "majority":
        return MAJORITY
    if not re.fullmatch(r"[1-9]\d?(?:/[1-9]\d?)?", str(written)) or not 0 < (part := Fraction(str(written))) <= 1:
        raise ValueError("要写成 2/3、3/4、1 这样，过半数写成 majority")
    return Share(part)


ShareSaid = Annotated[Share, BeforeValidator(share_of)]


class Need(DataModel):
    share: ShareSaid
    of: NumberName


class PassNeed(DataModel):
    share: ShareSaid
    of: NumberName | Literal["present"]


class Demand(DataModel):
    share: ShareSaid
    of: NumberName
    who: Text


class NumberSaid(DataModel):
    name: Text
    unit: Text


class Body(DataModel):
    name: Text
    committee: Literal["village", "residents", "collective"]
    called_by: Text
    begins: tuple[Need, ...]
    begins_article: Source | None = None
    passes: PassNeed
    passes_article: Source
    notice_days: int
    notice_article: Source | None = None  # none: the days are ours
    has_no_special_case: bool = False  # may never be called at short notice
    more_than: int = 0  # it must have more representatives than that
    demands: tuple[Demand, ...]
    demands_article: Source | None = None
    rhythm: str
    online: Literal["law", "place", "nobody"]
    proxies: Literal["household", "nobody"]

    @property
    def bases(self) -> tuple[str, ...]:
        """By which numbers it may be counted, the usual one first."""
        return tuple(need.of for need in self.begins) or (str(self.passes.of),)

    @property
    def articles(self) -> tuple[tuple[str, str], ...]:
        found = (self.begins_article, self.passes_article, self.notice_article, self.demands_article)
        return tuple(dict.fromkeys(article for article in found if article))


class BodiesFile(DataModel):
    """The schema of bodies.yml."""

    counting_article: Source
    numbers: dict[NumberName, NumberSaid]
    bodies: dict[BodyName, Body]

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> Self:
        if missing := [name for name in get_args(BodyName) if name not in self.bodies]:
            raise WrongAt(f"bodies 下面少了 {'、'.join(missing)}", "bodies")
        if missing := [name for name in get_args(NumberName) if name not in self.numbers]:
            raise WrongAt(f"numbers 下面少了 {'、'.join(missing)}", "numbers")
        for name, body in self.bodies.items():
            for need in body.begins:
                if body.passes.of not in ("present", need.of):
                    raise WrongAt("到会和通过要按同一个数算", "bodies", name, "passes")
        return self


@cache
def _file() -> BodiesFile:
    return read(Path(__file__).with_name("bodies.yml"), BodiesFile)


def bodies() -> dict[str, Body]:
    return {str(name): body for name, body in _file().bodies.items()}


def body_of(name: str) -> Body:
    """Raises InvalidInput."""
    found = bodies().get(name)
    if found is None:
        raise InvalidInput("请选是哪个会。")
    return found


def number_said(name: str) -> NumberSaid:
    return _file().numbers[name]  # type: ignore[index]


def numbers_of(profile: VillageProfile) -> dict[str, int | None]:
    """A village's own numbers; those of a group are typed where they are needed."""
    return {
        "adults": profile.adults,
        "households": profile.households,
        "representatives": profile.representatives,
        "meeting_members": profile.meeting_members,
        "members": profile.collective_members,
        "member_representatives": profile.collective_representatives,
        "group_adults": None,
        "group_households": None,
        "group_members": None,
    }


@dataclass(frozen=True)
class Count:
    """What was counted in the hall. `present`: all who attended, those online and by proxy among them."""

    present: int
    online: int = 0
    proxies: int = 0
    yes: int | None = None
    no: int = 0
    abstain: int = 0


@dataclass(frozen=True)
class Reckoning:
    """`passed`: None where nothing was put to the vote, or the meeting couldn't begin. `missing`: names of numbers."""

    body: str
    base: str
    whole: int | None = None
    present: int = 0  # those who count
    to_begin: int | None = None  # None: the law names no number
    to_pass: int | None = None
    may_begin: bool | None = None
    passed: bool | None = None
    missing: tuple[str, ...] = ()
    say: tuple[str, ...] = ()


def reckon(
    name: str,
    numbers: Numbers,
    count: Count,
    *,
    base: str = "",
    stricter: str = "",
    online_basis: str = "",
) -> Reckoning:
    """`base`: by persons or by households, where both are lawful; "": the first whose number is known. `stricter`: a
    share that the charter or another law asks for; `online_basis`: by `basis_of`.
    Raises InvalidInput for what can't have been counted.
    """
    body = body_of(name)
    base = _base(body, numbers, base)
    whole, said = numbers.get(base), number_said(base)
    if whole is None:
        return Reckoning(name, base, missing=(base,), say=(f"还不知道{_named(base)}有多少，{FILLED_IN_BY}",))
    if not 0 < whole <= MOST:
        raise InvalidInput(f"{said.name}的数不对，请核对。")
    present = _counted(body, count, online_basis)
    if count.present > whole:
        raise InvalidInput(f"到会{count.present}{said.unit}，比应到的{whole}{said.unit}还多，请核对。")
    _check_votes(count, present, unit=said.unit)
    if body.more_than and whole <= body.more_than:
        few = f"{body.name}的代表要多于{body.more_than}人，现在只有{whole}人，开了也不算数。"
        return Reckoning(name, base, whole, present, may_begin=False, say=(few,))
    need = next((each for each in body.begins if each.of == base), None)
    to_begin = need.share.of(whole) if need else None
    share = _stricter(body, stricter)
    to_pass = share.of(present if body.passes.of == "present" else whole)
    may_begin = to_begin is None or present >= to_begin
    passed = count.yes >= to_pass if may_begin and count.yes is not None else None
    found = Reckoning(name, base, whole, present, to_begin, to_pass, may_begin, passed)
    return Reckoning(**{**found.__dict__, "say": tuple(_told(body, found, count, share))})


def basis_of(name: str, place_basis: str, held: Rulings = STRICT) -> str:
    """What lets people attend this body online, "" where nothing does: kept with the meeting as it was that day."""
    body = body_of(name)
    if body.online == "nobody":
        return RULED if held.of("reps_online") else ""
    if body.online == "law":
        return ""  # needs none
    return ("" if (ruled := held.of("online")) == 1 else place_basis.strip()) or (RULED if ruled == 2 else "")


def needed_to_begin(name: str, numbers: Numbers) -> list[tuple[str, int | None]]:
    """(number's name, how many of it must come), for each lawful way; None where the whole isn't known."""
    found: list[tuple[str, int | None]] = []
    for need in body_of(name).begins:
        whole = numbers.get(need.of)
        found.append((need.of, need.share.of(whole) if whole else None))
    return found


def _base(body: Body, numbers: Numbers, wanted: str) -> str:
    if wanted and wanted not in body.bases:
        raise InvalidInput(f"{body.name}不按这个数算。")
    return wanted or next((each for each in body.bases if numbers.get(each)), body.bases[0])


def _named(base: str) -> str:
    return "户数" if base.endswith("households") else f"“{number_said(base).name}”"


def _counted(body: Body, count: Count, online_basis: str) -> int:
    """Who is there by the law: online only where that has a basis, by proxy only where the law has proxies."""
    numbers = (count.present, count.online, count.proxies, count.yes or 0, count.no, count.abstain)
    if any(not 0 <= number <= MOST for number in numbers):
        raise InvalidInput("人数和票数要填 0 以上的整数。")
    if count.online + count.proxies > count.present:
        raise InvalidInput("线上的和委托的人，加起来比到会的还多，请核对。")
    online = 0 if body.online == "law" or online_basis.strip() else count.online
    return count.present - online - (0 if body.proxies == "household" else count.proxies)


def _check_votes(count: Count, present: int, *, unit: str) -> None:
    votes = (count.yes or 0) + count.no + count.abstain
    if votes > count.present:
        raise InvalidInput(f"三样票加起来{votes}票，比到会的{count.present}{unit}还多，请核对。")
    if votes > present:
        raise InvalidInput(
            f"能算到会的只有{present}{unit}，票却有{votes}票。线上参加、委托别人的没有依据，不能算票，请只数会场里的。"
        )


def _stricter(body: Body, asked: str) -> Share:
    if not asked:
        return body.passes.share
    try:
        found = share_of(asked)
    except ValueError as error:
        raise InvalidInput(f"章程规定的比例{error}。") from None
    assert isinstance(found, Share)
    law = body.passes.share
    if (found.part, found.of_more) < (law.part, law.of_more):
        raise InvalidInput(f"法律要求{law.said}，章程可以更严，不能更宽。")
    return found


def _told(body: Body, found: Reckoning, count: Count, share: Share) -> list[str]:
    unit, name = number_said(found.base).unit, number_said(found.base).name
    left_out = count.present - found.present
    lines = [f"线上参加和委托别人的{left_out}{unit}没有依据，不算到会。"] if left_out else []
    if found.to_begin is not None:
        lines.append(
            f"{name}一共{found.whole}{unit}，到了{found.to_begin}{unit}才能开会。算得上到会的有{found.present}{unit}，"
            + ("够数。" if found.may_begin else "不够：没开成，定的事不算数。可以再召集。")
        )
    else:
        lines.append(f"{name}一共{found.whole}{unit}。到多少人才能开会，法律没有写，请看章程。")
    if found.may_begin and count.yes is not None:
        of = f"到会{found.present}{unit}" if body.passes.of == "present" else f"全体{found.whole}{unit}"
        outcome = "通过了。" if found.passed else "没有通过。"
        lines.append(f"{of}，{share.said}是{found.to_pass}票：同意{count.yes}票，{outcome}")
    return lines
