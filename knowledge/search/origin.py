"""Whether a snapshot was made from this database as it is: ids alone are used again by a database of another day."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents.models import Chunk
from knowledge.identity import identity
from knowledge.search import rows, snapshot
from knowledge.search.index import Index


def is_of(session: Session, root: Path, loaded: Index) -> bool:
    """The same database by name and by its tables, and each chunk's words as they were indexed.

    Reads an index of all chunks: a tenth of a second for the statutes of the country.
    """
    told = snapshot.meta(root, loaded.id)
    here = identity(session)
    if (told.get("database"), told.get("schema")) != (here.database, here.schema):
        return False
    found = session.execute(select(Chunk.id, Chunk.content_hash)).all()
    ids = np.array([r.id for r in found], np.int64)
    marks = np.array([rows.mark(r.content_hash) for r in found], np.uint64)
    order = np.argsort(ids)
    ids, marks = ids[order], marks[order]
    at = np.searchsorted(ids, loaded.chunk_ids)
    known = at < len(ids)
    if not known.all():
        return False
    return bool((ids[at] == loaded.chunk_ids).all() and (marks[at] == loaded.marks).all())


def checking(sessions: Callable[[], Session], root: Path) -> Callable[[Index], bool]:
    """For whoever loads snapshots from `root`."""

    def fits(loaded: Index) -> bool:
        with sessions() as session:
            return is_of(session, root, loaded)

    return fits


def trouble(session: Session, root: Path) -> str | None:
    """Why the live snapshot can't be used with this database; None where it can."""
    live = snapshot.current_id(root)
    if live is None:
        return "there is none"
    if wrong := snapshot.damage(root / live):
        return wrong
    loaded = snapshot.load(root, live)
    return None if is_of(session, root, loaded) else "it was made from another database, or from another day of it"
