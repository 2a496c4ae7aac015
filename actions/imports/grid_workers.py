"""网格员 from a table."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.imports.places import PlaceBook
from actions.imports.tables import BadLine, Line, Outcome, Row
from actions.offices.models import GridWorker

COLUMNS = ("村", "片区", "姓名", "电话")
NEEDED = ("村", "姓名", "电话")


def take(session: Session, rows: Sequence[Row], *, book: PlaceBook) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at."""
    known = {(w.place_id, w.area, w.name): w for w in session.scalars(select(GridWorker))}
    first: dict[tuple[str, str, str], int] = {}
    lines = []
    for row in rows:
        try:
            place = book.find(row.words("村", most=60, needed=True))
            area, name = row.words("片区", most=60) or "全村", row.words("姓名", most=40, needed=True)
            phone, key = row.phone("电话", needed=True), (place.id, area, name)
            worker = known.get(key)
            if key in first and worker and worker.phone != phone:
                raise BadLine(f"和第 {first[key]} 行是同一个人，电话不一样。")
        except BadLine as bad:
            lines.append(Line(row.number, Outcome.bad, bad.message_zh))
            continue
        first.setdefault(key, row.number)
        said = f"{place.name} {area} {name} {phone}"
        if worker is None:
            known[key] = GridWorker(place_id=place.id, area=area, name=name, phone=phone)
            session.add(known[key])
            lines.append(Line(row.number, Outcome.new, said))
        elif worker.phone != phone:
            lines.append(Line(row.number, Outcome.changed, f"{said}（原来是 {worker.phone}）"))
            worker.phone = phone
        else:
            lines.append(Line(row.number, Outcome.same, said))
    session.flush()
    return lines
