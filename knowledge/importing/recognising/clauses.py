"""Village rules and regulations: clauses with their numbers, headings and all that hangs below them."""

import re
from dataclasses import dataclass, field
from typing import Any

from knowledge.importing.formats.blocks import Block, BlockKind
from knowledge.importing.recognising import mentions
from knowledge.importing.recognising.reading import Reading, day_in_words
from knowledge.statutes.numerals import article_number, number_of

MOST = 300  # what a document may hold (`knowledge/documents/shape.py`)
_MOST_TEXT = 20_000
_BRACKETED = re.compile(r"^[【\[（(]([^】\]）)\n]{2,12})[】\]）)]\s*(?=\S)")
_COLON = re.compile(r"^([^\s，。；：:、！？“”《》]{2,10})[：:]\s*(?=\S[\s\S]{7,})")
_SPACED = re.compile(r"^([^\s，。；：:、！？“”《》]{2,8})[ \n](?=\S[\s\S]{9,})")
_NO_HEADING = re.compile(r"应当|必须|不得|下列|如下|以下|做到|包括|要求|^\d|^(?:村民|本村|凡|对|由|因|经)")


@dataclass
class Clause:
    number: str
    chapter: str
    lines: list[str] = field(default_factory=list)


def village_rule(reading: Reading) -> dict[str, Any]:
    days = mentions.days(reading.text)
    clauses = _numbered(reading, what="村规")
    held: list[dict[str, Any]] = []
    for clause in clauses:
        heading, text = _heading(clause)
        held.append(
            {
                "number": clause.number,
                "heading": heading,
                "topic": None,
                "text": text,
                "answer": "",
                "status": "unclear",
                "questions": [],
            }
        )
    if clauses:
        reading.left.append("给居民的话要您来写，与法律冲不冲突要您来看。")
    adopted, filed = days.get("adopted"), days.get("filed")
    reading.understood += [
        f"{label}：{day_in_words(day)}。" for label, day in (("通过", adopted), ("备案", filed)) if day
    ]
    return {
        "adopted_on": adopted.isoformat() if adopted else None,
        "filed_on": filed.isoformat() if filed else None,
        "clauses": held,
    }


def regulation(reading: Reading) -> dict[str, Any]:
    number, basis = mentions.document_number(reading.text), mentions.citations(reading.text)
    clauses = _numbered(reading, what="条文")
    chapters = list(dict.fromkeys(c.chapter for c in clauses if c.chapter))
    if chapters:
        reading.left.append(f"章节的标题没有地方放：{'、'.join(chapters)}")
    if number:
        reading.understood.append(f"文号：{number}。")
    if basis:
        reading.understood.append(f"依据 {len(basis)} 条：{'、'.join(basis)}。")
    articles = [{"number": c.number, "text": "\n".join(c.lines), "answer": "", "questions": []} for c in clauses]
    return {
        "summary": True,
        "number": number or "",
        "issuer": reading.signed_by,
        "articles": articles,
        "legal_basis": basis,
    }


def _numbered(reading: Reading, *, what: str) -> list[Clause]:
    """The clauses in order, each with a number of its own; what stands before the first one is left."""
    blocks = reading.blocks
    has_articles = any(b.kind is BlockKind.article for b in blocks)
    clauses = _by_article(reading) if has_articles else _by_mark(reading)
    chapters = list(dict.fromkeys(c.chapter for c in clauses if c.chapter))
    if chapters:
        reading.understood.append(f"章节 {len(chapters)} 个：{'、'.join(chapters)}。")
    _say(reading, clauses, what=what)
    return _fitting(reading, clauses)


def _by_article(reading: Reading) -> list[Clause]:
    """What stands under a new chapter without a 第几条 is a clause of its own: it isn't about what the one before says,
    which may be a fine.
    """
    clauses: list[Clause] = []
    chapter, before, opened = "", [], ""
    for at, block in enumerate(reading.blocks):
        if block.kind is BlockKind.article:
            clauses.append(Clause(block.number, chapter, [block.text] if block.text else []))
            opened = ""
        elif block.kind is BlockKind.heading and (_is_chapter(block) or _is_followed_by_article(reading.blocks, at)):
            chapter = block.line
            opened = block.number if clauses and _is_chapter(block) else ""
        elif opened:
            clauses.append(Clause(opened, chapter, [block.line]))
            reading.left.append(f"“{chapter}”下面没有写“第几条”，整章算成一条，编号写的是“{opened}”，请核对。")
            opened = ""
        elif clauses:
            clauses[-1].lines.append(block.line)
            if block.kind is BlockKind.table:
                _say_table(reading, block, clauses[-1].number)
        else:
            before.append(block.line)
    _leave(reading, before)
    _leave_headings(reading, clauses, before)
    return clauses


def _is_chapter(block: Block) -> bool:
    return block.number.startswith("第")


def _is_followed_by_article(blocks: list[Block], at: int) -> bool:
    return any(b.kind is BlockKind.article for b in blocks[at + 1 : at + 2])


def _by_mark(reading: Reading) -> list[Clause]:
    """Without 第X条: by the outermost marks that occur twice, else every paragraph; numbered in order."""
    blocks = reading.blocks
    marks = [_mark(block) for block in blocks]
    chosen = next((level for level in (1, 2, 3) if marks.count(level) > 1), None)
    clauses: list[Clause] = []
    chapter, before = "", []
    for block, mark in zip(blocks, marks, strict=True):
        starts = (
            mark == chosen
            if chosen
            else block.kind is not BlockKind.table and mark is None and block.kind is not BlockKind.heading
        )
        if starts:
            is_heading = block.kind is BlockKind.heading
            clauses.append(
                Clause(article_number(str(min(len(clauses) + 1, 9999))), chapter, [block.text] if block.text else [])
            )
            if is_heading:
                clauses[-1].lines = [f"【{block.text}】"]
        elif block.kind is BlockKind.heading and (mark is None or not clauses or (chosen and mark < chosen)):
            chapter = block.line
            before += [] if clauses else [block.line]
        elif clauses:
            clauses[-1].lines.append(block.line)
            if block.kind is BlockKind.table:
                _say_table(reading, block, clauses[-1].number)
            elif block.kind is BlockKind.heading:
                chapter = ""
        else:
            before.append(block.line)
    headed = {c.chapter for c in clauses}
    _leave(reading, [line for line in before if line not in headed])
    _leave_headings(reading, clauses, before)
    if clauses and chosen:
        used = "、".join(b.number for b, mark in zip(blocks, marks, strict=True) if mark == chosen)
        reading.left.append(
            f"原文没有写“第几条”，按 {used[:200]} 的顺序编成了{clauses[0].number}到{clauses[-1].number}，请核对。"
        )
    elif clauses:
        reading.left.append("原文没有编号，一段算一条，请核对。")
    return clauses


def _mark(block: Block) -> int | None:
    """1 for 一、 2 for （一） 3 for 1. and the like; None for what isn't numbered."""
    if not block.number or block.number.startswith("第") or block.number in "•·●○◆■▪‣※*–—-":
        return None
    if block.kind is BlockKind.heading:
        return (
            1
            if block.number[0] in "一二三四五六七八九十"
            else 2
            if block.number[1:2] in tuple("一二三四五六七八九十")
            else 3
        )
    return block.level or None


def _heading(clause: Clause) -> tuple[str, str]:
    """(heading, text) of a clause: its own heading, else its chapter's name."""
    text = "\n".join(clause.lines)
    chapter = re.sub(r"^(?:第\S{1,8}?(?:编|章|节|部分)|[一二三四五六七八九十]{1,3}[、.．])\s*", "", clause.chapter)[:60]
    chapter = "" if chapter in ("总则", "附则") else chapter
    for pattern in (_BRACKETED, _COLON, _SPACED):
        if (found := pattern.match(text)) and not _NO_HEADING.search(found[1]):
            return found[1], text[found.end() :].strip()
    return chapter, re.sub(r"^【([^】\n]*)】$", r"\1", text)


def _say(reading: Reading, clauses: list[Clause], *, what: str) -> None:
    if not clauses:
        reading.left.append(f"没有认出{what}。")
        return
    reading.understood.append(
        f"认出 {len(clauses)} 条{what}，{clauses[0].number}到{clauses[-1].number}。"
        if len(clauses) > 1
        else f"认出 1 条{what}：{clauses[0].number}。"
    )
    seen: set[str] = set()
    last = 0
    for clause in clauses:
        if clause.number in seen:
            reading.left.append(f"{clause.number}出现了不止一次，请改编号。")
        seen.add(clause.number)
        if not clause.lines:
            reading.left.append(f"{clause.number}后面没有字。")
        if "之" in clause.number or not clause.number.endswith("条"):
            continue
        base = number_of(clause.number[1:-1]) or 0
        if last and base > last + 1:
            missing = "、".join(article_number(str(n)) for n in range(last + 1, min(base, last + 6)))
            reading.left.append(
                f"{article_number(str(last))}后面就是{clause.number}，中间少了"
                f"{missing}{'等' if base > last + 6 else ''}。"
            )
        elif last and base < last and clause.number not in seen:
            reading.left.append(f"{clause.number}排在{article_number(str(last))}后面，请看看顺序。")
        last = base


def _say_table(reading: Reading, block: Block, number: str) -> None:
    where = f"第 {block.page} 页的表格" if block.page else "表格"
    reading.understood.append(f"{where}（{len(block.rows)} 行）放在{number}里。")


def _leave(reading: Reading, lines: list[str]) -> None:
    if lines:
        reading.left.append("第一条前面的话没有归到任何一条：" + "\n".join(lines))


def _leave_headings(reading: Reading, clauses: list[Clause], before: list[str]) -> None:
    kept = {line for c in clauses for line in (c.chapter, *c.lines)} | set(before)
    unused = [
        b.line
        for b in reading.blocks
        if b.kind is BlockKind.heading and b.line not in kept and f"【{b.text}】" not in kept
    ]
    if unused:
        reading.left.append(f"这些标题下面没有条文：{'、'.join(unused)}")


def _fitting(reading: Reading, clauses: list[Clause]) -> list[Clause]:
    """What a document can hold; the rest is handed back in words."""
    for clause in clauses[MOST:]:
        reading.left.append(f"超过 {MOST} 条，放不下的：{clause.number} " + "\n".join(clause.lines))
    for clause in clauses[:MOST]:
        text = "\n".join(clause.lines)
        if len(text) > _MOST_TEXT:
            reading.left.append(f"{clause.number}太长，放不下的：{text[_MOST_TEXT:]}")
            clause.lines = [text[:_MOST_TEXT]]
    return clauses[:MOST]
