"""What is looked at before something that people can't take back: a file a matter under `lists/`, by legal workers.

Each item is a question in plain words, the paper that shows it, the article that asks for it; some are put to residents
too. A list is no verdict: it says what isn't there, and never what that means.
"""

import re
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import model_validator

from actions.errors import InvalidInput
from actions.roster.models import Committee
from actions.tools.matters import MATTERS
from knowledge.data_files import DataModel, Source, Text, WrongAt, read

FOLDER = Path(__file__).with_name("lists")
OF_VILLAGES = "村民委员会组织法"  # isn't cited where a residents' committee sits
_OF_THE_PACKAGE = re.compile(r"（[^（）]*法律库[^（）]*）")
_UNCHECKED = "（原文我们还没有核对过，以法律工作者说的为准）"
_ASKED = range(5, 8)  # questions to a resident, or none: more nobody answers on a telephone, fewer say little


class Item(DataModel):
    """`must`: a decision waits for it; `after_meeting`: nobody has it before the meeting was held, so no notice of a
    meeting waits for it; `lacks`: what isn't there, as a resident reads it; `request`: what to ask for
    in writing; `resident`: the question to a resident, "" where they can't know it. `other`: a basis that the package
    of statutes hasn't got, marked ※, or that it is ours.
    """

    code: Text
    ask: Text
    evidence: Text
    law: tuple[Source, ...] = ()
    law_residents: tuple[Source, ...] = ()
    other: str = ""
    must: bool
    after_meeting: bool = False
    lacks: Text
    request: Text
    resident: str = ""

    def law_at(self, committee: Committee) -> tuple[Source, ...]:
        if committee is not Committee.residents:
            return self.law
        return self.law_residents or tuple(source for source in self.law if source[0] != OF_VILLAGES)


class Template(DataModel):
    """`is_official`: an act of an authority, so that 复议 is open; `deadline`: of `actions.tools.matters`, "" where no
    day is to be counted; `day_note` stands beside it always, `no_day_note` where the day isn't known; `matters`: of
    `actions.decisions.matters`, to which it belongs; `words`: how people call it.
    """

    name: Text
    short: Text
    say: Text
    office: Text
    is_official: bool
    category: Text
    deadline: str = ""
    ask_day: str = ""
    day_note: str = ""
    no_day_note: str = ""
    ask_whom: Text
    basis: Text
    remedy: str = ""
    matters: tuple[Text, ...] = ()
    words: tuple[re.Pattern[str], ...] = ()
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.deadline and self.deadline not in MATTERS:
            raise WrongAt(f"期限里没有 {self.deadline} 这一件", "deadline")
        if bool(self.deadline) != bool(self.ask_day):
            raise WrongAt("写了 deadline 的要写 ask_day，没写的不要写", "ask_day")
        known: set[str] = set()
        for place, item in enumerate(self.items):
            if item.code in known:
                raise WrongAt(f"{item.code} 写了两遍", "items", place, "code")
            known.add(item.code)
            if not (item.law or item.other):
                raise WrongAt("要写一条法律，或者在 other 里写明依据", "items", place)
        if (asked := len(self.asked)) and asked not in _ASKED:
            raise WrongAt(f"问居民的是 {asked} 件，要五到七件，或者一件不问", "items")
        if self.asked and not self.words:
            raise WrongAt("要问居民的，要写居民怎么说", "words")
        return self

    @property
    def asked(self) -> tuple[Item, ...]:
        """What a resident is asked, in this order."""
        return tuple(item for item in self.items if item.resident)

    def item(self, code: str) -> Item:
        """Raises InvalidInput."""
        found = next((item for item in self.items if item.code == code), None)
        if found is None:
            raise InvalidInput("清单里没有这一项。")
        return found


@cache
def templates() -> dict[str, Template]:
    """By their files' names; those that residents are asked first."""
    found = {path.stem: read(path, Template) for path in sorted(FOLDER.glob("*.yml"))}
    order = ("land", "demolition", "houses", "collective", "works", "rules")
    return dict(sorted(found.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)))


def template_of(code: str) -> Template:
    """Raises InvalidInput."""
    found = templates().get(code)
    if found is None:
        raise InvalidInput("没有这份清单，请重新选一份。")
    return found


def for_residents() -> dict[str, Template]:
    return {code: template for code, template in templates().items() if template.asked}


def called(text: str) -> list[str]:
    """The codes of those lists that the words are about, likeliest first."""
    return [code for code, one in for_residents().items() if any(words.search(text) for words in one.words)]


def for_matter(matter: str) -> list[str]:
    """The codes of the lists that belong to a decision's matter."""
    return [code for code, one in templates().items() if matter in one.matters]


def plain(basis: str) -> str:
    """As residents read it: without our mark for what the package of statutes lacks, and without a word of packages."""
    if "※" not in basis:
        return basis
    return _OF_THE_PACKAGE.sub("", basis).replace("※ ", "").replace("※", "") + _UNCHECKED


def cited(sources: tuple[Source, ...]) -> str:
    """土地管理法第四十七条、第四十八条: a law once, its articles after it."""
    by_law: dict[str, list[str]] = {}
    for law, article in sources:
        by_law.setdefault(law, []).append(article)
    return "；".join(f"{law}{'、'.join(articles)}" for law, articles in by_law.items())
