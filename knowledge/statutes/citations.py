"""A citation of an article: read, written, found in a text; ONE parser."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from knowledge.errors import CitationNotFound
from knowledge.normalise import normalise
from knowledge.statutes.numerals import chinese_article, number_of


@dataclass(frozen=True)
class Target:
    document_id: str
    ref: str | None


def statute_id(law: str) -> str:
    return "law-" + hashlib.sha256(law.encode()).hexdigest()[:12]


_PREFIX = "中华人民共和国"


def short_name(law: str) -> str:
    return law.removeprefix(_PREFIX)


_N = "零〇○一二三四五六七八九十百千两"
_D = "0-9０-９"
_NUMBER = rf"[{_D}]{{1,4}}|[{_N}]{{1,9}}"
_PARAGRAPH = rf"(?:\s*第\s*(?P<paragraph>{_NUMBER})\s*款)?(?:\s*第?\s*[（(]?[{_N}{_D}]{{1,3}}[)）]?\s*项)?"
_SUFFIX = rf"(?:\s*之\s*(?P<suffix>[{_D}]{{1,2}}|[{_N}]{{1,3}}))?"
_ARTICLE = rf"第\s*(?P<number>{_NUMBER})\s*条{_SUFFIX}{_PARAGRAPH}"
# 《法》, with the brackets that often follow: 《刑法》（2020年修正）第十条
_TOKEN = re.compile(rf"《(?P<law>[^《》\n]{{2,80}})》(?:\s*[（(][^（）()\n]{{1,30}}[）)])?|{_ARTICLE}")
# Between two articles of one law: 第十条第一款、第二款和第十二条
_JOINED = re.compile(rf"(?:[\s、，,]|和|及|与|或者|或|以及|第(?:{_NUMBER})[款项]|[（(][{_N}]+[)）]项?)*")
_RANGE = re.compile(r"\s*(?:至|到|—+|-|~|～)\s*")
_SAME = re.compile(r"(?:该|同|本|上述)(?:法|法律)的?\s*$")
_BARE = re.compile(r"([\u4e00-\u9fff]{1,30}(?:法典|法))的?\s*$")
_OWN_LIST = re.compile(r"《?(?P<law>[^\s《》]{2,80})》?\s+(?P<number>[0-9]{1,4}(?:-[0-9]{1,2})?)")
# Without brackets, as people say or type it. A name is what ends so; in a question 条 has to be said.
_SAID = r"(?P<law>[\u4e00-\u9fff]{{1,30}}?(?:{names}))》?\s*第?\s*(?P<number>{number})(?![0-9{n}])\s*{article}"
_TYPED = re.compile(_SAID.format(names="法典|法|条例|规定", number=_NUMBER, n=_N, article="条?") + _SUFFIX + _PARAGRAPH)
_ASKED = re.compile(
    _SAID.format(names="法典|法|条例|通则|总则", number=_NUMBER, n=_N, article="条") + _SUFFIX + _PARAGRAPH
)
# 民法典1042, 公司法 88: by figures alone, without 条; what is no law isn't found afterwards.
_BY_FIGURES = re.compile(
    r"(?P<law>[\u4e00-\u9fff]{1,30}?(?:法典|(?<![违犯合办方看想说做执守普没无])法))"
    rf"》?\s*第?\s*(?P<number>[{_D}]{{1,4}})"
    rf"(?![0-9年月日号块元万%.个次天岁多])" + _SUFFIX
)
# What stands before the laws that are asked for most is no part of their name: 我想问民法典第1042条.
_BEFORE_NAME = re.compile(
    r"^.*?(?=民法典|刑法|劳动合同法|劳动法|婚姻法|合同法|治安管理处罚法|土地管理法|[民刑]事诉讼法)"
)
_OPENERS = re.compile(
    r"^(?:请问|你好|您好|我想|想|要|帮我|给我|麻烦|问问|问一下|问|查一下|查查|查|看看|看|说说|咨询|关于|根据|按照|按"
    r"|依据|依照|依|照)*"
)
_MOST_OF_A_RANGE = 50
# Lists of citations in a document's content; whatever residents ask is theirs and cites nothing.
LISTS = frozenset({"legal_basis", "articles", "basis"})
_NOT_OURS = frozenset({"questions", "id", "source"})


@dataclass(frozen=True)
class Citation:
    # short names that may be meant, the likeliest first: without 《》 the start of a name is a guess
    names: tuple[str, ...]
    ref: str  # 第一千零四十二条
    paragraph: int | None = None
    is_certain: bool = True  # written in 《》 or in a list of ours, so a law that doesn't exist is a mistake

    @property
    def law(self) -> str:
        return self.names[0]

    def __repr__(self) -> str:
        return f"Citation({self.law} {self.ref})"


@dataclass(frozen=True)
class Where:
    citation: Citation
    path: str  # clauses[2].conflict.articles[0]
    quote: str  # the words around it
    is_listed: bool  # in a list of citations, not in a sentence


@lru_cache(maxsize=16_384)  # our lists cite a few thousand
def parse_citation(citation: str) -> Target:
    """`民法典 1042` -> the statute's document and 第一千零四十二条; anything without a number is a document's id.

    The strict reader, for lists of ours. Raises CitationNotFound for a citation of neither form.
    """
    text = citation.strip()
    if " " not in text:
        return Target(text, None)
    if (found := _listed(text)) is None:
        raise CitationNotFound(citation)
    return Target(statute_id(found.law), found.ref)


def named_article(question: str) -> Citation | None:
    """The first article that somebody asks for by its number: 民法典第1042条是什么, 《刑法》第二百六十四条.

    Of its names the first that is a law is meant: what stands before a name is no part of it.
    """
    found = _ASKED.search(question) or _BY_FIGURES.search(question)
    if found is None:
        return None
    law = short_name(_OPENERS.sub("", _BEFORE_NAME.sub("", found["law"], count=1)))
    is_marked = question[: found.start()].endswith("《")
    try:
        return _citation(
            (law,) if is_marked else tuple(_ends_of(law)), found["number"], found["suffix"], None, is_certain=is_marked
        )
    except CitationNotFound:
        return None


def read_citation(text: str) -> Citation:
    """One citation as somebody types it: `民法典 1042`, 《民法典》第一千零四十二条, 民法典第1042条第二款.

    Raises CitationNotFound.
    """
    text = normalise(text)[:200].strip()
    if listed := _listed(text):
        return listed
    if written := written_in(text):
        return written[0][0]
    if found := _TYPED.search(text):
        return _citation((short_name(found["law"]),), found["number"], found["suffix"], found["paragraph"])
    raise CitationNotFound(text)


def _listed(text: str) -> Citation | None:
    """`民法典 1042`, `民法典 17-1`: as our lists have it. Raises CitationNotFound for a number that is none."""
    found = _OWN_LIST.fullmatch(text)
    if found is None:
        return None
    base, _, suffix = found["number"].partition("-")
    return _citation((short_name(found["law"]),), base, suffix or None, None)


def written_in(text: str, *, is_attached: bool = False) -> list[tuple[Citation, str]]:
    """The citations in a text, each with the words around it, in their order; a 第M条 joined to one before is of
    the same law.

    `is_attached`: only articles that follow the brackets of their law, 《民法典》第三条、第五条, and none of 该法第三条
    or 民法典第三条.
    """
    found: list[tuple[Citation, str]] = []
    named: tuple[tuple[str, ...], bool] | None = None  # the law said last
    attached, last = False, 0
    previous: int | None = None
    for token in _TOKEN.finditer(text):
        gap = text[last : token.start()]
        if token["law"]:
            named, attached, previous, last = ((short_name(token["law"].strip()),), True), True, None, token.end()
            continue
        from_here = previous if attached and previous is not None and _RANGE.fullmatch(gap) else None
        if attached and (from_here is not None or _JOINED.fullmatch(gap)):
            law = named
        elif is_attached:
            law = None
        elif _SAME.search(gap[-10:]):
            law = named
        elif bare := _BARE.search(gap[-40:]):
            law = named = (tuple(_ends_of(bare[1])), False)
        else:
            law = None
        attached, last, previous = law is not None, token.end(), None
        if law is None:
            continue
        try:
            citation = _citation(law[0], token["number"], token["suffix"], token["paragraph"], is_certain=law[1])
            previous = _value(token["number"])
        except CitationNotFound:
            continue
        around = text[max(0, token.start() - 30) : token.end() + 30].replace("\n", " ")
        if from_here is not None and 0 < previous - from_here <= _MOST_OF_A_RANGE:
            found += [
                (_citation(law[0], str(n), None, None, is_certain=law[1]), around)
                for n in range(from_here + 1, previous)
            ]
        found.append((citation, around))
    return found


def citations_in(content: dict[str, Any]) -> list[Where]:
    """All citations of a document's content, listed ones and those written in its sentences."""
    return list(_walk(content, "", ""))


def _walk(value: Any, path: str, key: str) -> Iterator[Where]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_OURS:
                yield from _walk(inner, f"{path}.{name}" if path else str(name), str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{number}]", key)
    elif isinstance(value, str):
        if key in LISTS and path.endswith("]"):
            try:
                yield Where(read_citation(value), path, value[:200], True)
            except CitationNotFound:
                return  # a document of ours, cited by its id
        else:
            for citation, quote in written_in(value):
                yield Where(citation, path, quote, False)


def arabic(ref: str) -> str:
    """第十七条之一 -> 17-1, as in our lists. Raises CitationNotFound."""
    found = re.fullmatch(rf"第({_NUMBER})条(?:之([{_N}]{{1,3}}))?", ref)
    if not found:
        raise CitationNotFound(ref)
    return str(_value(found[1])) + (f"-{_value(found[2])}" if found[2] else "")


def _citation(
    names: tuple[str, ...], number: str, suffix: str | None, paragraph: str | None, *, is_certain: bool = True
) -> Citation:
    ref = chinese_article(number, suffix or "")
    if ref is None:
        raise CitationNotFound(f"{names[0]} {number}")
    return Citation(names, ref, _value(paragraph) if paragraph else None, is_certain)


def _ends_of(name: str) -> Iterator[str]:
    """根据民法典 -> 根据民法典, 据民法典, 民法典, ...: the longest that is a law is the one meant."""
    return (short_name(name[i:]) for i in range(len(name) - 1))


def _value(number: str) -> int:
    """Raises CitationNotFound for what is no number, such as 十百."""
    if (found := number_of(number)) is None:
        raise CitationNotFound(number)
    return found
