"""What a village reads of its points: totals, what for, what was exchanged. No household, and no cell below ten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.points.ledger import day_of
from actions.points.models import Kind, PointEntry, PointSheet
from knowledge.clock import SHANGHAI

LEAST = 10  # times; below, one family might be told by the line
POSTED_FOR = timedelta(days=5)
FEW = f"少于{LEAST}"


@dataclass(frozen=True)
class Row:
    """`times` and `points` as people read them; few are “少于10”, and their points aren't said."""

    title: str
    times: str
    points: str


@dataclass(frozen=True)
class Figures:
    earned: tuple[Row, ...]
    spent: tuple[Row, ...]

    def as_json(self) -> dict[str, Any]:
        kinds = {"earned": self.earned, "spent": self.spent}
        return {name: [[row.title, row.times, row.points] for row in rows] for name, rows in kinds.items()}


def read(figures: dict[str, Any]) -> Figures:
    """As a posted sheet keeps them."""
    return Figures(*(tuple(Row(*cells) for cells in figures.get(kind, [])) for kind in ("earned", "spent")))


def figures(session: Session, place: str, first: date, last: date) -> Figures:
    """Of the entries from `first` to `last`, both included, as they were written down in Shanghai."""
    start = datetime(first.year, first.month, first.day, tzinfo=SHANGHAI)
    end = datetime(last.year, last.month, last.day, tzinfo=SHANGHAI) + timedelta(days=1)
    within = (PointEntry.place_id == place, PointEntry.at >= start, PointEntry.at < end)
    return Figures(
        _rows(session, *within, PointEntry.kind == Kind.earned), _rows(session, *within, PointEntry.kind == Kind.spent)
    )


def _rows(session: Session, *where: Any) -> tuple[Row, ...]:
    counted = (
        select(PointEntry.title, func.count(), func.sum(PointEntry.amount)).where(*where).group_by(PointEntry.title)
    )
    found = [
        (title, times, abs(points)) for title, times, points in session.execute(counted.order_by(PointEntry.title))
    ]
    many = [row for row in found if row[1] >= LEAST]
    few = [row for row in found if row[1] < LEAST]
    rows = [Row(title, str(times), str(points)) for title, times, points in many]
    if few:
        rows.append(_together(few))
    if rows and all(row.points for row in rows):
        rows.append(Row("合计", str(sum(row[1] for row in found)), str(sum(row[2] for row in found))))
    return tuple(rows)


def _together(few: Sequence[tuple[str, int, int]]) -> Row:
    """Lines of less than ten times as one; where that is less than ten too, and so no total, no figure is said."""
    title = "、".join(row[0] for row in few)
    times = sum(row[1] for row in few)
    if times < LEAST:
        return Row(title, FEW, "")
    return Row(title, str(times), str(sum(row[2] for row in few)))


def post(session: Session, place: str, month: date, now: datetime) -> PointSheet | None:
    """The month's sheet, where it isn't there yet and there is something in it; figures stay as posted. `month`: its
    first day. The caller commits.
    """
    code = f"{month:%Y-%m}"
    if session.get(PointSheet, (place, code)) is not None:
        return None
    last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    found = figures(session, place, month, last)
    if not found.earned and not found.spent:
        return None
    today = day_of(now)
    made = PointSheet(place_id=place, month=code, posted_on=today, until=today + POSTED_FOR, figures=found.as_json())
    session.add(made)
    session.flush()
    return made


def sheets_of(session: Session, place: str, limit: int = 24) -> list[PointSheet]:
    """The newest first."""
    own = select(PointSheet).where(PointSheet.place_id == place)
    return list(session.scalars(own.order_by(PointSheet.month.desc()).limit(limit)))


def month_name(code: str) -> str:
    """2026年11月."""
    year, _, month = code.partition("-")
    return f"{year}年{int(month)}月"
