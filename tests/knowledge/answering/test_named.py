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
        ("劳动合同法82", ("劳动合同法", "第八十二条")),
        ("劳动合同法第82条", ("劳动合同法", "第八十二条")),
        ("公司法 88", ("公司法", "第八十八条")),
        ("道路交通安全法76", ("道路交通安全法", "第七十六条")),
        ("请问农村土地承包法27条说的啥", ("农村土地承包法", "第二十七条")),
        ("《未成年人保护法》39条", ("未成年人保护法", "第三十九条")),
        ("民法通则第98条", ("民法通则", "第九十八条")),
    ],
)
def test_an_article_is_read_as_people_type_it(asked: str, found: tuple[str, str]) -> None:
    named = named_article(asked)
    assert named is not None
    assert (named.law, named.ref) == found


@pytest.mark.parametrize(
    "asked", ["民法典2021年出的吗", "刑法判3年", "打12348问", "他犯法 2 回了", "这办法3个月了没用", "违法 10 几年"]
)
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


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("火星法第三条", "没有叫《火星法》的"),
        ("《火星保护法》第3条怎么说", "没有叫《火星保护法》的"),
        ("劳动合同发法第三条", "您是不是想问《劳动合同法》？"),
        ("民法通则第98条", "《民法通则》从2021年1月1日起不用了"),
        ("我想问一下婚姻法第二十一条还有没有", "《婚姻法》从2021年1月1日起不用了"),
        ("村里说劳动合同法第900条这么写", "《劳动合同法》里没有第九百条"),
    ],
)
def test_a_law_that_never_was_and_one_that_is_gone_say_so(
    sessions: sessionmaker[Session], asked: str, said: str
) -> None:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        law(session, "劳动合同法", {"第八十二条": "二倍工资。"}, adopted=date(2012, 12, 28), start=date(2013, 7, 1))
        told = named_wrongly(session, asked, day=DAY)
        assert told is not None
        assert said in told.text


@pytest.mark.parametrize(
    "asked",
    [
        "劳动合同法82",
        "村里说劳动合同法第八十二条管这个",
        "工伤保险条例第十七条",
        "这个法第三条啥意思",
        "诉讼费用交纳办法第五条",
        "他执法第三条街",
        "听说有个什么火星法第三条",
    ],
)
def test_nothing_is_said_of_a_law_in_force_nor_of_what_may_be_no_law(
    sessions: sessionmaker[Session], asked: str
) -> None:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        law(session, "劳动合同法", {"第八十二条": "二倍工资。"}, adopted=date(2012, 12, 28), start=date(2013, 7, 1))
        assert named_wrongly(session, asked, day=DAY) is None


def test_an_item_of_a_list_is_never_told_without_the_rest_of_it() -> None:
    text = (
        "有下列情形之一的，应当准予离婚：\n（一）重婚或者与他人同居；\n（二）实施家庭暴力；\n"
        + "一方被宣告失踪的，准予离婚。" * 12
    )
    assert decisive_paragraph(text, "他打我能离婚吗家庭暴力").startswith("有下列情形之一的")
    assert "（一）" in decisive_paragraph(text, "他打我能离婚吗家庭暴力")
    assert decisive_paragraph("两句。很短。", "什么") == "两句。很短。"
