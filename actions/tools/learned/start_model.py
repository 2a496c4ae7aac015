"""A learned second opinion on which day of a story begins the time: a linear model over the characters around each day.

A day is told where it is sure by this model and by the words of matter_words.yml together, or quite sure by the model
alone; else the day is asked for. It learns from the days that are marked in phrases.jsonl and tales.jsonl.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from actions.calendar import said_days
from actions.calendar.said_days import SaidDay
from actions.tools.learned.examples import Example, phrases, tales
from actions.tools.matters import MATTERS, Matter

_CLAUSE = re.compile(r"[。；;！!？?\n，,、\s—…：:（）()]")
_LEARNING = threading.Lock()  # who asks while it is learned waits, and doesn't learn it again
_NUMBERS = re.compile(r"[0-9０-９]+|[一二三四五六七八九十]{2,}")
_READS_ON = date(2026, 12, 1)  # examples: days that are said by today are told apart by where they stand alone
_FAR = 18
# Chosen by leaving out a sixth of the tales at a time (docs/nlu.md); what is told wrongly counts most.
_SURE, _AHEAD, _BY_WORDS = 0.4, 0.25, 0.4
_AHEAD_OF_SEVERAL = 0.8  # where the words tell more days than one
_BRIEF, _BY_WORDS_IN_BRIEF = 24, 1.0  # 公司9月1号把我辞退了: no tale, and nothing in it for the model to hold on to
_NOWHERE = -9.0  # of a second day, where there is none
_STORY = 1.6  # weight of the whole against what stands around the day
_TALES = 2.0  # weight of a tale against a phrase: tales have more days than one, as what strangers write
_PAPERS = {"got", "his", "his_own", "served", "parcel"}


@dataclass(frozen=True)
class _Place:
    """What stands around one day: its own clause before and after it, and the clauses beyond."""

    kinds: tuple[str, ...]
    led: str
    following: str
    earlier: str
    later: str
    story: str
    first: bool
    last: bool
    only: bool


class StartModel:
    def __init__(self, short: Sequence[Example], long: Sequence[Example]) -> None:
        places, labels, weights = [], [], []
        for example, weight in (*((phrase, 1.0) for phrase in short), *((tale, _TALES) for tale in long)):
            for place, is_start in _seen(example):
                places.append(place)
                labels.append(is_start)
                weights.append(weight)
        self._around = TfidfVectorizer(analyzer=_grams, min_df=2, sublinear_tf=True)
        self._whole = TfidfVectorizer(analyzer=_story, min_df=2, sublinear_tf=True)
        rows = hstack([self._around.fit_transform(places), _STORY * self._whole.fit_transform(places)])
        self._days = LinearSVC(C=1.0, class_weight="balanced", random_state=0).fit(rows, labels, sample_weight=weights)

    def scores(self, text: str, days: Sequence[SaidDay], matter: Matter) -> list[float]:
        """How far each day is the one that begins the time; above 0 it rather is."""
        if not days:
            return []
        places = [_place(text, days, i, matter) for i in range(len(days))]
        rows = hstack([self._around.transform(places), _STORY * self._whole.transform(places)])
        return [float(score) for score in np.ravel(self._days.decision_function(rows))]


def model() -> StartModel:
    with _LEARNING:
        return _learned()


@cache
def _learned() -> StartModel:
    return StartModel(phrases(), tales())


def _seen(example: Example) -> Iterator[tuple[_Place, bool]]:
    """Each day of the example, and whether it is the one that is marked."""
    if (matter := MATTERS.get(example.matter)) is None:
        return
    days = said_days.read(example.told, today=_READS_ON, past=True)
    marked = example.marked
    wanted = {(d.first, d.last) for d in days if marked and d.at < marked[1] and d.end > marked[0]}
    for i, day in enumerate(days):
        yield _place(example.told, days, i, matter), (day.first, day.last) in wanted


def weighed(text: str, days: Sequence[SaidDay], beside: list[SaidDay], matter: Matter, *, today: date) -> list[SaidDay]:
    """The one day of which words and model together are sure, else those that the words tell, if they tell a doubt.

    Empty where the words tell a day and the model doesn't hold it to be the one.
    """
    told = {(day.first, day.last) for day in beside}
    ahead = _AHEAD_OF_SEVERAL if len(told) > 1 else _AHEAD
    by_words = _BY_WORDS_IN_BRIEF if len(text) <= _BRIEF and len(days) == 1 else _BY_WORDS
    scores = model().scores(text, days, matter)
    ranked = sorted(
        (
            (score + (by_words if told == {(day.first, day.last)} else 0), i)
            for i, (score, day) in enumerate(zip(scores, days, strict=True))
            if day.is_exact and _is_past(day, today) and not _is_until(text, day)
        ),
        reverse=True,
    )
    if ranked:
        best, likeliest = ranked[0][0], days[ranked[0][1]]
        second = next((score for score, i in ranked[1:] if days[i].first != likeliest.first), _NOWHERE)
        if best > _SURE and best - second > ahead:
            return [likeliest]
    return beside if len(told) > 1 else []


def _is_past(day: SaidDay, today: date) -> bool:
    return day.first is not None and day.first <= today


def _is_until(text: str, day: SaidDay) -> bool:
    """到今天没收到: until now, and no day of its own."""
    return day.said.startswith("今") and bool(re.search(r"(?:到|至|都)$", text[: day.at]))


def _place(text: str, days: Sequence[SaidDay], i: int, matter: Matter) -> _Place:
    before, after = text[: days[i].at], text[days[i].end :]
    masked_before, masked_after = _masked(text, days[:i], 0, before), _masked(text, days[i + 1 :], days[i].end, after)
    led, following = _CLAUSE.split(masked_before)[-1], _CLAUSE.split(masked_after)[0]
    earlier = masked_before[: len(masked_before) - len(led)][-_FAR:]
    later = masked_after[len(following) :][:_FAR]
    kinds = tuple(sorted({"paper" if kind in _PAPERS else kind for kind in matter.begins}))
    is_last = i == len(days) - 1
    story = f"{masked_before}今{masked_after}"
    return _Place(kinds, led[-_FAR:], following[:_FAR], earlier, later, story, i == 0, is_last, len(days) == 1)


def _masked(text: str, others: Sequence[SaidDay], since: int, part: str) -> str:
    """The part with each other day as one sign, so that it is seen where the next one stands."""
    for other in reversed(others):
        part = f"{part[: other.at - since]}日{part[other.end - since :]}"
    return _NUMBERS.sub("0", part)


def _grams(place: _Place) -> Iterator[str]:
    for sign, part in (("<", f"^{place.led}$"), (">", f"^{place.following}$")):
        for n in (1, 2, 3, 4):
            for at in range(len(part) - n + 1):
                gram = part[at : at + n]
                yield sign + gram
                yield from (f"{kind}{sign}{gram}" for kind in place.kinds)
        edge = part[-4:] if sign == "<" else part[:4]
        yield f"{sign}!{edge}"
    for sign, part in (("«", place.earlier), ("»", place.later)):
        for n in (2, 3):
            yield from (sign + part[at : at + n] for at in range(len(part) - n + 1))
    yield f"first{place.first} last{place.last}"
    yield f"only{place.only}"
    yield from (f"{kind} only{place.only}" for kind in place.kinds)


def _story(place: _Place) -> Iterator[str]:
    """The whole, where it is said that the day isn't known or that nothing came yet."""
    for n in (2, 3, 4):
        yield from (place.story[at : at + n] for at in range(len(place.story) - n + 1))
