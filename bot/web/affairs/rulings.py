"""要法律工作者定的: what the law leaves open, what holds now, what else could, who decided it when and why."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.decisions.entries import check_no_number
from actions.errors import ActionError, NotAllowed
from actions.rulings import rulings
from bot.staff import rights
from bot.staff.models import AuditEntry
from bot.web.affairs.subject import Subject, Todo
from bot.web.staff.desk import Form, Seat, form, seat
from knowledge.clock import SHANGHAI

HOME = "/staff/village/rulings"
DEED = "定法律问题"
_MOST_SHOWN = 200
_REASON = 500
router = APIRouter(prefix=HOME)


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], done: str = "") -> Response:
    return _page(at, done="记下了，从现在起照这样办。" if done else "")


@router.post("")
def decide(at: Annotated[Form, form("clear")]) -> Response:
    """One question, for all villages: so by who answers for all of them."""
    if not _may(at):
        raise NotAllowed("这些对所有的村都算数，要由负责所有地方的法律工作者来定。")
    code, why = at.text("code", 20), at.text("why", _REASON)
    try:
        check_no_number(why)
        before, now = rulings.decide(at.session, code, at.number("value"), why)
        at.record(DEED, code, detail=f"从“{before.name}”改成“{now.name}”。依据：{why.strip()}")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, problem=error.message_zh, typed={"code": code, "why": why, "value": at.text("value", 5)})
    return at.back(f"{HOME}?done=1#{code}")


def _may(at: Seat) -> bool:
    return at.staff.can("clear") and rights.places_of(at.session, at.staff) is None


def _page(at: Seat, *, problem: str | None = None, done: str = "", typed: dict[str, str] | None = None) -> HTMLResponse:
    return at.page(
        "village/rulings.html",
        status=422 if problem else 200,
        problem=problem,
        done=done,
        typed=typed or {},
        questions=rulings.questions().values(),
        held=rulings.rulings(at.session),
        history=_history(at),
        may_decide=_may(at),
        least=rulings.LEAST_REASON,
        most=_REASON,
    )


def _history(at: Seat) -> dict[str, list[tuple[datetime, str, str]]]:
    """By question, the newest first: when in Shanghai, who, what and why."""
    rows = select(AuditEntry).where(AuditEntry.what == DEED).order_by(AuditEntry.id.desc()).limit(_MOST_SHOWN)
    found: dict[str, list[tuple[datetime, str, str]]] = {}
    for row in at.session.scalars(rows):
        found.setdefault(row.subject, []).append((row.at.astimezone(SHANGHAI), row.name, row.detail))
    return found


def _waiting(at: Seat) -> list[Todo]:
    """None of it presses: the strict answer holds until somebody decides."""
    return []


RULINGS = Subject(
    "要法律工作者定的", HOME, "法律没写明的几个问题：现在怎么办、可以怎么定、谁定过", "village", _waiting, router
)
