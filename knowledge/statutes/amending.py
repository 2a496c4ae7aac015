"""The amendments (修正案) that the data has beside the law they amend, put into its words."""

import re
from collections.abc import Mapping, Sequence

from knowledge.errors import CorpusError
from knowledge.statutes.numerals import number_of

# 在刑法第一百六十五条中增加一款作为第二款，将该条修改为："…" · 将刑法第三百八十七条第一款修改为："…"
_ITEM = re.compile(
    r"[将在]刑法(?P<ref>第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?)"
    r"(?:第(?P<paragraph>[一二三四五六七八九十]+)款|中增加一款作为第[一二三四五六七八九十]+款，将该条)?"
    r'修改为："(?P<words>.+)"',
    re.DOTALL,
)
_BEGINS = re.compile(r"本修正案自\d{4}年\d{1,2}月\d{1,2}日起施行。")


def amended(articles: Mapping[str, str], items: Sequence[str]) -> dict[str, str]:
    """The articles (by number) as they read once the items of an amendment hold.

    Raises CorpusError for an item that isn't understood, or an article or paragraph that isn't there.
    """
    found = dict(articles)
    for item in items:
        if _BEGINS.fullmatch(item.strip()):
            continue
        read = _ITEM.fullmatch(item.strip())
        if read is None or read["ref"] not in found:
            raise CorpusError(f"an item of the amendment isn't understood: {item[:60]}")
        words = "\n".join(line.removeprefix('"') for line in read["words"].split("\n"))
        if read["paragraph"]:
            words = _with_paragraph(found[read["ref"]], read["paragraph"], words)
        found[read["ref"]] = words
    return found


def _with_paragraph(text: str, paragraph: str, words: str) -> str:
    """The article with one paragraph in other words; lines that are items of a list belong to the one before."""
    paragraphs: list[list[str]] = []
    for line in text.split("\n"):
        if paragraphs and line.strip().startswith("（"):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    place = (number_of(paragraph) or 0) - 1
    if not 0 <= place < len(paragraphs):
        raise CorpusError(f"there is no paragraph {paragraph} in: {text[:60]}")
    paragraphs[place] = [words]
    return "\n".join(line for lines in paragraphs for line in lines)
