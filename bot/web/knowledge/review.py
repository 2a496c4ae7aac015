"""A version before a colleague: what changed sentence by sentence, remarks, sending back, approving, publishing,
withdrawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput, NotFound
from bot.web.knowledge.checks import MOST_HINTS, checks
from bot.web.knowledge.forms import stored
from bot.web.knowledge.preview import SIZES, View, preview
from bot.web.knowledge.shelf import (
    KIND_NAMES,
    KnowledgeForm,
    KnowledgeSeat,
    address,
    find_version,
    may_change,
    may_remark,
    person,
    state,
    wrote,
)
from bot.web.staff.desk import Form, Seat
from knowledge.documents import comments, versions
from knowledge.documents.differences import by_field
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Document, DocumentVersion, VersionComment, VersionStatus
from knowledge.documents.shape import shaped
from knowledge.documents.twins import twins
from knowledge.documents.versions import MOVES, OPEN
from knowledge.errors import ReasonNeeded, VersionNotFound
from knowledge.evaluation.models import GoldenQuestion

_SAID = {
    "comment": "资料留言",
    "settle": "留言已处理",
    "send-back": "退回资料",
    "approve": "通过资料",
    "publish": "发布资料",
    "withdraw": "撤回资料",
}

_START = View()

router = APIRouter(prefix="/staff/knowledge/versions")


@dataclass(frozen=True)
class Refusal:
    """Why something wasn't done, with what was typed."""

    problem: str
    given: dict[str, str] = field(default_factory=dict)
    failing: Sequence[GoldenQuestion] = ()


@router.get("/{version_id}/review", response_class=HTMLResponse)
def look(at: KnowledgeSeat, version_id: str, view: Annotated[View, Depends()]) -> Response:
    return _page(at, find_version(at, version_id), view=view)


@router.post("/{version_id}/{do}", response_class=HTMLResponse)
def act(at: KnowledgeForm, version_id: str, do: str) -> Response:
    version = find_version(at, version_id)
    if not (do == "comment" and may_remark(at, version)):
        version = find_version(at, version_id, to_change=True)
    if do not in _SAID:
        raise NotFound
    try:
        failing = _publish(at, version) if do == "publish" else _act(at, version, do)
        if do == "approve" and at.text("then", 10) == "publish":
            at.record(_SAID[do], version.document_id, detail=f"第 {version.number} 版")
            at.session.commit()
            do, failing = "publish", _publish(at, version)
    except (ReasonNeeded, InvalidInput) as error:
        at.session.rollback()
        given = {name: at.text(name, 2000) for name in ("reason", "text", "quote", "on")}
        return _page(at, find_version(at, version_id), refusal=Refusal(error.message_zh, given))
    if failing:
        return _page(at, version, refusal=_spoiled(at, failing))
    at.record(_SAID[do], version.document_id, detail=f"第 {version.number} 版")  # the reason stands with the version
    at.session.commit()
    return at.back(f"/staff/knowledge/{version.document_id}" if do == "withdraw" else f"{address(version.id)}/review")


def _page(at: Seat, version: DocumentVersion, *, refusal: Refusal | None = None, view: View = _START) -> HTMLResponse:
    document, base = version.document, _base(at.session, version)
    failing = refusal.failing if refusal and refusal.failing else _holding(at.session, version)
    return at.page(
        "knowledge/documents/review.html",
        status=422 if refusal else 200,
        problem=refusal.problem if refusal else None,
        given=refusal.given if refusal else {},
        failing=failing,
        version=version,
        document=document,
        base=base,
        differences=by_field(document.kind, _content(base) if base else {}, _content(version)),
        state=partial(state, at.tools),
        kind_names=KIND_NAMES,
        moves=MOVES[version.status],
        may_change=may_change(at, document),
        may_remark=may_remark(at, version),
        wrote=wrote(at, version),
        comments=_comments(at.session, version),
        remarks=versions.open_remarks(at.session, version),
        today=at.tools.today(),
        is_open=version.status in OPEN,
        most_hints=MOST_HINTS,
        is_review=True,
        is_locked=True,
        content=_content(version),
        sizes=SIZES,
        cited=lambda items: [_named(at.session, item) for item in items],
        **_beside(at, version, view),
    )


def _content(version: DocumentVersion) -> dict[str, Any]:
    kind = version.document.kind
    return shaped(kind, version.content) if kind in EDITABLE else version.content


def _beside(at: Seat, version: DocumentVersion, view: View) -> dict[str, Any]:
    """What is said of a text of ours, and how residents see it."""
    document = version.document
    if document.kind not in EDITABLE:
        return {"checks": None, "preview": None}
    text = stored(version)
    return {
        "checks": checks(at.session, document.kind, text, today=at.tools.today()),
        "twins": twins(at.session, document.kind, title=document.title, place=document.place_id, but=document.id),
        "preview": preview(at.session, document, text, day=at.tools.today(), view=view),
    }


def _holding(session: Session, version: DocumentVersion) -> Sequence[GoldenQuestion]:
    """The questions because of which its publication was held."""
    return session.scalars(select(GoldenQuestion).where(GoldenQuestion.id.in_(version.held or []))).all()


def _act(at: Form, version: DocumentVersion, do: str) -> Sequence[GoldenQuestion]:
    """Everything but publishing; nothing fails. Raises what `versions` and `comments` raise."""
    session, by, now, reason = at.session, person(at), datetime.now(UTC), at.text("reason", 1000)
    if do == "comment":
        comments.comment(session, version.id, by=by, now=now, text=at.text("text", 2000), quote=at.text("quote", 500))
    elif do == "settle":
        held = session.get(VersionComment, at.number("comment") or 0)
        if held is None or held.version_id not in {v.id for v in version.document.versions}:
            raise VersionNotFound("没有这条意见。")
        comments.settle(session, held.id, by=by, now=now)
    elif do == "send-back":
        versions.send_back(session, version.id, by=by, now=now, reason=reason)
    elif do == "approve":
        versions.approve(
            session,
            version.id,
            by=by,
            now=now,
            accepts_marks=at.text("accepts_marks", 1) == "1",
            accepts_remarks=at.text("accepts_remarks", 1) == "1",
        )
    else:
        versions.withdraw(session, version.id, by=by, now=now, reason=reason)
    return ()


def _publish(at: Form, version: DocumentVersion) -> Sequence[GoldenQuestion]:
    """Asked for, unless golden questions fail and nobody wrote why to publish nevertheless: those.

    Raises InvalidInput, MoveNotAllowed.
    """
    on, reason = _day_of_publication(at), at.text("reason", 1000)
    failing = at.tools.gate(at.session, version) if version.status is VersionStatus.approved else ()
    if failing and not reason:
        return failing
    versions.request_publication(
        at.session,
        version.id,
        by=person(at),
        now=datetime.now(UTC),
        on=on,
        failing=[q.id for q in failing],
        reason=reason,
    )
    return ()


def _day_of_publication(at: Form) -> date:
    today = at.tools.today()
    try:
        on = max(today, date.fromisoformat(at.text("on", 10) or today.isoformat()))
    except ValueError:
        raise InvalidInput("请填发布的日期，比如 2026-12-01；空着就是今天。") from None
    if on.year > 2200:
        raise InvalidInput("发布的日期太远了。")
    return on


def _spoiled(at: Form, failing: Sequence[GoldenQuestion]) -> Refusal:
    problem = f"按这一版，有 {len(failing)} 个检查问题会答错，先不发布。请看下面列出的问题；确实要发布，请写明理由。"
    return Refusal(problem, {"reason": at.text("reason", 1000), "on": at.text("on", 10)}, failing)


def _base(session: Session, version: DocumentVersion) -> DocumentVersion | None:
    """What a version is compared with: the text residents see, else the one it began with, else the one before it."""
    shown = versions.current(session, version.document_id)
    if shown is not None and shown.id != version.id and version.status in OPEN:
        return shown
    of_document = select(DocumentVersion).where(DocumentVersion.document_id == version.document_id)
    if version.based_on is not None:
        return session.scalar(of_document.where(DocumentVersion.number == version.based_on))
    return session.scalar(
        of_document.where(DocumentVersion.number < version.number).order_by(DocumentVersion.number.desc()).limit(1)
    )


def _comments(session: Session, version: DocumentVersion) -> list[tuple[VersionComment, int]]:
    """Those of this version and, while it is in work, the open ones of the versions before it: a question isn't
    lost when a text comes back.
    """
    asked = (
        select(VersionComment, DocumentVersion.number)
        .join(DocumentVersion, VersionComment.version_id == DocumentVersion.id)
        .where(DocumentVersion.document_id == version.document_id, DocumentVersion.number <= version.number)
    )
    rows = session.execute(asked.order_by(VersionComment.id)).all()
    return [
        (c, number)
        for c, number in rows
        if c.version_id == version.id or (version.status in OPEN and c.settled_at is None)
    ]


def _named(session: Session, item: str) -> str:
    """What a golden question must cite, as people call it: `guide-x 第二条`, `law 民法典 1042`."""
    document_id, _, article = item.partition(" ")
    found = session.get(Document, document_id)
    return f"“{found.title}”{article}" if found else item.removeprefix("law ")
