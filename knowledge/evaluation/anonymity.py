"""How well names and identifiers are found: recall by kind and precision over sentences with their marks.

A gold span is found when marks cover every character of it; a mark is right when it overlaps a gold span. Optional gold
(nickname, place_or_org) counts neither as missed nor as false, and combinations are advice, outside precision.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from knowledge.anonymity.detector import find_marks
from knowledge.anonymity.marks import IDENTIFIERS, MarkKind

_OPTIONAL = frozenset({"nickname", "place_or_org", "combination"})


@dataclass
class Tally:
    """Counts over sentences; `+` adds two of them."""

    sentences: int = 0
    gold: Counter[str] = field(default_factory=Counter)
    recalled: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.sentences + other.sentences,
            self.gold + other.gold,
            self.recalled + other.recalled,
            self.marked + other.marked,
            self.right + other.right,
        )

    def figures(self) -> dict[str, Any]:
        identifiers = [str(k) for k in IDENTIFIERS]
        return {
            "sentences": self.sentences,
            "recall_identifiers": _share(
                sum(self.recalled[k] for k in identifiers), sum(self.gold[k] for k in identifiers)
            ),
            "recall_names": _share(self.recalled["name"], self.gold["name"]),
            "precision": _share(self.right.total(), self.marked.total()),
            "precision_names": _share(self.right["name"], self.marked["name"]),
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def locate(text: str, golds: Iterable[dict[str, str]]) -> list[tuple[int, int, str]]:
    """Spans of gold marks given by their text; one given twice is its second occurrence.

    Raises ValueError for one that isn't there.
    """
    used: Counter[str] = Counter()
    spans = []
    for gold in golds:
        start = -1
        for _ in range(used[gold["text"]] + 1):
            start = text.index(gold["text"], start + 1)
        used[gold["text"]] += 1
        spans.append((start, start + len(gold["text"]), gold["kind"]))
    return spans


def judge(rows: Iterable[dict[str, Any]]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.sentences += 1
        golds = locate(row["text"], row["marks"])
        marks = [m for m in find_marks(row["text"]) if m.kind is not MarkKind.combination]
        covered = {place for m in marks for place in range(m.start, m.end)}
        for start, end, kind in golds:
            if kind not in _OPTIONAL:
                tally.gold[kind] += 1
                tally.recalled[kind] += covered.issuperset(range(start, end))
        for mark in marks:
            touched = [kind for start, end, kind in golds if start < mark.end and mark.start < end]
            if mark.kind is not MarkKind.nickname and not (touched and set(touched) <= _OPTIONAL):
                tally.marked[mark.kind] += 1
                tally.right[mark.kind] += bool(touched)
    return tally


def judge_file(path: Path) -> Tally:
    return judge(yaml.safe_load(path.read_text(encoding="utf-8")))
