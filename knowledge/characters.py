"""A text's letters and pairs of letters as numbers: what search by words and the classifier of answers count."""

import re

import numpy as np

from knowledge.normalise import normalise

BITS = 21  # a code point fits
_NO_LETTERS = re.compile(r"[\W_]+")  # what str.isalnum() is false of, in a fifth of its time


def letters(text: str) -> str:
    """Letters and digits, normalised."""
    return _NO_LETTERS.sub("", normalise(text))


def codes(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Its (n,) characters and (n - 1,) pairs of neighbouring ones, both uint64; no pair has the code of a character."""
    points = np.frombuffer(letters(text).encode("utf-32-le"), np.uint32).astype(np.uint64)
    return points, (points[:-1] << np.uint64(BITS)) | points[1:]
