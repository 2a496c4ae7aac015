"""户 from a table: which group, which code, how many adults; no names."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.imports.tables import BadLine, Line, Outcome, Row
from actions.roster import households
from actions.roster.models import Household, HouseholdKind

COLUMNS = ("组", "户号", "成年人数", "类型")
NEEDED = ("组", "户号", "成年人数")
_KINDS = {"": HouseholdKind.registered, "户籍": HouseholdKind.registered, "常住": HouseholdKind.resident}


def take(session: Session, rows: Sequence[Row], *, place: str, today: date) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at. Households
    that the table doesn't name stay as they are.
    """
    known = {h.code: h for h in session.scalars(select(Household).where(Household.place_id == place))}
    first: dict[str, int] = {}
    return [_take(session, row, known, first, place=place, today=today) for row in rows]


def _take(
    session: Session, row: Row, known: dict[str, Household], first: dict[str, int], *, place: str, today: date
) -> Line:
    try:
        code = households.read_code(row.words("户号", most=20, needed=True))
        group = households.read_group(row.words("组", most=40, needed=True))
        row.words("成年人数", most=10, needed=True)
        adults = households.read_adults(row.plain("成年人数"))
        kind = _kind(row)
        if code in first:
            raise BadLine(f"和第 {first[code]} 行是同一户（{code}）。")
        first[code] = row.number
        said = f"{group} {code} 户，成年人 {adults} 个，{households.KIND_LABELS[kind]}"
        if code not in known:
            known[code] = households.add(
                session, place=place, group=group, code=code, kind=kind, adults=adults, today=today
            )
            return Line(row.number, Outcome.new, said)
        is_changed = households.change(session, known[code], group=group, kind=kind, adults=adults, today=today)
        return Line(row.number, Outcome.changed if is_changed else Outcome.same, said)
    except InvalidInput as bad:
        return Line(row.number, Outcome.bad, bad.message_zh)


def _kind(row: Row) -> HouseholdKind:
    """Raises BadLine."""
    written = row.words("类型", most=10)
    if written not in _KINDS:
        raise BadLine("“类型”写“户籍”或者“常住”，不写就是户籍。")
    return _KINDS[written]
