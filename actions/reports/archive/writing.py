"""A topic or a decision as one file for the village's archive (村民委员会组织法 39): its papers, a list of what is
in it with SHA-256, so that years later anybody can tell whether one was changed.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from docx import Document
from docx.document import Document as DocumentType
from docx.shared import Pt

from actions.papers.case_file import printable
from actions.papers.printing import as_pdf
from actions.papers.word import set_chinese_font
from actions.reports.tables import as_xlsx
from knowledge.clock import SHANGHAI

CATALOGUE, SUMS = "档案目录.xlsx", "SHA256SUMS.txt"
_PACKED = (".pdf", ".jpg")  # as small as they get
_COLUMNS = ("序号", "文件", "题名", "责任者", "形成日期", "字节", "SHA-256")


@dataclass(frozen=True)
class Item:
    """`data`: asked for when its turn comes and let go of afterwards, so that one paper at a time is in memory."""

    name: str  # 01-议题.pdf
    title: str
    by: str
    day: date | None
    data: Callable[[], bytes]


def write(out: BinaryIO, items: Iterable[Item], *, title: str, now: datetime) -> str:
    """Into `out`, a file opened for bytes. Returns the SHA-256 of the list of sums, by which the whole is known."""
    rows, sums = [], []
    with zipfile.ZipFile(out, "w") as pack:
        for number, item in enumerate(items, 1):
            data = item.data()
            digest = hashlib.sha256(data).hexdigest()
            _put(pack, item.name, data, now)
            made = item.day.isoformat() if item.day else ""
            rows.append((number, item.name, item.title, item.by, made, len(data), digest))
            sums.append(f"{digest}  {item.name}")
        made_on = f"{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        table = as_xlsx([(title,), (f"{made_on} 从邻里导出，一共{len(rows)}份",), _COLUMNS, *rows])
        _put(pack, CATALOGUE, table, now)
        sums.append(f"{hashlib.sha256(table).hexdigest()}  {CATALOGUE}")
        listed = ("\n".join(sums) + "\n").encode()
        _put(pack, SUMS, listed, now)
    return hashlib.sha256(listed).hexdigest()


def _put(pack: zipfile.ZipFile, name: str, data: bytes, now: datetime) -> None:
    entry = zipfile.ZipInfo(name, now.astimezone(SHANGHAI).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    pack.writestr(entry, data)


def paper(title: str, parts: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """A PDF to print: each part under its heading; a part without a line is left out."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "FangSong", Pt(12)
    set_chinese_font(style.element.rPr, "仿宋")
    _line(document, title, 18)
    for heading, lines in parts:
        if not any(lines):
            continue
        _line(document, heading, 14)
        for line in lines:
            if line:
                _line(document, line, 12)
    out = io.BytesIO()
    document.save(out)
    return as_pdf(out.getvalue(), title=title)


def _line(document: DocumentType, text: str, size: int) -> None:
    document.add_paragraph().add_run(printable(text)).font.size = Pt(size)
