"""Within a turn the same words are looked for once."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.encoder.answer_classifier import Chances
from knowledge.search.index import Index
from knowledge.search.live import LiveIndex
from knowledge.search.searcher import Searcher
from tests.conftest import DAY
from tests.fakes import PairEmbedder
from tests.knowledge.search.test_indexing import World, rule


def test_the_same_words_are_looked_for_once_until_the_index_is_another(
    sessions: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    search = Index.search

    def counted(self: Index, query: str, *args: object, **more: object) -> object:
        looked.append(query)
        return search(self, query, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "search", counted)
    with sessions() as session:
        world = World(session, tmp_path)
        world.save(rule("狗", "养狗要拴绳"))
        world.build()
        searcher = Searcher(embedder=PairEmbedder(), live=LiveIndex(world.root))
        first = searcher.search(session, "养狗", day=DAY, place="lijiagou")
        assert searcher.search(session, "养狗", day=DAY, place="lijiagou") == first
        assert looked == ["养狗"]
        searcher.search(session, "养狗", day=DAY, place=None)
        assert looked == ["养狗"] * 2, "elsewhere something else is near"
        for number in range(20):
            searcher.search(session, f"养狗{number}", day=DAY, place="lijiagou")
        searcher.search(session, "养狗", day=DAY, place="lijiagou")
        assert len(looked) == 23, "only the last are kept"
        world.save(rule("路灯", "路灯坏了找村电工养狗"))
        world.build()
        assert len(searcher.search(session, "养狗", day=DAY, place="lijiagou")) == 2
        world.cache.close()


def test_chances_tell_of_one_document_and_of_the_likely_ones() -> None:
    chances = Chances({"a": 0, "b": 1, "c": 2}, ("a", "b", "c"), np.log(np.array([0.7, 0.001, 0.299])))
    assert chances.of("b") == pytest.approx(np.log(0.001))
    assert chances.of("x") is None
    assert chances.likely(-5.0) == pytest.approx({"a": 0.7, "c": 0.299})
