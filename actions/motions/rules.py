"""What may not be put to a vote or an opinion, from gate.yml: eleven groups, each with the sentence that its proposer
reads, what can be done instead, the articles, and the signs by which it is heard at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Source, Text, WrongAt, read
from knowledge.named_words import NamedWords, Place, Ways
from knowledge.village_rules.classifier import fold

SOMEBODY = "〔某人〕"
_SURNAME = "姓"
_SOMEWHERE = "〔某处〕"  # 老赵家门口 is a place, as long as nothing else is said of them
_THEIR_PLACE = re.compile(
    f"{SOMEBODY}的?家?(?:门[前口]|旁边?|后[面头边]|屋后|房后|附近|边上|地头)"
    # What stands there is a place only as what something is near to: their wall may not be pulled down.
    f"|(?<=[离挨靠在从到])近?着?{SOMEBODY}的?家?(?:院子|院墙|院坝|墙外|屋角|大门)"
)
PREPARATION = 11  # 集体财产: opinions may be heard, a meeting of all members decides
GROUPS = tuple(range(1, 12))


class Group(DataModel):
    name: Text  # what staff read
    say: Text  # why not, for the proposer
    instead: Text
    articles: tuple[Source, ...] = Field(min_length=1)  # the nearest first
    signs: Ways
    looks: Ways = ()  # no stop, but a legal worker looks first
    is_preparation: bool = False


class GateFile(DataModel):
    """The schema of gate.yml."""

    surnames: tuple[Text, ...]
    people: tuple[Ways, ...]  # one after another; {姓} stands for a surname
    parts: dict[Text, Ways]
    groups: dict[int, Group]
    unless: Ways

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for number, group in self.groups.items():
            if number not in GROUPS:
                raise WrongAt(f"没有第 {number} 类，只有 1 到 {GROUPS[-1]}", "groups", number)
            if group.is_preparation is not (number == PREPARATION):
                raise WrongAt(f"只有第 {PREPARATION} 类写 is_preparation: true", "groups", number, "is_preparation")
        if missing := [number for number in GROUPS if number not in self.groups]:
            raise WrongAt(f"少了第 {missing[0]} 类", "groups")
        self.named_words().check(self._ways())
        return self

    def named_words(self) -> NamedWords:
        return NamedWords({}, {**self.parts, _SURNAME: [f"[{''.join(self.surnames)}]"]})

    def _ways(self) -> Iterator[tuple[Place, Ways]]:
        yield from ((("people", at), ways) for at, ways in enumerate(self.people))
        for number, group in self.groups.items():
            yield ("groups", number, "signs"), group.signs
            yield ("groups", number, "looks"), group.looks
        yield ("unless",), self.unless


@dataclass(frozen=True)
class Rules:
    """`signs` and `looks` by the number of their group, in order."""

    groups: dict[int, Group]
    signs: dict[int, re.Pattern[str]]
    looks: dict[int, re.Pattern[str]]
    unless: re.Pattern[str]
    people: tuple[re.Pattern[str], ...]

    def without_people(self, text: str) -> str:
        """Folded, and whoever can be recognised is `SOMEBODY`, where they live `_SOMEWHERE`."""
        said = fold(text)
        for pattern in self.people:
            said = pattern.sub(SOMEBODY, said)
        return _THEIR_PLACE.sub(_SOMEWHERE, said)

    def heard(self, said: str) -> list[int]:
        """The groups whose signs stand in a text that `without_people` has read, in their order."""
        return [number for number, signs in self.signs.items() if signs.search(said)]

    def to_look_at(self, said: str) -> list[int]:
        """The groups that a legal worker has to think of first."""
        return [number for number, looks in self.looks.items() if looks.search(said)]

    def is_harmless_frame(self, said: str) -> bool:
        return bool(self.unless.search(said))


@cache
def rules() -> Rules:
    found = read(Path(__file__).with_name("gate.yml"), GateFile)
    groups = dict(sorted(found.groups.items()))
    pattern = found.named_words().pattern
    return Rules(
        groups,
        signs={number: pattern(group.signs) for number, group in groups.items()},
        looks={number: pattern(group.looks) for number, group in groups.items() if group.looks},
        unless=pattern(found.unless),
        people=tuple(pattern(ways) for ways in found.people),
    )
