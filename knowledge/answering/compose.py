"""From passages to an answer a resident can act on: short first, then what to do, then the sources. Nothing is said
that no shown source says; where nothing is likely enough, an Abstention.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from sqlalchemy.orm import Session

from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind
from knowledge.law.standing import sound
from knowledge.search.articles import cited_articles
from knowledge.search.lexical import character_pairs
from knowledge.search.passages import Draft, Passage
from knowledge.search.searcher import Searcher
from knowledge.statutes.citations import short_name

# Below this the bot abstains; chosen on the questions set aside so that well over seven of ten statute questions are
# answered (docs/retrieval.md).
ANSWER_FROM = 0.5
_STORY_FROM = 0.5

# A guide, policy or summary says in one sentence what its resident needs; these are told in their own way.
_TOLD_APART = (Kind.statute, Kind.village_rule, Kind.case_story)
_BOOSTS: dict[str, dict[Kind, float]] = {
    "ask_village_rule": {Kind.village_rule: 0.05},
    "ask_policy": {Kind.policy: 0.03, Kind.service_guide: 0.02},
    "ask_service_guide": {Kind.service_guide: 0.03, Kind.policy: 0.01},
    "ask_legal_aid": {Kind.service_guide: 0.03},
    "ask_law": {Kind.case_story: -0.02},
}


@dataclass(frozen=True)
class Citation:
    """A source as shown; stored with the message, so later edits don't change history."""

    kind: str
    kind_label: str
    document: str
    title: str
    article: str | None
    in_force_from: str
    in_force_to: str | None
    summary: bool
    text: str
    note: str | None
    score: float


@dataclass(frozen=True)
class Answer:
    text: str
    next: str | None
    citations: tuple[Citation, ...]
    confidence: float
    topic: str | None = None
    buttons: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True)
class Abstention:
    reason: str  # nothing_found | not_sure
    confidence: float


def answer(
    session: Session,
    searcher: Searcher,
    question: str,
    *,
    day: date,
    place: str | None,
    intent: str = "ask_law",
    threshold: float = ANSWER_FROM,
    draft: Draft | None = None,
) -> Answer | Abstention:
    """With `draft`, as if that version were published."""
    if intent == "ask_case_story":
        stories = sound(
            session,
            searcher.search(session, question, day=day, place=place, kinds=[Kind.case_story], k=6, draft=draft),
            day=day,
        )[:2]
        if stories and stories[0].score >= 0.3:
            return _from_stories(session, stories, day)
    passages = sound(
        session,
        searcher.search(session, question, day=day, place=place, boost=_BOOSTS.get(intent), k=10, draft=draft),
        day=day,
    )
    if not passages:
        return Abstention("nothing_found", 0.0)
    best = passages[0]
    if best.score < threshold:
        return Abstention("not_sure", best.score)
    if best.kind is Kind.village_rule:
        return _from_village_rule(session, best, passages, day)
    if best.kind is Kind.case_story:
        return _from_stories(session, [best, *[p for p in passages[1:3] if p.kind is Kind.statute]], day)
    if best.kind is Kind.statute:
        return _from_statute(question, passages)
    return _from_own(session, best, passages, day)


def alone(session: Session, passage: Passage, *, day: date) -> Answer:
    """What a resident is told from this passage where nothing else is near it: how a draft will look."""
    if passage.kind is Kind.village_rule:
        return _from_village_rule(session, passage, [passage], day)
    return (
        _from_stories(session, [passage], day)
        if passage.kind is Kind.case_story
        else _from_own(session, passage, [passage], day)
    )


def cite(passage: Passage, *, note: str | None = None) -> Citation:
    kind = KINDS[passage.kind]
    if passage.kind is Kind.statute and passage.promulgated_on and passage.promulgated_on == passage.in_force_from:
        note = note or f"{passage.promulgated_on.isoformat()} 修正文本"
    if kind.is_summary:
        note = note or f"这是我们写的摘要，不是原文。文号：{passage.details.get('number') or '见标题'}"
    if passage.caution:
        note = f"{note} {passage.caution}" if note else passage.caution
    return Citation(
        kind=passage.kind.value,
        kind_label=kind.label,
        document=passage.document_id,
        title=passage.title,
        article=passage.ref,
        in_force_from=passage.in_force_from.isoformat(),
        in_force_to=passage.in_force_to.isoformat() if passage.in_force_to else None,
        summary=kind.is_summary,
        text=passage.text,
        note=note,
        score=passage.score,
    )


def cite_row(row: tuple[Chunk, DocumentVersion, Document], *, note: str | None = None) -> Citation:
    chunk, version, document = row
    return Citation(
        kind=document.kind.value,
        kind_label=KINDS[document.kind].label,
        document=document.id,
        title=document.title,
        article=chunk.ref,
        in_force_from=version.in_force_from.isoformat(),
        in_force_to=version.in_force_to.isoformat() if version.in_force_to else None,
        summary=KINDS[document.kind].is_summary,
        text=chunk.text,
        note=note,
        score=1.0,
    )


def _basis(session: Session, citations: list[str], day: date, most: int) -> list[Citation]:
    """The articles a document of ours rests on, as in force on the day; one that isn't is left out."""
    return [cite_row(row) for row in islice(cited_articles(session, citations, day), most)]


def _from_own(session: Session, best: Passage, passages: list[Passage], day: date) -> Answer:
    """A guide, policy or summary: its own plain answer, then the law it rests on, then what else is near."""
    citations = [cite(best)]
    statutes = [cite(p) for p in passages[1:6] if p.kind is Kind.statute][:2]
    citations += _merge(statutes, _basis(session, best.details.get("basis") or [], day, 2), most=3)
    citations += _story(passages)
    return Answer(
        best.details["answer"],
        best.details.get("next") or KINDS[best.kind].next_step,
        tuple(citations),
        best.score,
        best.topic,
    )


def _from_village_rule(session: Session, best: Passage, passages: list[Passage], day: date) -> Answer:
    conflict = best.details.get("conflict")
    law = _basis(session, (conflict or {}).get("articles") or [], day, 3)
    if best.details.get("status") == "conflicts" and conflict:
        # The law first, then what the clause says, then that the two differ.
        quoted = best.text.strip().rstrip("。")
        text = (
            f"{conflict['says'].strip()}\n{best.title}{best.ref}写的是“{quoted}”，与法律不一致，以法律为准。"
            f"{best.details['answer']}"
        )
        own = cite(best, note="这一条与法律冲突，不能作为依据；可以请镇里责令改正。")
        return Answer(
            text, "可以找镇司法所或拨打 12348 问清楚，也可以向镇政府反映这一条。", (*law, own), best.score, best.topic
        )
    note = (
        "这一条合不合法还要法律工作者看过，先供参考。"
        if best.details.get("status") == "unclear"
        else "村规民约是大家的约定；法律另有规定的，以法律为准。"
    )
    citations = [
        cite(best, note=note),
        *law,
        *[cite(p) for p in passages[1:5] if p.kind in (Kind.statute, Kind.regulation)][:2],
    ]
    return Answer(
        best.details["answer"],
        "对这一条有疑问，可以问村委会，也可以问镇司法所。",
        tuple(citations),
        best.score,
        best.topic,
    )


def _from_stories(session: Session, passages: list[Passage], day: date) -> Answer:
    best = passages[0]
    citations = [
        cite(best),
        *_basis(session, best.details.get("basis") or [], day, 2),
        *[cite(p) for p in passages[1:]],
    ]
    return Answer(
        best.details["answer"],
        "每家情况不一样，拿不准就拨打 12348 免费问律师。",
        tuple(citations),
        best.score,
        best.topic,
    )


def _from_statute(question: str, passages: list[Passage]) -> Answer:
    best = passages[0]
    statutes = [p for p in passages if p.kind is Kind.statute][:3]
    own = next(
        (p for p in passages[1:5] if p.kind not in _TOLD_APART and p.score >= _STORY_FROM),
        None,
    )
    text = f"《{short_name(best.title)}》{best.ref}说：{decisive_sentences(best.text, question)}"
    step = None
    citations = [cite(p) for p in statutes]
    if own:
        text += f"\n{own.details['answer']}"
        step = own.details.get("next")
        citations.append(cite(own))
    citations += _story(passages)
    return Answer(text, step or KINDS[best.kind].next_step, tuple(citations), best.score, own.topic if own else None)


def _story(passages: list[Passage]) -> list[Citation]:
    return [cite(p) for p in passages[1:] if p.kind is Kind.case_story and p.score >= _STORY_FROM][:1]


def _merge(first: list[Citation], more: list[Citation], *, most: int) -> list[Citation]:
    seen: dict[tuple[str, str | None], Citation] = {}
    for citation in [*more[:1], *first, *more[1:]]:
        seen.setdefault((citation.document, citation.article), citation)
    return list(seen.values())[:most]


def decisive_sentences(text: str, question: str, *, most: int = 120) -> str:
    """The sentence of an article that shares most with the question; an item of a list keeps the words that open the
    list.

    Quoted whole: a shortened rule can say the opposite.
    """
    if len(text) <= most:
        return text.replace("\n", "")
    sentences: list[str] = []
    opening = ""
    for line in text.split("\n"):
        for sentence in re.findall(r"[^。]+。?", line):
            if re.match(r"\s*（[一二三四五六七八九十]+）", sentence):
                sentences.append(f"{opening}……{sentence.strip()}" if opening else sentence.strip())
            elif sentence.rstrip().endswith("："):
                opening = sentence.strip()
            else:
                sentences.append(sentence.strip())
    asked = set(character_pairs(question))

    def shared(sentence: str) -> float:
        pairs = character_pairs(sentence)
        return len(asked.intersection(pairs)) / math.sqrt(len(pairs) + 20)

    best = max(range(len(sentences)), key=lambda i: shared(sentences[i]) - 0.001 * i)
    if best and re.match(r"(前款|但是|其|该)", sentences[best]):
        return sentences[best - 1] + sentences[best]
    return sentences[best]
