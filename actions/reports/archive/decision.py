"""What of a decision goes to the archive: its way with who wrote and who confirmed each step, and papers on file."""

from collections.abc import Iterator
from datetime import date
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.decisions import bodies, words
from actions.decisions.matters import matter_of
from actions.decisions.models import Decision, DecisionFile, DecisionStep, Meeting, Motion
from actions.decisions.status import LABELS, STEP_LABELS
from actions.reports.archive.writing import Item, paper
from knowledge.clock import SHANGHAI

_ENDS = {"photo": "jpg", "pdf": "pdf"}


def items(session: Session, decision: Decision) -> Iterator[Item]:
    day = decision.steps[0].on_day if decision.steps else None
    title = f"{decision.title}（{decision.number}）"
    yield Item("01-决定.pdf", title, bodies.body_of(decision.body).name, day, partial(_page, session, decision))
    for number, (file_id, what, by, on) in enumerate(_papers(session, decision), 2):
        kind = session.scalar(select(DecisionFile.kind).where(DecisionFile.id == file_id))
        if kind is not None:
            name = f"{number:02d}-{what}.{_ENDS.get(kind, 'bin')}"
            yield Item(name, what, by, on, partial(_data, session, file_id))


def _data(session: Session, file_id: int) -> bytes:
    """Of the column alone: no row keeps it once it is written."""
    return session.execute(select(DecisionFile.data).where(DecisionFile.id == file_id)).scalar_one()


def _meetings(session: Session, decision: Decision) -> list[tuple[Meeting, Motion]]:
    held = select(Meeting, Motion).join(Motion).where(Motion.decision_id == decision.id).order_by(Meeting.held_at)
    return [(meeting, motion) for meeting, motion in session.execute(held)]


def _papers(session: Session, decision: Decision) -> Iterator[tuple[int, str, str, date]]:
    """Each paper once, under the first thing it proves."""
    seen: set[int] = set()
    found: list[tuple[int | None, str, str, date]] = []
    for meeting, _ in _meetings(session, decision):
        who, on = meeting.entered_by or meeting.by, meeting.held_at.astimezone(SHANGHAI).date()
        found += [(meeting.minutes_id, "会议记录", who, on), (meeting.sheet_id, "签到表", who, on)]
    found += [(step.file_id, f"{STEP_LABELS[step.step]}的材料", step.by, step.on_day) for step in decision.steps]
    for file_id, what, by, on in found:
        if file_id is not None and file_id not in seen:
            seen.add(file_id)
            yield file_id, what, by, on


def _page(session: Session, decision: Decision) -> bytes:
    matter = matter_of(decision.matter)
    law = "、".join(f"{name}{article}" for name, article in matter.articles)
    about = (
        decision.number,
        f"由{bodies.body_of(decision.body).name}定。{decision.authorised}",
        f"现在：{LABELS[decision.state]}。",
        f"从哪儿来：{decision.source}" if decision.source else "",
        f"金额：{decision.sum_yuan:,}元" if decision.sum_yuan else "",
        f"{matter.name}：{law}。{matter.note}",
    )
    way = [f"{line.name}（{line.when or '还没到'}）{' '.join(line.said)}" for line in words.lines(session, decision)]
    return paper(
        decision.title,
        (
            ("这个决定", about),
            ("它走到哪一步", way),
            ("会议", [_meeting(*pair) for pair in _meetings(session, decision)]),
            ("记录（谁写的，谁确认的）", [_step(step) for step in decision.steps]),
        ),
    )


def _meeting(meeting: Meeting, motion: Motion) -> str:
    head = f"{words.says_moment(meeting.held_at)} {meeting.spot}，{meeting.notice_on.isoformat()}通知。"
    if meeting.present is None:
        return f"{head}还没有录数。"
    counted = f"应到{meeting.entitled}，到会{meeting.present}，其中线上{meeting.online}、委托{meeting.proxies}。"
    votes = "" if motion.yes is None else f"同意{motion.yes}，反对{motion.no}，弃权{motion.abstain}。"
    passed = {True: "通过。", False: "没有通过。", None: ""}[motion.passed]
    return f"{head}{counted}{motion.text}：{votes}{passed}"


def _step(step: DecisionStep) -> str:
    second = f"；{step.confirmed_by}{'退回' if step.refused_at else '确认'}" if step.confirmed_by else ""
    waits = "；等第二个人确认" if step.waits else ""
    return f"{step.on_day.isoformat()} {STEP_LABELS[step.step]}：{step.by}写{second}{waits}。{step.words}"
