"""A case as a file."""

import io
import re
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from actions.cases import numbers
from actions.cases.models import Case, CaseEvent
from actions.cases.status import STAFF_LABELS
from actions.papers.font import drawable, embedded_font
from knowledge.clock import SHANGHAI

_NO_XML = re.compile("[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def day_zh(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　年　　月　　日"


def printable(value: Any) -> Any:
    """Without what no document format takes: all that isn't a character of XML 1.0 (section 2.2)."""
    if isinstance(value, str):
        return _NO_XML.sub("", value)
    if isinstance(value, dict):
        return {k: printable(v) for k, v in value.items()}
    return [printable(v) for v in value] if isinstance(value, list) else value


def _moment(at: Any) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def _what(event: CaseEvent) -> str:
    return f"{event.what}（已撤销）" if event.undone_at else event.what


def pack(case: Case, *, place: str) -> dict[str, Any]:
    """Everything a unit further up needs, as plain values; times in Asia/Shanghai."""
    return {
        "number": numbers.spoken(case.number),
        "category": case.category,
        "place": place,
        "spot": case.spot,
        "filed_at": _moment(case.filed_at),
        "due_at": _moment(case.due_at),
        "status": STAFF_LABELS[case.status],
        "green": case.green,
        "what": case.what,
        "when": case.when_said,
        "other_party": case.other_party,
        "wish": case.wish,
        "contact": "匿名" if case.is_anonymous else case.phone or "在对话里联系",
        "events": [{"at": _moment(e.at), "who": e.actor_name, "what": _what(e), "note": e.note} for e in case.events],
        "units": [
            {
                "unit": u.team.name,
                "called_at": _moment(u.called_at),
                "arrived_at": _moment(u.arrived_at),
                "result": u.result or "",
            }
            for u in case.units
        ],
    }


_LABELS = {
    "number": "编号",
    "category": "类别",
    "place": "地方",
    "spot": "位置",
    "filed_at": "登记时间",
    "due_at": "时限",
    "status": "状态",
    "when": "发生时间",
    "other_party": "对方",
    "contact": "联系方式",
}
_GRID = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#888888"), ("VALIGN", (0, 0), (-1, -1), "TOP")])


@cache
def _style(name: str) -> ParagraphStyle:
    """`plain`, `head` or `title`; asked for late, because the font is unpacked then."""
    if name == "title":
        return ParagraphStyle("title", parent=_style("head"), fontSize=18, leading=28, alignment=1)
    if name == "head":
        return ParagraphStyle("head", parent=_style("plain"), fontSize=13, leading=22, spaceBefore=8)
    return ParagraphStyle("plain", fontName=embedded_font(), fontSize=10.5, leading=16, wordWrap="CJK")


def pack_pdf(found: dict[str, Any]) -> bytes:
    """What `pack` gives, to be printed."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, topMargin=18 * mm, bottomMargin=18 * mm, title=f"材料包 {found['number']}"
    )
    document.build(_parts(found), onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _parts(found: dict[str, Any]) -> list[Any]:
    """The document from its title to the units that were called."""
    known = [[label, found[key] or "无"] for key, label in _LABELS.items()]
    done = [[e["at"], e["who"], e["what"], e["note"][:1500]] for e in found["events"]]
    parts = [
        Paragraph("事项材料包", _style("title")),
        _table([*known, ["绿色通道", "、".join(found["green"]) or "否"]], [30, 140]),
        Paragraph("事情经过", _style("head")),
        *map(_cell, _pieces(found["what"])),
        Paragraph("居民的要求", _style("head")),
        *map(_cell, _pieces(found["wish"] or "未写明")),
        Paragraph("办理记录", _style("head")),
        _table([["时间", "谁", "做了什么", "说明"], *done], [34, 22, 40, 74], repeat=1),
    ]
    if found["units"]:
        units = [[u["unit"], u["called_at"], u["arrived_at"], u["result"][:1500]] for u in found["units"]]
        parts += [Spacer(1, 6), _table([["单位", "叫的时间", "到的时间", "结果"], *units], [40, 34, 34, 62])]
    return parts


def _cell(text: object) -> Paragraph:
    return Paragraph(escape(_few_lines(drawable(printable(str(text))[:6000]))).replace("\n", "<br/>"), _style("plain"))


def _table(rows: list[list[object]], widths: list[float], *, repeat: int = 0) -> Table:
    made = Table(
        [[_cell(c) for c in row] for row in rows], colWidths=[w * mm for w in widths], splitInRow=1, repeatRows=repeat
    )
    made.setStyle(_GRID)
    return made


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(embedded_font(), 9)
    canvas.drawCentredString(A4[0] / 2, 10 * mm, f"第 {document.page} 页　内含个人信息，只供办理使用")


def _few_lines(text: str, most: int = 150) -> str:
    """Blank lines in a row become one, and what comes after `most` lines is one line: laying out 5,000 breaks takes
    minutes.
    """
    lines = re.sub(r"\n\s*\n", "\n\n", text).split("\n")
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])])


def _pieces(text: str) -> list[str]:
    """A paragraph longer than a page can't be laid out."""
    return [text[i : i + 800] for i in range(0, len(text), 800)] or [""]
