"""我的网格员: by the group of the house, with who stands in on holidays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.errors import InvalidInput, NotFound
from actions.offices import routing
from actions.offices.models import GridWorker
from actions.roster import households, slips
from actions.storable import row_of, storable
from actions.visits.models import GridHome, GridRound
from knowledge.clock import SHANGHAI

_WHOLE = ("全村", "全部", "全社区")
_FIGURES = "一二三四五六七八九十"
_GROUP = re.compile(
    rf"(?:第)?({'|'.join(['十[一二三四五六七八九]', f'[{_FIGURES}]', '1[0-9]', '[1-9]'])})\s*(?:村民)?(?:小组|组|队|社)"
)


@dataclass(frozen=True)
class Worker:
    """Who comes now. `instead_of`: of whom they stand in for."""

    id: int
    name: str
    phone: str  # "" where it isn't told
    hours: str
    area: str
    instead_of: str = ""


def groups_of(session: Session, place: str) -> list[str]:
    """As the roster names them, else as the rounds do."""
    known = [name for name, _, _ in households.numbers(session, place).groups]
    if known:
        return known
    rounds = _rounds(session, place)
    return sorted({name for each in rounds.values() for name in each.groups})


def mine(session: Session, place: str, group: str, *, today: date) -> list[Worker]:
    """Who is responsible for the group, their deputy while they are away; all of the village where none is named."""
    workers = routing.grid_workers(session, place)
    rounds = _rounds(session, place)
    own = [one for one in workers if group and _covers(one, rounds.get(one.id), group)]
    whole = [one for one in workers if one.area in _WHOLE and not _groups(rounds.get(one.id))]
    return [_stand_in(one, workers, rounds, today) for one in own or whole or workers]


def group_known(session: Session, place: str, asker: str, *, now: datetime) -> str:
    """What they said before, or their slip says; "" where neither."""
    home = session.get(GridHome, asker[:40], populate_existing=True)
    if home is not None and home.place_id == place:
        return home.group_name
    who = slips.participant_of(session, asker=asker, place=place, now=now)
    return who.household.group_name if who is not None else ""


def remember(session: Session, place: str, asker: str, group: str, *, now: datetime) -> None:
    """Said again, the last one counts. The caller commits."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    here = {"place_id": place, "group_name": storable(group, 20), "at": now}
    row = insert(GridHome).values(conversation_id=asker[:40], **here)
    session.execute(row.on_conflict_do_update(index_elements=["conversation_id"], set_=here))


def forget(session: Session, asker: str) -> None:
    """The caller commits."""
    session.execute(delete(GridHome).where(GridHome.conversation_id == asker))


def group_in(text: str, known: Sequence[str]) -> str:
    """The group that the words name: 三组, 3组, 第三村民小组; "" for none, or one that the village doesn't have."""
    if exact := next((name for name in sorted(known, key=len, reverse=True) if name in text), None):
        return exact
    found = _GROUP.search(text)
    if found is None:
        return ""
    number = _number(found[1])
    return next((name for name in known if (m := _GROUP.search(name)) and _number(m[1]) == number), "")


def set_round(
    session: Session,
    worker: GridWorker,
    *,
    groups: Sequence[str],
    hours: str,
    shows_phone: bool,
    away: tuple[date | None, date | None],
    deputy_id: int | None,
) -> None:
    """Raises InvalidInput; the caller commits."""
    first, last = away
    if (first is None) is not (last is None) or (first and last and last < first):
        raise InvalidInput("不在的日子，从哪天到哪天都要写，后一天不能在前一天之前。")
    if first and deputy_id is None:
        raise InvalidInput("不在的时候谁替，请选一位：居民找得到人。")
    deputy = row_of(session, GridWorker, deputy_id or 0)
    if deputy_id is not None and (deputy is None or deputy.place_id != worker.place_id or deputy.id == worker.id):
        raise InvalidInput("替班的要是这个村的另一位网格员。")
    named = [households.read_group(group) for group in groups if group.strip()]
    row = session.get(GridRound, worker.id) or GridRound(grid_worker_id=worker.id)
    row.groups, row.hours, row.shows_phone = list(dict.fromkeys(named)), storable(hours).strip()[:60], shows_phone
    row.away_from, row.away_until, row.deputy_id = first, last, deputy_id
    session.add(row)
    session.flush()


def round_of(session: Session, worker_id: int) -> GridRound:
    """As stored, else an unsaved one."""
    empty = GridRound(grid_worker_id=worker_id, groups=[], hours="", shows_phone=True)
    return session.get(GridRound, worker_id) or empty


def worker(session: Session, number: int) -> GridWorker:
    """Raises NotFound."""
    found = row_of(session, GridWorker, number)
    if found is None:
        raise NotFound("没有找到这位网格员。")
    return found


def named(one: GridWorker, groups: Sequence[str]) -> list[str]:
    """The groups that the area's own words name: 一组、二组."""
    return [group for group in groups if _covers(one, None, group)]


def day_of(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def _rounds(session: Session, place: str) -> dict[int, GridRound]:
    of_place = select(GridWorker.id).where(GridWorker.place_id == place)
    rows = session.scalars(select(GridRound).where(GridRound.grid_worker_id.in_(of_place)))
    return {row.grid_worker_id: row for row in rows}


def _groups(held: GridRound | None) -> list[str]:
    return held.groups if held is not None else []


def _covers(one: GridWorker, held: GridRound | None, group: str) -> bool:
    """By their groups, else by the area's own words: 一组、二组."""
    if named := _groups(held):
        return group in named
    return group in re.split(r"[、,，;；\s和及]+", one.area)


def _stand_in(one: GridWorker, workers: Sequence[GridWorker], rounds: dict[int, GridRound], today: date) -> Worker:
    held = rounds.get(one.id)
    is_away = held is not None and held.away_from is not None and held.away_until is not None
    if held is not None and is_away and held.away_from <= today <= held.away_until:  # type: ignore[operator]
        deputy = next((each for each in workers if each.id == held.deputy_id), None)
        if deputy is not None:
            return _told(deputy, rounds.get(deputy.id), instead_of=one.name)
    return _told(one, held)


def _told(one: GridWorker, held: GridRound | None, *, instead_of: str = "") -> Worker:
    phone = one.phone if held is None or held.shows_phone else ""
    return Worker(one.id, one.name, phone, held.hours if held else "", one.area, instead_of)


def _number(said: str) -> int:
    if said.isdigit():
        return int(said)
    return 10 + _FIGURES.find(said[1:]) + 1 if said[0] == "十" and len(said) > 1 else _FIGURES.index(said) + 1
