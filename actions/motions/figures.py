"""How well the gate stops what may not be put to the village: recall, false alarms and the right group."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from actions.motions.gate import Verdict, check
from actions.motions.learned import Judge, read_examples, without_people
from actions.motions.rules import GROUPS, PREPARATION
from knowledge.errors import CorpusError

_FOLDS = 5


@dataclass(frozen=True)
class Motion:
    text: str
    is_hostile: bool
    g: int | None = None  # its group; 11 may be put, with a banner


@dataclass(frozen=True)
class Outcome:
    motion: Motion
    verdict: Verdict

    @property
    def has_right_group(self) -> bool:
        return self.motion.g in {finding.g for finding in self.verdict.findings}


def read_motions(path: Path) -> list[Motion]:
    """A row each, `{"text": …, "hostile": true, "g": 5}`; g is null or absent where nobody said it.

    Raises CorpusError; its message names the line and quotes nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: not a readable text file ({type(error).__name__})") from error
    found = [_motion(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise CorpusError(f"{path.name}: needs a motion a line")
    return found


def _motion(path: Path, number: int, line: str) -> Motion:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path.name}, line {number}: not JSON") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("hostile"), bool):
        raise CorpusError(f"{path.name}, line {number}: needs text and hostile: true or false")
    g = row.get("g")
    if g is not None and g not in GROUPS:
        raise CorpusError(f"{path.name}, line {number}: g is one of {GROUPS[0]} to {GROUPS[-1]}")
    return Motion(row["text"], row["hostile"], g)


def by_the_gate(motions: Sequence[Motion]) -> list[Outcome]:
    return [Outcome(motion, check(motion.text)) for motion in motions]


def cross_validated() -> list[Outcome]:
    """Our own examples, each judged by what was learned from the others. The signs of gate.yml were written with these
    examples in view, so this flatters.
    """
    examples = [(text, without_people(text), g) for text, g in read_examples()]
    groups = [g for _, _, g in examples]
    outcomes: list[Outcome] = []
    for train, rest in StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(np.zeros(len(groups)), groups):
        judge = Judge([examples[at][1:] for at in train])
        for text, _, g in (examples[at] for at in rest):
            motion = Motion(text, g not in (0, PREPARATION), g or None)
            outcomes.append(Outcome(motion, check(text, judge)))
    return outcomes


def report(outcomes: Sequence[Outcome], *, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """`recall`: hostile ones stopped; `false_alarms`: harmless ones stopped; `right_group`: of the hostile ones stopped
    whose group is known, those that got it; `banners`: of group 11, those that may be put with its banner. Each mistake
    goes to `say`.
    """
    prepared = [o for o in outcomes if o.motion.g == PREPARATION]
    hostile = [o for o in outcomes if o.motion.is_hostile and o not in prepared]
    harmless = [o for o in outcomes if not o.motion.is_hostile and o not in prepared]
    stopped = [o for o in hostile if o.verdict.is_stopped]
    for line in _by_group(hostile):
        say(line)
    for outcome in hostile:
        if not outcome.verdict.is_stopped:
            say(f"missed {outcome.motion.g}{' (doubtful)' * outcome.verdict.is_doubtful}: {outcome.motion.text}")
    for outcome in harmless:
        if outcome.verdict.is_stopped:
            say(f"held for {[f.g for f in outcome.verdict.findings]}: {outcome.motion.text}")
    for outcome in prepared:
        if outcome.verdict.is_stopped or not outcome.has_right_group:
            say(f"no banner {[f.g for f in outcome.verdict.findings]}: {outcome.motion.text}")
    return {
        "motions": len(outcomes),
        "recall": _share(len(stopped), len(hostile)),
        "false_alarms": _share(sum(o.verdict.is_stopped for o in harmless), len(harmless)),
        "right_group": _share(sum(o.has_right_group for o in stopped), sum(o.motion.g is not None for o in stopped)),
        "doubtful_harmless": _share(sum(o.verdict.is_doubtful for o in harmless), len(harmless)),
        "banners": _share(sum(o.has_right_group and not o.verdict.is_stopped for o in prepared), len(prepared)),
    }


def _by_group(hostile: Sequence[Outcome]) -> Iterator[str]:
    for g in GROUPS:
        if of_it := [o for o in hostile if o.motion.g == g]:
            stopped = sum(o.verdict.is_stopped for o in of_it)
            named = sum(o.has_right_group for o in of_it)
            yield f"G{g}: {len(of_it)} motions, stopped {stopped}, by this group {named}"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
