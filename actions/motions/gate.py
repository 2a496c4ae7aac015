"""The gate before every topic: what may be put to the village for opinions, and what never may, however many want it.

Signs of gate.yml and a learned second opinion. What stops tells its proposer why, and what can be done instead; what
is only doubtful waits for a legal worker's eye.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actions.motions.learned import Judge, Opinion, learned, without_people
from actions.motions.rules import PREPARATION, rules
from knowledge.data_files import Source
from knowledge.village_rules.segments import segments

MOST = 4000  # characters that are read; a topic has 300
STOPPED_FROM = 0.3  # chosen in docs/law/motions.md: a right lost costs more than a second look
DOUBTFUL_FROM = 0.2
_PART_SURER = 0.1  # one sentence of several must be surer, as the clauses of a rule
_PREPARED_FROM = 0.4
_MOST_FINDINGS = 2
_TOO_SHORT = 6  # below, only the signs are heard: 投票 and 我举手 say nothing of what for


@dataclass(frozen=True)
class Finding:
    g: int  # 1...11, the groups of gate.yml
    say: str  # for the proposer: why not
    instead: str  # what can be done
    articles: tuple[Source, ...]
    is_preparation: bool  # only opinions are heard, a meeting of all members decides; a banner, no stop


@dataclass(frozen=True)
class Verdict:
    findings: tuple[Finding, ...]
    is_doubtful: bool = False  # nothing is sure: a legal worker looks before it opens

    @property
    def is_stopped(self) -> bool:
        return not self.is_doubtful and any(not finding.is_preparation for finding in self.findings)


def check(text: str, judge: Judge | None = None) -> Verdict:
    """What stands against putting a text to the village, the nearest first; no finding where it may be put.

    The first call in a process learns from the examples, some seconds. `judge`: another one than all examples taught.
    """
    parts = _parts(text[:MOST])
    if not parts:
        return Verdict(())
    opinion = (judge or learned()).read(parts)
    likely = [
        _sure(part, float(p), is_whole=at == 0) for at, (part, p) in enumerate(zip(parts, opinion.hostile, strict=True))
    ]
    nearest = opinion.groups[likely.index(max(likely))]
    if stopped := _stopped(parts, max(likely), nearest):
        return Verdict(tuple(_finding(g) for g in stopped))
    doubtful = _doubtful(parts, max(likely), nearest)
    prepared = [PREPARATION] if _is_preparation(parts, opinion) else []
    return Verdict(tuple(_finding(g) for g in [*doubtful, *prepared]), is_doubtful=bool(doubtful))


def _parts(text: str) -> list[str]:
    """The whole and, of several sentences, each; without people, marks alone left out."""
    whole = without_people(text)
    cut = [whole[start:end] for start, end in segments(whole)]
    parts = [whole, *cut] if len(cut) > 1 else [whole]
    return [part for part in dict.fromkeys(parts) if any(c.isalnum() for c in part)]


def _sure(part: str, likely: float, *, is_whole: bool) -> float:
    if len(part) < _TOO_SHORT:
        return 0
    return likely if is_whole else likely - _PART_SURER


def _stopped(parts: list[str], likely: float, nearest: int) -> list[int]:
    """The groups by which it is stopped, the nearest first."""
    heard = _heard(part for part in parts if not rules().is_harmless_frame(part))
    if not heard and likely < STOPPED_FROM:
        return []
    if not heard or nearest in heard:
        heard = [nearest, *(g for g in heard if g != nearest)]
    return heard[:_MOST_FINDINGS]


def _doubtful(parts: list[str], likely: float, nearest: int) -> list[int]:
    """The group that a legal worker has to think of, of a text that isn't stopped."""
    framed = [part for part in parts if not rules().is_harmless_frame(part)]
    looks = [g for part in framed for g in rules().to_look_at(part)]
    if likely >= DOUBTFUL_FROM:
        looks.append(nearest)
    return looks[:1]


def _heard(parts: Iterable[str]) -> list[int]:
    found = dict.fromkeys(g for part in parts for g in rules().heard(part))
    return [g for g in found if g != PREPARATION]


def _is_preparation(parts: list[str], opinion: Opinion) -> bool:
    heard = any(PREPARATION in rules().heard(part) for part in parts)
    return heard or float(opinion.preparation.max()) >= _PREPARED_FROM


def _finding(g: int) -> Finding:
    group = rules().groups[g]
    return Finding(g, group.say, group.instead, group.articles, group.is_preparation)
