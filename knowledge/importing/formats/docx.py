"""Word files: paragraphs with the numbers Word makes itself, headings and tables, in the order of the page.

The parts' XML is walked here rather than through python-docx's own `paragraph.text`, which leaves out content controls,
tracked insertions and text boxes; lab.md section 6.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from knowledge.errors import FileRefused
from knowledge.importing.formats.blocks import MOST_CELLS, Extract, Gathering, clean
from knowledge.importing.formats.docx_numbers import Numbers, Styles

_MOST_UNPACKED, _MOST_PARTS, _MOST_RATIO = 50_000_000, 3_000, 400
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_BROKEN = "这个 Word 文件打不开，像是坏了。请用 Word 或 WPS 打开，另存为 .docx 再传。"
_NO_BREAKING = {
    qn("w:tab"): " ",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
    qn("w:softHyphen"): "",
}
# `w:rt` is the pinyin over a character.
_SKIPPED = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:instrText", "w:txbxContent", "w:rt"))) | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}
_MOST_NESTED, _MOST_COLUMNS = 2, 63  # Word's own limit
_UNKNOWN = "〓"
_LEFT_OUT = {
    qn("w:strike"): "文件里有划掉的字，没有读进来，请对照原文核对。",
    qn("w:dstrike"): "文件里有划掉的字，没有读进来，请对照原文核对。",
    qn("w:vanish"): "文件里有隐藏的字，没有读进来，请对照原文核对。",
}
# Ticks and boxes of Word's symbol fonts, which have no character of their own: by font and place in it.
_SYMBOLS = {
    ("Wingdings", "6F"): "□",
    ("Wingdings", "A8"): "□",
    ("Wingdings", "FC"): "√",
    ("Wingdings", "FE"): "☑",
    ("Wingdings", "FD"): "☒",
    ("Wingdings 2", "A3"): "□",
    ("Wingdings 2", "2A"): "□",
    ("Wingdings 2", "50"): "√",
    ("Wingdings 2", "52"): "☑",
    ("Wingdings 2", "53"): "☒",
}


def check_archive(data: bytes) -> None:
    """Sizes as the archive's directory states them; reading stops there, so one that understates them is cut off,
    not inflated. Raises FileRefused.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused("这个文件加了密码。请先去掉密码再传。")
            total = sum(entry.file_size for entry in entries)
            if (
                len(entries) > _MOST_PARTS
                or total > _MOST_UNPACKED
                or any(e.file_size > 1_000_000 and e.file_size > _MOST_RATIO * max(e.compress_size, 1) for e in entries)
            ):
                raise FileRefused("这个文件解开以后太大，不能读。请另存一份，或者只留要用的部分。")
            names = {entry.filename.lower() for entry in entries}
            if any("vbaproject" in name or "vbadata" in name for name in names):
                raise FileRefused("这个文件里有宏（程序），不能读。请另存为不带宏的 .docx 再传。")
            if "[content_types].xml" not in names:
                raise FileRefused(_BROKEN)
            types = archive.read(next(e.filename for e in entries if e.filename.lower() == "[content_types].xml"))
            if b"macroenabled" in types.lower():
                raise FileRefused("这个文件里有宏（程序），不能读。请另存为不带宏的 .docx 再传。")
            if _MAIN.encode() not in types:
                raise FileRefused("这不是 Word 文档。" if b"wordprocessingml" not in types else _BROKEN)
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels")):
                    _refuse_entities(archive.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise FileRefused(_BROKEN) from error


def _refuse_entities(part: bytes) -> None:
    """Word writes no document type; one is there to pull in files or to grow."""
    if any(
        "<!DOCTYPE".encode(name) in part or "<!ENTITY".encode(name) in part
        for name in ("ascii", "utf-16-le", "utf-16-be")
    ):
        raise FileRefused("这个文件里有外部实体，不安全，不能读。请另存为 .docx 再传。")


def read_docx(data: bytes) -> Extract:
    """Raises FileRefused."""
    check_archive(data)
    try:
        document = Document(io.BytesIO(data))
        body = document.element.body
    except Exception:  # python-docx and lxml raise whatever the package makes them trip over
        raise FileRefused(_BROKEN) from None
    reader = _Reader(Numbers(_part(document, "/numbering")), Styles(document.styles.element))
    reader.walk(body)
    reader.apart(document)
    return reader.found.extract()


def _part(document: Any, ending: str) -> Any:
    """The XML of the part that stands in this relation to the document, or None."""
    from lxml import etree

    for relation in document.part.rels.values():
        if relation.reltype.endswith(ending) and not relation.is_external:
            blob = relation.target_part.blob
            return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True)) if blob else None
    return None


class _Reader:
    def __init__(self, numbers: Numbers, styles: Styles) -> None:
        self.found = Gathering()
        self._numbers, self._styles = numbers, styles

    def walk(self, parent: Any) -> None:
        for element in _content(parent):
            if element.tag == qn("w:tbl"):
                self._table(element)
            elif element.tag == qn("w:altChunk"):
                self.found.warn("文件里嵌了另一个文件，那一部分没有读。")
            else:
                self._paragraph(element)

    def _paragraph(self, element: Any) -> None:
        text = _text(element, self._styles)
        style = self._styles.of(element)
        number = self._numbers.next(*style.numbering) if style.numbering and clean(text) else ""
        text = f"{number}{text.lstrip()}"
        if style.heading:
            self.found.heading(text, style.heading)
        elif (
            not number
            and _is_bold(element)
            and len(line := clean(text)) <= 25
            and not line.endswith(("。", "；", "：", "，", "！"))
            and "\n" not in line
            and "条" not in line[:6]
        ):
            self.found.heading(text, 2)
        else:
            self.found.line(text, is_item=bool(style.numbering))
        for box in _boxes(element):
            self.found.warn("文本框里的字放在它旁边那一段的后面。")
            self.walk(box)
        self._marks(element)

    def _marks(self, element: Any) -> None:
        for run in element.iter(qn("w:r")):
            if (why := _left_out(run, self._styles)) and next(run.iter(qn("w:t")), None) is not None:
                self.found.warn(why)
        if any(_symbol(sign) == _UNKNOWN for sign in element.iter(qn("w:sym"))):
            self.found.warn(f"文件里有认不出的记号，读成了“{_UNKNOWN}”，请对照原文看一遍。")
        if next(element.iter(qn("w:ins"), qn("w:del"), qn("w:moveFrom")), None) is not None:
            self.found.warn("文件里有修订痕迹，按接受修订以后的样子读。")
        if next(element.iter(qn("w:drawing"), qn("w:pict"), qn("w:object")), None) is not None and not _boxes(element):
            self.found.warn("图里的字和嵌进去的表没有读，请对照原文看一遍。")

    def _table(self, table: Any, depth: int = 1) -> None:
        rows: list[list[str]] = []
        cells = widest = 0
        for line in table.iter(qn("w:tr")):
            if _nearest(line, qn("w:tbl")) is not table:
                continue
            held = [cell for cell in line.iter(qn("w:tc")) if _nearest(cell, qn("w:tr")) is line]
            cells, widest = cells + sum(map(_span, held)), max(widest, len(held))
            if cells > MOST_CELLS:
                raise FileRefused(f"表格太大，超过 {MOST_CELLS} 格，请只留要用的部分再传。")
            rows.append(self._row(held, rows[-1] if rows else [], depth))
        if widest == 1:  # a frame around text
            for row in rows:
                self.found.line(row[0] if row else "")
        else:
            self.found.table(rows)

    def _row(self, cells: list[Any], above: list[str], depth: int) -> list[str]:
        """A cell that goes on from above says the same again; one over several columns leaves the others empty."""
        row: list[str] = []
        for cell in cells:
            text = self._cell(cell, depth)
            if not text and _goes_on(cell) and len(row) < len(above):
                text = above[len(row)]
                self.found.warn("表格里有上下合并的格子，每一行都照着写了一遍，请核对。")
            row += [text, *[""] * (_span(cell) - 1)]
        return row

    def _cell(self, cell: Any, depth: int) -> str:
        parts: list[str] = []
        for element in _content(cell):
            if element.tag == qn("w:tbl"):
                if depth >= _MOST_NESTED:
                    raise FileRefused("表格里套了好几层表格，不能读。请把里面的表格拆出来再传。")
                self.found.warn("表格里还套着表格，里面的字放在了外面那一格里。")
                inner = _Reader(self._numbers, self._styles)
                inner._table(element, depth + 1)
                parts += [block.line for block in inner.found.blocks]
                for sentence in inner.found.warnings:
                    self.found.warn(sentence)
            elif element.tag == qn("w:p"):
                text = _text(element, self._styles)
                style = self._styles.of(element)
                number = self._numbers.next(*style.numbering) if style.numbering and clean(text) else ""
                parts.append(f"{number}{text}")
                parts += [_text(p, self._styles) for box in _boxes(element) for p in box.iter(qn("w:p"))]
                self._marks(element)
        return "\n".join(parts)

    def apart(self, document: Any) -> None:
        """What Word keeps beside the page: notes are read, headers and comments are named."""
        for ending, name in (("/footnotes", "脚注"), ("/endnotes", "尾注")):
            notes = [text for p in _paragraphs(_part(document, ending)) if (text := clean(_text(p)))]
            for text in notes:
                self.found.line(f"（{name}）{text}")
            if notes:
                self.found.warn(f"{len(notes)} 条{name}放在了最后。")
        if _paragraphs(_part(document, "/comments")):
            self.found.warn("文件里的批注没有读。")
        around = [
            text
            for ending in ("/header", "/footer")
            if (text := " ".join(clean(_text(p)) for p in _paragraphs(_part(document, ending))).strip())
        ]
        if around:
            self.found.warn(f"页眉页脚没有读：{'；'.join(around)[:80]}")


def _span(cell: Any) -> int:
    """How many columns it is wide."""
    found = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    value = (found.get(qn("w:val")) or "") if found is not None else ""
    return max(1, min(int(value), _MOST_COLUMNS)) if value.isdecimal() else 1


def _goes_on(cell: Any) -> bool:
    """Whether it is one with the cell above."""
    found = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return found is not None and found.get(qn("w:val")) != "restart"


def _paragraphs(part: Any) -> list[Any]:
    return [] if part is None else list(part.iter(qn("w:p")))


def _content(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables inside, through the wrappers that Word puts around them; in order, without recursion."""
    stack = [iter(parent)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag in (qn("w:p"), qn("w:tbl"), qn("w:altChunk")):
            yield element
        elif (
            isinstance(element.tag, str)
            and element.tag not in _SKIPPED
            and element.tag not in (qn("w:sectPr"), qn("w:tcPr"), qn("w:sdtPr"))
        ):
            stack.append(iter(element))


def _text(paragraph: Any, styles: Styles | None = None) -> str:
    out: list[str] = []
    stack = [iter(paragraph)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag == qn("w:t"):
            out.append(element.text or "")
        elif element.tag == qn("w:sym"):
            out.append(_symbol(element))
        elif element.tag in _NO_BREAKING:
            out.append(_NO_BREAKING[element.tag])
        elif element.tag == qn("w:r") and _left_out(element, styles):
            continue
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED and element.tag != qn("w:tbl"):
            stack.append(iter(element))
    return "".join(out)


def _left_out(run: Any, styles: Styles | None = None) -> str | None:
    """Why its words don't count, for whoever checks: Word shows them crossed out, or not at all; said at the words
    themselves, or by a style of theirs.
    """
    settings = [own] if (own := run.find(qn("w:rPr"))) is not None else []
    settings += styles.of_run(run) if styles else []
    for tag, why in _LEFT_OUT.items():
        mark = next((found for held in settings if (found := held.find(tag)) is not None), None)
        if mark is not None and mark.get(qn("w:val")) not in ("0", "false", "off"):
            return why
    return None


def _symbol(element: Any) -> str:
    """A sign of a symbol font; Word writes its place with F000 added. One that isn't known leaves a mark."""
    code = (element.get(qn("w:char")) or "").upper()
    return _SYMBOLS.get((element.get(qn("w:font")) or "", code.removeprefix("F0").lstrip("0")), _UNKNOWN)


def _boxes(paragraph: Any) -> list[Any]:
    """Text boxes of this paragraph; Word stores each a second time for old programs, as a fallback."""
    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    return [
        box
        for box in paragraph.iter(qn("w:txbxContent"))
        if not any(a.tag == fallback for a in box.iterancestors()) and _nearest(box, qn("w:p")) is paragraph
    ]


def _nearest(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)


def _is_bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.iter(qn("w:r")) if clean("".join(t.text or "" for t in run.iter(qn("w:t"))))]
    return bool(runs) and all(
        (bold := run.find(f"{qn('w:rPr')}/{qn('w:b')}")) is not None and bold.get(qn("w:val")) not in ("0", "false")
        for run in runs
    )
