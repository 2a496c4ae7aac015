"""村史: what was told of the village's past and by whom; a form to tell more. No sign-in, no script."""

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from actions.errors import ActionError, NotFound
from actions.history import telling
from actions.history.models import StoryState
from bot.web.limits import address_of
from bot.web.problems import ApiError
from bot.web.resident.chat import Chat
from bot.web.staff.typed import text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser
from knowledge.documents.models import Document, Kind
from knowledge.documents.versions import current

router = APIRouter(prefix="/v/{place}/history", default_response_class=HTMLResponse)

_TELLS, _LOOKS, _TEASERS = 4, 20, 2  # of an address in a minute
_TELLS_A_DAY = 20


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    found = telling.published(session, place)[:_TEASERS]
    return [Teaser(version.content["title"], f"/v/{place}/history/{version.document_id}") for version in found]


@router.get("")
def show(at: At) -> HTMLResponse:
    return at.page("history/list.html", here="history", stories=telling.published(at.session, at.village.id))


@router.get("/tell")
def form(at: At) -> HTMLResponse:
    return _form_page(at, {})


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=10, max_part_size=40_000)


@router.post("/tell")
def tell(sent: Annotated[FormData, Depends(_form)], at: At) -> Response:
    typed = {"text": text_of(sent, "text", 4000), "teller": text_of(sent, "teller", 20)}
    typed["may_name"] = text_of(sent, "may_name", 1)
    key = f"page-{at.village.id}-{text_of(sent, 'nonce', 24) or secrets.token_urlsafe(12)}"
    try:
        visitor.check_sender(at.request, "history", _TELLS, a_day=_TELLS_A_DAY)
        if danger := visitor.danger(sent, typed["text"]):
            return _form_page(at, typed, danger=danger)
        story = telling.tell(
            at.session,
            place=at.village.id,
            text=typed["text"],
            teller=typed["teller"],
            may_name=bool(typed["may_name"]),
            key=key,
            now=at.now,
        )
        at.session.commit()
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return _form_page(at, typed, problem=visitor.said(error))
    return RedirectResponse(f"/v/{at.village.id}/history/mine/{story.code}", 303)


@router.get("/mine/{code}")
def mine(at: At, code: str) -> HTMLResponse:
    """For who told it: what became of it."""
    chat: Chat = at.request.app.state.chat
    chat.limit.check(f"history code {address_of(at.request)}", _LOOKS)
    story = telling.by_code(at.session, at.village.id, code[:24])
    version = current(at.session, story.document_id) if story.document_id else None
    is_declined = story.state is StoryState.declined
    return at.page("history/mine.html", here="history", story=story, version=version, is_declined=is_declined)


@router.get("/{document_id}")
def one(at: At, document_id: str) -> HTMLResponse:
    document = at.session.get(Document, document_id[:80])
    is_here = document is not None and document.kind is Kind.history and document.place_id == at.village.id
    version = current(at.session, document.id) if document is not None and is_here else None
    if version is None:
        raise NotFound("没有找到这一篇，请从“村史”里点进去。")
    return at.page("history/story.html", here="history", version=version)


def _form_page(at: Hall, typed: dict[str, str], *, problem: str = "", danger: str = "") -> HTMLResponse:
    return at.page(
        "history/tell.html",
        status=422 if problem or danger else 200,
        here="history",
        problem=problem,
        danger=danger,
        typed=typed,
        nonce=secrets.token_urlsafe(12),
    )


TAB = Tab(name="村史", path="history", newest=newest, router=router)
