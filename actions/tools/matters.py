"""The matters whose deadlines we count, and what is said where no day can be told, from matters.yml."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import NonNegativeInt, PositiveInt, model_validator

from knowledge.data_files import DataModel, Source, Text, WrongAt, read
from knowledge.statutes.moves import cited_on

Span = Literal["days", "months", "years", "workdays"]

_SPAN_ZH: dict[Span, str] = {"days": "天", "months": "个月", "years": "年", "workdays": "个工作日"}


class Counting(DataModel):
    """`moves`: the rule that moves a last day of rest, empty where we count on no move; `late`: what may still help,
    with its sources.
    """

    moves: tuple[Source, ...]
    late: Text
    late_sources: tuple[Source, ...]


@dataclass(frozen=True)
class Matter:
    """who_zh: whose limit it is; starts_zh: the day from which it runs; begins: the kinds of words that stand by that
    day, in matter_words.yml; wait_days: how many pass before the span begins; see: the articles behind the caveats.
    waits: the span is waited out, and isn't the last day of something; counts_from: what began earlier falls under an
    older law.

    said, near: what residents say of it, and what sounds like it and is something else (an id, or none).
    """

    id: str
    title_zh: str
    who_zh: str
    starts_zh: str
    begins: tuple[str, ...]
    amount: int
    unit: Span
    law: str
    article: str
    is_outside: bool
    caveats_zh: tuple[str, ...]
    not_for_zh: str
    counting: Counting
    said: tuple[str, ...]
    near: tuple[tuple[str, str], ...]
    see: tuple[Source, ...] = ()
    wait_days: int = 0
    waits: bool = False
    counts_from: date | None = None

    def is_counted_from(self, start: date) -> bool:
        return self.counts_from is None or start >= self.counts_from

    @property
    def span_zh(self) -> str:
        return f"{self.amount}{_SPAN_ZH[self.unit]}"


class Answer(DataModel):
    """What is told where no day is to be counted: the rule, and the way to go."""

    id: Text
    title: Text
    text: Text
    sources: tuple[Source, ...]
    said: tuple[Text, ...]

    def text_on(self, today: date) -> str:
        """With its sources as they are numbered today."""
        return f"{self.text}\n依据：{cite(self.sources, today)}。拿不准就打 12348，律师免费解答。"


class _Entry(DataModel):
    id: Text
    title: Text
    who: Text
    starts: Text
    begins: Text
    wait_days: NonNegativeInt = 0
    waits: bool = False
    counts_from: date | None = None
    amount: PositiveInt
    unit: Span
    source: Source
    outside: bool = False
    counting: Text
    caveats: tuple[Text, ...]
    see: tuple[Source, ...] = ()
    not_for: Text
    said: tuple[Text, ...]
    near: dict[str, str]


class MattersFile(DataModel):
    """The schema of matters.yml."""

    counting: dict[str, Counting]
    matters: tuple[_Entry, ...]
    answers: tuple[Answer, ...]

    @model_validator(mode="after")
    def _names_are_known_and_stand_once(self) -> Self:
        known: set[str] = set()
        for place, matter in enumerate(self.matters):
            if matter.counting not in self.counting:
                raise WrongAt(f"counting 下面没有写 {matter.counting} 怎么数", "matters", place, "counting")
            if matter.id in known:
                raise WrongAt(f"{matter.id} 写了两遍", "matters", place, "id")
            known.add(matter.id)
        for place, answer in enumerate(self.answers):
            if answer.id in known:
                raise WrongAt(f"{answer.id} 写了两遍", "answers", place, "id")
            known.add(answer.id)
        for place, matter in enumerate(self.matters):
            if unknown := [said for said, other in matter.near.items() if other not in known | {"none"}]:
                raise WrongAt(f"没有 {matter.near[unknown[0]]} 这一件事", "matters", place, "near", unknown[0])
        return self

    def matter(self, entry: _Entry) -> Matter:
        law, article = entry.source
        return Matter(
            id=entry.id,
            title_zh=entry.title,
            who_zh=entry.who,
            starts_zh=entry.starts,
            begins=tuple(entry.begins.split("|")),
            amount=entry.amount,
            unit=entry.unit,
            law=law,
            article=article,
            is_outside=entry.outside,
            caveats_zh=entry.caveats,
            not_for_zh=entry.not_for,
            counting=self.counting[entry.counting],
            said=entry.said,
            near=tuple(entry.near.items()),
            see=entry.see,
            wait_days=entry.wait_days,
            waits=entry.waits,
            counts_from=entry.counts_from,
        )


def cite(sources: tuple[Source, ...], today: date) -> str:
    """As numbered today; "" where nobody has found them again in a law written anew."""
    return "、".join(f"《{law}》{article}" for law, article in cited_on(sources, today))


_FILE = read(Path(__file__).with_name("matters.yml"), MattersFile)
MATTERS: dict[str, Matter] = {entry.id: _FILE.matter(entry) for entry in _FILE.matters}
ANSWERS: dict[str, Answer] = {answer.id: answer for answer in _FILE.answers}
