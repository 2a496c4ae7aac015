"""What an agent sent along, and a resident's own pictures: whoever has a link may open it until it ends."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from actions.errors import NotFound
from bot.conversations.agents import attachments, photos
from bot.conversations.agents.attachments import KINDS, PDF
from bot.conversations.models import Attachment
from bot.web.limits import address_of
from bot.web.resident.chat import At, Chat

router = APIRouter(prefix="/a")
_MOST = 120  # an address may look so often in a minute


@router.get("/{token}")
def whole(request: Request, chat: At, token: str) -> Response:
    return _opened(request, chat, token, is_small=False)


@router.get("/{token}/small")
def small(request: Request, chat: At, token: str) -> Response:
    """Of a picture, as the page shows it beside what was said."""
    return _opened(request, chat, token, is_small=True)


@router.get("/photo/{token}")
def own_photo(request: Request, chat: At, token: str) -> Response:
    return _photo(request, chat, token, is_small=False)


@router.get("/photo/{token}/small")
def own_photo_small(request: Request, chat: At, token: str) -> Response:
    return _photo(request, chat, token, is_small=True)


def _photo(request: Request, chat: Chat, token: str, *, is_small: bool) -> Response:
    chat.limit.check(f"file {address_of(request)}", _MOST)
    with chat.sessions() as session:
        return photo_response(photos.read(session, chat.files.photo(token)).jpeg, is_small=is_small)


def photo_response(jpeg: bytes, *, is_small: bool) -> Response:
    """A picture of a resident's, as we wrote it."""
    data = attachments.small(jpeg) if is_small else jpeg
    return Response(
        data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    )


def _opened(request: Request, chat: Chat, token: str, *, is_small: bool) -> Response:
    chat.limit.check(f"file {address_of(request)}", _MOST)
    with chat.sessions() as session:
        return file_response(chat.files.read(session, token), is_small=is_small)


def file_response(held: Attachment, *, is_small: bool) -> Response:
    """Raises NotFound where there is no small picture."""
    data = held.small if is_small else held.data
    if data is None:
        raise NotFound("这个文件没有小图。")
    return Response(
        data,
        media_type=KINDS[held.kind] if not is_small else "image/jpeg",
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(held.name)}",
            "Cache-Control": "private, no-store" if held.kind == PDF else "private, max-age=3600",
            "X-Robots-Tag": "noindex",
        },
    )
