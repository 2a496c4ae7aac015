"""Four times the one-year LPR of the day of a loan: the most interest between people that a court upholds
(最高人民法院关于审理民间借贷案件适用法律若干问题的规定 25).

The rate is published on the 20th of a month (全国银行间同业拆借中心). Whoever adds a row moves `KNOWN_UNTIL`, too.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_TIMES = 4
_FROM = (
    (date(2020, 8, 20), Decimal("3.85")),
    (date(2021, 12, 20), Decimal("3.80")),
    (date(2022, 1, 20), Decimal("3.70")),
    (date(2022, 8, 22), Decimal("3.65")),
    (date(2023, 6, 20), Decimal("3.55")),
    (date(2023, 8, 21), Decimal("3.45")),
    (date(2024, 7, 22), Decimal("3.35")),
    (date(2024, 10, 21), Decimal("3.10")),
    (date(2025, 5, 20), Decimal("3.00")),
)
KNOWN_FROM, KNOWN_UNTIL = _FROM[0][0], date(2026, 5, 31)


@dataclass(frozen=True)
class Limits:
    """Percent a year, for loans of any day between `first` and `last`."""

    first: date
    last: date

    @property
    def _rates(self) -> list[Decimal]:
        ends = [*(day for day, _ in _FROM[1:]), date.max]
        return [rate * _TIMES for (day, rate), end in zip(_FROM, ends, strict=True) if self._meets(day, end)]

    def _meets(self, begins: date, ends: date) -> bool:
        return begins <= self.last and self.first < ends

    @property
    def least(self) -> Decimal:
        return min(self._rates)

    @property
    def most(self) -> Decimal:
        return max(self._rates)


ANY_DAY = Limits(KNOWN_FROM, KNOWN_UNTIL)


def limits(first: date, last: date) -> Limits | None:
    """For loans of these days, as far as the rate is known; None where it is known for none of them."""
    first, last = max(first, KNOWN_FROM), min(last, KNOWN_UNTIL)
    return Limits(first, last) if first <= last else None
