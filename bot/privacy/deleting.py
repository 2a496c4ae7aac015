"""What somebody asks to have deleted (个人信息保护法 47), where nobody works with it any more."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from actions.bookings.appointments import label
from actions.bookings.models import Appointment
from actions.bookings.status import AppointmentStatus
from actions.cases import numbers
from actions.cases.finding import lead
from actions.cases.models import Case
from actions.cases.status import OPEN
from bot.privacy.finding import Found
from bot.privacy.masking import ASKED, mask_appointment, mask_case, mask_party
from bot.staff import audit

_HELD = {AppointmentStatus.waiting, AppointmentStatus.booked}


@dataclass
class Report:
    """Sentences for whoever ran the command; no words of residents."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def delete(session: Session, found: Found, *, now: datetime) -> Report:
    """A line of the audit for each. Commits."""
    report = Report()
    for case in found.cases:
        _case(session, case, report, now)
    for held in found.appointments:
        _appointment(session, held, report, now)
    for case, number in found.parties:
        if case.masked_at is None:
            _party(session, case, number, report)
    session.commit()
    return report


def _case(session: Session, case: Case, report: Report, now: datetime) -> None:
    name = f"事项 {numbers.spoken(case.number)}"
    if lead(session, case).status in OPEN:
        report.left.append(f"{name}：还在办。居民可以撤回（对话里说“撤回”），或者办结以后再删。")
        return
    mask_case(session, case, why=ASKED, now=now)
    audit.record(session, None, "删除事项内容", case.number)
    report.done.append(f"{name}：内容、姓名、电话、照片。编号、类别、地方、日期留着，供统计。")


def _appointment(session: Session, held: Appointment, report: Report, now: datetime) -> None:
    name = f"预约 {held.id}（{label(held.opening)}）"
    if held.status in _HELD and held.opening.ends_at > now:
        report.left.append(f"{name}：还没到时间，请先取消。")
        return
    mask_appointment(held, why=ASKED, now=now)
    audit.record(session, None, "删除预约内容", str(held.id))
    report.done.append(f"{name}：姓名、电话、要问的事")


def _party(session: Session, case: Case, number: int, report: Report) -> None:
    name = f"事项 {numbers.spoken(case.number)} 的调解，第 {number + 1} 位当事人"
    if lead(session, case).status in OPEN:
        report.left.append(f"{name}：调解还没结束。")
        return
    mask_party(case, number)
    audit.record(session, None, "删除当事人信息", case.number)
    report.done.append(f"{name}：姓名、电话。调解书写着的请到事项里看。")
