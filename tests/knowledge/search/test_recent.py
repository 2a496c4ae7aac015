"""Within a turn the same words are looked for once."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents.models import Document
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


def test_what_is_remembered_of_a_chunk_decides_nothing_once_it_is_otherwise(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    """The rule for 养狗 is kept as the village's own; then it is the next village's, and then ours again."""
    with sessions() as session:
        world = World(session, tmp_path)
        for number in range(60):
            world.save(rule(f"狗{number}", f"养狗要拴绳，第{number}条"))
        world.build()
        live = LiveIndex(world.root)
        searcher = Searcher(embedder=PairEmbedder(), live=live)

        def shown(of: Searcher) -> list[tuple[str, float]]:
            found = of.search(session, "养狗要拴绳第3条", day=DAY, place="lijiagou", k=5)
            return [(p.document_id, p.raw) for p in found]

        whole = searcher.explain(session, "养狗要拴绳第3条", day=DAY, place="lijiagou", k=5)
        first = shown(searcher)
        assert len(first) == 5
        assert [one for one, _ in first] == [e.document_id for e in whole if e.is_shown]
        moved = session.get_one(Document, first[0][0])
        for place in ("shiqiao", "lijiagou"):
            moved.place_id = place
            session.flush()
            again = shown(searcher)
            assert again == shown(Searcher(embedder=PairEmbedder(), live=live))
            assert (moved.id in [one for one, _ in again]) is (place == "lijiagou")
        world.cache.close()
