from datetime import date
from math import inf, nan
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.demands import certificates, log
from actions.demands.certificates import CERTIFICATES
from actions.demands.models import DemandKind
from actions.errors import InvalidInput
from knowledge.statutes.reading import read_statutes
from tests.conftest import CORPUS

TODAY = date(2026, 12, 1)


def told(**other: Any) -> log.Told:
    given: dict[str, Any] = {"place": "lijiagou", "kind": DemandKind.task, "asked_by": "镇农业办", "what": "填养殖表"}
    return log.Told(**{**given, "on": TODAY, "by": "文书小李", **other})


def test_a_demand_sent_twice_is_one_row(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        first = log.note(session, told(hours=1.25), key="k", today=TODAY)
        assert log.note(session, told(what="别的"), key="k", today=TODAY).id == first.id
        assert (first.what, first.tenths, first.is_from_chat) == ("填养殖表", 12, False)


@pytest.mark.parametrize(
    "other",
    [
        {"asked_by": " "},
        {"what": "\u202e"},
        {"hours": -1.0},
        {"hours": nan},
        {"hours": inf},
        {"on": date(2026, 12, 2)},
        {"on": date(1926, 12, 1)},
    ],
)
def test_what_makes_no_sense_is_refused(sessions: sessionmaker[Session], other: dict[str, Any]) -> None:
    with sessions() as session, pytest.raises(InvalidInput):
        log.note(session, told(**other), key="k", today=TODAY)


def test_the_township_reads_by_unit_whose_demands_are_odd(sessions: sessionmaker[Session]) -> None:
    rows = (
        told(
            asked_by="农商行", kind=DemandKind.certificate, what="亲属关系证明", certificate="qinshu", basis="内部规定"
        ),
        told(asked_by="农商行", kind=DemandKind.certificate, what="健在证明", certificate="jianzai"),
        told(basis="农业农村部令2022年第2号", hours=6.5),
        told(on=date(2026, 11, 30)),
        told(place="elsewhere"),
    )
    with sessions() as session:
        for number, row in enumerate(rows):
            log.note(session, row, key=str(number), today=TODAY)
        since, until = log.month_of("2026-12", TODAY)
        found = log.by_unit(log.listed(session, ["lijiagou"], since=since, until=until))
    assert found == [log.Tally("农商行", 2, 0, 2, 0.0), log.Tally("镇农业办", 0, 1, 0, 6.5)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026-02", (date(2026, 2, 1), date(2026, 2, 28))),
        ("2024-12", (date(2024, 12, 1), date(2024, 12, 31))),
        ("'; DROP", (date(2026, 12, 1), date(2026, 12, 31))),
        ("9999-12", (date(2026, 12, 1), date(2026, 12, 31))),
        ("9999-99", (date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_a_month_is_read_or_this_one(text: str, span: tuple[date, date]) -> None:
    assert log.month_of(text, TODAY) == span


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("银行叫村里开亲属关系证明", "银行"),
        ("信用社非要村里出个证明才给取钱", "银行"),
        ("学校让去大队盖章证明是贫困户", "学校"),
        ("派出所说要村里开证明", "派出所"),
        ("厂里要求社区开无犯罪证明", "用人单位"),
        ("他们非要村委会盖章", ""),
        ("亲属关系证明怎么开", None),
        ("银行卡丢了怎么办", None),
    ],
)
def test_who_demands_it_is_read_and_a_question_is_no_demand(words: str, who: str | None) -> None:
    assert certificates.asker(words) == who


def test_there_are_twenty_and_each_has_its_guide() -> None:
    assert len(CERTIFICATES) == 20
    there = {path.stem for path in (CORPUS / "guides").glob("guide-zhengming-*.yml")}
    assert there >= certificates.GUIDES


def test_a_guide_about_two_papers_is_told_apart_by_the_words() -> None:
    for words, code in (("户籍证明去哪开", "hukou"), ("出生日期改了要证明", "dengji"), ("要个证明", "hukou")):
        found = certificates.of_guide("guide-zhengming-hukou", words)
        assert found is not None
        assert found.code == code


@pytest.mark.parametrize("law", [law for law, _ in log.BASIS])
def test_what_the_sheet_says_of_the_law_stands_in_it(law: str) -> None:
    newest = max(
        (v for v in read_statutes(CORPUS / "statute-corrections.yml", law=f"中华人民共和国{law}")),
        key=lambda version: version.version_date,
    )
    (article,) = [a for a in newest.articles if a.number == "第四十三条"]
    assert "应当符合法律、法规规定，所需经费由委托部门承担" in article.text
