"""The page of one case, its papers, and what is done with it."""

import json
from datetime import UTC, datetime
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases import finding, links, moves
from actions.cases.green import GREEN
from actions.cases.handling import undo
from actions.cases.models import Case, CaseEvent, Photo
from actions.cases.status import OPEN, STAFF_LABELS, By, CaseStatus, allowed
from actions.errors import NotAllowed, NotFound
from actions.offices import routing
from actions.papers import agreement as agreements
from actions.papers import case_file
from actions.papers.printing import as_pdf
from bot.conversations import delivery
from bot.staff import notices, rights
from bot.staff.models import Staff
from bot.web.affairs.exchange import case as exchange
from bot.web.downloads import file_response
from bot.web.staff.cases.moves import MOVES, Deed
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404, words
from knowledge import places
from knowledge.clock import today
from knowledge.places import Level, Place

_PAPERS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}

router = APIRouter(prefix="/staff/cases")
CasesSeat = Annotated[Seat, seat("cases")]
CasesForm = Annotated[Form, form("cases")]


@router.get("/{case_id}", response_class=HTMLResponse)
def detail(at: CasesSeat, case_id: str, again: str = "") -> Response:
    """`again`: the step that was just taken back, whose words are given back."""
    case = _held(at, case_id)
    notices.see(at.session, at.staff.id, now=datetime.now(UTC), case_id=case.id)
    at.saw("查看事项", case.number)
    return _shown(at, case, again=_taken_back(at, case, again))


@router.post("/{case_id}/link", response_class=HTMLResponse)
def link(at: CasesForm, case_id: str) -> Response:
    """For a resident who has neither the conversation nor a phone on record; shown to the member of staff once."""
    case = _held(at, case_id)
    token = links.make(at.session, case.id, now=datetime.now(UTC))
    at.record("生成进度链接", case.number)
    at.session.commit()
    return _shown(at, case, link=f"{at.desk.settings.own_url}/progress/{token}")


@router.get("/{case_id}/photos/{photo_id}")
def photo(at: CasesSeat, case_id: str, photo_id: str) -> Response:
    case = _held(at, case_id)
    found = at.session.get(Photo, number_or_404(photo_id))
    if found is None or found.case_id != case.id:
        raise NotFound("没有这张照片。")
    at.saw("查看照片", case.number)
    return Response(found.jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.get("/{case_id}/agreement.{kind}")
def agreement(at: Annotated[Seat, seat("mediate")], case_id: str, kind: Literal["docx", "pdf"]) -> Response:
    """Word, to be changed; or PDF, to be printed as it is."""
    case = _held(at, case_id)
    if case.mediation is None or not case.mediation.terms:
        raise NotFound("还没有调解协议。")
    template = at.desk.settings.home / "templates" / "mediation_agreement.docx"
    data = agreements.mediation_agreement(
        case, place=_place(at.session, case), template=template if template.exists() else None
    )
    at.record("下载调解协议", case.number)
    at.session.commit()
    name = f"调解协议书-{case.number}"
    return file_response(as_pdf(data, title=name) if kind == "pdf" else data, f"{name}.{kind}", _PAPERS[kind])


@router.get("/{case_id}/pack.{kind}")
def pack(at: CasesSeat, case_id: str, kind: str) -> Response:
    case = _held(at, case_id)
    found = case_file.pack(case, place=_place(at.session, case))
    at.record("导出材料包", case.number, detail=words(kind, 10))
    at.session.commit()
    if kind == "json":
        data = json.dumps(found, ensure_ascii=False, indent=1).encode()
    elif kind == "pdf":
        data = case_file.pack_pdf(found)
    else:
        raise NotFound
    return file_response(data, f"材料包-{case.number}.{kind}", f"application/{kind}")


@router.post("/{case_id}/{do}")
def act(at: CasesForm, case_id: str, do: str) -> Response:
    case, now, note = _held(at, case_id), datetime.now(UTC), at.text("note")
    at.record(f"事项：{do}", case.number)
    if do.startswith("mediation") and not at.staff.can("mediate"):
        raise NotAllowed("调解由调解员来做。")
    if do not in MOVES:
        raise NotFound
    MOVES[do](
        Deed(
            form=at,
            case=case,
            actor=moves.Actor("staff", at.staff.name, at.staff.id),
            key=f"form-{case.id}-{at.text('nonce', 40) or now.timestamp()}",
            now=now,
            note=note,
        )
    )
    # Told at once rather than at the app's next round, as far as nothing is held back.
    delivery.tell_case_events(at.session)
    again = f"?again={at.number('event')}" if do == "undo" else ""
    return at.back(f"/staff/cases/{case.id}{again}")


def _held(at: Seat, case_id: str) -> Case:
    """Raises NotFound, NotAllowed."""
    found = at.session.get(Case, number_or_404(case_id))
    if found is None:
        raise NotFound("没有这件事。")
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def _taken_back(at: Seat, case: Case, event_id: str) -> CaseEvent | None:
    number = int(event_id) if event_id.isascii() and event_id.isdigit() and len(event_id) <= 9 else 0
    event = at.session.get(CaseEvent, number)
    is_mine = event is not None and event.case_id == case.id and event.actor_id == at.staff.id
    return event if is_mine and event is not None and event.undone_at is not None else None


def _shown(at: Seat, case: Case, *, link: str | None = None, again: CaseEvent | None = None) -> HTMLResponse:
    now = datetime.now(UTC)
    holder = at.session.get(Staff, case.assignee_id) if case.assignee_id else None
    return at.page(
        "cases/case.html",
        case=case,
        moves=allowed(case.status, By.staff),
        next_step=next_step(case),
        steps=steps(case),
        labels=STAFF_LABELS,
        teams=at.teams(),
        photos=list(at.session.scalars(select(Photo.id).where(Photo.case_id == case.id))),
        green=list(GREEN),
        link=link,
        again=again,
        held=[(e, _seconds_left(e, now)) for e in undo.held(at.session, case.id, at.staff.id, now=now)],
        holder=holder,
        colleagues=rights.colleagues(at.session, case.place_id, but=at.staff.id),
        called=notices.of_case(at.session, case.id),
        grid=routing.grid_workers(at.session, case.place_id),
        is_open=case.status in OPEN,
        today=today(),
        merged=finding.followers(at.session, case.id),
        lead=finding.lead(at.session, case),
        shared=exchange.shared_of(at.session, case),
        open_to=exchange.open_to(at.session, case),
    )


def _seconds_left(event: CaseEvent, now: datetime) -> int:
    return max(1, ceil((event.tell_after - now).total_seconds())) if event.tell_after else 0


_STEPS: tuple[tuple[str, frozenset[CaseStatus]], ...] = (
    ("登记", frozenset({CaseStatus.filed})),
    ("受理", frozenset({CaseStatus.accepted})),
    ("交办", frozenset({CaseStatus.assigned, CaseStatus.reopened})),
    ("办理", frozenset({CaseStatus.in_progress})),
    ("答复", frozenset({CaseStatus.answered})),
    ("办结", frozenset({CaseStatus.closed})),
)


def steps(case: Case) -> list[tuple[str, str]]:
    """Names of the steps, each past, now or to come; none of a case that left the way: returned, withdrawn, merged."""
    here = next((i for i, (_, statuses) in enumerate(_STEPS) if case.status in statuses), None)
    if here is None:
        return []
    return [(name, "past" if i < here else "now" if i == here else "") for i, (name, _) in enumerate(_STEPS)]


def next_step(case: Case) -> CaseStatus | None:
    """What staff would do with it now; None where it is the resident's turn, or nothing is left to do."""
    if case.status is CaseStatus.reopened:  # by those who had it, unless it is nobody's
        return CaseStatus.in_progress if case.team_id else CaseStatus.assigned
    forward = {
        CaseStatus.filed: CaseStatus.accepted,
        CaseStatus.accepted: CaseStatus.assigned,
        CaseStatus.assigned: CaseStatus.in_progress,
        CaseStatus.in_progress: CaseStatus.answered,
    }
    return forward.get(case.status)


def _place(session: Session, case: Case) -> str:
    """County, township and village in one word, as papers name a place."""
    found = [session.get_one(Place, place) for place in places.above(session, case.place_id)]
    return "".join(place.name for place in reversed(found) if place.level is not Level.nation)
