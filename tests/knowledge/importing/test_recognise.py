"""What a file says becomes the fields of a document, and every word of it is somewhere."""

import json
from collections import Counter
from cProfile import Profile
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import shape
from knowledge.documents.building import build
from knowledge.documents.kinds.base import KindSpec, articles, text
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Kind
from knowledge.importing.files import read_file, read_pasted
from knowledge.importing.formats.blocks import Block, BlockKind, Extract, line_block
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.document import Recognised, recognise
from knowledge.importing.recognising.labelled import labelled
from knowledge.importing.recognising.reading import Reading
from knowledge.statutes.citations import parse_citation
from tests.knowledge.importing import sample_files

RULE = """李家沟村村规民约
（2026年2月8日村民会议通过）
为了大家和气，订本约。
第一章 总则
第一条 环境卫生：每户负责自家门前的清扫，不乱倒。
（一）可烂的放绿桶；
（二）有害的交回收点。
第二条 【红白事】提倡婚事新办，酒席从简。
第二章 邻里
第四条 邻居吵架，先找调解委员会。
第四条 本村规自2026年3月1日起施行。
李家沟村村民委员会
二〇二六年二月八日"""
POLICY = """青石乡人民政府文件
青政发[2026]3号
青石乡高龄老人补助办法
根据《中华人民共和国老年人权益保障法》第三十三条、第三十四条和《民法典》第一千零六十七条至第一千零六十九条，制定本办法。
一、补助对象
具有本乡户口、年满80周岁的老人。
二、补助标准
每人每月100元。
三、申请程序
本人申请，村里初审，乡里审核后公示。
四、申请材料
1.身份证
2.户口簿
办理时限：10个工作日。
收费：不收费。
本办法自2026年3月1日起施行，有效期至2028年12月31日。
青石乡人民政府
2026年2月15日"""
STORY = """老两口的地被占了
案情简介：吴大爷的地被邻居占了一垄。
找了三次没有结果。
调解过程
村里上门三次，量了地。
典型意义
依据《农村土地承包法》第五十六条，谁占谁还。"""


def read(text: str, kind: Kind, hint: str = "文件名") -> Recognised:
    return recognise(read_pasted(text), kind=kind, title_hint=hint)


def buildable(found: Recognised, kind: Kind) -> None:
    """As it is stored: in shape for the editor, and a document with chunks."""
    content = shape.shaped(kind, found.content)
    build({"id": "x", "kind": kind.value, "place": "lijiagou", "in_force_from": "2026-01-01", **content}, source="x")


def words(value: Any) -> Counter[str]:
    return Counter(
        c
        for c in (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        if "\u4e00" <= c <= "\u9fff"
    )


def missing(extract: Extract, found: Recognised, kind: Kind) -> Counter[str]:
    """Characters of the text that are nowhere; what an editor would cut off counts as missing."""
    text = words("\n".join(block.text or block.line for block in extract.blocks))
    return text - words([shape.shaped(kind, found.content), found.understood, found.not_understood])


def test_a_village_rule_has_its_clauses_headings_and_days() -> None:
    found = read(RULE, Kind.village_rule)
    assert (found.content["title"], found.content["adopted_on"], found.in_force_from) == (
        "李家沟村村规民约",
        "2026-02-08",
        date(2026, 3, 1),
    )
    assert [(c["number"], c["heading"], c["text"], c["status"]) for c in found.content["clauses"]] == [
        (
            "第一条",
            "环境卫生",
            "每户负责自家门前的清扫，不乱倒。\n（一）可烂的放绿桶；\n（二）有害的交回收点。",
            "unclear",
        ),
        ("第二条", "红白事", "提倡婚事新办，酒席从简。", "unclear"),
        ("第四条", "邻里", "邻居吵架，先找调解委员会。", "unclear"),
        ("第四条", "邻里", "本村规自2026年3月1日起施行。", "unclear"),
    ]
    assert "认出 4 条村规，第一条到第四条。" in found.understood
    left = "\n".join(found.not_understood)
    assert all(
        words in left
        for words in (
            "中间少了第三条",
            "第四条出现了不止一次",
            "为了大家和气，订本约。",
            "李家沟村村民委员会 二〇二六年二月八日",
        )
    )


def test_a_docx_of_rules_keeps_its_table_with_the_clause_above_it() -> None:
    found = recognise(read_file("a.docx", sample_files.rules_docx()), kind=Kind.village_rule, title_hint="")
    assert [c["number"] for c in found.content["clauses"]] == ["第一条", "第二条", "第三条"]
    assert found.content["clauses"][2]["text"].endswith("项目 | 标准 | 备注\n酒席 | 十五桌 | 倡导")
    assert "表格（2 行）放在第三条里。" in found.understood


@pytest.mark.parametrize(
    ("text", "numbers", "headings", "note"),
    [
        (
            "村规\n一、环境卫生\n1.不乱倒\n2.不焚烧\n二、红白事\n酒席不超十五桌。",
            ["第一条", "第二条"],
            ["环境卫生", "红白事"],
            "一、、二、",
        ),
        ("村规\n1.不乱倒。\n2.不焚烧。\n3.不打架。", ["第一条", "第二条", "第三条"], ["", "", ""], "1.、2.、3."),
        ("村规\n大家不要乱倒垃圾。\n大家不要焚烧秸秆。", ["第一条", "第二条"], ["", ""], "一段算一条"),
    ],
)
def test_rules_without_articles_are_numbered_and_that_is_said(
    text: str, numbers: list[str], headings: list[str], note: str
) -> None:
    found = read(text, Kind.village_rule)
    assert [c["number"] for c in found.content["clauses"]] == numbers
    assert [c["heading"] for c in found.content["clauses"]] == headings
    assert any(note in sentence for sentence in found.not_understood)


@pytest.mark.parametrize(
    "text", ["村民应当做到：不乱倒垃圾，不焚烧秸秆，不打架。", "对下列行为：乱倒垃圾、焚烧秸秆，先劝一劝再说。"]
)
def test_the_start_of_a_sentence_is_no_heading(text: str) -> None:
    assert read(f"村规\n第一条 {text}\n第二条 好。", Kind.village_rule).content["clauses"][0]["text"] == text


def test_a_policy_has_sections_number_issuer_basis_and_period() -> None:
    found = read(POLICY, Kind.policy)
    content = found.content
    assert (content["title"], content["number"], content["issuer"]) == (
        "青石乡高龄老人补助办法",
        "青政发〔2026〕3号",
        "青石乡人民政府",
    )
    assert (found.in_force_from, found.in_force_to) == (date(2026, 3, 1), date(2028, 12, 31))
    assert content["legal_basis"] == [
        "老年人权益保障法 33",
        "老年人权益保障法 34",
        "民法典 1067",
        "民法典 1068",
        "民法典 1069",
    ]
    assert content["sections"] == {
        "谁可以办": "具有本乡户口、年满80周岁的老人。",
        "怎么办": "本人申请，村里初审，乡里审核后公示。",
        "带什么": "1.身份证\n2.户口簿",
        "多久": "10个工作日。",
        "收费": "不收费。",
        "注意": "补助标准：\n每人每月100元。\n本办法自2026年3月1日起施行，有效期至2028年12月31日。",
    }
    assert any("补助标准" in sentence for sentence in found.not_understood)


def test_a_table_of_a_service_guide_fills_the_sections() -> None:
    rows = (
        ("项目", "内容"),
        ("事项名称", "临时救助"),
        ("实施机关", "县民政局"),
        ("申请条件", "突然遇到难处"),
        ("所需材料", "身份证", "原件"),
        ("承诺时限", "5 个工作日"),
        ("监督电话", "12345"),
    )
    found = recognise(
        Extract((Block(BlockKind.heading, 1, "", "办事指南"), Block(BlockKind.table, rows=rows))),
        kind=Kind.service_guide,
        title_hint="",
    )
    assert (found.content["title"], found.content["issuer"]) == ("临时救助", "县民政局")
    assert found.content["sections"] == {
        "谁可以办": "突然遇到难处",
        "带什么": "身份证；原件",
        "多久": "5 个工作日",
        "注意": "监督电话：12345",
    }


def test_articles_of_a_policy_are_sorted_by_what_they_say() -> None:
    text = (
        "积分办法\n第一条 为了大家好，订本办法。\n第二条 本办法适用于本乡村民。\n"
        "第三条 申请人应当提交身份证、户口簿等材料。\n第四条 村里受理申请，乡里审核。\n第五条 办理不收费。\n"
        "第六条 由乡政府解释。"
    )
    assert read(text, Kind.policy).content["sections"] == {
        "谁可以办": "第二条 本办法适用于本乡村民。",
        "带什么": "第三条 申请人应当提交身份证、户口簿等材料。",
        "怎么办": "第四条 村里受理申请，乡里审核。",
        "收费": "第五条 办理不收费。",
        "注意": "第六条 由乡政府解释。",
    }


def test_a_guide_without_headings_says_so_and_keeps_its_text() -> None:
    text = "怎么迁户口\n" + "\n".join(
        f"这是第{n}段，说的是怎么迁户口这件事情，要带的东西和要走的路都在里面，" + "一句一句慢慢说。" * 8
        for n in "一二三四五六"
    )
    found = read(text, Kind.service_guide)
    assert found.content["answer"].startswith("这是第一段")
    assert found.content["sections"]["注意"].count("这是第") == 5
    assert any("没有认出" in sentence for sentence in found.not_understood)


def test_a_regulation_has_articles_number_and_basis() -> None:
    found = read(
        (
            "某某办法\n法释〔2024〕1号\n第一章 总则\n第一条 根据《民法典》制定。\n"
            "第十七条之一 依照《刑法》第十七条之一处理。\n最高人民法院"
        ),
        Kind.regulation,
    )
    assert [(a["number"], a["text"]) for a in found.content["articles"]] == [
        ("第一条", "根据《民法典》制定。"),
        ("第十七条之一", "依照《刑法》第十七条之一处理。"),
    ]
    assert (found.content["number"], found.content["issuer"], found.content["legal_basis"]) == (
        "法释〔2024〕1号",
        "最高人民法院",
        ["刑法 17-1"],
    )
    left = "\n".join(found.not_understood)
    assert "章节的标题没有地方放：第一章 总则" in left
    assert "提到《民法典》，没有写第几条" in left


def test_a_story_has_facts_handling_and_lesson() -> None:
    content = read(STORY, Kind.case_story).content
    assert (content["facts"], content["handling"]) == (
        "吴大爷的地被邻居占了一垄。\n找了三次没有结果。",
        "村里上门三次，量了地。",
    )
    assert (content["lesson"], content["articles"]) == (
        "依据《农村土地承包法》第五十六条，谁占谁还。",
        ["农村土地承包法 56"],
    )


def test_a_story_without_headings_goes_by_order_and_says_so() -> None:
    found = read("题目\n先是这样的事情发生了。\n后来这样处理了。\n又处理了一次。\n大家要记住。", Kind.case_story)
    assert (found.content["facts"], found.content["handling"], found.content["lesson"]) == (
        "先是这样的事情发生了。",
        "后来这样处理了。\n又处理了一次。",
        "大家要记住。",
    )
    assert any("没有小标题" in sentence for sentence in found.not_understood)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("《民法典》第1042条", ["民法典 1042"]),
        (
            "《中华人民共和国妇女权益保障法》（2022年修订）第五十五条第一款、第五十六条",
            ["妇女权益保障法 55", "妇女权益保障法 56"],
        ),
        ("《村民委员会组织法》第二十七条第二款和《民法典》第十条", ["村民委员会组织法 27", "民法典 10"]),
        ("《刑法》第十七条之一", ["刑法 17-1"]),
        ("《民法典》第五条至第八条", ["民法典 5", "民法典 6", "民法典 7", "民法典 8"]),
        ("《民法典》第一条至第九百条", ["民法典 1", "民法典 900"]),
        ("《水浒传》第三条", []),
        ("《民法典》规定的第几条", []),
    ],
)
def test_articles_of_law_are_found(text: str, expected: list[str]) -> None:
    assert mentions.citations(text) == expected
    assert all(parse_citation(citation).ref for citation in expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("自2026年3月1日起施行", {"from": date(2026, 3, 1)}),
        ("施行日期：2026-03-01", {"from": date(2026, 3, 1)}),
        ("2026年2月8日经村民会议表决通过，自通过之日起施行", {"adopted": date(2026, 2, 8), "from": date(2026, 2, 8)}),
        ("有效期至2028年12月31日", {"to": date(2028, 12, 31)}),
        ("2026年2月26日报镇政府备案", {"filed": date(2026, 2, 26)}),
        ("2026年13月45日起施行", {}),
        ("2026年5月1日下雨", {}),
    ],
)
def test_days_are_found(text: str, expected: dict[str, date]) -> None:
    assert mentions.days(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RULE, Kind.village_rule),
        (POLICY, Kind.policy),
        (POLICY, Kind.service_guide),
        (STORY, Kind.case_story),
        (RULE, Kind.regulation),
    ],
)
def test_every_word_lands_somewhere_whatever_kind_is_chosen(text: str, kind: Kind) -> None:
    extract = read_pasted(text)
    for chosen in {kind, *EDITABLE}:
        found = recognise(extract, kind=chosen, title_hint="文件名")
        assert missing(extract, found, chosen) == Counter(), chosen
        buildable(found, chosen)


_LINES = st.sampled_from(
    [
        *RULE.split("\n"),
        *POLICY.split("\n"),
        *STORY.split("\n"),
        "一、环境",
        "二、办理材料：身份证",
        "（一）可烂的",
        "3.户口簿",
        "第五章 附则",
        "联系电话：12345",
        "备注",
        "第九条",
        "好" * 500,
        "2026年5月1日",
        "村规",
        "• 点",
    ]
)
_TABLES = st.lists(
    st.lists(
        st.sampled_from(["项目", "内容", "申请材料", "身份证", "", "收费", "不收", "标准"]), min_size=2, max_size=3
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row[0],
).map(lambda rows: Block(BlockKind.table, rows=tuple(map(tuple, rows)), page=3))

_BLOCKS = st.lists(
    st.one_of(_LINES.map(line_block), _LINES.map(lambda text: Block(BlockKind.heading, 2, "", text))),
    max_size=14,
    unique_by=(lambda block: block.line, lambda block: block.text),
)


@given(_BLOCKS, _TABLES, st.integers(0, 14), st.sampled_from(EDITABLE))
def test_no_word_of_any_document_is_lost(blocks: list[Block], table: Block, at: int, kind: Kind) -> None:
    blocks.insert(at, table)
    extract = Extract(tuple(blocks))
    found = recognise(extract, kind=kind, title_hint="")
    assert missing(extract, found, kind) == Counter()
    buildable(found, kind)


def test_what_is_too_much_for_a_document_is_handed_back() -> None:
    extract = read_pasted("村规\n" + "\n".join(f"第{n}条 第{n}件事。" for n in range(1, 306)) + "\n" + "长" * 25_000)
    found = recognise(extract, kind=Kind.village_rule)
    assert len(found.content["clauses"]) == 300
    assert missing(extract, found, Kind.village_rule) == Counter()


@pytest.mark.parametrize(
    "line", ["一、甲{n}\n二、乙", "第{n}条 甲\n第二章 乙{n}", "办理地点：甲{n}", "《民法典》第{n}条、2026年1月1日"]
)
def test_a_text_made_to_be_slow_is_read_in_time_that_grows_with_it(line: str) -> None:
    """Steps are counted, not seconds: four times the text takes about four times the steps."""
    steps = []
    for size in (500, 2000):
        extract = read_pasted("村规\n" + "\n".join(line.format(n=n) for n in range(1, size)))
        for kind in EDITABLE:
            counted = Profile()
            counted.runcall(recognise, extract, kind=kind)
            steps.append(sum(entry.callcount for entry in counted.getstats()))
    assert all(
        large < 8 * small for small, large in zip(steps[: len(EDITABLE)], steps[len(EDITABLE) :], strict=True)
    ), steps


def test_a_kind_without_a_recogniser_is_read_by_the_labels_of_its_fields() -> None:
    spec = KindSpec(
        name="通讯",
        label="通讯",
        fields=(text("facts", "事情经过"), text("lesson", "给大家的提醒"), articles("articles", "法律依据")),
    )
    reading = Reading(
        read_pasted("先说几句。\n给大家的提醒：早点来。\n依《民法典》第一千零四十二条。\n事情经过\n有人来问。").blocks,
        "标题",
        "依《民法典》第一千零四十二条。",
    )
    assert labelled(reading, spec) == {
        "facts": "先说几句。\n有人来问。",
        "lesson": "早点来。\n依《民法典》第一千零四十二条。",
        "articles": ["民法典 1042"],
    }
    assert reading.left == []


def test_a_kind_without_a_recogniser_says_which_text_it_did_not_find() -> None:
    spec = KindSpec(name="通讯", label="通讯", fields=(text("facts", "事情经过"), text("lesson", "给大家的提醒")))
    reading = Reading(read_pasted("有人来问。").blocks, "标题", "")
    assert labelled(reading, spec) == {"facts": "有人来问。", "lesson": ""}
    assert reading.left == ["没有找到“给大家的提醒”。"]
