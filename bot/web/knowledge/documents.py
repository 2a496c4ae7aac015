"""List, page, new."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from actions.errors import InvalidInput, NotFound
from actions.papers.letter import CitedArticle, ConflictingClause, township_letter
from bot.staff import audit, rights
from bot.staff.models import Staff
from bot.web.downloads import file_response
from bot.web.knowledge import editor, listing, review
from bot.web.knowledge.forms import stored
from bot.web.knowledge.preview import SIZES, preview
from bot.web.knowledge.shelf import KIND_NAMES, WHAT_NAMES, Gate, Shelf, may_change, own_places, person
from bot.web.staff.desk import Desk, Who, back, int_of, text_of
from knowledge.documents import comments, versions
from knowledge.documents import versions as documents_versions
from knowledge.documents.fields import fields
from knowledge.documents.kinds.registry import EDITABLE
from knowledge.documents.models import Chunk, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.versions import MOVES, OPEN
from knowledge.errors import DraftExists
from knowledge.places import Place
from knowledge.search.articles import cited_articles
from knowledge.search.index import Index
from knowledge.statutes.citations import short_name

_MOST_CHUNKS = 600  # of a statute, shown at once
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def router(
    desk: Desk,
    *,
    today: Callable[[], date],
    gate: Gate,
    is_indexed: Callable[[DocumentVersion], bool],
    live: Callable[[], Index],
) -> APIRouter:
    """Goes in after all other routers under /staff/knowledge: its last pages take any name there for a document's.

    `gate`: golden questions that would be answered wrongly with a version. `is_indexed`: whether searches already know
    a published one. `live`: the index of published texts; may raise SnapshotUnavailable.
    """
    api, shelf = APIRouter(), Shelf(desk, today, gate, is_indexed, live)
    for pages in (listing.router(shelf), editor.router(shelf)):
        api.include_router(pages)

    def new_page(
        request: Request, session: Session, who: Who, *, problem: str | None = None, given: dict[str, str] | None = None
    ) -> HTMLResponse:
        return desk.page(
            request,
            "knowledge/documents/new.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            kinds={k: KIND_NAMES[k] for k in EDITABLE},
            own=own_places(session, who.staff),
            topics=TOPICS,
            given=given or {"place": who.staff.place_id},
        )

    @api.get("/staff/knowledge/new", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        with desk.sessions() as session:
            return new_page(request, session, desk.who(request, session, "knowledge"))

    @api.post("/staff/knowledge/new", response_class=HTMLResponse)
    async def begin(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            try:
                version = _begin(
                    session,
                    who.staff,
                    {name: text_of(sent, name, 200) for name in ("kind", "place", "title", "topic")},
                    today=today(),
                )
            except InvalidInput as error:
                return new_page(
                    request,
                    session,
                    who,
                    problem=error.message_zh,
                    given={name: text_of(sent, name, 200) for name in ("kind", "place", "title", "topic")},
                )
            audit.record(session, who.staff, "新建资料", version.document_id, version.content["title"])
            session.commit()
            return back(request, f"/staff/knowledge/versions/{version.id}")

    @api.get("/staff/knowledge/versions/{version_id}/letter.docx")
    async def letter(request: Request, version_id: str) -> Response:
        """To the township, about the clauses that a person found in conflict with the law."""
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            version = shelf.version(session, who.staff, version_id)
            data = _letter(session, version, author=who.staff.name, day=today())
            audit.record(session, who.staff, "下载村规审查函", version.document_id, f"第 {version.number} 版")
            session.commit()
        return file_response(data, f"村规审查函-{version.content['title'][:40]}.docx", _WORD)

    api.include_router(review.router(shelf))

    @api.get("/staff/knowledge/{document_id}", response_class=HTMLResponse)
    async def document(request: Request, document_id: str, size: str = "0", part: int = 0) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            found = shelf.document(session, who.staff, document_id)
            versions = list(
                session.scalars(
                    select(DocumentVersion)
                    .where(DocumentVersion.document_id == found.id)
                    .options(defer(DocumentVersion.content))
                    .order_by(DocumentVersion.number.desc())
                )
            )
            shown = documents_versions.current(session, found.id) or (versions[0] if versions else None)
            is_ours = shown is not None and found.kind in EDITABLE
            text = stored(shown) if shown and is_ours else None
            return desk.page(
                request,
                "knowledge/documents/document.html",
                session,
                who,
                document=found,
                versions=versions,
                shown=shown,
                state=shelf.state,
                kind_names=KIND_NAMES,
                moves=MOVES,
                may_change=may_change(session, who.staff, found),
                sizes=SIZES,
                open=next((v for v in versions if v.status in OPEN), None),
                history=comments.history(session, found.id)[:60],
                what_names=WHAT_NAMES,
                statuses=VersionStatus,
                today=today(),
                fields=fields(found.kind, text.content) if text else [],
                chunks=[]
                if is_ours or shown is None
                else list(
                    session.scalars(
                        select(Chunk).where(Chunk.version_id == shown.id).order_by(Chunk.ordinal).limit(_MOST_CHUNKS)
                    )
                ),
                preview=preview(
                    session,
                    found,
                    text.content,
                    in_force_from=text.in_force_from,
                    in_force_to=text.in_force_to,
                    day=today(),
                    part=part,
                    size=size,
                )
                if text
                else None,
                has_conflicts=bool(text and any(c["status"] == "conflicts" for c in text.content.get("clauses") or [])),
            )

    @api.post("/staff/knowledge/{document_id}/edit", response_class=HTMLResponse)
    async def edit(request: Request, document_id: str) -> Response:
        """The version in work, a new one of what residents see, or with `number` a new one of an older text (a
        roll-back).
        """
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            found = shelf.document(session, who.staff, document_id)
            rights.check_place(session, who.staff, found.place_id)
            number = int_of(sent, "number")
            try:
                version = documents_versions.edit(
                    session, found.id, by=person(who.staff), now=datetime.now(UTC), number=number
                )
            except DraftExists as error:
                if error.version_id is None or number is not None:
                    raise
                return back(request, f"/staff/knowledge/versions/{error.version_id}")
            audit.record(
                session,
                who.staff,
                "恢复旧版" if number is not None else "开始改资料",
                version.document_id,
                f"第 {version.number} 版",
            )
            session.commit()
            return back(
                request,
                f"/staff/knowledge/versions/{version.id}"
                if version.status is VersionStatus.draft
                else f"/staff/knowledge/versions/{version.id}/review",
            )

    return api


def _begin(session: Session, staff: Staff, given: dict[str, str], *, today: date) -> DocumentVersion:
    """Raises InvalidInput, NotAllowed."""
    kind = next((k for k in EDITABLE if k == given["kind"]), None)
    if kind is None:
        raise InvalidInput("请选是哪一种资料。")
    if not given["title"]:
        raise InvalidInput("请写标题，比如“怎么办老年证”。")
    if session.get(Place, given["place"]) is None:
        raise InvalidInput("请选管哪个地方。")
    rights.check_place(session, staff, given["place"])
    return versions.start_draft(
        session,
        by=person(staff),
        now=datetime.now(UTC),
        kind=kind,
        place_id=given["place"],
        content={"title": given["title"], "topic": given["topic"]},
        in_force_from=today,
        reviewed_on=today,
    )


def _letter(session: Session, version: DocumentVersion, *, author: str, day: date) -> bytes:
    """Raises NotFound where no clause was found in conflict."""
    clauses = (
        [c for c in version.content.get("clauses") or [] if c.get("status") == "conflicts"]
        if version.document.kind is Kind.village_rule
        else []
    )
    if not clauses:
        raise NotFound("这份资料里没有定为“与法律冲突”的条款，不用写函。")
    place = session.get_one(Place, version.document.place_id)
    above = session.get(Place, place.parent_id) if place.parent_id else None
    adopted = version.content.get("adopted_on")
    found = [
        ConflictingClause(
            c["number"],
            c["text"],
            (c.get("conflict") or {}).get("says") or "",
            _articles(session, (c.get("conflict") or {}).get("articles") or [], day),
        )
        for c in clauses
    ]
    return township_letter(
        village=place.name,
        township=(above or place).name,
        rule_title=version.content["title"] or "村规民约",
        adopted_on=date.fromisoformat(adopted) if adopted else None,
        clauses=found,
        author=author,
        day=day,
    )


def _articles(session: Session, citations: list[str], day: date) -> list[CitedArticle]:
    """As in force on the day; what can't be read or isn't in force is left out."""
    return [
        CitedArticle(short_name(document.title), chunk.ref or "", chunk.text, held.in_force_from)
        for chunk, held, document in cited_articles(session, citations, day)
    ]
