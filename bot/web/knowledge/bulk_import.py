"""Papers into drafts: a file or pasted text is looked at first; a ZIP of a folder is reported file by file.

And everything out again.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from actions.errors import InvalidInput
from actions.storable import storable
from bot.staff import audit, rights
from bot.staff.models import Staff
from bot.web.downloads import file_response
from bot.web.staff.desk import Desk, Who, back, text_of
from knowledge.clock import SHANGHAI
from knowledge.documents import shape, versions
from knowledge.documents.building import build
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import DocumentVersion, ImportedSource, Kind
from knowledge.documents.versions import Person
from knowledge.errors import CorpusError, FileRefused, ReviewError
from knowledge.exchange import archive, bulk, files
from knowledge.exchange.archive import Given
from knowledge.exchange.bulk import Line, Outcome
from knowledge.importing.files import MOST_BYTES, read_file, read_pasted, title_of
from knowledge.importing.formats.blocks import MOST_CHARACTERS, Extract
from knowledge.importing.recognising.document import Recognised, recognise
from knowledge.places import Level, Place

# What villages have on paper comes first.
OFFERED = {kind: KINDS[kind].name for kind in (Kind.village_rule, Kind.policy, *EDITABLE)}
FIELDS = {
    "answer": "简短回答",
    "next": "下一步",
    "issuer": "单位",
    "number": "文号",
    "facts": "事情经过",
    "handling": "怎么处理的",
    "lesson": "给大家的提醒",
}
_PAGE = "/staff/knowledge/import"
_MOST_FIELD = 4 * MOST_CHARACTERS + 1_000_000
_MOST_PAPERS, _LONGEST_S = 200, 100.0


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff/knowledge")

    def page(request: Request, session: Session, who: Who, *, status: int = 200, **values: Any) -> HTMLResponse:
        seen = rights.places_of(session, who.staff)
        where = [p for p in session.scalars(select(Place).order_by(Place.id)) if seen is None or p.id in seen]
        order = [level for level in Level]
        shared = {
            "kinds": OFFERED,
            "where": sorted(where, key=lambda p: (order.index(p.level), p.name)),
            "fields": FIELDS,
            "most": MOST_BYTES,
            "problem": None,
            "sent": {},
            "found": None,
            "report": None,
            "done": None,
        }
        return desk.page(
            request,
            "knowledge/import.html",
            session,
            who,
            status=status,
            outcomes=bulk.OUTCOME_LABELS,
            **{**shared, **values},
        )

    @api.get("/import", response_class=HTMLResponse)
    async def start(request: Request, done: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            return page(request, session, who, done=_saved(session, who, done))

    @api.post("/import", response_class=HTMLResponse)
    async def one(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge", most=_MOST_FIELD)
            typed = {name: text_of(sent, name, 200) for name in ("kind", "title", "place", "from", "to")}
            try:
                kind = _kind(typed["kind"])
                if text_of(sent, "do", 10) == "save":
                    version = _save(session, who, sent, kind=kind, typed=typed)
                    return back(request, f"{_PAGE}?{urlencode({'done': version.id})}")
                name, given = await _given(sent)
                session.commit()  # nothing is held while the file is read
                extract, found = await run_in_threadpool(_read, name, given, kind, typed["title"])
                if typed["title"]:
                    found.content["title"] = typed["title"]
                return page(request, session, who, **_preview(found, extract, kind, typed))
            except (FileRefused, InvalidInput, ReviewError) as error:
                typed["text"] = (
                    storable(str(sent.get("text") or ""), MOST_CHARACTERS)
                    if not isinstance(sent.get("text"), UploadFile)
                    else ""
                )
                return page(request, session, who, status=422, problem=error.message_zh, sent=typed)

    @api.post("/import/folder", response_class=HTMLResponse)
    async def folder(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            staff_id, typed = who.staff.id, {name: text_of(sent, name, 200) for name in ("kind", "place")}
            try:
                kind = _kind(typed["kind"]) if typed["kind"] else None
                if typed["place"]:
                    _place(session, who.staff, typed["place"])
                data = await _uploaded(sent, "ZIP 压缩包")
                session.commit()
                report = await run_in_threadpool(_take, desk, staff_id, data, kind, typed["place"] or None)
            except (FileRefused, InvalidInput, ReviewError) as error:
                return page(request, session, who, status=422, problem=error.message_zh, sent=typed)
            return page(
                request,
                session,
                who,
                report=report,
                counts={o: sum(line.outcome is o for line in report) for o in Outcome},
            )

    @api.get("/export.zip")
    async def export(request: Request, drafts: str = "") -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            seen = rights.places_of(session, who.staff)
            data = await run_in_threadpool(
                files.export_zip, session, drafts=drafts == "1", may=lambda place: seen is None or place in seen
            )
            audit.record(session, who.staff, "导出资料", "", "连草稿" if drafts == "1" else "")
            session.commit()
        return file_response(data, f"资料-{datetime.now(SHANGHAI):%Y%m%d}.zip", "application/zip")

    return api


def _kind(value: str) -> Kind:
    """Raises InvalidInput."""
    if value not in [k.value for k in OFFERED]:
        raise InvalidInput("请选是哪一种资料。")
    return Kind(value)


def _place(session: Session, staff: Staff, value: str) -> str:
    """Raises InvalidInput, NotAllowed."""
    if not value or session.get(Place, value) is None:
        raise InvalidInput("请选是哪个地方的。")
    rights.check_place(session, staff, value)
    return value


def _day(value: str, *, label: str) -> date | None:
    """Raises InvalidInput."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidInput(f"“{label}”的日期不对。") from None


async def _uploaded(sent: FormData, what: str) -> bytes:
    """Raises InvalidInput."""
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput(f"请选一个{what}。")
    return await file.read(MOST_BYTES + 1)


async def _given(sent: FormData) -> tuple[str, bytes | str]:
    """The uploaded file with its name, else what was pasted. Raises InvalidInput."""
    file, pasted = sent.get("file"), sent.get("text")
    if isinstance(file, UploadFile) and file.size:
        return storable(file.filename or "", 200), await file.read(MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return "", storable(pasted)
    raise InvalidInput("请选一个文件，或者把文字贴进来。")


def _read(name: str, given: bytes | str, kind: Kind, title: str) -> tuple[Extract, Recognised]:
    """Raises FileRefused."""
    extract = read_file(name, given) if isinstance(given, bytes) else read_pasted(given)
    return extract, recognise(extract, kind=kind, title_hint=title or title_of(name))


def _preview(found: Recognised, extract: Extract, kind: Kind, typed: dict[str, str]) -> dict[str, Any]:
    days = {
        "from": found.in_force_from.isoformat() if found.in_force_from else typed["from"],
        "to": found.in_force_to.isoformat() if found.in_force_to else typed["to"],
    }
    shown = shape.shaped(kind, found.content)
    return {
        "found": found,
        "shown": shown,
        "warnings": extract.warnings,
        "kind": kind,
        "sent": {**typed, **days, "title": shown["title"]},
        "packed": json.dumps(found.content, ensure_ascii=False),
    }


def _save(session: Session, who: Who, sent: FormData, *, kind: Kind, typed: dict[str, str]) -> DocumentVersion:
    """The draft; the same one when the button is pressed twice. Raises InvalidInput, NotAllowed, ReviewError."""
    place = _place(session, who.staff, typed["place"])
    starts, ends = _day(typed["from"], label="从哪天起"), _day(typed["to"], label="到哪天为止")
    if starts is None:
        raise InvalidInput("请写从哪天起施行。")
    if not typed["title"]:
        raise InvalidInput("请写标题。")
    content = _unpacked(str(sent.get("content") or ""), kind)
    content["title"] = typed["title"]
    source = (
        "file/"
        + hashlib.sha256(json.dumps([kind, place, typed, content, who.staff.id], sort_keys=True).encode()).hexdigest()
    )
    # One at a time: of two presses the second waits here and finds what the first made.
    session.execute(
        update(Place).where(Place.id == place).values(name=Place.name), execution_options={"synchronize_session": False}
    )
    held = session.get(ImportedSource, source)
    if held is not None and (opened := versions.open_version(session, held.content_hash)) is not None:
        return opened
    version = versions.start_draft(
        session,
        by=Person(who.staff.id, who.staff.name),
        now=datetime.now(UTC),
        content=content,
        in_force_from=starts,
        in_force_to=ends,
        kind=kind,
        place_id=place,
    )
    session.merge(ImportedSource(name=source, content_hash=version.document_id))
    audit.record(session, who.staff, "导入资料", version.document_id, version.content["title"])
    session.commit()
    return version


def _unpacked(text: str, kind: Kind) -> dict[str, Any]:
    """What the preview sent along, in shape. Raises InvalidInput: a form of ours never sends anything else."""
    try:
        content = shape.shaped(kind, json.loads(text))
        build({"id": "x", "kind": kind.value, "place": "x", "in_force_from": "2026-01-01", **content}, source="x")
        return content
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, CorpusError):
        raise InvalidInput("预览的内容没有传全，请重新选文件再看一遍。") from None


def _saved(session: Session, who: Who, number: str) -> DocumentVersion | None:
    """The draft that was just made, to name and link it."""
    version = (
        session.get(DocumentVersion, int(number))
        if number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    seen = rights.places_of(session, who.staff)
    return (
        version
        if version is not None
        and version.document.kind in OFFERED
        and (seen is None or version.document.place_id in seen)
        else None
    )


def _take(desk: Desk, staff_id: int, data: bytes, kind: Kind | None, place: str | None) -> list[Line]:
    """Everything in the archive as drafts: first read, then stored in one step. Raises FileRefused."""
    if len(data) > MOST_BYTES:
        raise FileRefused(f"压缩包太大，最多 {MOST_BYTES // 1_000_000} MB，请分成几个包。")
    given = archive.of_zip(data)
    if sum(not g.path.lower().endswith((".yml", ".yaml")) for g in given) > _MOST_PAPERS:
        raise FileRefused(f"一次最多读 {_MOST_PAPERS} 份文件，请分成几个包。")
    read = bulk.read_all(_in_time(given), kind=kind)
    with desk.sessions() as session:
        staff = session.get_one(Staff, staff_id)
        seen = rights.places_of(session, staff)
        session.execute(
            update(Place).where(Place.parent_id.is_(None)).values(name=Place.name),
            execution_options={"synchronize_session": False},
        )
        now = datetime.now(UTC)
        report = bulk.store_all(
            session,
            read,
            by=Person(staff.id, staff.name),
            now=now,
            today=now.astimezone(SHANGHAI).date(),
            publish=False,
            place=place,
            may=lambda p: seen is None or p in seen,
        )
        counts = "，".join(f"{bulk.OUTCOME_LABELS[o]} {sum(line.outcome is o for line in report)}" for o in Outcome)
        audit.record(session, staff, "批量导入资料", "", counts)
        session.commit()
    return report


def _in_time(given: Iterable[Given]) -> Iterator[Given]:
    """A request can't last for ever: what comes too late is named, and comes with the next archive."""
    end = time.monotonic() + _LONGEST_S
    for file in given:
        yield file if time.monotonic() < end else Given(file.path, problem="文件太多，这次没来得及读，请放进下一个包。")
