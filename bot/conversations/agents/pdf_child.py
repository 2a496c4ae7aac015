"""Reads one PDF from standard input and writes its pages anew: a process of its own, under limits.

    python -m bot.conversations.agents.pdf_child < file > file.pdf

What comes back begins with `P` and is the PDF, or begins with `R` and is the sentence that refuses it. Forms and
remarks become part of the page; scripts, actions, files inside and who wrote it stay behind.
"""

import io
import re
import sys

from knowledge.confined import limit

MOST_MEMORY, MOST_CPU_S, MOST_OUTPUT = 700_000_000, 30, 20_000_000
_MOST_PAGES = 200
_LOCKED, _BROKEN = "这个 PDF 加了密码，请先去掉密码再发。", "这个 PDF 打不开，像是坏了。"
_STREAM = re.compile(rb"(\bstream\r?\n.*?endstream)", re.S)
# What may act by itself (ISO 32000-1, 12.6), where a page brought it along.
_ACTS = re.compile(rb"/(JavaScript|JS|Launch|OpenAction|AA|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData)\b")


class Unreadable(Exception):
    """With the sentence that is told."""


def plain_pdf(data: bytes) -> bytes:
    """Raises Unreadable, MemoryError."""
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    try:
        given = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise Unreadable(_LOCKED if "password" in str(error).lower() else _BROKEN) from None
    if not 0 < len(given) <= _MOST_PAGES:
        raise Unreadable(f"这个 PDF 有 {len(given)} 页，最多发 {_MOST_PAGES} 页。")
    for number in range(len(given)):
        page = given[number]
        raw.FPDFPage_Flatten(page, raw.FLAT_PRINT)
        page.close()
    fresh = pdfium.PdfDocument.new()
    try:
        fresh.import_pages(given)
    except pdfium.PdfiumError:
        raise Unreadable(_BROKEN) from None
    for number in range(len(fresh)):
        page = fresh[number]
        while raw.FPDFPage_GetAnnotCount(page) > 0 and raw.FPDFPage_RemoveAnnot(page, 0):
            pass
        page.close()
    out = io.BytesIO()
    fresh.save(out)
    return _harmless(out.getvalue())


def _harmless(written: bytes) -> bytes:
    """Names that mean an action mean nothing any more. None gets longer, so that every object lies where it lay; PDFium
    writes names in full and objects outside of streams.
    """
    parts = _STREAM.split(written)  # every second one is a stream
    return b"".join(
        part if number % 2 else _ACTS.sub(lambda m: b"/" + b"x" * len(m[1]), part) for number, part in enumerate(parts)
    )


def main() -> int:
    limit(memory=MOST_MEMORY, cpu_s=MOST_CPU_S, output=MOST_OUTPUT)
    try:
        answer = b"P" + plain_pdf(sys.stdin.buffer.read())
    except Unreadable as error:
        answer = b"R" + str(error).encode()
    except MemoryError:
        answer = "R这个 PDF 太大，打不开。请另存一份，或者拍成照片发。".encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
