"""Case stories: facts, handling and lesson, by their headings or by their order."""

import re
from typing import Any

from knowledge.importing.formats.blocks import Block, BlockKind
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.labels import STORY, label_of
from knowledge.importing.recognising.reading import Reading

_NAMES = {"facts": "事情经过", "handling": "怎么处理的", "lesson": "给大家的提醒"}
_MOST = 20_000
_INLINE = re.compile(r"^【?([^：:】\n]{2,12})(?:】|[：:])\s*")


def story(reading: Reading) -> dict[str, Any]:
    parts, headings = _by_headings(reading.blocks)
    if headings:
        reading.understood += [f"“{heading}”放在“{_NAMES[name]}”里。" for heading, name in headings.items()]
    else:
        parts = _by_order(reading)
    for name in STORY:
        text = "\n".join(parts[name])
        if not text:
            reading.left.append(f"没有找到“{_NAMES[name]}”。")
        if len(text) > _MOST:
            reading.left.append(f"“{_NAMES[name]}”太长，放不下的：{text[_MOST:]}")
        parts[name] = [text[:_MOST]]
    basis = mentions.citations(reading.text)
    if basis:
        reading.understood.append(f"法条 {len(basis)} 条：{'、'.join(basis)}。")
    reading.left.append("给居民的简短回答要您来写；姓名、电话、地址请先隐去。")
    return {**{name: parts[name][0] for name in STORY}, "answer": "", "articles": basis, "questions": []}


def _by_headings(blocks: list[Block]) -> tuple[dict[str, list[str]], dict[str, str]]:
    parts: dict[str, list[str]] = {name: [] for name in STORY}
    headings: dict[str, str] = {}
    current = "facts"
    for block in blocks:
        inline = _INLINE.match(block.text)
        if inline and block.kind is not BlockKind.table and (name := label_of(inline[1], among=STORY)):
            current = name
            headings[inline[1]] = name
            parts[current] += [rest] if (rest := block.text[inline.end() :].strip()) else []
        elif (
            block.kind in (BlockKind.heading, BlockKind.paragraph)
            and len(block.text) <= 14
            and (name := label_of(block.text, among=STORY))
        ):
            current = name
            headings[block.text] = name
        else:
            parts[current].append(block.line)
    return parts, headings


def _by_order(reading: Reading) -> dict[str, list[str]]:
    lines = [block.line for block in reading.blocks]
    if len(lines) < 3:
        reading.left.append("没有小标题，先都放在“事情经过”里，请分一分。")
        return {"facts": lines, "handling": [], "lesson": []}
    reading.left.append("没有小标题，第一段当事情经过，最后一段当提醒，中间当处理，请核对。")
    return {"facts": lines[:1], "handling": lines[1:-1], "lesson": lines[-1:]}
