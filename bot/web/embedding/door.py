"""What the round button on another site asks first: may I, and in which colour."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bot.sites.listed import COLOUR, REFUSED
from bot.web.embedding.visitors import is_own
from bot.web.limits import address_of
from bot.web.resident.chat import At

_MOST = 120  # an office behind one address opens many pages in a minute

router = APIRouter(prefix="/api/embedding")


@router.get("")
def door(request: Request, chat: At) -> JSONResponse:
    """Readable by any page, and the same for everybody there: no cookie, no token."""
    chat.limit.check(f"door {address_of(request)}", _MOST)
    origin = request.headers.get("origin", "")
    colours = chat.sites.colours()
    may = not origin or is_own(request, origin, chat.settings) or origin in colours
    if not may:
        chat.sites.knocked(origin)
    return JSONResponse(
        {"allowed": may, "colour": colours.get(origin, COLOUR), "message": "" if may else REFUSED},
        headers={"Access-Control-Allow-Origin": "*", "Vary": "Origin", "Cache-Control": "private, max-age=60"},
    )
