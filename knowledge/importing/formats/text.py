"""Plain text and markdown, in the encodings that offices send."""

from markdown_it import MarkdownIt

from knowledge.importing.formats.blocks import Extract, Gathering
from knowledge.importing.formats.encoding import decode


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
    from knowledge.importing.formats.html import read_html_text

    return read_html_text(
        MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"]).render(decode(data))
    )
