"""A Word file of ours as a PDF: to be read on a telephone and printed where no Word is."""

import io
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from actions.papers.font import drawable, embedded_font

_ALIGN = {WD_ALIGN_PARAGRAPH.CENTER: 1, WD_ALIGN_PARAGRAPH.RIGHT: 2}  # as reportlab counts them
_SIZE = 12.0
_COUNTED, _NARROW = "序号", 16 * mm
_GRID = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, "#444444"), ("VALIGN", (0, 0), (-1, -1), "TOP")])
_MOST_AT_ONCE = 800  # characters: a paragraph longer than a page can't be laid out


def as_pdf(word: bytes, *, title: str) -> bytes:
    """Text, sizes, alignment, page breaks and plain tables; pictures, headers and merged cells stay behind."""
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out, pagesize=A4, topMargin=25 * mm, bottomMargin=22 * mm, leftMargin=26 * mm, rightMargin=24 * mm, title=title
    )
    page.build([part for block in Document(io.BytesIO(word)).iter_inner_content() for part in _parts(block)])
    return out.getvalue()


def _parts(block: WordParagraph | WordTable) -> Iterator[Flowable]:
    if isinstance(block, WordTable):
        columns, width = len(block.columns), A4[0] - 50 * mm
        is_list = block.cell(0, 0).text == _COUNTED  # its heads stand on every page
        widths = (
            [_NARROW, *[(width - _NARROW) / (columns - 1)] * (columns - 1)] if is_list else [width / columns] * columns
        )
        style = _style(_SIZE, align=0, indent=0)
        rows = [[Paragraph(_marked(cell.text), style) for cell in row.cells] for row in block.rows]
        yield Table(rows, colWidths=widths, style=_GRID, splitInRow=1, repeatRows=int(is_list))
        return
    if any(br.get(qn("w:type")) == "page" for br in block._element.iter(qn("w:br"))):
        yield PageBreak()
    size = _size(block)
    if not block.text.strip():
        yield Spacer(1, size)
        return
    form = block.paragraph_format
    style = _style(
        size,
        align=_ALIGN.get(block.alignment, 0) if block.alignment is not None else 0,
        indent=form.first_line_indent.pt if form.first_line_indent else 0.0,
    )
    for piece in re.findall(f"(?s).{{1,{_MOST_AT_ONCE}}}", block.text):
        yield Paragraph(_marked(piece), style)


def _size(paragraph: WordParagraph) -> float:
    """Of its first run, else of its style."""
    own = next((run.font.size for run in paragraph.runs if run.font.size), None)
    style = paragraph.style.font.size if paragraph.style is not None else None
    return (own or style).pt if own or style else _SIZE  # type: ignore[union-attr]


def _style(size: float, *, align: int, indent: float) -> ParagraphStyle:
    return ParagraphStyle(
        "line",
        fontName=embedded_font(),
        fontSize=size,
        leading=size * 1.6,
        alignment=align,
        firstLineIndent=indent,
        wordWrap="CJK",
    )


def _marked(text: str) -> str:
    # reportlab makes one blank of several, also of the wide ones that leave room to write
    return escape(drawable(text)).replace("\u3000", "\xa0" * 4).replace("\n", "<br/>")
