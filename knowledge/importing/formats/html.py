"""Web pages: what a reader sees of them; scripts, menus and hidden parts stay out."""

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from knowledge.errors import FileRefused
from knowledge.importing.formats.blocks import Extract, Gathering
from knowledge.importing.formats.encoding import decode

_DROPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "frame",
        "object",
        "embed",
        "svg",
        "math",
        "head",
        "title",
        "select",
        "button",
        "input",
        "textarea",
        "audio",
        "video",
        "canvas",
        "applet",
    )
)
_AROUND = frozenset(("nav", "footer", "aside"))
_INLINE = frozenset(
    (
        "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span "
        "strike strong sub sup time tt u var wbr o:p st1:chsdate"
    ).split()
)
_CROSSED_OUT = re.compile(r"text-decoration[^;]*line-through", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.I)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{1,20})", re.I)
_KNOWN = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "big5": "big5",
}
_DEEPEST = 200  # libxml2 stops at 256, without a word
_MOST_TAGS = 200_000


def read_html(data: bytes) -> Extract:
    """Raises FileRefused."""
    declared = _CHARSET.search(data[:4096])
    return read_html_text(decode(data, declared=_KNOWN.get(declared[1].decode("ascii").lower()) if declared else None))


def read_html_text(text: str) -> Extract:
    """Raises FileRefused."""
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]{0,2000}\[", text[:100_000], re.I):
        raise FileRefused("这个网页里有外部实体，不安全，不能读。请把文字贴进来。")
    if text.count("<") > _MOST_TAGS:
        raise FileRefused("这个网页太复杂，请把要用的文字贴进来。")
    page = BeautifulSoup(text, "lxml")
    reader = _Reader()
    if _cut_out(page):
        reader.found.warn("文件里有划掉的字，没有读进来，请对照原文核对。")
    reader.walk(page, 0)
    reader.flush()
    return reader.found.extract()


def _cut_out(page: BeautifulSoup) -> bool:
    """Takes away what is crossed out, and pinyin over characters. Whether words were crossed out."""
    for pinyin in page.find_all(["rt", "rp"]):
        pinyin.decompose()
    crossed = [*page.find_all(["del", "s", "strike"]), *page.find_all(style=_CROSSED_OUT)]
    had_words = any(tag.get_text(strip=True) for tag in crossed)
    for tag in crossed:
        tag.extract()  # one may lie in another
    return had_words


class _Reader:
    def __init__(self) -> None:
        self.found = Gathering()
        self._words: list[str] = []
        self._item: str | None = None  # the number of the list item whose first line comes next; "" for a dot

    def flush(self) -> None:
        text = "".join(self._words).strip()
        self._words = []
        if not text:
            return
        if self._item is None:
            self.found.line(text)
        else:
            mark, self._item = self._item, None
            self.found.line(f"{mark}{text}", is_item=True)

    def walk(self, tag: Tag, depth: int) -> None:
        if depth > _DEEPEST:
            raise FileRefused("这个网页一层套一层，套得太深，不能读。请把文字贴进来。")
        for child in tag.children:
            if isinstance(child, NavigableString):
                if not isinstance(child, PreformattedString):
                    self._words.append(str(child) if tag.name == "pre" else re.sub(r"\s+", " ", str(child)))
            elif isinstance(child, Tag):
                self._tag(child, depth + 1)

    def _tag(self, tag: Tag, depth: int) -> None:
        name = tag.name
        if name in _DROPPED:
            return
        if name in _AROUND and tag.get_text(strip=True):
            self.found.warn("网页的菜单、侧栏和页脚没有读进来。")
            return
        if tag.has_attr("hidden") or _HIDDEN.search(str(tag.get("style", ""))):
            if tag.get_text(strip=True):
                self.found.warn("网页里有看不见的字，没有读进来。")
            return
        if name == "img":
            self.found.warn("图里的字没有读，请对照原文看一遍。")
        elif name == "br":
            self._words.append("\n")
        elif name in _INLINE:
            self.walk(tag, depth)
        elif re.fullmatch("h[1-6]", name):
            self.flush()
            self.found.heading(tag.get_text(" ") if tag.find("br") else tag.get_text(), int(name[1]))
        elif name == "table" and (rows := _rows(tag)):
            self.flush()
            self.found.table(rows)
        else:
            self._block(tag, depth)

    def _block(self, tag: Tag, depth: int) -> None:
        self.flush()
        if tag.name == "li":
            self._item = _mark(tag)
        self.walk(tag, depth)
        self.flush()
        if tag.name == "li":
            self._item = None


def _mark(item: Tag) -> str:
    """The number a browser shows before an item of a numbered list."""
    parent = item.parent
    if parent is None or parent.name != "ol":
        return ""
    start = str(parent.get("start", "1"))
    before = sum(1 for _ in item.find_previous_siblings("li"))
    return f"{(int(start) if start.isdecimal() and len(start) < 5 else 1) + before}. "


def _rows(table: Tag) -> list[list[str]]:
    """The cells of a table of data; empty for one that only lays out a page (one column, or tables inside), which
    is walked like any block.
    """
    if table.find("table") is not None:
        return []
    rows = []
    for line in table.find_all("tr"):
        cells = [
            cell.get_text("\n" if cell.find(["p", "br", "div"]) else "", strip=True)
            for cell in line.find_all(["td", "th"])
        ]
        rows.append(cells)
    return rows if rows and max(map(len, rows)) > 1 else []
