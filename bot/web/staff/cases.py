"""List and page."""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import finding, links, moves, units
from actions.cases.green import GREEN
from actions.cases.models import CalledUnit, Case, Photo
from actions.cases.status import OPEN, STAFF_LABELS, By, CaseStatus, allowed
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.offices import routing
from actions.papers import agreement as papers_agreement
from actions.papers import case_file
from bot.conversations import delivery, queue
from bot.staff import audit, rights
from bot.staff.models import SavedFilter
from bot.web.downloads import file_response
from bot.web.staff.case_moves import mediate
from bot.web.staff.desk import Desk, Who, back, int_of, number_or_404, text_of, words
from knowledge import places
from knowledge.clock import SHANGHAI

_PAGE = 50
_MOST_SAVED = 20
_FILTERS = {
    "open": "在办",
    "mine": "我的",
    "warned": "快到期",
    "overdue": "超时",
    "absent": "单位没到",
    "green": "绿色通道",
    "answered": "等居民确认",
    "all": "全部",
}


def router(desk: Desk) -> APIRouter:
    api = APIRouter(prefix="/staff/cases")

    def held(session: Session, who: Who, case_id: str) -> Case:
        found = session.get(Case, number_or_404(case_id))
        if found is None:
            raise NotFound("没有这件事。")
        rights.check_place(session, who.staff, found.place_id)
        return found

    @api.get("", response_class=HTMLResponse)
    async def listing(
        request: Request,
        show: str = "open",
        q: str = "",
        category: str = "",
        place: str = "",
        unit: str = "",
        page: int = 1,
    ) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            now, page = datetime.now(UTC), max(1, min(page, 2000))
            chosen = _chosen({"show": show, "q": q, "category": category, "place": place, "unit": unit})
            unit_id = int(chosen["unit"]) if chosen["unit"] else None
            team_id = (who.staff.team_id or -1) if show == "mine" else unit_id
            status = {"open": tuple(OPEN), "mine": tuple(OPEN), "answered": (CaseStatus.answered,)}.get(show, ())
            seen = rights.places_of(session, who.staff)
            rows, total = finding.page(
                session,
                places=seen,
                status=status,
                category=chosen["category"],
                team_id=team_id if unit_id in (None, team_id) else -1,
                within=places.below(session, chosen["place"]) if chosen["place"] else None,
                text=chosen["q"],
                only_green=show == "green",
                overdue_at=now if show == "overdue" else None,
                is_warned=show == "warned",
                has_absent_unit=show == "absent",
                limit=_PAGE,
                offset=(page - 1) * _PAGE,
            )
            categories = sorted(
                {*session.scalars(select(Case.category).distinct()), *filter(None, [chosen["category"]])}
            )
            saved = list(
                session.scalars(
                    select(SavedFilter).where(SavedFilter.staff_id == who.staff.id).order_by(SavedFilter.id)
                )
            )
            return desk.page(
                request,
                "cases/list.html",
                session,
                who,
                rows=rows,
                total=total,
                page=page,
                pages=-(-total // _PAGE),
                show=show,
                chosen=chosen,
                filters=_FILTERS,
                labels=STAFF_LABELS,
                categories=categories,
                saved=saved,
                teams=desk.teams(session, who.staff),
                seen=seen if seen is None else set(seen),
                query=_query(chosen),
                link=lambda **changes: "?" + _query(chosen, **changes),
            )

    @api.post("/filters")
    async def keep(request: Request) -> Response:
        """Save the list as it stands under a name of one's own, or forget it."""
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "cases")
            query = _query(_chosen(dict(parse_qsl(text_of(sent, "query", 2000)))))
            own = select(SavedFilter).where(SavedFilter.staff_id == who.staff.id)
            if text_of(sent, "do") == "delete":
                found = session.scalar(own.where(SavedFilter.id == (int_of(sent, "id") or 0)))
                if found is not None:
                    session.delete(found)
            else:
                name = " ".join(text_of(sent, "name", 20).split())
                if not name:
                    raise InvalidInput("给这个筛选起个名字。")
                found = session.scalar(own.where(SavedFilter.name == name))
                if found is None and len(session.scalars(own).all()) >= _MOST_SAVED:
                    raise InvalidInput(f"最多存 {_MOST_SAVED} 个筛选，请先删掉用不着的。")
                if found is None:
                    session.add(SavedFilter(staff_id=who.staff.id, name=name, query=query))
                else:
                    found.query = query
            with contextlib.suppress(IntegrityError):  # the same name from two windows at once: one of them is kept
                session.commit()
        return back(request, f"/staff/cases?{query}")

    def shown(request: Request, session: Session, who: Who, case: Case, *, link: str | None = None) -> HTMLResponse:
        photos = list(session.scalars(select(Photo.id).where(Photo.case_id == case.id)))
        return desk.page(
            request,
            "cases/case.html",
            session,
            who,
            case=case,
            moves=allowed(case.status, By.staff),
            labels=STAFF_LABELS,
            teams=desk.teams(session, who.staff),
            photos=photos,
            green=list(GREEN),
            link=link,
            grid=routing.grid_workers(session, case.place_id),
            is_open=case.status in OPEN,
            today=datetime.now(SHANGHAI).date(),
            merged=finding.followers(session, case.id),
            lead=finding.lead(session, case),
        )

    @api.get("/{case_id}", response_class=HTMLResponse)
    async def detail(request: Request, case_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            case = held(session, who, case_id)
            audit.record(session, who.staff, "查看事项", case.number)
            session.commit()
            return shown(request, session, who, case)

    @api.post("/{case_id}/link", response_class=HTMLResponse)
    async def link(request: Request, case_id: str) -> Response:
        """For a resident who has neither the conversation nor a phone on record; shown to the member of staff once."""
        with desk.sessions() as session:
            who, _ = await desk.form(request, session, "cases")
            case = held(session, who, case_id)
            token = links.make(session, case.id, now=datetime.now(UTC))
            audit.record(session, who.staff, "生成进度链接", case.number)
            session.commit()
            return shown(
                request,
                session,
                who,
                case,
                link=f"{request.url.scheme}://{request.headers.get('host', '')}/progress/{token}",
            )

    @api.get("/{case_id}/photos/{photo_id}")
    async def photo(request: Request, case_id: str, photo_id: str) -> Response:
        with desk.sessions() as session:
            case = held(session, desk.who(request, session, "cases"), case_id)
            found = session.get(Photo, number_or_404(photo_id))
            if found is None or found.case_id != case.id:
                raise NotFound("没有这张照片。")
            return Response(found.jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})

    @api.get("/{case_id}/agreement.docx")
    async def agreement(request: Request, case_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "mediate")
            case = held(session, who, case_id)
            if case.mediation is None or not case.mediation.terms:
                raise NotFound("还没有调解协议。")
            template = desk.settings.home / "templates" / "mediation_agreement.docx"
            data = papers_agreement.mediation_agreement(
                case, place=desk_place(session, case), template=template if template.exists() else None
            )
            audit.record(session, who.staff, "下载调解协议", case.number)
            session.commit()
        return file_response(
            data,
            f"调解协议书-{case.number}.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        )

    @api.get("/{case_id}/pack.{kind}")
    async def pack(request: Request, case_id: str, kind: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            case = held(session, who, case_id)
            found = case_file.pack(case, place=desk_place(session, case))
            audit.record(session, who.staff, "导出材料包", case.number, words(kind, 10))
            session.commit()
        if kind == "json":
            return file_response(
                json.dumps(found, ensure_ascii=False, indent=1).encode(),
                f"材料包-{case.number}.json",
                "application/json",
            )
        if kind != "pdf":
            raise NotFound
        return file_response(case_file.pack_pdf(found), f"材料包-{case.number}.pdf", "application/pdf")

    @api.post("/{case_id}/{do}")
    async def act(request: Request, case_id: str, do: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "cases")
            case, now, me = held(session, who, case_id), datetime.now(UTC), who.staff
            actor = moves.Actor("staff", me.name, me.id)
            key = f"form-{case.id}-{text_of(sent, 'nonce', 40) or now.timestamp()}"
            words = text_of(sent, "note")
            audit.record(session, me, f"事项：{do}", case.number, words[:200])
            if do == "move":
                to = text_of(sent, "to", 20)
                # whether the table allows it, the service says; a second press of the same button is no error there
                if to not in set(CaseStatus):
                    raise NotAllowed("现在不能这样办，请刷新再看。")
                if to == CaseStatus.merged:
                    moves.merge(session, case.id, text_of(sent, "into", 40), actor=actor, key=key, now=now)
                else:
                    moves.move(
                        session,
                        case.id,
                        CaseStatus(to),
                        actor=actor,
                        key=key,
                        now=now,
                        note=words,
                        team_id=int_of(sent, "team"),
                    )
            elif do in ("note", "tell"):
                moves.note(session, case.id, words, actor=actor, key=key, now=now, for_resident=do == "tell")
            elif do == "pause":
                moves.pause(session, case.id, words, actor=actor, key=key, now=now)
            elif do == "category":
                case.category = text_of(sent, "category", 20) or case.category
                session.commit()
            elif do == "green":
                moves.mark_green(
                    session, case.id, [g for g in GREEN if text_of(sent, f"green-{g}")], actor=actor, key=key, now=now
                )
                queue.mark_green(session, case.conversation_id, bool(case.green))
            elif do in ("call", "refer"):
                units.call_unit(
                    session,
                    case.id,
                    int_of(sent, "team") or 0,
                    reason=words,
                    actor=actor,
                    key=key,
                    now=now,
                    is_referral=do == "refer",
                )
            elif do in ("arrived", "result"):
                unit = session.get(CalledUnit, int_of(sent, "unit") or 0)
                if unit is None or unit.case_id != case.id:
                    raise NotFound("没有叫过这个单位。")
                if do == "arrived":
                    units.unit_arrived(session, unit.id, actor=actor, now=now)
                else:
                    units.unit_result(session, unit.id, words, actor=actor, now=now)
            elif do.startswith("mediation"):
                if not me.can("mediate"):
                    raise NotAllowed("调解由调解员来做。")
                mediate(session, case.id, do, sent, actor, now)
            else:
                raise NotFound
            # Told at once rather than at the worker's next round; the key makes both harmless.
            delivery.tell_case_events(session)
        return back(request, f"/staff/cases/{number_or_404(case_id)}")

    def desk_place(session: Session, case: Case) -> str:
        return "".join(reversed([p.name for p in _places(session, case.place_id)]))

    return api


def _chosen(given: Mapping[str, str]) -> dict[str, str]:
    """The filters of the list, cut to what the columns hold."""
    most = {"show": 20, "q": 40, "category": 20, "place": 40, "unit": 9}
    found = {name: words(given.get(name, ""), length) for name, length in most.items()}
    found["unit"] = found["unit"] if found["unit"].isascii() and found["unit"].isdigit() else ""
    return found


def _query(chosen: Mapping[str, str], **changes: object) -> str:
    """The address of the list with these filters, and perhaps another page."""
    return urlencode({name: str(value) for name, value in {**chosen, **changes}.items() if value})


def _places(session: Session, place: str | None) -> list:  # type: ignore[type-arg]
    from knowledge.places import Level, Place

    found = [session.get_one(Place, p) for p in places.above(session, place)]
    return [p for p in found if p.level is not Level.nation]
