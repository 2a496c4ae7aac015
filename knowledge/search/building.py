"""The database turned into a snapshot, and its delta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge.documents import versions
from knowledge.documents.models import (
    BankQuestion,
    BankTarget,
    Chunk,
    Document,
    DocumentVersion,
    Kind,
    VersionStatus,
    searched_words,
)
from knowledge.encoder.cache import VectorCache, embed_cached
from knowledge.encoder.embedding import DIM, Embedder, Progress
from knowledge.identity import identity
from knowledge.search import index, references, rows, segments, snapshot
from knowledge.search.passages import Draft
from knowledge.search.references import Aim, Key, References
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS
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
# An answer's ways of asking point to the articles it rests on too, from afar: who wants the statute itself finds it,
# and beside its articles the answer keeps its lead.
_BASIS, _BASIS_RANK = 4, 10


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
    engine: Engine = FAISS,
) -> str:
    """Build and publish; waits while another process builds. Rows are read and embedded in pieces, so memory doesn't
    grow with them.

    With `core_only`, statutes outside CORE_STATUTES get a vector only if the cache has it. `check` may raise
    SnapshotRejected; the live snapshot then stays. Versions that ended before `today` are left out. `progress(step,
    total)` counts chunks and questions. Raises VectorsAway where `engine` doesn't answer.
    """
    with snapshot.locked(root, "build"):
        engine.look()
        read_at, made_of, moves = datetime.now(UTC), identity(session), references.digest(session)
        held = np.array(session.scalars(select(DocumentVersion.id).where(rows.live(today))).all(), np.int64)
        core = {statute_id(name) for name in CORE_STATUTES} if core_only else None
        basis = rows.bases(session, today, most=_BASIS)
        aims = _aims(session, basis)
        known = References.read(session, {aim.document for aim in aims})
        rows_of: dict[Key, list[int]] = {key: [] for aim in aims for key in known.keys(aim)}
        work = _Work(snapshot.Writer(root, engine=engine), embedder, cache, core, known, rows_of, basis)
        total = _count(session, today) if progress else 0
        tell: Callable[[int], None] = lambda step: progress(step, total) if progress else None  # noqa: E731
        among = rows.Among(held)
        for page in rows.chunk_pages(session, today):
            work.add_chunks([r for r in page if r.version_id in among], tell)
        for questions in rows.question_pages(session):
            work.add_questions(questions)
            tell(len(questions))
        built = work.writer.finish(
            versions=held,
            meta={
                "model": embedder.name,
                "built_for": today.isoformat(),
                "read_at": read_at.isoformat(),
                **made_of.__dict__,
                "moves": moves,
            },
        )
        if check:
            check(snapshot.load(root, built, engine=engine))
        with snapshot.locked(root, "delta"):
            # What was published while this was built comes along, so that nothing disappears with the swap.
            while _extend(session, folder=root / built, embedder=embedder, cache=cache, today=today):
                pass
            snapshot.publish(root, built, engine=engine)
    return built


def _aims(session: Session, basis: dict[str, list[Aim]]) -> set[Aim]:
    """Whatever a question of the bank or an answer points to."""
    asked = select(BankTarget.document_id, BankTarget.ref, BankTarget.meant_on).join(BankQuestion)
    pointing = session.execute(asked.where(BankQuestion.set_aside.is_(False)).distinct())
    return {aim for aims in basis.values() for aim in aims} | {Aim(*row) for row in pointing}


def _count(session: Session, today: date) -> int:
    """Chunks and questions to come."""
    chunks = select(func.count(Chunk.id)).join(DocumentVersion).where(rows.live(today))
    questions = select(func.count(BankQuestion.id)).where(BankQuestion.set_aside.is_(False))
    return (session.scalar(chunks) or 0) + (session.scalar(questions) or 0)


@dataclass(frozen=True)
class _Work:
    """A snapshot in the making. `core`: the statutes that are embedded at once; None: all; `rows_of`: the chunks of
    what questions point to, filled in as they are written; `basis`: the articles that an answer rests on.
    """

    writer: snapshot.Writer
    embedder: Embedder
    cache: VectorCache
    core: set[str] | None
    known: References
    rows_of: dict[Key, list[int]]
    basis: dict[str, list[Aim]]

    def add_chunks(self, chunks: Sequence[Any], tell: Callable[[int], None]) -> None:
        told = 0

        def computed(step: int, _: int) -> None:
            nonlocal told
            told += step
            tell(step)

        wanted = self._wanted(chunks)
        vectors, has_vector = np.zeros((len(chunks), DIM), np.float32), np.zeros(len(chunks), bool)
        texts = [chunks[i].embed_text for i in wanted]
        vectors[wanted] = embed_cached(texts, embedder=self.embedder, cache=self.cache, progress=computed)
        has_vector[wanted] = True
        for row, r in enumerate(chunks, self.writer.chunks):
            for key in ((r.document_id, r.ref), (r.version_id, r.ref)):
                if key in self.rows_of:
                    self.rows_of[key].append(row)
        self.writer.add(
            chunk_ids=np.array([r.id for r in chunks], np.int64),
            marks=np.array([rows.mark(r.content_hash) for r in chunks], np.uint64),
            texts=[searched_words(r.embed_text, r.asked_text) for r in chunks],
            places=[r.place_id for r in chunks],
            vectors=vectors,
            has_vector=has_vector,
        )
        tell(len(chunks) - told)

    def _wanted(self, chunks: Sequence[Any]) -> list[int]:
        """Which of them get a vector now."""
        if self.core is None:
            return list(range(len(chunks)))
        known = self.cache.get(self.embedder.name, [r.content_hash for r in chunks])
        return [
            i
            for i, r in enumerate(chunks)
            if r.kind is not Kind.statute or r.document_id in self.core or r.content_hash in known
        ]

    def add_questions(self, questions: Sequence[rows.Asked]) -> None:
        """Those whose answer is in the snapshot."""
        vectors = embed_cached([text for _, text, _ in questions], embedder=self.embedder, cache=self.cache)
        ids: list[str] = []
        places: list[int] = []
        points: list[tuple[int, int, int]] = []
        for place, (question_id, _, targets) in enumerate(questions):
            found = [rows_found for t in targets if (rows_found := self._rows(t))][:_TARGETS]
            if found:
                # Two versions of one law may both be here, each with its own number; the day decides which is shown.
                points += [(len(ids), row, rank) for rank, rows_found in enumerate(found) for row in rows_found]
                points += [(len(ids), row, _BASIS_RANK) for row in self._rests_on(targets)]
                ids.append(question_id)
                places.append(place)
        self.writer.add_questions(ids=ids, vectors=vectors[places], points=points)

    def _rows(self, aim: Aim) -> list[int]:
        return [row for key in self.known.keys(aim) for row in self.rows_of.get(key, [])]

    def _rests_on(self, targets: Sequence[Aim]) -> list[int]:
        """Rows of the articles that the first of them rests on."""
        articles = self.basis.get(targets[0].document, []) if targets else []
        told = {(t.document, t.ref) for t in targets}
        return [row for article in articles if article[:2] not in told for row in self._rows(article)]


def pending(
    session: Session, *, root: Path, today: date, since: datetime | None = None, within: str | None = None
) -> list[int]:
    """Ids of published versions that the index doesn't hold yet, latest first: a person waits for these, not for a
    folder of files.

    `since`: everything was in the index at that time; without it, the time the snapshot was read. `within`: another
    snapshot than the live one.
    """
    held_in = within or snapshot.current_id(root)
    if held_in is None:
        return []
    told = snapshot.meta(root, held_in)
    if snapshot.damage(root / held_in, thorough=False):
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
    held = _held(root / held_in)
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
    live = snapshot.current_id(root)
    try:
        held = np.load(root / live / "versions.npy", mmap_mode="r") if live else None
    except (OSError, ValueError):  # no snapshot, or one that is damaged: the worker builds another
        held = None
    if live is None or held is None:
        return False
    at = int(np.searchsorted(held, version.id))
    is_held = at < len(held) and int(held[at]) == version.id
    return is_held or version.id in segments.read(root / live).versions


def update_delta(session: Session, *, root: Path, embedder: Embedder, cache: VectorCache, today: date) -> int:
    """Number of versions that became searchable. Only these are embedded; call it until it returns 0."""
    with snapshot.locked(root, "delta"):
        live = snapshot.current_id(root)
        return _extend(session, folder=root / live, embedder=embedder, cache=cache, today=today) if live else 0


def _extend(session: Session, *, folder: Path, embedder: Embedder, cache: VectorCache, today: date) -> int:
    waiting = pending(session, root=folder.parent, today=today, within=folder.name)
    if not waiting:
        return 0
    texts: list[str] = []
    taken: list[int] = []
    for version_id in waiting:
        taken.append(version_id)
        texts += session.scalars(
            select(Chunk.embed_text).where(Chunk.version_id == version_id).order_by(Chunk.id)
        ).all()
        if len(texts) >= _STEP:
            break
    embed_cached(texts, embedder=embedder, cache=cache)
    former = segments.read(folder)
    published = _published(session, [*(int(v) for v in former.versions), *taken])
    segments.write(folder, _segment(session, published, embedder=embedder, cache=cache))
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


def _segment(session: Session, ids: Sequence[int], *, embedder: Embedder, cache: VectorCache) -> segments.Segment:
    """Chunks of these versions and all questions of their documents; vectors come from the cache, but for new
    questions.
    """
    chunks: list[Any] = []
    documents: set[str] = set()
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        chunks += session.execute(
            select(
                Chunk.id,
                Chunk.version_id,
                Chunk.embed_text,
                Chunk.asked_text,
                Chunk.content_hash,
                Document.place_id,
            )
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .join(Document, DocumentVersion.document_id == Document.id)
            .where(Chunk.version_id.in_(some))
        ).all()
        documents |= set(session.scalars(select(DocumentVersion.document_id).where(DocumentVersion.id.in_(some))))
    chunks.sort(key=lambda r: r.id)
    questions = _questions_of(session, sorted(documents))
    return segments.segment(
        versions=ids,
        chunk_ids=[r.id for r in chunks],
        chunk_versions=[r.version_id for r in chunks],
        marks=[rows.mark(r.content_hash) for r in chunks],
        places=[r.place_id for r in chunks],
        texts=[searched_words(r.embed_text, r.asked_text) for r in chunks],
        vectors=embed_cached([r.embed_text for r in chunks], embedder=embedder, cache=cache),
        question_ids=[q[0] for q in questions],
        question_vectors=embed_cached([q[1] for q in questions], embedder=embedder, cache=cache),
        points=_points(session, questions),
    )


def _questions_of(session: Session, documents: Sequence[str]) -> list[rows.Asked]:
    """The bank's questions that these documents answer, each once."""
    found: dict[str, rows.Asked] = {}
    for at in range(0, len(documents), 500):
        asked = select(BankTarget.question_id).where(BankTarget.document_id.in_(documents[at : at + 500]))
        for page in rows.question_pages(session, asked):
            found.update({q[0]: q for q in page})
    return list(found.values())


def _points(session: Session, questions: Sequence[rows.Asked]) -> list[tuple[int, int, int]]:
    """(place of the question, chunk, rank of the answer)."""
    documents = sorted({t.document for _, _, some in questions for t in some})
    known, chunks = References.read(session, documents), rows.chunks_of(session, documents)
    points = []
    for place, (_, _, some) in enumerate(questions):
        ids = ([chunk for key in known.keys(t) for chunk in chunks.get(key, [])] for t in some)
        found = [chunk_ids for chunk_ids in ids if chunk_ids][:_TARGETS]
        points += [(place, chunk_id, rank) for rank, chunk_ids in enumerate(found) for chunk_id in chunk_ids]
    return points


def draft_overlay(session: Session, version: DocumentVersion, *, embedder: Embedder) -> Draft:
    """This version as a segment in memory: its chunks as stored, and the questions that its own text brings."""
    chunks = session.execute(
        select(Chunk.id, Chunk.ref, Chunk.embed_text, Chunk.asked_text, Chunk.content_hash)
        .where(Chunk.version_id == version.id)
        .order_by(Chunk.id)
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
        marks=[rows.mark(r.content_hash) for r in chunks],
        places=[version.document.place_id] * len(chunks),
        texts=[searched_words(r.embed_text, r.asked_text) for r in chunks],
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


def needs_rebuild(root: Path, *, moves: str | None = None, engine: Engine = FAISS) -> bool:
    """Statutes that have no vector yet, a delta grown large, damage that was found, articles that people found
    elsewhere since: `moves` (`references.digest`), or vectors that lie elsewhere than in `engine`.
    """
    live = snapshot.current_id(root)
    if live is None:
        return bool(snapshot.kept_ids(root))  # the pointer is lost
    if snapshot.damage(root / live, thorough=False):
        return True
    told = snapshot.meta(root, live)
    if told.get("vectors", FAISS.name) != engine.name:
        return True
    is_partial = told.get("format") != index.FORMAT or told["embedded"] != told["chunks"]
    has_moved = moves is not None and told.get("moves") != moves
    return is_partial or has_moved or len(segments.read(root / live)) > REBUILD_FROM
