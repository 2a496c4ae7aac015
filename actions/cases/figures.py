"""The dashboard's figures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from actions.cases.finding import in_reach
from actions.cases.models import Case
from actions.cases.status import TIMED, CaseStatus
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_WEEKS = 12
_TOPICS_SHOWN = 6
_IN_GRID = 12  # topics and places
_NOWHERE = "没写地方"

Total = int | tuple[str, str] | None  # a count; a share with what it is of; None where there is nothing to take it of


@dataclass(frozen=True)
class Chart:
    """`weeks`: their Mondays, 11.2; `topics`: for each of the commonest, the cases of every week."""

    weeks: list[str]
    topics: dict[str, list[int]]
    places: dict[str, int]


@dataclass(frozen=True)
class Grid:
    """Topics by place: counts, and a shade from 0 (none) to 5 (the most) for each."""

    places: list[str]
    rows: dict[str, list[tuple[int, int]]]


@dataclass(frozen=True)
class Figures:
    """`warnings`: where the last week stands above its own history, in words."""

    totals: dict[str, Total]
    chart: Chart
    grid: Grid
    warnings: list[str]


def overdue_at(now: datetime) -> list[ColumnElement[bool]]:
    """Past their limit and still to be answered, however long ago they were filed."""
    return [Case.due_at < now, Case.status.in_(TIMED)]


def behind(name: str, now: datetime) -> list[ColumnElement[bool]] | None:
    """The cases that a total is taken of; None where there is no such total."""
    since = Case.filed_at >= now - timedelta(weeks=_WEEKS)
    found = {
        "收到": [since],
        "已答复": [since, Case.answered_at.is_not(None), Case.due_at.is_not(None)],
        "按时答复": [since, Case.answered_at <= Case.due_at],
        "办结": [since, Case.status == CaseStatus.closed],
        "重新办理": [since, Case.times_reopened > 0],
        "满意度": [since, Case.satisfaction > 0],
        "超时未答复": overdue_at(now),
    }
    return found.get(name)


def cases_within(session: Session, places: Sequence[str] | None, *, since: datetime) -> list[Case]:
    return list(session.scalars(select(Case).where(Case.filed_at >= since, *in_reach(places)).order_by(Case.id)))


def figures(session: Session, places: Sequence[str] | None, *, now: datetime) -> Figures:
    """Figures of twelve weeks, from the cases alone; what there is none of is None, never 0 %."""
    cases = cases_within(session, places, since=now - timedelta(weeks=_WEEKS))
    names = {p.id: p.name for p in session.scalars(select(Place))}
    this_week = _monday(now)
    weeks = [this_week - timedelta(weeks=i) for i in range(_WEEKS - 1, -1, -1)]
    top = [topic for topic, _ in Counter(c.category for c in cases).most_common(_TOPICS_SHOWN)]
    by_week = Counter((_monday(c.filed_at), c.category) for c in cases)
    chart = Chart(
        weeks=[f"{week.month}.{week.day}" for week in weeks],
        topics={topic: [by_week[week, topic] for week in weeks] for topic in top},
        places=dict(Counter(_place(case, names) for case in cases).most_common(_IN_GRID)),
    )
    overdue = session.scalar(select(func.count()).select_from(Case).where(*in_reach(places), *overdue_at(now))) or 0
    return Figures({**_totals(cases), "超时未答复": overdue}, chart, _grid(cases, names), _rising(cases, weeks, names))


def _monday(moment: datetime) -> date:
    day = moment.astimezone(SHANGHAI).date()
    return day - timedelta(days=day.weekday())


def _place(case: Case, names: Mapping[str, str]) -> str:
    return names.get(case.place_id or "", _NOWHERE)


def _totals(cases: Sequence[Case]) -> dict[str, Total]:
    answered = [c for c in cases if c.answered_at and c.due_at]
    in_time = [c for c in answered if c.answered_at and c.due_at and c.answered_at <= c.due_at]
    rated = [c.satisfaction for c in cases if c.satisfaction]
    share = (f"{100 * len(in_time) // len(answered)}%", f"{len(in_time)}/{len(answered)} 件") if answered else None
    return {
        "收到": len(cases),
        "已答复": len(answered),
        "按时答复": share,
        "办结": sum(c.status is CaseStatus.closed for c in cases),
        "重新办理": sum(c.times_reopened > 0 for c in cases),
        "满意度": (f"{sum(rated) / len(rated):.1f} 分", f"{len(rated)} 人打分") if rated else None,
    }


def _grid(cases: Sequence[Case], names: Mapping[str, str]) -> Grid:
    places = [p for p, _ in Counter(_place(case, names) for case in cases).most_common(_IN_GRID)]
    topics = [t for t, _ in Counter(c.category for c in cases).most_common(_IN_GRID)]
    counts = Counter((_place(case, names), case.category) for case in cases)
    most = max(counts.values(), default=1)
    return Grid(places, {t: [(counts[p, t], -(-5 * counts[p, t] // most)) for p in places] for t in topics})


def _rising(cases: Sequence[Case], weeks: Sequence[date], names: Mapping[str, str]) -> list[str]:
    """Where the last full week or this one stands above its own history: mean and three standard deviations of a
    Poisson count.
    """
    by_topic = [(c.category, _monday(c.filed_at)) for c in cases]
    by_place = [(names.get(c.place_id or "", ""), _monday(c.filed_at)) for c in cases]
    found = []
    for kind, seen in (("类别", by_topic), ("地方", by_place)):
        counts = Counter(seen)
        for name in dict.fromkeys(name for name, _ in seen):
            past, now = [counts[name, week] for week in weeks[:-1]], counts[name, weeks[-1]]
            mean = sum(past) / len(past)
            if name and now >= 3 and now > mean + 3 * max(mean, 0.5) ** 0.5:
                found.append(f"{kind}“{name}”本周 {now} 件，前 {len(past)} 周平均每周 {mean:.1f} 件。")
    return found
