"""要的证明和派的活: what others demand of a village, written down by its clerk; the township reads it by unit."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.cases import numbers
from actions.cases.models import Case
from actions.demands import certificates, log
from actions.demands.models import Demand, DemandKind
from actions.errors import ActionError, InvalidInput, NotAllowed
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import village_asked, villages_of
from bot.web.downloads import table_response
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import SHANGHAI

HOME = "/staff/village/demands"
router = APIRouter(prefix=HOME)
_COLUMNS = ("哪天", "村", "谁要的", "哪一类", "要什么", "依据", "小时", "不该要或没有依据", "从哪来")


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", month: str = "", done: str = "") -> Response:
    return _page(at, place, month, done="记下了。" if done else "")


@router.get("/list.{kind}")
def export(at: Annotated[Seat, seat("village")], kind: str, place: str = "", month: str = "") -> Response:
    rows, _, _, _ = _rows(at, place, month)
    names = {village.id: village.name for village in villages_of(at)}
    at.record("导出要证明和派活的清单", place, detail=month[:7])
    at.session.commit()
    return table_response([_COLUMNS, *(_cells(row, names) for row in rows)], "证明和派活", kind)


@router.post("")
def add(at: Annotated[Form, form("village")]) -> Response:
    village = village_asked(at, at.text("place", 40))
    if not at.staff.can("write"):
        raise NotAllowed("由村文书来记。")
    today = datetime.now(SHANGHAI).date()
    try:
        kind = next((one for one in DemandKind if one.value == at.text("kind", 20)), None)
        if kind is None:
            raise InvalidInput("请选是要证明，还是派活。")
        paper = certificates.CERTIFICATES.get(at.text("certificate", 20)) if kind is DemandKind.certificate else None
        told = log.Told(
            place=village.id,
            kind=kind,
            asked_by=at.text("asked_by", 80),
            what=at.text("what", 200) or (paper.name if paper else ""),
            basis=at.text("basis", 300),
            hours=_hours(at.text("hours", 10)),
            on=_day(at.text("on", 10)),
            by=at.staff.name,
            certificate=paper.code if paper else "",
            case_id=_case(at, at.text("case", 30)),
        )
        key = f"form-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
        at.record(
            "记要证明或派活", village.id, detail=f"{told.asked_by}：{told.what}"
        )  # first: the note commits by itself
        log.note(at.session, told, key=key, today=today)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, village.id, "", problem=error.message_zh)
    return at.back(f"{HOME}?place={village.id}&done=1")


def _hours(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInput("花了几个小时，写数字，比如 2 或 0.5。") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("请填日期。") from None


def _case(at: Form, text: str) -> int | None:
    """Of one's own places; others' numbers are nobody's to try out. Raises InvalidInput."""
    if not text:
        return None
    digits, fits = numbers.find(text)
    case = at.session.scalar(select(Case).where(Case.number == digits)) if digits and fits else None
    if case is None or case.place_id not in {village.id for village in villages_of(at)}:
        raise InvalidInput("没有这个事项编号，不清楚就空着。")
    return case.id


def _rows(at: Seat, place: str, month: str) -> tuple[list[Demand], str, date, date]:
    """Of the village asked for, else of all that this seat sees."""
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    since, until = log.month_of(month, today)
    places = [village_asked(at, place).id] if place else [village.id for village in villages_of(at)]
    return log.listed(at.session, places, since=since, until=until), place, since, until


def _cells(row: Demand, names: dict[str, str]) -> Sequence[object]:
    return [
        row.on.isoformat(),
        names.get(row.place_id, row.place_id),
        row.asked_by,
        log.KIND_NAMES[row.kind],
        row.what,
        row.basis,
        (row.tenths or 0) / 10 if row.tenths is not None else "",
        "是" if log.is_odd(row) else "",
        "对话" if row.is_from_chat else row.by,
    ]


def _page(at: Seat, place: str, month: str, *, problem: str = "", done: str = "") -> HTMLResponse:
    rows, _, since, until = _rows(at, place, month)
    villages = villages_of(at)
    return at.page(
        "village/demands/list.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        rows=rows,
        by_unit=log.by_unit(rows),
        is_odd=log.is_odd,
        kinds=log.KIND_NAMES,
        papers=certificates.CERTIFICATES,
        villages=villages,
        place=place or (villages[0].id if len(villages) == 1 else ""),
        names={village.id: village.name for village in villages},
        month=f"{since:%Y-%m}",
        since=since,
        until=until,
        today=datetime.now(SHANGHAI).date(),
        nonce=token_urlsafe(9),
        may_write=at.staff.can("write"),
    )


def waiting(at: Seat) -> list[Todo]:
    """It presses nobody; the list is read once a month."""
    return []


DEMANDS = Subject(
    name="证明和派活",
    href=HOME,
    hint="谁向村里要了什么证明、派了什么活、凭什么、花了多少工夫；20种不该村里开的证明的告知单",
    needs="village",
    waiting=waiting,
    router=router,
)
