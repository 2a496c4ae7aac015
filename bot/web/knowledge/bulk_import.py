"""Papers into drafts: a file or pasted text is looked at first; a ZIP of a folder is reported file by file.

And everything out again.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select, update
from starlette.datastructures import UploadFile

from actions.errors import InvalidInput
from actions.storable import storable
from bot.staff import rights
from bot.web.downloads import file_response
from bot.web.knowledge.shelf import KnowledgeForm, KnowledgeSeat, person
from bot.web.staff.desk import Form, Seat, form
from knowledge.clock import SHANGHAI
from knowledge.documents import shape, versions
from knowledge.documents.building import build
from knowledge.documents.kinds.registry import EDITABLE, KINDS
from knowledge.documents.models import DocumentVersion, ImportedSource, Kind
from knowledge.documents.twins import twins
from knowledge.errors import CorpusError, FileRefused, ReviewError
from knowledge.exchange import archive, bulk, files
from knowledge.exchange.archive import Given
from knowledge.exchange.bulk import Line, Outcome, Read
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

router = APIRouter(prefix="/staff/knowledge")
PaperForm = Annotated[Form, form("knowledge", most=_MOST_FIELD)]


@dataclass(frozen=True)
class Typed:
    """What stands beside the paper."""

    kind: str
    title: str
    place: str
    starts: str
    ends: str

    @classmethod
    def read(cls, at: Form) -> "Typed":
        return cls(*(at.text(name, 200) for name in ("kind", "title", "place", "from", "to")))

    @property
    def fields(self) -> dict[str, str]:
        """By the names of the form."""
        return {"kind": self.kind, "title": self.title, "place": self.place, "from": self.starts, "to": self.ends}


@router.get("/import", response_class=HTMLResponse)
def start(at: KnowledgeSeat, done: str = "") -> Response:
    return _page(at, done=_saved(at, done))


@router.post("/import", response_class=HTMLResponse)
def one(at: PaperForm) -> Response:
    typed = Typed.read(at)
    try:
        kind = _kind(typed.kind)
        if at.text("do", 10) == "save":
            return at.back(f"{_PAGE}?{urlencode({'done': _save(at, kind, typed).id})}")
        name, given = _given(at)
        at.session.commit()  # nothing is held while the file is read
        extract, found = _read(name, given, kind, typed.title)
        shown = _preview(found, extract, kind, typed)
        same = twins(at.session, kind, title=shown["sent"]["title"], place=typed.place)
        return _page(at, **shown, twins=same)
    except (FileRefused, InvalidInput, ReviewError) as error:
        return _page(at, status=422, problem=error.message_zh, sent={**typed.fields, "text": _pasted(at)})


@router.post("/import/folder", response_class=HTMLResponse)
def folder(at: KnowledgeForm) -> Response:
    typed = {name: at.text(name, 200) for name in ("kind", "place")}
    try:
        kind = _kind(typed["kind"]) if typed["kind"] else None
        place = _place(at, typed["place"]) if typed["place"] else None
        data = _uploaded(at, "ZIP 压缩包")
        at.session.commit()  # nothing is held while the papers are read
        report = _store(at, _read_all(data, kind), place=place)
    except (FileRefused, InvalidInput, ReviewError) as error:
        at.session.rollback()
        return _page(at, status=422, problem=error.message_zh, sent=typed)
    return _page(at, report=report, counts=_counts(report))


@router.get("/export.zip")
def export(at: KnowledgeSeat, drafts: str = "") -> Response:
    seen = rights.places_of(at.session, at.staff)
    data = files.export_zip(at.session, drafts=drafts == "1", may=lambda place: seen is None or place in seen)
    at.record("导出资料", detail="连草稿" if drafts == "1" else "")
    at.session.commit()
    return file_response(data, f"资料-{datetime.now(SHANGHAI):%Y%m%d}.zip", "application/zip")


def _page(at: Seat, *, status: int = 200, **values: Any) -> HTMLResponse:
    standing: dict[str, Any] = {"problem": None, "sent": {}, "found": None, "report": None, "done": None}
    return at.page(
        "knowledge/import.html",
        status=status,
        outcomes=bulk.OUTCOME_LABELS,
        kinds=OFFERED,
        where=_own_places(at),
        fields=FIELDS,
        most=MOST_BYTES,
        **{**standing, **values},
    )


def _own_places(at: Seat) -> list[Place]:
    """The widest first."""
    seen, order = rights.places_of(at.session, at.staff), list(Level)
    places = [p for p in at.session.scalars(select(Place).order_by(Place.id)) if seen is None or p.id in seen]
    return sorted(places, key=lambda p: (order.index(p.level), p.name))


def _kind(value: str) -> Kind:
    """Raises InvalidInput."""
    if value not in [k.value for k in OFFERED]:
        raise InvalidInput("请选是哪一种资料。")
    return Kind(value)


def _place(at: Seat, value: str) -> str:
    """Raises InvalidInput, NotAllowed."""
    if not value or at.session.get(Place, value) is None:
        raise InvalidInput("请选是哪个地方的。")
    rights.check_place(at.session, at.staff, value)
    return value


def _day(value: str, *, label: str) -> date | None:
    """Raises InvalidInput."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidInput(f"“{label}”的日期不对。") from None


def _uploaded(at: Form, what: str) -> bytes:
    """Raises InvalidInput."""
    file = at.sent.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise InvalidInput(f"请选一个{what}。")
    return file.file.read(MOST_BYTES + 1)


def _given(at: Form) -> tuple[str, bytes | str]:
    """The uploaded file with its name, else what was pasted. Raises InvalidInput."""
    file, pasted = at.sent.get("file"), at.sent.get("text")
    if isinstance(file, UploadFile) and file.size:
        return storable(file.filename or "", 200), file.file.read(MOST_BYTES + 1)
    if isinstance(pasted, str) and pasted.strip():
        return "", storable(pasted)
    raise InvalidInput("请选一个文件，或者把文字贴进来。")


def _pasted(at: Form) -> str:
    """To be shown again."""
    pasted = at.sent.get("text")
    return storable(pasted, MOST_CHARACTERS) if isinstance(pasted, str) else ""


def _read(name: str, given: bytes | str, kind: Kind, title: str) -> tuple[Extract, Recognised]:
    """Raises FileRefused."""
    extract = read_file(name, given) if isinstance(given, bytes) else read_pasted(given)
    return extract, recognise(extract, kind=kind, title_hint=title or title_of(name))


def _preview(found: Recognised, extract: Extract, kind: Kind, typed: Typed) -> dict[str, Any]:
    if typed.title:
        found.content["title"] = typed.title
    days = {
        "from": found.in_force_from.isoformat() if found.in_force_from else typed.starts,
        "to": found.in_force_to.isoformat() if found.in_force_to else typed.ends,
    }
    shown = shape.shaped(kind, found.content)
    return {
        "found": found,
        "shown": shown,
        "warnings": extract.warnings,
        "kind": kind,
        "sent": {**typed.fields, **days, "title": shown["title"]},
        "packed": json.dumps(found.content, ensure_ascii=False),
    }


def _save(at: Form, kind: Kind, typed: Typed) -> DocumentVersion:
    """The draft; the same one when the button is pressed twice. Raises InvalidInput, NotAllowed, ReviewError."""
    place = _place(at, typed.place)
    starts, ends = _day(typed.starts, label="从哪天起"), _day(typed.ends, label="到哪天为止")
    if starts is None:
        raise InvalidInput("请写从哪天起施行。")
    if not typed.title:
        raise InvalidInput("请写标题。")
    content = {**_unpacked(str(at.sent.get("content") or ""), kind), "title": typed.title}
    source = _source_name([kind, place, typed.fields, content, at.staff.id])
    # One at a time: of two presses the second waits here and finds what the first made.
    at.session.execute(
        update(Place).where(Place.id == place).values(name=Place.name), execution_options={"synchronize_session": False}
    )
    held = at.session.get(ImportedSource, source)
    if held is not None and (opened := versions.open_version(at.session, held.content_hash)) is not None:
        return opened
    version = versions.start_draft(
        at.session,
        by=person(at),
        now=datetime.now(UTC),
        content=content,
        in_force_from=starts,
        in_force_to=ends,
        kind=kind,
        place_id=place,
    )
    at.session.merge(ImportedSource(name=source, content_hash=version.document_id))
    at.record("导入资料", version.document_id)
    at.session.commit()
    return version


def _source_name(parts: list[Any]) -> str:
    """One press of the button, by all that was sent."""
    return "file/" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _unpacked(text: str, kind: Kind) -> dict[str, Any]:
    """What the preview sent along, in shape. Raises InvalidInput: a form of ours never sends anything else."""
    try:
        content = shape.shaped(kind, json.loads(text))
        build({"id": "x", "kind": kind.value, "place": "x", "in_force_from": "2026-01-01", **content}, source="x")
        return content
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, CorpusError):
        raise InvalidInput("预览的内容没有传全，请重新选文件再看一遍。") from None


def _saved(at: Seat, number: str) -> DocumentVersion | None:
    """The draft that was just made, to name and link it."""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    version, seen = at.session.get(DocumentVersion, int(number)), rights.places_of(at.session, at.staff)
    if version is None or version.document.kind not in OFFERED:
        return None
    return version if seen is None or version.document.place_id in seen else None


def _read_all(data: bytes, kind: Kind | None) -> list[Read]:
    """Everything in the archive; needs no database. Raises FileRefused."""
    if len(data) > MOST_BYTES:
        raise FileRefused(f"压缩包太大，最多 {MOST_BYTES // 1_000_000} MB，请分成几个包。")
    given = archive.of_zip(data)
    if sum(not g.path.lower().endswith((".yml", ".yaml")) for g in given) > _MOST_PAPERS:
        raise FileRefused(f"一次最多读 {_MOST_PAPERS} 份文件，请分成几个包。")
    return bulk.read_all(_in_time(given), kind=kind)


def _store(at: Form, read: list[Read], *, place: str | None) -> list[Line]:
    """As drafts, in one step: all of them or, if something goes wrong, none."""
    at.session.refresh(at.staff)  # reading took its time
    seen, now = rights.places_of(at.session, at.staff), datetime.now(UTC)
    # One import at a time.
    at.session.execute(
        update(Place).where(Place.parent_id.is_(None)).values(name=Place.name),
        execution_options={"synchronize_session": False},
    )
    report = bulk.store_all(
        at.session,
        read,
        by=person(at),
        now=now,
        today=now.astimezone(SHANGHAI).date(),
        publish=False,
        place=place,
        may=lambda p: seen is None or p in seen,
    )
    at.record("批量导入资料", detail="，".join(f"{bulk.OUTCOME_LABELS[o]} {n}" for o, n in _counts(report).items()))
    at.session.commit()
    return report


def _counts(report: list[Line]) -> dict[Outcome, int]:
    return {o: sum(line.outcome is o for line in report) for o in Outcome}


def _in_time(given: Iterable[Given]) -> Iterator[Given]:
    """A request can't last for ever: what comes too late is named, and comes with the next archive."""
    end = time.monotonic() + _LONGEST_S
    for file in given:
        yield file if time.monotonic() < end else Given(file.path, problem="文件太多，这次没来得及读，请放进下一个包。")
