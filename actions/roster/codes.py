"""Codes on paper slips: ten characters, the last of which tells a slip of the pen; only a peppered hash is kept.

Nine characters of 32 are drawn at random (45 bits). The last is chosen so that the sum of a^i * x_i over the field of
32 elements is nothing: any one wrong character, and any two that changed places, are noticed, since no two powers
among the first ten of `a` are equal.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Callable

# Without 0, 1, I and O. Each stands for the element of the field whose number is its place here.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 10
_FIELD = 0b100101  # x^5 + x^2 + 1, whose root generates all 31 elements that aren't 0
_BETWEEN = frozenset(" -_·.,，。—－　\t\n")
_MOST_WRITTEN = 200  # a code stands alone; more than that is a letter
_MISREAD = {"I": "L", "1": "L"}  # neither stands on any slip

_pepper: Callable[[], str] | None = None


def use_pepper(secret: Callable[[], str]) -> None:
    """Where this process finds what hashes are peppered with; said once by each process (`bot/parts.py`)."""
    global _pepper
    _pepper = secret


def new_code() -> str:
    nine = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return nine + _check(nine)


def read(written: str) -> str:
    """What a person wrote as it would stand on a slip: large letters, nothing between. Longer for what is no code."""
    return "".join(_MISREAD.get(c, c) for c in _bare(written))


def _bare(written: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", written[:_MOST_WRITTEN]).upper() if c not in _BETWEEN)


def is_well_formed(code: str) -> bool:
    """Whether it could stand on a slip. `code`: as `read` gives it."""
    return len(code) == LENGTH and set(code) <= set(ALPHABET) and _sum(code) == 0


def looks_like(written: str) -> bool:
    """Whether a message may be meant as a code, right or not: ten letters and digits, with at most one too many or too
    few, and nothing else but blanks and strokes. A number alone is a telephone's.
    """
    code = _bare(written)
    return abs(len(code) - LENGTH) <= 1 and code.isascii() and code.isalnum() and not code.isdigit()


def spaced(code: str) -> str:
    """In three groups, as it is printed and read aloud."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def digest(place: str, code: str) -> str:
    """Hexadecimal SHA-256 HMAC (64 characters). A code is good in its own village only, so the place goes in."""
    if _pepper is None:
        raise RuntimeError("no pepper for slips: codes.use_pepper was not called in this process")
    return hmac.new(_pepper().encode(), f"{place}\n{code}".encode(), hashlib.sha256).hexdigest()


def _check(nine: str) -> str:
    rest = _sum(nine)
    return next(c for c in ALPHABET if _times(_power(LENGTH - 1), ALPHABET.index(c)) == rest)


def _sum(code: str) -> int:
    total = 0
    for place, character in enumerate(code):
        total ^= _times(_power(place), ALPHABET.index(character))
    return total


def _power(exponent: int) -> int:
    found = 1
    for _ in range(exponent):
        found = _times(found, 2)
    return found


def _times(left: int, right: int) -> int:
    """Product of two elements of the field."""
    found = 0
    while right:
        if right & 1:
            found ^= left
        left, right = left << 1, right >> 1
        if left & 0b100000:
            left ^= _FIELD
    return found
