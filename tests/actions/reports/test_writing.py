"""The file for the archive: its list fits what is in it, one paper at a time, and nothing runs as a formula."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from openpyxl import load_workbook

from actions.reports.archive.writing import CATALOGUE, SUMS, Item, paper, write
from tests.actions.reports.pdf import text_of

NOW = datetime(2026, 12, 2, 4, tzinfo=UTC)


def item(name: str, data: Callable[[], bytes], title: str = "议题") -> Item:
    return Item(name, title, "村委会", date(2026, 12, 1), data)


def test_every_sum_fits_and_the_list_of_sums_is_what_is_returned() -> None:
    out = io.BytesIO()
    given = {"01-议题.pdf": b"%PDF-1.7", "02-议题.json": b"{}"}
    items = [item(name, partial(bytes, data)) for name, data in given.items()]
    digest = write(out, items, title="灯", now=NOW)
    with zipfile.ZipFile(out) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == [*given, CATALOGUE, SUMS]
        sums = pack.read(SUMS)
        assert hashlib.sha256(sums).hexdigest() == digest
        lines = [line.split("  ", 1) for line in sums.decode().splitlines()]
        assert [name for _, name in lines] == [*given, CATALOGUE]
        assert all(hashlib.sha256(pack.read(name)).hexdigest() == said for said, name in lines)
        rows = list(load_workbook(io.BytesIO(pack.read(CATALOGUE))).active.iter_rows(values_only=True))
    assert [row[1] for row in rows[3:]] == list(given)
    assert rows[3][6] == hashlib.sha256(given["01-议题.pdf"]).hexdigest()


def test_a_title_that_a_spreadsheet_would_run_is_text() -> None:
    out = io.BytesIO()
    write(out, [item("01.pdf", lambda: b"x", '=HYPERLINK("http://evil.example")')], title="=1+1", now=NOW)
    with zipfile.ZipFile(out) as pack:
        sheet = load_workbook(io.BytesIO(pack.read(CATALOGUE))).active
    assert sheet["A1"].value == "'=1+1"
    assert sheet["C4"].value.startswith("'=HYPERLINK")
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_a_paper_is_asked_for_only_when_the_one_before_is_written() -> None:
    out, sizes = io.BytesIO(), list[int]()

    def big() -> bytes:
        sizes.append(len(out.getvalue()))
        return b"\x00" * 500_000

    write(out, (item(f"{n}.jpg", big) for n in range(4)), title="t", now=NOW)
    assert [size // 500_000 for size in sizes] == [0, 1, 2, 3]


def test_a_printed_page_says_everything_and_takes_what_no_printer_has() -> None:
    said = "很长的话" * 900
    data = paper("路灯\x00\ufffe<b>", (("结果", (said, "装在<学校>&门口")), ("没有的", ("", ""))))
    text = text_of(data)
    assert "装在<学校>&门口" in text
    assert text.count("很长的话") == 900
    assert "没有的" not in text
