"""The law in force, for legal workers: what changed and whom it hits, what runs out, corrections of statute data,
the picker of articles.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.errors import NotAllowed, NotFound
from bot.conversations import canned
from bot.staff import rights
from bot.web.knowledge.shelf import KnowledgeForm, KnowledgeSeat, address, person
from bot.web.staff.desk import Form, Seat
from bot.web.staff.typed import number_or_404, words
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.errors import CorrectionInvalid, ReviewError, StatuteDataMissing
from knowledge.law import checking, corrections, decisions, queue
from knowledge.law.models import ChangeKind, CorrectionState, Decision, LawHit, StatuteCorrection
from knowledge.places import Level, Place
from knowledge.statutes.citations import short_name
from knowledge.statutes.reading import versions_known

CHANGE_LABELS = {
    ChangeKind.changed: "条文改了",
    ChangeKind.renumbered: "换了条号",
    ChangeKind.gone: "新版里没有这一条了",
    ChangeKind.repealed: "整部法废止",
}
STATE_LABELS = {
    CorrectionState.proposed: "等人确认",
    CorrectionState.confirmed: "已生效",
    CorrectionState.refused: "没有采用",
}
_SAID = {
    "keep": "法律变动：保留",
    "edit": "法律变动：去修改",
    "withdraw": "法律变动：撤回",
    "move": "法律变动：改到新条号",
    "hide": "法律变动：先不显示",
}
_FIELDS = {"in_force_from": "施行日期", "in_force_to": "最后有效日期", "repealed": "已废止"}
_MOST_CITATIONS, _MOST_LAWS, _DECIDED_SHOWN = 30, 10, 20
# fields of the editor that hold citations, and the box of this page
_LISTS = frozenset({"citation", "legal_basis", "articles"})
_HERE = "/staff/knowledge/law"
_CORRECTIONS = f"{_HERE}/corrections"

router = APIRouter(prefix=_HERE)


@router.get("", response_class=HTMLResponse)
def law(at: KnowledgeSeat) -> Response:
    return _queue_page(at)


@router.post("/hits/{hit_id}")
def decide(at: KnowledgeForm, hit_id: str) -> Response:
    """`do`: keep, edit, withdraw; of what cites an article in the bank or a file: move (`to`: 81), hide."""
    hit = at.session.get(LawHit, number_or_404(hit_id))
    if hit is None:
        raise NotFound
    rights.check_place(at.session, at.staff, hit.place_id)
    number, do, reason = hit.id, at.text("do", 20), at.text("reason", 2000)
    try:
        draft = _decide(at, hit, do, reason)
        at.record(_SAID[do], hit.title, detail=reason)
        at.session.commit()
    except ReviewError as error:
        at.session.rollback()
        return _queue_page(at, problem=error.message_zh, typed={number: reason})
    return at.back(address(draft.id) if draft else _HERE)


@router.get("/articles", response_class=HTMLResponse)
def articles(at: KnowledgeSeat, q: str = "", day: str = "") -> Response:
    """A list to choose from, as a part of a page."""
    asked, on = words(q, 200), _day(day) or at.tools.today()
    found = checking.suggest_articles(at.session, at.tools.searcher, asked, day=on)
    return at.page("knowledge/law/articles.html", found=found, asked=asked)


@router.post("/check", response_class=HTMLResponse)
def check(at: KnowledgeForm) -> Response:
    """What is to be said of the citations sent, one a line, as a part of a page, with the days of the text that cites
    them.
    """
    start, end = _day(at.text("in_force_from", 10)) or at.tools.today(), _day(at.text("in_force_to", 10))
    found = [
        (line, checking.check_citation(at.session, line, from_day=start, to_day=end)) for line in _citations_sent(at)
    ]
    return at.page("knowledge/law/check.html", found=found)


@router.get("/corrections", response_class=HTMLResponse)
def correcting(at: KnowledgeSeat, law: str = "") -> Response:
    return _corrections_page(at, words(law, 100))


@router.post("/corrections")
def propose(at: KnowledgeForm) -> Response:
    _check_correcting(at)
    name = at.text("law", 200)
    try:
        row = _propose(at, name)
        at.record("提出法条更正", short_name(row.law), detail=f"{row.version_date} {row.fix} {row.reason}")
        at.session.commit()
    except (ReviewError, StatuteDataMissing) as error:
        at.session.rollback()
        typed = {k: at.text(k, 2000) for k in ("version_date", "in_force_from", "in_force_to", "repealed", "reason")}
        return _corrections_page(at, short_name(name), problem=_said(error), typed=typed)
    return at.back(_CORRECTIONS)


@router.post("/corrections/{correction_id}")
def settle(at: KnowledgeForm, correction_id: str) -> Response:
    """`do`: confirm, refuse."""
    _check_correcting(at)
    number, do = number_or_404(correction_id), at.text("do", 20)
    if at.session.get(StatuteCorrection, number) is None:
        raise NotFound
    try:
        row = _settle(at, number, do)
        what = "确认法条更正" if do == "confirm" else "不采用法条更正"
        at.record(what, short_name(row.law), detail=f"{row.version_date} {row.fix} {row.note}")
        at.session.commit()
    except (ReviewError, StatuteDataMissing) as error:
        at.session.rollback()
        return _corrections_page(at, "", problem=_said(error))
    return at.back(_CORRECTIONS)


def _said(error: ReviewError | StatuteDataMissing) -> str:
    if isinstance(error, ReviewError):
        return error.message_zh
    return "法律数据现在读不到，请稍后再试，或者告诉管理员。"


def _queue_page(at: Seat, *, problem: str | None = None, typed: dict[int, str] | None = None) -> HTMLResponse:
    places, today = rights.places_of(at.session, at.staff), at.tools.today()
    waiting = queue.waiting(at.session, places=places)
    return at.page(
        "knowledge/law/queue.html",
        status=422 if problem else 200,
        problem=problem,
        typed=typed or {},
        today=today,
        due=[c for c in waiting if c.change.effective_on <= today],
        announced=[c for c in waiting if c.change.effective_on > today],
        expiring=queue.expiring(at.session, today=today, places=places),
        events=queue.statute_events(at.session, today=today),
        labels=CHANGE_LABELS,
        editing=Decision.edit,
        may_correct=_may_correct(at),
        editor=address,
    )


def _corrections_page(
    at: Seat, law: str, *, problem: str | None = None, typed: dict[str, str] | None = None
) -> HTMLResponse:
    return at.page(
        "knowledge/law/corrections.html",
        status=422 if problem else 200,
        problem=problem,
        law=law,
        laws=_laws(at.session, law) if law else [],
        proposed=_proposed(at.session),
        decided=_decided(at.session),
        labels=STATE_LABELS,
        may_correct=_may_correct(at),
        typed=typed or {},
        fields=_FIELDS,
        short=short_name,
    )


def _proposed(session: Session) -> Sequence[StatuteCorrection]:
    proposed = select(StatuteCorrection).where(StatuteCorrection.state == CorrectionState.proposed)
    return session.scalars(proposed.order_by(StatuteCorrection.id)).all()


def _decided(session: Session) -> Sequence[StatuteCorrection]:
    """The latest first."""
    decided = select(StatuteCorrection).where(StatuteCorrection.state != CorrectionState.proposed)
    return session.scalars(decided.order_by(StatuteCorrection.id.desc()).limit(_DECIDED_SHOWN)).all()


def _citations_sent(at: Form) -> list[str]:
    """Those of the first field that holds any."""
    names = (name for name in at.sent if name in _LISTS or name.endswith("-conflicts_with"))
    lines = next((text for name in names if (text := at.text(name, 6000))), "").split("\n")
    return [line.strip()[:200] for line in lines if line.strip()][:_MOST_CITATIONS]


def _may_correct(at: Seat) -> bool:
    """Statutes hold for everybody, so only accounts of the whole country or a county correct them."""
    top = at.session.get(Place, at.staff.place_id)
    return top is not None and top.level in (Level.nation, Level.county)


def _check_correcting(at: Seat) -> None:
    if not _may_correct(at):
        raise NotAllowed("法律数据全县通用，请县里的同事更正。")


def _decide(at: Form, hit: LawHit, do: str, reason: str) -> DocumentVersion | None:
    """The draft to go on with after `edit`, else None. Raises ReviewError, NotAllowed, NotFound."""
    by, now = person(at), datetime.now(UTC)
    if hit.is_file:
        _check_correcting(at)
        if do not in ("move", "hide"):
            raise NotFound
        decisions.move(
            at.session, hit.id, to=at.text("to", 20) if do == "move" else None, by=by, now=now, reason=reason
        )
        return None
    if do == "keep":
        decisions.keep(at.session, hit.id, by=by, now=now, reason=reason)
    elif do == "edit":
        return decisions.edit(at.session, hit.id, by=by, now=now, reason=reason)
    elif do == "withdraw":
        decisions.withdraw(at.session, hit.id, by=by, now=now, reason=reason)
        if (reply := canned.reply_of(at.session, hit.source)) is not None:
            _check_correcting(at)
            at.session.delete(reply)
    else:
        raise NotFound
    return None


def _file(at: Seat) -> Path:
    return at.desk.settings.corpus / "statute-corrections.yml"


def _propose(at: Form, law: str) -> StatuteCorrection:
    """Raises ReviewError, StatuteDataMissing."""
    version = _day(at.text("version_date", 10))
    if version is None:
        raise CorrectionInvalid("没有这一版。")
    sent = {k: at.text(k, 10) for k in ("in_force_from", "in_force_to", "open_end", "repealed")}
    return corrections.propose(
        at.session,
        corrections=_file(at),
        law=law,
        version_date=version,
        fix=_fix(at.session, law, version, sent),
        reason=at.text("reason", 2000),
        by=person(at),
        now=datetime.now(UTC),
    )


def _settle(at: Form, number: int, do: str) -> StatuteCorrection:
    """Raises ReviewError, StatuteDataMissing, NotFound."""
    by, now = person(at), datetime.now(UTC)
    if do == "confirm":
        return corrections.confirm(at.session, number, corrections=_file(at), by=by, now=now)
    if do == "refuse":
        return corrections.refuse(at.session, number, by=by, now=now, note=at.text("note", 2000))
    raise NotFound


def _fix(session: Session, law: str, version: date, sent: dict[str, str]) -> dict[str, Any]:
    """Only what differs from what is recorded. Raises CorrectionInvalid."""
    now, fix = corrections.standing_now(session, law, version), dict[str, Any]()
    for name in ("in_force_from", "in_force_to"):
        if not sent[name]:
            continue
        value = _day(sent[name])
        if value is None:
            raise CorrectionInvalid("日期请写成 2027-01-01 这样。")
        if now[name] != value.isoformat():
            fix[name] = value
    if sent["open_end"] and now["in_force_to"]:
        fix["in_force_to"] = None
    if sent["repealed"] in ("yes", "no") and (sent["repealed"] == "yes") is not now["repealed"]:
        fix["repealed"] = sent["repealed"] == "yes"
    return fix


def _laws(session: Session, name: str) -> list[tuple[str, list[tuple[date, dict[str, Any], str, str | None]]]]:
    """Statutes of that name or whose name holds it, the shortest first, with their versions: adopted, what is
    recorded, the package's mark, flag.
    """
    wanted = words(name, 60).strip("《》 ").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    titles = session.scalars(
        select(Document.title)
        .where(Document.kind == Kind.statute, Document.title.like(f"%{wanted}%", escape="\\"))
        .order_by(func.length(Document.title))
        .limit(_MOST_LAWS)
    ).all()
    return [(title, _versions(session, title)) for title in titles]


def _versions(session: Session, title: str) -> list[tuple[date, dict[str, Any], str, str | None]]:
    published = (
        select(DocumentVersion.promulgated_on, DocumentVersion.flag)
        .join(Document)
        .where(
            Document.title == title,
            Document.kind == Kind.statute,
            DocumentVersion.status == VersionStatus.published,
        )
    )
    flags = {adopted: flag for adopted, flag in session.execute(published) if adopted}
    try:
        known = dict(versions_known(title))
    except StatuteDataMissing:
        known = {}
    return [
        (adopted, corrections.standing_now(session, title, adopted), known.get(adopted, ""), flags.get(adopted))
        for adopted in sorted(known.keys() | flags.keys())
    ]


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None
