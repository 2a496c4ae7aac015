"""Why a resident is told what they are told, in the words of somebody who knows no scores."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.dialogue.frame.base import ASKS
from actions.dialogue.registry import intent_names
from actions.replies import Reply, ReplyKind
from bot.rehearsing.supposed import Rehearsed
from knowledge.documents.models import Kind
from knowledge.search.searcher import Explained
from knowledge.statutes.citations import short_name

INTENTS = intent_names()
_UNHEARD = "nlu_fallback"
_VERY, _RATHER, _LITTLE = 0.8, 0.5, 0.3
_CLEARLY = 0.06  # of raw scores: nearer than this, a resident is asked which was meant
_DEEDS = (ReplyKind.case, ReplyKind.booking, ReplyKind.deadline, ReplyKind.legal_aid)


@dataclass(frozen=True)
class Why:
    """`lines`: in the order in which it was decided; `is_told`: something of ours was told, not asked back or refused;
    `by`: the document whose words it is; `nearest`: of those that may be edited, whose questions these words may join.
    """

    lines: tuple[str, ...]
    is_told: bool
    by: str | None
    nearest: tuple[Explained, ...]


def why(rehearsed: Rehearsed, shown: Sequence[Explained], hidden: Sequence[Explained], *, version: int | None) -> Why:
    """shown, hidden: what the search weighed, best first; version: the draft that was tried."""
    said = main(rehearsed.replies)
    told = document_of(said)
    lines = [_heard(rehearsed), *_found(shown), _decided(said, rehearsed.intent, shown)]
    if version is not None:
        lines.append(_draft(version, said, shown, hidden))
    is_told = said.kind is ReplyKind.answer
    own = {e.document_id: e for e in reversed(shown) if e.kind is not Kind.statute and e.document_id != told}
    nearest = tuple(sorted(own.values(), key=lambda e: -e.raw))[:3]
    return Why(tuple(line for line in lines if line), is_told, told, nearest)


def main(replies: Sequence[Reply]) -> Reply:
    """The reply that answers; a card for danger or the queue only where there is nothing else."""
    aside = (ReplyKind.emergency, ReplyKind.handoff)
    return next((reply for reply in replies if reply.kind not in aside), replies[0])


def document_of(said: Reply) -> str | None:
    """Whose words an answer is: ours before the law that it rests on."""
    if said.kind is not ReplyKind.answer or not said.citations:
        return None
    own = [c for c in said.citations if c.kind != Kind.statute.value]
    spoken = next((c for c in own if c.kind == Kind.answer.value), None) or (own[0] if own else said.citations[0])
    return spoken.document


def _heard(rehearsed: Rehearsed) -> str:
    if not rehearsed.intent:
        return ""
    if rehearsed.intent == _UNHEARD:
        return "这句话没听出是要做什么，先当成一个问题去查资料。"
    name = INTENTS.get(rehearsed.intent, rehearsed.intent)
    sure = "很有把握" if rehearsed.sure >= _VERY else "比较有把握" if rehearsed.sure >= _RATHER else "拿不太准"
    return f"听成了“{name}”，{sure}。"


def _found(shown: Sequence[Explained]) -> list[str]:
    if not shown:
        return ["资料里什么也没找到。"]
    first = shown[0]
    second = next((e for e in shown[1:] if e.document_id != first.document_id), None)
    lines = [f"最像的是{_named(first)}，{_sure(first)}：{_like(first)}。"]
    if second:
        gap = "，跟第一名差得不多" if first.raw - second.raw < _CLEARLY else ""
        lines.append(f"其次是{_named(second)}，{_sure(second)}{gap}。")
    return lines


def _named(found: Explained) -> str:
    title = short_name(found.title) if found.kind is Kind.statute else found.title
    return f"《{title}》{found.ref or ''}"


def _sure(found: Explained) -> str:
    score = found.score or 0.0
    if score >= _VERY:
        return "很有把握"
    if score >= _RATHER:
        return "有把握"
    return "把握不大" if score >= _LITTLE else "几乎没有把握"


def _like(found: Explained) -> str:
    if found.is_named:
        return "这句话点了这一条的名"
    if found.question and found.bank >= _VERY:
        return f"它写着的问法“{found.question}”跟这句话差不多"
    if found.question and found.bank >= _RATHER:
        return f"它写着的问法“{found.question}”跟这句话有些像"
    if (found.score or 0.0) < _LITTLE:
        return "只有几个字词沾边"
    return "字词和意思都对得上" if (found.score or 0.0) >= _RATHER else "意思有些相近"


def _decided(said: Reply, intent: str, shown: Sequence[Explained]) -> str:
    if said.kind is ReplyKind.answer:
        return _answered(said, shown)
    if said.kind is ReplyKind.emergency:
        return "这些话像是有人遇到了危险：先给求助的办法，马上叫人，不再往下答。"
    if said.kind is ReplyKind.abstention:
        return "最像的也不够像，怕答错，所以不答，记进“没答上的”。"
    if said.kind is ReplyKind.asking and said.form:
        return f"当成了“{INTENTS.get(intent, '办事')}”，先一步一步问清楚，没有拿资料来答。"
    if said.kind is ReplyKind.asking and said.buttons and intent in {*ASKS, _UNHEARD}:
        return "有几种可能，分不出问的是哪一件，让居民自己点。"
    if said.kind is ReplyKind.smalltalk:
        return f"当成了“{INTENTS.get(intent, '闲话')}”，资料里又没有一份够像的，所以没有拿资料来答。"
    if said.kind in _DEEDS or said.kind is ReplyKind.handoff:
        return f"当成了“{INTENTS.get(intent, '办事')}”，走的是办事的路，没有拿资料来答。"
    if intent not in {*ASKS, _UNHEARD}:
        return f"当成了“{INTENTS.get(intent, '办事')}”，先问清楚，没有拿资料来答。"
    return "先问清楚，再答。"


def _answered(said: Reply, shown: Sequence[Explained]) -> str:
    told = document_of(said)
    if not shown or told is None:
        return "按资料答了。"
    title = next((c.title for c in said.citations if c.document == told), "")
    if told == shown[0].document_id:
        return "第一名够像，就答它。"
    if shown[0].kind is Kind.statute and any(c.document == shown[0].document_id for c in said.citations):
        return f"《{title}》就是讲这一条法律的，所以用它的话来答。"
    return f"答的是《{title}》：按听成的意思，它比第一名更合适。"


def _draft(version: int, said: Reply, shown: Sequence[Explained], hidden: Sequence[Explained]) -> str:
    mine = next((place for place, e in enumerate(shown, 1) if e.version_id == version), None)
    if mine is not None:
        own = shown[mine - 1]
        if said.kind is ReplyKind.answer and own.document_id in {c.document for c in said.citations}:
            return "答的就是您试的这一版。" if document_of(said) == own.document_id else "您试的这一版列在依据里。"
        return f"您试的这一版排在第 {mine}，{_sure(own)}，没有轮到它。"
    why_not = next((e.reason for e in hidden if e.version_id == version), None)
    return f"您试的这一版没有拿出来：{why_not}。" if why_not else "您试的这一版没有排上：它写着的问法跟这句话不像。"
