"""Kinds that have no recogniser of their own: their texts by the labels of their fields."""

import re
from typing import Any

from knowledge.documents.kinds.base import FieldSpec, Form, KindSpec
from knowledge.importing.formats.blocks import Block, BlockKind
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.reading import Reading

_INLINE = re.compile(r"^【?([^：:】\n]{2,14})(?:】|[：:])\s*")
_NOT_TITLES = (BlockKind.table, BlockKind.article)


def labelled(reading: Reading, kind: KindSpec) -> dict[str, Any]:
    """What stands under a field's label goes there, what stands under none into the first text; articles are looked
    for in the whole.
    """
    texts = [f for f in kind.fields if f.form is Form.text]
    held: dict[str, list[str]] = {f.name: [] for f in texts}
    current = texts[0] if texts else None
    for block in reading.blocks:
        found, rest = _opened(block, texts)
        current = found or current
        if current is None:
            break
        if found:
            reading.understood.append(f"“{found.label}”按小标题找到。")
        held[current.name] += [rest] if rest else []
    basis = mentions.citations(reading.text)
    reading.left += [f"没有找到“{f.label}”。" for f in texts if not held[f.name]]
    return {
        **{name: "\n".join(lines) for name, lines in held.items()},
        **{f.name: basis for f in kind.fields if f.form is Form.articles},
    }


def _opened(block: Block, texts: list[FieldSpec]) -> tuple[FieldSpec | None, str]:
    """The field whose label the block is or begins with, and what is left of the block."""
    if block.kind in _NOT_TITLES:
        return None, block.line
    inline = _INLINE.match(block.text)
    head = inline[1] if inline else block.text
    found = next((f for f in texts if head.strip() in (f.label, f.question)), None)
    if found is None:
        return None, block.line
    return found, block.text[inline.end() :].strip() if inline else ""
