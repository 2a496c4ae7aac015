"""What every database takes: PostgreSQL refuses a NUL in a text and a number beyond its integers, and no encoding
has half a surrogate pair.
"""

import re
from typing import TypeVar

from sqlalchemy.orm import Session

from knowledge.tables import Base

_Row = TypeVar("_Row", bound=Base)
_NOWHERE = re.compile("[\x00\ud800-\udfff]")
MOST_NUMBER = 2**31 - 1


def storable(text: str, most: int | None = None) -> str:
    """The text without what can't be stored, cut to `most` characters."""
    return _NOWHERE.sub("", text)[:most]


def row_of(session: Session, kind: type[_Row], number: int) -> _Row | None:
    """The row with this id, read as it is now known to the session; None also for numbers no id can be."""
    return session.get(kind, number) if 0 < number <= MOST_NUMBER else None
