"""Files for the import's tests, good and hostile, all made here."""

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import docx
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RULES = [
    "李家沟村村规民约",
    "第一章 总则",
    "第一条 为了让大家过得和气，订这份村规民约。",
    "第二条 村民应当爱护环境，垃圾分类投放，不乱倒。",
    "第二章 红白事",
    "第三条 提倡婚事新办，酒席一般不超过十五桌。",
]


def word(fill: Callable[[Any], None]) -> bytes:
    document = docx.Document()
    fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rules_docx() -> bytes:
    def fill(document: Any) -> None:
        document.add_heading(RULES[0], 0)
        for line in RULES[1:]:
            document.add_paragraph(line)
        table = document.add_table(2, 3)
        for row, texts in enumerate((("项目", "标准", "备注"), ("酒席", "十五桌", "倡导"))):
            for column, text in enumerate(texts):
                table.cell(row, column).text = text

    return word(fill)


def changed(data: bytes, parts: dict[str, bytes | None]) -> bytes:
    """The same archive with these parts in place of its own, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry.filename, old.read(entry))
        for name, part in parts.items():
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def body(xml: str) -> bytes:
    """A docx whose page is this XML."""
    whole = (
        f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}" '
        f'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{xml}</w:body></w:document>'
    )
    return changed(word(lambda _: None), {"word/document.xml": whole.encode()})


def p(text: str, settings: str = "") -> str:
    return f"<w:p><w:pPr>{settings}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def numbered(levels: list[tuple[str, str]], paragraphs: list[tuple[int, str]], *, override: int | None = None) -> bytes:
    """A docx with one automatic list: (format, text) of each level, then (level, text) of each paragraph."""
    lvls = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(levels)
    )
    own = f'<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{override}"/></w:lvlOverride>' if override else ""
    numbering = (
        f'<?xml version="1.0"?><w:numbering xmlns:w="{W}"><w:abstractNum '
        f'w:abstractNumId="1">{lvls}</w:abstractNum><w:num w:numId="1"><w:abstractNumId '
        f'w:val="1"/>{own}</w:num></w:numbering>'
    )
    xml = "".join(
        p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>') for level, text in paragraphs
    )
    return changed(body(xml), {"word/numbering.xml": numbering.encode()})


def bomb_docx(megabytes: int) -> bytes:
    """One paragraph of so many megabytes of blanks."""
    xml = (
        f'<?xml version="1.0"?><w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>'
        + " " * (megabytes * 1_000_000)
        + "</w:t></w:r></w:p></w:body></w:document>"
    )
    return changed(word(lambda _: None), {"word/document.xml": xml.encode()})


def ole(*streams: str) -> bytes:
    """The head of an OLE container with these names in its directory."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 504
        + b"".join(name.encode("utf-16-le") + b"\x00" * 64 for name in streams)
    )


def pdf(*pages: list[str], encrypt: str | None = None, table: list[list[str]] | None = None, header: str = "") -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, encrypt=encrypt)
    for number, lines in enumerate(pages, 1):
        canvas.setFont("STSong-Light", 12)
        y = 780
        for line in ([header] if header else []) + lines:
            canvas.drawString(80, y, line)
            y -= 20
        if table:
            for row in range(len(table) + 1):
                canvas.line(80, y - row * 25, 80 + 120 * len(table[0]), y - row * 25)
            for column in range(len(table[0]) + 1):
                canvas.line(80 + column * 120, y, 80 + column * 120, y - len(table) * 25)
            for row, cells in enumerate(table):
                for column, cell in enumerate(cells):
                    canvas.drawString(86 + column * 120, y - row * 25 - 17, cell)
            y -= len(table) * 25 + 30
            canvas.drawString(80, y, "表格下面还有一句话。")
        canvas.drawString(280, 30, f"- {number} -")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def raw_pdf(content: bytes, *, pages: int = 1, packed: bytes | None = None) -> bytes:
    """A PDF by hand: `pages` pages that share one content stream, deflated unless `packed` is given."""
    stream = packed if packed is not None else zlib.compress(content, 9)
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    objects += [
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
    ] * pages
    out, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + text + b"endobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % at for at in offsets
    )
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
