"""告知单: what a resident hands to whoever wants a paper that no village gives. No sign-in, no script."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from actions.demands.certificates import CERTIFICATES, SOURCE
from actions.errors import NotFound
from bot.settings import ROOT
from bot.web import static_files
from bot.web.limits import address_of
from bot.web.resident.chat import At

router = APIRouter(prefix="/paper", default_response_class=HTMLResponse)
_MOST = 120  # an address may look so often in a minute: a whole village may share one
_templates = Jinja2Templates(directory=ROOT / "bot" / "templates")
static_files.know(_templates)


@router.get("")
def every(request: Request, chat: At) -> HTMLResponse:
    return _page(request, chat, "village/papers/list.html", papers=CERTIFICATES)


@router.get("/{code}")
def one(request: Request, chat: At, code: str) -> HTMLResponse:
    paper = CERTIFICATES.get(code[:20])
    if paper is None:
        raise NotFound("没有这张告知单，请核对地址。")
    return _page(request, chat, "village/papers/sheet.html", paper=paper)


def _page(request: Request, chat: At, template: str, **values: object) -> HTMLResponse:
    chat.limit.check(f"paper {address_of(request)}", _MOST)
    return _templates.TemplateResponse(request, template, {"source": SOURCE, **values})
