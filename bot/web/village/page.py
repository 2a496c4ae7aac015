"""A village's own page: what it discusses, decides and discloses. No sign-in, no script."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from actions.errors import NotFound
from bot.settings import ROOT
from bot.web import static_files
from bot.web.limits import address_of
from bot.web.resident.chat import Chat
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place

router = APIRouter(prefix="/v", default_response_class=HTMLResponse)
_MOST = 120  # an address may look so often in a minute: a whole village may share one
_NO_VILLAGE = "没有找到这个村，请核对地址，或者问问给您地址的人。"

_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
static_files.know(_templates)
_templates.env.filters.update(day=lambda moment: says_day(moment))


def says_day(moment: datetime) -> str:
    """12月5日, in Shanghai."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


class Hall:
    """One request to a page of a village, for the length of which a session is open."""

    def __init__(self, request: Request, session: Session, village: Place, now: datetime) -> None:
        self.request, self.session, self.village, self.now = request, session, village, now

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        from bot.web.village.registry import TABS  # the tabs themselves are made of halls

        tabs = [(tab, newest) for tab in TABS if (newest := tab.newest(self.session, self.village.id, self.now))]
        shared = {"village": self.village, "tabs": tabs, "now": self.now}
        page = _templates.TemplateResponse(
            self.request, f"village/{template}", {**shared, **values}, status_code=status
        )
        # Names may stand there for a while only, so no search engine keeps a copy (个人信息保护法 19, 25).
        page.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
        return page


def hall(request: Request, place: str) -> Any:
    """For `At`. Raises NotFound."""
    chat: Chat = request.app.state.chat
    chat.limit.check(f"village {address_of(request)}", _MOST)
    with chat.sessions() as session:
        village = session.get(Place, place[:40])
        if village is None or village.level is not Level.village:
            raise NotFound(_NO_VILLAGE)
        yield Hall(request, session, village, _clock(request)())


def _clock(request: Request) -> Callable[[], datetime]:
    """A test sets its own."""
    return getattr(request.app.state, "clock", lambda: datetime.now(UTC))


At = Annotated[Hall, Depends(hall, scope="function")]


@router.get("/{place}")
def show(at: At) -> HTMLResponse:
    return at.page("page.html")
