"""The editor of a draft: its form, what is said beside it, and saving without losing what a colleague or oneself
wrote.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse, JSONResponse

from actions.errors import InvalidInput
from bot.web.knowledge import forms
from bot.web.knowledge.asking.unanswered import take_up
from bot.web.knowledge.checks import MOST_HINTS, checks, offers, swapped
from bot.web.knowledge.forms import Typed
from bot.web.knowledge.preview import SIZES, View, preview
from bot.web.knowledge.shelf import KIND_NAMES, KnowledgeSeat, address, find_version, person, state
from bot.web.staff.desk import Form, Seat, form
from knowledge.clock import SHANGHAI
from knowledge.documents import comments, versions
from knowledge.documents.differences import FieldDifference, by_field
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.kinds.service_guide import PROOFS
from knowledge.documents.kinds.village_rule import CLAUSE_STATUSES
from knowledge.documents.models import DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.twins import twins
from knowledge.errors import EditConflict, FileRefused, Incomplete, MoveNotAllowed, ReasonNeeded
from knowledge.village_rules.check import suggested_conflict

router = APIRouter(prefix="/staff/knowledge/versions")
EditorForm = Annotated[Form, form("knowledge", most_fields=forms.MOST_FIELDS)]


@dataclass(frozen=True)
class Editing:
    """The editor as it is to be shown."""

    version: DocumentVersion
    typed: Typed
    view: View = field(default_factory=View)
    status: int = 200
    problem: str | None = None
    conflict: list[FieldDifference] | None = None
    is_locked: bool = False
    reason: str = ""
    done: str = ""
    pasted: str = ""  # a whole text that couldn't be taken apart


@router.get("/{version_id}", response_class=HTMLResponse)
def edit(at: KnowledgeSeat, version_id: str, view: Annotated[View, Depends()], done: str = "") -> Response:
    version = find_version(at, version_id, to_change=True)
    shown = Editing(version, forms.stored(version))
    if version.status is not VersionStatus.draft:
        return _page(at, replace(shown, is_locked=True, problem="这一版不是草稿，只能看，不能改。"))
    return _page(at, replace(shown, view=view, done="存好了。" if done == "saved" else ""))


@router.post("/{version_id}/preview", response_class=HTMLResponse)
def look(at: EditorForm, version_id: str) -> Response:
    """What stands beside the form, for what is typed and not saved."""
    version = find_version(at, version_id, to_change=True)
    typed = forms.typed(at.sent, version, by=at.staff.name, today=at.tools.today())
    return at.page(
        "knowledge/documents/beside.html",
        is_review=False,
        is_locked=False,
        typed=typed,
        **_beside(at, version, typed, _view(at)),
    )


@router.post("/{version_id}", response_class=HTMLResponse)
def save(at: EditorForm, version_id: str) -> Response:
    version, do = find_version(at, version_id, to_change=True), at.text("do", 100)
    editing = Editing(version, _typed(at, version, do), view=_view(at), reason=at.text("reason", 1000))
    if do == "auto":
        return _saved_by_itself(at, editing)
    if editing.typed.problem:
        pasted = at.text("whole", forms.MOST_PASTED)
        return _page(at, replace(editing, status=422, problem=editing.typed.problem, pasted=pasted))
    if do == "look":
        return _page(at, editing)
    try:
        saved = _save(at, editing)
    except (EditConflict, MoveNotAllowed) as error:
        at.session.rollback()
        return _page(at, _refused(at, version_id, editing, error))
    if do != "submit":
        return at.back(_after(saved, do, editing.typed.content))
    try:
        _submit(at, saved, editing)
    except (Incomplete, ReasonNeeded, MoveNotAllowed) as error:
        at.session.rollback()
        saved = versions.get(at.session, saved.id)
        problem = f"已经保存，还没有送审。{error.message_zh}"
        return _page(at, replace(editing, version=saved, typed=forms.stored(saved), status=422, problem=problem))
    return at.back(f"{address(saved.id)}/review")


def _saved_by_itself(at: Form, editing: Editing) -> Response:
    """While somebody writes: what they go on with, as JSON. Raises EditConflict, MoveNotAllowed."""
    if editing.typed.problem:
        raise InvalidInput(editing.typed.problem)
    saved = _save(at, editing, is_quiet=True)
    time = f"{datetime.now(SHANGHAI):%H:%M}"
    return JSONResponse({"address": address(saved.id), "revision": saved.revision, "saved": time})


def _view(at: Form) -> View:
    return View(part=at.number("part") or 0, size=at.text("size", 3))


def _typed(at: Form, version: DocumentVersion, do: str) -> Typed:
    """What was typed, after the button that was pressed."""
    kind, typed = version.document.kind, forms.typed(at.sent, version, by=at.staff.name, today=at.tools.today())
    content = forms.act(typed.content, kind, do)
    if do.startswith("swap") and KINDS[kind].is_masked:
        wanted = offers(kind, content) if do == "swap-all" else [do.removeprefix("swap:")]
        for wording in wanted:
            content = swapped(kind, content, wording)
    if do == "paste":
        return _pasted(at, replace(typed, content=content), kind)
    return replace(typed, content=content)


def _pasted(at: Form, typed: Typed, kind: Kind) -> Typed:
    """With the clauses of a whole text that was pasted; one that can't be taken apart is told, and nothing is lost."""
    try:
        content, problem = forms.with_pasted(typed.content, kind, at.text("whole", forms.MOST_PASTED))
    except FileRefused as error:
        return replace(typed, problem=error.message_zh)
    return replace(typed, content=content, problem=problem or typed.problem)


def _beside(at: Seat, version: DocumentVersion, typed: Typed, view: View) -> dict[str, Any]:
    """What stands beside the form."""
    document = version.document
    return {
        "document": document,
        "version": version,
        "checks": checks(at.session, document.kind, typed, today=at.tools.today()),
        "twins": twins(
            at.session,
            document.kind,
            title=typed.content.get("title") or "",
            place=document.place_id,
            but=document.id,
        ),
        "most_hints": MOST_HINTS,
        "sizes": SIZES,
        "suggested_conflict": suggested_conflict,
        "preview": preview(at.session, document, typed, day=at.tools.today(), view=view),
        "content": typed.content,
    }


def _page(at: Seat, shown: Editing) -> HTMLResponse:
    version = shown.version
    saves = (
        event
        for event, number in comments.history(at.session, version.document_id)
        if number == version.number and event.what == "saved"
    )
    return at.page(
        "knowledge/documents/editor.html",
        status=shown.status,
        problem=shown.problem,
        typed=shown.typed,
        conflict=shown.conflict,
        is_locked=shown.is_locked,
        is_review=False,
        reason=shown.reason,
        done=shown.done,
        pasted=shown.pasted,
        last=next(saves, None),
        kind_names=KIND_NAMES,
        kind=KINDS[version.document.kind],
        topics=TOPICS,
        proofs=PROOFS,
        clause_statuses=CLAUSE_STATUSES,
        sections=forms.sections(shown.typed.content),
        most_parts=forms.MOST_PARTS,
        today=at.tools.today(),
        **_beside(at, version, shown.typed, shown.view),
    )


def _save(at: Form, editing: Editing, *, is_quiet: bool = False) -> DocumentVersion:
    """Raises EditConflict, MoveNotAllowed."""
    typed = editing.typed
    saved = versions.save_draft(
        at.session,
        editing.version.id,
        content=typed.content,
        in_force_from=typed.in_force_from,
        in_force_to=typed.in_force_to,
        reviewed_on=typed.days["reviewed_on"],
        revision=at.number("revision") or 0,
        by=person(at),
        now=datetime.now(UTC),
        is_quiet=is_quiet,
    )
    if not is_quiet:  # what happened to the version tells the others
        take_up(at, saved)
        at.record("改资料", saved.document_id, detail=f"第 {saved.number} 版")
    at.session.commit()
    return saved


def _submit(at: Form, version: DocumentVersion, editing: Editing) -> None:
    """To a colleague, once every clause that may be against the law was decided on.

    Raises Incomplete, ReasonNeeded, MoveNotAllowed.
    """
    found = checks(at.session, version.document.kind, editing.typed, today=at.tools.today())
    if found.undecided:
        raise Incomplete([f"{'、'.join(found.undecided[:10])}可能与法律冲突，请先看过右边的提示，定下合不合法。"])
    versions.submit(
        at.session, version.id, by=person(at), now=datetime.now(UTC), marks=found.marked, reason=editing.reason
    )
    at.record("资料送审", version.document_id, detail=f"第 {version.number} 版")
    at.session.commit()


def _refused(at: Seat, version_id: str, editing: Editing, error: EditConflict | MoveNotAllowed) -> Editing:
    """Both texts: what stands there now beside what was typed, which is still in the form."""
    version = find_version(at, version_id, to_change=True)
    refused = replace(editing, version=version, status=409)
    if isinstance(error, MoveNotAllowed):
        now = state(at.tools, version)
        problem = f"没有保存：您打开之后，这一版已经变成“{now}”。您写的还在下面，可以先抄出来。"
        return replace(refused, problem=problem, is_locked=True)
    differences = by_field(version.document.kind, version.content, editing.typed.content)
    return replace(refused, problem=error.message_zh, conflict=[d for d in differences if d.is_changed])


def _after(saved: DocumentVersion, do: str, content: dict[str, Any]) -> str:
    """Back to the form, at the clause that the button was about."""
    what, _, number = do.partition("-")
    field = KINDS[saved.document.kind].parts
    last = len(content[field.name]) - 1 if field else -1
    place = None
    if what == "add":
        place = last
    elif what in ("up", "down", "remove") and number.isascii() and number.isdigit() and len(number) <= 3:
        place = int(number) + {"up": -1, "down": 1}.get(what, 0)
    anchor = f"#part-{max(0, min(place, last))}" if place is not None and last >= 0 else ""
    return f"{address(saved.id)}?done=saved{anchor}"
