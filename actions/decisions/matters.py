"""Which meeting decides which matter in this village: only lawful ones are offered; the matters in matters.yml."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from actions.decisions.bodies import BodyName, ShareSaid, bodies
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from actions.rulings.rulings import STRICT, Rulings
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

About = Literal["village", "residents", "group", "collective"]
Condition = Literal["", "authorised", "charter"]
# Who acts where no collective organisation was set up (村民委员会组织法 28(4), 农村集体经济组织法 64).
_WOODS = "land_to_outsiders"
_WOODS_ONLY = "只限没有承包到户的林地（森林法第十八条），要写明是哪块林、公示了几天"
_IN_ITS_PLACE = {"members": "village_as_collective"}


class _Option(DataModel):
    body: BodyName
    needs: Condition = ""

    @model_validator(mode="before")
    @classmethod
    def _if(cls, value: object) -> object:
        """`if` is no name in Python."""
        return {"needs" if k == "if" else k: v for k, v in value.items()} if isinstance(value, dict) else value


class Matter(DataModel):
    name: Text
    about: About
    bodies: tuple[_Option, ...]
    stricter: ShareSaid | None = None
    approval: str = ""
    filing: str = ""
    before: str = ""
    articles: tuple[Source, ...]
    note: str = ""
    flag: str = ""
    words: tuple[re.Pattern[str], ...]


class NotHere(DataModel):
    """What no meeting decides, or not in Linli."""

    name: Text
    say: Text
    articles: tuple[Source, ...]
    words: tuple[re.Pattern[str], ...]


class MattersFile(DataModel):
    """The schema of matters.yml."""

    matters: dict[str, Matter]
    not_here: dict[str, NotHere]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        known = bodies()
        for name, matter in self.matters.items():
            if not matter.bodies or not matter.articles:
                raise WrongAt("至少要写一个会、一条法律", "matters", name)
            if matter.about == "collective" and any(
                known[each.body].committee != "collective" for each in matter.bodies
            ):
                raise WrongAt("集体的事只能由集体经济组织的会来定", "matters", name, "bodies")
        return self


@dataclass(frozen=True)
class Offer:
    """A body that may decide. `needs`: what must be there too, as people read it; "" where nothing."""

    body: str
    name: str
    needs: str = ""


@cache
def _file() -> MattersFile:
    return read(Path(__file__).with_name("matters.yml"), MattersFile)


def matter_of(name: str) -> Matter:
    """Raises InvalidInput."""
    found = _file().matters.get(name)
    if found is None:
        raise InvalidInput("请选是哪一类事。")
    return found


def matters_for(profile: VillageProfile) -> dict[str, Matter]:
    """Those that can come up there."""
    own: set[About] = {"village", "group"} if profile.committee is Committee.village else {"residents"}
    has_land = profile.has_collective or profile.committee is Committee.village
    wanted = own | ({"collective"} if has_land else set())
    return {name: matter for name, matter in _file().matters.items() if matter.about in wanted}


def offers(name: str, profile: VillageProfile, held: Rulings = STRICT) -> list[Offer]:
    """The bodies that may lawfully decide this matter here, the fullest first."""
    matter = matters_for(profile).get(name)
    if matter is None:
        raise InvalidInput("这一类事这里没有，请另选。")
    found = [offer for option in matter.bodies if (offer := _offer(name, option, profile))]
    if name == _WOODS and profile.has_collective and held.of("woods"):
        found.append(Offer("member_representatives", bodies()["member_representatives"].name, _WOODS_ONLY))
    return found


def may_be_handed_on() -> dict[str, str]:
    """What a collective's charter may leave to its representatives (农村集体经济组织法 28): id and name."""
    return {n: m.name for n, m in _file().matters.items() if any(o.needs == "charter" for o in m.bodies)}


def check_body(name: str, body: str, profile: VillageProfile, held: Rulings = STRICT) -> Offer:
    """Raises InvalidInput for a body that the law doesn't let decide this."""
    found = offers(name, profile, held)
    for offer in found:
        if offer.body == body:
            return offer
    said = "、".join(offer.name for offer in found)
    law, article = matter_of(name).articles[0]
    raise InvalidInput(f"这件事不能由这个会来定，要由{said}定（{law}{article}）。")


def hear(text: str, profile: VillageProfile) -> tuple[str, Matter] | NotHere | None:
    """What a resident's words are about; None where nothing was understood."""
    heard = re.sub(r"[\s，。？！,.?!“”\"]+", "", text[:300])
    for other in _file().not_here.values():
        if any(pattern.search(heard) for pattern in other.words):
            return other
    for name, matter in matters_for(profile).items():
        if any(pattern.search(heard) for pattern in matter.words):
            return name, matter
    return None


def _offer(name: str, option: _Option, profile: VillageProfile) -> Offer | None:
    body: str = option.body
    if not profile.has_collective and bodies()[body].committee == "collective":
        if option.needs == "charter":
            return None
        body = _IN_ITS_PLACE.get(body, body)
    if option.needs == "charter":
        lines = {line.strip() for line in profile.charter_hands_on.splitlines()}
        if not lines & {name, _file().matters[name].name}:
            return None
        return Offer(body, bodies()[body].name, "章程写明了交给它")
    needs = "要有居民会议的授权" if body == "resident_representatives" else "要有村民会议的授权"
    return Offer(body, bodies()[body].name, needs if option.needs == "authorised" else "")
