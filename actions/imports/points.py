"""积分 from a table: which household did what on which day. The same line twice is one claim."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput, NotAllowed
from actions.imports.tables import BadLine, Line, Outcome, Row
from actions.points import claims, schemes
from actions.points.claims import Deed
from actions.points.ledger import Who
from actions.points.models import PointClaim, PointRule, Source
from actions.roster import households
from actions.roster.models import Household

COLUMNS = ("户号", "做了什么", "日期", "说明")
NEEDED = ("户号", "做了什么", "日期")


def take(session: Session, rows: Sequence[Row], *, place: str, by: Who, now: datetime) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at. All of them
    wait for somebody else to confirm. Raises NotAllowed where nothing can be given.
    """
    schemes.in_force(session, place)
    rules = {rule.title: rule for rule in schemes.rules_of(session, place)}
    homes = {h.code: h for h in session.scalars(select(Household).where(Household.place_id == place))}
    return [_take(session, row, rules, homes, by=by, now=now) for row in rows]


def _take(
    session: Session, row: Row, rules: dict[str, PointRule], homes: dict[str, Household], *, by: Who, now: datetime
) -> Line:
    try:
        code = households.read_code(row.words("户号", most=20, needed=True))
        title = row.words("做了什么", most=60, needed=True)
        words = row.words("说明", most=claims.MOST_WORDS)
        on_day = _day(row.plain("日期"))
        if code not in homes:
            raise BadLine(f"名册里没有 {code} 户。")
        if title not in rules:
            raise BadLine(f"会上通过的办法里没有“{title}”。")
        home, rule = homes[code], rules[title]
        key = claims.same_deed(home, rule, on_day, words)
        is_there = session.scalar(select(PointClaim.id).where(PointClaim.key == key)) is not None
        deed = Deed(rule.id, on_day, words)
        claims.claim(session, home, deed, source=Source.table, key=key, now=now, by=by)
        said = f"{code} 户，{on_day}，{title}，{rule.points} 分"
        return Line(row.number, Outcome.same if is_there else Outcome.new, said)
    except (InvalidInput, NotAllowed) as bad:
        return Line(row.number, Outcome.bad, bad.message_zh)


def _day(written: str) -> date:
    """Raises BadLine."""
    plain = written.replace("/", "-").replace(".", "-").replace("年", "-").replace("月", "-").removesuffix("日")
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise BadLine(f"日期“{written[:20]}”看不懂，请写成 2026-12-01 这样。") from None
