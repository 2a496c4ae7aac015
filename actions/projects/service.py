"""A project begun, its stages written by one person and confirmed by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.projects.models import Project, ProjectStage
from actions.projects.stages import HAS_SUM, LABELS, NEEDS_SUM, SUM_SAID, Stage, items_of
from actions.storable import row_of, storable
from knowledge.anonymity.detector import find_marks
from knowledge.anonymity.marks import MarkKind
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

MOST_YUAN = 10**10
MOST_STAGES = 80  # of a project, corrections and all
_OLDEST = date(2000, 1, 1)
_NEVER = {
    MarkKind.id_number: "身份证号",
    MarkKind.bank_account: "银行卡号",
    MarkKind.phone: "电话号码",
    MarkKind.wechat: "微信号",
    MarkKind.qq: "QQ号",
    MarkKind.email: "邮箱",
}


@dataclass(frozen=True)
class Who:
    """Of the staff, as plain values."""

    id: int
    name: str


@dataclass(frozen=True)
class Entry:
    """What somebody writes of a stage."""

    stage: Stage
    on_day: date | None
    yuan: int | None = None
    words: str = ""
    ticked: Sequence[str] = ()
    file_id: int | None = None


def get(session: Session, number: int) -> Project:
    """Raises NotFound."""
    found = row_of(session, Project, number)
    if found is None:
        raise NotFound("没有找到这个项目。")
    return found


def begin(
    session: Session, *, place: str, title: str, decision_id: int | None, who: Who, key: str, now: datetime
) -> Project:
    """The same key gives the same project. The caller commits. Raises InvalidInput, Conflict."""
    if (found := session.scalar(select(Project).where(Project.key == key))) is not None:
        return found
    title = storable(title).strip()
    if not 2 <= len(title) <= 60:
        raise InvalidInput("项目叫什么，请写 2 到 60 个字，比如“南沟路硬化”。")
    _check_words(title)
    year = _day(now).year
    of = (Project.place_id == place, Project.year == year)
    ordinal = (session.scalar(select(func.max(Project.ordinal)).where(*of)) or 0) + 1
    project = Project(
        key=key,
        place_id=place,
        year=year,
        ordinal=ordinal,
        title=title,
        decision_id=decision_id,
        by_id=who.id,
        by=who.name,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(project)
            session.flush()
    except IntegrityError:
        raise Conflict("刚刚有人也在记，请再交一次。") from None
    return project


def record(session: Session, project: Project, entry: Entry, *, who: Who, key: str, now: datetime) -> ProjectStage:
    """A stage, which waits for the second person; written again it is a correction, and the earlier row stays. The same
    key gives the same row. The caller commits. Raises InvalidInput, NotAllowed, Conflict.
    """
    if (found := session.scalar(select(ProjectStage).where(ProjectStage.key == key))) is not None:
        return found
    if any(row.waits and row.stage is entry.stage for row in project.stages):
        raise NotAllowed(f"“{LABELS[entry.stage]}”已经有一条在等核对，请等监督委员看完。")
    if len(project.stages) >= MOST_STAGES:
        raise NotAllowed("这个项目记得太多了，请联系管理员。")
    words = storable(entry.words).strip()
    if len(words) > 1000:
        raise InvalidInput("说明最多 1000 个字。")
    _check_words(words)
    known = {item.code for item in items_of(entry.stage)}
    row = ProjectStage(
        project_id=project.id,
        key=key,
        stage=entry.stage,
        on_day=_checked_day(entry.on_day, now),
        yuan=_checked_sum(entry.stage, entry.yuan),
        words=words,
        ticked=[code for code in dict.fromkeys(entry.ticked) if code in known],
        file_id=entry.file_id,
        by_id=who.id,
        by=who.name,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Conflict from None
    session.expire(project, ["stages"])
    return row


def stage_of(session: Session, project: Project, number: int) -> ProjectStage:
    """Raises NotFound."""
    row = row_of(session, ProjectStage, number)
    if row is None or row.project_id != project.id:
        raise NotFound("没有找到这一步。")
    return row


def confirm(session: Session, row: ProjectStage, *, who: Who, now: datetime) -> None:
    """From now on everybody may read it. `rights.check_second` says who may. Raises Conflict, NotAllowed."""
    _settle(session, row, who, confirmed_by_id=who.id, confirmed_by=who.name, confirmed_at=now)


def send_back(session: Session, row: ProjectStage, *, why: str, who: Who, now: datetime) -> None:
    """Raises InvalidInput, Conflict, NotAllowed."""
    why = storable(why).strip()[:300]
    if not why:
        raise InvalidInput("为什么退回，请写一句，村文书好改。")
    _settle(session, row, who, refused_at=now, refused_words=why)


def _settle(session: Session, row: ProjectStage, who: Who, **values: object) -> None:
    """Once: of two who press at the same moment the later one is told."""
    if who.id == row.by_id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")
    still = (ProjectStage.id == row.id, ProjectStage.confirmed_at.is_(None), ProjectStage.refused_at.is_(None))
    if not changed(session, update(ProjectStage).where(*still).values(**values), synchronize=False):
        raise Conflict("这一步已经有人看过了。")
    session.refresh(row)


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def _checked_day(day: date | None, now: datetime) -> date:
    if day is None:
        raise InvalidInput("哪一天的事，请填日期。")
    if not _OLDEST <= day <= _day(now):
        raise InvalidInput("日期不对：还没有到的日子不能记，太早的也请核对。")
    return day


def _checked_sum(stage: Stage, yuan: int | None) -> int | None:
    if stage not in HAS_SUM:
        return None
    if yuan is None and stage in NEEDS_SUM:
        raise InvalidInput(f"请填{SUM_SAID[stage]}（元）。")
    if yuan is not None and not 0 <= yuan <= MOST_YUAN:
        raise InvalidInput("金额不对，请核对，单位是元。")
    return yuan


def _check_words(text: str) -> None:
    found = dict.fromkeys(_NEVER[mark.kind] for mark in find_marks(text) if mark.kind in _NEVER)
    if found:
        raise InvalidInput(f"您写的话里有{'、'.join(found)}，不能贴出来，请去掉再交。")
