"""A joint meeting on paper: the invitation to the units, the form of its minutes."""

import io
from collections.abc import Sequence

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from actions.cases import numbers
from actions.joint.meetings import says_moment
from actions.joint.models import JointItem, JointMeeting, JointState, TaskState
from actions.joint.tasks import says_day
from actions.papers.case_file import day_zh, printable
from actions.papers.word import set_chinese_font
from knowledge.clock import SHANGHAI, today

_BODY, _TITLE = Pt(14), Pt(20)
_BLANK = "＿" * 8
_STATES = {TaskState.open: "在办", TaskState.done: "办了", TaskState.refused: "不办，已转"}


def invitation(meeting: JointMeeting, *, office: str) -> bytes:
    """To all units that are called, as Word. `office`: who calls, 柳河镇. Cases by number and category: what residents
    told stays in the case.
    """
    paper = _paper("联席会议通知")
    _line(paper, f"{'、'.join(unit.team.name for unit in meeting.units)}：", indent=False)
    held = meeting.held_at.astimezone(SHANGHAI)
    when = f"{held.year}年{says_moment(meeting.held_at)}"
    _line(paper, f"定于{when}，在{meeting.spot}开联席会议：{meeting.title}。请派能当场定事的人来。")
    _line(paper, "要商量的事：", bold=True)
    for item in meeting.items:
        _line(paper, f"{item.position}. {_about(item)}")
    _line(paper, "请先看过有关的事项，带上依据。来不了的，请派人来，并在开会以前告诉我们；没有到会的，记在会议记录里。")
    _line(paper, "不该由本单位办的，请在会上说明理由，并说明由谁来办。")
    _line(paper, f"{office}（盖章）", right=True)
    _line(paper, day_zh(today()), right=True)
    return _bytes(paper)


def minutes(meeting: JointMeeting) -> bytes:
    """Filled in as far as it stands; what isn't there yet leaves room to write."""
    paper = _paper("联席会议记录")
    held = meeting.held_at.astimezone(SHANGHAI)
    _line(paper, f"{meeting.title}　{held.year}年{says_moment(meeting.held_at)}　{meeting.spot}", indent=False)
    for label in ("主持人", "记录人"):
        _line(paper, f"{label}：{_BLANK}", indent=False)
    came = {None: "□到　□没到", True: "到了", False: "没到"}
    rows = [(unit.team.name, came[unit.came], "") for unit in meeting.units]
    _table(paper, ("单位", "到没到", "到会人签名"), rows)
    _line(paper, "商量的事：", bold=True)
    for item in meeting.items:
        _line(paper, f"{item.position}. {_about(item)}")
    _line(paper, "大家怎么说、定了什么：", bold=True)
    if meeting.state is JointState.held:
        for part in meeting.minutes.splitlines():
            _line(paper, part)
    else:
        for _ in range(6):
            _line(paper, "＿" * 30, indent=False)
    _line(paper, "谁办什么：", bold=True)
    tasks = [(t.team.name, t.what, says_day(t.due_on), _STATES[t.state]) for t in meeting.tasks]
    _table(paper, ("单位", "办什么", "哪天前", "办得怎样"), tasks or [("", "", "", "")] * 5)
    _line(paper, f"主持人签名：{_BLANK}　记录人签名：{_BLANK}", indent=False)
    return _bytes(paper)


def _about(item: JointItem) -> str:
    if item.case is None:
        return item.title
    return f"{item.title}（事项 {numbers.spoken(item.case.number)}，{item.case.category}）"


def _paper(title: str) -> DocumentType:
    paper = Document()
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "FangSong", _BODY
    set_chinese_font(style.element.rPr, "仿宋")
    for section in paper.sections:
        section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    head = paper.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = head.add_run(printable(title))
    run.bold, run.font.size = True, _TITLE
    return paper


def _line(paper: DocumentType, text: str, *, indent: bool = True, bold: bool = False, right: bool = False) -> None:
    paragraph = paper.add_paragraph()
    paragraph.add_run(printable(text)).bold = bold
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    elif indent:
        paragraph.paragraph_format.first_line_indent = _BODY * 2


def _table(paper: DocumentType, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = paper.add_table(rows=1, cols=len(head))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        cell.text = text
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = printable(text)


def _bytes(paper: DocumentType) -> bytes:
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()
