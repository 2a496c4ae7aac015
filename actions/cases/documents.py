"""What leaves the house on paper: the mediation agreement (docx, from a template a county may replace) and the case
pack (PDF).
"""

import io
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt
from docxtpl import DocxTemplate
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from actions.cases import numbers
from actions.cases.models import Case
from actions.cases.status import STAFF_LABELS
from actions.dates import SHANGHAI

# Headings after 人民调解法 29; a county puts its own wording into <home>/templates/mediation_agreement.docx.
_LINES = [
    "{%p for p in parties %}",
    "当事人：{{ p.name }}　{{ p.role }}　联系电话：{{ p.phone }}",
    "{%p endfor %}",
    "一、纠纷的主要事实和争议",
    "{{ facts }}",
    "二、经调解，各方自愿达成以下协议",
    "{%p for t in terms %}",
    "{{ loop.index }}. {{ t }}",
    "{%p endfor %}",
    "三、履行方式和期限",
    "{{ method }}",
    "四、本协议各方各执一份，人民调解委员会留存一份，自各方签名、人民调解员签名并加盖人民调解委员会印章之日起生效。",
    "各方认为有必要的，可以在生效之日起三十日内（{{ confirm_by }} 前）一起向有管辖权的人民法院申请司法确认。",
    "当事人（签名或按指印）：",
    "人民调解员（签名）：{{ mediator }}",
    "人民调解委员会（印章）：",
    "{{ signed_on }}",
]
_NO_XML = re.compile("[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def default_template() -> bytes:
    """The template as a Word file with Jinja marks."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "FangSong", Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run("人民调解协议书")
    run.bold, run.font.size = True, Pt(20)
    run.font.name = "SimSun"
    run._element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    document.add_paragraph("编号：{{ number }}　　{{ place }}")
    for line in _LINES:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def mediation_agreement(case: Case, *, place: str, template: Path | None = None) -> bytes:
    """The agreement of a case whose mediation has terms."""
    held = case.mediation
    assert held is not None
    document = DocxTemplate(template or io.BytesIO(default_template()))
    values = {
        "number": numbers.spoken(case.number),
        "place": place,
        "parties": [{"name": p["name"], "role": p.get("role", ""), "phone": p.get("phone", "")} for p in held.parties],
        "facts": held.facts,
        "terms": [t.strip() for t in held.terms.splitlines() if t.strip()],
        "method": held.method or "按上述约定履行。",
        "mediator": held.mediator,
        "signed_on": _day(held.signed_on),
        "confirm_by": _day(held.confirm_by),
    }
    document.render(_printable(values), autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _day(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　年　　月　　日"


def _printable(value: Any) -> Any:
    """Without what no document format takes: all that isn't a character of XML 1.0 (section 2.2)."""
    if isinstance(value, str):
        return _NO_XML.sub("", value)
    if isinstance(value, dict):
        return {k: _printable(v) for k, v in value.items()}
    return [_printable(v) for v in value] if isinstance(value, list) else value


def _moment(at: Any) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


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
        "events": [{"at": _moment(e.at), "who": e.actor_name, "what": e.what, "note": e.note} for e in case.events],
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


def pack_pdf(found: dict[str, Any]) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    plain = ParagraphStyle("plain", fontName="STSong-Light", fontSize=10.5, leading=16, wordWrap="CJK")
    head = ParagraphStyle("head", parent=plain, fontSize=13, leading=22, spaceBefore=8)
    title = ParagraphStyle("title", parent=head, fontSize=18, leading=28, alignment=1)

    def cell(text: object) -> Paragraph:
        return Paragraph(escape(_few_lines(_printable(str(text))[:6000])).replace("\n", "<br/>"), plain)

    def table(rows: list[list[object]], widths: list[float]) -> Table:
        made = Table([[cell(c) for c in row] for row in rows], colWidths=[w * mm for w in widths], splitInRow=1)
        made.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#888888"), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return made

    names = {
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
    parts: list[Any] = [
        Paragraph("事项材料包", title),
        table(
            [[label, found[key] or "无"] for key, label in names.items()]
            + [["绿色通道", "、".join(found["green"]) or "否"]],
            [30, 140],
        ),
    ]
    parts += [
        Paragraph("事情经过", head),
        *[cell(p) for p in _pieces(found["what"])],
        Paragraph("居民的要求", head),
        *[cell(p) for p in _pieces(found["wish"] or "未写明")],
        Paragraph("办理记录", head),
    ]
    parts.append(
        table(
            [
                ["时间", "谁", "做了什么", "说明"],
                *[[e["at"], e["who"], e["what"], e["note"][:1500]] for e in found["events"]],
            ],
            [34, 22, 40, 74],
        )
    )
    if found["units"]:
        parts += [
            Spacer(1, 6),
            table(
                [
                    ["单位", "叫的时间", "到的时间", "结果"],
                    *[[u["unit"], u["called_at"], u["arrived_at"], u["result"][:1500]] for u in found["units"]],
                ],
                [40, 34, 34, 62],
            ),
        ]
    out = io.BytesIO()

    def foot(canvas: Any, document: Any) -> None:
        canvas.setFont("STSong-Light", 9)
        canvas.drawCentredString(A4[0] / 2, 10 * mm, f"第 {document.page} 页　内含个人信息，只供办理使用")

    SimpleDocTemplate(
        out, pagesize=A4, topMargin=18 * mm, bottomMargin=18 * mm, title=f"材料包 {found['number']}"
    ).build(parts, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _few_lines(text: str, most: int = 150) -> str:
    """Blank lines in a row become one, and what comes after `most` lines is one line: laying out 5,000 breaks takes
    minutes.
    """
    lines = re.sub(r"\n\s*\n", "\n\n", text).split("\n")
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])])


def _pieces(text: str) -> list[str]:
    """A paragraph longer than a page can't be laid out."""
    return [text[i : i + 800] for i in range(0, len(text), 800)] or [""]
