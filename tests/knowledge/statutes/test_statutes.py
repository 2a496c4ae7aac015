from collections import Counter
from datetime import date
from functools import cache

import pytest

from knowledge.errors import CorpusError
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
