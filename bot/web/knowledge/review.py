"""A version before a colleague: what changed sentence by sentence, remarks, sending back, approving, publishing,
withdrawing.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import InvalidInput, NotFound
from bot.staff import audit
from bot.web.knowledge.checks import MOST_HINTS, checks
from bot.web.knowledge.preview import SIZES, preview
from bot.web.knowledge.shelf import KIND_NAMES, Shelf, may_change, person, wrote
from bot.web.staff.desk import Who, back, int_of, text_of
from knowledge.documents import comments, versions
from knowledge.documents.differences import by_field
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Document, DocumentVersion, VersionComment, VersionStatus
from knowledge.documents.shape import shaped
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


def router(shelf: Shelf) -> APIRouter:
    api, desk = APIRouter(prefix="/staff/knowledge/versions"), shelf.desk

    def page(
        request: Request,
        session: Session,
        who: Who,
        version: DocumentVersion,
        *,
        status: int = 200,
        problem: str | None = None,
        failing: Sequence[GoldenQuestion] = (),
        given: dict[str, str] | None = None,
        part: int = 0,
        size: str = "0",
    ) -> HTMLResponse:
        document, base = version.document, _base(session, version)
        is_ours = document.kind in EDITABLE
        period = {"in_force_from": version.in_force_from, "in_force_to": version.in_force_to}
        content = shaped(document.kind, version.content) if is_ours else version.content
        old = (shaped(document.kind, base.content) if is_ours else base.content) if base else {}
        held = (
            list(session.scalars(select(GoldenQuestion).where(GoldenQuestion.id.in_(version.held or []))))
            if not failing
            else list(failing)
        )
        return desk.page(
            request,
            "knowledge/documents/review.html",
            session,
            who,
            status=status,
            problem=problem,
            version=version,
            document=document,
            base=base,
            differences=by_field(document.kind, old, content),
            state=shelf.state,
            kind_names=KIND_NAMES,
            moves=MOVES[version.status],
            may_change=may_change(session, who.staff, document),
            wrote=wrote(version, who.staff),
            comments=_comments(session, version),
            failing=held,
            given=given or {},
            today=shelf.today(),
            is_open=version.status in OPEN,
            checks=checks(session, document.kind, content, **period) if is_ours else None,
            most_hints=MOST_HINTS,
            is_review=True,
            is_locked=True,
            content=content,
            sizes=SIZES,
            cited=lambda items: [_named(session, item) for item in items],
            preview=preview(session, document, content, **period, day=shelf.today(), part=part, size=size)
            if is_ours
            else None,
        )

    @api.get("/{version_id}/review", response_class=HTMLResponse)
    async def look(request: Request, version_id: str, size: str = "0", part: int = 0) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            return await run_in_threadpool(
                page, request, session, who, shelf.version(session, who.staff, version_id), part=part, size=size
            )

    @api.post("/{version_id}/{do}", response_class=HTMLResponse)
    async def act(request: Request, version_id: str, do: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            version = shelf.version(session, who.staff, version_id, to_change=do not in ("comment", "settle"))
            if do not in _SAID:
                raise NotFound
            try:
                if do == "publish":
                    failing = await run_in_threadpool(_publish, shelf, session, version, who, sent)
                    if failing:
                        given = {"reason": text_of(sent, "reason", 1000), "on": text_of(sent, "on", 10)}
                        problem = (
                            f"按这一版，有 {len(failing)} 个检查问题会答错，先不发布。请看下面列出的问题；"
                            "确实要发布，请写明理由。"
                        )
                        return page(
                            request, session, who, version, status=422, problem=problem, failing=failing, given=given
                        )
                else:
                    _act(session, version, do, who, sent)
            except (ReasonNeeded, InvalidInput) as error:
                session.rollback()
                who, version = desk.who(request, session, "knowledge"), shelf.version(session, who.staff, version_id)
                return page(
                    request,
                    session,
                    who,
                    version,
                    status=422,
                    problem=error.message_zh,
                    given={name: text_of(sent, name, 2000) for name in ("reason", "text", "quote", "on")},
                )
            audit.record(
                session,
                who.staff,
                _SAID[do],
                version.document_id,
                f"第 {version.number} 版 {text_of(sent, 'reason', 500) or text_of(sent, 'text', 500)}".strip(),
            )
            session.commit()
            to = (
                f"/staff/knowledge/{version.document_id}"
                if do == "withdraw"
                else f"/staff/knowledge/versions/{version.id}/review"
            )
        return back(request, to)

    return api


def _act(session: Session, version: DocumentVersion, do: str, who: Who, sent: FormData) -> None:
    """Raises what `review` raises."""
    by, now, reason = person(who.staff), datetime.now(UTC), text_of(sent, "reason", 1000)
    if do == "comment":
        comments.comment(
            session, version.id, by=by, now=now, text=text_of(sent, "text", 2000), quote=text_of(sent, "quote", 500)
        )
    elif do == "settle":
        held = session.get(VersionComment, int_of(sent, "comment") or 0)
        if held is None or held.version_id not in {v.id for v in version.document.versions}:
            raise VersionNotFound("没有这条意见。")
        comments.settle(session, held.id, by=by, now=now)
    elif do == "send-back":
        versions.send_back(session, version.id, by=by, now=now, reason=reason)
    elif do == "approve":
        versions.approve(session, version.id, by=by, now=now, accepts_marks=text_of(sent, "accepts_marks", 1) == "1")
    else:
        versions.withdraw(session, version.id, by=by, now=now, reason=reason)


def _publish(
    shelf: Shelf, session: Session, version: DocumentVersion, who: Who, sent: FormData
) -> Sequence[GoldenQuestion]:
    """Asked for, unless golden questions fail and nobody wrote why to publish nevertheless: those.

    Raises InvalidInput, MoveNotAllowed.
    """
    today, reason = shelf.today(), text_of(sent, "reason", 1000)
    try:
        on = max(today, date.fromisoformat(text_of(sent, "on", 10) or today.isoformat()))
    except ValueError:
        raise InvalidInput("请填发布的日期，比如 2026-12-01；空着就是今天。") from None
    if on.year > 2200:
        raise InvalidInput("发布的日期太远了。")
    failing = shelf.gate(session, version) if version.status is VersionStatus.approved else ()
    if failing and not reason:
        return failing
    versions.request_publication(
        session,
        version.id,
        by=person(who.staff),
        now=datetime.now(UTC),
        on=on,
        failing=[q.id for q in failing],
        reason=reason,
    )
    return ()


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
