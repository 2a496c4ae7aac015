"""Word scores: Lucene's BM25 over pairs of characters, the same whether texts come at once, in pieces, or later."""

import math
from pathlib import Path

import bm25s
import numpy as np
import pytest

from knowledge.search import lexical

TEXTS = [
    "禁止借婚姻索取财物。",
    "养狗要拴绳，养狗人负责。",
    "婚姻自由",
    "财物归还",
    "第三条 村民办理婚丧事宜，酒席不超过十桌。",
    "狗",
]


def built(folder: Path, texts: list[str], *, piece: int = 100) -> lexical.Postings:
    builder = lexical.Builder(folder)
    for at in range(0, len(texts), piece):
        builder.add(texts[at : at + piece])
    return lexical.read(folder, **builder.finish())


def test_a_pair_that_one_of_three_texts_holds_twice(tmp_path: Path) -> None:
    postings = built(tmp_path, ["甲乙丙甲乙", "丙丁", "丁戊己"])  # 4, 1 and 2 pairs: 7 / 3 on average
    expected = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5)) * 2 / (2 + 1.5 * (0.25 + 0.75 * 4 / (7 / 3)))
    assert postings.scores(lexical.pairs("甲乙"), 3).tolist() == pytest.approx([expected, 0, 0])
    assert postings.scores(lexical.pairs("没有"), 3).tolist() == [0, 0, 0]


def test_scores_are_those_of_bm25s(tmp_path: Path) -> None:
    theirs = bm25s.BM25()
    theirs.index([lexical.character_pairs(t) for t in TEXTS], show_progress=False)
    ours = built(tmp_path, TEXTS)
    for query in ("婚姻财物", "养狗养狗", "狗", "村民办酒席"):
        known = [p for p in lexical.character_pairs(query) if p in theirs.vocab_dict]
        assert ours.scores(lexical.pairs(query), len(TEXTS)) == pytest.approx(theirs.get_scores(known), abs=1e-5)


def test_pieces_and_blocks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(tmp_path / "whole", TEXTS)
    monkeypatch.setattr(lexical, "_BLOCK", 2)
    parts = built(tmp_path / "parts", TEXTS, piece=1)
    for name in ("codes", "start", "rows", "weights"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
    assert not list((tmp_path / "parts").glob("counts")), "what was spilled to disk is gone"


def test_later_texts_score_as_if_they_stood_in_the_collection(tmp_path: Path) -> None:
    postings = built(tmp_path, TEXTS)
    later = postings.of_others(lexical.terms(TEXTS[:3]))
    for query in ("婚姻财物", "养狗"):
        assert later.scores(lexical.pairs(query), 3) == pytest.approx(
            postings.scores(lexical.pairs(query), len(TEXTS))[:3]
        )


def test_holding_all_means_every_pair(tmp_path: Path) -> None:
    postings = built(tmp_path, TEXTS)
    assert postings.holding_all(lexical.pairs("婚姻")).tolist() == [0, 2]
    assert postings.holding_all(np.concatenate([lexical.pairs("婚姻"), lexical.pairs("财物")])).tolist() == [0]
    assert postings.holding_all(lexical.pairs("婚姻狗")).tolist() == []
    assert postings.holding_all(lexical.pairs("")).tolist() == []


def test_no_texts_are_no_failure(tmp_path: Path) -> None:
    assert built(tmp_path, []).scores(lexical.pairs("婚姻"), 0).tolist() == []
    assert built(tmp_path / "blank", ["", "。"]).scores(lexical.pairs("婚姻"), 2).tolist() == [0, 0]
