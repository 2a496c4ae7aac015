"""The mediation agreement."""

import io
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from docxtpl import DocxTemplate

from actions.cases import numbers
from actions.cases.models import Case
from actions.papers.case_file import day_zh, printable
from actions.papers.word import set_chinese_font

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


def default_template() -> bytes:
    """The template as a Word file with Jinja marks."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "FangSong", Pt(14)
    set_chinese_font(style.element.rPr, "仿宋")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run("人民调解协议书")
    run.bold, run.font.size = True, Pt(20)
    run.font.name = "SimSun"
    set_chinese_font(run._element.rPr, "宋体")
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
        "signed_on": day_zh(held.signed_on),
        "confirm_by": day_zh(held.confirm_by),
    }
    document.render(printable(values), autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
