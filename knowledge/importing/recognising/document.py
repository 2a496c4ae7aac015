"""Title, letterhead, kind: who recognises the rest."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge.documents import shape
from knowledge.documents.kinds.registry import KINDS, Kind
from knowledge.importing.formats.blocks import Block, BlockKind, Extract
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.clauses import regulation, village_rule
from knowledge.importing.recognising.guide import guide
from knowledge.importing.recognising.labelled import labelled
from knowledge.importing.recognising.labels import label_of
from knowledge.importing.recognising.reading import Reading, day_in_words
from knowledge.importing.recognising.story import story

# A kind that isn't named here is read by the labels of its fields.
_READERS: dict[Kind, Callable[[Reading], dict[str, Any]]] = {
    Kind.village_rule: village_rule,
    Kind.regulation: regulation,
    Kind.service_guide: guide,
    Kind.policy: guide,
    Kind.case_story: story,
}
_TITLE = 60
_TITLE_ENDS = ("。", "；", "：", "，", "！", "？", ":", ";")


@dataclass(frozen=True)
class Recognised:
    """`content` holds the fields of a corpus file of this kind (docs/corpus.md); the days stand beside it, as in a
    version's row.
    """

    content: dict[str, Any]
    understood: list[str]
    not_understood: list[str]
    in_force_from: date | None = None
    in_force_to: date | None = None


def recognise(extract: Extract, *, kind: Kind, title_hint: str = "") -> Recognised:
    reading = _opened(extract, title_hint)
    said = mentions.days(extract.text)
    reader = _READERS.get(kind)
    fields = reader(reading) if reader else labelled(reading, KINDS[kind])
    content = {"title": reading.title, "topic": None, **fields}
    for name, label in (("from", "施行"), ("to", "有效期到")):
        if name in said:
            reading.understood.append(f"{label}：{day_in_words(said[name])}。")
    if "from" not in said:
        reading.left.append("没有找到从哪天起施行，请补上。")
    for law in mentions.laws_without_article(extract.text)[:10]:
        reading.left.append(f"提到《{law}》，没有写第几条，没有当作依据。")
    reading.left += _forgotten(extract, [shape.shaped(kind, content), reading.understood, reading.left])
    return Recognised(content, reading.understood, reading.left, said.get("from"), said.get("to"))


def _forgotten(extract: Extract, kept: list[Any]) -> list[str]:
    """The net under all readers: lines whose characters are nowhere in what was kept, named with their words."""
    everything = json.dumps(kept, ensure_ascii=False)
    short = Counter(_letters(extract.text)) - Counter(_letters(everything))
    if not short:
        return []
    joined = "".join(_letters(everything))
    pieces = [
        piece
        for block in extract.blocks
        for piece in (block.text, *(cell for row in block.rows for cell in row))
        if set(short) & set(piece)
    ]
    lost = [piece for piece in dict.fromkeys(pieces) if "".join(_letters(piece)) not in joined]
    return [f"没有放进去的：{piece}" for piece in lost]


def _letters(text: str) -> list[str]:
    return re.findall(r"\w", text)


def _opened(extract: Extract, hint: str) -> Reading:
    """Title, signature, and the blocks between them."""
    blocks = list(extract.blocks)
    reading = Reading([], hint, extract.text)
    while blocks and (head := _is_letterhead(blocks[0])):
        reading.understood.append(f"{head}：{blocks.pop(0).line}")
    found: list[str] = []
    while blocks and len(found) < 2 and _may_be_title(blocks[0], is_first=not found):
        found.append(blocks.pop(0).line)
    if found:
        reading.title = "".join(found)
        while blocks and mentions.document_number(blocks[0].line) and len(blocks[0].line) <= 30:
            reading.understood.append(f"文号：{blocks.pop(0).line}")
        reading.understood.append(f"标题：{reading.title}")
    elif hint:
        reading.left.append(f"文件里没有标题，先用“{hint}”。")
    who, day, taken = mentions.signature([block.line for block in blocks])
    if taken and taken < len(blocks):
        reading.signed_by, reading.signed_on = who, day
        reading.left.append("末尾的落款没有放进正文：" + " ".join(block.line for block in blocks[-taken:]))
        blocks = blocks[:-taken]
    reading.blocks = blocks
    return reading


def _is_letterhead(block: Block) -> str | None:
    """The red head of an official paper, and its number below."""
    if block.kind in (BlockKind.heading, BlockKind.paragraph) and len(block.line) <= 30:
        return (
            "文头"
            if re.search(r"(?:政府|委员会|局|办公室|厅|部|院)\s*文件$", block.line)
            else "文号"
            if mentions.document_number(block.line)
            else None
        )
    return None


def _may_be_title(block: Block, *, is_first: bool) -> bool:
    """A heading of the file's own without a number, or a short first line.

    A title in two lines has both as headings.
    """
    if (
        block.number
        or block.kind in (BlockKind.table, BlockKind.article, BlockKind.list_item)
        or not 0 < len(block.text) <= _TITLE
    ):
        return False
    if label_of(block.text) is not None or mentions.document_number(block.text):
        return False
    if block.kind is BlockKind.heading:
        return is_first or (block.level == 1 and len(block.text) <= 30)
    return is_first and len(block.text) <= 40 and not block.text.endswith(_TITLE_ENDS)
