"""Village rules as Word files in the wild: chapters without articles, words crossed out, merged cells, signs."""

from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from knowledge.documents.building import build
from knowledge.documents.kinds.registry import Kind
from knowledge.importing.formats.blocks import BlockKind, Extract
from knowledge.importing.formats.docx import read_docx
from knowledge.importing.recognising.document import Recognised, recognise


def read(document: Any) -> Extract:
    held = BytesIO()
    document.save(held)
    return read_docx(held.getvalue())


def rules(*lines: str) -> Recognised:
    document = Document()
    for line in ("石桥村村规民约", *lines):
        document.add_paragraph(line)
    return recognise(read(document), kind=Kind.village_rule)


def clauses(found: Recognised) -> dict[str, str]:
    return {c["number"]: c["text"] for c in found.content["clauses"]}


@pytest.mark.parametrize("style", ["Normal", "List Number", "List Bullet"])
def test_what_stands_under_a_new_chapter_joins_no_clause_before_it(style: str) -> None:
    document = Document()
    for line in (
        "石桥村村规民约",
        "第一条 大家和睦。",
        "第二章 处罚",
        "第二条 乱倒垃圾的罚款五十元。",
        "第三章 环境卫生",
    ):
        document.add_paragraph(line)
    for line in ("门前三包。", "不养散鸡。"):
        document.add_paragraph(line, style=style)
    document.add_paragraph("第四章 附则")
    document.add_paragraph("第三条 自通过之日起施行。")
    found = recognise(read(document), kind=Kind.village_rule)
    held = clauses(found)
    assert list(held) == ["第一条", "第二条", "第三章", "第三条"]
    assert held["第二条"] == "乱倒垃圾的罚款五十元。"
    assert "门前三包。" in held["第三章"]
    assert "不养散鸡。" in held["第三章"]
    assert any("“第三章 环境卫生”下面没有写“第几条”" in line for line in found.not_understood)


def test_a_chapter_taken_as_a_clause_can_be_published_and_found() -> None:
    found = rules("第一条 大家和睦。", "第二章 卫生", "1. 门前三包。")
    held = [{**c, "answer": "门前自己扫。"} for c in found.content["clauses"]]
    head = {"id": "rule-x", "kind": "village_rule", "place": "shiqiao", "in_force_from": "2026-01-01"}
    text, _ = build({**head, **found.content, "clauses": held}, source="rule-x")
    assert [chunk.ref for chunk in text.chunks] == ["第一条", "第二章"]


def test_a_chapter_with_articles_is_no_clause() -> None:
    found = rules("第一条 大家和睦。", "第二章 卫生", "第二条 门前三包。")
    assert list(clauses(found)) == ["第一条", "第二条"]
    assert not any("整章" in line for line in found.not_understood)


@pytest.mark.parametrize("mark", ["strike", "double_strike", "hidden"])
@pytest.mark.parametrize("where", ["run", "style", "style of the paragraph"])
def test_crossed_out_and_hidden_words_are_left_out_wherever_it_is_said(mark: str, where: str) -> None:
    document = Document()
    document.add_paragraph("石桥村村规民约")
    if where == "style of the paragraph":
        gone = document.styles.add_style("gone", WD_STYLE_TYPE.PARAGRAPH)
        setattr(gone.font, mark, True)
        document.add_paragraph("彩礼不得超过六万元。", style=gone)
        document.add_paragraph("第一条 彩礼不得超过三万元。")
    else:
        paragraph = document.add_paragraph("第一条 ")
        run = paragraph.add_run("彩礼不得超过六万元。")
        if where == "run":
            setattr(run.font, mark, True)
        else:
            run.style = document.styles.add_style("gone", WD_STYLE_TYPE.CHARACTER)
            setattr(run.style.font, mark, True)
        paragraph.add_run("彩礼不得超过三万元。")
    found = read(document)
    assert "六万" not in found.text
    assert "三万" in found.text
    assert ("隐藏" if mark == "hidden" else "划掉") in "".join(found.warnings)


def test_a_run_that_takes_its_styles_strike_back_counts() -> None:
    document = Document()
    run = document.add_paragraph("第一条 ").add_run("这一句算数。")
    run.style = document.styles.add_style("gone", WD_STYLE_TYPE.CHARACTER)
    run.style.font.strike = True
    run.font.strike = False
    found = read(document)
    assert "这一句算数" in found.text
    assert found.warnings == ()


def test_a_merged_cell_says_the_same_in_each_of_its_rows_and_keeps_the_columns() -> None:
    document = Document()
    table = document.add_table(rows=4, cols=3)
    for at, text in enumerate(("事项", "标准", "谁管")):
        table.cell(0, at).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "红白事"
    table.cell(1, 1).text, table.cell(2, 1).text = "红事八桌", "白事五桌"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "理事会"
    table.cell(3, 0).merge(table.cell(3, 1)).text = "其他事"
    table.cell(3, 2).text = "村委会"
    found = read(document)
    (block,) = (b for b in found.blocks if b.kind is BlockKind.table)
    assert block.rows == (
        ("事项", "标准", "谁管"),
        ("红白事", "红事八桌", "理事会"),
        ("红白事", "白事五桌", "理事会"),
        ("其他事", "", "村委会"),
    )
    assert "合并" in "".join(found.warnings)


def test_a_frame_of_one_wide_cell_is_no_table() -> None:
    document = Document()
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "第一条 大家和睦。"
    (block,) = read(document).blocks
    assert (block.kind, block.number) == (BlockKind.article, "第一条")


def test_a_sign_that_is_not_known_leaves_a_mark_and_a_sentence() -> None:
    document = Document()
    paragraph = document.add_paragraph("第一条 选：")
    for font, code in (("Wingdings", "F0FE"), ("Wingdings", "F0A8"), ("Webdings", "F061")):
        paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:sym w:font="{font}" w:char="{code}"/></w:r>'))
    found = read(document)
    assert found.text == "第一条 选：☑□〓"
    assert "认不出的记号" in "".join(found.warnings)


def test_pinyin_over_a_character_is_no_word() -> None:
    document = Document()
    base = "<w:rubyBase><w:r><w:t>褒</w:t></w:r></w:rubyBase>"
    ruby = f"<w:ruby><w:rubyPr/><w:rt><w:r><w:t>bāo</w:t></w:r></w:rt>{base}</w:ruby>"
    document.add_paragraph("第一条 表彰")._p.append(parse_xml(f"<w:r {nsdecls('w')}>{ruby}</w:r>"))
    assert read(document).text == "第一条 表彰褒"


def test_articles_written_with_radicals_are_articles() -> None:
    found = rules(
        "第⼀条 大家和睦。",
        "第⼆条 不许⽋薪。",
        "第⼗⼆条 ⼈⼈有责。",
        "第 十 三 条 ⻋停村东。",
        "【第十四条】 ⺠主议事。",
    )
    assert clauses(found) == {
        "第一条": "大家和睦。",
        "第二条": "不许欠薪。",
        "第十二条": "人人有责。",
        "第十三条": "车停村东。",
        "第十四条": "民主议事。",
    }
