"""The knowledge base at scale: building, searching, listing and publishing over made-up documents, in a database of
their own.

    python -m benchmarks.curation [--chunks 10000 100000 300000 1000000] [--keep FOLDER]

100,000 documents are 300,000 chunks. Each size runs in processes of its own, so that memory can be told apart.
Documents and vectors are made up (`benchmarks/made_up.py`), questions are those of our bank, encoded by the real model.
Recall is against exact search over the same vectors. Ends with one line of JSON.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from sqlalchemy.orm import Session

from benchmarks.made_up import MadeUpEmbedder, fill, now
from bot.db import make_engine, make_sessions, migrate
from bot.settings import Settings
from knowledge.clock import today
from knowledge.documents import saving
from knowledge.documents.building import DocumentText, read_question_bank
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Kind, VersionStatus
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import LocalEmbedder
from knowledge.encoder.exported import load_embedder
from knowledge.normalise import normalise
from knowledge.search import building as index_building
from knowledge.search import index, snapshot
from knowledge.search import snapshot as search_snapshot
from knowledge.search.catalogue import list_documents
from knowledge.search.searcher import Searcher

_QUESTIONS = 200
_DAY = date(2026, 11, 24)


def percentiles(call: Callable[[Any], object], given: Sequence[Any]) -> tuple[float, float, float]:
    """p50 and p95 in ms, and the p95 of the CPU time, which a busy machine changes less.

    Each argument once after one call to warm up.
    """
    call(given[0])
    times, cpu = [], []
    for some in given:
        started, used = time.perf_counter(), time.process_time()
        call(some)
        times.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - used))
    return (
        round(statistics.median(times), 1),
        round(statistics.quantiles(times, n=20)[-1], 1),
        round(statistics.quantiles(cpu, n=20)[-1], 1),
    )


def memory_mb(field: str = "Rss", of: str = "smaps_rollup") -> int:
    return (
        next(
            int(line.split()[1])
            for line in Path(f"/proc/self/{of}").read_text().splitlines()
            if line.startswith(field + ":")
        )
        // 1024
    )


def private_mb() -> int:
    """What this process alone holds; mapped files are shared, and the kernel takes them back when it must."""
    return memory_mb("RssAnon", "status")


def sessions_of(folder: Path) -> Callable[[], Session]:
    return make_sessions(make_engine(f"sqlite:///{folder / 'made-up.sqlite'}"))


def build(settings: Settings, folder: Path, chunks: int) -> dict[str, object]:
    migrate(f"sqlite:///{folder / 'made-up.sqlite'}")
    started = time.perf_counter()
    with sessions_of(folder)() as session:
        fill(session, max(1, chunks // 3), corrections=settings.corpus / "statute-corrections.yml", now=now())
    filled = time.perf_counter() - started
    model = load_embedder(settings.cache, model=settings.model, learned=settings.learned).name
    embedder = MadeUpEmbedder(settings.cache / "vectors.sqlite", model=model)
    cache, before, started = VectorCache(folder / "vectors.sqlite"), memory_mb(), time.perf_counter()
    with sessions_of(folder)() as session:
        snapshot = index_building.build_snapshot(
            session, root=folder / "snapshots", embedder=embedder, cache=cache, today=_DAY
        )
    took = time.perf_counter() - started
    cache.close()
    told = search_snapshot.meta(folder / "snapshots")
    return {
        "documents": max(1, chunks // 3),
        "chunks": told["chunks"],
        "questions": told["questions"],
        "fill_s": round(filled, 1),
        "build_s": round(took, 1),
        "before_build_mb": before,
        "build_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "snapshot_mb": sum(f.stat().st_size for f in (folder / "snapshots" / snapshot).rglob("*") if f.is_file())
        // 2**20,
    }


def exact(path: Path, queries: np.ndarray) -> np.ndarray:
    """(queries, 10) rows nearest by brute force over what the index holds."""
    vectors = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    best, rows = np.full((len(queries), 10), -2.0, np.float32), np.zeros((len(queries), 10), np.int64)
    for at in range(0, vectors.ntotal, 20_000):
        some = vectors.reconstruct_n(at, min(20_000, vectors.ntotal - at))
        scores = np.concatenate([best, queries @ some.T], 1)
        both = np.concatenate([rows, np.broadcast_to(np.arange(at, at + len(some)), (len(queries), len(some)))], 1)
        top = np.argpartition(-scores, 10, axis=1)[:, :10]
        best, rows = np.take_along_axis(scores, top, 1), np.take_along_axis(both, top, 1)
    return rows


def use(settings: Settings, folder: Path) -> dict[str, object]:
    """Searching, listing and publishing as app and worker do it."""
    embedder = load_embedder(
        settings.cache, model=settings.model, learned=settings.learned, threads=settings.encoder_threads
    )
    bank = read_question_bank(settings.corpus)
    questions = [normalise(bank[i].text) for i in np.random.default_rng(1).permutation(len(bank))[:_QUESTIONS]]
    # one at a time, so that they are remembered
    vectors = np.concatenate([embedder.encode_queries([q]) for q in questions])
    root, before, started = folder / "snapshots", (memory_mb(), private_mb()), time.perf_counter()
    live = snapshot.load(root)
    loaded = time.perf_counter() - started
    truth = exact(root / live.id / "chunks.faiss", vectors)
    recall = float(
        np.mean(
            [len(set(live.nearest(v, 10).tolist()) & set(t.tolist())) / 10 for v, t in zip(vectors, truth, strict=True)]
        )
    )
    rng = np.random.default_rng(2)
    places = [f"v{i}" for i in rng.integers(0, 300, _QUESTIONS)]
    searcher = Searcher(embedder=embedder, live=lambda: live)
    told: dict[str, object] = {"load_s": round(loaded, 2), "recall_at_10": round(recall, 4)}
    with sessions_of(folder)() as session:
        numbers = list(range(_QUESTIONS))
        told["index_ms"] = percentiles(lambda i: live.search(questions[i], vectors[i]), numbers)
        # In a turn the vector is there already, asked for by Rasa's featurizer.
        told["search_ms"] = percentiles(
            lambda i: searcher.search(session, questions[i], day=_DAY, place=places[i]), numbers
        )
        told["search_and_encode_ms"] = percentiles(
            lambda i: searcher.search(session, f"{questions[i]}{'吗呢啊呀'[i % 4]}", day=_DAY, place=places[i]), numbers
        )
        told["search_memory_mb"] = (memory_mb() - before[0], private_mb() - before[1])
        told |= console(session, live)
        told |= publishing(session, embedder, folder, live)
    return told


def console(session: Session, live: index.Index) -> dict[str, object]:
    some = [f"v{i}" for i in range(40)]
    filters: list[dict[str, Any]] = [
        {},
        {"page": 20},
        {"page": 200},
        {"kinds": EDITABLE},
        {"kinds": [Kind.case_story]},
        {"place_ids": {"v7"}},
        {"place_ids": set(some)},
        {"status": VersionStatus.draft},
        {"status": VersionStatus.published},
        {"status": VersionStatus.withdrawn},
        {"topic": "其他"},
        {"topic": "其他", "kinds": [Kind.regulation], "place_ids": {"v7"}},
        {"expiring": (_DAY, _DAY + timedelta(days=30))},
        {"unchecked_since": _DAY - timedelta(days=365)},
        {"to_review_by": 1},
        {"written_by": 1},
    ]
    words: list[dict[str, Any]] = [
        {"words": w}
        for w in (
            "养狗",
            "造7村 低保",
            "（99）",
            "农村集体经济组织",
            "人民法院",
            "不存在的词句",
            "彩礼",
            "应当",
            "劳动合同",
            "造7村",
            "应当 罚款",
        )
    ]
    words += [
        {**w, "kinds": EDITABLE, **more}
        for w in words
        for more in ({}, {"place_ids": {"v7", "county", "nation"}}, {"status": VersionStatus.draft})
    ]
    return {
        "console_list_ms": percentiles(lambda f: list_documents(session, index=live, **f), filters * 4),
        "console_words_ms": percentiles(lambda f: list_documents(session, index=live, **f), words * 4),
    }


def publishing(session: Session, embedder: LocalEmbedder, folder: Path, live: index.Index) -> dict[str, object]:
    """From the commit of one document to a search that finds it, model loaded; the worker looks once a second."""
    cache, times, found = VectorCache(folder / "vectors.sqlite"), [], 0
    run = time.time_ns() // 1_000_000  # a kept folder holds those of former runs
    searcher = Searcher(embedder=embedder, live=lambda: live)
    for number in range(10):
        clauses = [
            f"第{run}{number}号公告：石磨豆腐节第{n}项，摊位由村里抽签分配，不收摊位费，收摊后自己扫干净。"
            for n in range(3)
        ]
        text = DocumentText(
            f"new-{run}-{number}",
            Kind.village_rule,
            f"豆腐节公告{number}",
            "v7",
            None,
            date(2026, 1, 1),
            None,
            None,
            {},
            tuple(ChunkText(f"第{n}条", None, c, c, {"answer": c}) for n, c in enumerate(clauses)),
        )
        saving.save_document(session, text, key=None)
        session.commit()
        started = time.perf_counter()
        index_building.update_delta(session, root=folder / "snapshots", embedder=embedder, cache=cache, today=today())
        live = snapshot.refreshed(live, folder / "snapshots")
        found += any(
            p.document_id == f"new-{run}-{number}"
            for p in searcher.search(session, f"第{run}{number}号公告豆腐节摊位怎么分", day=_DAY, place="v7", k=10)
        )
        times.append(time.perf_counter() - started)
    cache.close()
    return {
        "publish_s": (round(statistics.median(times), 2), round(max(times), 2)),
        "published_found": f"{found} of 10",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Build, search, list and publish over made-up documents.")
    parser.add_argument(
        "--chunks",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 300_000, 1_000_000],
        help="each about 1.07 times what is published",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        help="where database and snapshots stay; with what is there already, only the second half is measured again",
    )
    parser.add_argument("--stage", choices=["build", "use"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        print(
            json.dumps(
                build(Settings(), args.folder, args.chunks[0])
                if args.stage == "build"
                else use(Settings(), args.folder)
            )
        )
        return
    rows = []
    for chunks in args.chunks:
        with tempfile.TemporaryDirectory() as temporary:
            folder = args.keep / str(chunks) if args.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            kept = folder / "built.json"
            if not kept.exists():
                kept.write_text(json.dumps(_stage("build", chunks, folder)))
            rows.append({**json.loads(kept.read_text()), **_stage("use", chunks, folder)})
        print(json.dumps(rows[-1]), flush=True)
    names = list(rows[0])
    for name in names:
        print(
            f"| {name} | "
            + " | ".join(" / ".join(map(str, v)) if isinstance(v := row[name], list) else str(v) for row in rows)
            + " |"
        )
    worst = [max(row[name][1] for row in rows) for name in ("search_ms", "console_list_ms", "console_words_ms")]
    print(
        json.dumps(
            {
                "search_p95_ms": worst[0],
                "console_p95_ms": max(worst[1:]),
                "recall_at_10": min(row["recall_at_10"] for row in rows),
                "publish_s": max(row["publish_s"][1] for row in rows),
                "sizes": rows,
            }
        )
    )


def _stage(name: str, chunks: int, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.curation",
            "--stage",
            name,
            "--chunks",
            str(chunks),
            "--folder",
            str(folder),
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
