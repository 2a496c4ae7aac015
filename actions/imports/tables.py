"""Tables that offices send: CSV as Excel, WPS and people in China write it, or xlsx. Bytes or pasted text in, named
cells out.

Nothing here knows a database; what the cells mean is said by the module of each kind.
"""

import csv
import enum
import io
import itertools
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from openpyxl import load_workbook

from actions.errors import InvalidInput
from knowledge.confined import Busy, Confined, Overran

MOST_BYTES = 300_000  # what bot/app.py takes as one form
MOST_LINES = 5_000
_MOST_CELL = 500
_MOST_COLUMNS = 30
_MOST_UNPACKED = 50_000_000  # a small archive may unpack to gigabytes
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # １ -> 1; NFKC would also make a 2 of ²
_OTHER_SEPARATORS = re.compile(r"[,，\t]")

_CHILD = Confined("actions.imports.xlsx_child", wall_s=30.0, at_once=2)


class Outcome(enum.StrEnum):
    new = "new"
    changed = "changed"
    same = "same"
    bad = "bad"


OUTCOME_LABELS = {Outcome.new: "新增", Outcome.changed: "改动", Outcome.same: "已有", Outcome.bad: "有错"}


@dataclass(frozen=True)
class Line:
    """What a line of the table does, or why it can't be taken.

    `number` is the line as the writer's program counts it.
    """

    number: int
    outcome: Outcome
    text: str

    def __str__(self) -> str:
        return f"第 {self.number} 行：{self.text}"


class BadLine(InvalidInput):
    """One line can't be taken; the others are still read, so that all bad ones are named at once."""


@dataclass(frozen=True)
class Row:
    number: int
    cells: dict[str, str]

    def words(self, column: str, *, most: int, needed: bool = False) -> str:
        """Raises BadLine."""
        text = self.cells.get(column, "")
        if text in ("-", "—", "无", "/"):
            text = ""
        if needed and not text:
            raise BadLine(f"“{column}”没写。")
        if len(text) > most:
            raise BadLine(f"“{column}”太长，最多 {most} 个字。")
        if text[:1] in tuple("=＝+＋-－@＠"):  # a spreadsheet that opens our export would run it
            raise BadLine(f"“{column}”里的“{text[:20]}”像公式，请写成文字。")
        return text

    def plain(self, column: str) -> str:
        """Digits, dates and account names: full-width characters become ASCII, spaces go."""
        return re.sub(r"\s", "", self.cells.get(column, "").translate(_NARROW))

    def phone(self, column: str, *, needed: bool = False) -> str:
        """Raises BadLine."""
        text = self.plain(column).removeprefix("+86")
        if not text and not needed:
            return ""
        if not is_phone(text):
            raise BadLine(f"电话“{text[:20]}”不对。" if text else f"“{column}”没写。")
        return text

    def yes_or_no(self, column: str) -> bool | None:
        """None: nothing was written. Raises BadLine."""
        text = self.plain(column)
        if text in ("", "-"):
            return None
        if text not in ("是", "否", "有", "无", "√", "1", "0"):
            raise BadLine(f"“{column}”请写“是”或“否”。")
        return text in ("是", "有", "√", "1")


def is_phone(text: str) -> bool:
    digits = text.replace("-", "")
    return 7 <= len(digits) <= 20 and digits.isascii() and digits.isdigit()


Lines = list[tuple[int, list[str]]]


def read_bytes(data: bytes) -> Lines:
    """The lines of a file with their numbers, blank ones left out. The kind is found from the content, whatever the
    name says.

    Raises InvalidInput with a sentence that says what to do.
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("文件太大了，最多 300 kB，请分成几个文件。")
    if data[:4] == b"PK\x03\x04":
        return _read_xlsx(data)
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise InvalidInput("这是旧格式的 Excel 文件（.xls），请打开后另存为 .xlsx 或 CSV 再传。")
    if data[:2] == b"\xff\xfe":  # Excel's “Unicode 文本”
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return read_text(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise InvalidInput("这个文件不是文字表格，读不出来。请用 Excel 或 WPS 另存为 CSV 或 .xlsx 再传。")


def read_text(text: str) -> Lines:
    """The lines of a table as text, separated as its first line is. Raises InvalidInput."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise InvalidInput("表格太大了，最多 300 kB，请分成几次。")
    text = text.lstrip("\ufeff")
    if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text):
        raise InvalidInput("这个文件不是文字表格，读不出来。请用 Excel 或 WPS 另存为 CSV 或 .xlsx 再传。")
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((s for s in ("\t", ",", "，") if s in head), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: Lines = []
    try:
        while True:
            number = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                break
            if len(cells) == 1 and found and len(found[0][1]) > 1:
                cells = _OTHER_SEPARATORS.split(cells[0])  # typed with another comma than the first line
            _keep(found, number, cells)
    except csv.Error:
        raise InvalidInput(f"第 {number} 行附近的引号没有配对，或者一格里的字太多，请检查。") from None
    return found


def _read_xlsx(data: bytes) -> Lines:
    """In a process of its own: some kilobytes can unpack to what takes a minute. Raises InvalidInput."""
    try:
        told = json.loads(_CHILD.run(data))
    except Busy:
        raise InvalidInput("这会儿有别人在导入表格，请过一会儿再试。") from None
    except (Overran, ValueError):
        raise InvalidInput("这个表格太复杂，读不完。请只留要导入的那一页，另存为 CSV 再传。") from None
    if "refused" in told:
        raise InvalidInput(told["refused"])
    return [(number, cells) for number, cells in told["lines"]]


def read_xlsx_here(data: bytes) -> Lines:
    """What the child does. Raises InvalidInput."""
    refused = InvalidInput("这个文件打不开，像是坏了，或者不是 Excel 表格。请另存为 .xlsx 或 CSV 再传。")
    found: Lines = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise refused
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise InvalidInput("这个表格解开以后太大，请只留要导入的那一页，另存为 CSV 再传。")
        for number, cells in enumerate(_rows(data), 1):
            _keep(found, number, [_cell(c) for c in cells])
    except InvalidInput:
        raise
    except Exception:  # openpyxl raises whatever its XML makes it trip over
        raise refused from None
    return found


def _rows(data: bytes) -> Iterator[list[object]]:
    """Values as the writer's program last reckoned them; a formula that it never reckoned is its own words, because an
    empty cell in its place would be read as nothing.
    """
    reckoned = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    written = load_workbook(io.BytesIO(data), read_only=True)
    both = (book.worksheets[0].iter_rows(max_col=_MOST_COLUMNS, values_only=True) for book in (reckoned, written))
    for values, words in itertools.zip_longest(*both, fillvalue=()):
        pairs = itertools.zip_longest(values, words)
        yield [getattr(word, "text", word) if value is None else value for value, word in pairs]
    reckoned.close()
    written.close()


def _cell(value: object) -> str:
    """As a person would have typed it: 13800001234 and not 13800001234.0, 2026-12-01 and not 2026-12-01 00:00:00."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)


def _keep(found: Lines, number: int, cells: Iterable[str]) -> None:
    clean = [_clean(c) for c in cells]
    while clean and not clean[-1]:
        clean.pop()
    if not clean:
        return
    if len(found) > MOST_LINES:
        raise InvalidInput(f"一次最多导入 {MOST_LINES} 行，请分成几次。")
    found.append((number, clean))


def _clean(cell: str) -> str:
    """One line, without what can't be seen: a zero-width space in a name would make another village of it."""
    return "".join(c for c in re.sub(r"\s+", " ", cell) if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()


def as_csv(lines: Lines) -> str:
    """The table as text again, each line where it was, so that the numbers people were told stay right."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    at = 1
    for number, cells in lines:
        blank = max(0, number - at)
        out.write("\n" * (blank if blank < 100 else 0))
        writer.writerow(cells)
        at = number + 1
    return out.getvalue()


def named(lines: Lines, columns: Sequence[str], *, needed: Sequence[str]) -> tuple[list[Row], list[Line]]:
    """The lines below the first as rows, and those that don't fit under it.

    Raises InvalidInput where the first line isn't right.
    """
    head = [c.translate(_NARROW).replace(" ", "") for c in lines[0][1]] if lines else []
    unknown = [c for c in head if c not in columns]
    if not lines or unknown or len(set(head)) < len(head) or any(c not in head for c in needed):
        hint = f"没有“{unknown[0][:20]}”这一栏。" if unknown and len(unknown) < len(head) else ""
        raise InvalidInput(f"第 1 行要写：{','.join(columns)}。{hint}")
    rows: list[Row] = []
    bad: list[Line] = []
    for number, cells in lines[1:]:
        if len(cells) > len(head):
            bad.append(Line(number, Outcome.bad, f"要有 {len(head)} 栏，这里是 {len(cells)} 栏。"))
        elif any(len(c) > _MOST_CELL for c in cells):
            bad.append(Line(number, Outcome.bad, f"有一格超过 {_MOST_CELL} 个字。"))
        else:
            rows.append(Row(number, dict(itertools.zip_longest(head, cells, fillvalue=""))))
    return rows, bad
