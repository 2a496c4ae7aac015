"""A table as a spreadsheet opens it."""

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """A cell that a spreadsheet would run as a formula becomes text (OWASP, CSV injection)."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)  # no spreadsheet takes them
    return f"'{text}" if text[:1] in _FORMULA else text


def as_csv(table: Iterable[Sequence[object]]) -> bytes:
    """With the mark by which Excel knows UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in table)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: Iterable[Sequence[object]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in table:
        book.active.append([safe_cell(cell) for cell in row])
    book.save(out)
    return out.getvalue()
