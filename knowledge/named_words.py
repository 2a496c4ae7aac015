"""Patterns of data files, built of named words: whoever adds a word, a place or a name of kin needn't read a pattern.

A file says `{高处}` where it means any word of `高处`. What is wrong with a name or a pattern is told with its line.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from knowledge.data_files import Text, WrongAt

# {高处}, but not {0,12}: whatever is no count is meant as a name, so that a name typed wrongly is noticed.
_COUNT = r"\{(?:\d+,?\d*|,\d+)\}"
_NAME = re.compile(rf"(?!{_COUNT})\{{([^{{}}]*)\}}")
_BRACES = re.compile(rf"{_COUNT}|\{{[^{{}}]*\}}")
# As names were written until December 2026; unnoticed it would be looked for as it stands, and never be found.
_OLD_NAME = re.compile(r"<([\u4e00-\u9fff]+)>")
_PLAIN = re.compile(r"\w+")
# As a Chinese keyboard writes them; none of our patterns means these themselves, but a lone （.
_FULL_WIDTH = re.compile(r"[｜｛｝［］]|（[^（）]*\|[^（）]*）")


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _are_plain(lines: tuple[str, ...]) -> tuple[str, ...]:
    for at, line in enumerate(lines):
        if strange := [word for word in line.split() if not _PLAIN.fullmatch(word)]:
            raise WrongAt(f"“{strange[0]}”里有符号：words 下面只写字，词和词之间空一格", at)
        if not line.split():
            raise WrongAt("这一行是空的", at)
    return lines


Ways = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_one_or_many)]
"""Ways of saying something, one a line (or one alone): patterns in which {name} stands for the words of that name."""

Words = Annotated[tuple[Text, ...], Field(min_length=1), AfterValidator(_are_plain)]
"""Plain words apart by blanks; a line each kind of thing."""

Place = tuple[int | str, ...]
"""Where something stands in a file: `("soft", "fraud", "words")`."""


class NamedWords:
    """`words`: plain words; `parts`: patterns, which may name words and other parts."""

    def __init__(self, words: Mapping[str, Sequence[str]], parts: Mapping[str, Sequence[str]]) -> None:
        self._words, self._parts = words, parts
        self._plain = {name: "|".join(word for line in lines for word in line.split()) for name, lines in words.items()}

    def pattern(self, ways: Sequence[str]) -> re.Pattern[str]:
        """What finds any of these ways, which `check` has seen."""
        return re.compile("|".join(self._filled(way) for way in ways))

    def check(self, used: Iterable[tuple[Place, Sequence[str]]]) -> None:
        """Raises WrongAt for the first thing that is wrong in the patterns of a file, or that nothing in it uses."""
        if twice := [name for name in self._parts if name in self._words]:
            raise WrongAt(f"“{twice[0]}”在 words 里已经有了，请换一个名字", "parts", twice[0])
        parts = [(("parts", name, at), way) for name, ways in self._parts.items() for at, way in enumerate(ways)]
        said = [((*place, at), way) for place, ways in used for at, way in enumerate(ways)]
        for place, way in (*parts, *said):
            _check_signs(way, place)
        try:
            for place, way in (*parts, *said):
                self._check_filled(way, place)
        except re.error:
            for where, one in (*parts, *said):  # each alone, so that the line that is told is the one to mend
                _check_alone(one, where)
            raise WrongAt(f"“{way}”把词填进去以后读不懂", *place) from None
        named = {name for _, way in (*parts, *said) for name in _NAME.findall(way)}
        for section, names in (("words", self._words), ("parts", self._parts)):
            if idle := [name for name in names if name not in named]:
                raise WrongAt(f"“{idle[0]}”没有一处用到：写成 {{{idle[0]}}} 才算用上，不用的请删掉", section, idle[0])

    def _check_filled(self, way: str, place: Place) -> None:
        """Raises re.error, too."""
        try:
            pattern = self.pattern([way])
        except KeyError as error:
            raise WrongAt(f"words 和 parts 里没有“{error.args[0]}”", *place) from error
        except RecursionError as error:
            raise WrongAt(f"“{error.args[0]}”绕了一圈又用到它自己", *place) from error
        if pattern.search(""):
            raise WrongAt(f"“{way}”什么话都对得上，看看是不是多写了一个 |", *place)

    def _filled(self, way: str, within: tuple[str, ...] = ()) -> str:
        """Raises KeyError for a name that nobody gave and RecursionError for one that is part of itself."""
        return _NAME.sub(lambda found: self._of(found.group(1), within), way)

    def _of(self, name: str, within: tuple[str, ...]) -> str:
        if name in within:
            raise RecursionError(name)
        if name in self._plain:
            return f"(?:{self._plain[name]})"
        return "(?:" + "|".join(self._filled(way, (*within, name)) for way in self._parts[name]) + ")"


def _check_signs(way: str, place: Place) -> None:
    if wide := _FULL_WIDTH.search(way):
        raise WrongAt(f"“{wide.group()}”是全角的，请换成半角的再写", *place)
    if old := _OLD_NAME.search(way):
        raise WrongAt(f"“{old.group()}”现在写成 {{{old.group(1)}}}", *place)
    if re.search("[{}]", _BRACES.sub("", way)):
        raise WrongAt(f"“{way}”里的花括号没配成对", *place)


def _check_alone(way: str, place: Place) -> None:
    try:
        re.compile(_NAME.sub("字", way))
    except re.error as error:
        raise WrongAt(f"“{way}”读不懂，看看括号配成对没有", *place) from error
