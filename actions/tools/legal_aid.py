"""Who gets legal aid; its words in legal_aid.yml."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read

Likelihood = Literal["likely", "ask", "probably_not"]
VerdictName = Literal[
    "no_means_test",
    "without_income",
    "without_income_comfortable",
    "exempt",
    "poor",
    "unsure",
    "comfortable",
    "victim",
    "victim_exempt",
    "victim_comfortable",
    "criminal_grave",
    "criminal_impaired",
    "criminal_minor",
    "criminal_disabled",
    "criminal_poor",
    "criminal",
    "other",
    "other_comfortable",
]


@dataclass(frozen=True)
class Option:
    id: str
    label_zh: str


@dataclass(frozen=True)
class Question:
    id: str
    text_zh: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Assessment:
    """`articles`: (statute, article); `papers_zh`: what to bring; nothing here is decided."""

    likelihood: Likelihood
    text_zh: str
    articles: tuple[tuple[str, str], ...]
    papers_zh: tuple[str, ...]
    where_zh: str


class UnknownOption(ValueError):
    """No question has this id, or the question has no such option."""


class _Question(DataModel):
    text: Text
    options: dict[str, Text]


class _Verdict(DataModel):
    likelihood: Likelihood
    text: Text
    articles: tuple[Text, ...]


class _Papers(DataModel):
    identity: Text
    evidence: dict[str, Text]
    other_evidence: Text
    proof: dict[str, Text]
    means: Text
    incomplete: Text


class _Where(DataModel):
    criminal: Text
    danger: Text
    others: Text


class _Words(DataModel):
    option: Text
    says: tuple[re.Pattern[str], ...]


class LegalAidFile(DataModel):
    """The schema of legal_aid.yml."""

    law: Text
    questions: dict[Literal["matter", "group", "means"], _Question]
    verdicts: dict[VerdictName, _Verdict]
    decides: Text
    decides_articles: tuple[Text, ...]
    papers: _Papers
    where: _Where
    words: dict[Literal["matter", "group", "means"], tuple[_Words, ...]]
    can_be_denied: frozenset[str]

    @model_validator(mode="after")
    def _nothing_is_missing_or_unknown(self) -> Self:
        if missing := [name for name in get_args(VerdictName) if name not in self.verdicts]:
            raise WrongAt(f"verdicts 下面少了 {'、'.join(missing)}", "verdicts")
        if missing := [name for name in ("matter", "group", "means") if name not in self.questions]:
            raise WrongAt(f"questions 下面少了 {'、'.join(missing)}", "questions")
        if missing := [g for g in self.questions["group"].options if g != "none" and g not in self.papers.proof]:
            raise WrongAt(f"papers 的 proof 下面少了 {'、'.join(missing)}", "papers", "proof")
        for name, rows in self.words.items():
            for place, row in enumerate(rows):
                if row.option not in self.questions[name].options:
                    raise WrongAt(f"{row.option} 不是这个问题的答案", "words", name, place, "option")
        return self


_FILE = read(Path(__file__).with_name("legal_aid.yml"), LegalAidFile)
QUESTIONS: dict[str, Question] = {
    name: Question(name, question.text, tuple(Option(*option) for option in question.options.items()))
    for name, question in _FILE.questions.items()
}
# In order of weight: the first that is meant wins, so violence and wages come before the vaguer words.
_WORDS: dict[str, list[tuple[str, re.Pattern[str]]]] = {
    name: [(row.option, re.compile("|".join(said.pattern for said in row.says))) for row in rows]
    for name, rows in _FILE.words.items()
}

_NO_MEANS_TEST = {"violence", "acquitted", "brave", "martyr"}  # 法律援助法 32
_CRIMINAL = {"criminal", "criminal_grave"}
_WITHOUT_INCOME = {"minor", "elder", "impaired", "disabled"}  # 42 (1)
_EXEMPT = _WITHOUT_INCOME | {"relief", "honoured"}  # 42 (1), (2)
_MIGRANT_EXEMPT = {"wages", "work_injury"}  # 42 (3)
_BY_MEANS: dict[str, VerdictName] = {"poor": "poor", "unsure": "unsure", "comfortable": "comfortable"}


def assess(matter: str, group: str, means: str) -> Assessment:
    """How likely aid is, in plain words. UnknownOption for an answer that its question doesn't offer."""
    for question, answer in zip(("matter", "group", "means"), (matter, group, means), strict=True):
        if answer not in {option.id for option in QUESTIONS[question].options}:
            raise UnknownOption(f"{question}: {answer}")
    verdict = _FILE.verdicts[_judge(matter, group, means)]
    sources = tuple((_FILE.law, a) for a in dict.fromkeys((*verdict.articles, *_FILE.decides_articles)))
    papers = _papers(matter, group, verdict.articles)
    return Assessment(verdict.likelihood, f"{verdict.text}{_FILE.decides}", sources, papers, _where(matter))


def _judge(matter: str, group: str, means: str) -> VerdictName:
    if matter == "criminal_grave":  # 25 (4)-(6): notified, whoever it is
        return "criminal_grave"
    if matter == "criminal":
        return _judge_criminal(group, means)
    if matter == "victim":
        return _judge_victim(group, means)
    if matter in _NO_MEANS_TEST:
        return "no_means_test"
    if matter == "other":
        return "other_comfortable" if means == "comfortable" and group in {"none", "migrant"} else "other"
    if group in _WITHOUT_INCOME:
        return "without_income_comfortable" if means == "comfortable" else "without_income"
    if group in _EXEMPT or (group == "migrant" and matter in _MIGRANT_EXEMPT):
        return "exempt"
    return _BY_MEANS[means]


def _judge_victim(group: str, means: str) -> VerdictName:
    """By 法律援助法 29, with the exemptions of 42."""
    if group in _EXEMPT:
        return "victim_exempt"
    return "victim_comfortable" if means == "comfortable" else "victim"


def _judge_criminal(group: str, means: str) -> VerdictName:
    """By 法律援助法 24, 25 (1)-(3), 28."""
    if group == "minor":
        return "criminal_minor"
    if group == "impaired":
        return "criminal_impaired"
    if group == "disabled":
        return "criminal_disabled"
    return "criminal_poor" if means == "poor" or group in _EXEMPT else "criminal"


def _papers(matter: str, group: str, articles: tuple[str, ...]) -> tuple[str, ...]:
    words = _FILE.papers
    papers = [words.identity, words.evidence.get(matter, words.other_evidence)]
    if "第四十二条" in articles or (matter in {"other", *_CRIMINAL} and group in _EXEMPT):
        papers.append(words.proof[group])
    elif matter not in {*_NO_MEANS_TEST, "criminal_grave"}:
        papers.append(words.means)
    papers.append(words.incomplete)
    return tuple(papers)


def _where(matter: str) -> str:
    """By 法律援助法 12, 13, 38 and, for somebody in custody, 39-40."""
    if matter in _CRIMINAL:
        return _FILE.where.criminal
    danger = _FILE.where.danger if matter == "violence" else ""
    return f"{danger}{_FILE.where.others}"


_NOT = re.compile(r"(不是|不算|不属于|没有?|没办|没吃|没领|没评|无|非)(什么|啥|过|上)?$")
_DIGITS = "一二三四五六七八九"


def read_option(question_id: str, text: str) -> str | None:
    """The option that a resident's words mean: its number, label or everyday words; None where it isn't clear."""
    question = QUESTIONS.get(question_id)
    if question is None:
        raise UnknownOption(question_id)
    said = _plain(text)[:200]
    for option in question.options:
        if said in (option.id, _plain(option.label_zh)):
            return option.id
    number = re.fullmatch(r"(?:选|第)?(\d{1,2}|十?[一二三四五六七八九]|十)(?:个|项|种|条|号)?", said)
    if number:
        place = _number(number.group(1))
        return question.options[place - 1].id if 1 <= place <= len(question.options) else None
    for option_id, pattern in _WORDS[question_id]:
        if any(_is_meant(option_id, said, match) for match in pattern.finditer(said)):
            return option_id
    return _by_age(said) if question_id == "group" else None


def _plain(text: str) -> str:
    return re.sub(r"[\s，。！？、（）,.!?；;()]+", " ", text).strip()


def _by_age(said: str) -> str | None:
    """Under 18 a minor (民法典 17), from 60 elderly (老年人权益保障法 2)."""
    age = re.search(rf"(\d{{1,3}}|[{_DIGITS}十]{{1,3}})[多来几]?岁", said)
    years = _number(age.group(1)) if age else 18
    return "minor" if years < 18 else "elder" if years >= 60 else None


def _number(words: str) -> int:
    """3, 三, 十五, 六十五 as a number; 七八 is one or the other, not 78."""
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    return (10 * (_DIGITS.find(tens[-1:] or "一") + 1) if ten else 0) + (_DIGITS.find(ones[-1:]) + 1 if ones else 0)


def _is_meant(option_id: str, said: str, match: re.Match[str]) -> bool:
    """没有残疾 isn't disabled; but 没有低保 may well be about getting it, and 没钱 or 都不是 hold their negation
    themselves.
    """
    return option_id not in _FILE.can_be_denied or not _NOT.search(said[: match.start()])
