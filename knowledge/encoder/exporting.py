"""A sentence-transformers model written for ONNX Runtime, once, in a process of its own, which loads PyTorch and ends:

    python -m knowledge.encoder.exporting MODEL FOLDER [LEARNED]

The words' vectors lie beside the graphs, not in them: they are mapped, both sides share them, and of 100,000 pieces
only those that people use come to be in memory. The graph is BERT's as ONNX Runtime has it (its operators `Attention`
and `SkipLayerNormalization`), written by hand: tracing PyTorch gave one that held a batch of one length only.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.encoder.embedding import DIM, MAX_TOKENS, SentenceEmbedder, encoder_of
from knowledge.encoder.exported import REFUSED, About, ExportedEmbedder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Of models that PyTorch and we would encode alike; what differs more than by rounding isn't the same model.
_ALIKE = 0.9999
_TRIED = (
    "彩礼能要回来吗",
    "老板欠了三个月工资，把我拉黑了，我手里只有微信聊天记录，能不能去告他",
    "ＡＢＣ１２３ hello，村里2019年签的合同",
    "邻居砌墙占了我家的路。" * 40,
)
_KINDS = {"bert": 0, "xlm-roberta": 1, "roberta": 1}  # model type -> whether positions follow the padding id
_POOLINGS = ("mean", "cls")
_OF_THE_RUNTIME = "com.microsoft"


class Unexportable(Exception):
    """The message says what about the model."""


def write(model: str, folder: Path, *, learned: Path | None) -> None:
    """Raises Unexportable where ONNX Runtime wouldn't give the same vectors."""
    original = SentenceEmbedder(model, learned=learned)
    query, passage = original.sides
    told = _about(query, original)
    folder.mkdir(parents=True, exist_ok=True)
    query.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    _write_words(encoder_of(query), folder)
    sides = {"query": query} if passage is query else {"query": query, "passage": passage}
    for name, side in sides.items():
        _Graph(encoder_of(side)).save(folder / f"{name}.onnx")
    if original.adapter is not None:
        np.save(folder / "adapter.npy", original.adapter)
    told.save(folder)
    _compare(original, ExportedEmbedder(folder))


def _about(model: "SentenceTransformer", original: SentenceEmbedder) -> About:
    config, pooling = encoder_of(model).config, getattr(model[1], "pooling_mode", None)
    if config.model_type not in _KINDS or config.hidden_act != "gelu" or config.hidden_size != DIM:
        raise Unexportable(f"of type {config.model_type}, {config.hidden_act}, {config.hidden_size} numbers a vector")
    if pooling not in _POOLINGS:
        raise Unexportable(f"pooled by {pooling}")
    return About(original.name, original.query_name, str(pooling), MAX_TOKENS)


def _write_words(encoder: Any, folder: Path) -> None:
    """As float16 where nothing is lost by it, as with the bundled weights."""
    held = encoder.embeddings
    words = held.word_embeddings.weight.detach().numpy()
    half = words.astype(np.float16)
    np.save(folder / "words.npy", half if np.array_equal(half.astype(np.float32), words) else words)
    first = encoder.config.pad_token_id + 1 if _KINDS[encoder.config.model_type] else 0
    places = held.position_embeddings.weight[first : first + MAX_TOKENS] + held.token_type_embeddings.weight[0]
    np.save(folder / "places.npy", places.detach().numpy())


def _compare(original: SentenceEmbedder, exported: ExportedEmbedder) -> None:
    for ours, theirs in (
        (exported.encode_queries(_TRIED), original.encode_queries(_TRIED)),
        (exported.encode_passages(_TRIED), original.encode_passages(_TRIED)),
    ):
        if (least := float((ours * theirs).sum(1).min())) < _ALIKE:
            raise Unexportable(f"its vectors differ: cosine {least:.4f}")


class _Graph:
    """`words` (n, t, 384) float32, `mask` (n, t) int32 -> `hidden` (n, t, 384)."""

    def __init__(self, encoder: Any) -> None:
        self._config = encoder.config
        self._weights: Mapping[str, np.ndarray] = {k: v.detach().numpy() for k, v in encoder.state_dict().items()}
        self._nodes: list[Any] = []
        self._held: list[Any] = []

    def save(self, path: Path) -> None:
        """The weights beside the graph: ONNX Runtime maps them, and holds only its own arrangement of them."""
        from onnx import TensorProto, helper, save_model

        at = self._normalised("words", "embeddings.LayerNorm")
        for number in range(self._config.num_hidden_layers):
            at = self._layer(at, f"encoder.layer.{number}")
        self._add("Identity", [at], "hidden", domain="")
        shape: list[str | int | None] = ["n", "t", DIM]
        takes = [
            helper.make_tensor_value_info("words", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["n", "t"]),
        ]
        gives = [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self._nodes, "encoder", takes, gives, self._held)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_OF_THE_RUNTIME, 1)]
        made = helper.make_model(graph, opset_imports=versions, ir_version=8)
        save_model(made, path, save_as_external_data=True, location=f"{path.stem}.bin")

    def _layer(self, at: str, name: str) -> str:
        own = f"{name}.attention.self"
        parts = [self._weights[f"{own}.{part}.weight"].T for part in ("query", "key", "value")]
        biases = [self._weights[f"{own}.{part}.bias"] for part in ("query", "key", "value")]
        weights, bias = self._hold(f"{own}.w", np.hstack(parts)), self._hold(f"{own}.b", np.hstack(biases))
        heads = self._config.num_attention_heads
        told = self._add("Attention", [at, weights, bias, "mask"], f"{own}.out", num_heads=heads)
        told = self._times(told, f"{name}.attention.output.dense")
        at = self._joined(told, at, f"{name}.attention.output")
        wide = self._times(at, f"{name}.intermediate.dense")
        bias = self._hold(f"{name}.intermediate.b", self._weights[f"{name}.intermediate.dense.bias"])
        wide = self._add("BiasGelu", [wide, bias], f"{name}.gelu")
        return self._joined(self._times(wide, f"{name}.output.dense"), at, f"{name}.output")

    def _times(self, at: str, name: str) -> str:
        weights = self._hold(f"{name}.w", self._weights[f"{name}.weight"].T)
        return self._add("MatMul", [at, weights], f"{name}.out", domain="")

    def _normalised(self, at: str, name: str) -> str:
        weights = [self._hold(f"{name}.{part}", self._weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return self._add("LayerNormalization", [at, *weights], f"{name}.out", domain="", **self._epsilon)

    def _joined(self, told: str, at: str, name: str) -> str:
        """What the layer added, with its bias, to what came in; normalised."""
        parts = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
        weights = [self._hold(f"{name}.{part}.j", self._weights[f"{name}.{part}"]) for part in parts]
        return self._add("SkipLayerNormalization", [told, at, *weights], f"{name}.out", **self._epsilon)

    @property
    def _epsilon(self) -> dict[str, Any]:
        return {"epsilon": self._config.layer_norm_eps}

    def _hold(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        self._held.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return name

    def _add(self, kind: str, takes: list[str], gives: str, *, domain: str = _OF_THE_RUNTIME, **more: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, takes, [gives], domain=domain, **more))
        return gives


def main(arguments: list[str]) -> int:
    model, folder, *learned = arguments
    try:
        write(model, Path(folder), learned=Path(learned[0]) if learned else None)
    except Unexportable as error:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)
        (Path(folder) / REFUSED).write_text(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
