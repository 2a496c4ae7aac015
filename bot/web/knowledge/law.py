"""The law in force, for legal workers: what changed and whom it hits, what runs out, corrections of statute data,
the picker of articles.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.errors import NotAllowed, NotFound
from bot.conversations import canned
from bot.staff import audit, rights
from bot.staff.models import Staff
from bot.web.staff.desk import Desk, Who, back, number_or_404, text_of, words
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.documents.versions import Person
from knowledge.errors import CorrectionInvalid, ReviewError, StatuteDataMissing
from knowledge.law import checking, corrections, decisions, queue
from knowledge.law.models import ChangeKind, CorrectionState, Decision, LawHit, StatuteCorrection
from knowledge.places import Level, Place
from knowledge.search.searcher import Searcher
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
_MOST_CITATIONS, _MOST_LAWS, _DECIDED_SHOWN = 30, 10, 20
# fields of the editor that hold citations, and the box of this page
_LISTS = frozenset({"citation", "legal_basis", "articles"})
_HERE = "/staff/knowledge/law"


def router(
    desk: Desk,
    searcher: Searcher,
    *,
    today: Callable[[], date],
    editor: Callable[[int], str] = lambda version_id: f"/staff/knowledge/versions/{version_id}",
) -> APIRouter:
    """`editor`: the address where a version is written."""
    api = APIRouter(prefix=_HERE)
    file = desk.settings.corpus / "statute-corrections.yml"

    def queue_page(
        request: Request, session: Session, who: Who, *, problem: str | None = None, typed: dict[int, str] | None = None
    ) -> HTMLResponse:
        places, day = rights.places_of(session, who.staff), today()
        waiting = queue.waiting(session, places=places)
        return desk.page(
            request,
            "knowledge/law/queue.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            typed=typed or {},
            today=day,
            due=[c for c in waiting if c.change.effective_on <= day],
            announced=[c for c in waiting if c.change.effective_on > day],
            expiring=queue.expiring(session, today=day, places=places),
            events=queue.statute_events(session, today=day),
            labels=CHANGE_LABELS,
            editing=Decision.edit,
            may_correct=_may_correct(session, who.staff),
            editor=editor,
        )

    def corrections_page(
        request: Request,
        session: Session,
        who: Who,
        law: str,
        *,
        problem: str | None = None,
        typed: dict[str, str] | None = None,
    ) -> HTMLResponse:
        proposed = list(
            session.scalars(
                select(StatuteCorrection)
                .where(StatuteCorrection.state == CorrectionState.proposed)
                .order_by(StatuteCorrection.id)
            )
        )
        decided = list(
            session.scalars(
                select(StatuteCorrection)
                .where(StatuteCorrection.state != CorrectionState.proposed)
                .order_by(StatuteCorrection.id.desc())
                .limit(_DECIDED_SHOWN)
            )
        )
        return desk.page(
            request,
            "knowledge/law/corrections.html",
            session,
            who,
            status=422 if problem else 200,
            problem=problem,
            law=law,
            laws=_laws(session, law) if law else [],
            proposed=proposed,
            decided=decided,
            labels=STATE_LABELS,
            may_correct=_may_correct(session, who.staff),
            typed=typed or {},
            fields=_FIELDS,
            short=short_name,
        )

    @api.get("", response_class=HTMLResponse)
    async def law(request: Request) -> Response:
        with desk.sessions() as session:
            return queue_page(request, session, desk.who(request, session, "knowledge"))

    @api.post("/hits/{hit_id}")
    async def decide(request: Request, hit_id: str) -> Response:
        """`do`: keep, edit, withdraw."""
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            hit = session.get(LawHit, number_or_404(hit_id))
            if hit is None:
                raise NotFound
            rights.check_place(session, who.staff, hit.place_id)
            do, reason = text_of(sent, "do", 20), text_of(sent, "reason", 2000)
            try:
                to = _decide(session, who.staff, hit, do, reason)
                audit.record(
                    session,
                    who.staff,
                    {"keep": "法律变动：保留", "edit": "法律变动：去修改", "withdraw": "法律变动：撤回"}[do],
                    hit.title,
                    reason,
                )
                session.commit()
            except ReviewError as error:
                session.rollback()
                return queue_page(
                    request,
                    session,
                    desk.who(request, session, "knowledge"),
                    problem=error.message_zh,
                    typed={hit.id: reason},
                )
        return back(request, editor(to) if to else _HERE)

    @api.get("/articles", response_class=HTMLResponse)
    async def articles(request: Request, q: str = "", day: str = "") -> Response:
        """A list to choose from, as a part of a page."""
        with desk.sessions() as session:
            who = desk.who(request, session, "knowledge")
            found = await run_in_threadpool(
                checking.suggest_articles, session, searcher, words(q, 200), day=_day(day) or today()
            )
            return desk.page(request, "knowledge/law/articles.html", session, who, found=found, asked=words(q, 200))

    @api.post("/check", response_class=HTMLResponse)
    async def check(request: Request) -> Response:
        """What is to be said of the citations sent, one a line, as a part of a page, with the days of the text that
        cites them.
        """
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            lines = next(
                (
                    v
                    for name in sent
                    if name in _LISTS or name.endswith("-conflicts_with")
                    if (v := text_of(sent, name, 6000))
                ),
                "",
            ).split("\n")
            asked = [line.strip()[:200] for line in lines if line.strip()][:_MOST_CITATIONS]
            start, end = _day(text_of(sent, "in_force_from", 10)) or today(), _day(text_of(sent, "in_force_to", 10))
            found = [(line, checking.check_citation(session, line, from_day=start, to_day=end)) for line in asked]
            return desk.page(request, "knowledge/law/check.html", session, who, found=found)

    @api.get("/corrections", response_class=HTMLResponse)
    async def correcting(request: Request, law: str = "") -> Response:
        with desk.sessions() as session:
            return corrections_page(request, session, desk.who(request, session, "knowledge"), words(law, 100))

    @api.post("/corrections")
    async def propose(request: Request) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            _check_correcting(session, who.staff)
            name = text_of(sent, "law", 200)
            try:
                version = _day(text_of(sent, "version_date", 10))
                if version is None:
                    raise CorrectionInvalid("没有这一版。")
                fix = _fix(
                    session,
                    name,
                    version,
                    {k: text_of(sent, k, 10) for k in ("in_force_from", "in_force_to", "open_end", "repealed")},
                )
                row = corrections.propose(
                    session,
                    corrections=file,
                    law=name,
                    version_date=version,
                    fix=fix,
                    reason=text_of(sent, "reason", 2000),
                    by=_person(who.staff),
                    now=datetime.now(UTC),
                )
                audit.record(
                    session,
                    who.staff,
                    "提出法条更正",
                    short_name(row.law),
                    f"{row.version_date} {row.fix} {row.reason}",
                )
                session.commit()
            except (ReviewError, StatuteDataMissing) as error:
                session.rollback()
                problem = (
                    error.message_zh
                    if isinstance(error, ReviewError)
                    else "法律数据现在读不到，请稍后再试，或者告诉管理员。"
                )
                return corrections_page(
                    request,
                    session,
                    desk.who(request, session, "knowledge"),
                    short_name(name),
                    problem=problem,
                    typed={
                        k: text_of(sent, k, 2000)
                        for k in ("version_date", "in_force_from", "in_force_to", "repealed", "reason")
                    },
                )
        return back(request, f"{_HERE}/corrections")

    @api.post("/corrections/{correction_id}")
    async def settle(request: Request, correction_id: str) -> Response:
        """`do`: confirm, refuse."""
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "knowledge")
            _check_correcting(session, who.staff)
            number, do, now = number_or_404(correction_id), text_of(sent, "do", 20), datetime.now(UTC)
            if session.get(StatuteCorrection, number) is None:
                raise NotFound
            try:
                if do == "confirm":
                    row = corrections.confirm(session, number, corrections=file, by=_person(who.staff), now=now)
                elif do == "refuse":
                    row = corrections.refuse(
                        session, number, by=_person(who.staff), now=now, note=text_of(sent, "note", 2000)
                    )
                else:
                    raise NotFound
                audit.record(
                    session,
                    who.staff,
                    "确认法条更正" if do == "confirm" else "不采用法条更正",
                    short_name(row.law),
                    f"{row.version_date} {row.fix} {row.note}",
                )
                session.commit()
            except (ReviewError, StatuteDataMissing) as error:
                session.rollback()
                problem = (
                    error.message_zh
                    if isinstance(error, ReviewError)
                    else "法律数据现在读不到，请稍后再试，或者告诉管理员。"
                )
                return corrections_page(request, session, desk.who(request, session, "knowledge"), "", problem=problem)
        return back(request, f"{_HERE}/corrections")

    return api


def _person(staff: Staff) -> Person:
    return Person(staff.id, staff.name)


def _may_correct(session: Session, staff: Staff) -> bool:
    """Statutes hold for everybody, so only accounts of the whole country or a county correct them."""
    top = session.get(Place, staff.place_id)
    return top is not None and top.level in (Level.nation, Level.county)


def _check_correcting(session: Session, staff: Staff) -> None:
    if not _may_correct(session, staff):
        raise NotAllowed("法律数据全县通用，请县里的同事更正。")


def _decide(session: Session, staff: Staff, hit: LawHit, do: str, reason: str) -> int | None:
    """The draft to go on with after `edit`, else None. Raises ReviewError, NotAllowed, NotFound."""
    by, now = _person(staff), datetime.now(UTC)
    if do == "keep":
        decisions.keep(session, hit.id, by=by, now=now, reason=reason)
    elif do == "edit":
        draft = decisions.edit(session, hit.id, by=by, now=now, reason=reason)
        return draft.id if draft else None
    elif do == "withdraw":
        decisions.withdraw(session, hit.id, by=by, now=now, reason=reason)
        if (reply := canned.reply_of(session, hit.source)) is not None:
            _check_correcting(session, staff)
            session.delete(reply)
    else:
        raise NotFound
    return None


_FIELDS = {"in_force_from": "施行日期", "in_force_to": "最后有效日期", "repealed": "已废止"}


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
    found = []
    for title in titles:
        flags = {
            adopted: flag
            for adopted, flag in session.execute(
                select(DocumentVersion.promulgated_on, DocumentVersion.flag)
                .join(Document)
                .where(
                    Document.title == title,
                    Document.kind == Kind.statute,
                    DocumentVersion.status == VersionStatus.published,
                )
            )
        }
        try:
            known = dict(versions_known(title))
        except StatuteDataMissing:
            known = {}
        adopted_days = sorted(known.keys() | {a for a in flags if a})
        found.append(
            (
                title,
                [
                    (
                        adopted,
                        corrections.standing_now(session, title, adopted),
                        known.get(adopted, ""),
                        flags.get(adopted),
                    )
                    for adopted in adopted_days
                ],
            )
        )
    return found


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None
