"""What may not be put to a vote or an opinion, from gate.yml: eleven groups, each with the sentence that its proposer
reads, what can be done instead, the articles, and the signs by which it is heard at once.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Source, Text, WrongAt, read
from knowledge.village_rules.classifier import fold

SOMEBODY = "〔某人〕"
_SOMEWHERE = "〔某处〕"  # 老赵家门口 is a place, as long as nothing else is said of them
_THEIR_PLACE = re.compile(f"{SOMEBODY}的?家?(?:门[前口]|旁边?|后[面头边]|屋后|房后|附近|边上|地头)")
PREPARATION = 11  # 集体财产: opinions may be heard, a meeting of all members decides
GROUPS = tuple(range(1, 12))


class Group(DataModel):
    name: Text  # what staff read
    say: Text  # why not, for the proposer
    instead: Text
    articles: tuple[Source, ...] = Field(min_length=1)  # the nearest first
    signs: tuple[re.Pattern[str], ...]
    looks: tuple[re.Pattern[str], ...] = ()  # no stop, but a legal worker looks first
    is_preparation: bool = False


class GateFile(DataModel):
    """The schema of gate.yml."""

    surnames: Text
    people: tuple[Text, ...]  # {姓} stands for a surname
    groups: dict[int, Group]
    unless: tuple[re.Pattern[str], ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for number, group in self.groups.items():
            if number not in GROUPS:
                raise WrongAt(f"没有第 {number} 类，只有 1 到 {GROUPS[-1]}", "groups", number)
            if group.is_preparation is not (number == PREPARATION):
                raise WrongAt(f"只有第 {PREPARATION} 类写 is_preparation: true", "groups", number, "is_preparation")
        if missing := [number for number in GROUPS if number not in self.groups]:
            raise WrongAt(f"少了第 {missing[0]} 类", "groups")
        for at, pattern in enumerate(self.people):
            try:
                re.compile(self._with_surnames(pattern))
            except re.error as error:
                raise WrongAt("这一行的写法读不懂，是不是括号没配成对？", "people", at) from error
        return self

    def _with_surnames(self, pattern: str) -> str:
        return pattern.replace("{姓}", f"[{self.surnames}]")

    def people_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(self._with_surnames(pattern)) for pattern in self.people)


@dataclass(frozen=True)
class Rules:
    groups: dict[int, Group]
    unless: tuple[re.Pattern[str], ...]
    people: tuple[re.Pattern[str], ...]

    def without_people(self, text: str) -> str:
        """Folded, and whoever can be recognised is `SOMEBODY`, where they live `_SOMEWHERE`."""
        said = fold(text)
        for pattern in self.people:
            said = pattern.sub(SOMEBODY, said)
        return _THEIR_PLACE.sub(_SOMEWHERE, said)

    def heard(self, said: str) -> list[int]:
        """The groups whose signs stand in a text that `without_people` has read, in their order."""
        return [n for n, group in self.groups.items() if any(sign.search(said) for sign in group.signs)]

    def to_look_at(self, said: str) -> list[int]:
        """The groups that a legal worker has to think of first."""
        return [n for n, group in self.groups.items() if any(look.search(said) for look in group.looks)]

    def is_harmless_frame(self, said: str) -> bool:
        return any(pattern.search(said) for pattern in self.unless)


@cache
def rules() -> Rules:
    found = read(Path(__file__).with_name("gate.yml"), GateFile)
    return Rules(dict(sorted(found.groups.items())), found.unless, found.people_patterns())
