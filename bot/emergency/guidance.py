"""What to say at once: guidance.yml, for a lawyer and a doctor to edit."""

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import model_validator

from actions.replies import reached
from knowledge.data_files import DataModel, Text, WrongAt, read
from knowledge.named_words import NamedWords, Place, Ways, Words


class EmergencyKind(enum.StrEnum):
    self_harm = "self_harm"
    poison = "poison"
    fire = "fire"
    gas = "gas"
    electric = "electric"
    water = "water"
    collapse = "collapse"
    child_harm = "child_harm"
    missing = "missing"
    violence = "violence"
    captive = "captive"
    stroke = "stroke"
    medical = "medical"
    bite = "bite"
    accident = "accident"
    death = "death"
    threat = "threat"
    revenge = "revenge"
    fraud = "fraud"
    legal_deadline = "legal_deadline"


@dataclass(frozen=True)
class Guidance:
    """What to say at once, what to do next, and numbers to tap: (label, href)."""

    text: str
    next: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Emergency:
    """soft False: the guidance alone, at once. soft True: past, denied or asked about; the caller appends it to a
    normal answer. `is_feared`: soft, and a guess about the present; `is_likely`: so near that it is danger where no
    normal answer is found.
    """

    kind: EmergencyKind
    soft: bool
    guidance: Guidance
    is_feared: bool = False
    is_likely: bool = False


class _Entry(DataModel):
    text: Text
    next: Text
    call: tuple[Text, ...]


class _Sourced(_Entry):
    """`source`: what it was checked against, for whoever edits it."""

    source: Text


class _ForWords(_Sourced):
    """`words`: of the messages that this card is for."""

    words: Ways


class _Soft(_Entry):
    """`words`: without one of these in the message nothing is said."""

    words: Ways


class _Finer(DataModel):
    """`words`, one of which is in the message, and `without`, none of which is; short for the first alone: a list."""

    words: Ways = ()
    without: Ways = ()

    @model_validator(mode="before")
    @classmethod
    def _may_be_words_alone(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"words": value}

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not self.words and not self.without:
            raise ValueError("words 和 without 至少要写一样")
        return self


class GuidanceFile(DataModel):
    """The schema of guidance.yml. `for_words`: within a kind, the cards for who writes (a child, a bystander, who has
    drunk it), the first whose words are in the message; `maybe`: where a danger is only guessed at; `safe`: to whoever
    was in danger and says that it is over; `finer`: within a kind, by which words of the message another card is told;
    `words` and `parts`: what all those patterns are built of.
    """

    words: dict[Text, Words]
    numbers: dict[str, Text]
    now: dict[EmergencyKind, _Sourced]
    for_words: dict[EmergencyKind, tuple[_ForWords, ...]]
    soft: dict[EmergencyKind, _Soft]
    soft_for_words: dict[EmergencyKind, tuple[_Soft, ...]]
    maybe: _Entry
    safe: _Entry
    finer: dict[EmergencyKind, dict[EmergencyKind, _Finer]]
    parts: dict[Text, Ways]

    @model_validator(mode="after")
    def _every_kind_and_number_is_known(self) -> Self:
        if missing := [kind for kind in EmergencyKind if kind not in self.now]:
            raise WrongAt(f"now 下面少了 {'、'.join(missing)}", "now")
        told: list[tuple[tuple[str | int, ...], _Entry]] = [(("maybe",), self.maybe), (("safe",), self.safe)]
        told += [(("now", kind), entry) for kind, entry in self.now.items()]
        for name, cards in (("for_words", self.for_words), ("soft_for_words", self.soft_for_words)):
            told += [((name, kind, n), entry) for kind, entries in cards.items() for n, entry in enumerate(entries)]
        told += [(("soft", kind), entry) for kind, entry in self.soft.items()]
        for at, entry in told:
            if unnamed := [number for number in entry.call if number not in self.numbers]:
                raise WrongAt(f"numbers 下面没有写 {'、'.join(unnamed)} 的名字", *at, "call")
        NamedWords(self.words, self.parts).check(self._ways())
        return self

    def _ways(self) -> Iterator[tuple[Place, Ways]]:
        for kind, cards in self.for_words.items():
            yield from ((("for_words", kind, n, "words"), card.words) for n, card in enumerate(cards))
        for kind, softer in self.soft_for_words.items():
            yield from ((("soft_for_words", kind, n, "words"), card.words) for n, card in enumerate(softer))
        yield from ((("soft", kind, "words"), entry.words) for kind, entry in self.soft.items())
        for kind, others in self.finer.items():
            for other, by in others.items():
                yield ("finer", kind, other, "words"), by.words
                yield ("finer", kind, other, "without"), by.without

    def guidance(self, entry: _Entry) -> Guidance:
        return Guidance(entry.text, entry.next, tuple((self.numbers[n], reached(n)) for n in entry.call))


@dataclass(frozen=True)
class _Card:
    """What is told where a message has one of these words."""

    words: re.Pattern[str]
    guidance: Guidance


@dataclass(frozen=True)
class _By:
    """Whether a message has one of `words`, and none of `without`."""

    kind: EmergencyKind
    words: re.Pattern[str]
    without: re.Pattern[str] | None

    def fits(self, words: str) -> bool:
        return bool(self.words.search(words)) and not (self.without and self.without.search(words))


PATH = Path(__file__).with_name("guidance.yml")
_FILE = read(PATH, GuidanceFile)
_pattern = NamedWords(_FILE.words, _FILE.parts).pattern
GUIDANCE = {kind: _FILE.guidance(entry) for kind, entry in _FILE.now.items()}
SOFT = {kind: _FILE.guidance(entry) for kind, entry in _FILE.soft.items()}
MAYBE = _FILE.guidance(_FILE.maybe)
SAFE = _FILE.guidance(_FILE.safe)
_SOFT_WORDS = {kind: _pattern(entry.words) for kind, entry in _FILE.soft.items()}
_FINER = {
    kind: [_By(other, _pattern(by.words), _pattern(by.without) if by.without else None) for other, by in others.items()]
    for kind, others in _FILE.finer.items()
}


def _cards(entries: Mapping[EmergencyKind, Sequence[_ForWords | _Soft]]) -> dict[EmergencyKind, list[_Card]]:
    return {
        kind: [_Card(_pattern(entry.words), _FILE.guidance(entry)) for entry in cards]
        for kind, cards in entries.items()
    }


_FOR_WORDS, _SOFT_FOR_WORDS = _cards(_FILE.for_words), _cards(_FILE.soft_for_words)


def told_to(danger: Emergency, words: str) -> Guidance:
    """The guidance for whoever wrote these words: a mother whose son wants to die is told how to stay with him."""
    cards: Sequence[_Card] = ()
    if danger.guidance == GUIDANCE[danger.kind]:
        cards = _FOR_WORDS.get(danger.kind, ())
    elif danger.guidance == SOFT.get(danger.kind):
        cards = _SOFT_FOR_WORDS.get(danger.kind, ())
    return next((card.guidance for card in cards if card.words.search(words)), danger.guidance)


def is_said_softly(kind: EmergencyKind, words: str) -> bool:
    """Whether these words have one of the kind: no women's line hangs on a dog's bite."""
    said = _SOFT_WORDS.get(kind)
    return said is not None and bool(said.search(words))


def finer(kind: EmergencyKind, words: str) -> EmergencyKind:
    """The kind whose card fits these words best: 煤气 within fire, 蛇咬 within illness."""
    return next((by.kind for by in _FINER.get(kind, ()) if by.fits(words)), kind)
