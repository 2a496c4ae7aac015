"""The words in which residents speak of the matters with a deadline, from matter_words.yml."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import model_validator

from actions.tools.matters import ANSWERS, MATTERS, Answer, Matter
from knowledge.data_files import DataModel, Text, WrongAt, read
from knowledge.named_words import NamedWords, Place, Ways

READ = 300
PARTS = ("idle", "papers", "decisions", "claims", "money", "trouble", "vague")
# The way that is refused leads to nothing: 复议我不搞, 不打官司. 没申请过复议 is told of the past and stays.
ELSEWHERE = "elsewhere"
_LIMIT, _DAY = "{限期词}", "{问日}"  # parts of the file that are asked for alone
_NOT_WANTED = re.compile(
    r"不(?:想|愿意?|打算|要|搞|走|去|会|准备)(?:申请|去|走|搞|再)?(?:行政)?(?:复议|仲裁|上诉|调解)"
    r"|(?<![能可服])(?:我|俺|咱)?(?:也|就)?不(?:申请)?(?:行政)?复议(?!了?(?:行|中|可以)?[吗不])"
    r"|(?:行政)?(?:复议|仲裁|上诉|调解)(?:那套|这套|那条路|这条路|的话|什么的)?[我俺咱]?(?:也|就|都)?"
    r"(?:(?:没有?申请)?(?:也|都)?不(?:想|愿意?|打算|要|搞|走|去|准备)(?:申请|去|走|搞)?了?|信不过|没用)(?![不没])"
    r"|(?<!要)不(?:想|愿意?|打算|要|去|准备)?(?:打|走)(?:行政)?(?:官司|诉讼)"
    r"|不(?:想|愿意?|打算|要|去|准备)(?:去|上)?(?:起诉|法院)"
    r"|(?:双倍工资|工资|工钱|加班费|补偿金?|赔偿金?)(?:[我俺]|也|就|都)*(?:不要|不提|放弃|不说|不谈|认了)了?"
    r"|(?:都|也|谁都|绝)?不(?:会|再|打算)?(?:反悔|后悔|撤回|变卦)"
)
WHICH = "您要算的是哪一种期限？"


class _Entry(DataModel):
    """says: taken out of the text once it was found; with_: all must be in the whole text; without: none may be."""

    says: Ways
    with_: tuple[Ways, ...] = ()
    without: Ways = ()
    means: tuple[Text, ...]
    ask: str = ""


class WordsFile(DataModel):
    """The schema of matter_words.yml."""

    begins: dict[str, Ways]
    surest: dict[str, Ways]
    others: dict[str, Ways]
    parts: dict[Text, Ways]
    idle: tuple[_Entry, ...]
    elsewhere: tuple[_Entry, ...]
    papers: tuple[_Entry, ...]
    decisions: tuple[_Entry, ...]
    claims: tuple[_Entry, ...]
    money: tuple[_Entry, ...]
    trouble: tuple[_Entry, ...]
    vague: tuple[_Entry, ...]

    @model_validator(mode="before")
    @classmethod
    def _with_is_a_name_python_keeps(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        renamed = {
            part: [
                {"with_" if key == "with" else key: value for key, value in entry.items()}
                if isinstance(entry, dict)
                else entry
                for entry in data[part]
            ]
            for part in (*PARTS, ELSEWHERE)
            if isinstance(data.get(part), list)
        }
        return {**data, **renamed}

    @model_validator(mode="after")
    def _patterns_and_names_are_right(self) -> Self:
        NamedWords({}, self.parts).check([*self._ways(), (("parts",), (_LIMIT, _DAY))])
        for part in (*PARTS, ELSEWHERE):
            for place, entry in enumerate(getattr(self, part)):
                if unknown := [name for name in entry.means if name not in MATTERS and name not in ANSWERS]:
                    raise WrongAt(f"matters.yml 里没有 {unknown[0]}", part, place, "means")
        if unknown := [name for name in self.surest if name not in self.begins]:
            raise WrongAt(f"begins 下面没有写 {unknown[0]}", "surest", unknown[0])
        for matter in MATTERS.values():
            if unknown := [name for name in matter.begins if name not in self.begins]:
                raise WrongAt(f"begins 下面没有写 {unknown[0]}", "begins")
        return self

    def _ways(self) -> Iterator[tuple[Place, Ways]]:
        for part, named in (("begins", self.begins), ("surest", self.surest), ("others", self.others)):
            yield from (((part, name), ways) for name, ways in named.items())
        for part in (*PARTS, ELSEWHERE):
            for place, entry in enumerate(getattr(self, part)):
                yield (part, place, "says"), entry.says
                yield from (((part, place, "with", at), ways) for at, ways in enumerate(entry.with_))
                yield (part, place, "without"), entry.without


@dataclass(frozen=True)
class _Rule:
    says: re.Pattern[str]
    with_: tuple[re.Pattern[str], ...]
    without: re.Pattern[str] | None
    means: tuple[str, ...]
    ask: str


@dataclass(frozen=True)
class Found:
    """matters: what the words may mean, likeliest first; ask: the one question that decides, "" where none is open;
    answer: where no day is to be counted; is_vague: only that a time limit is asked for.
    """

    matters: tuple[Matter, ...] = ()
    ask: str = ""
    answer: Answer | None = None
    is_vague: bool = False


_FILE = read(Path(__file__).with_name("matter_words.yml"), WordsFile)
_pattern = NamedWords({}, _FILE.parts).pattern


@cache
def _rules(part: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            _pattern(entry.says),
            tuple(_pattern(ways) for ways in entry.with_),
            _pattern(entry.without) if entry.without else None,
            entry.means,
            entry.ask,
        )
        for entry in getattr(_FILE, part)
    )


@cache
def begins(kinds: tuple[str, ...]) -> re.Pattern[str]:
    """The words that stand by the day from which a time runs, by their kinds (`Matter.begins`)."""
    return _pattern([*_surest(kinds), *(way for kind in kinds for way in _FILE.begins[kind])])


@cache
def begins_by_degree(kinds: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The surest words first (签收, 才知道), then all."""
    sure = _surest(kinds)
    return (*([_pattern(sure)] if sure else []), begins(kinds))


def _surest(kinds: tuple[str, ...]) -> list[str]:
    return [way for kind in kinds for way in _FILE.surest.get(kind, ())]


@cache
def others(kinds: tuple[str, ...]) -> re.Pattern[str]:
    """What may have happened on a day and begins nothing: 盖章, 递的申请; but for what begins this time itself."""
    ours = {kind.partition("_")[0] for kind in kinds}  # effect_alone is an effect
    return _pattern([way for kind, ways in _FILE.others.items() if kind not in ours for way in ways])


def wanted(text: str) -> str:
    """Without the ways that are refused: 复议我不搞."""
    return _NOT_WANTED.sub("", re.sub(r"\s+", "，", text.strip()))


def find(text: str) -> Found:
    """What a resident's words may mean, by the first of PARTS in which something is found."""
    whole = wanted(text)[:READ]
    for part in PARTS:
        hits, rest = [], whole
        for rule in _rules(part):
            if not rule.says.search(rest) or not _fits(rule, whole):
                continue
            rest = rule.says.sub("　", rest)
            hits.append(rule)
        if hits:
            found = replace(_found(hits), is_vague=part == "vague")
            return Found() if found.matters and _asks_something_else(whole) else found
    return Found()


_NAMES_A_LIMIT, _ASKS_FOR_ONE = _pattern([_LIMIT]), _pattern([_LIMIT, _DAY])


def names_a_limit(text: str) -> bool:
    """期限, 时效, 最晚."""
    return bool(_NAMES_A_LIMIT.search(text))


def asks_for_a_limit(text: str) -> bool:
    """Until when, or whether it is too late; at least 哪天."""
    return bool(_ASKS_FOR_ONE.search(text))


def _asks_something_else(whole: str) -> bool:
    """Who pays, whom to ask, how it is written, thanks: no day is to be counted, whatever days the story has."""
    return any(rule.says.search(whole) and _fits(rule, whole) for rule in _rules(ELSEWHERE))


def _fits(rule: _Rule, whole: str) -> bool:
    return all(pattern.search(whole) for pattern in rule.with_) and not (rule.without and rule.without.search(whole))


def _found(hits: list[_Rule]) -> Found:
    """The narrowest of what was heard: 罚款 leaves open what 行政复议 says."""
    narrow = [hit for hit in hits if not any(set(other.means) < set(hit.means) for other in hits)]
    ids = dict.fromkeys(name for hit in narrow for name in hit.means)
    matters = tuple(MATTERS[name] for name in ids if name in MATTERS)
    answers = [ANSWERS[name] for name in ids if name in ANSWERS]
    if not matters:
        return Found(answer=answers[0]) if answers else Found()
    asks = list(dict.fromkeys(hit.ask for hit in narrow if hit.ask))
    if len(matters) == 1 and not answers:
        return Found(matters, asks[0] if asks else "")
    return Found(matters, asks[0] if len(asks) == 1 and len(narrow) == 1 else WHICH)


def find_matter(text: str) -> list[Matter]:
    """Matters that a resident's words may mean, likeliest first; none where nothing is understood."""
    return list(find(text).matters)


def meanings() -> set[str]:
    """All ids that some words lead to."""
    return {name for part in PARTS for rule in _rules(part) for name in rule.means}
