"""A file from outside as blocks: known by its content, read in a process of its own, or refused in a sentence."""

import json
import re
from pathlib import PurePosixPath

from knowledge.confined import Busy, Confined, Overran
from knowledge.errors import FileRefused
from knowledge.importing.formats.blocks import MOST_CHARACTERS, Extract
from knowledge.importing.formats.text import read_text

MOST_BYTES = 12_000_000
FORMATS = {
    ".docx": "docx",
    ".pdf": "pdf",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "txt",
}
_OLD = (".doc", ".wps", ".rtf", ".dot", ".wpt", ".odt")
_CHILD = Confined("knowledge.importing.child", wall_s=20.0, at_once=2)  # each may take a gigabyte
_TAKEN = "能读的是 .docx、.pdf、.html、.md 和 .txt。"
_OLD_WORD = "这是老格式的文档。请用 Word 或 WPS 打开，另存为 .docx 再传。"
_TOO_MUCH = "这个文件太大或者太复杂，读不下来。请另存一份，或者把要用的文字贴进来。"


def read_file(name: str, data: bytes) -> Extract:
    """The file in blocks, in order; takes up to 20 s. Raises FileRefused with a sentence that says what to do."""
    if not data.strip():
        raise FileRefused("这个文件是空的。")
    if len(data) > MOST_BYTES:
        raise FileRefused(f"文件太大，最多 {MOST_BYTES // 1_000_000} MB。图多的话，请把文字另存一份。")
    return _apart(format_of(name, data), data)


def read_pasted(text: str) -> Extract:
    """Raises FileRefused."""
    if len(text) > MOST_CHARACTERS:
        raise FileRefused(f"贴进来的字太多，超过 {MOST_CHARACTERS // 10_000} 万字，请分成几份。")
    if not text.strip():
        raise FileRefused("请选一个文件，或者把文字贴进来。")
    return read_text(text)


def title_of(name: str) -> str:
    """A first guess at a title from a file's name: no folder, ending, or “(1)”, “最终版”, “_2026”."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return (
        re.sub(r"(?:[\s_-]*(?:[（(]\d+[）)]|副本|定稿|终稿|最终版?|正式版|v?\d[\d.]*))+$", "", stem, flags=re.I).strip(
            " _-"
        )
        or stem
    )


def format_of(name: str, data: bytes) -> str:
    """By the ending, which the content must bear out. Raises FileRefused."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    # an OLE container: Word before 2007, WPS, or a docx under a password
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise FileRefused(
            "这个文件加了密码。请先去掉密码再传。" if "EncryptedPackage".encode("utf-16-le") in data else _OLD_WORD
        )
    if ending in _OLD or data.lstrip()[:5] == b"{\\rtf":
        raise FileRefused(_OLD_WORD)
    if ending in (".docm", ".dotm"):
        raise FileRefused("这个文件里有宏（程序），不能读。请另存为不带宏的 .docx 再传。")
    if ending not in FORMATS:
        raise FileRefused(f"“{ending or name[-20:]}”这种文件不能读。{_TAKEN}")
    seen = (
        "docx"
        if data.startswith(b"PK")
        else "pdf"
        if (b"%PDF-" in data[:1024] and FORMATS[ending] not in ("html", "markdown", "txt")) or data.startswith(b"%PDF-")
        else "text"
    )
    meant = FORMATS[ending] if FORMATS[ending] in ("docx", "pdf") else "text"
    if seen != meant:
        raise FileRefused(f"这个文件的名字是 {ending}，里面却不是。请用原来的程序打开，重新另存一份再传。")
    return FORMATS[ending]


def _apart(form: str, data: bytes) -> Extract:
    try:
        found = json.loads(_CHILD.run(data, form))
    except Busy as error:
        raise FileRefused("现在有好几个文件在读，请过一分钟再传。") from error
    except (Overran, ValueError) as error:  # or half an answer
        raise FileRefused(_TOO_MUCH) from error
    if "refused" in found:
        raise FileRefused(found["refused"])
    return Extract.from_json(found)
