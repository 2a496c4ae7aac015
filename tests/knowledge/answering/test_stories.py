"""A told story is answered alone only where we are surer than of a question."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.answering import compose
from knowledge.answering.told import Abstention, Answer
from knowledge.documents.models import Kind
from knowledge.search.passages import Passage

DAY = date(2026, 12, 1)
QUESTION = "安置房卖给外甥，现在涨价想反悔行不行"
STORY = "我把一套安置房卖给了外甥，收了十八万，现在证下来涨到三十万，老婆说不卖了要退钱，外甥一家已经搬进去住了一年多"


def passage(title: str, score: float, raw: float) -> Passage:
    held = {"answer": f"{title}这样办。"}
    return Passage(1, title, Kind.answer, title, None, None, title, None, "nation", DAY, None, None, score, raw, held)


class Finds:
    """A searcher with two answers of ours, near each other."""

    def __init__(self, score: float) -> None:
        self.found = [passage("买家", score, 0.4), passage("卖家", 0.1, 0.38)]

    def search(self, *_: object, **__: object) -> list[Passage]:
        return self.found


@pytest.mark.parametrize(
    ("words", "score", "is_told"), [(QUESTION, 0.7, True), (STORY, 0.7, False), (STORY, 0.85, True)]
)
def test_a_story_needs_more(monkeypatch: pytest.MonkeyPatch, words: str, score: float, is_told: bool) -> None:
    searcher: Any = Finds(score)
    session: Any = None
    monkeypatch.setattr(compose, "named_wrongly", lambda *_, **__: None)
    monkeypatch.setattr(compose, "sound", lambda _, passages, **__: passages)
    monkeypatch.setattr(compose, "_told", lambda *_: Answer("买家这样办。", None, (), score))
    found = compose.answer(session, searcher, words, day=DAY, place=None)
    assert isinstance(found, Answer if is_told else Abstention)
    if isinstance(found, Abstention):
        assert [one.title for one in found.near] == ["买家", "卖家"], "to be chosen from, with what holds for each"


@pytest.mark.parametrize(("score", "is_told"), [(0.4, True), (0.12, False)])
def test_a_neighbour_that_stands_alone_is_told_only_where_it_is_likely(
    monkeypatch: pytest.MonkeyPatch, score: float, is_told: bool
) -> None:
    searcher: Any = Finds(score)
    searcher.found = [passage("赌场", score, 0.28), passage("砍树", 0.0, 0.1)]
    session: Any = None
    monkeypatch.setattr(compose, "named_wrongly", lambda *_, **__: None)
    monkeypatch.setattr(compose, "sound", lambda _, passages, **__: passages)
    monkeypatch.setattr(compose, "_told", lambda *_: Answer("举报打 110。", None, (), score))
    found = compose.answer(session, searcher, "后山搭帐篷要跟谁打招呼", day=DAY, place=None)
    assert isinstance(found, Answer if is_told else Abstention)


def _of(kind: Kind, title: str, score: float, raw: float, text: str = "") -> Passage:
    return replace(passage(title, score, raw), kind=kind, text=text or title, ref="第十条")


@pytest.mark.parametrize(
    ("best", "answers", "told"),
    [
        (_of(Kind.regulation, "工伤保险条例", 0.56, 0.36), [passage("工伤认定多久之内", 0.3, 0.34)], "choices"),
        (_of(Kind.regulation, "工伤保险条例", 0.85, 0.36), [passage("工伤认定多久之内", 0.3, 0.34)], "rule"),
        (_of(Kind.regulation, "工伤保险条例", 0.56, 0.36), [], "rule"),
        (_of(Kind.regulation, "工伤保险条例", 0.56, 0.4), [passage("离得远的", 0.1, 0.29)], "rule"),
        (_of(Kind.statute, "劳动合同法", 0.63, 0.33, "本法适用于……终止劳动合同，适用本法。"), [], "nothing"),
    ],
)
def test_what_our_answers_say_goes_before_a_bare_line_of_a_rule(
    monkeypatch: pytest.MonkeyPatch, best: Passage, answers: list[Passage], told: str
) -> None:
    """工伤是不是有个时间限制的 was told the 48 hours of who dies at work, and a question of wages for whom a law is."""
    searcher: Any = Finds(0.5)
    # the answers lie beyond the articles, and are found only where they are asked for
    monkeypatch.setattr(searcher, "search", lambda *_, kinds=None, **__: answers if kinds else [best])
    session: Any = None
    monkeypatch.setattr(compose, "named_wrongly", lambda *_, **__: None)
    monkeypatch.setattr(compose, "sound", lambda _, passages, **__: passages)
    monkeypatch.setattr(compose, "_told", lambda *_: Answer("四十八小时。", None, (), best.score))
    found = compose.answer(session, searcher, "工伤是不是有个时间限制的", day=DAY, place=None)
    said = "rule" if isinstance(found, Answer) else "choices" if found.near else "nothing"
    assert said == told


@pytest.mark.parametrize(
    ("words", "is_offered"), [("微耕机坏了商家不理", False), ("网上买了台微耕机，用了两回齿轮就打滑，商家不理", True)]
)
def test_who_tells_a_trouble_is_offered_what_lies_farther(
    monkeypatch: pytest.MonkeyPatch, words: str, is_offered: bool
) -> None:
    searcher: Any = Finds(0.27)
    searcher.found = [passage("买的收割机老坏", 0.27, 0.26), passage("买到假货", 0.12, 0.245)]
    session: Any = None
    monkeypatch.setattr(compose, "named_wrongly", lambda *_, **__: None)
    monkeypatch.setattr(compose, "sound", lambda _, passages, **__: passages)
    found = compose.answer(session, searcher, words, day=DAY, place=None)
    assert isinstance(found, Abstention)
    assert bool(found.near) is is_offered
