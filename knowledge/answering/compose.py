"""From passages to an answer a resident can act on: short first, then what to do, then the sources. Nothing is said
that no shown source says; where nothing is likely enough, an Abstention.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from sqlalchemy.orm import Session

from knowledge.answering.named import named_wrongly
from knowledge.answering.question_answer import from_answer
from knowledge.answering.told import Abstention, Answer, Citation, Near, cite, cite_row
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.sources.opposites import OPPOSITES
from knowledge.law.standing import sound
from knowledge.places import Level
from knowledge.search.articles import cited_articles
from knowledge.search.lexical import character_pairs
from knowledge.search.passages import Draft, Passage, load_passages, whole_text
from knowledge.search.searcher import Searcher
from knowledge.statutes.citations import Target, named_article, parse_citation, short_name

# Below this the bot abstains; chosen on the ways of asking set aside (docs/retrieval.md).
ANSWER_FROM = 0.5
# An answer of ours is told alone from here on, or where no neighbour is near; else with its neighbours, to be chosen
# from. A told story needs more: of 160 fresh messages 26 stories had a score from .55 to .8, and six of those answers
# were of another matter or of its other side; of 30 with more than .8 none was (docs/answers.md).
OWN_FROM, _OWN_OF_STORY_FROM = 0.55, 0.8
# The same of a guide or a policy, and of what lies near alone: of 13 real consultations that were answered outright the
# four below .8 that were misleading were such (a frozen pension told the allowance for who is over eighty), of 42
# residents' stories one was, and is told now as what lies nearest (2026-12-03).
_OF_A_MATTER = (Kind.service_guide, Kind.policy)
_STORY_FROM, _RULE_FROM = 0.5, 0.15
_STORY = 40  # characters of a message that tells more than one thing

_AS_NEAR, _MOST_NEAR = 0.06, 6  # of raw scores, of passages
# What lies near alone is told whole from here on: of 23 real consultations none of nine was misleading, of fourteen
# below seven were (2026-12-03). Below, the answers that come next among answers stand beside it, to be chosen from.
LONE_WHOLE_FROM = 0.66
_BESIDE_LONE, _MOST_CHOICES = 0.05, 3  # of raw scores
_ALIKE = 0.02  # of raw scores
_LONE_FROM = 0.35  # a neighbour that stands alone is told from here on, else offered: far from all there is one, too
_AS_OPPOSITE, _MOST_OPPOSITES = 0.1, 2
# Below both, what lies nearest is nobody's question: of messages that ask nothing of our sources four fifths lie below
# this raw score, of those that do one in ten (docs/retrieval.md).
_NEAR_FROM, _NEAR_RAW_FROM = 0.3, 0.27
# Who tells a trouble at length has a matter, though what lies nearest lies farther: 网上买的微耕机老打滑.
_NEAR_OF_TALE_FROM, _NEAR_RAW_OF_TALE_FROM, _TALE = 0.2, 0.25, 20
# An article or a line of a summary is told beside no answer of ours from here on: below, what our answers say of the
# same matter is what people asked for. 工伤是不是有个时间限制的 was told the 48 hours of who dies at work.
_RULE_ALONE_FROM = 0.8
_BESIDE_RULE = 0.1  # of raw scores: an article's own words lie nearer to words of the law than an answer's do
# What a law is made for and whom it is for answers nobody's question.
_SCOPE = re.compile(r"适用本[法条例办规]|制定本[法条例办规]|本法所称")
_WHOLE = 160  # characters of an article that is told whole

# A guide, policy or summary says in one sentence what its resident needs; these are told in their own way.
_RULES = (Kind.statute, Kind.regulation)
_TOLD_APART = (Kind.statute, Kind.village_rule, Kind.case_story, Kind.answer)
# What a village agrees on, in words that mean its rule before the village is known; with the second ones, where it is
# known and its rule is asked for. Who names neither may ask about anything: 后山搭帐篷要跟谁说 is no clause.
OWN_RULE = re.compile(r"村规|民约|我们村|咱们?村|俺们?村|本村|村里(?:的)?规|我们这|酒席|份子|积分")
_OURS = re.compile(rf"{OWN_RULE.pattern}|[我咱俺]们?[村这]|村里|规矩|规定|规约|随礼|彩礼|红白")
_LOCAL_KINDS = (Kind.village_rule, Kind.policy)
_BOOSTS: dict[str, dict[Kind, float]] = {
    "ask_village_rule": {Kind.village_rule: 0.05},
    "ask_policy": {Kind.policy: 0.03, Kind.service_guide: 0.02},
    "ask_service_guide": {Kind.service_guide: 0.03, Kind.policy: 0.01},
    "ask_legal_aid": {Kind.service_guide: 0.03},
    "ask_law": {Kind.case_story: -0.02},
}


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
    if (said := named_wrongly(session, question, day=day)) is not None:
        return said
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
    is_ours = intent == "ask_village_rule" and bool(_OURS.search(question))
    if is_ours and (local := _local(passages, threshold)):
        return _told_locally(session, local, passages, day)
    best = passages[0]
    near = _near(passages, is_tale=len(question) >= _TALE)
    if best.kind in _RULES and named_article(question) is None and _resting_on(best, passages) is None:
        near = near or _near(passages, _own(session, searcher, question, day, place))
        if (near and best.score < _RULE_ALONE_FROM) or _SCOPE.search(best.text):
            beside = _beside(near, session, searcher, question, day, place)
            return Abstention("not_sure", best.score, (*near, *beside), best.raw)
    is_story = len(question) >= _STORY
    is_own = best.kind is Kind.answer or (is_story and best.kind in _OF_A_MATTER)
    if best.score < (max(threshold, _told_alone_from(question)) if is_own and near else threshold):
        lone = next((p for p in passages if len(near) == 1 and p.title == near[0].title), None)
        if lone is None or lone.score < _LONE_FROM or threshold > ANSWER_FROM or is_story:
            beside = _beside(near, session, searcher, question, day, place)
            return Abstention("not_sure", best.score, (*near, *beside), best.raw)
        best = lone
    return replace(_told(session, best, passages, question, day), raw=best.raw, near=near)


def _told_alone_from(question: str) -> float:
    """The score from which on an answer of ours is told although neighbours are near."""
    return _OWN_OF_STORY_FROM if len(question) >= _STORY else OWN_FROM


def _local(passages: list[Passage], threshold: float) -> list[Passage]:
    """Who asks what their village has agreed hears its clause, and what township or county say of it, where these lie
    about as near as the best: they were asked for. [] where an answer of ours is sure, or likelier and as near.
    """
    best = passages[0]
    if best.kind not in _LOCAL_KINDS and best.score >= threshold:
        return []
    least = max(best.raw - _AS_NEAR, _NEAR_RAW_FROM)
    near = [p for p in passages if p.score >= _RULE_FROM and p.raw >= least and p.place_id != Level.nation]
    firsts = (next((p for p in near if p.kind is kind), None) for kind in _LOCAL_KINDS)
    local = [first for first in firsts if first is not None]
    surest = max((p.score for p in local), default=0.0)
    of_ours = (p for p in passages if p.kind is Kind.answer and p.raw >= best.raw - _ALIKE)
    return [] if any(p.score > surest for p in of_ours) else local


def _told_locally(session: Session, local: list[Passage], passages: list[Passage], day: date) -> Answer:
    first, *others = local
    told = _told(session, first, [first, *(p for p in passages if p is not first)], "", day)
    for other in others:
        text = f"{told.text}\n《{other.title}》：{other.details['answer']}"
        told = replace(told, text=text, citations=(*told.citations, cite(other)))
    return told


def _told(session: Session, best: Passage, passages: list[Passage], question: str, day: date) -> Answer:
    """Each kind in its own way."""
    if best.kind is Kind.answer:
        told = _with_opposites(from_answer(session, best, day=day, question=question), passages)
        return _with_others(told, question, passages)
    if best.kind is Kind.village_rule:
        return _from_village_rule(session, best, passages, day)
    if best.kind is Kind.case_story:
        return _from_stories(session, [best, *[p for p in passages[1:3] if p.kind is Kind.statute]], day)
    if best.kind is Kind.statute:
        own = _resting_on(best, passages)
        if own is not None and named_article(question) is None:
            return from_answer(session, own, day=day, question=question)
        return _from_statute(question, passages)
    return _from_own(session, best, passages, day)


def _resting_on(article: Passage, passages: list[Passage]) -> Passage | None:
    """An answer of ours near by that rests on this very article: it says what the article means for people."""
    for passage in passages[1:_MOST_NEAR]:
        if passage.kind is Kind.answer:
            cited = (parse_citation(c) for c in passage.details.get("basis") or [])
            if Target(article.document_id, article.ref) in cited:
                return passage
    return None


def _with_opposites(told: Answer, passages: list[Passage]) -> Answer:
    """Whose dog, who sold, who drank along: where the other side has an answer of its own, in which case it is that one
    and what holds then. Both sides use the same words, so no score tells them apart for sure.
    """
    sides = OPPOSITES.get(told.document or "", {})
    others = [p for p in passages[1:] if p.document_id in sides and p.raw >= passages[0].raw - _AS_OPPOSITE]
    if not others:
        return told
    shown = [(sides[p.document_id], p) for p in others[:_MOST_OPPOSITES]]
    lines = [f"· 如果是“{case}”：{p.details['answer']}" for case, p in shown]
    buttons = (*told.buttons, *((case, p.title) for case, p in shown))
    return replace(told, text="\n".join([told.text, "别弄混了：", *lines]), buttons=buttons)


def _with_others(told: Answer, question: str, passages: list[Passage]) -> Answer:
    """A told story often holds a second matter: what else lies near, with what holds for it."""
    others = [near for near in _near(passages)[:3] if near.title != passages[0].title and near.gist not in told.text]
    if len(question) < _STORY or not others:
        return told
    lines = "\n".join(f"· {one.title}：{one.gist}" for one in others)
    return replace(
        told,
        text=f"{told.text}\n也可能和您有关：\n{lines}",
        buttons=(*told.buttons, *((one.title, "") for one in others)),
    )


def _near(passages: list[Passage], own: Sequence[Passage] = (), *, is_tale: bool = False) -> tuple[Near, ...]:
    """Questions we answer that lie about as near as the best, with what holds for each: to be chosen from, where it
    can't be told which was meant. `own`: answers that were searched for by themselves.
    """
    best = passages[0]
    is_near_to_tale = is_tale and best.score >= _NEAR_OF_TALE_FROM and best.raw >= _NEAR_RAW_OF_TALE_FROM
    if best.score < _NEAR_FROM and best.raw < _NEAR_RAW_FROM and not is_near_to_tale:
        return ()
    answers = own or [p for p in passages[:_MOST_NEAR] if p.kind is Kind.answer]
    if not answers:
        return ()
    is_rule = best.kind in _RULES
    least = max(best.raw - _BESIDE_RULE, _NEAR_RAW_FROM, answers[0].raw - _AS_NEAR) if is_rule else best.raw - _AS_NEAR
    near = [p for p in answers if p.raw >= least]
    return _as_near(near)


def _as_near(passages: Sequence[Passage]) -> tuple[Near, ...]:
    chosen = passages[:_MOST_CHOICES]
    return tuple(
        Near(p.title, p.details["answer"], p.topic, p.document_id, p.details.get("door"), p.score) for p in chosen
    )


def _beside(
    near: tuple[Near, ...], session: Session, searcher: Searcher, question: str, day: date, place: str | None
) -> tuple[Near, ...]:
    """What stands beside the one answer that lies near and that we aren't sure of; () where there are more."""
    if len(near) != 1 or near[0].score >= LONE_WHOLE_FROM:
        return ()
    own = _own(session, searcher, question, day, place)
    others = [p for p in own if p.document_id != near[0].document and p.raw >= own[0].raw - _BESIDE_LONE]
    return _as_near(others)[: _MOST_CHOICES - 1]


def _own(session: Session, searcher: Searcher, question: str, day: date, place: str | None) -> list[Passage]:
    """Answers alone: among the articles of a law that all lie near there may be none of them."""
    found = searcher.search(session, question, day=day, place=place, kinds=[Kind.answer], k=_MOST_NEAR)
    return sound(session, found, day=day)


def of_document(session: Session, document: str, *, day: date) -> Answer | None:
    """What a resident is told from this answer of ours alone; None where it isn't published or doesn't stand today."""
    chunk = session.execute(
        whole_text.where(
            Document.id == document,
            Document.kind == Kind.answer,
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_from <= day,
        )
    ).first()
    found = sound(session, load_passages(session, [(1.0, chunk[0].id)], 1), day=day) if chunk else []
    return from_answer(session, found[0], day=day) if found else None


def alone(session: Session, passage: Passage, *, day: date) -> Answer:
    """What a resident is told from this passage where nothing else is near it: how a draft will look."""
    if passage.kind is Kind.answer:
        return from_answer(session, passage, day=day)
    if passage.kind is Kind.village_rule:
        return _from_village_rule(session, passage, [passage], day)
    return (
        _from_stories(session, [passage], day)
        if passage.kind is Kind.case_story
        else _from_own(session, passage, [passage], day)
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
        document=best.document_id,
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
    own = _resting_on(best, passages) or next(
        (p for p in passages[1:5] if p.kind not in _TOLD_APART and p.score >= _STORY_FROM), None
    )
    text = f"《{short_name(best.title)}》{best.ref}说：{decisive_paragraph(best.text, question)}"
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


def decisive_paragraph(text: str, question: str, *, most: int = _WHOLE) -> str:
    """A short article whole; of a longer one the paragraph that shares most with the question, with its list.

    Never a sentence or an item alone: an exception would read as the rule.
    """
    if len(text) <= most:
        return text.replace("\n", "")
    asked = set(character_pairs(question))

    def shared(paragraph: str) -> float:
        pairs = character_pairs(paragraph)
        return len(asked.intersection(pairs)) / math.sqrt(len(pairs) + 20)

    paragraphs = _paragraphs(text)
    return max(reversed(paragraphs), key=shared)


def _paragraphs(text: str) -> list[str]:
    """Of an article; the items of a list stay with the words that open it."""
    found: list[str] = []
    for line in text.split("\n"):
        if found and re.match(r"\s*（[一二三四五六七八九十]+）", line):
            found[-1] += line.strip()
        else:
            found.append(line.strip())
    return found
