"""帮手 from a table. What a table says of somebody shows them to nobody: each signs first."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput
from actions.helpers import kinds, roster
from actions.helpers.roster import Entry
from actions.imports.tables import BadLine, Line, Outcome, Row

COLUMNS = ("姓名", "称呼", "身份", "擅长", "电话", "单位", "方便的时间", "会说的话", "公开", "离任日期")
NEEDED = ("姓名", "身份")
_KINDS = {kind.name: code for code, kind in kinds.KINDS.items()} | {
    "退休法官": "retired_judge",
    "退休检察官": "retired_judge",
}
_SUBJECTS = {subject.name: code for code, subject in kinds.SUBJECTS.items()}
_SHOWABLE = {name: field for field, name in roster.SHOWABLE.items()} | {"时间": "hours", "单位": "organisation"}


def take(session: Session, rows: Sequence[Row], *, place: str, now: datetime) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at."""
    first: dict[tuple[str, str], int] = {}
    return [_take(session, row, first, place=place, now=now) for row in rows]


def _take(session: Session, row: Row, first: dict[tuple[str, str], int], *, place: str, now: datetime) -> Line:
    try:
        entry = _entry(row)
        if (key := (entry.name, entry.phone)) in first:
            raise BadLine(f"和第 {first[key]} 行是同一个人。")
        first[key] = row.number
        said = f"{entry.name}，{kinds.kind_names(entry.kinds)}"
        if (there := roster.twin(session, place, entry.name, entry.phone)) is not None:
            is_changed = roster.change(session, there, entry, now=now)
            return Line(row.number, Outcome.changed if is_changed else Outcome.same, said)
        roster.add(session, place, entry, now=now)
        return Line(row.number, Outcome.new, said)
    except (InvalidInput, Conflict) as bad:
        return Line(row.number, Outcome.bad, bad.message_zh)


def _entry(row: Row) -> Entry:
    """Raises BadLine."""
    name = row.words("姓名", most=40, needed=True)
    return Entry(
        name=name,
        called=row.words("称呼", most=40) or f"{name[0]}老师",
        phone=row.phone("电话"),
        organisation=row.words("单位", most=60),
        kinds=_codes(row, "身份", _KINDS, needed=True),
        subjects=_codes(row, "擅长", _SUBJECTS),
        hours=row.words("方便的时间", most=60),
        dialects=row.words("会说的话", most=40),
        public=_codes(row, "公开", _SHOWABLE),
        villages=(),
        left_office_on=_day(row),
    )


def _codes(row: Row, column: str, known: dict[str, str], *, needed: bool = False) -> list[str]:
    """Several, apart by 、 or a comma or a semicolon. Raises BadLine."""
    written = row.words(column, most=120, needed=needed)
    for mark in "，,；;/":
        written = written.replace(mark, "、")
    if written in known:  # 退休法官、检察官 is one
        return [known[written]]
    names = [name.strip() for name in written.replace("退休法官、检察官", "退休法官").split("、") if name.strip()]
    names = [{"人大代表": "政协委员、人大代表", "政协委员": "政协委员、人大代表"}.get(n, n) for n in names]
    names = [{"审计": "审计、会计", "会计": "审计、会计"}.get(n, n) for n in names]
    if unknown := next((name for name in names if name not in known), None):
        raise BadLine(f"“{column}”里的“{unknown[:20]}”不认得，写：{'；'.join(known)}。")
    return list(dict.fromkeys(known[name] for name in names))


def _day(row: Row) -> date | None:
    written = row.plain("离任日期").replace("/", "-").replace(".", "-")
    if not written:
        return None
    try:
        return date.fromisoformat("-".join(part.zfill(2) for part in written.split("-")))
    except ValueError:
        raise BadLine("“离任日期”写成 2024-05-01 这样。") from None
