"""A clause cut where a reader would stop: at sentences, numbered items and lines.

Each part is judged alone, because one unlawful sentence among eight lawful ones disappears in the whole.
"""

import re
from itertools import pairwise

_NUMBER = r"[〇零一二三四五六七八九十百\d０-９]{1,4}"
_ARTICLE = rf"第{_NUMBER}[条章款]"
_POINT = (
    rf"[（(]{_NUMBER}[)）](?![项款条])"  # （一）, but not 第十条（三）项
    r"|[①-⑳⑴-⒇⒈-⒛㈠-㈩]"
    r"|(?<![\d第])[\d０-９]{1,2}[、.．](?![\d０-９第])"  # 1、 and 1. but neither 1.5 nor 3、4
    r"|(?<![^\s。；;！!？?：:，,])[一二三四五六七八九十]{1,3}、"  # 一、 but not 初一、十五
)
# 第六条 in the middle of a sentence is a reference; an article begins where something has ended.
_ITEM = re.compile(rf"(?<![^\s。；;！!？?]){_ARTICLE}|{_POINT}")
_STOP = re.compile(r"[。；;！!？?…]+[”’」』）)]*")
_LEADING = re.compile(rf"(?:\s|{_ARTICLE}|{_POINT}|[-*•●·]\s)*")


def segments(text: str) -> list[tuple[int, int]]:
    """Where the parts of a clause stand in it, without their numbers; in order.

    A line may end in the middle of a sentence, so a part over several lines comes whole and line by line.
    """
    cuts = {0, len(text)} | {m.end() for m in _STOP.finditer(text)} | {m.start() for m in _ITEM.finditer(text)}
    places = sorted(cuts)
    found: list[tuple[int, int]] = []
    for start, end in pairwise(places):
        lines = _lines(text, start, end)
        if len(lines) > 1:
            found.append((lines[0][0], lines[-1][1]))
        found += lines
    return found


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found = []
    for line in re.finditer(r"[^\n\r]+", text[start:end]):
        first, last = start + line.start(), start + line.end()
        mark = _LEADING.match(text, first, last)
        first = mark.end() if mark else first
        if text[first:last].strip():
            found.append((first, last))
    return found
