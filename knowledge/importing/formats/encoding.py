"""A file's bytes as text."""

import codecs

from knowledge.errors import FileRefused

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
    odd = sum((c < " " and c not in "\t\n\r\x0b\x0c\x1a") or "\ue000" <= c <= "\uf8ff" for c in text)
    return odd * 200 <= len(text)
