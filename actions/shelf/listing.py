"""What stands on a village's shelf: kept as its list says, looked through by a word."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from actions.shelf.models import ShelfItem

KINDS = {"book": "书", "tool": "器材"}
MOST_SHOWN = 300
_KEY = 200


@dataclass(frozen=True)
class Entry:
    """One line of the list. `count`: 0 takes it off the shelf."""

    kind: str
    title: str
    author: str
    number: str
    count: int
    spot: str
    note: str


def keep(session: Session, place: str, entry: Entry, *, now: datetime) -> bool | None:
    """True: new or taken off; False: changed; None: the same as it stood. The caller commits."""
    key = key_of(place, entry)
    there = session.scalar(select(ShelfItem).where(ShelfItem.key == key))
    said = asdict(entry)
    if there is None:
        if entry.count:
            session.add(ShelfItem(place_id=place, key=key, changed_at=now, **said))
            session.flush()
            return True
        return None
    if not entry.count:
        session.delete(there)
        session.flush()
        return False
    if all(getattr(there, name) == value for name, value in said.items()):
        return None
    for name, value in said.items():
        setattr(there, name, value)
    there.changed_at = now
    return False


def key_of(place: str, entry: Entry) -> str:
    """Of two with one number the later word holds; without numbers title and author tell them apart."""
    own = f"n:{entry.number}" if entry.number else f"t:{entry.title}:{entry.author}"
    return f"{place}:{entry.kind}:{own}"[:_KEY]


def items(session: Session, place: str, words: str = "") -> Sequence[ShelfItem]:
    """In the order of their kind and title; `words`: of the title, the author or the number."""
    own = select(ShelfItem).where(ShelfItem.place_id == place)
    if words := words.strip()[:40]:
        fields = (ShelfItem.title, ShelfItem.author, ShelfItem.number)
        own = own.where(or_(*(field.contains(words, autoescape=True) for field in fields)))
    return session.scalars(own.order_by(ShelfItem.kind, ShelfItem.title, ShelfItem.id).limit(MOST_SHOWN)).all()


def count(session: Session, place: str) -> int:
    return session.scalar(select(func.count()).select_from(ShelfItem).where(ShelfItem.place_id == place)) or 0
