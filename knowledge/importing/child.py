"""Reads one file from standard input and writes its blocks as JSON: a process of its own, so that a bomb takes nothing
else along.

    python -m knowledge.importing.child docx < file > blocks.json

Limits come first, then the parsers: they are loaded under them, too.
"""

import json
import sys
from importlib import import_module

from knowledge.confined import limit

MOST_MEMORY, MOST_CPU_S, MOST_OUTPUT = 1_000_000_000, 20, 40_000_000
READERS = {
    "docx": ("docx", "read_docx"),
    "pdf": ("pdf", "read_pdf"),
    "html": ("html", "read_html"),
    "markdown": ("text", "read_markdown"),
    "txt": ("text", "read_txt"),
}


def limited() -> None:
    limit(memory=MOST_MEMORY, cpu_s=MOST_CPU_S, output=MOST_OUTPUT)


def main() -> int:
    limited()
    from knowledge.errors import FileRefused

    module, name = READERS[sys.argv[1]]
    data = sys.stdin.buffer.read()
    try:
        answer = getattr(import_module(f"knowledge.importing.formats.{module}"), name)(data).as_json()
    except FileRefused as error:
        answer = {"refused": error.message_zh}
    except (MemoryError, RecursionError):
        answer = {"refused": "这个文件解开以后太大，不能读。请另存一份，或者只留要用的部分。"}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
