"""The editor of a draft: its form, what is said beside it, and saving without losing what a colleague or oneself
wrote.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from bot.staff import audit
from bot.staff.models import Staff
from bot.web.knowledge import forms
from bot.web.knowledge.checks import MOST_HINTS, Checks, checks, swapped
from bot.web.knowledge.forms import Typed
from bot.web.knowledge.preview import SIZES, preview
from bot.web.knowledge.shelf import KIND_NAMES, Shelf, person
from bot.web.staff.desk import Who, back, int_of, text_of
from knowledge.documents import comments, versions
from knowledge.documents.differences import FieldDifference, by_field
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.kinds.service_guide import PROOFS
from knowledge.documents.kinds.village_rule import CLAUSE_STATUSES
from knowledge.documents.models import DocumentVersion, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.errors import EditConflict, Incomplete, MoveNotAllowed, ReasonNeeded
from knowledge.village_rules.check import suggested_conflict


def router(shelf: Shelf) -> APIRouter:
    api, desk = APIRouter(prefix="/staff/knowledge/versions"), shelf.desk

    def beside(session: Session, version: DocumentVersion, typed: Typed, *, part: int, size: str) -> dict[str, object]:
        """What stands beside the form."""
        document, period = version.document, {"in_force_from": typed.in_force_from, "in_force_to": typed.in_force_to}
        return {
            "document": document,
            "version": version,
            "checks": checks(session, document.kind, typed.content, **period),
            "most_hints": MOST_HINTS,
            "sizes": SIZES,
            "suggested_conflict": suggested_conflict,
            "preview": preview(session, document, typed.content, **period, day=shelf.today(), part=part, size=size),
            "content": typed.content,
        }

    async def page(
        request: Request,
        session: Session,
        who: Who,
        version: DocumentVersion,
        typed: Typed,
        *,
        status: int = 200,
        problem: str | None = None,
        conflict: list[FieldDifference] | None = None,
        is_locked: bool = False,
        part: int = 0,
        size: str = "0",
        reason: str = "",
        done: str = "",
    ) -> HTMLResponse:
        shown = await run_in_threadpool(beside, session, version, typed, part=part, size=size)
        last = next(
            (
                e
                for e, number in comments.history(session, version.document_id)
                if number == version.number and e.what == "saved"
            ),
            None,
        )
        return desk.page(
            request,
            "knowledge/documents/editor.html",
            session,
            who,
            status=status,
            problem=problem,
            typed=typed,
            conflict=conflict,
            is_locked=is_locked,
            is_review=False,
            reason=reason,
            done=done,
            last=last,
            kind_names=KIND_NAMES,
            kind=KINDS[version.document.kind],
            topics=TOPICS,
            proofs=PROOFS,
            clause_statuses=CLAUSE_STATUSES,
            sections=forms.sections(typed.content),
            most_parts=forms.MOST_PARTS,
            today=shelf.today(),
            **shown,
        )

    @api.get("/{version_id}", response_class=HTMLResponse)
    async def edit(request: Request, version_id: str, size: str = "0", part: int = 0, done: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            version = shelf.version(session, who.staff, version_id, to_change=True)
            if version.status is not VersionStatus.draft:
                return await page(
                    request,
                    session,
                    who,
                    version,
                    forms.stored(version),
                    is_locked=True,
                    problem="这一版不是草稿，只能看，不能改。",
                )
            return await page(
                request,
                session,
                who,
                version,
                forms.stored(version),
                size=size,
                part=part,
                done="存好了。" if done == "saved" else "",
            )

    @api.post("/{version_id}/preview", response_class=HTMLResponse)
    async def look(request: Request, version_id: str) -> Response:
        """What stands beside the form, for what is typed and not saved."""
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge", most_fields=forms.MOST_FIELDS)
            version = shelf.version(session, who.staff, version_id, to_change=True)
            typed = forms.typed(sent, version, by=who.staff.name, today=shelf.today())
            shown = await run_in_threadpool(
                beside, session, version, typed, part=int_of(sent, "part") or 0, size=text_of(sent, "size", 3)
            )
            return desk.page(
                request,
                "knowledge/documents/beside.html",
                session,
                who,
                is_review=False,
                is_locked=False,
                typed=typed,
                **shown,
            )

    @api.post("/{version_id}", response_class=HTMLResponse)
    async def save(request: Request, version_id: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge", most_fields=forms.MOST_FIELDS)
            version, me = shelf.version(session, who.staff, version_id, to_change=True), person(who.staff)
            do, reason = text_of(sent, "do", 100), text_of(sent, "reason", 1000)
            typed = forms.typed(sent, version, by=who.staff.name, today=shelf.today())
            content = forms.act(typed.content, version.document.kind, do)
            if do.startswith("swap:") and KINDS[version.document.kind].is_masked:
                content = swapped(version.document.kind, content, do.removeprefix("swap:"))
            typed = replace(typed, content=content)
            shown = {"part": int_of(sent, "part") or 0, "size": text_of(sent, "size", 3) or "0", "reason": reason}
            if typed.problem or do == "look":
                return await page(
                    request,
                    session,
                    who,
                    version,
                    typed,
                    status=422 if typed.problem else 200,
                    problem=typed.problem,
                    **shown,
                )  # type: ignore[arg-type]
            try:
                saved = versions.save_draft(
                    session,
                    version.id,
                    content=content,
                    in_force_from=typed.in_force_from,
                    in_force_to=typed.in_force_to,
                    reviewed_on=typed.days["reviewed_on"],
                    revision=int_of(sent, "revision") or 0,
                    by=me,
                    now=datetime.now(UTC),
                )
            except (EditConflict, MoveNotAllowed) as error:
                session.rollback()
                return await _refused(request, session, version_id, typed, error, shown)
            audit.record(
                session, who.staff, "改资料", saved.document_id, f"第 {saved.number} 版：{saved.content['title']}"
            )
            session.commit()
            if do != "submit":
                return back(request, _after(saved, do, content))
            found = checks(
                session, saved.document.kind, content, in_force_from=saved.in_force_from, in_force_to=saved.in_force_to
            )
            try:
                submit(session, saved, found, staff=who.staff, reason=reason)
                session.commit()
            except (Incomplete, ReasonNeeded, MoveNotAllowed) as error:
                session.rollback()
                who, saved = desk.who(request, session, "knowledge"), versions.get(session, saved.id)
                return await page(
                    request,
                    session,
                    who,
                    saved,
                    forms.stored(saved),
                    status=422,
                    problem=f"已经保存，还没有送审。{error.message_zh}",
                    **shown,
                )  # type: ignore[arg-type]
            return back(request, f"/staff/knowledge/versions/{saved.id}/review")

    async def _refused(
        request: Request,
        session: Session,
        version_id: str,
        typed: Typed,
        error: EditConflict | MoveNotAllowed,
        shown: dict[str, object],
    ) -> Response:
        """Both texts: what stands there now beside what was typed, which is still in the form."""
        who = desk.who(request, session, "knowledge")
        version = shelf.version(session, who.staff, version_id, to_change=True)
        if isinstance(error, MoveNotAllowed):
            problem = f"没有保存：您打开之后，这一版已经变成“{shelf.state(version)}”。您写的还在下面，可以先抄出来。"
            return await page(
                request, session, who, version, typed, status=409, problem=problem, is_locked=True, **shown
            )  # type: ignore[arg-type]
        conflict = [d for d in by_field(version.document.kind, version.content, typed.content) if d.is_changed]
        return await page(
            request, session, who, version, typed, status=409, problem=error.message_zh, conflict=conflict, **shown
        )  # type: ignore[arg-type]

    return api


def submit(session: Session, version: DocumentVersion, found: Checks, *, staff: Staff, reason: str) -> None:
    """To a colleague, once every clause that may be against the law was decided on.

    Raises Incomplete, ReasonNeeded, MoveNotAllowed.
    """
    if found.undecided:
        raise Incomplete([f"{'、'.join(found.undecided[:10])}可能与法律冲突，请先看过右边的提示，定下合不合法。"])
    versions.submit(session, version.id, by=person(staff), now=datetime.now(UTC), marks=found.marked, reason=reason)
    audit.record(session, staff, "资料送审", version.document_id, f"第 {version.number} 版 {reason}")


def _after(saved: DocumentVersion, do: str, content: dict[str, Any]) -> str:
    """Back to the form, at the clause that the button was about."""
    what, _, at = do.partition("-")
    field = KINDS[saved.document.kind].parts
    parts = content[field.name] if field else []
    last = len(parts) - 1
    place = (
        last
        if what == "add"
        else int(at) + {"up": -1, "down": 1}.get(what, 0)
        if what in ("up", "down", "remove") and at.isascii() and at.isdigit() and len(at) <= 3
        else None
    )
    anchor = f"#part-{max(0, min(place, last))}" if place is not None and parts else ""
    return f"/staff/knowledge/versions/{saved.id}?done=saved{anchor}"
