"""对接: the systems that cases are shared with, what couldn't be sent, tables in and out."""

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.datastructures import UploadFile

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.exchange import outgoing, systems
from actions.exchange.mapping import PROFILES, profile_of
from actions.exchange.models import ExternalRef, ExternalSystem
from actions.imports import orders, tables
from actions.imports.tables import OUTCOME_LABELS, Outcome
from bot.affairs import exchange
from bot.staff import rights
from bot.web.downloads import table_response
from bot.web.staff.desk import Form, Seat, form, seat

router = APIRouter(prefix="/staff/village/exchange")
HOME = "/staff/village/exchange"
ExchangeSeat = Annotated[Seat, seat("settings")]
ExchangeForm = Annotated[Form, form("settings")]

_DONE = {"change": "改好了。", "switch": "改好了。", "again": "重新排上了，马上再发。"}
_MOST_ROWS = 5000


@router.get("", response_class=HTMLResponse)
def show(at: ExchangeSeat, done: str = "") -> Response:
    return _page(at, done=_DONE.get(done, ""))


@router.get("/export.{kind}")
def export(at: ExchangeSeat, kind: str, system: str = "") -> Response:
    """For a system without an interface: where each of its cases stands, in its own words. "": of all systems."""
    if kind not in ("csv", "xlsx"):
        raise NotFound
    number = int(system) if system.isascii() and system.isdigit() and len(system) <= 9 else 0
    seen = [one for one in _seen(at) if not number or one.id == number]
    if number and not seen:
        raise NotFound("没有这个系统。")
    at.record("导出对接的事项", str(number or ""))
    at.session.commit()
    return table_response(_table(at, seen), "对接事项", kind)


@router.post("/{what}")
def change(at: ExchangeForm, what: str) -> Response:
    """`what`: add, change, rotate, switch (the administrator's), again, import."""
    secret, imported = "", None
    try:
        if what == "import":
            imported = _import(at)
        elif what == "again":
            _again(at)
        elif what in ("add", "change", "rotate", "switch"):
            secret = _set_up(at, what)
        else:
            raise NotFound
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, problem=error.message_zh, refused=what)
    if secret or imported is not None:
        return _page(at, secret=secret, imported=imported)
    return at.back(f"{HOME}?done={what}")


def _set_up(at: Form, what: str) -> str:
    """A new secret, shown once; "" where none was made. Raises ActionError."""
    if not at.staff.can("accounts"):
        raise NotAllowed("对接的地址和密钥由管理员来定。")
    place = at.text("place", 40)
    if what in ("add", "change"):
        rights.check_place(at.session, at.staff, place)
    fields: dict[str, Any] = {
        "name": at.text("name", 60),
        "place": place,
        "contact": at.text("contact", 60),
        "url": at.text("url", 400),
        "profile": at.text("profile", 20),
        "networks": at.text("networks", 2000),
    }
    if what == "add":
        _check_url(at, fields["url"])
        by, now = at.staff.name, datetime.now(UTC)
        system, secret = systems.add(at.session, **fields, by=by, seal=_seal(at), now=now)
        at.record("加对接的系统", str(system.id))
        return f"{system.name}：密钥编号 {system.key_id}，密钥 {secret}"
    system = _held(at)
    at.record(f"对接的系统：{what}", str(system.id))
    if what == "rotate":
        return f"{system.name}：密钥编号 {system.key_id}，新密钥 {systems.rotate(at.session, system, seal=_seal(at))}"
    if what == "switch":
        system.is_active = not system.is_active
        return ""
    _check_url(at, fields["url"])
    systems.change(at.session, system, **fields)
    return ""


def _check_url(at: Form, url: str) -> None:
    """Told at once rather than at the fifth try. Raises InvalidInput."""
    if url:
        try:
            exchange.check_target(outgoing.check_url(url), exchange.allowed(at.desk.settings), resolves=False)
        except exchange.Refused as error:
            raise InvalidInput(str(error)) from None


def _seal(at: Form) -> systems.Seal:
    return lambda secret, owner: at.desk.vault.seal(secret, owner=owner)


def _again(at: Form) -> None:
    row = outgoing.check_row(at.session, at.number("row") or 0)
    rights.check_place(at.session, at.staff, row.ref.system.place_id)
    at.record("重发给对接的系统", str(row.id))
    outgoing.again(at.session, row.id, datetime.now(UTC))


def _import(at: Form) -> orders.Imported:
    system = _held(at)
    file, pasted = at.sent.get("file"), at.sent.get("table")
    if isinstance(file, UploadFile) and file.size:
        lines = tables.read_bytes(file.file.read(tables.MOST_BYTES + 1))
    elif isinstance(pasted, str) and pasted.strip():
        lines = tables.read_text(pasted)
    else:
        raise InvalidInput("请选一个文件，或者把表格贴进来。")
    at.record("导入对接的工单", str(system.id))
    return orders.carry_out(at.session, system, lines, now=datetime.now(UTC))


def _held(at: Form) -> ExternalSystem:
    """Raises NotFound, NotAllowed."""
    system = systems.get(at.session, at.number("id") or 0)
    rights.check_place(at.session, at.staff, system.place_id)
    return system


def _seen(at: Seat) -> list[ExternalSystem]:
    return systems.of_places(at.session, rights.places_of(at.session, at.staff))


def _table(at: Seat, seen: list[ExternalSystem]) -> list[list[object]]:
    profile = profile_of(seen[0].profile if len(seen) == 1 else "")
    columns = [profile.name_of(name) for name in ("number", "status", "reply", "satisfaction")]
    rows: list[list[object]] = [["系统", *columns, "我们的编号", "更新"]]
    own = select(ExternalRef).where(ExternalRef.system_id.in_([one.id for one in seen])).order_by(ExternalRef.id.desc())
    now = datetime.now(UTC)
    for ref in at.session.scalars(own.limit(_MOST_ROWS)):
        told, theirs = outgoing.answer_of(ref, now), profile_of(ref.system.profile)
        said = [told[theirs.name_of(name)] for name in ("status", "reply", "satisfaction")]
        rows.append([ref.system.name, ref.number or "", *(x or "" for x in said), ref.case.number, told["updated_at"]])
    return rows


def _page(
    at: Seat, *, problem: str = "", refused: str = "", done: str = "", secret: str = "", imported: Any = None
) -> HTMLResponse:
    seen = _seen(at)
    ids = [one.id for one in seen]
    counts = [(OUTCOME_LABELS[o], imported.count(o)) for o in Outcome] if imported else []
    return at.page(
        "village/exchange/systems.html",
        status=422 if problem else 200,
        problem=problem,
        refused=refused,
        done=done,
        secret=secret,
        imported=imported,
        counts=counts,
        bad=[str(line) for line in imported.lines if line.outcome is Outcome.bad][:50] if imported else [],
        systems=seen,
        profiles=PROFILES,
        stuck=systems.stuck(at.session, ids),
        on_their_way=systems.waiting(at.session, ids),
        own_url=at.desk.settings.own_url,
        nonce=token_urlsafe(9),
        may_set_up=at.staff.can("accounts"),
    )
