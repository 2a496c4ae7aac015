"""Sums of money and spans of time as people say them."""

import re
from decimal import Decimal

from knowledge.statutes.numerals import number_of

_DIGIT = "一二两三四五六七八九"
COUNT = rf"\d{{1,2}}|[{_DIGIT}十]{{1,3}}"
# 五万, 3.5万, 一万二, 四千二, 四千二百, 4200
SUM = (
    rf"(?:\d+(?:\.\d+)?|[{_DIGIT}十百]+)\s*万(?:零)?(?:[{_DIGIT}]千?[{_DIGIT}]?百?|\d{{1,4}})?"
    rf"|[{_DIGIT}\d]\s*千(?:[{_DIGIT}]百?)?|[{_DIGIT}]百(?:[{_DIGIT}]十?)?(?!多|来|把)|\d{{3,7}}(?:\.\d+)?"
)


def yuan(said: str) -> Decimal | None:
    """42,000 of 四万二, 4.2万 and 42000; 4,200 of 四千二 and 四千二百; 350 of 三百五. None for what is no sum."""
    said = said.replace(" ", "").replace("零", "")
    wan, mark, rest = said.partition("万")
    if not mark:
        return _thousands(said)
    count = Decimal(wan) if re.fullmatch(r"\d+(?:\.\d+)?", wan) else Decimal(number_of(wan) or 0)
    if not count:
        return None
    if not rest:
        return count * 10_000
    more = _thousands(rest) if "千" in rest or (rest.isdigit() and len(rest) > 1) else _shortened(rest)
    return None if more is None else count * 10_000 + more


def _thousands(said: str) -> Decimal | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", said):
        return Decimal(said)
    if "千" not in said and "百" in said:
        hundreds, _, tens = said.partition("百")
        return Decimal((number_of(hundreds) or 0) * 100 + (number_of(tens.removesuffix("十")) or 0) * 10) or None
    thousands, mark, hundreds = said.partition("千")
    first = number_of(thousands) if mark else None
    if not first:
        return None
    second = number_of(hundreds.removesuffix("百")) if hundreds else 0
    return None if second is None else Decimal(first * 1000 + second * 100)


def _shortened(said: str) -> Decimal | None:
    """2,000 of the 二 in 四万二; 2,500 of 二五."""
    thousands, hundreds = number_of(said[0]), number_of(said[1:].removesuffix("百")) if said[1:] else 0
    return None if thousands is None or hundreds is None else Decimal(thousands * 1000 + hundreds * 100)


def written(amount: Decimal) -> str:
    """29400 of 29400.00, 212.5 of 212.50."""
    return f"{amount:.2f}".rstrip("0").rstrip(".")
