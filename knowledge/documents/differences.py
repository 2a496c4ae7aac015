"""What changed between two texts: sentence by sentence, the changed words marked, and field by field for two
contents of a kind.
"""

import difflib
import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.documents.fields import fields
from knowledge.documents.models import Kind

_SENTENCE = re.compile(r"[^。！？!?；;\n]*(?:[。！？!?；;]+[”’」）)]?|\n|$)")
_ALIKE = 0.4  # below that two sentences are one that went and one that came; chosen by looking at edits of our guides
_MOST_COMPARED = 2_000  # characters of a sentence in which words are marked
# sentences looked at for the one that was reworded: two wholly different texts of a thousand take no minutes
_AHEAD = 12


class Change(enum.StrEnum):
    same = "same"
    changed = "changed"
    removed = "removed"
    added = "added"


@dataclass(frozen=True)
class Piece:
    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class Line:
    """A sentence on both sides; a side that has none is empty."""

    change: Change
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class FieldDifference:
    name: str
    label: str
    lines: tuple[Line, ...]

    @property
    def is_changed(self) -> bool:
        return any(line.change is not Change.same for line in self.lines)


def sentences(text: str) -> list[str]:
    """The sentences of a text with their stops; joined they are the text without its line ends."""
    return [s for found in _SENTENCE.findall(text) if (s := found.strip())]


def by_sentence(old: str, new: str) -> list[Line]:
    """Both texts side by side in their order; a sentence that was reworded stands beside what it was."""
    before, after = sentences(old), sentences(new)
    lines: list[Line] = []
    for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            lines += [Line(Change.same, (Piece(s),), (Piece(s),)) for s in before[i1:i2]]
        else:
            lines += _abreast(_paired(before[i1:i2], after[j1:j2]))
    return lines


def by_field(kind: Kind, old: dict[str, Any], new: dict[str, Any]) -> list[FieldDifference]:
    """All fields that either content has, in the new one's order; clauses and articles are matched by their number."""
    before, after = _named(kind, old), _named(kind, new)
    order = list(after)
    for at, name in enumerate(before):  # what went stands where it stood
        if name not in after:
            order.insert(min(at, len(order)), name)
    found = []
    for name in order:
        label = (after.get(name) or before[name])[0]
        found.append(
            FieldDifference(
                name, label, tuple(by_sentence(before.get(name, ("", ""))[1], after.get(name, ("", ""))[1]))
            )
        )
    return found


def _named(kind: Kind, content: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Label and text by a name that stays when a clause moves: two clauses of one number keep their places apart."""
    found: dict[str, tuple[str, str]] = {}
    for field in fields(kind, content):
        name, times = field.label, 2
        while name in found:
            name, times = f"{field.label} {times}", times + 1
        found[name] = (field.label, field.text)
    return found


def _abreast(lines: Sequence[Line]) -> list[Line]:
    """What went beside what came in the same place, row by row, as a reader looks for it."""
    found: list[Line] = []
    went: list[Line] = []
    came: list[Line] = []
    for line in [*lines, Line(Change.same)]:
        if line.change is Change.removed:
            went.append(line)
        elif line.change is Change.added:
            came.append(line)
        else:
            found += (
                [Line(Change.changed, old.old, new.new) for old, new in zip(went, came, strict=False)]
                + went[len(came) :]
                + came[len(went) :]
                + [line]
            )
            went, came = [], []
    return found[:-1]


def _paired(before: Sequence[str], after: Sequence[str]) -> list[Line]:
    lines: list[Line] = []
    at = 0
    for new in after:
        like = next((i for i in range(at, min(at + _AHEAD, len(before))) if _is_like(before[i], new)), None)
        if like is None:
            lines.append(Line(Change.added, (), (Piece(new, True),)))
            continue
        lines += [Line(Change.removed, (Piece(s, True),), ()) for s in before[at:like]]
        lines.append(_reworded(before[like], new))
        at = like + 1
    return lines + [Line(Change.removed, (Piece(s, True),), ()) for s in before[at:]]


def _is_like(old: str, new: str) -> bool:
    if len(old) > _MOST_COMPARED or len(new) > _MOST_COMPARED:
        return False
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _reworded(old: str, new: str) -> Line:
    left: list[Piece] = []
    right: list[Piece] = []
    for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i2 > i1:
            left.append(Piece(old[i1:i2], what != "equal"))
        if j2 > j1:
            right.append(Piece(new[j1:j2], what != "equal"))
    return Line(Change.changed, tuple(left), tuple(right))
