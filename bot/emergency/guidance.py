"""What to say at once: guidance.yml, for a lawyer and a doctor to edit."""

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import model_validator

from actions.replies import reached
from knowledge.data_files import DataModel, Text, WrongAt, read


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


class _Card(_Entry):
    """`source`: what it was checked against, for whoever edits it."""

    source: Text


class _Another(_Card):
    """`words`: of a message that speaks of somebody else."""

    words: re.Pattern[str]


class GuidanceFile(DataModel):
    """The schema of guidance.yml. `for_another`: who writes isn't who is in danger, and needs other words; `maybe`:
    where a danger is only guessed at; `safe`: to whoever was in danger and says that it is over; `finer`: within a
    kind, by which words of the message another card is told.
    """

    numbers: dict[str, Text]
    now: dict[EmergencyKind, _Card]
    for_another: dict[EmergencyKind, _Another]
    soft: dict[EmergencyKind, _Entry]
    maybe: _Entry
    safe: _Entry
    finer: dict[EmergencyKind, dict[EmergencyKind, re.Pattern[str]]]

    @model_validator(mode="after")
    def _every_kind_and_number_is_known(self) -> Self:
        if missing := [kind for kind in EmergencyKind if kind not in self.now]:
            raise WrongAt(f"now 下面少了 {'、'.join(missing)}", "now")
        told: list[tuple[tuple[str, ...], _Entry]] = [(("maybe",), self.maybe), (("safe",), self.safe)]
        told += [(("now", kind), entry) for kind, entry in self.now.items()]
        told += [(("for_another", kind), entry) for kind, entry in self.for_another.items()]
        told += [(("soft", kind), entry) for kind, entry in self.soft.items()]
        for at, entry in told:
            if unnamed := [number for number in entry.call if number not in self.numbers]:
                raise WrongAt(f"numbers 下面没有写 {'、'.join(unnamed)} 的名字", *at, "call")
        return self

    def guidance(self, entry: _Entry) -> Guidance:
        return Guidance(entry.text, entry.next, tuple((self.numbers[n], reached(n)) for n in entry.call))


PATH = Path(__file__).with_name("guidance.yml")
_FILE = read(PATH, GuidanceFile)
GUIDANCE = {kind: _FILE.guidance(entry) for kind, entry in _FILE.now.items()}
SOFT = {kind: _FILE.guidance(entry) for kind, entry in _FILE.soft.items()}
MAYBE = _FILE.guidance(_FILE.maybe)
SAFE = _FILE.guidance(_FILE.safe)


def told_to(danger: Emergency, words: str) -> Guidance:
    """The guidance for whoever wrote these words: a mother whose son wants to die is told how to stay with him."""
    other = _FILE.for_another.get(danger.kind)
    is_card = danger.guidance == GUIDANCE[danger.kind]
    return _FILE.guidance(other) if other and is_card and other.words.search(words) else danger.guidance


def finer(kind: EmergencyKind, words: str) -> EmergencyKind:
    """The kind whose card fits these words best: 煤气 within fire, 蛇咬 within illness."""
    found = _FILE.finer.get(kind, {})
    return next((fine for fine, pattern in found.items() if pattern.search(words)), kind)
