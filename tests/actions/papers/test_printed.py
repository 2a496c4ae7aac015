"""What is printed: every font travels with the file, and the Ministry's lines stand on the agreement."""

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

import pypdfium2 as pdfium
import pytest
from docx import Document
from pypdfium2 import raw

from actions.papers import case_file
from actions.papers.agreement import mediation_agreement
from actions.papers.font import drawable
from actions.papers.printing import as_pdf
from tests.actions.papers.test_letters import letter
from tests.actions.test_hostile_services import held

WORDS = "隔壁砌墙占了路，2026年3月8日起，3.5 万元，电话 13812345678，羴喆堃䶮"


def text_of(pdf: bytes) -> str:
    document = pdfium.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


def are_embedded(pdf: bytes) -> list[bool]:
    """Of every piece of text: whether the file carries its font."""
    return [
        raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(piece.raw)) == 1
        for page in pdfium.PdfDocument(pdf)
        for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])
    ]


def agreement(signed_on: date | None = None, **party: Any) -> bytes:
    parties = [{"name": "李大山", "role": "申请人", "consent": "yes", **party}, {"name": "王有田", "consent": "yes"}]
    held = SimpleNamespace(
        parties=parties,
        facts="王有田砌墙占路，2026年3月起。",
        terms="七天内把墙退回 40 公分\n不再要求赔偿",
        method="",
        mediator="赵主任",
        signed_on=signed_on,
        confirm_by=date(2026, 12, 29) if signed_on else None,
    )
    case: Any = SimpleNamespace(number="26112400105", mediation=held)
    return mediation_agreement(case, place="青河县青河镇李家沟村")


def lines(word: bytes) -> list[str]:
    return [p.text for p in Document(io.BytesIO(word)).paragraphs]


@pytest.mark.parametrize("made", ["pack", "agreement", "letter"])
def test_every_font_of_a_pdf_is_in_it(made: str) -> None:
    pdf = {
        "pack": lambda: case_file.pack_pdf(case_file.pack(held(WORDS, short=60), place="青河镇")),
        "agreement": lambda: as_pdf(agreement(), title="协议"),
        "letter": lambda: as_pdf(letter(), title="函"),
    }[made]()
    embedded = are_embedded(pdf)
    assert len(embedded) > 10
    assert all(embedded)


def test_a_pack_says_what_was_said_rare_characters_too() -> None:
    text = text_of(case_file.pack_pdf(case_file.pack(held(WORDS, short=60), place="青河县青河镇李家沟村")))
    assert "261124-001-05" in text
    assert WORDS in text


def test_what_the_font_lacks_leaves_a_mark() -> None:
    assert drawable("李😀山\n羴") == "李〓山\n羴"
    assert "〓" in text_of(case_file.pack_pdf(case_file.pack(held("李😀山", short=60), place="青河镇")))


def test_the_agreement_has_the_lines_of_the_ministrys_form() -> None:
    said = lines(agreement(sex="男", ethnicity="汉族", age="52", occupation="务农", phone="13812345678"))
    assert said[:2] == ["人民调解协议书", "编号：261124-001-05　　青河县青河镇李家沟村"]
    assert "当事人姓名：李大山（申请人）　性别：男　民族：汉族　年龄：52" in said
    assert "职业或职务：务农　联系方式：13812345678" in said
    order = [
        "纠纷主要事实、争议事项：",
        "王有田砌墙占路，2026年3月起。",
        "经调解，自愿达成如下协议：",
        "1. 七天内把墙退回 40 公分",
        "2. 不再要求赔偿",
        "履行方式、时限：",
    ]
    at = said.index(order[0])
    assert said[at : at + len(order)] == order
    assert any(line.startswith("本协议一式 3 份") for line in said), "one for each party, one for the committee"
    assert said.count("当事人（签名、盖章或按指印）：＿＿＿＿＿＿＿＿") == 2
    assert any("人民调解员（签名）" in line and "记录人（签名）" in line for line in said)
    assert said[-2] == "（人民调解委员会印章）"


def test_what_is_not_known_is_a_line_to_write_on_and_so_is_the_identity_number() -> None:
    said = lines(agreement())
    assert "当事人姓名：王有田　性别：＿＿　民族：＿＿＿　年龄：＿＿＿" in said
    assert said.count("公民身份号码：" + "＿" * 14) == 2


@pytest.mark.parametrize(
    ("signed_on", "last", "confirm"),
    [
        (None, "　　年　　月　　日", "三十日内共同"),
        (date(2026, 11, 27), "2026年11月27日", "三十日内（2026年12月29日前）共同"),
    ],
)
def test_a_draft_names_no_day(signed_on: date | None, last: str, confirm: str) -> None:
    said = lines(agreement(signed_on))
    assert said[-1] == last
    assert any(confirm in line for line in said)


def test_the_pdf_of_a_word_file_says_the_same() -> None:
    word = agreement(sex="男")
    printed = "".join(text_of(as_pdf(word, title="协议")).split())
    for line in lines(word):
        assert "".join(line.split()) in printed


def test_there_is_room_to_write_the_day() -> None:
    page = pdfium.PdfDocument(as_pdf(agreement(), title="协议"))[0]
    found = page.get_textpage()
    text = found.get_text_range()
    left, right = (found.get_charbox(text.rindex(word))[0] for word in "年月")
    assert right - left > 2.5 * 14, "two characters of 14 points between them"


def test_a_pdf_of_the_letter_has_its_table_on_a_page_of_its_own() -> None:
    pages = [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(as_pdf(letter(), title="函"))]
    assert len(pages) > 1
    assert "有关条款与法律依据对照表" in pages[-1]
    assert "村规民约原文" in pages[-1]
    assert "违者罚款二百元。" in pages[-1]


def test_no_line_begins_with_a_mark_that_closes() -> None:
    """Each sentence is a character longer than the one before, so that every mark comes to stand at a line's end."""
    word = Document()
    for mark in "，。；：！？）》、":
        for length in range(30, 44):
            word.add_paragraph("字" * length + mark + "后头还有话")
    made = io.BytesIO()
    word.save(made)
    told = text_of(as_pdf(made.getvalue(), title="长句"))
    begun = [line[:1] for line in told.splitlines() if line.strip()]
    assert len(begun) > 126, "some sentences break"
    assert not set(begun) & set("，。；：！？）》、")
