"""The table of articles that moved: as a lawyer writes it, and what our files cite on a day."""

from datetime import date
from pathlib import Path

import pytest

from actions.tools import deadlines, matters
from knowledge.answering import question_answer
from knowledge.data_files import read
from knowledge.documents.sources.other_sources import OtherSource
from knowledge.errors import DataFileInvalid
from knowledge.statutes import moves
from knowledge.village_rules.patterns import numbered_on
from tests.actions.tools.test_deadlines import CALENDAR

LAST, FIRST = date(2026, 12, 31), date(2027, 1, 1)


def test_what_our_files_cite_is_numbered_as_on_the_day() -> None:
    cited = [("农业法", "第六十七条"), ("农业法", "第八十三条"), ("民法典", "第十条"), ("商标法", "第九条")]
    assert moves.cited_on(cited, LAST) == tuple(cited)
    assert moves.cited_on(cited, FIRST) == (
        ("农业法", "第八十一条"),
        ("民法典", "第十条"),
        ("商标法", "第五条"),
        ("商标法", "第十七条"),
        ("商标法", "第二十四条"),
    )


def test_what_is_doubted_is_proposed_and_not_shown() -> None:
    assert moves.on("商标法", "第五十条", FIRST) == ()
    assert moves.supposed("商标法", "第五十条", adopted=date(2026, 6, 26)) == ("第四十九条",)
    assert moves.on("商标法", "第五十八条", FIRST) == ()
    assert moves.supposed("商标法", "第五十八条", adopted=date(2026, 6, 26)) == ()


def test_articles_of_a_pattern_are_numbered_as_on_the_day() -> None:
    assert numbered_on(["农业法 67", "民法典 17-1", "农业法 84"], FIRST) == ("农业法 81", "民法典 17-1")


def test_a_deadline_whose_source_nobody_found_again_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    known = matters.MATTERS["labour_arbitration"]
    sown = matters.Matter(**{**vars(known), "law": "农业法", "article": "第八十三条"})
    monkeypatch.setitem(matters.MATTERS, "labour_arbitration", sown)
    before = deadlines.last_day("labour_arbitration", LAST, calendar=CALENDAR, today=LAST)
    after = deadlines.last_day("labour_arbitration", LAST, calendar=CALENDAR, today=FIRST)
    assert "依据：《农业法》第八十三条。" in before.text_zh
    assert "依据：" not in after.text_zh
    assert "《农业法》刚改过，这一条正在核对" in after.text_zh
    assert after.article == ""


def test_a_source_of_next_year_is_not_cited_this_year(monkeypatch: pytest.MonkeyPatch) -> None:
    source = OtherSource(name="中华人民共和国医疗保障法", article="49", begins=FIRST, says="骗保要退", checked="review")
    monkeypatch.setattr(question_answer, "other_source", lambda _: source)
    assert question_answer._other(None, "医疗保障法 49", LAST) is None  # type: ignore[arg-type]
    found = question_answer._other(None, "医疗保障法 49", FIRST)  # type: ignore[arg-type]
    assert found is not None
    assert found.article == "第四十九条"


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ("[46 - 54]", "要写成“46 → 54”"),
        ("[46 → 54, 46 → 55]", "写了两遍"),
        ("[第四十六条 → 54]", "要写成“46 → 54”"),
    ],
)
def test_a_slip_in_the_table_is_told_in_the_words_of_who_made_it(tmp_path: Path, moved: str, said: str) -> None:
    path = tmp_path / "moves.yml"
    path.write_text(
        f"written_on: 2026-11-30\nlaws:\n- {{law: 农业法, adopted: 2026-08-28, since: 2027-01-01, moved: {moved}}}",
        encoding="utf-8",
    )
    with pytest.raises(DataFileInvalid, match=said):
        read(path, moves.MovesFile)
