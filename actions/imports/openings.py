"""预约时段 from a table."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import MODE_LABELS, Mode, Opening
from actions.errors import InvalidInput
from actions.imports.places import PlaceBook
from actions.imports.tables import BadLine, Line, Outcome, Row
from knowledge.clock import SHANGHAI
from knowledge.places import Place

COLUMNS = ("日期", "开始", "结束", "时长", "方式", "给哪里", "地点", "人数", "法律工作者账号")
NEEDED = ("日期", "开始", "方式", "给哪里")
_MODES = {
    **{label: mode for mode, label in MODE_LABELS.items()},
    "坐班": Mode.visit,
    "到村里": Mode.visit,
    "见面": Mode.office,
    "到所里": Mode.office,
}
_FURTHEST = timedelta(days=400)


@dataclass(frozen=True)
class Worker:
    """Whose time it is. `sees`: whether a place lies where this person works."""

    id: int
    name: str
    sees: Callable[[Place], bool]


def read_day(text: str) -> date:
    """2026-12-01, 2026/12/1, 2026.12.1, 2026年12月1日, 20261201. Raises BadLine."""
    found = re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", text) or re.fullmatch(
        r"([0-9]{4})([0-9]{2})([0-9]{2})", text
    )
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise BadLine(f"日期“{text[:20]}”不对，请写成 2026-12-01。")


def read_time(text: str) -> time:
    """9:00, 09:00:00, 14点, 14点半, 下午2点30分. Raises BadLine."""
    found = re.fullmatch(
        r"(上午|下午|早上|中午|晚上)?([0-9]{1,2})(?::([0-9]{2})(?::[0-9]{2})?|[点时](半|[0-9]{1,2}分?)?)", text
    )
    if found:
        hour = int(found[2]) + (12 if found[1] in ("下午", "晚上") and int(found[2]) < 12 else 0)
        minute = 30 if found[4] == "半" else int((found[3] or found[4] or "0").removesuffix("分"))
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise BadLine(f"时间“{text[:20]}”不对，请写成 14:00。")


def read_minutes(text: str) -> int:
    """60, 60分钟, 1小时, 1.5小时. Raises BadLine."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9])?)(小时|分钟|分)?", text)
    minutes = int(float(found[1]) * (60 if found[2] == "小时" else 1)) if found else 0
    if not 10 <= minutes <= 600:
        raise BadLine(f"时长“{text[:20]}”不对，请写 10 到 600 分钟。")
    return minutes


def take(
    session: Session, rows: Sequence[Row], *, book: PlaceBook, worker: Callable[[str], Worker], now: datetime
) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at.

    worker: of an account name, empty for whoever imports; raises BadLine where that is nobody or not allowed.
    """
    taken: defaultdict[int, list[Opening]] = defaultdict(list)
    for held in session.scalars(
        select(Opening).where(Opening.ends_at > now, Opening.is_cancelled.is_(False), Opening.worker_id.is_not(None))
    ):
        taken[held.worker_id or 0].append(held)
    made: dict[int, int] = {}
    lines = []
    for row in rows:
        try:
            lines.append(_take(session, row, book=book, worker=worker, now=now, taken=taken, made=made))
        except InvalidInput as bad:
            lines.append(Line(row.number, Outcome.bad, bad.message_zh))
    return lines


def _take(
    session: Session,
    row: Row,
    *,
    book: PlaceBook,
    worker: Callable[[str], Worker],
    now: datetime,
    taken: defaultdict[int, list[Opening]],
    made: dict[int, int],
) -> Line:
    day, begin = read_day(row.plain("日期")), read_time(row.plain("开始"))
    if not now.date() - timedelta(days=1) <= day <= now.date() + _FURTHEST:
        raise BadLine(f"日期 {day} 已经过去了。" if day < now.date() else f"日期 {day} 太远了。")
    starts = datetime.combine(day, begin, SHANGHAI)
    if row.plain("结束"):
        ends = datetime.combine(day, read_time(row.plain("结束")), SHANGHAI)
        if row.plain("时长") and ends - starts != timedelta(minutes=read_minutes(row.plain("时长"))):
            raise BadLine("“结束”和“时长”对不上，写一个就行。")
    elif row.plain("时长"):
        ends = starts + timedelta(minutes=read_minutes(row.plain("时长")))
    else:
        raise BadLine("“结束”和“时长”要写一个。")
    mode = _MODES.get(row.plain("方式"))
    if mode is None:
        raise BadLine(f"“方式”请写：{'、'.join(MODE_LABELS.values())}。")
    place, address = book.find(row.words("给哪里", most=60, needed=True)), row.words("地点", most=200)
    openings.check_address(mode, address)
    capacity = row.plain("人数") or "1"
    if not re.fullmatch(r"[0-9]{1,3}", capacity):
        raise BadLine(f"人数“{capacity[:20]}”不对，请填 1 到 200。")
    who = worker(row.plain("法律工作者账号"))
    if not who.sees(place):
        raise BadLine(f"{who.name}不负责{place.name}。")
    said = f"{day} {begin:%H:%M}-{ends:%H:%M} {who.name}，{MODE_LABELS[mode]}，{place.name}，{int(capacity)} 人"
    for held in taken[who.id]:
        if held.starts_at < ends and starts < held.ends_at:
            where = f"第 {made[held.id]} 行" if held.id in made else f"已有的 {appointments.label(held)}"
            if (held.starts_at, held.ends_at, held.mode, held.place_id) != (starts, ends, mode, place.id):
                raise BadLine(f"{who.name}这个时间和{where}撞了。")
            if (held.capacity, held.address) != (int(capacity), address):
                raise BadLine(f"和{where}是同一个时段，人数或地点不一样。要改请先在“预约”里取消原来的。")
            return Line(row.number, Outcome.same, said)
    opening = openings.publish(
        session,
        worker_id=who.id,
        worker_name=who.name,
        mode=mode,
        place=place.id,
        address=address,
        starts_at=starts,
        ends_at=ends,
        capacity=int(capacity),
        now=now,
    )
    taken[who.id].append(opening)
    made[opening.id] = row.number
    return Line(row.number, Outcome.new, said)
