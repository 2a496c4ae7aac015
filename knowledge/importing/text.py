"""Plain text and markdown, in the encodings that offices send."""

import codecs

from markdown_it import MarkdownIt

from knowledge.errors import FileRefused
from knowledge.importing.blocks import Extract, Gathering

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = "这个文件不是文字，或者编码认不出来。请用记事本打开，另存为 UTF-8 再传。"


def decode(data: bytes, *, declared: str | None = None) -> str:
    """By its mark, else what a page declares, else strict UTF-8, else GB18030.

    Raises FileRefused for bytes that are no text.
    """
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    order = [encoding] if encoding else [*([declared] if declared else []), "utf-8", "gb18030"]
    for name in order:
        try:
            text = data.decode(name).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
        if _is_text(text):
            return text
    raise FileRefused(_NOT_TEXT)


def _is_text(text: str) -> bool:
    """GB18030 decodes nearly anything; a binary file gives itself away by its control characters."""
    odd = sum(c < " " and c not in "\t\n\r\x0b\x0c\x1a" or "\ue000" <= c <= "\uf8ff" for c in text)
    return odd * 200 <= len(text)


def read_text(text: str) -> Extract:
    """Raises FileRefused."""
    found = Gathering()
    for line in text.splitlines():
        found.line(line)
    return found.extract()


def read_txt(data: bytes) -> Extract:
    """Raises FileRefused."""
    return read_text(decode(data))


def read_markdown(data: bytes) -> Extract:
    """Through HTML, so that lists, tables and code are read by one reader. Raises FileRefused."""
    from knowledge.importing.html import read_html_text

    return read_html_text(MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("table").render(decode(data)))
