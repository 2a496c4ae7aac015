import io
from datetime import date

import pytest
from docx import Document

from actions.papers.letter import CitedArticle, ConflictingClause, township_letter
from tests.conftest import DAY
from tests.knowledge.statutes.test_statutes import in_force

ARTICLE = CitedArticle(
    "行政处罚法", "第十六条", "除法律、法规、规章外，其他规范性文件不得设定行政处罚。", date(2021, 7, 15)
)
CLAUSE = ConflictingClause("第三条", "违者罚款二百元。", "村规不能设罚款。", [ARTICLE])


def letter(**changes: object) -> bytes:
    values: dict[str, object] = {
        "village": "王家湾村",
        "township": "青河镇",
        "rule_title": "王家湾村村规民约",
        "adopted_on": date(2024, 3, 1),
        "clauses": [CLAUSE],
        "author": "青河镇司法所 李明",
        "day": date(2026, 11, 25),
    }
    return township_letter(**{**values, **changes})  # type: ignore[arg-type]


def lines(made: bytes) -> list[str]:
    document = Document(io.BytesIO(made))
    return [p.text for p in document.paragraphs] + [c.text for t in document.tables for r in t.rows for c in r.cells]


def test_the_letter_names_who_what_and_why() -> None:
    text = lines(letter())
    assert text[:2] == ["关于提请责令改正《王家湾村村规民约》", "有关条款的函"]
    assert "青河镇人民政府：" in text
    assert "原文：“违者罚款二百元。”" in text
    assert (
        "法律依据：《行政处罚法》第十六条（2021年7月15日起施行）规定：“除法律、法规、规章外，"
        "其他规范性文件不得设定行政处罚。”"
    ) in text
    assert "审查意见：村规不能设罚款。" in text
    assert any("责令王家湾村改正上述条款" in line for line in text)
    assert "附件：1. 《王家湾村村规民约》全文" in text
    assert text.index("青河镇司法所 李明") + 1 == text.index("2026年11月25日")


def test_what_the_letter_says_of_article_31_stands_in_the_statute() -> None:
    article = next(a.text for a in in_force(DAY)["村民委员会组织法"].articles if a.number == "第三十一条")
    ours = next(line for line in lines(letter()) if "第三十一条规定" in line)
    for words in (
        "不得与宪法、法律、法规相抵触",
        "不得违背公序良俗",
        "不得有侵犯村民的人身权利、民主权利和财产权利的内容",
        "由乡、民族乡、镇的人民政府责令改正",
    ):
        assert words in article
        assert words in ours


def test_an_article_is_quoted_once_and_then_named() -> None:
    text = "\n".join(
        lines(letter(clauses=[CLAUSE, ConflictingClause("第四条", "再犯加倍罚款。", "同上。", [ARTICLE])]))
    )
    assert text.count(ARTICLE.text) == 1
    assert "法律依据：《行政处罚法》第十六条（条文见前）。" in text
    assert "两条内容" in text
    assert "三、建议" in text


HOSTILE = "</w:t></w:r><w:p>坏</w:p> {{ 7*7 }} {% for x in y %} &amp; \x00\x0b\ufffe\ud800“引”《书》"


def test_hostile_text_stays_text() -> None:
    clause = ConflictingClause(HOSTILE, HOSTILE, HOSTILE, [CitedArticle(HOSTILE, HOSTILE, HOSTILE, date(2021, 1, 1))])
    plain = len(Document(io.BytesIO(letter())).paragraphs)
    made = letter(village=HOSTILE, township=HOSTILE, rule_title=HOSTILE, author=HOSTILE, clauses=[clause])
    assert len(Document(io.BytesIO(made)).paragraphs) == plain
    text = "\n".join(lines(made))
    assert "</w:t></w:r><w:p>坏</w:p> {{ 7*7 }} {% for x in y %} &amp;" in text
    assert not set("\x00\x0b\ufffe\ud800") & set(text)


def test_line_breaks_in_a_name_dont_forge_a_line() -> None:
    assert "假落款" not in lines(letter(author="李明\n假落款", village="王家湾村\r\n假落款"))


def test_an_addressee_that_is_a_government_is_not_named_twice() -> None:
    assert "青河镇人民政府：" in lines(letter(township="青河镇人民政府"))
    assert "东城街道办事处：" in lines(letter(township="东城街道办事处"))


def test_no_clause_no_letter() -> None:
    with pytest.raises(ValueError, match="clause"):
        letter(clauses=[])
