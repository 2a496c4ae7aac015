"""代表: who speaks for which group, when they receive, what they were asked and by when they owe an answer."""

import secrets
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from actions.deputies import service
from actions.errors import ActionError
from bot.web.problems import ApiError
from bot.web.staff.typed import text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser
from bot.web.village.visitor import Sent

router = APIRouter(prefix="/v/{place}/deputies", default_response_class=HTMLResponse)
_ASKS, _TEASERS = 6, 2
_ASKS_A_DAY = 40


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    rows = service.serving(session, place, now)[:_TEASERS]
    href = f"/v/{place}/deputies"
    return [Teaser(f"{row.name}，{service.KINDS[row.kind]}", href, row.reception) for row in rows]


@router.get("")
def show(at: At, done: int = 0) -> HTMLResponse:
    told = "问题收到了。有人看过以后贴出来，十五个工作日里答复；过了没答，这一页也写明。" if done else ""
    return _page(at, done=told)


def _page(at: Hall, **more: Any) -> HTMLResponse:
    rows = service.serving(at.session, at.village.id, at.now)
    asked = service.questions(at.session, rows, is_public=True)
    return at.page(
        "deputies/list.html",
        status=422 if more.get("problem") or more.get("danger") else 200,
        here="deputies",
        rows=rows,
        kinds=service.KINDS,
        asked=[(one, service.is_late(one, at.now)) for one in asked],
        names={row.id: row.name for row in rows},
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/{deputy:int}")
def ask(sent: Sent, at: At, deputy: int) -> Response:
    text, asker = text_of(sent, "text", 1000), visitor.asker(at)
    typed = {"text": text, "asked_of": deputy}
    try:
        visitor.check_sender(at.request, "deputy", _ASKS, a_day=_ASKS_A_DAY)
        if danger := visitor.danger(sent, text):
            return _page(at, danger=danger, **typed)
        if deputy not in {row.id for row in service.serving(at.session, at.village.id, at.now)}:
            deputy = 0  # of another village, or no longer: as unknown
        service.ask(at.session, deputy, text, asker=asker, key=visitor.key(asker, sent), now=at.now)
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return visitor.known(at, _page(at, problem=visitor.said(error), **typed), asker)
    return visitor.known(at, RedirectResponse(f"/v/{at.village.id}/deputies?done=1", 303), asker)


TAB = Tab(name="代表", path="deputies", newest=newest, router=router)
