"""The list of cases: filtered, page by page, and the filters somebody keeps under a name."""

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Self
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import finding
from actions.cases.figures import behind
from actions.cases.models import Case
from actions.cases.status import OPEN, STAFF_LABELS, CaseStatus
from actions.errors import InvalidInput
from bot.staff import rights
from bot.staff.models import SavedFilter, Staff
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import words
from knowledge import places

_PAGE = 50
_MOST_PAGES = 2000
_MOST_SAVED = 20
_FILTERS = {
    "open": "在办",
    "held": "我经手的",
    "mine": "我单位的",
    "warned": "快到期",
    "overdue": "超时",
    "absent": "单位没到",
    "green": "绿色通道",
    "answered": "等居民确认",
    "all": "全部",
}
_STATUSES = {"open": tuple(OPEN), "held": tuple(OPEN), "mine": tuple(OPEN), "answered": (CaseStatus.answered,)}
_NO_TEAM = -1

router = APIRouter(prefix="/staff/cases")


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to, cut to what the columns hold; empty: not narrowed by that."""

    show: str
    q: str
    category: str
    place: str
    unit: str

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        unit = words(given.get("unit", ""), 9)
        return cls(
            show=words(given.get("show", ""), 20),
            q=words(given.get("q", ""), 40),
            category=words(given.get("category", ""), 20),
            place=words(given.get("place", ""), 40),
            unit=unit if unit.isascii() and unit.isdigit() else "",
        )

    def query(self, **changes: object) -> str:
        """The address of the list with these filters, and perhaps another page."""
        return urlencode({name: str(value) for name, value in {**asdict(self), **changes}.items() if value})

    def team(self, own: int | None) -> int | None:
        """The unit whose cases are meant; None: any. Mine and another unit's at once are nobody's."""
        unit = int(self.unit) if self.unit else None
        if self.show != "mine":
            return unit
        mine = own or _NO_TEAM
        return mine if unit in (None, mine) else _NO_TEAM


@router.get("", response_class=HTMLResponse)
def listing(
    at: Annotated[Seat, seat("cases")],
    show: str = "open",
    q: str = "",
    category: str = "",
    place: str = "",
    unit: str = "",
    page: int = 1,
) -> Response:
    show = show if show in _FILTERS or behind(show, datetime.now(UTC)) else "open"
    chosen = Filters.read({"show": show, "q": q, "category": category, "place": place, "unit": unit})
    page = max(1, min(page, _MOST_PAGES))
    seen = rights.places_of(at.session, at.staff)
    rows, total = _found(at, chosen, seen, page)
    saved = select(SavedFilter).where(SavedFilter.staff_id == at.staff.id).order_by(SavedFilter.id)
    return at.page(
        "cases/list.html",
        rows=rows,
        total=total,
        page=page,
        pages=-(-total // _PAGE),
        show=show,
        chosen=chosen,
        filters=_FILTERS if show in _FILTERS else {**_FILTERS, show: f"统计里的“{show}”"},
        labels=STAFF_LABELS,
        holders=_holders(at.session, rows),
        urged=finding.urged(at.session, rows),
        categories=_categories(at.session, chosen),
        saved=list(at.session.scalars(saved)),
        teams=at.teams(),
        seen=seen if seen is None else set(seen),
        query=chosen.query(),
        link=lambda **changes: "?" + chosen.query(**changes),
    )


@router.post("/filters")
def keep(at: Annotated[Form, form("cases")]) -> Response:
    """Save the list as it stands under a name of one's own, or forget it."""
    query = Filters.read(dict(parse_qsl(at.text("query", 2000)))).query()
    if at.text("do") == "delete":
        _forget(at)
    else:
        _save(at, query)
    with contextlib.suppress(IntegrityError):  # the same name from two windows at once: one of them is kept
        at.session.commit()
    return at.back(f"/staff/cases?{query}")


def _found(at: Seat, chosen: Filters, seen: list[str] | None, page: int) -> tuple[list[Case], int]:
    return finding.page(
        at.session,
        places=seen,
        status=_STATUSES.get(chosen.show, ()),
        category=chosen.category,
        team_id=chosen.team(at.staff.team_id),
        within=places.below(at.session, chosen.place) if chosen.place else None,
        text=chosen.q,
        only_green=chosen.show == "green",
        overdue_at=datetime.now(UTC) if chosen.show == "overdue" else None,
        is_warned=chosen.show == "warned",
        has_absent_unit=chosen.show == "absent",
        held_by=at.staff.id if chosen.show == "held" else None,
        also=behind(chosen.show, datetime.now(UTC)) or (),
        limit=_PAGE,
        offset=(page - 1) * _PAGE,
    )


def _holders(session: Session, rows: list[Case]) -> dict[int, str]:
    """Names by account."""
    held = select(Staff.id, Staff.name).where(Staff.id.in_([c.assignee_id for c in rows if c.assignee_id]))
    return {row.id: row.name for row in session.execute(held)}


def _categories(session: Session, chosen: Filters) -> list[str]:
    """Those that occur, and the chosen one."""
    return sorted({*session.scalars(select(Case.category).distinct()), *filter(None, [chosen.category])})


def _forget(at: Form) -> None:
    found = at.session.get(SavedFilter, at.number("id") or 0)
    if found is not None and found.staff_id == at.staff.id:
        at.session.delete(found)


def _save(at: Form, query: str) -> None:
    """Raises InvalidInput."""
    name = " ".join(at.text("name", 20).split())
    if not name:
        raise InvalidInput("给这个筛选起个名字。")
    own = list(at.session.scalars(select(SavedFilter).where(SavedFilter.staff_id == at.staff.id)))
    found = next((each for each in own if each.name == name), None)
    if found is not None:
        found.query = query
    elif len(own) >= _MOST_SAVED:
        raise InvalidInput(f"最多存 {_MOST_SAVED} 个筛选，请先删掉用不着的。")
    else:
        at.session.add(SavedFilter(staff_id=at.staff.id, name=name, query=query))
