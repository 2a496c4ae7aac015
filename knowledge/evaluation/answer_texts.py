"""Faults in our answers that a machine can see; what only a reader sees is for a reader."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.clock import today
from knowledge.documents.building import DocumentText, read_document
from knowledge.documents.kinds.answer import ANSWER, cases_in
from knowledge.documents.sources.doors import DOORS
from knowledge.documents.sources.other_sources import every_source, other_source
from knowledge.errors import CitationNotFound
from knowledge.evaluation.quantities import Quantity, unfounded
from knowledge.search.lexical import character_pairs
from knowledge.statutes.citations import Target, arabic, parse_citation, short_name, statute_id
from knowledge.statutes.reading import read_statutes

MOST_ALIKE = 0.6  # shared pairs of characters of two phrasings of one answer; above it they are one
FEWEST_PHRASINGS = 10
_LONGEST_TITLE = 60
_ALWAYS = "一天、24小时、两日、一亩"  # what everybody says without a law: today, round the clock
_OFFICIALESE = re.compile(
    r"有关部门|相关部门|有关规定|相关规定|相关法律|根据.{0,8}规定[，,]|法定期限|具体情况具体|咨询专业律师|予以|应当依法"
    r"|依法维权|合法权益"
    r"|妥善处理|积极配合|综上|以下几点"
)
_ARTICLE = re.compile(r"第[零一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?")
_QUOTED = re.compile(r"“[^“”]*”")  # what somebody says or writes
# 交管12123 is the name of an app
_PHONE = re.compile(r"(?<![\d.〔-])(?<!交管)(1[12]\d{1,3}|9[56]\d{3,4})(?![\d.号元年个天%块万])")


@dataclass(frozen=True)
class Law:
    """What may be cited on a day: articles of statutes, and summaries of ours by `title ref`."""

    articles: Mapping[Target, str]
    summaries: Mapping[str, str] = field(default_factory=dict)


def law_on(corpus: Path, days: Sequence[date]) -> Law:
    """What may be cited on every one of these days: an article whose words change between them may not.

    Raises StatuteDataMissing, CorpusError.
    """
    held: dict[Target, set[str]] = defaultdict(set)
    seen: Counter[Target] = Counter()
    for version in read_statutes(corpus / "statute-corrections.yml"):
        in_force = [day for day in days if version.is_in_force(day)]
        for article in version.articles if in_force else ():
            target = Target(statute_id(short_name(version.law)), article.number)
            held[target].add(article.text)
            seen[target] += len(in_force)
    articles = {t: next(iter(texts)) for t, texts in held.items() if len(texts) == 1 and seen[t] == len(days)}
    return Law(articles, _summaries(corpus))


def _summaries(corpus: Path) -> dict[str, str]:
    """Of regulations that we have as documents, by `title number`."""
    found = {}
    for path in (corpus / "regulations").glob("*.yml"):
        document, _ = read_document(path)
        for chunk in document.chunks:
            number = arabic(chunk.ref) if chunk.ref and _ARTICLE.fullmatch(chunk.ref) else None
            if number:
                found[f"{document.title}{number}".replace(" ", "")] = f"{chunk.text}{chunk.details['answer']}"
    return found


def read_answers(corpus: Path) -> list[DocumentText]:
    """Raises CorpusError."""
    return [read_document(path)[0] for path in sorted((corpus / ANSWER.folder).glob("*.yml"))]


def faults(document: DocumentText, law: Law) -> list[str]:
    """In the words of a legal worker; [] for a text without any."""
    content = document.content
    shaped = {**ANSWER.shape(content), "title": document.title}
    found = [*ANSWER.missing(shaped)]
    if len(document.title) > _LONGEST_TITLE:
        found.append(f"问题太长（{len(document.title)} 字）")
    sources, problems = _sources(content, law)
    found += problems
    told = _told(content)
    ruled = _QUOTED.sub("", "\n".join(_told(content, is_ruled=True)))
    found += [f"来源里没有的数：{value:g} {unit}" for value, unit in unfounded(ruled, [*sources, _ALWAYS])]
    phones = {door.phone for door in DOORS.values()}
    for sentence in told:
        found += [f"没有的电话：{number}" for number in _PHONE.findall(sentence) if number not in phones]
        found += [f"公文话“{m[0]}”：{sentence[:30]}" for m in _OFFICIALESE.finditer(sentence)]
        found += [f"“你”要写“您”：{sentence[:30]}"] if re.search(r"你(?!们?[局村])", sentence) else []
    return found + list(_phrasing_faults(content.get("questions") or []))


def report(corpus: Path, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Faults of all our answers, each said; on today's law and on that of the next new year."""
    first = today()
    new_year = date(first.year + 1, 1, 1)
    now, later = law_on(corpus, [first]), law_on(corpus, [new_year])
    both = law_on(corpus, [first, new_year])
    wrong, remembered, documents = 0, 0, read_answers(corpus)
    for document in documents:
        ends, begins = document.in_force_to, document.in_force_from
        held = later if begins > first else now if ends is not None and ends < new_year else both
        found = faults(document, held)
        wrong += bool(found)
        remembered += bool(_remembered(document.content, held))
        for fault in found:
            say(f"{document.id}: {fault}")
    return {
        "answers": len(documents),
        "phrasings": sum(len(d.content.get("questions") or []) for d in documents),
        "with_faults": wrong,
        "numbers_from_memory": remembered,
        "rest_on_memory": sum(not source.is_confirmed for source in every_source()),
    }


def _remembered(content: Mapping[str, Any], law: Law) -> list[Quantity]:
    """The numbers that only a source from memory gives: for a legal worker to confirm first."""
    named = [
        n for n in content.get("other_sources") or [] if (source := other_source(n)) is None or source.is_confirmed
    ]
    if len(named) == len(content.get("other_sources") or []):
        return []
    sources, _ = _sources({**content, "other_sources": named}, law)
    return unfounded(_QUOTED.sub("", "\n".join(_told(content, is_ruled=True))), [*sources, _ALWAYS])


def _told(content: Mapping[str, Any], *, is_ruled: bool = False) -> list[str]:
    """Every sentence that a resident is told; with `is_ruled` without the circumstances, whose sums are the resident's
    own.
    """
    pairs = cases_in(list(content.get("cases") or []))
    cases = [then if is_ruled else f"{when}。{then}" for when, then in pairs]
    one = [content.get("answer") or "", content.get("never") or ""]
    return [t for t in [*one, *cases, *(content.get("steps") or []), *(content.get("more") or [])] if t]


def _sources(content: Mapping[str, Any], law: Law) -> tuple[list[str], list[str]]:
    """The texts that an answer rests on, and what is wrong with how it names them."""
    texts, problems = [], []
    for cited in content.get("legal_basis") or []:
        try:
            target = parse_citation(cited)
        except CitationNotFound:
            problems.append(f"读不懂的法条：{cited}")
            continue
        if target in law.articles:
            texts.append(law.articles[target])
        else:
            problems.append(f"没有在施行的法条：{cited}")
    for named in content.get("other_sources") or []:
        source = other_source(named)
        held = [*([source.says] if source else []), *filter(None, [law.summaries.get(named.replace(" ", ""))])]
        texts += held
        problems += [] if held else [f"没有收录的依据：{named}"]
    return texts, problems


def _phrasing_faults(phrasings: Sequence[str]) -> Iterator[str]:
    if len(phrasings) < FEWEST_PHRASINGS:
        yield f"问法只有 {len(phrasings)} 种"
    pairs = [(text, set(character_pairs(text))) for text in phrasings if len(text) > 5]
    for at, (text, own) in enumerate(pairs):
        for other, theirs in pairs[:at]:
            if own and theirs and len(own & theirs) / len(own | theirs) > MOST_ALIKE:
                yield f"两种问法太像：{text[:20]} / {other[:20]}"
