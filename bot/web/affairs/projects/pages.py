"""项目: a project begun by the clerk, each stage written by the clerk and confirmed by who oversees."""

from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_urlsafe

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.decisions import listing as decisions
from actions.decisions.models import Decision
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.projects import reading, service
from actions.projects.models import Project
from actions.projects.service import Entry, Who
from actions.projects.stages import HAS_SUM, LABELS, SUM_SAID, Stage, heading, items_of
from bot.conversations.agents.attachments import CleanFile
from bot.staff import rights
from bot.web.affairs.decisions.desk import (
    Given,
    VillageForm,
    VillageSeat,
    check_may,
    day_of,
    keep,
    number_typed,
)
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import number_or_404
from knowledge.anonymity.detector import find_marks
from knowledge.anonymity.marks import MarkKind
from knowledge.places import Place

HOME = "/staff/village/projects"
router = APIRouter(prefix=HOME)
_DONE = {
    "begun": "项目记好了，接着记第一步。",
    "record": "记下了，等监督委员核对；核对过的居民才看得到。",
    "confirm": "核对好了，居民现在看得到这一步。",
    "send-back": "退回了，村文书会看到原因。",
}


@router.get("", response_class=HTMLResponse)
def show(at: VillageSeat, place: str = "") -> Response:
    return _list(at, village_asked(at, place))


@router.post("")
def begin(at: VillageForm) -> Response:
    village, now = village_asked(at, at.text("place", 40)), datetime.now(UTC)
    check_may(at, "write")
    try:
        project = service.begin(
            at.session,
            place=village.id,
            title=at.text("title", 200),
            decision_id=_decision(at, village),
            who=_who(at),
            key=f"form-{village.id}-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}",
            now=now,
        )
        at.record("项目：begin", project.number)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _list(at, village, problem=error.message_zh)
    return at.back(f"{HOME}/{project.id}?done=begun")


def _decision(at: Form, village: Place) -> int | None:
    """What it rests on, by number: 决-26-014 or 26-014. Raises InvalidInput."""
    typed = at.text("decision", 20).removeprefix("决-")
    if not typed:
        return None
    try:
        return decisions.by_slug(at.session, village.id, typed).id
    except NotFound:
        raise InvalidInput("没有找到这个决定，请核对编号，比如 26-014；没有的可以空着。") from None


@router.get("/{project_id}", response_class=HTMLResponse)
def one(at: VillageSeat, project_id: str, done: str = "", stage: str = "") -> Response:
    return _page(at, _held(at, project_id), done=_DONE.get(done, ""), chosen=stage)


@router.post("/{project_id}/{do}")
def act(given: Given, at: VillageForm, project_id: str, do: str) -> Response:
    project, now = _held(at, project_id), datetime.now(UTC)
    number, deed = project.id, _DEEDS.get(do)
    if deed is None:
        raise NotFound
    at.record(f"项目：{do}", project.number)
    try:
        deed(at, project, given, now)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        status = 403 if isinstance(error, NotAllowed) else 422
        page = _held(at, str(number))
        return _page(at, page, problem=error.message_zh, status=status, chosen=at.text("stage", 20))
    return at.back(f"{HOME}/{number}?done={do}")


def _record(at: Form, project: Project, given: dict[str, CleanFile], now: datetime) -> None:
    check_may(at, "write")
    stage = next((each for each in Stage if each.value == at.text("stage", 20)), None)
    if stage is None:
        raise InvalidInput("请选是哪一步。")
    number = project.id
    entry = Entry(
        stage=stage,
        on_day=day_of(at, "on_day"),
        yuan=number_typed(at, "yuan"),
        words=at.text("words", 1200),
        ticked=[item.code for item in items_of(stage) if at.text(f"tick-{item.code}", 1) == "1"],
        file_id=keep(at, given, "file", project.place_id),
    )
    key = f"form-{number}-{stage.value}-{at.text('nonce', 40) or token_urlsafe(9)}"
    service.record(at.session, service.get(at.session, number), entry, who=_who(at), key=key, now=now)


def _confirm(at: Form, project: Project, given: dict[str, CleanFile], now: datetime) -> None:
    row = service.stage_of(at.session, project, at.number("row") or 0)
    rights.check_second(at.session, at.staff, project.place_id, row.by_id)
    service.confirm(at.session, row, who=_who(at), now=now)


def _send_back(at: Form, project: Project, given: dict[str, CleanFile], now: datetime) -> None:
    row = service.stage_of(at.session, project, at.number("row") or 0)
    rights.check_second(at.session, at.staff, project.place_id, row.by_id)
    service.send_back(at.session, row, why=at.text("why", 300), who=_who(at), now=now)


_DEEDS: dict[str, Callable[[Form, Project, dict[str, CleanFile], datetime], None]] = {
    "record": _record,
    "confirm": _confirm,
    "send-back": _send_back,
}


def _who(at: Seat) -> Who:
    return Who(at.staff.id, at.staff.name)


def _held(at: Seat, project_id: str) -> Project:
    """Raises NotFound, NotAllowed."""
    found = service.get(at.session, number_or_404(project_id))
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def _list(at: Seat, village: Place, *, problem: str | None = None) -> HTMLResponse:
    found = reading.of_places(at.session, [village.id])
    return at.page(
        "village/projects/list.html",
        status=422 if problem else 200,
        problem=problem,
        village=village,
        villages=villages_of(at),
        projects=[(p, reading.stands(p), reading.next_of(p), len(reading.warnings(p))) for p in found],
        nonce=token_urlsafe(9),
    )


def _page(
    at: Seat, project: Project, *, problem: str | None = None, done: str = "", chosen: str = "", status: int = 200
) -> HTMLResponse:
    lines = reading.lines(project)
    stage = next((s for s in Stage if s.value == chosen), None)
    stage = stage or next((line.stage for line in lines if line.is_now), Stage.change)
    decision = at.session.get(Decision, project.decision_id) if project.decision_id else None
    return at.page(
        "village/projects/one.html",
        status=status,
        problem=problem,
        done=done,
        project=project,
        village=at.session.get(Place, project.place_id),
        decision=decision,
        lines=lines,
        warnings=reading.warnings(project),
        waiting=[(row, _names(row.words)) for row in project.stages if row.waits],
        refused=[row for row in project.stages if row.refused_at is not None],
        chosen=stage,
        stages=[(s, LABELS[s]) for s in Stage],
        labels=LABELS,
        sum_said=SUM_SAID[stage] if stage in HAS_SUM else "",
        sums=SUM_SAID,
        items=items_of(stage),
        items_of=items_of,
        heading=heading(),
        nonce=token_urlsafe(9),
        may_write=at.staff.can("write"),
        may_oversee=at.staff.can("oversee"),
    )


def _names(words: str) -> list[str]:
    """What looks like somebody's name: who confirms looks at it once more."""
    return [mark.text for mark in find_marks(words) if mark.kind is MarkKind.name]
