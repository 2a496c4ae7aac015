"""Where an article stands once its law was written anew: `moves.yml`, read by people who compared both versions.

A reference is (law, version, article). What our files cite is meant of the law as of WRITTEN_ON; `on` says what that is
on a later day, without a database. Where the database is at hand, `knowledge/search/references.py` knows more.
"""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read
from knowledge.errors import CitationNotFound
from knowledge.statutes.citations import arabic
from knowledge.statutes.numerals import article_number

_NUMBER = r"[1-9][0-9]{0,3}(?:-[1-9][0-9]?)?"
_MOVE = re.compile(rf"({_NUMBER}) → ({_NUMBER}(?: {_NUMBER})*)")
Moves = dict[str, tuple[str, ...]]


def _moves(value: object) -> object:
    """`46 → 54, 65 → 76 77` as {46: (54,), 65: (76, 77)}."""
    found: Moves = {}
    for line in value if isinstance(value, list) else []:
        for move in str(line).split(","):
            if (read_move := _MOVE.fullmatch(move.strip())) is None:
                raise ValueError(f"“{move.strip()}”要写成“46 → 54”，拆成几条的写“65 → 76 77”")
            if read_move[1] in found:
                raise ValueError(f"第 {read_move[1]} 条写了两遍")
            found[read_move[1]] = tuple(read_move[2].split())
    return found


class Renumbered(DataModel):
    """A version of a law that counts its articles anew, seen from the one before it."""

    law: Text  # short name
    adopted: date
    since: date
    moved: Annotated[Moves, BeforeValidator(_moves)]
    doubtful: Annotated[Moves, BeforeValidator(_moves)] = Field(default_factory=dict)
    gone: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _each_article_stands_once(self) -> Self:
        named = [*self.moved, *self.doubtful, *self.gone]
        if twice := next((number for number in named if named.count(number) > 1), None):
            raise WrongAt(f"第 {twice} 条写了两遍", "moved")
        return self


class MovesFile(DataModel):
    """The schema of moves.yml."""

    written_on: date
    laws: tuple[Renumbered, ...]


_FILE = read(Path(__file__).with_name("moves.yml"), MovesFile)
WRITTEN_ON = _FILE.written_on  # the day whose laws the files of this repository cite
RENUMBERED = _FILE.laws


def moved(law: str, ref: str, *, adopted: date) -> tuple[str, ...] | None:
    """Where 第四十六条 of the version before stands in the one of that day of adoption, nearest first; () where people
    read both and it isn't there, or doubt it; None where nobody compared them.
    """
    version = next((v for v in RENUMBERED if (v.law, v.adopted) == (law, adopted)), None)
    if version is None:
        return None
    return tuple(article_number(n) for n in version.moved.get(_number(ref), ()))


def supposed(law: str, ref: str, *, adopted: date) -> tuple[str, ...]:
    """What is like it without being the same, for a legal worker to decide about."""
    version = next((v for v in RENUMBERED if (v.law, v.adopted) == (law, adopted)), None)
    return tuple(article_number(n) for n in version.doubtful.get(_number(ref), ())) if version else ()


def on(law: str, ref: str, day: date) -> tuple[str, ...]:
    """The articles that one cited in our files is on a day; () where it isn't to be shown."""
    refs: tuple[str, ...] = (ref,)
    for version in sorted(RENUMBERED, key=lambda v: v.since):
        if version.law == law and WRITTEN_ON < version.since <= day:
            refs = tuple(to for old in refs for to in moved(law, old, adopted=version.adopted) or ())
    return refs


def cited_on(sources: Iterable[tuple[str, str]], day: date) -> tuple[tuple[str, str], ...]:
    """(law, article) as our files cite them, numbered as they are on a day; what isn't to be shown is left out."""
    return tuple(dict.fromkeys((law, ref) for law, cited in sources for ref in on(law, cited, day)))


def _number(ref: str) -> str:
    """Third of 第三条; "" for what is no number of an article."""
    try:
        return arabic(ref)
    except CitationNotFound:
        return ""
