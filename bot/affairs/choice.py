"""A choice read out of what somebody sent: numbers, 第二个, or the options' own words."""

import re
from collections.abc import Sequence

from knowledge.normalise import normalise
from knowledge.statutes.numerals import FIGURES

_BUTTON = re.compile(r"^(议-\d{2}-\d{3,6}) (?:选第(\d{1,2})个|(都行))$")
_LEAD = re.compile(
    r"^(?:那|嗯|好)?(?:我们?|俺们?|咱|我家|我们家|俺家)?(?:就|要|还是|都)?(?:改)?(?:选|投|要)?(?:的是|成|给)?"
)
_TAIL = re.compile(r"(?:吧|了|的|呗|嘛|啊|呀|哈|[。！!.])+$")
_BETWEEN = re.compile(r"[\s,，、;；+.]+|(?<=[\d个号项])(?:和|跟|与|还有)|(?:和|跟|与|还有)(?=第|\d)")
_JOINED = re.compile(r"[\s,，、;；+]+|和|跟|与|还有")
_NUMBER = re.compile(r"^第?(\d{1,2}|[一二三四五六七八九十])(?:个|号|项|种)?$")
_ALL = re.compile(r"^(?:(?:我|俺|咱)(?:们|家)?)?(?:都行|都可以|都选|全选|都要|都好|全要|都中|都得行|哪个都行)$")
_SAYS_CHOICE = re.compile(r"^(?:我们?|俺们?|我家|我们家|俺家)?(?:就|要|还是)?(?:改)?(?:选(?!举)|投(?![诉拆案资保票]))")
_MOST = 40  # characters of a choice; what is longer is an opinion


def pressed(text: str) -> tuple[str, list[int] | None] | None:
    """The topic's number and the options, counted from 0, that a button of ours says; None of them for all."""
    found = _BUTTON.match(text.strip())
    return (found[1], None if found[3] else [int(found[2]) - 1]) if found else None


def says_choice(text: str) -> bool:
    """我选…, whether it was asked for or not."""
    return bool(_SAYS_CHOICE.match(text.strip())) and len(text) <= _MOST


def choice_in(text: str, options: Sequence[str]) -> list[int] | None:
    """Options counted from 0, one beyond the last for a number that isn't there; None where the words are no choice."""
    if len(text) > _MOST:
        return None
    said = _TAIL.sub("", _LEAD.sub("", text.strip(), count=1)).strip()
    if not said:
        return None
    if _ALL.match(said) or _ALL.match(_TAIL.sub("", text.strip())):
        return list(range(len(options)))
    return _by_number(said, len(options)) or _by_name(said, options)


def _by_number(said: str, count: int) -> list[int] | None:
    parts = [part for part in _BETWEEN.split(said) if part]
    found = [match for part in parts if (match := _NUMBER.match(part))]
    if not parts or len(found) != len(parts):
        return None
    if len(parts) == 1 and parts[0].isdigit() and int(parts[0]) > count and "0" not in parts[0]:
        return [int(figure) - 1 for figure in parts[0]]  # 13 of three options: the first and the third
    return [_figure(match[1]) - 1 for match in found]


def _figure(word: str) -> int:
    return int(word) if word.isdigit() else 10 if word == "十" else FIGURES[word]


def _by_name(said: str, options: Sequence[str]) -> list[int] | None:
    names = [normalise(option) for option in options]
    if said in names:
        return [names.index(said)]
    found: list[int] = []
    for part in filter(None, _JOINED.split(said)):
        fits = [n for n, name in enumerate(names) if part == name] or [
            n
            for n, name in enumerate(names)
            if len(part) >= 2 and (part in name or (name in part and _is_only(part, name)))
        ]
        if len(fits) != 1:
            return None
        found.append(fits[0])
    return found or None


def _is_only(part: str, name: str) -> bool:
    """The option and a word or two around it that say nothing else: 装东头."""
    left = part.replace(name, "", 1)
    return re.fullmatch(r"(?:装|在|放|修|用|那|这|个|头|边|好|那个|的)*", left) is not None
