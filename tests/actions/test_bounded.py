"""What strangers send takes its time somewhere else, or none (red team L8-L10)."""

import contextlib
import io
import time
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import Workbook

from actions.dialogue.hearing.dispute import extract
from actions.errors import InvalidInput
from actions.imports import tables
from knowledge.village_rules.check import check_clause


def workbook(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_by_a_child_as_people_typed_it() -> None:
    data = workbook([["村", "电话"], ["赵家坳", 13800001234.0], ["石桥", datetime(2026, 12, 1)]])
    assert tables.read_bytes(data) == [(1, ["村", "电话"]), (2, ["赵家坳", "13800001234"]), (3, ["石桥", "2026-12-01"])]


def test_a_workbook_that_unpacks_to_minutes_of_work_costs_the_app_nothing() -> None:
    """58 kB that became 22 MB of shared strings, and 16 s in the app's own process."""
    source, out = zipfile.ZipFile(io.BytesIO(workbook([["村"]]))), io.BytesIO()
    strings = "<si><t>x</t></si>" * 2_500_000
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            if name != "xl/sharedStrings.xml":
                made.writestr(name, source.read(name))
        head = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        made.writestr("xl/sharedStrings.xml", f"{head}{strings}</sst>")
    data = out.getvalue()
    assert len(data) < tables.MOST_BYTES
    used = time.thread_time()
    with contextlib.suppress(InvalidInput):  # whether the child came to its end or was ended
        tables.read_bytes(data)
    assert time.thread_time() - used < 2, "the app's own process only waits"


@pytest.mark.parametrize("clause", ["。", "……", "，，，", " ", ""])
def test_a_clause_of_marks_alone_has_nothing_to_check(clause: str) -> None:
    assert check_clause(clause) == []


@pytest.mark.parametrize("word", ["昨天", "我", "1", "李家沟村口"])
def test_a_story_of_one_word_is_heard_no_longer_than_its_beginning(word: str) -> None:
    long, short = (timed(word * n) for n in (2000, 500 // len(word)))
    assert long < 5 * short + 0.1


def timed(text: str) -> float:
    """The best of three: processor time of this thread."""
    best = 9.0
    for _ in range(3):
        began = time.thread_time()
        extract(text, now=datetime(2026, 11, 24, tzinfo=UTC))
        best = min(best, time.thread_time() - began)
    return best
