"""Pictures of an event: without faces of children, or with their guardians' yes (个人信息保护法 31)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.bookings.models import Opening
from actions.cases.photos import CleanPhoto
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.events.models import EventPhoto
from actions.storable import row_of, storable

MOST = 12
FACES = {
    "none": "照片里认不出哪个孩子",
    "guardians": "照片里有孩子，每个孩子的父母或者监护人都同意放在这里",
}


def add(
    session: Session, event: Opening, photo: CleanPhoto, *, faces: str, said_by: str, by: str, now: datetime
) -> EventPhoto:
    """The same picture again is the one that is there. The caller commits. Raises InvalidInput, NotAllowed."""
    said_by = storable(said_by).strip()[:80]
    if faces not in FACES:
        raise InvalidInput("照片里有没有孩子，请选一项；选不了就先不要传。")
    if faces == "guardians" and len(said_by) < 2:
        raise InvalidInput("哪位家长同意的、怎么说的，请写一下，比如“三个孩子的妈妈当场说可以”。")
    own = select(EventPhoto).where(EventPhoto.opening_id == event.id)
    if found := session.scalar(own.where(EventPhoto.sha256 == photo.sha256)):
        return found
    if (session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MOST:
        raise NotAllowed(f"一个活动最多放 {MOST} 张照片，先删一张再传。")
    row = EventPhoto(
        opening_id=event.id, sha256=photo.sha256, jpeg=photo.jpeg, faces=faces, said_by=said_by, by_name=by, at=now
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, event: Opening, number: int) -> EventPhoto:
    """Raises NotFound."""
    found = row_of(session, EventPhoto, number)
    if found is None or found.opening_id != event.id:
        raise NotFound("没有找到这张照片。")
    return found


def remove(session: Session, event: Opening, number: int) -> None:
    """At once, without asking why: somebody in it may have changed their mind. The caller commits."""
    session.delete(get(session, event, number))
