"""Search by words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge import characters
from knowledge.characters import letters

_K1, _B = 1.5, 0.75
_BLOCK = 20_000  # texts counted at once; with 120 characters each about 200 MB of working memory
_COUNTS = np.dtype([("code", np.uint64), ("row", np.uint32), ("count", np.uint16)])
_FILES = ("codes", "start", "rows", "weights")


def character_pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters, the unit that measured best for BM25 over Chinese statutes (lab.md section
    3).
    """
    kept = letters(text)
    return [kept[i : i + 2] for i in range(len(kept) - 1)] or [kept]


def pairs(text: str) -> np.ndarray:
    """The same as codes, uint64; none for a text without letters."""
    points, paired = characters.codes(text)
    return paired if len(paired) else points


def stand_among(codes: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Which of the codes are held; the held ones ascending and distinct. What `np.isin` tells, in a fifth of its
    time.
    """
    if not len(held):
        return np.zeros(len(codes), bool)
    at = np.minimum(np.searchsorted(held, codes), len(held) - 1)
    return np.asarray(held[at] == codes)


def _counted(texts: Sequence[str], first_row: int) -> tuple[np.ndarray, np.ndarray]:
    """(row, pair, how often) of some texts, by row and pair, and the texts' lengths in pairs."""
    found = [pairs(t) for t in texts]
    lengths = np.array([len(f) for f in found], np.uint32)
    rows = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    keys, counts = np.unique(
        (rows << np.uint64(2 * characters.BITS)) | (np.concatenate(found) if found else np.empty(0, np.uint64)),
        return_counts=True,
    )
    out = np.empty(len(keys), _COUNTS)
    out["code"] = keys & np.uint64((1 << 2 * characters.BITS) - 1)
    out["row"] = (keys >> np.uint64(2 * characters.BITS)) + first_row
    out["count"] = np.minimum(counts, 65_535)
    return out, lengths


@dataclass(frozen=True)
class Postings:
    """For each pair the rows that hold it, and what it adds to their score.

    `codes` (v,) uint64, sorted; `start` (v + 1,) int64 into `rows` int32 and `weights` float32. `texts` and
    `mean_length` are of the whole collection that the weights were reckoned for.
    """

    codes: np.ndarray
    start: np.ndarray
    rows: np.ndarray
    weights: np.ndarray
    texts: int
    mean_length: float

    def _slices(self, codes: np.ndarray) -> list[slice]:
        if not len(self.codes):
            return []
        at = np.searchsorted(self.codes, codes)
        at = at[(at < len(self.codes)) & (self.codes[np.minimum(at, len(self.codes) - 1)] == codes)]
        return [slice(a, b) for a, b in zip(self.start[at].tolist(), self.start[at + 1].tolist(), strict=True)]

    def scores(self, codes: np.ndarray, size: int) -> np.ndarray:
        """BM25 of the rows 0 ... size - 1, float32; a pair that the question repeats counts each time."""
        out = np.zeros(size, np.float32)
        for part in self._slices(codes):
            out[self.rows[part]] += self.weights[part]  # a row stands once among those of a pair
        return out

    def holding_all(self, codes: np.ndarray) -> np.ndarray:
        """Rows that hold every one of the pairs, ascending; none for no pairs."""
        unique = np.unique(codes)
        parts = sorted(self._slices(unique), key=lambda s: s.stop - s.start)
        if not parts or len(parts) < len(unique):
            return np.empty(0, np.int32)
        rows = np.asarray(self.rows[parts[0]])
        for part in parts[1:]:
            rows = rows[np.isin(rows, self.rows[part], assume_unique=True)]
        return np.sort(rows)

    def idf(self, codes: np.ndarray) -> np.ndarray:
        """Of any pairs, also those that this collection lacks."""
        frequency = np.zeros(len(codes))
        if len(self.codes):
            at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
            known = self.codes[at] == codes
            frequency[known] = self.start[at[known] + 1] - self.start[at[known]]
        return _idf(frequency, self.texts)

    def idf_among(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The same over some rows, given as a mask."""
        frequency = np.zeros(len(codes))
        known = np.flatnonzero(stand_among(codes, self.codes))
        for place, part in zip(known.tolist(), self._slices(codes[known]), strict=True):
            frequency[place] = np.count_nonzero(rows[self.rows[part]])
        return _idf(frequency, max(1, int(rows.sum())))

    def of_others(self, texts: "Terms") -> "Postings":
        """Further texts, scored as if they stood in this collection: with its frequencies and its mean length."""
        weights = _saturation(texts.counts, texts.lengths[texts.rows], self.mean_length) * np.repeat(
            self.idf(texts.codes), np.diff(texts.start)
        )
        return Postings(texts.codes, texts.start, texts.rows, weights.astype(np.float32), self.texts, self.mean_length)


@dataclass(frozen=True)
class Terms:
    """Pairs of a few texts, not weighed yet: what a delta keeps."""

    codes: np.ndarray
    start: np.ndarray
    rows: np.ndarray
    counts: np.ndarray
    lengths: np.ndarray


def _idf(frequency: np.ndarray, texts: int) -> np.ndarray:
    return np.log(1 + (texts - frequency + 0.5) / (frequency + 0.5))


def _saturation(counts: np.ndarray, lengths: np.ndarray, mean: float) -> np.ndarray:
    return counts / (counts + _K1 * (1 - _B + _B * lengths / (mean or 1.0)))


def terms(texts: Sequence[str]) -> Terms:
    counted, lengths = _counted(texts, 0)
    counted = counted[np.argsort(counted["code"], kind="stable")]
    codes, frequency = np.unique(counted["code"], return_counts=True)
    return Terms(
        codes,
        np.concatenate([[0], np.cumsum(frequency)]),
        counted["row"].astype(np.int32),
        counted["count"].astype(np.float32),
        lengths,
    )


class Builder:
    """Texts in, postings out as files in `folder`.

    Counts lie on disk meanwhile, so memory doesn't grow with the texts.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._spill = folder / "counts"
        self._blocks: list[int] = []
        self._lengths: list[np.ndarray] = []
        self._codes, self._frequency = np.empty(0, np.uint64), np.empty(0, np.int64)
        self._waiting: list[str] = []
        self._texts = 0

    def add(self, texts: Sequence[str]) -> None:
        self._waiting += texts
        while len(self._waiting) >= _BLOCK:
            self._count(self._waiting[:_BLOCK])
            del self._waiting[:_BLOCK]

    def _count(self, texts: Sequence[str]) -> None:
        counted, lengths = _counted(texts, self._texts)
        with self._spill.open("ab") as out:
            counted.tofile(out)
        self._blocks.append(len(counted))
        self._lengths.append(lengths)
        self._texts += len(texts)
        codes, frequency = np.unique(counted["code"], return_counts=True)
        merged = np.union1d(self._codes, codes)
        total = np.zeros(len(merged), np.int64)
        total[np.searchsorted(merged, self._codes)] = self._frequency
        total[np.searchsorted(merged, codes)] += frequency
        self._codes, self._frequency = merged, total

    def finish(self) -> dict[str, float]:
        """Writes the files; returns what `read` needs beside them."""
        if self._waiting:
            self._count(self._waiting)
        lengths = np.concatenate(self._lengths) if self._lengths else np.empty(0, np.uint32)
        mean = float(lengths.mean()) if len(lengths) else 0.0
        start = np.concatenate([[0], np.cumsum(self._frequency)]).astype(np.int64)
        np.save(self._folder / "codes.npy", self._codes)
        np.save(self._folder / "start.npy", start)
        idf = _idf(self._frequency, self._texts)
        total = max(1, int(start[-1]))  # an empty file can't be mapped
        rows = np.lib.format.open_memmap(self._folder / "rows.npy", "w+", np.int32, (total,))
        weights = np.lib.format.open_memmap(self._folder / "weights.npy", "w+", np.float32, (total,))
        heads = start[:-1].copy()
        done = 0
        for size in self._blocks:
            block = np.fromfile(self._spill, _COUNTS, size, offset=done * _COUNTS.itemsize)
            done += size
            block = block[np.argsort(block["code"], kind="stable")]
            codes, first, counts = np.unique(block["code"], return_index=True, return_counts=True)
            at = np.searchsorted(self._codes, codes)
            target = np.repeat(heads[at] - first, counts) + np.arange(size)
            rows[target] = block["row"]
            weights[target] = _saturation(block["count"], lengths[block["row"]], mean) * np.repeat(idf[at], counts)
            heads[at] += counts
        rows.flush()
        weights.flush()
        self._spill.unlink(missing_ok=True)
        return {"texts": self._texts, "mean_length": mean}


def read(folder: Path, *, texts: int, mean_length: float) -> Postings:
    """Raises OSError or ValueError where a file is missing or cut short."""
    # Mapped all the same; as numpy's memmap each slice would be looked after one by one.
    files = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _FILES}
    return Postings(**files, texts=texts, mean_length=mean_length)
