"""A text as it is compared; hashes of texts and files."""

import hashlib
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_BLANKS, _MANY = re.compile(r"\s+"), re.compile(r"(\D)\1{3,}")


def content_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


# Marks that stand on or behind a character and say nothing (Zalgo, the choice of a glyph), after what composes with its
# letter has done so. Vowels of Tibetan and others are marks, too, and stay.
_MARKS = re.compile(r"[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_NOTHING_TO_SEE = re.compile("[\u115f\u1160\u2800\u3164\uffa0]+")  # blanks that Unicode calls letters or signs


def normalise(text: str) -> str:
    """NFKC, Traditional to Simplified, one space for any run of blanks, at most three of the same character in a
    row, but every digit: 13911112222. Marks and blanks that can't be seen are none.
    """
    folded = _NOTHING_TO_SEE.sub(" ", _MARKS.sub("", unicodedata.normalize("NFKC", text)))
    if not folded.replace("\n", "").isprintable():  # control characters, or blanks of other kinds
        folded = "".join(c for c in folded if c == "\n" or not unicodedata.category(c).startswith("C"))
    folded = _converter().convert(folded)
    folded = _BLANKS.sub(" ", folded).strip()
    return _MANY.sub(r"\1\1\1", folded)
