"""Vectors on a Milvus server, where several machines search what one of them built; nothing else of ours knows it.

A snapshot has two collections, named by its id, which nobody changes any more once they are written: the swap is the
one of snapshots, and each process goes on searching the one whose rows it has loaded.
"""

import importlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np

from knowledge.errors import VectorsAway
from knowledge.search.segments import DIM
from knowledge.search.vectors.base import Among, Part

log = logging.getLogger("linli.index")
T = TypeVar("T")

SCHEME = "milvus+"
EXACT_UP_TO = 50_000  # as with FAISS: searched whole, so nothing near is missed
_PROBES = 256  # of 4 x sqrt(n) cells a segment
_EXACT_AMONG = 100_000  # of the rows asked for: all cells are looked through
_MOST_ROWS = 10_000  # named in one expression; Milvus gives back 16,384 at most
_BLOCK = 5_000  # rows of 1.5 kB in one call; a server takes 64 MB
_ANSWERS_WITHIN_S = 3.0  # of a search, which takes milliseconds; people wait for it
_BUILDS_WITHIN_S = 1_800.0
_AGAIN_AFTER_S = 5.0  # what was away is asked once more by one search; the others go on without
_LIST = 50  # characters of a place's or a kind's id: U40 in rows.npz
_GONE = 100  # Milvus' code of a collection that isn't there: a snapshot was swapped in the middle of a search


class _Server:
    """One connection for all threads, made when it is first needed, left alone for a while after it failed."""

    def __init__(self, address: str) -> None:
        """Raises ModuleNotFoundError: the package is installed only where the setting asks for it."""
        self.pymilvus: Any = importlib.import_module("pymilvus")
        at = urlsplit(address.removeprefix(SCHEME))
        self.shown = f"{at.hostname}:{at.port or 19530}"
        self._uri = f"{at.scheme}://{self.shown}"
        self._token, self._database = f"{at.username}:{at.password}" if at.username else "", at.path.strip("/")
        self._client: Any = None
        self._not_before = 0.0
        self._lock = threading.Lock()
        self.is_away = False
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # stack traces of what is told in one sentence here

    def __call__(self, ask: Callable[[Any], T], *, insists: bool = False) -> T:
        """`insists`: asked although it failed a moment ago. Raises VectorsAway."""
        if self.is_away and not insists and not self._is_turn():
            raise VectorsAway(self.shown)
        try:
            found = ask(self._connected())
        except (self.pymilvus.MilvusException, OSError) as error:
            if getattr(error, "code", None) != _GONE:
                self._failed(error)
            raise VectorsAway(self.shown) from error
        if self.is_away:
            log.warning("Milvus at %s answers again", self.shown)
        self.is_away = False
        return found

    def _is_turn(self) -> bool:
        with self._lock:
            if time.monotonic() < self._not_before:
                return False
            self._not_before = time.monotonic() + _AGAIN_AFTER_S
            return True

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self.pymilvus.MilvusClient(
                    self._uri, token=self._token, db_name=self._database or "default", timeout=_ANSWERS_WITHIN_S
                )
            return self._client

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._not_before = time.monotonic() + _AGAIN_AFTER_S
        if not self.is_away:
            log.error("Milvus at %s doesn't answer: %s", self.shown, type(error).__name__)
        self.is_away = True


class Milvus:
    name = "milvus"

    def __init__(self, address: str, root: Path) -> None:
        """`address`: milvus+http://user:password@host:19530/database; `root`: the folder of the snapshots."""
        self._server, self._root = _Server(address), root

    @property
    def is_away(self) -> bool:
        return self._server.is_away

    def look(self) -> None:
        self._server(lambda client: client.list_collections(timeout=_ANSWERS_WITHIN_S), insists=True)

    def write(self, part: Part, vectors: np.ndarray, *, held: np.ndarray, places: Iterable[Collection[str]]) -> None:
        if part.count:
            self._server(lambda client: self._write(client, part, vectors, held, list(places)), insists=True)

    def _write(
        self, client: Any, part: Part, vectors: np.ndarray, held: np.ndarray, places: Sequence[Collection[str]]
    ) -> None:
        name, types = self._collection(part), self._server.pymilvus.DataType
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", types.INT64, is_primary=True)
        schema.add_field("vector", types.FLOAT_VECTOR, dim=DIM)
        most = max((len(some) for some in places), default=1)
        listed = {"element_type": types.VARCHAR, "max_length": _LIST * 4, "max_capacity": max(1, most)}
        schema.add_field("places", types.ARRAY, **listed)
        client.create_collection(name, schema=schema, timeout=_BUILDS_WITHIN_S)
        for at in range(0, len(vectors), _BLOCK):
            some = vectors[at : at + _BLOCK].astype(np.float32)
            rows = [
                {"row": at + i, "vector": some[i], "places": list(places[at + i])}
                for i in np.flatnonzero(held[at : at + _BLOCK]).tolist()
            ]
            if rows:
                client.insert(name, rows, timeout=_BUILDS_WITHIN_S)
        client.flush(name, timeout=_BUILDS_WITHIN_S)
        kinds = client.prepare_index_params()
        cells = _cells(part.count)
        kind, made = ("IVF_FLAT", {"nlist": cells}) if cells else ("FLAT", {})
        kinds.add_index("vector", index_type=kind, metric_type="IP", params=made)
        client.create_index(name, kinds, timeout=_BUILDS_WITHIN_S)
        client.load_collection(name, timeout=_BUILDS_WITHIN_S)

    def read(self, part: Part) -> "MilvusVectors":
        return MilvusVectors(self._server, self._collection(part), part.count)

    def trouble(self, part: Part) -> str | None:
        """A server that was set up anew holds nothing; one that was told to let go of a collection is told to load
        it.
        """
        if not part.count:
            return None
        name = self._collection(part)

        def look(client: Any) -> str | None:
            if not client.has_collection(name, timeout=_ANSWERS_WITHIN_S):
                return f"Milvus doesn't hold {name}"
            if client.get_load_state(name, timeout=_ANSWERS_WITHIN_S)["state"].name != "Loaded":
                client.load_collection(name, timeout=_BUILDS_WITHIN_S)
            counted = {"output_fields": ["count(*)"], "consistency_level": "Strong", "timeout": _BUILDS_WITHIN_S}
            found = int(client.query(name, filter="", **counted)[0]["count(*)"])
            return None if found == part.count else f"Milvus holds {found} of {part.count} rows of {name}"

        return self._server(look, insists=True)

    def keep(self, snapshots: Collection[str]) -> None:
        kept = {self._of_snapshot(one) for one in snapshots}

        def drop(client: Any) -> None:
            for name in client.list_collections(timeout=_ANSWERS_WITHIN_S):
                if name.startswith(self._ours) and name.rpartition("_")[0] not in kept:
                    client.drop_collection(name, timeout=_BUILDS_WITHIN_S)

        self._server(drop, insists=True)

    @property
    def _ours(self) -> str:
        """Several homes may share a server: each has a key of its own."""
        file = self._root / ".milvus"
        if not file.exists():
            self._root.mkdir(parents=True, exist_ok=True)
            file.write_text(secrets.token_hex(6))
        return f"linli_{file.read_text().strip()}_"

    def _of_snapshot(self, snapshot: str) -> str:
        return self._ours + snapshot.replace("-", "_")

    def _collection(self, part: Part) -> str:
        return f"{self._of_snapshot(part.snapshot)}_{part.name}"


class MilvusVectors:
    def __init__(self, server: _Server, collection: str, count: int) -> None:
        self._server, self._collection, self._count = server, collection, count
        self._cells = _cells(count)

    def near(self, vector: np.ndarray, width: int, among: Among | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Filtered by places, on the server."""
        count = self._count if among is None else int(among.rows.sum())
        if not count or not self._count:
            return np.empty(0, np.float32), np.empty(0, np.int64)
        filtered = f"ARRAY_CONTAINS_ANY(places, {json.dumps(sorted(among.places))})" if among else ""
        return self._search(vector, min(width, count), filtered, is_whole=among is not None and count <= _EXACT_AMONG)

    def cosines(self, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
        out = np.zeros(len(rows), np.float32)
        for at in range(0, len(rows), _MOST_ROWS):
            some = rows[at : at + _MOST_ROWS]
            scores, found = self._search(vector, len(some), f"row in {some.tolist()}", is_whole=True)
            order = np.argsort(some)
            out[at + order[np.searchsorted(some[order], found)]] = scores
        return out

    def _search(
        self, vector: np.ndarray, limit: int, filtered: str, *, is_whole: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """`is_whole`: every cell is looked through."""
        probes = {"nprobe": self._cells if is_whole else min(_PROBES, self._cells)} if self._cells else {}
        found = self._server(
            lambda client: client.search(
                self._collection,
                [vector],
                filter=filtered,
                limit=limit,
                search_params={"metric_type": "IP", "params": probes},
                consistency_level="Eventually",  # nothing is written any more
                timeout=_ANSWERS_WITHIN_S,
            )
        )[0]
        rows = np.array(found.ids, np.int64)
        return np.array(found.distances, np.float32), rows


def _cells(count: int) -> int:
    """0: searched whole."""
    return 0 if count <= EXACT_UP_TO else int(4 * np.sqrt(count))
