"""A text as the patterns read it, with the way back: every folded character knows the original span it came from."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

# 幺 and 洞 are said for 1 and 0 when numbers are read out; 两 is not, it counts things.
_DIGITS = str.maketrans("零〇○洞一壹幺么二贰三叁四肆五伍六陆七柒八捌九玖", "0000111122334455667788" + "99")
_LETTER_O = re.compile(r"(?<=[0-9]{3})[oO](?=[0-9])")
_DASHES = re.compile("[‐‑‒–—―−－﹣ー]")
_DOTS = re.compile("[·•・‧∙⋅・]")
_CELLS = re.compile("[│┃¦丨]")


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@dataclass(frozen=True)
class Folded:
    """`text` is half-width, simplified and free of invisible characters; `origin[i]` is where its i-th character
    stands in the original.
    """

    original: str
    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span of the folded span `start:end`, which isn't empty."""
        return self.origin[start], self.origin[end - 1] + 1

    @cached_property
    def digits(self) -> str:
        """`text` with Chinese digits as Arabic ones (and an O among digits as 0), character for character."""
        return _LETTER_O.sub("0", self.text.translate(_DIGITS))


def fold(original: str) -> Folded:
    """Line breaks stay, so that nothing is read across paragraphs; tabs become | like the cells of a pasted table."""
    characters: list[str] = []
    origin: list[int] = []
    for place, c in enumerate(original):
        folded = _one(c)
        characters.append(folded)
        origin += [place] * len(folded)
    text = "".join(characters)
    simple: str = _simplifier().convert(text)
    return Folded(original, simple if len(simple) == len(text) else text, tuple(origin))


@lru_cache(maxsize=4096)
def _one(c: str) -> str:
    """What a character is read as: nothing, itself or several."""
    if c == "\n" or c == "\t":
        return "\n" if c == "\n" else "|"
    plain = "".join(
        " " if f.isspace() else f
        for f in unicodedata.normalize("NFKC", c)
        if f.isspace() or not unicodedata.category(f).startswith("C")
    )
    return _CELLS.sub("|", _DOTS.sub("·", _DASHES.sub("-", plain)))
