"""Kinds of words in a clause, from words.yml, and how they stand to each other.

`提倡彩礼不超过三万元` and `彩礼不得超过三万元` share most of their characters; which kind of word stands before which
tells them apart also where the words themselves were never met.
"""

import re
from pathlib import Path

from knowledge.data_files import AnyOf, DataModel, Text, read

_FAR = 7  # kinds further apart than that say nothing together


class WordsFile(DataModel):
    """The schema of words.yml."""

    kinds: dict[Text, AnyOf]


KINDS = read(Path(__file__).with_name("words.yml"), WordsFile).kinds
_NAMES = tuple(KINDS)
_ANY = re.compile("|".join(f"({kind.pattern})" for kind in KINDS.values()) + "|([,，])")
_COMMA = len(_NAMES)


def kinds_in(text: str) -> list[int]:
    """Which kinds stand in a text, in order; the same one twice running counts once, `_COMMA` is the gap between."""
    found: list[int] = []
    for m in _ANY.finditer(text):
        kind = (m.lastindex or 1) - 1
        if kind == _COMMA or not found or found[-1] != kind:
            found.append(kind)
    return found


def relations(text: str) -> list[str]:
    """What the classifier counts: each kind, each pair in order, three in a row, those missing, first and last."""
    row = kinds_in(text)
    kinds = [k for k in row if k != _COMMA]
    pairs = [f"{a}>{b}" for at, a in enumerate(kinds) for b in kinds[at + 1 : at + 1 + _FAR]]
    threes = ["-".join(map(str, row[at : at + 3])) for at in range(len(row) - 2)]
    missing = [f"!{k}" for k in range(len(_NAMES)) if k not in kinds]
    ends = [f"^{kinds[0]}", f"{kinds[-1]}$"] if kinds else []
    return [str(k) for k in kinds] + pairs + threes + missing + ends
