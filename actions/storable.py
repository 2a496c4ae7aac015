"""What every database takes: PostgreSQL refuses a NUL in a text and a number beyond its integers, and no encoding
has half a surrogate pair. And what reads as it is written: marks that turn the direction of writing around make 5000
out of 0005 on a page and in a printed agreement (CVE-2021-42574); no Chinese text needs them.
"""

import re
from typing import TypeVar

from sqlalchemy.orm import Session

from knowledge.tables import Base

_Row = TypeVar("_Row", bound=Base)
_NOWHERE = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
MOST_NUMBER = 2**31 - 1


def storable(text: str, most: int | None = None) -> str:
    """The text without what can't be stored, cut to `most` characters."""
    return _NOWHERE.sub("", text)[:most]


def row_of(session: Session, kind: type[_Row], number: int) -> _Row | None:
    """The row with this id, read as it is now known to the session; None also for numbers no id can be."""
    return session.get(kind, number) if 0 < number <= MOST_NUMBER else None
