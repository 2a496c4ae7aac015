"""From the database to a published snapshot: embed what the cache lacks, build beside the live one, check, swap."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from knowledge import index
from knowledge.documents import statute_id
from knowledge.embedding import DIM, Embedder, Progress, VectorCache, content_hash, embed_cached
from knowledge.models import BankQuestion, Chunk, Document, DocumentVersion, Kind, VersionStatus

# What residents need most: these are embedded before the first start answers, the worker embeds the rest.
CORE_STATUTES = ("民法典", "农村土地承包法", "土地管理法", "村民委员会组织法", "劳动合同法", "劳动争议调解仲裁法", "反家庭暴力法", "妇女权益保障法", "治安管理处罚法", "法律援助法", "人民调解法", "农村集体经济组织法", "社会救助法")
# fmt: skip


def pending_sources(session: Session) -> set[int]:
    """Ids of published versions, whatever the day: the day is checked at each search."""
    return set(session.scalars(select(DocumentVersion.id).where(DocumentVersion.status == VersionStatus.published)))


def build_snapshot(session: Session, *, root: Path, embedder: Embedder, cache: VectorCache, today: date, core_only: bool = False, progress: Progress | None = None, check: Callable[[index.Index], None] | None = None) -> str:
    """Build and publish. With `core_only`, statutes outside CORE_STATUTES get a vector only if the cache has it.

    `check` may raise SnapshotRejected; the live snapshot then stays. Versions that ended before `today` are left out.
    """
    rows = session.execute(
        select(Chunk.id, Chunk.ref, Chunk.embed_text, Document.id, Document.kind)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document)
        .where(DocumentVersion.status == VersionStatus.published)
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= today))
        .order_by(Chunk.id)
    ).all()
    chunk_ids = np.array([r[0] for r in rows], np.int64)
    texts = [r[2] for r in rows]
    core = {statute_id(name) for name in CORE_STATUTES}
    hashes = [content_hash(t) for t in texts]
    wanted = [i for i, r in enumerate(rows) if not core_only or r[4] is not Kind.statute or r[3] in core]
    if core_only:
        known = cache.get(embedder.name, hashes)
        wanted = sorted({*wanted, *(i for i, h in enumerate(hashes) if h in known)})
    vectors = np.zeros((len(rows), DIM), np.float32)
    vectors[wanted] = embed_cached([texts[i] for i in wanted], embedder=embedder, cache=cache, progress=progress)
    has_vector = np.zeros(len(rows), bool)
    has_vector[wanted] = True

    by_target: dict[tuple[str, str | None], list[int]] = {}
    for row, r in enumerate(rows):
        by_target.setdefault((r[3], r[1]), []).append(row)
    questions, pointed = [], []
    for question in session.scalars(select(BankQuestion).where(BankQuestion.set_aside.is_(False)).options(selectinload(BankQuestion.targets))):
        # Two versions of one statute may both be in the snapshot; the bank speaks of the one in force today.
        found = [by_target[t.document_id, t.ref][0] for t in question.targets if (t.document_id, t.ref) in by_target][:3]
        if found:
            questions.append(question.text)
            pointed.append(found + [-1] * (3 - len(found)))
    question_vectors = embed_cached(questions, embedder=embedder, cache=cache, progress=progress)
    snapshot = index.build(
        root,
        chunk_ids=chunk_ids,
        texts=texts,
        vectors=vectors,
        has_vector=has_vector,
        question_vectors=question_vectors,
        question_rows=np.array(pointed, np.int64).reshape(-1, 3),
        meta={"model": embedder.name, "built_for": today.isoformat()},
    )
    if check:
        check(index.load(root, snapshot))
    index.publish(root, snapshot)
    return snapshot


def vectors_missing(session: Session, embedder_name: str, cache: VectorCache) -> int:
    hashes: Sequence[str] = session.scalars(select(Chunk.content_hash).join(DocumentVersion).where(DocumentVersion.status == VersionStatus.published)).all()
    known = cache.get(embedder_name, hashes)
    return sum(h not in known for h in hashes)
