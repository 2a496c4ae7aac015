"""Papers as proof: minutes, sign sheets, pictures of the board; known by what is in them."""

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.decisions.models import DecisionFile
from actions.errors import NotFound
from actions.storable import row_of

KINDS = {"photo": "image/jpeg", "pdf": "application/pdf"}


def keep(session: Session, *, place: str, kind: str, data: bytes, by_id: int, now: datetime) -> DecisionFile:
    """`data`: re-encoded by whoever received it. The same paper twice is one. Commits."""
    digest = hashlib.sha256(data).hexdigest()
    same = select(DecisionFile).where(DecisionFile.place_id == place, DecisionFile.sha256 == digest)
    if (found := session.scalar(same)) is not None:
        return found
    row = DecisionFile(place_id=place, kind=kind, sha256=digest, data=data, at=now, by_id=by_id)
    session.add(row)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(same).one()
    return row


def get(session: Session, file_id: int) -> DecisionFile:
    """Raises NotFound."""
    found = row_of(session, DecisionFile, file_id)
    if found is None:
        raise NotFound("没有这份材料。")
    return found
