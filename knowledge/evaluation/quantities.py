"""Spans, sums, shares and ages in a Chinese text, so that one text can be compared with the sources it rests on."""

import re
from collections.abc import Iterable
from fractions import Fraction

from knowledge.statutes.numerals import FIGURES, number_of

Quantity = tuple[float, str]  # (value, unit): (30.0, "day"), (0.6667, "part"), (500.0, "yuan")

_NUMBER = r"(?:\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百千]+(?:点[零一二三四五六七八九]+)?)"
_UNITS = {
    "个工作日": "day",
    "工作日": "day",
    "个月": "month",
    "个小时": "hour",
    "个钟头": "hour",
    "小时": "hour",
    "钟头": "hour",
    "分钟": "minute",
    "周岁": "year",
    "岁": "year",
    "年": "year",
    "天": "day",
    "日": "day",
    "万元": "ten thousand yuan",
    "万": "ten thousand yuan",
    "元": "yuan",
    "块钱": "yuan",
    "块": "yuan",
    "%": "percent",
    "倍": "times",
    "成": "tenth",
    "毫克": "milligram",
    "公里": "kilometre",
    "公顷": "hectare",
    "平方米": "square metre",
    "米": "metre",
    "亩": "mu",
    "人": "people",
    "分贝": "decibel",
}
_WORDS = {unit: word for word, unit in _UNITS.items()} | {"day": "天", "month": "个月", "hour": "小时", "yuan": "元"}
_MEASURED = re.compile(rf"({_NUMBER})({'|'.join(_UNITS)})(半)?")
_AND_A_HALF = re.compile(rf"({_NUMBER})个半(月|小时|钟头)")  # 一个半月 -> 1.5个月
_PERCENT = re.compile(rf"百分之({_NUMBER})")
_PART = re.compile(rf"({_NUMBER})分之({_NUMBER})")
_N = "0-9〇零一二两三四五六七八九十百千"
# Days of the calendar, numbers of papers and articles, and idioms: numbers that measure nothing.
_NO_QUANTITY = re.compile(
    rf"\d{{4}}\s*年(?:\d+\s*月(?:\d+\s*日)?)?|二[〇○零]\S{{2}}年|[{_N}]{{1,3}}月[{_N}]{{1,3}}[日号]|〔\d+〕\d*号?"
    rf"|第[{_N}]+[条款项号次天]"
    r"|[一几多每当今去前往后半]年(?=到头|来|头)|[每同]一?[天日年]|一天到晚|有一天|哪一?天|[今明昨后前当每多几]天"
    r"|一块(?!钱)|一万|千万"
    r"|万一|年年|百分百|(?:一两|两三|三四|四五|五六|六七|七八|八九)(?=[个天年月岁块万千百])|一成不变|一年到头"
    r"|过几[天年日]|头一[天年]|十天半个?月"
)
_FEWEST_PEOPLE = 5  # two people, three people: rarely a rule


def quantities(text: str) -> set[Quantity]:
    """Each once; calendar days, article numbers and idioms are passed over."""
    text = text.translate(str.maketrans("０１２３４５６７８９％", "0123456789%")).replace(",", "")
    text = _NO_QUANTITY.sub(" ", text)
    found = {(value, "percent") for m in _PERCENT.finditer(text) if (value := _value(m[1])) is not None}
    text = _AND_A_HALF.sub(lambda m: f"{(_value(m[1]) or 0) + 0.5}个{m[2]}", _PERCENT.sub(" ", text))
    for m in _PART.finditer(text):
        whole, part = _value(m[1]), _value(m[2])
        if whole and part:
            found.add((round(part / whole, 4), "part"))
    found |= {q for m in _MEASURED.finditer(_PART.sub(" ", text)) if (q := _measured(m)) is not None}
    if "半年" in text:
        found.add((0.5, "year"))
    if "半个月" in text:
        found.add((0.5, "month"))
    return found


def unfounded(text: str, sources: Iterable[str]) -> list[Quantity]:
    """The quantities of a text that none of its sources names, in this unit or one of the same length."""
    known = {same for source in sources for quantity in quantities(source) for same in same_length(quantity)}
    return sorted(q for q in quantities(text) if q not in known)


def without_measures(text: str) -> str:
    """What is left where its numbers and their units are taken out."""
    return _PART.sub(" ", _PERCENT.sub(" ", _MEASURED.sub(" ", text)))


def in_words(quantity: Quantity) -> str:
    """As `quantities` reads it again: 15天, 3分之2."""
    value, unit = quantity
    if unit == "part":
        share = Fraction(value).limit_denominator(100)
        return f"{share.denominator}分之{share.numerator}"
    if value == 0.5 and unit in ("year", "month"):
        return "半年" if unit == "year" else "半个月"
    return f"{value:g}{_WORDS[unit]}" if value < 100_000 else f"{value:.0f}{_WORDS[unit]}"


def _measured(m: re.Match[str]) -> Quantity | None:
    value, unit = _value(m[1]), _UNITS[m[2]]
    if value is None or (unit == "people" and value < _FEWEST_PEOPLE):
        return None
    if m[3] and m[2] in ("年", "天"):
        value += 0.5
    factors = {"ten thousand yuan": (10_000, "yuan"), "tenth": (10, "percent")}
    factor, unit = factors.get(unit, (1, unit))
    return value * factor, unit


def _value(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        whole, _, rest = text.partition("点")  # 二点五
        found = number_of(whole)
        digits = "".join(str(FIGURES[digit]) for digit in rest)
        return None if found is None else float(f"{found}.{digits or 0}")


def same_length(quantity: Quantity) -> set[Quantity]:
    """The quantity in every unit that a text may use for it: (12, month) of (1, year)."""
    value, unit = quantity
    more = {
        "year": {(value * 12, "month")},
        "month": {(value / 12, "year")},
        "hour": {(value / 24, "day")},
        "day": {(value * 24, "hour")},
        "hectare": {(value * 15, "mu")},
        "percent": {(round(value / 100, 4), "part")},
        "part": {(value * 100, "percent")},
    }
    return {quantity} | more.get(unit, set())
