"""How a project stands: each stage past, now or next, what it cost, and what shows by itself: a stage that was passed
over, a price that grew by more than a tenth.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import NotFound
from actions.projects.models import Project, ProjectStage
from actions.projects.stages import LABELS, MAY_BE_MISSING, ORDER, Stage

TENTH = 10  # a difference of more than one part in ten shows
_MOST = 200


@dataclass(frozen=True)
class Line:
    """A stage as people read it. `rows`: what is confirmed of it, oldest first; several of a change, or corrected."""

    stage: Stage
    name: str
    rows: list[ProjectStage]
    is_now: bool
    is_past: bool
    is_skipped: bool

    @property
    def when(self) -> str:
        if self.rows:
            day = self.rows[-1].on_day
            return f"{day.year}年{day.month}月{day.day}日"
        return "没有记录" if self.is_skipped else "下一步" if self.is_now else "还没到"


def of_places(session: Session, places: Iterable[str] | None) -> list[Project]:
    """For staff, the newest first; None: everywhere."""
    asked = select(Project).order_by(Project.year.desc(), Project.ordinal.desc()).limit(_MOST)
    return list(session.scalars(asked if places is None else asked.where(Project.place_id.in_(list(places)))))


def public(session: Session, place: str, most: int = _MOST) -> list[Project]:
    """Those of which a second person has confirmed anything, the newest first."""
    seen = select(ProjectStage.project_id).where(ProjectStage.confirmed_at.is_not(None))
    asked = select(Project).where(Project.place_id == place, Project.id.in_(seen))
    return list(session.scalars(asked.order_by(Project.year.desc(), Project.ordinal.desc()).limit(most)))


def by_slug(session: Session, place: str, slug: str) -> Project:
    """Raises NotFound, also for what nobody has confirmed yet."""
    parts = re.fullmatch(r"(\d{2})-(\d{1,6})", slug[:12], re.ASCII)
    own = select(Project).where(Project.place_id == place, Project.ordinal == int(parts[2])) if parts else None
    found = [p for p in session.scalars(own) if p.slug == slug and confirmed(p)] if own is not None else []
    if not found:
        raise NotFound("没有找到这个项目，请核对编号。")
    return found[0]


def confirmed(project: Project) -> list[ProjectStage]:
    return [row for row in project.stages if row.confirmed_at is not None]


def lines(project: Project) -> list[Line]:
    """Every stage in order; a change only where there was one."""
    rows = confirmed(project)
    there = {row.stage for row in rows}
    last = max((ORDER.index(stage) for stage in there), default=-1)
    upcoming = next((s for s in ORDER[last + 1 :] if s not in MAY_BE_MISSING), None)
    found = []
    for place, stage in enumerate(ORDER):
        if stage in MAY_BE_MISSING and stage not in there:
            continue
        found.append(
            Line(
                stage,
                LABELS[stage],
                [row for row in rows if row.stage is stage],
                is_now=stage is upcoming,
                is_past=stage in there,
                is_skipped=place < last and stage not in there,
            )
        )
    return found


def next_of(project: Project) -> str:
    """预算; "" where all is done."""
    return next((line.name for line in lines(project) if line.is_now), "")


def stands(project: Project) -> str:
    """The newest stage there is."""
    done = [line.name for line in lines(project) if line.is_past]
    return f"走到{done[-1]}" if done else "还没有核对过的记录"


def warnings(project: Project) -> list[str]:
    """What shows by itself, each a sentence; said plainly, without a verdict."""
    every = lines(project)
    said = [f"“{line.name}”这一步没有记录，后面的已经有了。" for line in every if line.is_skipped]
    said += _out_of_order(every)
    sums = {line.stage: [row.yuan for row in line.rows if row.yuan is not None] for line in every}
    newest = {stage: found[-1] for stage, found in sums.items() if found}
    contract, budget = newest.get(Stage.contract), newest.get(Stage.budget)
    said += _grown("合同价", contract, "预算", budget)
    base, name = (contract, "合同价") if contract is not None else (budget, "预算")
    said += _grown("变更以后的总价", newest.get(Stage.change), name, base)
    said += _grown("决算", newest.get(Stage.settle), name, base)
    return said


def _out_of_order(every: list[Line]) -> list[str]:
    said, before = [], None
    for line in every:
        if not line.rows:
            continue
        day: date = line.rows[-1].on_day
        if before is not None and day < before[1]:
            said.append(f"“{line.name}”的日子在“{before[0]}”前面。")
        before = (line.name, day) if before is None or day >= before[1] else before
    return said


def _grown(name: str, yuan: int | None, other: str, base: int | None) -> list[str]:
    if yuan is None or base is None or abs(yuan - base) * TENTH <= base:
        return []
    more, which = abs(yuan - base), "多" if yuan > base else "少"
    share = f"，差{more * 100 / base:.1f}%" if base else ""
    return [f"{name} {yuan:,} 元，比{other} {base:,} 元{which} {more:,} 元{share}，超过一成。"]
