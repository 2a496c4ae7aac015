"""Cases on the staff side: the list, one case with its time line, and buttons only for what the table of moves
allows.
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import documents, links, routing, service
from actions.cases.models import CalledUnit, Case, Photo
from actions.cases.status import OPEN, STAFF_LABELS, By, CaseStatus, allowed
from actions.dialogue.dispute_text import GREEN
from actions.errors import InvalidInput, NotAllowed, NotFound
from bot import accounts
from bot.accounts import SavedFilter
from bot.conversations import delivery, handoff
from bot.settings import SHANGHAI
from bot.web.desk import Desk, Who, back, int_of, number_or_404, text_of, words

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
        accounts.check_place(session, who.staff, found.place_id)
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
            seen = accounts.places_of(session, who.staff)
            rows, total = service.page(
                session,
                places=seen,
                status=status,
                category=chosen["category"],
                team_id=team_id if unit_id in (None, team_id) else -1,
                within=routing.below(session, chosen["place"]) if chosen["place"] else None,
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
                "cases.html",
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
            "case.html",
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
            merged=service.followers(session, case.id),
            lead=service.lead(session, case),
        )

    @api.get("/{case_id}", response_class=HTMLResponse)
    async def detail(request: Request, case_id: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            case = held(session, who, case_id)
            accounts.record(session, who.staff, "查看事项", case.number)
            session.commit()
            return shown(request, session, who, case)

    @api.post("/{case_id}/link", response_class=HTMLResponse)
    async def link(request: Request, case_id: str) -> Response:
        """For a resident who has neither the conversation nor a phone on record; shown to the member of staff once."""
        with desk.sessions() as session:
            who, _ = await desk.form(request, session, "cases")
            case = held(session, who, case_id)
            token = links.make(session, case.id, now=datetime.now(UTC))
            accounts.record(session, who.staff, "生成进度链接", case.number)
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
            data = documents.mediation_agreement(
                case, place=desk_place(session, case), template=template if template.exists() else None
            )
            accounts.record(session, who.staff, "下载调解协议", case.number)
            session.commit()
        return _download(
            data,
            f"调解协议书-{case.number}.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        )

    @api.get("/{case_id}/pack.{kind}")
    async def pack(request: Request, case_id: str, kind: str) -> Response:
        with desk.sessions() as session:
            who = desk.who(request, session, "cases")
            case = held(session, who, case_id)
            found = documents.pack(case, place=desk_place(session, case))
            accounts.record(session, who.staff, "导出材料包", case.number, words(kind, 10))
            session.commit()
        if kind == "json":
            return _download(
                json.dumps(found, ensure_ascii=False, indent=1).encode(),
                f"材料包-{case.number}.json",
                "application/json",
            )
        if kind != "pdf":
            raise NotFound
        return _download(documents.pack_pdf(found), f"材料包-{case.number}.pdf", "application/pdf")

    @api.post("/{case_id}/{do}")
    async def act(request: Request, case_id: str, do: str) -> Response:
        with desk.sessions() as session:
            who, sent = await desk.form(request, session, "cases")
            case, now, me = held(session, who, case_id), datetime.now(UTC), who.staff
            actor = service.Actor("staff", me.name, me.id)
            key = f"form-{case.id}-{text_of(sent, 'nonce', 40) or now.timestamp()}"
            words = text_of(sent, "note")
            accounts.record(session, me, f"事项：{do}", case.number, words[:200])
            if do == "move":
                to = text_of(sent, "to", 20)
                # whether the table allows it, the service says; a second press of the same button is no error there
                if to not in set(CaseStatus):
                    raise NotAllowed("现在不能这样办，请刷新再看。")
                if to == CaseStatus.merged:
                    service.merge(session, case.id, text_of(sent, "into", 40), actor=actor, key=key, now=now)
                else:
                    service.move(
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
                service.note(session, case.id, words, actor=actor, key=key, now=now, for_resident=do == "tell")
            elif do == "pause":
                service.pause(session, case.id, words, actor=actor, key=key, now=now)
            elif do == "category":
                case.category = text_of(sent, "category", 20) or case.category
                session.commit()
            elif do == "green":
                service.mark_green(
                    session, case.id, [g for g in GREEN if text_of(sent, f"green-{g}")], actor=actor, key=key, now=now
                )
                handoff.mark_green(session, case.conversation_id, bool(case.green))
            elif do in ("call", "refer"):
                service.call_unit(
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
                    service.unit_arrived(session, unit.id, actor=actor, now=now)
                else:
                    service.unit_result(session, unit.id, words, actor=actor, now=now)
            elif do.startswith("mediation"):
                if not me.can("mediate"):
                    raise NotAllowed("调解由调解员来做。")
                _mediate(session, case.id, do, sent, actor, now)
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
    from knowledge.models import Level, Place

    found = [session.get_one(Place, p) for p in routing.above(session, place)]
    return [p for p in found if p.level is not Level.nation]


def _mediate(session: Session, case_id: int, do: str, sent, actor: service.Actor, now: datetime) -> None:
    if do == "mediation-start":
        parties = [
            {
                "name": text_of(sent, f"name{i}", 40),
                "role": text_of(sent, f"role{i}", 20),
                "phone": text_of(sent, f"phone{i}", 30),
            }
            for i in range(4)
        ]
        service.start_mediation(
            session,
            case_id,
            mediator=text_of(sent, "mediator", 40) or actor.name,
            parties=parties,
            actor=actor,
            now=now,
        )
    elif do == "mediation-consent":
        service.consent(session, case_id, int_of(sent, "party") or 0, text_of(sent, "answer", 3), actor=actor, now=now)
    elif do == "mediation-session":
        service.add_session(
            session,
            case_id,
            at=when_of(text_of(sent, "at", 20)),
            place=text_of(sent, "place", 100),
            text=text_of(sent, "note"),
            actor=actor,
            now=now,
        )
    elif do == "mediation-sign":
        try:
            day = date.fromisoformat(text_of(sent, "signed_on", 10))
        except ValueError:
            raise InvalidInput("请填签字的日期。") from None
        service.sign_agreement(
            session,
            case_id,
            facts=text_of(sent, "facts"),
            terms=text_of(sent, "terms"),
            method=text_of(sent, "method"),
            signed_on=day,
            actor=actor,
            now=now,
        )
    elif do == "mediation-fail":
        service.fail_mediation(session, case_id, text_of(sent, "note"), actor=actor, now=now)
    else:
        raise NotFound


def when_of(value: str) -> datetime:
    """A `datetime-local` field, in Shanghai, as UTC. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput("请填日期和时间。") from None
    if found.tzinfo is not None or not 2020 < found.year < 2100:
        raise InvalidInput("日期不对。")
    return found.replace(tzinfo=SHANGHAI).astimezone(UTC)


def _download(data: bytes, name: str, kind: str) -> Response:
    return Response(
        data,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"},
    )
