"""What a file is made of, whatever its format: headings, paragraphs, articles, list items and tables, in order.

`line_block` is the one place that knows 第三章, 第十二条, 一、, （一） and 1. when it sees them.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from unicodedata import normalize

from knowledge.errors import FileRefused
from knowledge.statutes.numerals import DIGITS, chinese_article

MOST_CHARACTERS = 400_000
MOST_BLOCKS = 50_000
MOST_CELLS = 20_000
MOST_PAGES = 300


class BlockKind(enum.StrEnum):
    heading = "heading"
    paragraph = "paragraph"
    article = "article"
    list_item = "list_item"
    table = "table"


@dataclass(frozen=True)
class Block:
    """`number` is the mark as it was written (第十二条, 一、, （二）), "" for none; `text` is what follows it. `level`:
    1 is the outermost.

    A table has `rows` of cells and no text. `page` is known for pdf only.
    """

    kind: BlockKind
    level: int = 0
    number: str = ""
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    page: int | None = None

    @property
    def line(self) -> str:
        """All of it as a person reads it; a table has a line for every row."""
        if self.kind is BlockKind.table:
            return "\n".join(" | ".join(cell.replace("\n", " ") for cell in row) for row in self.rows)
        gap = (
            " "
            if self.number
            and self.text
            and self.kind in (BlockKind.article, BlockKind.heading)
            and not self.text.startswith(("【", "（", "("))
            else ""
        )
        return f"{self.number}{gap}{self.text}"


@dataclass(frozen=True)
class Extract:
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(block.line for block in self.blocks)

    def as_json(self) -> dict[str, Any]:
        return {"blocks": [asdict(block) for block in self.blocks], "warnings": list(self.warnings)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Extract":
        blocks = (
            Block(**{**row, "kind": BlockKind(row["kind"]), "rows": tuple(tuple(cells) for cells in row["rows"])})
            for row in data["blocks"]
        )
        return cls(tuple(blocks), tuple(data["warnings"]))


_LEVELS = {"编": 1, "部分": 1, "章": 1, "节": 2}
_CHAPTER = re.compile(f"^(第\\s*[{DIGITS}]{{1,7}}\\s*(编|章|节|部分))(?:[\\s　、：:.]+|$|(?=[^\\s，。；的]{{1,20}}$))")
_ARTICLE = re.compile(
    f"^第\\s*([{DIGITS}](?:\\s?[{DIGITS}]){{0,6}})\\s*条"
    f"(?:\\s*之\\s*([一二三四五六七八九十]{{1,3}}))?(?![第款项和至或到与、，"
    ",的之规])[\\s　、：:.]*"
)
_BRACKETED = re.compile("^[【［\\[]\\s*(第[^】］\\]]{1,15}条[^】］\\]]{0,6})[】］\\]]\\s*")
_OUTER = re.compile("^([一二三四五六七八九十]{1,3}[、.．])\\s*")
_INNER = re.compile("^([（(][一二三四五六七八九十]{1,3}[）)])[、.．]?\\s*")
_NUMBERED = re.compile("^(\\d{1,3}(?:[.．](?!\\d)|[、)）])|[（(]\\d{1,3}[）)]|[①-⑳])\\s*")
_DOT = re.compile("^([•·●○◆■▪‣※*–—-])[\\s　]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff\ud800-\udfff]"
)
_ENDS = tuple("。；：，、！？;:,!?")


# What a PDF made by a browser or a Mac gives for the character itself: radicals of Kangxi (NFKC folds them) and those
# of U+2E80-2EFF that are written like a character of today (Unicode folds only two of them).
_RADICALS = {code: normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)} | {
    ord(radical): character
    for radical, character in zip(
        "⺁⺇⺌⺎⺗⺝⺟⺠⺫⺮⺶⺷⺻⻁⻄⻅⻆⻉⻋⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻩⻬⻮⻰⻳",
        "厂几小兀心月母民罒竹羊羊聿虎西见角贝车长门雨青韦页风飞食马骨鬼鱼鸟黄齐齿龙龟",
        strict=True,
    )
}


def clean(text: str) -> str:
    """Without what can't be seen or stored, radicals as characters, runs of blanks as one; a lone line break stays."""
    text = text.translate(_RADICALS)
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(filter(None, (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))))


def line_block(text: str, *, page: int | None = None, is_item: bool = False) -> Block:
    """One line or paragraph, with the mark it begins with taken off.

    `is_item`: the file itself calls it an item of a list.
    """
    if found := _CHAPTER.match(text):
        return Block(
            BlockKind.heading, _LEVELS[found[2]], re.sub(r"\s", "", found[1]), text[found.end() :].strip(), page=page
        )
    bare = _BRACKETED.sub(r"\1 ", text)
    if (found := _ARTICLE.match(bare)) and (number := chinese_article("".join(found[1].split()), found[2] or "")):
        return Block(BlockKind.article, 0, number, bare[found.end() :].strip(), page=page)
    for level, pattern in ((1, _OUTER), (2, _INNER), (3, _NUMBERED), (3, _DOT)):
        if found := pattern.match(text):
            rest = text[found.end() :].strip()
            if level == 1 and 0 < len(rest) <= 20 and not rest.endswith(_ENDS) and "。" not in rest and not is_item:
                return Block(BlockKind.heading, 3, found[1], rest, page=page)
            return Block(BlockKind.list_item, level, found[1], rest, page=page)
    return (
        Block(BlockKind.list_item, 3, "", text, page=page)
        if is_item
        else Block(BlockKind.paragraph, 0, "", text, page=page)
    )


def heading_block(text: str, level: int, *, page: int | None = None) -> Block:
    """A heading the file marks as one; an article may be marked so, too, and stays an article."""
    block = line_block(text, page=page)
    return (
        block
        if block.kind is BlockKind.article
        else Block(BlockKind.heading, level, block.number, block.text, page=page)
    )


class Gathering:
    """The blocks read so far; refuses what grows beyond all bounds before it is all in memory."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.warnings: list[str] = []
        self._characters = self._cells = 0

    def add(self, block: Block) -> None:
        """Raises FileRefused."""
        cells = sum(len(row) for row in block.rows)
        if not block.text and not block.number and not any(any(row) for row in block.rows):
            return
        self._characters += len(block.text) + len(block.number) + sum(len(cell) for row in block.rows for cell in row)
        self._cells += cells
        if self._characters > MOST_CHARACTERS:
            raise FileRefused(f"文件里的字太多，超过 {MOST_CHARACTERS // 10_000} 万字，请分成几份再传。")
        if self._cells > MOST_CELLS:
            raise FileRefused(f"表格太大，超过 {MOST_CELLS} 格，请只留要用的部分再传。")
        if len(self.blocks) >= MOST_BLOCKS:
            raise FileRefused("文件的段落太多，请分成几份再传。")
        self.blocks.append(block)

    def line(self, text: str, *, page: int | None = None, is_item: bool = False) -> None:
        for part in clean(text).split("\n"):
            if part:
                self.add(line_block(part, page=page, is_item=is_item))

    def heading(self, text: str, level: int) -> None:
        if text := clean(text).replace("\n", " "):
            self.add(heading_block(text, level))

    def table(self, rows: Iterable[Iterable[str]], *, page: int | None = None) -> None:
        kept = tuple(cells for row in rows if any(cells := tuple(clean(cell) for cell in row)))
        if kept:
            self.add(Block(BlockKind.table, rows=kept, page=page))

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def extract(self) -> Extract:
        """Raises FileRefused where there is nothing to read."""
        if not self.blocks:
            raise FileRefused("这个文件里没有字。")
        return Extract(tuple(self.blocks), tuple(self.warnings))
