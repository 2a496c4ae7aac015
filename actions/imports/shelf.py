"""农家书屋's books and what is lent, from a table."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.imports.tables import BadLine, Line, Outcome, Row
from actions.shelf import listing
from actions.shelf.listing import KINDS, Entry

COLUMNS = ("种类", "名称", "作者", "编号", "数量", "放在哪里", "说明")
NEEDED = ("名称",)
MOST = 9_999  # of one thing
_KINDS = {name: code for code, name in KINDS.items()} | {"图书": "book", "工具": "tool", "": "book"}


def take(session: Session, rows: Sequence[Row], *, place: str, now: datetime) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at. What no row
    names stays as it is.
    """
    first: dict[str, int] = {}
    return [_take(session, row, first, place=place, now=now) for row in rows]


def _take(session: Session, row: Row, first: dict[str, int], *, place: str, now: datetime) -> Line:
    try:
        entry = _entry(row)
        if (key := listing.key_of(place, entry)) in first:
            raise BadLine(f"和第 {first[key]} 行是同一样东西；有几本的，写在“数量”里。")
        first[key] = row.number
    except InvalidInput as bad:
        return Line(row.number, Outcome.bad, bad.message_zh)
    done = listing.keep(session, place, entry, now=now)
    said = f"《{entry.title}》" if entry.kind == "book" else entry.title
    said = f"{said}，{entry.count}" if entry.count else f"{said}，下架"
    return Line(row.number, {True: Outcome.new, False: Outcome.changed, None: Outcome.same}[done], said)


def _entry(row: Row) -> Entry:
    """Raises BadLine."""
    kind = row.words("种类", most=10)
    if kind not in _KINDS:
        raise BadLine(f"“种类”里的“{kind}”不认得，写：{'、'.join(KINDS.values())}。")
    return Entry(
        kind=_KINDS[kind],
        title=row.words("名称", most=80, needed=True).strip("《》"),
        author=row.words("作者", most=40),
        number=row.words("编号", most=20),
        count=_count(row),
        spot=row.words("放在哪里", most=60),
        note=row.words("说明", most=100),
    )


def _count(row: Row) -> int:
    """One where nothing is written. Raises BadLine."""
    written = row.plain("数量")
    if not written:
        return 1
    if not (written.isascii() and written.isdigit() and int(written[:9]) <= MOST and len(written) < 9):
        raise BadLine(f"“数量”写数字，0 到 {MOST}；0 是下架。")
    return int(written)
