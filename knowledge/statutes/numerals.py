"""Chinese numerals and article numbers."""

import re
from datetime import date

DIGITS = "〇○零一二三四五六七八九十百千两\\d０-９"
_DIGITS = "零一二三四五六七八九"
FIGURES = {**{c: i for i, c in enumerate(_DIGITS)}, "〇": 0, "○": 0}  # one by one, as years are written
_VALUES = {**FIGURES, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
DATE = re.compile(f"([{DIGITS}]{{4}})\\s*[年./-]\\s*([{DIGITS}]{{1,3}})\\s*[月./-]\\s*([{DIGITS}]{{1,3}})\\s*日?")


def number_of(text: str) -> int | None:
    """12 of 十二, 一百零三, 12 and １２; 2026 of 二〇二六; None for what is no number below 10,000, such as 十百."""
    text = text.strip()
    if not text or len(text) > 9:
        return None
    try:
        if all(c.isdecimal() for c in text):
            return int(text) if len(text) <= 4 else None
        if all(c in _VALUES for c in text):
            return int("".join(str(_VALUES[c]) for c in text)) if len(text) <= 4 else None
        total, digit, unit_before = 0, None, 10_000
        for c in text:
            if c in _UNITS:
                if _UNITS[c] >= unit_before:
                    return None
                total += (digit or 1) * _UNITS[c]
                digit, unit_before = None, _UNITS[c]
            else:
                digit = _VALUES[c]
        return total + (digit or 0)
    except KeyError:
        return None


def chinese_article(number: str, suffix: str = "") -> str | None:
    """第十二条之一 of (12, 一); None where it is no article's number."""
    base, extra = number_of(number), number_of(suffix) if suffix else None
    if not base or (suffix and not extra):
        return None
    return article_number(f"{base}-{extra}" if extra else str(base))


def date_of(match: re.Match[str]) -> date | None:
    year, month, day = (number_of(part) for part in match.groups()[:3])
    try:
        return date(year or 0, month or 0, day or 0)
    except ValueError:
        return None


def article_number(arabic: str) -> str:
    """`1042` -> 第一千零四十二条, `17-1` -> 第十七条之一. Raises ValueError for anything else."""
    base, _, suffix = arabic.partition("-")
    return f"第{chinese_number(int(base))}条" + (f"之{chinese_number(int(suffix))}" if suffix else "")


def chinese_number(n: int) -> str:
    """一千零四十二 of 1042. Raises ValueError beyond 1...9999."""
    if not 0 < n < 10000:
        raise ValueError(n)
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, n = divmod(n, unit)
        if digit:
            out += ("零" if gap else "") + _DIGITS[digit] + name
            gap = False
        elif out and n:
            gap = True
    return out[1:] if out.startswith("一十") else out
