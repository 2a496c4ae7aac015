from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest

from knowledge.errors import CorpusError
from knowledge.statutes.amending import amended
from knowledge.statutes.numerals import article_number
from knowledge.statutes.reading import StatuteVersion, read_statutes
from tests.conftest import CORPUS

CORRECTIONS = CORPUS / "statute-corrections.yml"


@cache
def statutes() -> list[StatuteVersion]:
    return read_statutes(CORRECTIONS)


def in_force(day: date) -> dict[str, StatuteVersion]:
    return {v.law.removeprefix("中华人民共和国"): v for v in statutes() if v.is_in_force(day)}


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 12, 31), date(2027, 1, 1)])
def test_no_statute_has_two_versions_in_force_on_a_day(day: date) -> None:
    counts = Counter(v.law for v in statutes() if v.is_in_force(day))
    assert len(counts) > 300
    assert [law for law, n in counts.items() if n != 1] == []


def test_a_newer_version_counts_from_its_day() -> None:
    assert in_force(date(2026, 12, 31))["农业法"].version_date == date(2012, 12, 28)
    assert in_force(date(2027, 1, 1))["农业法"].version_date == date(2026, 8, 28)
    assert "医疗保障法" not in in_force(date(2026, 12, 31))
    assert "医疗保障法" in in_force(date(2027, 1, 1))


def test_repealed_statutes_end_with_the_code_that_repeals_them() -> None:
    assert "噪声污染防治法" in in_force(date(2026, 8, 14))
    assert "噪声污染防治法" not in in_force(date(2026, 8, 15))
    assert "乡镇企业法" not in in_force(date(2026, 8, 14))


def test_the_land_contracting_law_is_in_force_and_flagged() -> None:
    assert "请复核" in (in_force(date(2026, 11, 24))["农村土地承包法"].flag or "")


# The words of 刑法修正案（十二）, in force from 2024-03-01; the package has 刑法 without them.
@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        ("165", "董事、经理利用职务便利", "其他公司、企业的董事、监事、高级管理人员违反法律、行政法规规定"),
        ("166", "将本单位的盈利业务交由自己的亲友进行经营的", "从自己的亲友经营管理的单位采购、接受不合格商品、服务的"),
        ("169", "徇私舞弊，将国有资产低价折股", "其他公司、企业直接负责的主管人员，徇私舞弊"),
        ("387", "处五年以下有期徒刑或者拘役", "处三年以下有期徒刑或者拘役；情节特别严重的，处三年以上十年以下有期徒刑"),
        ("390", "处五年以下有期徒刑或者拘役", "（六）在生态环境、财政金融、安全生产、食品药品"),
        ("391", "处三年以下有期徒刑或者拘役，并处罚金。\n", "情节严重的，处三年以上七年以下有期徒刑，并处罚金"),
        ("393", "处五年以下有期徒刑或者拘役", "处三年以下有期徒刑或者拘役，并处罚金；情节特别严重的"),
    ],
)
def test_the_criminal_code_reads_as_its_twelfth_amendment_has_it(number: str, before: str, after: str) -> None:
    old, new = (
        {a.number: a.text for a in in_force(day)["刑法"].articles}[article_number(number)]
        for day in (date(2024, 2, 29), date(2024, 3, 1))
    )
    assert before in old
    assert after not in old
    assert after in new
    assert '"' not in new


def test_bribery_is_three_years_now_and_what_an_amendment_leaves_stays() -> None:
    old, new = (in_force(day)["刑法"].articles for day in (date(2024, 2, 29), date(2026, 11, 30)))
    texts = {a.number: a.text for a in new}
    assert texts["第三百九十条"].startswith("对犯行贿罪的，处三年以下有期徒刑或者拘役，并处罚金；")
    assert "对调查突破、侦破重大案件起关键作用的" in texts["第三百九十条"]
    assert "前款所列单位，在经济往来中，在帐外暗中收受" in texts["第三百八十七条"]
    assert "单位犯前款罪的，对单位判处罚金" in texts["第三百九十一条"]
    assert [a.number for a in old] == [a.number for a in new]
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 7


@pytest.mark.parametrize(
    "item", ["将刑法第三条修改为什么", '将刑法第九百条修改为："不许。"', '将刑法第一条第九款修改为："不许。"']
)
def test_an_item_of_an_amendment_that_is_not_understood_is_refused(item: str) -> None:
    with pytest.raises(CorpusError):
        amended({"第一条": "为了惩罚犯罪。", "第三条": "法无明文。"}, [item])


@pytest.mark.parametrize(
    ("law", "first"),
    [
        ("刑法", "2024-03-01"),
        ("食品安全法", "2025-12-01"),
        ("网络安全法", "2026-01-01"),
        ("专利法", "2021-06-01"),
        ("劳动合同法", "2013-07-01"),
        ("国家赔偿法", "2013-01-01"),
        ("土地管理法", "2020-01-01"),
        ("安全生产法", "2021-09-01"),
        ("居民身份证法", "2012-01-01"),
        ("工会法", "2022-01-01"),
        ("慈善法", "2024-09-05"),
        ("民事诉讼法", "2024-01-01"),
        ("消费者权益保护法", "2014-03-15"),
        ("种子法", "2022-03-01"),
        ("著作权法", "2021-06-01"),
        ("行政诉讼法", "2017-07-01"),
    ],
)
def test_a_version_counts_from_the_day_its_decision_says(law: str, first: str) -> None:
    day = date.fromisoformat(first)
    assert in_force(date(2026, 11, 30))[law].in_force_from == day
    before = in_force(day - timedelta(days=1)).get(law)
    assert before is None or before.version_date != in_force(day)[law].version_date


def test_a_correction_that_names_no_version_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "corrections.yml"
    path.write_text("- {law: 没有的法, version_date: 2020-01-01, set: {}, reason: x}", encoding="utf-8")
    with pytest.raises(CorpusError, match="没有的法"):
        read_statutes(path)


@pytest.mark.parametrize(
    ("arabic", "chinese"),
    [
        ("1042", "第一千零四十二条"),
        ("10", "第十条"),
        ("17-1", "第十七条之一"),
        ("110", "第一百一十条"),
        ("1001", "第一千零一条"),
        ("20", "第二十条"),
    ],
)
def test_article_numbers_are_written_as_in_statutes(arabic: str, chinese: str) -> None:
    assert article_number(arabic) == chinese


def test_every_article_number_of_the_civil_code_round_trips() -> None:
    code = in_force(date(2026, 11, 24))["民法典"]
    assert [a.number for a in code.articles] == [article_number(str(n)) for n in range(1, 1261)]
