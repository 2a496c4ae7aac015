"""Where a text could be plainer: long sentences, and the language of offices with a plainer word beside it.

Only ever pointed out: nobody's text is changed. What stands in 《》 or “” is somebody else's wording and is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.data_files import DataModel, Text, read

# characters of a sentence, and between two pauses; both rare in our own guides
# (tests/knowledge/documents/test_reading_ease.py)
LONGEST_SENTENCE, LONGEST_BREATH = 60, 40
_QUOTED = re.compile(r"《[^《》]*》|“[^“”]*”|「[^「」]*」")
_SENTENCE = re.compile(r"[^。！？!?；;\n→]+[。！？!?；;]?")
_BREATH = re.compile(r"[^，、：:,（）()—…]+")
_WORDS = re.compile(r"[\w％%]")


class PlainerWordsFile(DataModel):
    """The schema of plainer_words.yml. Officialese: a plainer word, an empty one where it can go; what stands before or
    after, where such a word is part of another one.
    """

    plainer: dict[str, str]
    not_after: dict[str, Text]
    not_before: dict[str, Text]


_FILE = read(Path(__file__).with_name("plainer_words.yml"), PlainerWordsFile)
PLAINER = _FILE.plainer
# longer phrases before the words in them
_PATTERN = re.compile("|".join(sorted(map(re.escape, PLAINER), key=len, reverse=True)))


@dataclass(frozen=True)
class Hint:
    """A stretch of the text, `text[start:end]`, why it may be hard to read, and what could stand there ("" for:
    leave it out).
    """

    start: int
    end: int
    text: str
    reason: str
    suggestion: str


def hints(text: str) -> list[Hint]:
    """In the order of the text; empty for one that reads easily."""
    plain = _QUOTED.sub(lambda quoted: "〇" * len(quoted[0]), text)  # the same places, and nothing in them to find
    return sorted([*_long(text, plain), *_official(text, plain)], key=lambda hint: (hint.start, hint.end))


def _long(text: str, plain: str) -> Iterator[Hint]:
    for sentence in _SENTENCE.finditer(plain):
        count = _count(sentence[0])
        if count > LONGEST_SENTENCE:
            yield _hint(
                text,
                sentence.start(),
                sentence.end(),
                f"这一句 {count} 个字，分成{'两三' if count < 120 else '好几'}句更好懂。",
                "",
            )
            continue
        for breath in _BREATH.finditer(sentence[0]):
            if (run := _count(breath[0])) > LONGEST_BREATH:
                yield _hint(
                    text,
                    sentence.start() + breath.start(),
                    sentence.start() + breath.end(),
                    f"这里连着 {run} 个字没有停顿，断开更好懂。",
                    "",
                )


def _count(text: str) -> int:
    return len(_WORDS.findall(text))


def _official(text: str, plain: str) -> Iterator[Hint]:
    for found in _PATTERN.finditer(plain):
        word = found[0]
        before, after = plain[found.start() - 1 : found.start()], plain[found.end() : found.end() + 1]
        if (before and before in _FILE.not_after.get(word, "")) or (after and after in _FILE.not_before.get(word, "")):
            continue
        plainer = PLAINER[word]
        yield _hint(
            text,
            found.start(),
            found.end(),
            f"“{word}”可以说“{plainer}”。" if plainer else f"“{word}”可以不写。",
            plainer,
        )


def _hint(text: str, start: int, end: int, reason: str, suggestion: str) -> Hint:
    return Hint(start, end, text[start:end], reason, suggestion)
