"""Whether a snapshot was made from this database as it is: ids alone are used again by a database of another day."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk
from knowledge.errors import SnapshotUnavailable
from knowledge.identity import identity
from knowledge.search import rows, snapshot
from knowledge.search.index import Index
from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS

_PIECE = 20_000


def is_of(session: Session, root: Path, loaded: Index) -> bool:
    """The same database by name and by its tables, and each chunk's words as they were indexed.

    Reads an index of all chunks: a tenth of a second for the statutes of the country.
    """
    told = snapshot.meta(root, loaded.id)
    here = identity(session)
    if (told.get("database"), told.get("schema")) != (here.database, here.schema):
        return False
    ids, marks = _marks(session)
    at = np.searchsorted(ids, loaded.chunk_ids)
    if not (at < len(ids)).all():
        return False
    return bool((ids[at] == loaded.chunk_ids).all() and (marks[at] == loaded.marks).all())


def _marks(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Ids of all chunks, ascending, and the marks of their words; a piece at a time, for there may be a million."""
    ids, marks = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    asked = select(Chunk.id, Chunk.content_hash).execution_options(yield_per=_PIECE)
    for piece in session.execute(asked).partitions():
        ids.append(np.array([r.id for r in piece], np.int64))
        marks.append(np.array([rows.mark(r.content_hash) for r in piece], np.uint64))
    all_ids, all_marks = np.concatenate(ids), np.concatenate(marks)
    order = np.argsort(all_ids)
    return all_ids[order], all_marks[order]


def checking(sessions: Callable[[], Session], root: Path) -> Callable[[Index], bool]:
    """For whoever loads snapshots from `root`."""

    def fits(loaded: Index) -> bool:
        with sessions() as session:
            return is_of(session, root, loaded)

    return fits


def trouble(session: Session, root: Path, *, engine: Engine = FAISS) -> str | None:
    """Why the live snapshot can't be used with this database; None where it can."""
    live = snapshot.current_id(root)
    if live is None:
        return "there is none"
    try:
        loaded = snapshot.load(root, live, engine=engine)
    except SnapshotUnavailable as error:
        return str(error)
    return None if is_of(session, root, loaded) else "it was made from another database, or from another day of it"
