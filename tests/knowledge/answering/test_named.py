"""Articles that people ask for by name: found as they type them; a repealed law is told where it stands now."""

from datetime import date

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.answering.compose import decisive_paragraph
from knowledge.answering.named import named_wrongly
from knowledge.exchange import corpus
from knowledge.statutes.citations import named_article
from tests.conftest import CORPUS
from tests.knowledge.law.test_law_changes import law

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("民法典 第1042条", ("民法典", "第一千零四十二条")),
        ("民法典1042", ("民法典", "第一千零四十二条")),
        ("刑法274", ("刑法", "第二百七十四条")),
        ("刑法第133条之一是啥", ("刑法", "第一百三十三条之一")),
        ("按劳动法第四十四条该给多少", ("劳动法", "第四十四条")),
        ("婚姻法第二十一条", ("婚姻法", "第二十一条")),
    ],
)
def test_an_article_is_read_as_people_type_it(asked: str, found: tuple[str, str]) -> None:
    named = named_article(asked)
    assert named is not None
    assert (named.law, named.ref) == found


@pytest.mark.parametrize("asked", ["民法典2021年出的吗", "刑法判3年", "打12348问"])
def test_figures_of_other_things_name_no_article(asked: str) -> None:
    assert named_article(asked) is None


def test_a_repealed_law_says_where_it_stands_now_and_a_missing_article_that_there_is_none(
    sessions: sessionmaker[Session],
) -> None:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        law(session, "民法典", {"第一条": "为了……"}, adopted=date(2020, 5, 28), start=date(2021, 1, 1))
        old = named_wrongly(session, "婚姻法第二十一条说什么", day=DAY)
        none = named_wrongly(session, "民法典第2000条", day=DAY)
        assert old is not None
        assert "2021年1月1日起不用了，现在看《民法典》" in old.text
        assert none is not None
        assert "没有第二千条" in none.text
        assert named_wrongly(session, "民法典第1条", day=DAY) is None
        assert named_wrongly(session, "承包地被占了找谁", day=DAY) is None


def test_an_item_of_a_list_is_never_told_without_the_rest_of_it() -> None:
    text = (
        "有下列情形之一的，应当准予离婚：\n（一）重婚或者与他人同居；\n（二）实施家庭暴力；\n"
        + "一方被宣告失踪的，准予离婚。" * 12
    )
    assert decisive_paragraph(text, "他打我能离婚吗家庭暴力").startswith("有下列情形之一的")
    assert "（一）" in decisive_paragraph(text, "他打我能离婚吗家庭暴力")
    assert decisive_paragraph("两句。很短。", "什么") == "两句。很短。"
