"""Files as offices send them: every word arrives, in order, with what it is."""

from typing import Any

import pytest

from knowledge.errors import FileRefused
from knowledge.importing.files import read_file, read_pasted, title_of
from knowledge.importing.formats.blocks import Block, BlockKind, Extract, line_block
from knowledge.statutes.numerals import DATE, date_of, number_of
from tests.knowledge.importing import sample_files

H, P, A, L, T = BlockKind.heading, BlockKind.paragraph, BlockKind.article, BlockKind.list_item, BlockKind.table


def seen(extract: Extract) -> list[tuple[BlockKind, str, str]]:
    return [(b.kind, b.number, b.text) for b in extract.blocks]


RULES = [
    (H, "", "李家沟村村规民约"),
    (H, "第一章", "总则"),
    (A, "第一条", "为了让大家过得和气，订这份村规民约。"),
    (A, "第二条", "村民应当爱护环境，垃圾分类投放，不乱倒。"),
    (H, "第二章", "红白事"),
    (A, "第三条", "提倡婚事新办，酒席一般不超过十五桌。"),
]


def test_a_docx_keeps_headings_articles_and_tables_in_order() -> None:
    found = read_file("村规.docx", sample_files.rules_docx())
    assert seen(found)[:-1] == RULES
    assert found.blocks[-1].rows == (("项目", "标准", "备注"), ("酒席", "十五桌", "倡导"))
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", "\r\n".join(sample_files.RULES).encode("gbk")),
        ("a.txt", "\n".join(sample_files.RULES).encode()),
        ("a.TXT", "\n".join(sample_files.RULES).encode("utf-8-sig")),
        ("a.txt", ("\ufeff" + "\n".join(sample_files.RULES)).encode("utf-16-le")),
        ("a.md", ("# " + "\n".join(sample_files.RULES)).encode()),
        (
            "a.html",
            (
                "<meta charset=gb2312><h1>"
                + "</h1><p>".join(sample_files.RULES[:2])
                + "<p>"
                + "<p>".join(sample_files.RULES[2:])
            ).encode("gbk"),
        ),
        (
            "a.htm",
            (
                "<html><title>站名</title><h1>"
                + sample_files.RULES[0]
                + "</h1><div>"
                + "<br>".join(sample_files.RULES[1:])
                + "</div><script>alert(1)</script>"
            ).encode(),
        ),
        ("a.pdf", sample_files.pdf(sample_files.RULES)),
    ],
    ids="gbk utf8 bom utf16 markdown html_gbk html_breaks pdf".split(),
)
def test_the_same_rules_are_the_same_blocks_in_every_format(name: str, data: bytes) -> None:
    assert list(seen(read_file(name, data)))[1:] == RULES[1:]
    assert read_file(name, data).blocks[0].line == sample_files.RULES[0]


def test_pasted_text_is_read_like_a_file() -> None:
    assert seen(read_pasted("\n".join(sample_files.RULES)))[1:] == RULES[1:]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("第十二条之一　村民委员会", (A, "第十二条之一", "村民委员会")),
        ("第12条：不乱倒垃圾", (A, "第十二条", "不乱倒垃圾")),
        ("第 一百零三 条 附则", (A, "第一百零三条", "附则")),
        ("第五条规定的情形，由村委会处理。", (P, "", "第五条规定的情形，由村委会处理。")),
        ("第三条第二款说的补助，按年发。", (P, "", "第三条第二款说的补助，按年发。")),
        ("第二章 环境卫生", (H, "第二章", "环境卫生")),
        ("一、环境卫生", (H, "一、", "环境卫生")),
        (
            "二、每户门前自己扫，垃圾分三类，不乱倒，不焚烧秸秆。",
            (L, "二、", "每户门前自己扫，垃圾分三类，不乱倒，不焚烧秸秆。"),
        ),
        ("（三）五保户", (L, "（三）", "五保户")),
        ("1.带身份证", (L, "1.", "带身份证")),
        ("2、带户口本", (L, "2、", "带户口本")),
        ("③ 照片", (L, "③", "照片")),
        ("1.5 倍工资", (P, "", "1.5 倍工资")),
        ("2026.3.1 起施行", (P, "", "2026.3.1 起施行")),
    ],
)
def test_marks_are_known(line: str, expected: tuple[BlockKind, str, str]) -> None:
    block = line_block(line)
    assert (block.kind, block.number, block.text) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十二", 12),
        ("一百零三", 103),
        ("二〇二六", 2026),
        ("１２", 12),
        ("1042", 1042),
        ("一千零四十二", 1042),
        ("条", None),
        ("", None),
        ("12345", None),
        ("十百", None),
        ("三百零五", 305),
    ],
)
def test_numbers_are_read(text: str, number: int | None) -> None:
    assert number_of(text) == number


def test_dates_are_read_in_both_scripts() -> None:
    found = [date_of(m) for m in DATE.finditer("二〇二六年二月八日通过，2026年3月1日施行；2026-02-30 不是日子")]
    assert [str(d) for d in found] == ["2026-02-08", "2026-03-01", "None"]


def test_numbers_that_word_makes_itself_are_read() -> None:
    data = sample_files.numbered(
        [("chineseCountingThousand", "第%1条"), ("chineseCounting", "（%2）"), ("decimal", "%3.")],
        [(0, "爱护环境。"), (1, "不乱倒。"), (1, "不焚烧。"), (2, "秸秆。"), (0, "邻里和睦。"), (1, "不吵架。")],
    )
    assert seen(read_file("a.docx", data)) == [
        (A, "第一条", "爱护环境。"),
        (L, "（一）", "不乱倒。"),
        (L, "（二）", "不焚烧。"),
        (L, "1.", "秸秆。"),
        (A, "第二条", "邻里和睦。"),
        (L, "（一）", "不吵架。"),
    ]


def test_a_list_that_starts_at_eleven_starts_there() -> None:
    data = sample_files.numbered([("chineseCounting", "第%1条")], [(0, "甲。"), (0, "乙。")], override=11)
    assert [b.number for b in read_file("a.docx", data).blocks] == ["第十一条", "第十二条"]


def test_content_controls_and_insertions_are_kept_and_deletions_are_not() -> None:
    xml = (
        f"<w:sdt><w:sdtContent>{sample_files.p('第一条 目录控件里的字。')}</w:sdtContent></"
        "w:sdt><w:p><w:ins><w:r><w:t>加的字</w:t></w:r></w:ins><w:del><w:r><w:delText>删的字</w:delText></w:r></"
        "w:del><w:r><w:t>原来的字</w:t></w:r></w:p>"
    )
    found = read_file("a.docx", sample_files.body(xml))
    assert [b.line for b in found.blocks] == ["第一条 目录控件里的字。", "加的字原来的字"]
    assert found.warnings == ("文件里有修订痕迹，按接受修订以后的样子读。",)


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{sample_files.p('框里的字')}</w:txbxContent>"
    xml = (
        f"<w:p><w:r><w:t>外面</w:t><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></"
        f"mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    found = read_file("a.docx", sample_files.body(xml))
    assert [b.line for b in found.blocks] == ["外面", "框里的字"]


def test_a_table_in_a_table_lands_in_the_cell_around_it() -> None:
    inner = f"<w:tbl><w:tr><w:tc>{sample_files.p('里一')}</w:tc><w:tc>{sample_files.p('里二')}</w:tc></w:tr></w:tbl>"
    xml = (
        f"<w:tbl><w:tr><w:tc>{sample_files.p('外一')}</w:tc><w:tc>{inner}{sample_files.p('外二')}</w:tc></w:tr></w:tbl>"
    )
    found = read_file("a.docx", sample_files.body(xml))
    assert found.blocks[0].rows == (("外一", "里一 | 里二\n外二"),)
    assert "套着表格" in found.warnings[0]


def test_a_frame_around_text_is_no_table() -> None:
    assert seen(
        read_file(
            "a.docx", sample_files.body(f"<w:tbl><w:tr><w:tc>{sample_files.p('第一条 好。')}</w:tc></w:tr></w:tbl>")
        )
    ) == [(A, "第一条", "好。")]


def test_lines_of_a_pdf_become_paragraphs_again_and_page_numbers_go() -> None:
    lines = [
        "第一条 村民应当爱护环境卫生，每户负责自家门前的清扫和",
        "垃圾分类，定时投放，不得乱倒。",
        "第二条 提倡孝老爱亲。",
    ]
    found = read_file("a.pdf", sample_files.pdf(lines, lines))
    assert (
        seen(found)
        == [
            (A, "第一条", "村民应当爱护环境卫生，每户负责自家门前的清扫和垃圾分类，定时投放，不得乱倒。"),
            (A, "第二条", "提倡孝老爱亲。"),
        ]
        * 2
    )


def test_a_table_of_a_pdf_keeps_its_cells_and_its_page() -> None:
    found = read_file(
        "a.pdf",
        sample_files.pdf(["第一条 补助标准见下表，按年发放，不得截留。"], table=[["项目", "金额"], ["高龄", "100 元"]]),
    )
    assert [(b.kind, b.rows, b.line if b.kind is not T else "", b.page) for b in found.blocks] == [
        (A, (), "第一条 补助标准见下表，按年发放，不得截留。", 1),
        (T, (("项目", "金额"), ("高龄", "100 元")), "", 1),
        (P, (), "表格下面还有一句话。", 1),
    ]


def test_what_stands_on_every_page_is_named_and_left_out() -> None:
    pages = [[f"第{n}条 这一条说的是第{n}件大家都要遵守的事情。"] for n in "一二三四五"]
    found = read_file("a.pdf", sample_files.pdf(*pages, header="青石乡人民政府文件"))
    assert [b.number for b in found.blocks] == ["第一条", "第二条", "第三条", "第四条", "第五条"]
    assert "青石乡人民政府文件" in found.warnings[0]


def test_a_page_of_a_web_site_is_read_without_what_surrounds_it() -> None:
    page = (
        "<nav>首页 办事</nav><table><tr><td><table><tr><td>材料</td><td>份数</td></tr><tr><td>身份证</td><td>1</td></"
        "tr></table><p>带上<b>户口</b>簿。</p></td></tr></table><ol start=3><li>先登记<li>再等</ol><p style='display: "
        "none'>看不见</p><!-- 注 --><style>p{}</style>"
    )
    found = read_file("a.html", page.encode())
    assert [b.line for b in found.blocks] == ["材料 | 份数\n身份证 | 1", "带上户口簿。", "3.先登记", "4.再等"]
    assert found.warnings == ("网页的菜单、侧栏和页脚没有读进来。", "网页里有看不见的字，没有读进来。")


def test_markdown_keeps_its_tables_and_lists() -> None:
    found = read_file("a.md", "## 带什么\n\n- 身份证\n- 照片\n\n| 项目 | 份 |\n|---|---|\n| 照片 | 2 |\n".encode())
    assert [(b.kind, b.level, b.line) for b in found.blocks] == [
        (H, 2, "带什么"),
        (L, 3, "身份证"),
        (L, 3, "照片"),
        (T, 0, "项目 | 份\n照片 | 2"),
    ]


def test_blocks_survive_the_way_through_json() -> None:
    extract = Extract((Block(H, 1, "第一章", "总则"), Block(T, rows=(("a", "b"),), page=3)), ("提醒",))
    assert Extract.from_json(extract.as_json()) == extract


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("李家沟村村规民约(1).docx", "李家沟村村规民约"),
        ("c:\\上传\\移风易俗_最终版.docx", "移风易俗"),
        ("村规 v2.1.pdf", "村规"),
        ("2026.txt", "2026"),
        ("a/b/定稿.md", "定稿"),
    ],
)
def test_a_name_gives_a_title(name: str, title: str) -> None:
    assert title_of(name) == title


def test_a_page_of_a_few_words_is_still_text() -> None:
    with pytest.raises(FileRefused, match="扫描件"):
        read_file("a.pdf", sample_files.pdf(["短"]))


def test_words_crossed_out_or_hidden_in_word_are_left_out_and_that_is_said() -> None:
    def fill(document: Any) -> None:
        paragraph = document.add_paragraph()
        paragraph.add_run("第三条 每户彩礼不得超过六万元。").font.strike = True
        paragraph.add_run("第三条 每户彩礼不得超过三万元。").font.strike = False
        paragraph.add_run("（内部：先别公布）").font.hidden = True
        document.add_paragraph().add_run("双线划掉的。").font.double_strike = True

    found = read_file("a.docx", sample_files.word(fill))
    assert found.text == "第三条 每户彩礼不得超过三万元。"
    assert sorted(w[:10] for w in found.warnings) == ["文件里有划掉的字，没", "文件里有隐藏的字，没"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<p>彩礼<del>六万</del><s>五万</s><strike>四万</strike>三万</p>"),
        ("a.html", '<p>彩礼<span style="color:red;text-decoration: underline line-through">六万</span>三万</p>'),
        ("a.html", "<table><tr><td>彩礼</td><td><del>六万 <s>五万</s></del>三万</td></tr></table>"),
        ("a.md", "彩礼~~六万~~三万"),
    ],
)
def test_words_crossed_out_on_a_page_are_left_out_and_that_is_said(name: str, text: str) -> None:
    found = read_file(name, text.encode())
    assert found.text.replace(" | ", "") == "彩礼三万"
    assert any("划掉" in warning for warning in found.warnings)


def test_ticked_and_empty_boxes_differ_and_pinyin_is_no_word() -> None:
    sign = '<w:r><w:sym w:font="{}" w:char="F0{}"/></w:r>'
    pinyin, base = (f"<w:r><w:t>{words}</w:t></w:r>" for words in ("bāo", "褒"))
    ruby = f"<w:r><w:ruby><w:rt>{pinyin}</w:rt><w:rubyBase>{base}</w:rubyBase></w:ruby></w:r>"
    signs = sign.format("Wingdings", "FE") + sign.format("Wingdings", "A8") + sign.format("Wingdings 2", "52")
    found = read_file("a.docx", sample_files.body(f"<w:p>{signs}{ruby}<w:r><w:t>奖同意</w:t></w:r></w:p>"))
    assert found.text == "☑□☑褒奖同意"
    assert read_file("a.html", "<p><ruby>褒<rp>(</rp><rt>bāo</rt><rp>)</rp></ruby>奖</p>".encode()).text == "褒奖"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("第\u2f00条 垃圾分类。", "第一条"),  # Kangxi radicals, as a PDF printed on a Mac gives them
        ("第\u2f17\u2f06条 垃圾分类。", "第十二条"),
        ("第 十 二 条 垃圾分类。", "第十二条"),
        ("【第三条】垃圾分类。", "第三条"),
        ("[第3条] 垃圾分类。", "第三条"),
    ],
)
def test_an_article_is_known_however_its_number_is_set(line: str, number: str) -> None:
    [block] = read_file("a.txt", f"{line}\n".encode()).blocks
    assert (block.kind, block.number, block.text) == (BlockKind.article, number, "垃圾分类。")


def test_radicals_of_a_pdf_are_characters() -> None:
    assert read_pasted("⻓期住在本村的⺠户，家⻔⼝").text == "长期住在本村的民户，家门口"
