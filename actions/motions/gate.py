"""The gate before every topic: what may be put to the village for opinions, and what never may, however many want it.

Signs of gate.yml and a learned second opinion. What stops tells its proposer why, and what can be done instead; what
is only doubtful waits for a legal worker's eye.
"""

from dataclasses import dataclass

from actions.motions.learned import Judge, Opinion, learned, without_people
from actions.motions.rules import PREPARATION, rules
from knowledge.data_files import Source
from knowledge.village_rules.segments import segments

MOST = 4000  # characters that are read; a topic has 300
STOPPED_FROM = 0.4  # chosen in docs/law/motions.md: a right lost costs more than a second look
DOUBTFUL_FROM = 0.2
_PART_SURER = 0.1  # one sentence of several must be surer, as the clauses of a rule
_PREPARED_FROM = 0.4
_MOST_FINDINGS = 2


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
    is_doubtful: bool = False  # nothing is sure; a legal worker looks before it opens

    @property
    def is_stopped(self) -> bool:
        return any(not finding.is_preparation for finding in self.findings)


def check(text: str, judge: Judge | None = None) -> Verdict:
    """What stands against putting a text to the village, the nearest first; no finding where it may be put.

    The first call in a process learns from the examples, some seconds. `judge`: another one than all examples taught.
    """
    parts = _parts(text[:MOST])
    if not parts:
        return Verdict(())
    opinion = (judge or learned()).read(parts)
    likely = [float(p) - (_PART_SURER if at else 0) for at, p in enumerate(opinion.hostile)]
    if stopped := _stopped(parts, likely, opinion):
        return Verdict(tuple(_finding(g) for g in stopped))
    is_doubtful = max(likely) >= DOUBTFUL_FROM
    if _is_preparation(parts, opinion):
        return Verdict((_finding(PREPARATION),), is_doubtful)
    return Verdict((), is_doubtful)


def _parts(text: str) -> list[str]:
    """The whole and, of several sentences, each; without people, marks alone left out."""
    whole = without_people(text)
    cut = [whole[start:end] for start, end in segments(whole)]
    parts = [whole, *cut] if len(cut) > 1 else [whole]
    return [part for part in dict.fromkeys(parts) if any(c.isalnum() for c in part)]


def _stopped(parts: list[str], likely: list[float], opinion: Opinion) -> list[int]:
    """The groups by which it is stopped, the nearest first."""
    signs = [g for part in parts if not rules().is_harmless_frame(part) for g in rules().heard(part)]
    heard = [g for g in dict.fromkeys(signs) if g != PREPARATION]
    if not heard and max(likely) < STOPPED_FROM:
        return []
    nearest = opinion.groups[likely.index(max(likely))]
    if not heard or nearest in heard:
        heard = [nearest, *(g for g in heard if g != nearest)]
    return heard[:_MOST_FINDINGS]


def _is_preparation(parts: list[str], opinion: Opinion) -> bool:
    heard = any(PREPARATION in rules().heard(part) for part in parts)
    return heard or float(opinion.preparation.max()) >= _PREPARED_FROM


def _finding(g: int) -> Finding:
    group = rules().groups[g]
    return Finding(g, group.say, group.instead, group.articles, group.is_preparation)
