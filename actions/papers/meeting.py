"""What a village meeting needs on paper: the notice, the sheet to sign, the form of the minutes, a request for one."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from actions.decisions.bodies import Body, Need, Numbers, body_of, number_said
from actions.decisions.calling import Asking
from actions.decisions.matters import matter_of
from actions.decisions.models import Meeting
from actions.decisions.words import says_moment
from actions.papers.case_file import day_zh, printable
from actions.papers.word import set_chinese_font

_BODY, _TITLE = Pt(14), Pt(20)
_MOST_ROWS = 400  # of a sheet: a village of more prints it by groups
_BLANK = "＿" * 8
_RULE = "＿" * 27  # a line of the page, indented


@dataclass(frozen=True)
class Committee:
    """Who signs: 柳河镇李家沟村 and 村民委员会."""

    village: str
    called_by: str


def notice(meeting: Meeting, *, committee: Committee, numbers: Numbers) -> bytes:
    """Ready to print and post, as Word."""
    body = body_of(meeting.body)
    paper = _paper(f"关于召开{body.name}的通知")
    who = "全体成员" if body.committee == "collective" else "全体居民" if body.committee == "residents" else "全体村民"
    _line(paper, f"{committee.village}{who}：", indent=False)
    _line(
        paper,
        f"定于{meeting.held_at.year}年{says_moment(meeting.held_at)}，在{meeting.spot}召开{body.name}。",
    )
    _line(paper, "会上要定的事：", bold=True)
    for place, motion in enumerate(meeting.motions, 1):
        matter = matter_of(motion.decision.matter)
        law = "、".join(f"{name}{article}" for name, article in matter.articles[:2])
        _line(paper, f"{place}. {motion.text}（{matter.name}；{law}）")
        for more in (matter.before, matter.note):
            if more:
                _line(paper, more)
    _line(paper, "到多少人才能开会，多少票才算通过：", bold=True)
    for need in body.begins:
        _line(paper, _needed(need, numbers.get(need.of)))
    _line(paper, _passes(body, numbers))
    _line(paper, _attending(body))
    if meeting.is_special:
        _line(paper, f"这次是临时通知，因为：{meeting.special}")
    _line(paper, "这些事已经由党组织先研究讨论。来不了的请早告诉我们。")
    _line(paper, f"{committee.village}{body.called_by}（盖章）", right=True)
    _line(paper, day_zh(meeting.notice_on), right=True)
    return _bytes(paper)


def sign_sheet(meeting: Meeting, *, committee: Committee, numbers: Numbers) -> bytes:
    """One line for each who may come; of more than `_MOST_ROWS` the rest is printed again."""
    body = body_of(meeting.body)
    paper = _paper(f"{body.name}签到表")
    base = body.bases[-1] if "households" in body.bases else body.bases[0]
    whole, unit = numbers.get(base), number_said(base).unit
    _line(paper, f"{committee.village}　{says_moment(meeting.held_at)}　{meeting.spot}", indent=False)
    _line(paper, f"要定的事：{meeting.title}", indent=False)
    _line(paper, f"应到＿＿＿＿{unit}，实到＿＿＿＿{unit}，其中线上＿＿＿＿，委托＿＿＿＿。", indent=False)
    _table(paper, ("序号", "姓名", "组（楼栋）", "本人签名"), min(whole or 60, _MOST_ROWS))
    _line(paper, f"清点人（两人签名）：{_BLANK}　{_BLANK}", indent=False)
    return _bytes(paper)


def minutes(meeting: Meeting, *, committee: Committee, numbers: Numbers) -> bytes:
    """The form to be filled in by hand; the signed paper is what counts (村 39, 集 33)."""
    body = body_of(meeting.body)
    paper = _paper(f"{body.name.removesuffix('会议')}会议记录")
    _line(paper, f"{committee.village}　{says_moment(meeting.held_at)}　{meeting.spot}", indent=False)
    for label in ("主持人", "记录人", "列席的人"):
        _line(paper, f"{label}：{_BLANK}{_BLANK}", indent=False)
    _line(paper, "应到＿＿＿＿，实到＿＿＿＿，其中线上＿＿＿＿，委托＿＿＿＿。", indent=False)
    for need in body.begins:
        _line(paper, _needed(need, numbers.get(need.of)))
    for place, motion in enumerate(meeting.motions, 1):
        _line(paper, f"第{place}件：{motion.text}", bold=True)
        _line(paper, f"大家说了什么：{_BLANK * 2}")
        _line(paper, _RULE)
        _line(paper, "同意＿＿＿＿票，反对＿＿＿＿票，弃权＿＿＿＿票。")
        _line(paper, _passes(body, numbers))
        _line(paper, "结果：□ 通过　□ 没有通过　□ 人没到够，没开成，不算数")
    for label in ("主持人签名", "记录人签名", "两名计票人签名", "村（居）务监督委员会成员签名"):
        _line(paper, f"{label}：{_BLANK}", indent=False)
    return _bytes(paper)


def request_sheet(asking: Asking, *, village: str, day: date) -> bytes:
    """For those who ask for a meeting: the signed paper is the request, whoever printed it."""
    paper = _paper(f"要求召开{asking.name}的签名表")
    _line(paper, f"{village}{asking.called_by}：", indent=False)
    _line(paper, f"我们要求召开{asking.name}，要讨论决定的事是：")
    _line(paper, _RULE)
    _line(paper, _RULE)
    for way in asking.ways:
        least = f"，就是{way.least}名以上" if way.least is not None else "，具体多少名请核对"
        _line(paper, f"{way.share}以上的{way.who}提议{least}，就应当召集（{asking.article}）。")
    _line(paper, f"{asking.notice}。")
    rows = next((way.least for way in asking.ways if way.least), 60)
    _table(paper, ("序号", "姓名", "组（楼栋）、电话", "本人签名、日期"), min(rows + 10, _MOST_ROWS))
    _line(paper, "每个人只签自己的名字，签一次。交一份，自己留一份，记下交给谁、哪天交的。")
    _line(paper, f"交给：{_BLANK}　收的人签名：{_BLANK}　日期：{_BLANK}", indent=False)
    _line(paper, f"打印日期：{day_zh(day)}", right=True)
    return _bytes(paper)


def _needed(need: Need, whole: int | None) -> str:
    said = number_said(need.of)
    share = need.share.said + ("" if need.share.of_more else "以上")
    known = f"（一共{whole}{said.unit}，要到{need.share.of(whole)}{said.unit}）" if whole else ""
    return f"{said.name}的{share}到会{known}。"


def _passes(body: Body, numbers: Numbers) -> str:
    if body.passes.of == "present":
        return f"到会的{body.passes.share.said}同意才算通过；正好一半不算。"
    whole = numbers.get(body.passes.of)
    known = f"（一共{whole}人，要{body.passes.share.of(whole)}票）" if whole else ""
    return f"全体的{body.passes.share.said}以上同意才算通过，不是到会的{body.passes.share.said}{known}。"


def _attending(body: Body) -> str:
    if body.online == "law":
        how = "来不了现场的，可以用微信等线上参加，也可以书面委托同一户里的成年家人"
        return f"{how}（农村集体经济组织法第二十七条）。"
    return "请本人到场。"


def _paper(title: str) -> DocumentType:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "FangSong", _BODY
    set_chinese_font(style.element.rPr, "仿宋")
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(printable(title))
    run.bold, run.font.size = True, _TITLE
    return document


def _line(document: DocumentType, text: str, *, bold: bool = False, right: bool = False, indent: bool = True) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(printable(text))
    run.bold = bold
    paragraph.paragraph_format.space_after = Pt(4)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    elif indent and not bold:
        paragraph.paragraph_format.first_line_indent = 2 * _BODY


def _table(document: DocumentType, heads: Sequence[str], rows: int) -> None:
    table = document.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.text = head
    for number in range(1, rows + 1):
        table.add_row().cells[0].text = str(number)


def _bytes(document: DocumentType) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
