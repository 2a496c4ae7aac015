"""What a PDF says, as a reader sees it."""

import pypdfium2 as pdfium


def text_of(data: bytes) -> str:
    """All pages, without line ends: a sentence may have been broken anywhere."""
    document = pdfium.PdfDocument(data)
    try:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return "".join(text.split())
