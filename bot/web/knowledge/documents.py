"""A document: begun, shown with its versions, opened to be edited; the letter about clauses against the law."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from actions.errors import InvalidInput, NotFound
from actions.papers.letter import CitedArticle, ConflictingClause, township_letter
from actions.papers.printing import as_pdf
from bot.staff import rights
from bot.web.downloads import file_response
from bot.web.knowledge.forms import stored, with_question
from bot.web.knowledge.preview import SIZES, View, preview
from bot.web.knowledge.shelf import (
    KIND_NAMES,
    WHAT_NAMES,
    KnowledgeForm,
    KnowledgeSeat,
    address,
    find_document,
    find_version,
    may_change,
    own_places,
    person,
    state,
)
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import words
from knowledge.documents import comments, versions
from knowledge.documents.fields import fields
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.topics import TOPICS
from knowledge.documents.versions import MOVES, OPEN
from knowledge.errors import DraftExists
from knowledge.law.standing import checked_on
from knowledge.places import Place
from knowledge.search.articles import cited_articles
from knowledge.search.references import as_numbered
from knowledge.statutes.citations import short_name

_MOST_CHUNKS = 600  # of a statute, shown at once
_MOST_EVENTS = 60
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# Joined after all others under /staff/knowledge: its last addresses take any word there for a document's id.
router = APIRouter(prefix="/staff/knowledge")


@router.get("/new", response_class=HTMLResponse)
def new(at: KnowledgeSeat, title: str = "") -> Response:
    return _new_page(at, {"place": at.staff.place_id, "title": words(title, 200)})


@router.post("/new", response_class=HTMLResponse)
def begin(at: KnowledgeForm) -> Response:
    given = {name: at.text(name, 200) for name in ("kind", "place", "title", "topic")}
    try:
        version = _begin(at, given)
    except InvalidInput as error:
        return _new_page(at, given, problem=error.message_zh)
    at.record("新建资料", version.document_id)
    at.session.commit()
    return at.back(address(version.id))


@router.get("/versions/{version_id}/letter.{kind}")
def letter(at: KnowledgeSeat, version_id: str, kind: Literal["docx", "pdf"]) -> Response:
    """To the township, about the clauses that a person found in conflict with the law."""
    version = find_version(at, version_id)
    data = _letter(at.session, version, author=at.staff.name, day=at.tools.today())
    at.record("下载村规审查函", version.document_id, detail=f"第 {version.number} 版")
    at.session.commit()
    name = f"村规审查函-{version.content['title'][:40]}"
    if kind == "pdf":
        return file_response(as_pdf(data, title=name), f"{name}.pdf", "application/pdf")
    return file_response(data, f"{name}.docx", _WORD)


@router.get("/{document_id}", response_class=HTMLResponse)
def document(at: KnowledgeSeat, document_id: str, view: Annotated[View, Depends()]) -> Response:
    found = find_document(at, document_id)
    held = _versions(at.session, found)
    shown = versions.current(at.session, found.id) or (held[0] if held else None)
    return at.page(
        "knowledge/documents/document.html",
        document=found,
        versions=held,
        shown=shown,
        state=partial(state, at.tools),
        kind_names=KIND_NAMES,
        moves=MOVES,
        may_change=may_change(at, found),
        sizes=SIZES,
        open=next((v for v in held if v.status in OPEN), None),
        history=comments.history(at.session, found.id)[:_MOST_EVENTS],
        what_names=WHAT_NAMES,
        statuses=VersionStatus,
        today=at.tools.today(),
        **_text_shown(at, found, shown, view),
    )


@router.post("/{document_id}/edit", response_class=HTMLResponse)
def edit(at: KnowledgeForm, document_id: str) -> Response:
    """The version in work, a new one of what residents see, or with `number` a new one of an older text (a
    roll-back).
    """
    found, number, ask = find_document(at, document_id), at.number("number"), at.text("ask", 300)
    rights.check_place(at.session, at.staff, found.place_id)
    if ask:
        return at.back(address(_with_question(at, found.id, ask).id))
    try:
        version = versions.edit(at.session, found.id, by=person(at), now=datetime.now(UTC), number=number)
    except DraftExists as error:
        if error.version_id is None or number is not None:
            raise
        return at.back(address(error.version_id))
    what = "恢复旧版" if number is not None else "开始改资料"
    at.record(what, version.document_id, detail=f"第 {version.number} 版")
    at.session.commit()
    is_draft = version.status is VersionStatus.draft
    return at.back(address(version.id) if is_draft else f"{address(version.id)}/review")


def _with_question(at: Form, document_id: str, ask: str) -> DocumentVersion:
    """The version in work, begun now where there is none, with one more way of asking. Raises MoveNotAllowed."""
    version = versions.edit(at.session, document_id, by=person(at), now=datetime.now(UTC))
    at.record("加一种问法", document_id, detail=f"第 {version.number} 版")
    content = with_question(version.document.kind, version.content, ask)
    version = versions.save_draft(
        at.session,
        version.id,
        content=content,
        in_force_from=version.in_force_from,
        in_force_to=version.in_force_to,
        reviewed_on=version.reviewed_on,
        revision=version.revision,
        by=person(at),
        now=datetime.now(UTC),
    )
    at.session.commit()
    return version


def _new_page(at: Seat, given: dict[str, str], *, problem: str | None = None) -> HTMLResponse:
    return at.page(
        "knowledge/documents/new.html",
        status=422 if problem else 200,
        problem=problem,
        kinds={k: KINDS[k] for k in EDITABLE},
        own=own_places(at),
        topics=TOPICS,
        given=given,
    )


def _begin(at: Form, given: dict[str, str]) -> DocumentVersion:
    """Raises InvalidInput, NotAllowed."""
    kind = next((k for k in EDITABLE if k == given["kind"]), None)
    if kind is None:
        raise InvalidInput("请选是哪一种资料。")
    if not given["title"]:
        raise InvalidInput("请写标题，比如“怎么办老年证”。")
    if at.session.get(Place, given["place"]) is None:
        raise InvalidInput("请选管哪个地方。")
    rights.check_place(at.session, at.staff, given["place"])
    return versions.start_draft(
        at.session,
        by=person(at),
        now=datetime.now(UTC),
        kind=kind,
        place_id=given["place"],
        content={"title": given["title"], "topic": given["topic"]},
        in_force_from=at.tools.today(),
        reviewed_on=at.tools.today(),
    )


def _versions(session: Session, document: Document) -> list[DocumentVersion]:
    """The newest first, their texts read only when asked for."""
    return list(
        session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document.id)
            .options(defer(DocumentVersion.content))
            .order_by(DocumentVersion.number.desc())
        )
    )


def _text_shown(at: Seat, document: Document, shown: DocumentVersion | None, view: View) -> dict[str, Any]:
    """The text: ours field by field and as residents see it, a statute article by article."""
    if shown is None or document.kind not in EDITABLE:
        chunks = _chunks(at.session, shown) if shown else []
        return {"fields": [], "chunks": chunks, "preview": None, "has_conflicts": False}
    text = stored(shown)
    return {
        "fields": fields(document.kind, text.content),
        "chunks": [],
        "preview": preview(at.session, document, text, day=at.tools.today(), view=view),
        "has_conflicts": any(c["status"] == "conflicts" for c in text.content.get("clauses") or []),
    }


def _chunks(session: Session, version: DocumentVersion) -> list[Chunk]:
    of_version = select(Chunk).where(Chunk.version_id == version.id)
    return list(session.scalars(of_version.order_by(Chunk.ordinal).limit(_MOST_CHUNKS)))


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
            _articles(session, (c.get("conflict") or {}).get("articles") or [], _looked_at(version, day), day),
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


def _looked_at(version: DocumentVersion, day: date) -> date:
    """When somebody last held the whole text against the law: today for one in work."""
    return checked_on(version.reviewed_on, version.approved_at) or day


def _articles(session: Session, citations: list[str], meant_on: date, day: date) -> list[CitedArticle]:
    """As in force and numbered on the day; what can't be read or isn't in force is left out."""
    named = as_numbered(session, citations, meant_on=meant_on, day=day)
    return [
        CitedArticle(short_name(document.title), chunk.ref or "", chunk.text, held.in_force_from)
        for chunk, held, document in cited_articles(session, named, day)
    ]
