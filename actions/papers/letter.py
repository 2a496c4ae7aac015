"""The township's letter."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from actions.papers.word import set_chinese_font
from knowledge.statutes.numerals import chinese_number

_NO_XML = re.compile("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BODY, _TITLE = Pt(16), Pt(22)  # 三号, 二号
_LINE = Pt(28)  # 22 lines a page


@dataclass(frozen=True)
class CitedArticle:
    title: str  # 妇女权益保障法
    ref: str  # 第五十六条
    text: str
    in_force_from: date


@dataclass(frozen=True)
class ConflictingClause:
    number: str  # 第三条
    text: str
    reason: str
    articles: Sequence[CitedArticle]


def township_letter(
    *,
    village: str,
    township: str,
    rule_title: str,
    adopted_on: date | None,
    clauses: Sequence[ConflictingClause],
    author: str,
    day: date,
) -> bytes:
    """A Word file, ready to print, sign and seal. Raises ValueError without a clause.

    Every field is set as plain text, never as markup or a template: what a village typed can't change the letter around
    it.
    """
    if not clauses:
        raise ValueError("a letter needs at least one clause")
    village, township, rule, author = (_one_line(s) for s in (village, township, rule_title, author))
    rule = rule.strip("《》 ")
    document = _page()
    _opening(document, village, township, rule, adopted_on, count=len(clauses))
    quoted: set[tuple[str, str]] = set()
    for place, clause in enumerate(clauses, 1):
        _clause(document, place, clause, quoted=quoted)
    _line(document, f"{_chinese(len(clauses) + 1)}、建议", bold=True)
    _closing(document, village, rule)
    _line(document, author, right=True)
    _line(document, _day(day), right=True)
    _table(document, clauses)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _opening(
    document: DocumentType, village: str, township: str, rule: str, adopted_on: date | None, *, count: int
) -> None:
    _line(document, f"关于提请责令改正《{rule}》", size=_TITLE, bold=True, center=True)
    _line(document, "有关条款的函", size=_TITLE, bold=True, center=True)
    _line(document, "")
    _line(
        document,
        f"{township if re.search('(政府|办事处|委员会)$', township) else township + '人民政府'}：",
        indent=False,
    )
    when = f"于{_day(adopted_on)}通过的" if adopted_on else ""
    _line(
        document,
        (
            f"我们对{village}{when}《{rule}》逐条作了合法性审查，认为其中{_count(count)}条内容与法律相抵触。"
            "现将有关条款、法律依据和审查意见函告如下："
        ),
    )


def _closing(document: DocumentType, village: str, rule: str) -> None:
    _line(
        document,
        (
            "《中华人民共和国村民委员会组织法》第三十一条规定，村规民约不得与宪法、法律、法规相抵触，不得违背公序良俗，"
            "不得有侵犯村民的人身权利、民主权利和财产权利的内容；违反规定的，由乡、民族乡、镇的人民政府责令改正。"
        ),
    )
    _line(
        document,
        (
            f"为此，提请贵单位依法责令{village}改正上述条款：改正前停止执行；由村民会议依照法定程序修改并重新备案；"
            "已经据此收取的钱物、停止的服务或者待遇，一并核实纠正。"
        ),
    )
    _line(document, "处理情况请函告我们，以便及时告知村民。如需当面说明，我们随时配合。")
    _line(document, "专此函达。")
    _line(document, "")
    attached = [f"《{rule}》全文", "有关条款与法律依据对照表"]
    for place, what in enumerate(attached, 1):
        _line(document, f"{'附件：' if place == 1 else '　　　'}{place}. {what}")
    _line(document, "")


def _clause(document: DocumentType, place: int, clause: ConflictingClause, *, quoted: set[tuple[str, str]]) -> None:
    """An article quoted under an earlier clause is only named."""
    _line(document, f"{_chinese(place)}、{_one_line(clause.number)}", bold=True)
    _line(document, f"原文：“{_quoted(clause.text)}”")
    for article in clause.articles:
        source, key = _source(article), (article.title, article.ref)
        if key in quoted:
            _line(document, f"法律依据：{source}（条文见前）。")
        else:
            _line(document, f"法律依据：{source}（{_day(article.in_force_from)}起施行）规定：“{_quoted(article.text)}”")
        quoted.add(key)
    _line(document, f"审查意见：{_one_line(clause.reason)}")


def _table(document: DocumentType, clauses: Sequence[ConflictingClause]) -> None:
    document.add_page_break()  # type: ignore[no-untyped-call]  # python-docx left this one out
    _line(document, "附件2", indent=False)
    _line(document, "有关条款与法律依据对照表", bold=True, center=True)
    table = document.add_table(rows=1, cols=3)
    table.style, table.autofit = "Table Grid", False
    rows = [
        ("条款", "村规民约原文", "法律依据"),
        *((c.number, c.text, "\n".join(map(_source, c.articles))) for c in clauses),
    ]
    for place, row in enumerate(rows):
        cells = table.rows[0].cells if place == 0 else table.add_row().cells
        for cell, width, text in zip(cells, (Cm(2.4), Cm(7.2), Cm(6.0)), row, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            _run(paragraph, _clean(text).strip(), size=Pt(12), bold=place == 0)


def _source(article: CitedArticle) -> str:
    return f"《{_one_line(article.title).strip('《》 ')}》{_one_line(article.ref)}"


def _page() -> DocumentType:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = Cm(3.7)
    section.bottom_margin = Cm(3.5)
    section.left_margin = Cm(2.8)
    section.right_margin = Cm(2.6)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "FangSong", _BODY
    set_chinese_font(style.element.rPr, "仿宋")
    return document


def _line(
    document: DocumentType,
    text: str,
    *,
    size: Pt = _BODY,
    bold: bool = False,
    center: bool = False,
    right: bool = False,
    indent: bool = True,
) -> None:
    paragraph = document.add_paragraph()
    form = paragraph.paragraph_format
    form.keep_with_next = bold
    form.space_after, form.space_before, form.line_spacing = Pt(0), Pt(0), _LINE if size == _BODY else Pt(34)
    if center:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif right:
        paragraph.alignment, form.right_indent = WD_ALIGN_PARAGRAPH.RIGHT, 2 * size
    elif indent:
        form.first_line_indent = 2 * size
    _run(paragraph, _clean(text), size=size, bold=bold)


def _run(paragraph: Paragraph, text: str, *, size: Pt, bold: bool) -> None:
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, size
    if bold:
        run.font.name = "SimHei"
        set_chinese_font(run._element.rPr, "黑体")


def _clean(text: str) -> str:
    """Without what no Word file takes: all that isn't a character of XML 1.0 (section 2.2)."""
    return _NO_XML.sub("", text)


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _quoted(text: str) -> str:
    """Inside “ ”: the quotation's own marks become the inner ones, its paragraphs one."""
    return (
        re.sub(r'"([^"]*)"', r"‘\1’", "".join(line.strip() for line in _clean(text).splitlines()))
        .replace("“", "‘")
        .replace("”", "’")
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _count(number: int) -> str:
    return "两" if number == 2 else _chinese(number)


def _chinese(number: int) -> str:
    return chinese_number(number) if 0 < number < 100 else str(number)
