"""转给别的系统: what is done with one case, and what its page shows of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases import moves
from actions.cases.models import Case
from actions.cases.status import LABELS, OPEN, CaseStatus
from actions.errors import NotFound
from actions.exchange import outgoing, sharing, systems
from actions.exchange.models import ExternalRef, ExternalSystem, Outbox
from bot.conversations import delivery
from bot.staff import rights
from bot.web.staff.desk import Form, form
from bot.web.staff.typed import number_or_404
from knowledge import places

router = APIRouter(prefix="/staff/exchange/cases")


@dataclass(frozen=True)
class Shared:
    """One system that has the case: what it said last, what is on its way to it."""

    ref: ExternalRef
    said: str
    rows: list[Outbox]
    may_ask: bool


def shared_of(session: Session, case: Case) -> list[Shared]:
    found = []
    for ref in outgoing.refs_of(session, case):
        own = select(Outbox).where(Outbox.ref_id == ref.id).order_by(Outbox.id)
        said = LABELS[CaseStatus(ref.said)] if ref.said in set(CaseStatus) else ""
        found.append(Shared(ref, said, list(session.scalars(own)), sharing.may_ask(ref)))
    return found


def open_to(session: Session, case: Case) -> list[ExternalSystem]:
    """To which it may still go."""
    if case.status not in OPEN or case.masked_at is not None:
        return []
    there = {ref.system_id for ref in outgoing.refs_of(session, case)}
    found = systems.for_case(session, places.above(session, case.place_id))
    return [system for system in found if system.id not in there]


@router.post("/{case_id}")
def act(at: Annotated[Form, form("cases")], case_id: str) -> Response:
    """`do`: send, ask or agree."""
    case = at.session.get(Case, number_or_404(case_id))
    if case is None:
        raise NotFound("没有这件事。")
    rights.check_place(at.session, at.staff, case.place_id)
    now, do = datetime.now(UTC), at.text("do", 10)
    actor = moves.Actor("staff", at.staff.name, at.staff.id)
    system = systems.get(at.session, at.number("system") or 0)
    at.record(f"对接：{do}", case.number)
    if do == "send":
        key = f"share-{case.id}-{system.id}"
        outgoing.send_case(at.session, case, system, actor=actor, key=key, now=now)
    else:
        ref = next((one for one in outgoing.refs_of(at.session, case) if one.system_id == system.id), None)
        if ref is None or do not in ("ask", "agree"):
            raise NotFound("这件事没有转给这个系统。")
        if do == "ask":
            sharing.ask(at.session, ref, actor=actor, now=now)
        else:
            sharing.settle(at.session, ref, yes=True, how=at.text("how", 200), actor=actor, now=now)
    delivery.tell_case_events(at.session)
    return at.back(f"/staff/cases/{case.id}#shared")
