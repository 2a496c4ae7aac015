"""The database turned into a snapshot, and its delta."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import BankQuestion, BankTarget, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.encoder.cache import VectorCache, embed_cached
from knowledge.encoder.embedding import DIM, Embedder, Progress
from knowledge.search import index, rows, segments, snapshot
from knowledge.search import rows as search_rows
from knowledge.search import snapshot as search_snapshot
from knowledge.search.passages import Draft
from knowledge.statutes.citations import statute_id

# What residents need most: these are embedded before the first start answers, the worker embeds the rest.
CORE_STATUTES = (
    "民法典",
    "农村土地承包法",
    "土地管理法",
    "村民委员会组织法",
    "劳动合同法",
    "劳动争议调解仲裁法",
    "反家庭暴力法",
    "妇女权益保障法",
    "治安管理处罚法",
    "法律援助法",
    "人民调解法",
    "农村集体经济组织法",
    "社会救助法",
)

# chunks in the delta: above it a new snapshot pays (the file is written anew with each publication)
REBUILD_FROM = 2_000
# chunks embedded before the delta is written: the first of a hundred documents isn't kept waiting by the last
_STEP = 200
# A version's `published_at` is set before its transaction ends, and on a server by another clock than ours.
_MARGIN = timedelta(minutes=10)
_TARGETS = 3  # of a question


def build_snapshot(
    session: Session,
    *,
    root: Path,
    embedder: Embedder,
    cache: VectorCache,
    today: date,
    core_only: bool = False,
    progress: Progress | None = None,
    check: Callable[[index.Index], None] | None = None,
) -> str:
    """Build and publish; waits while another process builds. Rows are read and embedded in pieces, so memory doesn't
    grow with them.

    With `core_only`, statutes outside CORE_STATUTES get a vector only if the cache has it. `check` may raise
    SnapshotRejected; the live snapshot then stays. Versions that ended before `today` are left out. `progress(step,
    total)` counts chunks and questions.
    """
    with search_snapshot.locked(root, "build"):
        read_at = datetime.now(UTC)
        versions = np.array(session.scalars(select(DocumentVersion.id).where(search_rows.live(today))).all(), np.int64)
        writer = search_snapshot.Writer(root)
        rows_of: dict[tuple[str, str | None], list[int]] = {
            (document, ref): []
            for document, ref in session.execute(
                select(BankTarget.document_id, BankTarget.ref)
                .join(BankQuestion)
                .where(BankQuestion.set_aside.is_(False))
                .distinct()
            )
        }
        total = (
            session.scalar(select(func.count(Chunk.id)).join(DocumentVersion).where(search_rows.live(today))) or 0
        ) + (session.scalar(select(func.count(BankQuestion.id)).where(BankQuestion.set_aside.is_(False))) or 0)
        tell: Callable[[int], None] = lambda step: progress(step, total) if progress else None  # noqa: E731
        core, among = {statute_id(name) for name in CORE_STATUTES}, search_rows.Among(versions)
        for rows in search_rows.chunk_pages(session, today):
            rows = [r for r in rows if r.version_id in among]
            _add_chunks(
                writer,
                rows,
                embedder=embedder,
                cache=cache,
                core=core if core_only else None,
                rows_of=rows_of,
                tell=tell,
            )
        for questions in search_rows.question_pages(session):
            texts = [text for _, text, _ in questions]
            vectors = embed_cached(texts, embedder=embedder, cache=cache)
            asked, points = [], []
            for place, (question_id, _, targets) in enumerate(questions):
                found = [rows_of[t] for t in targets if rows_of.get(t)][:_TARGETS]
                if found:
                    # Two versions of one text may both be here; the day decides which of them is shown.
                    points += [(len(asked), row, rank) for rank, rows_found in enumerate(found) for row in rows_found]
                    asked.append((place, question_id))
            writer.add_questions(ids=[q for _, q in asked], vectors=vectors[[p for p, _ in asked]], points=points)
            tell(len(texts))
        snapshot = writer.finish(
            versions=versions,
            meta={"model": embedder.name, "built_for": today.isoformat(), "read_at": read_at.isoformat()},
        )
        if check:
            check(search_snapshot.load(root, snapshot))
        with search_snapshot.locked(root, "delta"):
            # What was published while this was built comes along, so that nothing disappears with the swap.
            while _extend(session, folder=root / snapshot, embedder=embedder, cache=cache, today=today):
                pass
            search_snapshot.publish(root, snapshot)
    return snapshot


def _add_chunks(
    writer: snapshot.Writer,
    rows: Sequence[Any],
    *,
    embedder: Embedder,
    cache: VectorCache,
    core: set[str] | None,
    rows_of: dict[tuple[str, str | None], list[int]],
    tell: Callable[[int], None],
) -> None:
    wanted = list(range(len(rows)))
    if core is not None:
        known = cache.get(embedder.name, [r.content_hash for r in rows])
        wanted = [
            i
            for i, r in enumerate(rows)
            if r.kind is not Kind.statute or r.document_id in core or r.content_hash in known
        ]
    told = 0

    def computed(step: int, _: int) -> None:
        nonlocal told
        told += step
        tell(step)

    vectors, has_vector = np.zeros((len(rows), DIM), np.float32), np.zeros(len(rows), bool)
    vectors[wanted] = embed_cached(
        [rows[i].embed_text for i in wanted], embedder=embedder, cache=cache, progress=computed
    )
    has_vector[wanted] = True
    for row, r in enumerate(rows, writer.chunks):
        if (r.document_id, r.ref) in rows_of:
            rows_of[r.document_id, r.ref].append(row)
    writer.add(
        chunk_ids=np.array([r.id for r in rows], np.int64),
        texts=[r.embed_text for r in rows],
        places=[r.place_id for r in rows],
        vectors=vectors,
        has_vector=has_vector,
    )
    tell(len(rows) - told)


def pending(
    session: Session, *, root: Path, today: date, since: datetime | None = None, snapshot: str | None = None
) -> list[int]:
    """Ids of published versions that the index doesn't hold yet, latest first: a person waits for these, not for a
    folder of files.

    `since`: everything was in the index at that time; without it, the time the snapshot was read.
    """
    snapshot = snapshot or search_snapshot.current_id(root)
    if snapshot is None:
        return []
    told = search_snapshot.meta(root, snapshot)
    if told.get("format") != index.FORMAT:
        return []  # a new snapshot is due, and will hold them
    since = since or datetime.fromisoformat(str(told["read_at"]))
    asked = (
        select(DocumentVersion.id)
        .where(rows.live(today), DocumentVersion.published_at >= since - _MARGIN)
        .order_by(DocumentVersion.published_at.desc(), DocumentVersion.id.desc())
    )
    found = session.scalars(asked).all()
    if not found:
        return []
    held = _held(root / snapshot)
    return [v for v in found if v not in held]


def _held(folder: Path) -> rows.Among:
    return rows.Among(np.concatenate([np.load(folder / "versions.npy"), segments.read(folder).versions]))


def is_publication_near(session: Session) -> bool:
    return (
        session.scalar(
            select(DocumentVersion.id)
            .where(DocumentVersion.status.in_((VersionStatus.in_review, VersionStatus.approved)))
            .limit(1)
        )
        is not None
    )


def is_indexed(root: Path, version: DocumentVersion) -> bool:
    """Whether residents can find it; False means "published, being indexed" for a version that is published."""
    snapshot = search_snapshot.current_id(root)
    if snapshot is None or not (root / snapshot / "versions.npy").exists():
        return False
    versions = np.load(root / snapshot / "versions.npy", mmap_mode="r")
    at = int(np.searchsorted(versions, version.id))
    return (at < len(versions) and int(versions[at]) == version.id) or version.id in segments.read(
        root / snapshot
    ).versions


def update_delta(session: Session, *, root: Path, embedder: Embedder, cache: VectorCache, today: date) -> int:
    """Number of versions that became searchable. Only these are embedded; call it until it returns 0."""
    with search_snapshot.locked(root, "delta"):
        snapshot = search_snapshot.current_id(root)
        return _extend(session, folder=root / snapshot, embedder=embedder, cache=cache, today=today) if snapshot else 0


def _extend(session: Session, *, folder: Path, embedder: Embedder, cache: VectorCache, today: date) -> int:
    waiting = pending(session, root=folder.parent, today=today, snapshot=folder.name)
    if not waiting:
        return 0
    rows, taken = [], []
    for version_id in waiting:
        taken.append(version_id)
        rows += session.execute(
            select(Chunk.id, Chunk.version_id, Chunk.embed_text)
            .where(Chunk.version_id == version_id)
            .order_by(Chunk.id)
        ).all()
        if len(rows) >= _STEP:
            break
    embed_cached([r.embed_text for r in rows], embedder=embedder, cache=cache)
    former = segments.read(folder)
    versions = _published(session, [*(int(v) for v in former.versions), *taken])
    segments.write(folder, _segment(session, versions, embedder=embedder, cache=cache))
    return len(taken)


def _published(session: Session, ids: Sequence[int]) -> list[int]:
    """Those that still are: what was withdrawn or replaced since takes no place in the delta."""
    return [
        v
        for at in range(0, len(ids), 500)
        for v in session.scalars(
            select(DocumentVersion.id).where(
                DocumentVersion.id.in_(ids[at : at + 500]), DocumentVersion.status == VersionStatus.published
            )
        )
    ]


def _segment(session: Session, versions: Sequence[int], *, embedder: Embedder, cache: VectorCache) -> segments.Segment:
    """Chunks of these versions and all questions of their documents; vectors come from the cache, but for new
    questions.
    """
    chunks: list[Any] = []
    documents: set[str] = set()
    for at in range(0, len(versions), 500):
        some = versions[at : at + 500]
        chunks += session.execute(
            select(Chunk.id, Chunk.version_id, Chunk.embed_text, Document.place_id)
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .join(Document, DocumentVersion.document_id == Document.id)
            .where(Chunk.version_id.in_(some))
        ).all()
        documents |= set(session.scalars(select(DocumentVersion.document_id).where(DocumentVersion.id.in_(some))))
    chunks.sort(key=lambda r: r.id)
    questions = [
        q
        for at in range(0, len(documents), 500)
        for page in rows.question_pages(
            session, select(BankTarget.question_id).where(BankTarget.document_id.in_(sorted(documents)[at : at + 500]))
        )
        for q in page
    ]
    questions = list({q[0]: q for q in questions}.values())
    targets = rows.chunks_of_targets(session, sorted({t for _, _, some in questions for t in some}, key=str))
    points = []
    for place, (_, _, some) in enumerate(questions):
        found = [targets[t] for t in some if t in targets][:_TARGETS]
        points += [(place, chunk_id, rank) for rank, ids in enumerate(found) for chunk_id in ids]
    return segments.segment(
        versions=versions,
        chunk_ids=[r.id for r in chunks],
        chunk_versions=[r.version_id for r in chunks],
        places=[r.place_id for r in chunks],
        texts=[r.embed_text for r in chunks],
        vectors=embed_cached([r.embed_text for r in chunks], embedder=embedder, cache=cache),
        question_ids=[q[0] for q in questions],
        question_vectors=embed_cached([q[1] for q in questions], embedder=embedder, cache=cache),
        points=points,
    )


def draft_overlay(session: Session, version: DocumentVersion, *, embedder: Embedder) -> Draft:
    """This version as a segment in memory: its chunks as stored, and the questions that its own text brings."""
    chunks = session.execute(
        select(Chunk.id, Chunk.ref, Chunk.embed_text).where(Chunk.version_id == version.id).order_by(Chunk.id)
    ).all()
    _, asked = versions.built(version)
    of_ref: dict[str | None, list[int]] = {}
    for r in chunks:
        of_ref.setdefault(r.ref, []).append(r.id)
    questions = list({q.id: q for q in asked}.values())
    points = [
        (place, chunk_id, 0)
        for place, q in enumerate(questions)
        for t in q.targets
        if t.document_id == version.document_id
        for chunk_id in of_ref.get(t.ref, [])
    ]
    vectors = embedder.encode_passages([*(r.embed_text for r in chunks), *(q.text for q in questions)])
    overlay = segments.segment(
        versions=[version.id],
        chunk_ids=[r.id for r in chunks],
        chunk_versions=[version.id] * len(chunks),
        places=[version.document.place_id] * len(chunks),
        texts=[r.embed_text for r in chunks],
        vectors=vectors[: len(chunks)],
        question_ids=[q.id for q in questions],
        question_vectors=vectors[len(chunks) :],
        points=points,
    )
    return Draft(
        version.document_id,
        version.id,
        version.in_force_from,
        version.in_force_to,
        overlay,
        {q.id.encode(): q.text for q in questions},
    )


def needs_rebuild(root: Path) -> bool:
    """Statutes that have no vector yet, or a delta grown large."""
    told = search_snapshot.meta(root)
    snapshot = search_snapshot.current_id(root)
    return (
        bool(told)
        and snapshot is not None
        and (
            told.get("format") != index.FORMAT
            or told["embedded"] != told["chunks"]
            or len(segments.read(root / snapshot)) > REBUILD_FROM
        )
    )
