"""The dashboard's figures."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases.finding import in_reach
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from knowledge.clock import SHANGHAI
from knowledge.places import Place


def cases_within(session: Session, places: list[str] | None, *, since: datetime) -> list[Case]:
    return list(session.scalars(select(Case).where(Case.filed_at >= since, *in_reach(places)).order_by(Case.id)))


def figures(session: Session, places: list[str] | None, *, now: datetime) -> dict[str, Any]:
    """Figures of twelve weeks, from the cases alone; what there is none of is None, never 0 %."""
    cases = cases_within(session, places, since=now - timedelta(weeks=12))
    names = {p.id: p.name for p in session.scalars(select(Place))}
    week = [
        (now.astimezone(SHANGHAI).date() - timedelta(days=now.astimezone(SHANGHAI).weekday()) - timedelta(weeks=i))
        for i in range(11, -1, -1)
    ]

    def of(case: Case) -> date:
        day = case.filed_at.astimezone(SHANGHAI).date()
        return day - timedelta(days=day.weekday())

    answered = [c for c in cases if c.answered_at and c.due_at]
    in_time = [c for c in answered if c.answered_at and c.due_at and c.answered_at <= c.due_at]
    closed = [c for c in cases if c.status is CaseStatus.closed]
    rated = [c.satisfaction for c in cases if c.satisfaction]
    topics = Counter(c.category for c in cases)
    top = [t for t, _ in topics.most_common(6)]
    by_week = {t: [sum(of(c) == w and c.category == t for c in cases) for w in week] for t in top}
    return {
        "totals": {
            "收到": len(cases),
            "已答复": len(answered),
            "按时答复": (f"{100 * len(in_time) // len(answered)}%", f"{len(in_time)}/{len(answered)} 件")
            if answered
            else None,
            "办结": len(closed),
            "重新办理": sum(c.times_reopened > 0 for c in cases),
            "满意度": (f"{sum(rated) / len(rated):.1f} 分", f"{len(rated)} 人打分") if rated else None,
            "超时未答复": sum(bool(c.escalated_at) and not c.answered_at for c in cases),
        },
        "chart": {
            "weeks": [f"{w.month}.{w.day}" for w in week],
            "topics": by_week,
            "places": dict(Counter(names.get(c.place_id or "", "没写地方") for c in cases).most_common(12)),
        },
        "grid": _grid(cases, names),
        "warnings": _rising(cases, of, week, names),
    }


def _grid(cases: list[Case], names: dict[str, str]) -> dict[str, Any]:
    """Topics by place: counts, and a shade from 0 (none) to 5 (the most) for each."""
    places = [p for p, _ in Counter(names.get(c.place_id or "", "没写地方") for c in cases).most_common(12)]
    topics = [t for t, _ in Counter(c.category for c in cases).most_common(12)]
    counts = Counter((names.get(c.place_id or "", "没写地方"), c.category) for c in cases)
    most = max(counts.values(), default=1)
    return {
        "places": places,
        "rows": {t: [(counts[p, t], -(-5 * counts[p, t] // most)) for p in places] for t in topics},
    }


def _rising(cases: list[Case], of: Any, week: list[date], names: dict[str, str]) -> list[str]:
    """Where the last full week or this one stands above its own history: mean and three standard deviations of a
    Poisson count.
    """
    found = []
    for kind, key in (("类别", lambda c: c.category), ("地方", lambda c: names.get(c.place_id or "", ""))):
        counts: dict[str, Counter[date]] = {}
        for case in cases:
            counts.setdefault(key(case), Counter())[of(case)] += 1
        for name, held in counts.items():
            past = [held[w] for w in week[:-1]]
            mean = sum(past) / len(past)
            if name and held[week[-1]] >= 3 and held[week[-1]] > mean + 3 * max(mean, 0.5) ** 0.5:
                found.append(f"{kind}“{name}”本周 {held[week[-1]]} 件，前 {len(past)} 周平均每周 {mean:.1f} 件。")
    return found
