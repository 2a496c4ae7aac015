"""The exported encoder: PyTorch's vectors, from another process than PyTorch's."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.settings import ROOT, Settings
from knowledge.documents.building import read_question_bank
from knowledge.encoder import exported
from knowledge.encoder.embedding import DIM, LocalEmbedder, SentenceEmbedder, prepare_model
from knowledge.encoder.exported import ExportedEmbedder, load_embedder, prepare_export
from knowledge.encoder.exporting import Unexportable, write

_ODD = [
    "",
    "啊",
    "？",
    "ＡＢＣ１２３ hello\n\t村",
    "😀" * 9,
    "\ufeff 　",
    "Ω≈ç√∫ déjà vu",
    "<s>低保</s>",
    "路被占了。" * 120,
]


def _texts() -> list[str]:
    """A hundred: as people ask, stories, and what nobody should send."""
    asked = [q.text for q in read_question_bank(Settings().corpus)[::30]]
    stories = ["".join(asked[i : i + 12]) for i in range(33)]
    return [*asked[: 100 - 33 - len(_ODD)], *stories, *_ODD]


def _cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray((one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1))


@pytest.fixture(scope="module")
def original() -> SentenceEmbedder:
    return SentenceEmbedder(prepare_model(Settings().cache), learned=Settings().learned)


@pytest.fixture(scope="module")
def ours() -> LocalEmbedder:
    return load_embedder(Settings().cache, learned=Settings().learned)


@pytest.mark.slow
def test_both_give_the_same_vectors(original: SentenceEmbedder, ours: LocalEmbedder) -> None:
    texts = _texts()
    assert isinstance(ours, ExportedEmbedder)
    assert len(texts) == 100
    for side in ("encode_queries", "encode_passages"):
        one, other = getattr(original, side)(texts), getattr(ours, side)(texts)
        assert other.shape == (100, DIM)
        assert other.dtype == np.float32
        assert _cosines(one, other).min() >= 0.9999
        assert np.linalg.norm(other, axis=1) == pytest.approx(1, abs=1e-5)
    apart = _cosines(ours.encode_queries(texts[:9]), ours.encode_passages(texts[:9]))
    assert apart.max() < 0.999, "what was learned is in the query side alone"
    assert (ours.name, ours.query_name) == (original.name, original.query_name), "vectors are kept by these"


@pytest.mark.slow
def test_a_text_has_the_same_vector_alone_and_beside_longer_ones(ours: LocalEmbedder) -> None:
    texts = _texts()[:20]
    together = ours.encode_passages(texts)
    alone = np.concatenate([ours.encode_passages([text]) for text in texts])
    assert _cosines(together, alone).min() > 0.99999
    assert ours.encode_passages([]).shape == (0, DIM)
    assert ours.encode_queries([]).shape == (0, DIM)


def _made_up(folder: Path, *, act: str = "gelu", pooling: str = "mean") -> str:
    """A small model of the user's own, with the words of the bundled one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    bundled = prepare_model(Settings().cache)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(bundled)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=DIM, num_hidden_layers=2, num_attention_heads=6, intermediate_size=64,
        hidden_act=act, pad_token_id=tokenizer.pad_token_id, max_position_embeddings=512,
    )  # fmt: skip
    inner = folder / "inner"
    BertModel(config, add_pooling_layer=False).save_pretrained(inner)
    tokenizer.save_pretrained(inner)
    SentenceTransformer(modules=[Transformer(str(inner)), Pooling(DIM, pooling_mode=pooling)]).save(str(folder / "own"))
    return str(folder / "own")


@pytest.mark.slow
def test_another_model_is_exported_too(tmp_path: Path) -> None:
    model = _made_up(tmp_path, pooling="cls")
    found = load_embedder(tmp_path, model=model)
    assert isinstance(found, ExportedEmbedder)
    texts = _texts()[:30]
    assert _cosines(SentenceEmbedder(model).encode_queries(texts), found.encode_queries(texts)).min() >= 0.9999
    assert _cosines(found.encode_queries(texts[:1]), found.encode_queries(texts[1:2])).max() < 0.9999


@pytest.mark.slow
@pytest.mark.parametrize(("act", "pooling"), [("relu", "mean"), ("gelu", "max")])
def test_what_would_have_other_vectors_is_refused(tmp_path: Path, act: str, pooling: str) -> None:
    with pytest.raises(Unexportable):
        write(_made_up(tmp_path, act=act, pooling=pooling), tmp_path / "written", learned=None)


@pytest.mark.slow
def test_what_cant_be_exported_runs_in_pytorch_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _made_up(tmp_path, act="relu")
    assert isinstance(load_embedder(tmp_path, model=model), SentenceEmbedder)
    monkeypatch.setattr(exported, "_export", lambda *_: pytest.fail("tried again"))
    assert isinstance(load_embedder(tmp_path, model=model), SentenceEmbedder)


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What was exported, for which learned part; in place of the child a few bytes."""
    made: list[Path | None] = []

    def write(model: str, learned: Path | None, folder: Path) -> None:
        made.append(learned)
        folder.mkdir()
        (folder / "about.json").write_text("{}")
        (folder / "query.bin").write_bytes(b"12345")

    monkeypatch.setattr(exported, "_export", write)
    monkeypatch.setattr(exported, "prepare_model", lambda *_, **__: "")
    return made


def _flip(file: Path) -> None:
    file.write_bytes(b"12346")


@pytest.mark.parametrize("spoil", [_flip, Path.unlink])
def test_a_damaged_export_is_written_anew(
    tmp_path: Path, exports: list[Path | None], spoil: Callable[[Path], object]
) -> None:
    folder = prepare_export(tmp_path)
    assert prepare_export(tmp_path) == folder
    assert len(exports) == 1
    assert folder is not None
    spoil(folder / "query.bin")
    assert prepare_export(tmp_path) == folder
    assert len(exports) == 2
    assert (folder / "query.bin").read_bytes() == b"12345"


def test_what_was_learned_anew_is_exported_anew(tmp_path: Path, exports: list[Path | None]) -> None:
    learned = tmp_path / "query.npz"
    learned.write_bytes(b"1")
    first = prepare_export(tmp_path, learned=learned)
    learned.write_bytes(b"2")
    second = prepare_export(tmp_path, learned=learned)
    plain = prepare_export(tmp_path)
    assert len({first, second, plain}) == 3
    assert exports == [learned, learned, None]
    assert first is not None
    assert first.exists(), "another checkout may start with it"
    _age(first, days=31)
    learned.write_bytes(b"3")
    prepare_export(tmp_path, learned=learned)
    assert not first.exists()
    assert second is not None
    assert second.exists()


def _age(folder: Path, *, days: int) -> None:
    then = time.time() - 86_400 * days
    os.utime(folder / "about.json", (then, then))


def test_a_model_that_was_changed_in_its_folder_is_exported_anew(tmp_path: Path, exports: list[Path | None]) -> None:
    model = tmp_path / "own"
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    first = prepare_export(tmp_path, model=str(model))
    assert prepare_export(tmp_path, model=str(model)) == first
    (model / "weights").write_bytes(b"22")
    assert prepare_export(tmp_path, model=str(model)) != first


_ANSWERED = """
import sys
from pathlib import Path
import bot.run.stack, bot.run.worker, bot.cli.running, bot.run.serving  # what runs is made of these
from bot.app import create_app, create_internal_app
from bot.db import make_engine, make_sessions, migrate
from bot.parts import build_parts
from bot.settings import Settings
from knowledge.answering.compose import answer
from knowledge.documents import saving
from knowledge.encoder.cache import VectorCache
from knowledge.exchange import corpus
from knowledge.search import building
from tests.conftest import CORPUS, DAY
from tests.knowledge.search.test_indexing import rule

settings = Settings()
migrate(settings.url)
with make_sessions(make_engine(settings.url))() as session:
    corpus.import_places(session, CORPUS)
    saving.save_document(session, rule("gou", "lijiagou", "养狗要拴绳"), key=None)
    session.commit()
    parts = build_parts(settings)
    create_app(parts), create_internal_app(parts)
    building.build_snapshot(
        session, root=settings.snapshots, embedder=parts.embedder, cache=VectorCache(settings.home / "v.sqlite"),
        today=DAY, core_only=True,
    )
    told = answer(session, parts.searcher, "养狗要拴绳吗", day=DAY, place="lijiagou", intent="ask_village_rule")
    print(type(told).__name__)
    print(sorted({name.split(".")[0] for name in sys.modules} & {"torch", "transformers", "sentence_transformers"}))
"""


@pytest.mark.slow
def test_app_worker_and_supervisor_load_no_pytorch(tmp_path: Path, ours: LocalEmbedder) -> None:
    environ = {**os.environ, "LINLI_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environ.pop("LINLI_DATABASE_URL", None)
    said = subprocess.run([sys.executable, "-c", _ANSWERED], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert said.stdout.splitlines()[-2:] == ["Answer", "[]"], said.stderr[-2000:]
