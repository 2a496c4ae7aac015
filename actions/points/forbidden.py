"""What may not be written into the rules of 积分 and 星级, by forbidden.yml: said in words and with the articles."""

import re
from functools import cache
from pathlib import Path

from pydantic import Field

from actions.errors import InvalidInput
from knowledge.data_files import DataModel, Source, Text, read
from knowledge.normalise import normalise


class Group(DataModel):
    name: Text
    say: Text
    articles: tuple[Source, ...] = Field(min_length=1)
    signs: tuple[re.Pattern[str], ...] = Field(min_length=1)
    unless: tuple[re.Pattern[str], ...] = ()

    def hears(self, text: str) -> bool:
        return any(sign.search(text) for sign in self.signs) and not any(sign.search(text) for sign in self.unless)


class ForbiddenFile(DataModel):
    """The schema of forbidden.yml."""

    groups: tuple[Group, ...] = Field(min_length=1)


PATH = Path(__file__).with_name("forbidden.yml")


@cache
def groups() -> tuple[Group, ...]:
    return read(PATH, ForbiddenFile).groups


def group_of(text: str) -> Group | None:
    """The first group that the words fall under; None for what may be written."""
    plain = re.sub(r"\s", "", normalise(text))
    return next((group for group in groups() if group.hears(plain)), None)


def check_rule(title: str, evidence: str) -> None:
    """Raises InvalidInput, which says why and by which articles."""
    found = group_of(title) or group_of(evidence)
    if found is None:
        return
    cited = "、".join(f"{law}{article}" for law, article in found.articles)
    raise InvalidInput(f"这一条不能写进积分：{found.say}（{cited}）")
