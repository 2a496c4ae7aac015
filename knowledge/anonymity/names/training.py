"""Learns the table of `names.py`: made-up names put into our own corpus and into frames written for it.

`learned` does it once a machine and corpus (half a minute) and keeps the table. No file of the evaluation is read here,
but some frames were written after seeing what was missed in its sets a to c: those measure no unseen text.
"""

import contextlib
import hashlib
import json
import logging
import os
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from knowledge.anonymity.names import parts
from knowledge.anonymity.names.features import SURNAMES, Table, candidates, features, is_han
from knowledge.anonymity.names.frames import FramesFile, frames

log = logging.getLogger("linli.names")

CORPUS = Path(__file__).parents[2] / "corpus"
_MESSAGES = Path(__file__).parents[2] / "documents" / "topics.yml"
_COUNT_STEPS = (8, 25, 100)  # a pair of characters is rare, known, common from these counts on
_C = 0.4
_PAIRED = 12000
_ASKED, _ASKED_COUNTS, _ASKED_NAMED = "answers", 25.0, 1
_NEAR, _AGAIN = -3.5, 3.0  # words that the first fit nearly takes for names count more in the second
_KEPT = 0.3  # weights nearer to 0 are dropped from the table
_PERSON = re.compile(
    r"[\u4e00-\u9fff]某某?|[老小][\u4e00-\u9fff](?=[说把在的和与跟向被不，。也家])|他(?![们人])|她(?!们)|(?:丈夫"
    r"|妻子|儿子|女儿|邻居|债主|表弟|同学|老板|包工头|店主|村民|调解员|村干部|老人|房东|亲戚|侄子|弟弟|哥哥|大嫂"
    r"|媳妇|前夫|司机|会计)(?![们家])|我(?![们国村县镇家])|对方|有人|别人|男方|女方"
)
_KEEPS_ROLE = re.compile(
    "丈夫|妻子|儿子|女儿|邻居|债主|表弟|同学|老板|包工头|店主|村民|调解员|村干部|老人|房东|亲戚|侄子|弟弟|哥哥|"
    "大嫂|媳妇|前夫|司机|会计|男方|女方"
)


def ordinary_texts() -> list[str]:
    """Lines of the corpus, questions and documents, and of residents' messages, without keys."""
    files = {path.relative_to(CORPUS): path for path in CORPUS.rglob("*.yml") if path.parent.name != _ASKED}
    files.pop(Path("set_aside.yml"), None)  # only ever measured with
    files[Path(_MESSAGES.name)] = _MESSAGES  # in its place by name: made-up names are drawn in the order of the texts
    return _lines(files)


def asked_texts() -> list[str]:
    """Lines of our answers, most of them ways in which people ask: names hardly stand in them, and they are many."""
    return _lines({path.relative_to(CORPUS): path for path in (CORPUS / _ASKED).glob("*.yml")})


def _lines(files: dict[Path, Path]) -> list[str]:
    lines = []
    for _, path in sorted(files.items()):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = re.sub(r"^[\s\-]*(?:[a-z_]+:)?\s*[|>]?", "", line).strip()
            if sum(map(is_han, text)) >= 6 and not line.lstrip().startswith(("#", "- for", "id:", "articles")):
                lines.append(text)
    return lines


def statute_texts() -> list[str]:
    from knowledge.statutes.reading import read_statutes

    return [a.text for v in read_statutes(CORPUS / "statute-corrections.yml") for a in v.articles]


def count_pairs(texts: list[str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for text in texts:
        for run in re.findall("[\u4e00-\u9fff]+", text):
            found.update(run[i : i + 2] for i in range(len(run) - 1))
    return {pair: sum(n >= step for step in _COUNT_STEPS) for pair, n in found.items() if n >= _COUNT_STEPS[0]}


class Namer:
    """Made-up names, as common and as rare as villages have them."""

    def __init__(self, chance: random.Random, rare: str, words: Iterable[str]) -> None:
        self._chance, self._rare = chance, rare
        order = list(
            "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚"
            "卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
        )
        self._common, self._weights = order, [1 / (rank + 6) for rank in range(len(order))]
        self._uncommon = sorted(parts.UNCOMMON)
        self._seldom = sorted(parts.RARE)
        self._compound = sorted(parts.COMPOUND)
        self._words = list(words)
        self._given = [(sorted(parts.VERY_GIVEN), 0.68), (sorted(parts.OFTEN_GIVEN), 0.24), (list(rare), 0.08)]

    def _character(self) -> str:
        pool = self._chance.choices([p for p, _ in self._given], [w for _, w in self._given])[0]
        return self._chance.choice(pool)

    def name(self) -> str:
        sort = self._chance.random()
        if sort < 0.05:
            return self._chance.choice(self._words) + (
                self._chance.choice(self._given[0][0]) if self._chance.random() < 0.5 else ""
            )
        if sort < 0.66:
            surname = self._chance.choices(self._common, self._weights)[0]
        elif sort < 0.94:
            surname = self._chance.choice(self._uncommon)
        elif sort < 0.965:
            surname = self._chance.choice(self._seldom)
        elif sort < 0.99:
            surname = self._chance.choice(self._compound)
        else:
            return (
                self._chance.choices(self._common, self._weights)[0]
                + self._chance.choice(self._common)
                + self._character()
                + self._character()
            )
        given = self._character()
        if self._chance.random() < 0.8:
            given += given if self._chance.random() < 0.03 else self._character()
        return surname + given


Example = tuple[str, set[tuple[int, int]], float]
"""(text, spans of the names in it, how often it counts)"""


def examples(chance: random.Random, texts: list[str], asked: list[str]) -> Iterator[Example]:
    written = frames()
    rare = sorted({c for t in texts for c in t if is_han(c)} - parts.VERY_GIVEN - parts.OFTEN_GIVEN - parts.NEVER_GIVEN)
    # 方便, 高兴: some people bear them
    words = sorted({t[:2] for t in written.ordinary if t[0] in SURNAMES and t[1] not in parts.NEVER_GIVEN})
    namer = Namer(chance, "".join(rare), words)
    for text in texts:
        yield text, set(), 1.0
        yield from _with_names(text, chance, namer)
    for frame in written.frames:
        for _ in range(40):
            yield _filled(frame, namer)
    for _ in range(_PAIRED):
        yield _paired(written, texts, chance, namer)
    for text in written.ordinary:
        yield text, set(), 20.0
    for place, text in enumerate(asked):
        yield text, set(), _ASKED_COUNTS
        if place % _ASKED_NAMED == 0:
            yield from _with_names(text, chance, namer)


def _with_names(text: str, chance: random.Random, namer: Namer) -> Iterator[Example]:
    """A text of our own twice, with names where it speaks of a person."""
    slots = list(_PERSON.finditer(text))
    for _ in range(2 if slots else 0):
        pieces: list[str] = []
        spans: set[tuple[int, int]] = set()
        at = length = 0
        for slot in slots:
            if chance.random() < (0.5 if len(slot.group()) > 1 else 0.25):
                role = slot.group() if _KEEPS_ROLE.fullmatch(slot.group()) and chance.random() < 0.7 else ""
                name = namer.name()
                pieces += [text[at : slot.start()], role, name]
                length += slot.start() - at + len(role)
                spans.add((length, length + len(name)))
                length, at = length + len(name), slot.end()
        if spans:
            yield "".join(pieces) + text[at:], spans, 1.0


def _filled(frame: str, namer: Namer) -> Example:
    """A frame with names for A, B and C."""
    pieces: list[str] = []
    spans: set[tuple[int, int]] = set()
    length = 0
    known: dict[str, str] = {}
    for piece in re.split("([ABC])", frame):
        if piece in ("A", "B", "C"):
            piece = known.setdefault(piece, namer.name())
            spans.add((length, length + len(piece)))
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces), spans, 1.0


def _paired(written: FramesFile, texts: list[str], chance: random.Random, namer: Namer) -> Example:
    """A name between something that stands before and something that stands after one."""
    before, name, after = chance.choice(written.before), namer.name(), chance.choice(written.after)
    before = chance.choice(("", "", chance.choice(texts)[-6:] + "，")) + before
    text = before + name + after + chance.choice(("", "", chance.choice(texts)[:8]))
    return text, {(len(before), len(before) + len(name))}, 1.0


def learn(texts: list[str], statutes: list[str], asked: list[str], *, seed: int = 5) -> Table:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    chance = random.Random(seed)
    counts = count_pairs([*texts, *asked, *statutes, *frames().ordinary])
    counts = {pair: n for pair, n in counts.items() if n == 3 or (n and (pair[0] in SURNAMES or pair[1] in SURNAMES))}
    rows, labels, often = [], [], []
    for text, spans, weight in examples(chance, texts + chance.sample(statutes, 1500), asked):
        for start, end, surname in candidates(text):
            rows.append(dict.fromkeys(features(text, start, end, surname, counts), 1.0))
            labels.append((start, end) in spans)
            often.append(weight)
    vectors = DictVectorizer(dtype=np.float32)
    matrix = vectors.fit_transform(rows)
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    is_name, weights = np.array(labels), np.array(often)
    model = LogisticRegression(C=_C, solver="liblinear", max_iter=300)
    model.fit(matrix, is_name, sample_weight=weights)
    near = model.decision_function(matrix) > _NEAR
    model.fit(matrix, is_name, sample_weight=np.where(near & ~is_name, _AGAIN, 1.0) * weights)
    found = {
        name: round(float(w), 1)
        for name, w in zip(vectors.get_feature_names_out(), model.coef_[0], strict=True)
        if abs(w) >= _KEPT
    }
    found["bias"] = found.get("bias", 0.0) + float(model.intercept_[0])
    return Table(found, counts)


def _learned_before(path: Path) -> Table | None:
    """What was learned before; None where it wasn't, or the file is damaged, which is then put aside."""
    try:
        return Table(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        log.error("%s is damaged, names are learned anew: %s", path, error)
        path.replace(path.with_name(f"{path.name}.damaged"))
        return None


def learned(folder: Path, *, mark: Path | None = None) -> Table:
    """The table for the corpus and the statutes as they are, from `folder` where it was learned before. `mark`: a file
    that is to say which one it is, for `marked`.
    """
    texts, statutes, asked = ordinary_texts(), statute_texts(), asked_texts()
    code = [
        (Path(__file__).parent / name).read_text(encoding="utf-8")
        for name in ("training.py", "features.py", "parts.py", "frames.yml")
    ]
    path = folder / f"names-{hashlib.sha256(repr((texts, statutes, asked, code)).encode()).hexdigest()[:16]}.json"
    table = _learned_before(path)
    if table is None:
        table = learn(texts, statutes, asked)
        folder.mkdir(parents=True, exist_ok=True)
        being_written = path.with_suffix(f".{os.getpid()}")
        being_written.write_text(
            json.dumps({"weights": table.weights, "counts": table.counts}, ensure_ascii=False), encoding="utf-8"
        )
        being_written.replace(path)
    if mark is not None:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(path.name, encoding="utf-8")
    return table


def marked(mark: Path, folder: Path) -> Table:
    """The table that set-up learned, for a process that serves: it reads one file, and learns nothing because a text of
    the corpus was touched since (that takes minutes and 4 GB). Learned only where there is none.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        name = Path(mark.read_text(encoding="utf-8")).name
        if name.startswith("names-") and (kept := _learned_before(folder / name)) is not None:
            return kept
    return learned(folder)
