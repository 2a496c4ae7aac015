"""PDF files: the text of each page joined into paragraphs again, and the tables that have lines."""

import io
import re
from collections import Counter
from collections.abc import Iterator

import pdfplumber
import pypdfium2 as pdfium
from pypdfium2 import raw

from knowledge.errors import FileRefused
from knowledge.importing.formats.blocks import (
    MOST_CHARACTERS,
    MOST_PAGES,
    Block,
    BlockKind,
    Extract,
    Gathering,
    clean,
    line_block,
)

_SCAN = "这个 PDF 像是扫描件，没有文字。请用手机或扫描软件认出文字，再把文字贴进来。"
_BROKEN = "这个 PDF 打不开，像是坏了。请重新导出一份，或者把文字贴进来。"
_PAGE_NUMBER = re.compile(r"^[-–—\s·]*(?:第\s*)?\d{1,4}\s*(?:页)?(?:\s*[/／,，]?\s*共?\s*\d{1,4}\s*页?)?[-–—\s·]*$")
_ENDS = tuple("。；：！？;:!?”）》")
_LEAST_LINES, _MOST_LINES = 6, 20_000  # drawn strokes on a page: fewer make no table, more are a drawing
_MOST_TABLE_PAGES = 60
_REPEATED = 3


def read_pdf(data: bytes) -> Extract:
    """Raises FileRefused."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise FileRefused(
            "这个 PDF 加了密码。请先去掉密码再传。" if "password" in str(error).lower() else _BROKEN
        ) from None
    count = len(document)
    if count > MOST_PAGES:
        raise FileRefused(f"这个 PDF 有 {count} 页，最多 {MOST_PAGES} 页，请拆开再传。")
    pages: list[str] = []
    with_tables: list[int] = []
    for number in range(count):
        page = document[number]
        text = page.get_textpage()
        if text.count_chars() > MOST_CHARACTERS or sum(map(len, pages)) > 2 * MOST_CHARACTERS:
            raise FileRefused(f"文件里的字太多，超过 {MOST_CHARACTERS // 10_000} 万字，请分成几份再传。")
        pages.append(clean(text.get_text_bounded()))
        if _LEAST_LINES <= _strokes(page) <= _MOST_LINES and len(with_tables) < _MOST_TABLE_PAGES:
            with_tables.append(number)
        page.close()
    document.close()
    _refuse_unreadable(pages)
    return _gather(pages, dict(_tables(data, with_tables)))


def _strokes(page: pdfium.PdfPage) -> int:
    found = 0
    for number, _ in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)):
        found = number + 1
        if found > _MOST_LINES:
            break
    return found


def _refuse_unreadable(pages: list[str]) -> None:
    text = "".join(pages)
    if len(re.sub(r"\s", "", text)) < 10 or not any(len(page) > 20 for page in pages):
        raise FileRefused(_SCAN)
    odd = sum("\ue000" <= c <= "\uf8ff" or c == "\ufffd" or ord(c) > 0xF0000 for c in text)
    if odd * 5 > len(text):
        raise FileRefused("这个 PDF 的字认不出来（字体是它自己的）。请传 Word 版，或者把文字贴进来。")


def _tables(data: bytes, numbers: list[int]) -> Iterator[tuple[int, list[str | list[list[str]]]]]:
    """(page, what is on it from top to bottom: text, or rows of cells) for the pages that really have a table."""
    if not numbers:
        return
    with pdfplumber.open(io.BytesIO(data)) as document:
        for number in numbers:
            page = document.pages[number]
            tables = [
                t
                for t in sorted(page.find_tables(), key=lambda t: t.bbox[1])
                if len(t.rows) > 1 and max(len(row.cells) for row in t.rows) > 1
            ]
            parts: list[str | list[list[str]]] = []
            left, top, right, bottom = page.bbox
            for table in tables:
                if table.bbox[1] - top > 1:
                    parts.append(page.crop((left, top, right, min(table.bbox[1], bottom))).extract_text() or "")
                parts.append([[cell or "" for cell in row] for row in table.extract()])
                top = max(top, min(table.bbox[3], bottom))
            if tables:
                if bottom - top > 1:
                    parts.append(page.crop((left, top, right, bottom)).extract_text() or "")
                yield number, parts
            page.close()


def _gather(pages: list[str], tables: dict[int, list[str | list[list[str]]]]) -> Extract:
    found = Gathering()
    repeated = _repeated(pages)
    lengths = Counter(len(line) for page in pages for line in page.split("\n") if len(line) > 8)
    full = max((length for length, times in lengths.items() if times > 1), default=max(lengths, default=0))
    held: list[str] = []
    held_page = 1

    def flush() -> None:
        nonlocal held
        if held:
            found.line(_joined(held), page=held_page)
        held = []

    for number, text in enumerate(pages):
        for part in tables.get(number, [text]):
            if not isinstance(part, str):
                flush()
                found.table(part, page=number + 1)
                continue
            for line in clean(part).split("\n"):
                if not line or line in repeated or _PAGE_NUMBER.match(line):
                    continue
                block = line_block(line)
                if held and (block.kind is not BlockKind.paragraph or _is_end(held[-1], line, full)):
                    flush()
                if not held:
                    held_page = number + 1
                held.append(line)
    flush()
    _warn(found, pages, repeated)
    return _with_titles(found)


def _is_end(line: str, following: str, full: int) -> bool:
    """Whether a paragraph ends here: its sentence does and the line isn't full, or the line is much shorter than
    the page is wide.
    """
    return len(line) < full * 0.6 or (line.endswith(_ENDS) and len(line) < full - 2)


def _joined(lines: list[str]) -> str:
    out = lines[0]
    for line in lines[1:]:
        out += (
            f" {line}"
            if out[-1:].isascii() and out[-1:].isalnum() and line[:1].isascii() and line[:1].isalnum()
            else line
        )
    return out


def _repeated(pages: list[str]) -> set[str]:
    """Headers and footers: the same first or last line on most of at least four pages."""
    edges = Counter(edge for page in pages if page for edge in {page.split("\n")[0], page.split("\n")[-1]})
    return {line for line, times in edges.items() if times > _REPEATED and times * 2 > len(pages) and len(line) < 60}


def _warn(found: Gathering, pages: list[str], repeated: set[str]) -> None:
    empty = [str(number) for number, page in enumerate(pages, 1) if not page.strip()]
    if empty:
        found.warn(f"第 {'、'.join(empty[:10])} 页没有文字，像是图片，没有读。")
    if repeated:
        found.warn(f"每页都有的“{'”“'.join(sorted(repeated))[:60]}”当作页眉页脚，没有读。")


def _with_titles(found: Gathering) -> Extract:
    """A first short line without a full stop is the title."""
    if (
        found.blocks
        and found.blocks[0].kind is BlockKind.paragraph
        and len(first := found.blocks[0].text) <= 40
        and not first.endswith(_ENDS)
    ):
        found.blocks[0] = Block(BlockKind.heading, 1, "", first, page=found.blocks[0].page)
    return found.extract()
