"""Clauses of a village rule (村规民约) against the law: what a person has to look at, with the words, the articles and the reason.

Patterns only point; a legal worker decides. So a clause too many flagged costs a glance, one missed costs a resident their right.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from knowledge.models import Kind
from knowledge.search import Passage, Searcher
from knowledge.village_rules.patterns import PATTERNS
from knowledge.village_rules.reading import MOST, Sentence, sentences
from knowledge.village_rules.second_opinion import SURE, second_opinion
from knowledge.village_rules.signs import ELSEWHERE, EQUAL, FINES, HONOUR, SERVICES, Sign
from knowledge.village_rules.signs_rights import OTHER, SIGNS

_NEAR = "没有找到明确的字眼，但写法和有问题的条款相近，请人看一眼。"
_CITED = 4  # articles of a flag that a resident is shown
_READ = 400  # characters of a clause that the search is asked with


@dataclass(frozen=True)
class Flag:
    pattern: str
    phrase: str  # the words that triggered, clause[start:end]
    start: int
    end: int
    articles: tuple[str, ...]  # 妇女权益保障法 55
    reason: str

    @property
    def label(self) -> str:
        return PATTERNS[self.pattern].label


@dataclass(frozen=True)
class CheckedClause:
    text: str
    flags: tuple[Flag, ...]
    related: tuple[Passage, ...]  # articles that the search finds near, best first; empty without a search


def check_clause(text: str) -> list[Flag]:
    """What in a clause may be against the law, in the order of the text, at most one flag a pattern; empty where nothing was found."""
    found: dict[str, Flag] = {}
    for sentence in sentences(text):
        for sign in (*FINES, *SERVICES, *SIGNS, *OTHER):
            if sign.pattern in found or (sign in OTHER and found):
                continue
            span = _find(sign, sentence)
            if span:
                start, end = sentence.at[span[0]], sentence.at[sentence.word_end(span[1]) - 1] + 1
                pattern = PATTERNS[sign.pattern]
                found[sign.pattern] = Flag(sign.pattern, text[start:end], start, end, pattern.articles_for(sentence.before + sentence.text), pattern.reason)
    if not found and (near := second_opinion().of(text[:MOST], sure=_how_sure(text[:MOST]))):
        pattern = PATTERNS[near.pattern]
        return [Flag(near.pattern, text[near.start : near.end], near.start, near.end, pattern.articles_for(text[:MOST]), _NEAR + pattern.reason)]
    lost = [found[p] for p in ("womens_rights", "membership") if p in found]
    if "cut_service" in found and any(f.start <= found["cut_service"].start < f.end for f in lost):
        del found["cut_service"]  # the same words, and the nearer pattern says it better
    return sorted(found.values(), key=lambda f: (f.start, f.end))


def check_rule(clauses: Sequence[str], *, search: Callable[[str], Sequence[Passage]] | None = None) -> list[CheckedClause]:
    """Each clause with its flags and the articles that `search` finds for it."""
    return [CheckedClause(text, tuple(check_clause(text)), tuple(search(text)) if search else ()) for text in clauses]


def related_articles(session: Session, searcher: Searcher, text: str, *, day: date, k: int = 3) -> list[Passage]:
    """Articles in force on `day` that bear on a clause, best first."""
    return searcher.search(session, text[:_READ], day=day, kinds=[Kind.statute], k=k)


def suggested_conflict(flags: Sequence[Flag]) -> dict[str, object]:
    """`{"articles": [...], "says": "..."}` for a clause that conflicts, as a resident would read it; a start for the legal worker."""
    articles = list(dict.fromkeys(a for f in flags for a in f.articles[:_CITED]))
    return {"articles": articles, "says": "".join(dict.fromkeys(PATTERNS[f.pattern].says for f in flags))}


def _find(sign: Sign, sentence: Sentence) -> tuple[int, int] | None:
    text = sentence.text
    if sign.about and not re.search(sign.about, sentence.before + text):
        return None
    if sign.unless_anywhere and re.search(sign.unless_anywhere, text):
        return None
    for act in re.finditer(sign.act, text):
        start, end = act.span()
        if end == start:
            continue
        first = start
        if sign.who:
            heads = list(re.finditer(sign.who, text[:start]))
            if heads:
                first = heads[-1].start()
            elif not (sentence.before and re.search(sign.who, sentence.before)):
                continue
        if sentence.is_condition(end):
            continue
        if sign.conditional and not sentence.is_conditional(start):
            continue
        if sign.unless and re.search(sign.unless, sentence.part(first, end)):
            continue
        if sign.unless_near and re.search(sign.unless_near, sentence.part(start, end)):
            continue
        if sign.unless_advice and sentence.is_advice(start):
            continue
        if not any(_LIFTS[name](sentence, first, start, end) for name in sign.lifted_by):
            return (first if start - first <= 40 else start), end
    return None


def _how_sure(text: str) -> float:
    """Clauses that protect a right or advise use the words of those that take it away, so more is asked there; 2 is never reached."""
    if re.search(f"{EQUAL}|{ELSEWHERE}|任何(?:组织|单位|个人|人)", re.sub("村里有权|组里有权|村委会有权|死亡", "", text)) and not re.search("但|除外", text):
        return 2
    return 0.7 if re.search("倡导|提倡|建议|鼓励|自愿|依法", text) else SURE


def _honour(sentence: Sentence, first: int, start: int, end: int) -> bool:
    """What is lost is an honour (评优, 文明户, 积分), which the village gives and may take."""
    phrase = sentence.text[start : sentence.phrase_end(end)]
    plain = re.sub(HONOUR, "", phrase)
    return plain != phrase and not re.search(r"低保|分红|福利|补贴|补助|救助|证明|盖章|公章|水|电|待遇|收益|贷款|入伍|入学|宅基|承包|选举|成员资格|政审|建房", plain)


def _is_spared(sentence: Sentence, start: int) -> bool:
    """The denial itself is forbidden (不得停水) or does not happen; a denial that begins with its own 不 counts."""
    head, tail = sentence.text[sentence.phrase_start(start) : start], sentence.text[start:]
    if re.match(r"(?:不得|不能|不准|禁止|不许|一律不)[^，。；]{0,10}(?:停|断|扣|取消|收回|拒|限制|刁难|以|因|剥夺|侵|拖延|减|暂停|终止)", tail):
        return True
    if re.search(r"(?:不得|不能|不准|不许|禁止|严禁|不会|不应|无权|不以|不因|不因此|也不|并不|不)$", head):
        return True
    return sentence.is_negated(start) and not re.match(r"不|概|一律|无|没", tail)


_LIFTS: dict[str, Callable[[Sentence, int, int, int], bool]] = {
    "negated": lambda s, first, start, end: s.is_negated(start),
    "handed": lambda s, first, start, end: s.is_handed_over(start, end),
    "handed_first": lambda s, first, start, end: s.is_handed_over(first, end),
    "contract": lambda s, first, start, end: bool(re.search(r"(?:按|依|照|根据|依据|违反)[^，。；]{0,10}(?:合同|租约)|合同(?:约定|规定|终止|条款)|(?:租赁|承包|流转|发包|购销|施工|承租|供水|供电|劳务|劳动|保洁|物业)[^，。；]{0,4}(?:合同|协议)", s.text[:end])),
    "consent": lambda s, first, start, end: bool(re.search(r"(?<!视为)(?<!视同)自愿|(?:经|征得)[^，。；]{0,6}(?:本人|农户|承包户|当事人|户主|承包方|所有人)[^，。；]{0,4}同意|协商一致", s.part(first, end))) and not re.search(r"视为|视同|默认", s.part(first, end)),
    "advice": lambda s, first, start, end: s.is_advice(start),
    "honour": _honour,
    "scope": lambda s, first, start, end: bool(re.search(r"(?:不得|禁止|严禁|不能|不准|任何人不)[^，。；]{0,8}(?:以|因|借|歧视|侵害|剥夺|干涉|阻|妨|强|虐|限制|取消|收回|停|扣)", s.text[s.phrase_start(first) : start + 1])),
    "bare_negation": lambda s, first, start, end: _is_spared(s, start),
}  # fmt: skip
