"""Made-up documents in any number: rules, guides, policies and stories of invented villages, in words of the installed
statutes.

Vectors are made up around those that the cache holds (real articles and questions), so no week of embedding is needed:
a mixture of two neighbours and some noise, which leaves a made-up text about as near to its like as real ones are.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from knowledge.documents.models import BankQuestion, BankTarget, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.versions import OPEN
from knowledge.encoder.embedding import DIM
from knowledge.normalise import content_hash
from knowledge.places import Level, Place
from knowledge.statutes.reading import read_statutes

_KINDS = (Kind.village_rule, Kind.service_guide, Kind.policy, Kind.case_story, Kind.regulation)
_SHARES = (0.4, 0.25, 0.2, 0.1, 0.05)
_VILLAGES = 300
_CHUNKS = 3
_BATCH = 2_000
_SUBJECTS = (
    "红白事",
    "宅基地",
    "垃圾",
    "养狗",
    "承包地",
    "低保",
    "医保",
    "修路",
    "用水",
    "集体分红",
    "调解",
    "丧葬",
    "防火",
    "彩礼",
    "土地流转",
    "危房",
    "养老",
    "农机",
    "禁烧",
    "公章",
)
_FORMS = {
    Kind.village_rule: "村规",
    Kind.service_guide: "办理指南",
    Kind.policy: "补助办法",
    Kind.case_story: "的一场纠纷",
    Kind.regulation: "管理办法",
}


def pieces(corrections: Path) -> list[str]:
    """Runs of 24 characters out of statutes."""
    texts = [a.text for v in read_statutes(corrections)[:120] for a in v.articles]
    return [t[i : i + 24] for t in texts for i in range(0, min(len(t), 144), 24)]


def fill(
    session: Session,
    documents: int,
    *,
    corrections: Path,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """An empty migrated database gets `documents` of them with about three chunks each; one in ten has a former
    version, one in twenty is still a draft or in review, one in fifty was withdrawn.
    """
    rng = np.random.default_rng(documents)
    drawn = pieces(corrections)
    session.add_all(
        [
            Place(id="nation", name="全国", level=Level.nation),
            Place(id="county", name="造县", level=Level.county, parent_id="nation"),
        ]
    )
    session.flush()
    session.execute(
        insert(Place),
        [
            {"id": f"v{i}", "name": f"造{i}村", "level": Level.village, "parent_id": "county", "aliases": []}
            for i in range(_VILLAGES)
        ],
    )
    for at in range(0, documents, _BATCH):
        rows: dict[Any, list[dict[str, Any]]] = {
            Document: [],
            DocumentVersion: [],
            Chunk: [],
            BankQuestion: [],
            BankTarget: [],
        }
        for number in range(at, min(at + _BATCH, documents)):
            _one(rows, number, rng, drawn, now)
        for table in (Document, DocumentVersion, Chunk, BankQuestion, BankTarget):
            if rows[table]:
                session.execute(insert(table), rows[table])
        session.commit()
        progress(min(_BATCH, documents - at))


def _one(
    rows: dict[Any, list[dict[str, Any]]], number: int, rng: np.random.Generator, drawn: Sequence[str], now: datetime
) -> None:
    kind, place = _KINDS[int(rng.choice(5, p=_SHARES))], int(rng.integers(_VILLAGES))
    subject, topic = _SUBJECTS[int(rng.integers(len(_SUBJECTS)))], TOPICS[int(rng.integers(len(TOPICS)))]
    where = f"v{place}" if rng.random() < 0.9 else "county"
    title = f"造{place}村{subject}{_FORMS[kind]}（{number}）"
    id = f"made-{number}"
    rows[Document].append({"id": id, "kind": kind, "title": title, "place_id": where, "topic": topic})
    lot = rng.random()
    last = (
        VersionStatus.published
        if lot > 0.07
        else VersionStatus.withdrawn
        if lot > 0.05
        else (VersionStatus.draft, VersionStatus.in_review, VersionStatus.approved)[number % 3]
    )
    statuses = [VersionStatus.superseded, last] if rng.random() < 0.1 else [last]
    texts = ["".join(drawn[i] for i in rng.integers(0, len(drawn), 5)) for _ in range(_CHUNKS)]
    for n, status in enumerate(statuses, 1):
        version = 2 * number + n
        ends = date(2026, 12, 1) + timedelta(days=int(rng.integers(700))) if rng.random() < 0.1 else None
        written = now - timedelta(minutes=int(rng.integers(60, 500_000)))
        rows[DocumentVersion].append(
            {
                "id": version,
                "document_id": id,
                "number": n,
                "status": status,
                "in_force_from": date(2020, 1, 1),
                "in_force_to": ends,
                "content": {"title": title, "topic": topic, **(_written(kind, texts) if status in OPEN else {})},
                "content_hash": "",
                "created_at": written,
                "published_at": written if status is VersionStatus.published else None,
                "revision": 1,
                "editors": [],
                "waivers": {},
            }
        )
        for ordinal, text in enumerate(texts):
            embed = f"{title} {text}"
            rows[Chunk].append(
                {
                    "version_id": version,
                    "ordinal": ordinal,
                    "ref": f"第{ordinal + 1}条",
                    "heading": None,
                    "text": text,
                    "embed_text": embed,
                    "content_hash": content_hash(embed),
                    "details": {"answer": text[:40]},
                }
            )
    if number % 3 == 0:
        text = f"造{place}村{subject}怎么办（{number}）"
        rows[BankQuestion].append(
            {"id": content_hash(text)[:16], "text": text, "topic": topic, "set_aside": False, "source": "made up"}
        )
        rows[BankTarget].append({"question_id": content_hash(text)[:16], "rank": 0, "document_id": id, "ref": "第1条"})


def _written(kind: Kind, texts: Sequence[str]) -> dict[str, Any]:
    """The text of a draft where its editor keeps it."""
    if kind in (Kind.village_rule, Kind.regulation):
        return {
            "clauses" if kind is Kind.village_rule else "articles": [
                {"number": f"第{n}条", "text": t, "answer": t[:40]} for n, t in enumerate(texts, 1)
            ]
        }
    return (
        {"facts": texts[0], "handling": texts[1], "lesson": texts[2]}
        if kind is Kind.case_story
        else {"answer": texts[0], "sections": {"怎么办": texts[1], "注意": texts[2]}}
    )


class MadeUpEmbedder:
    """Passages get a mixture of two neighbouring real vectors and noise; what is asked for twice gets the same only
    from the cache.
    """

    name = "made-up"

    def __init__(self, cache: Path, *, model: str) -> None:
        self._real = _known(cache, model)
        index = faiss.IndexFlatIP(DIM)
        index.add(self._real)
        sample = np.random.default_rng(0).permutation(len(self._real))[:8_000]
        self._neighbours = {
            int(i): row[1:] for i, row in zip(sample, index.search(self._real[sample], 9)[1], strict=True)
        }
        self._first = sample

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        rng = np.random.default_rng(zlib.crc32("".join(texts[:8]).encode()))
        first = rng.choice(self._first, len(texts))
        second = np.array(
            [self._neighbours[int(i)][n] for i, n in zip(first, rng.integers(0, 8, len(texts)), strict=True)], np.int64
        )
        share = rng.uniform(0.3, 1, (len(texts), 1)).astype(np.float32)
        rows = (
            share * self._real[first]
            + (1 - share) * self._real[second]
            + 0.015 * rng.standard_normal((len(texts), DIM), dtype=np.float32)
        )
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.encode_passages(texts)


def _known(cache: Path, model: str) -> np.ndarray:
    """Vectors that the cache of real ones holds, at most 40,000; made-up centres where there is none."""
    rows = list(_rows(cache, model)) if cache.exists() else []
    if len(rows) < 1_000:
        drawn = np.random.default_rng(0).standard_normal((5_000, DIM), dtype=np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.stack(rows)


def _rows(cache: Path, model: str) -> Iterator[np.ndarray]:
    db = sqlite3.connect(f"file:{cache}?mode=ro", uri=True)
    try:
        for (row,) in db.execute("SELECT row FROM vector WHERE model = ? LIMIT 40000", [model]):
            yield np.frombuffer(row, np.float16).astype(np.float32)
    finally:
        db.close()


def now() -> datetime:
    return datetime.now(UTC)
