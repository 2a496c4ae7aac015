"""听证会: sign up for a seat, the list by number, and how the seats were drawn. No sign-in, no script, no names."""

import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from actions.errors import ActionError
from actions.hearings import draw, service
from actions.hearings.models import Hearing
from actions.hearings.service import Person
from bot.web.problems import ApiError
from bot.web.staff.typed import text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser
from bot.web.village.visitor import Sent
from knowledge.clock import SHANGHAI

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)

_SIGNS, _TEASERS = 6, 3
_SIGNS_A_DAY = 60
STATES = {"open": "正在报名", "frozen": "报名截止，等着抽签", "drawn": "抽好了", "cancelled": "取消了"}


def state_of(hearing: Hearing, now: datetime) -> str:
    if hearing.state == "open":
        until = f"{hearing.closes_on.month}月{hearing.closes_on.day}日"
        return f"{until}前报名" if service.is_open(hearing, now) else "报名截止，正在核对名单"
    return STATES[hearing.state]


def when_of(hearing: Hearing) -> str:
    """12月22日 09:30, in Shanghai."""
    held = hearing.held_at.astimezone(SHANGHAI)
    return f"{held.month}月{held.day}日 {held:%H:%M}"


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    rows = service.of_places(session, [place])[:_TEASERS]
    return [Teaser(row.title, f"/v/{place}/t{row.ordinal}", state_of(row, now)) for row in rows]


@router.get("/hearings")
def show(at: At) -> HTMLResponse:
    rows = [(row, state_of(row, at.now), when_of(row)) for row in service.of_places(at.session, [at.village.id])]
    return at.page("hearings/list.html", here="hearings", rows=rows)


@router.get("/t{ordinal:int}")
def one(at: At, ordinal: int) -> HTMLResponse:
    return _page(at, _hearing(at, ordinal))


def _hearing(at: Hall, ordinal: int) -> Hearing:
    return service.public(at.session, at.village.id, ordinal if 0 < ordinal < 10**6 else 0)


def _page(at: Hall, hearing: Hearing, *, asker: str = "", **more: Any) -> HTMLResponse:
    found = service.entries(at.session, hearing) if hearing.state in ("frozen", "drawn") else []
    rows = service.signups(at.session, hearing, all=True)
    mine = service.own(at.session, hearing, asker or visitor.asker(at))
    return at.page(
        "hearings/hearing.html",
        status=422 if more.get("problem") else 200,
        here="hearings",
        hearing=hearing,
        state=state_of(hearing, at.now),
        when=when_of(hearing),
        is_open=service.is_open(hearing, at.now),
        groups=service.groups_of(at.session, at.village.id),
        entries=found,
        text=draw.list_of(found),
        away={row.code for row in rows if row.state == "withdrawn"},
        struck=sum(row.state == "struck" for row in rows),
        mine=mine,
        seat=service.seat_of(hearing, mine) if mine else "",
        is_over=hearing.held_at < at.now,
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/t{ordinal:int}")
def sign_up(sent: Sent, at: At, ordinal: int) -> Response:
    hearing, asker = _hearing(at, ordinal), visitor.asker(at)
    who = Person(
        name=text_of(sent, "name", 40),
        group=text_of(sent, "group", 40),
        phone=text_of(sent, "phone", 30),
        sex=text_of(sent, "sex", 2),
        is_affected=text_of(sent, "affected", 1) == "1",
    )
    try:
        visitor.check_sender(at.request, "hearing", _SIGNS, a_day=_SIGNS_A_DAY)
        if text_of(sent, "leave", 1):
            told = service.withdraw(at.session, hearing.id, asker)
            at.session.commit()
        else:
            key = visitor.key(asker, sent)
            row = service.sign_up(at.session, hearing.id, who, asker=asker, key=key, now=at.now)
            told = f"报上了，您是 {row.code} 号。截止以后在村部当众抽签，抽没抽上，看这一页的号；没抽上也可以来旁听。"
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return visitor.known(at, _page(at, hearing, asker=asker, problem=visitor.said(error), who=asdict(who)), asker)
    return visitor.known(at, _page(at, hearing, asker=asker, done=told), asker)


TAB = Tab(name="听证", path="hearings", newest=newest, router=router)
