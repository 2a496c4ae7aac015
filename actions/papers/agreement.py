"""The mediation agreement, as a draft to be printed and signed."""

import io
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from docxtpl import DocxTemplate

from actions.cases import numbers
from actions.cases.models import Case
from actions.papers.case_file import day_zh, printable
from actions.papers.word import set_chinese_font

# The lines of the Ministry of Justice's form 人民调解协议书 and of 人民调解法 29; a county puts its own wording into
# <home>/templates/mediation_agreement.docx.
_LINES = [
    "{%p for p in parties %}",
    "当事人姓名：{{ p.name }}{{ p.role }}　性别：{{ p.sex }}　民族：{{ p.ethnicity }}　年龄：{{ p.age }}",
    "职业或职务：{{ p.occupation }}　联系方式：{{ p.phone }}",
    "单位或住址：{{ p.address }}",
    "公民身份号码：{{ p.id }}",
    "{%p endfor %}",
    "纠纷主要事实、争议事项：",
    "{{ facts }}",
    "经调解，自愿达成如下协议：",
    "{%p for t in terms %}",
    "{{ loop.index }}. {{ t }}",
    "{%p endfor %}",
    "履行方式、时限：",
    "{{ method }}",
    "本协议一式 {{ copies }} 份，各方当事人各执一份，人民调解委员会留存一份，自各方当事人签名、盖章或者按指印，"
    "人民调解员签名并加盖人民调解委员会印章之日起生效。",
    "各方认为有必要的，可以自本协议生效之日起三十日内{{ confirm_by }}共同向有管辖权的人民法院申请司法确认。",
    "{%p for p in parties %}",
    "当事人（签名、盖章或按指印）：＿＿＿＿＿＿＿＿",
    "{%p endfor %}",
    "人民调解员（签名）：＿＿＿＿＿＿　记录人（签名）：＿＿＿＿＿＿",
    "调解员姓名：{{ mediator }}",
    "（人民调解委员会印章）",
    "{{ signed_on }}",
]
_RIGHT = ("（人民调解委员会印章）", "{{ signed_on }}")
# Left to be filled in by hand, each as long as what is written there. The identity number always is: we keep none.
_BLANKS = {"sex": 2, "ethnicity": 3, "age": 3, "occupation": 6, "phone": 8, "address": 14}
_ID_BLANK = "＿" * 14


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
        paragraph = document.add_paragraph(line)
        paragraph.paragraph_format.space_after = Pt(4)
        if line in _RIGHT:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def mediation_agreement(case: Case, *, place: str, template: Path | None = None) -> bytes:
    """The agreement of a case whose mediation has terms; what isn't known yet is a line to write on."""
    held = case.mediation
    assert held is not None
    document = DocxTemplate(template or io.BytesIO(default_template()))
    values = {
        "number": numbers.spoken(case.number),
        "place": place,
        "parties": [_party(p) for p in held.parties],
        "facts": held.facts,
        "terms": [t.strip() for t in held.terms.splitlines() if t.strip()],
        "method": held.method or "按上述约定履行。",
        "copies": len(held.parties) + 1,
        "mediator": held.mediator,
        "signed_on": day_zh(held.signed_on),
        "confirm_by": f"（{day_zh(held.confirm_by)}前）" if held.confirm_by else "",
    }
    document.render(printable(values), autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _party(party: dict[str, Any]) -> dict[str, str]:
    known = {name: str(party.get(name) or "").strip() or "＿" * length for name, length in _BLANKS.items()}
    role = str(party.get("role") or "").strip()
    return {**known, "name": party["name"], "role": f"（{role}）" if role else "", "id": _ID_BLANK}
