"""What agents send along: a picture or a PDF, written anew in a process of its own, and opened by a link that ends."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from PIL import Image
from sqlalchemy.orm import Session

from actions.cases.photos import MAX_BYTES, PhotoRefused, PhotosBusy, clean_photo
from actions.errors import NotFound
from actions.storable import row_of, storable
from bot.conversations.models import Attachment, Message
from knowledge.confined import Busy, Confined, Overran

PHOTO, PDF = "photo", "pdf"
FILE = "file"  # in a message's body
LASTS_DAYS = 7  # of a link
KINDS = {PHOTO: "image/jpeg", PDF: "application/pdf"}
_SMALL = 480  # pixels a side
_CHILD = Confined("bot.conversations.agents.pdf_child", wall_s=40.0, at_once=2)
_GONE = "这个链接过期了，或者工作人员把它撤回了。请回到原来的对话里再打开。"


class FileRefused(PhotoRefused):
    message_zh = "这个文件发不了。能发的是照片（JPG、PNG）和 PDF，都在 10 MB 以内。"


@dataclass(frozen=True)
class CleanFile:
    """`small`: of a picture, for the page that shows the conversation."""

    kind: str
    name: str
    data: bytes
    small: bytes | None = None

    @property
    def said(self) -> str:
        """In place of words where none were written."""
        return "给您发来一张照片。" if self.kind == PHOTO else f"给您发来一个文件：{self.name}"


def clean_file(name: str, data: bytes) -> CleanFile:
    """By what it is and not by its name; takes up to 40 s. Raises FileRefused, PhotoRefused."""
    if len(data) > MAX_BYTES:
        raise FileRefused("文件太大了，请发 10 MB 以内的。")
    if b"%PDF-" not in data[:1024]:
        photo = clean_photo(data)
        return CleanFile(PHOTO, "照片.jpg", photo.jpeg, small(photo.jpeg))
    return CleanFile(PDF, f"{_stem(name)}.pdf", _plain_pdf(data))


def _plain_pdf(data: bytes) -> bytes:
    try:
        answer = _CHILD.run(data)
    except Busy as error:
        raise PhotosBusy("这会儿发文件的人多，请过一分钟再发一次。") from error
    except Overran as error:
        raise FileRefused("这个 PDF 太复杂，打不开。请另存一份，或者拍成照片发。") from error
    if answer[:1] != b"P":
        raise FileRefused(answer[1:].decode() or None)
    if len(answer) > MAX_BYTES + 1:
        raise FileRefused("文件太大了，请发 10 MB 以内的。")
    return answer[1:]


def small(jpeg: bytes) -> bytes:
    """Of a picture that we wrote ourselves."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as found:
        found.draft("RGB", (_SMALL, _SMALL))
        found.thumbnail((_SMALL, _SMALL))
        found.save(out, "JPEG", quality=80)
    return out.getvalue()


def _stem(name: str) -> str:
    stem = PurePosixPath(storable(name).replace("\\", "/")).stem
    return "".join(c for c in stem if c.isprintable() and c not in '<>:"/\\|?*').strip()[:80] or "文件"


def keep(session: Session, message: Message, file: CleanFile, *, now: datetime) -> None:
    """With the message, which must have its number; the caller commits."""
    held = Attachment(
        message_id=message.id,
        kind=file.kind,
        name=file.name,
        size=len(file.data),
        data=file.data,
        small=file.small,
        created_at=now,
    )
    session.add(held)
    session.flush()
    told = {"id": held.id, "kind": file.kind, "name": file.name, "size": held.size}
    message.body = {**message.body, FILE: told}


def told_of(message: Message) -> dict[str, Any] | None:
    """id, kind, name, size in bytes; None where nothing was sent along, or not any more."""
    found = message.body.get(FILE) if message.body else None
    return dict(found) if isinstance(found, dict) and message.withdrawn_at is None else None


class Links:
    """Signed addresses of attachments, and of a resident's own pictures; they open for LASTS_DAYS, for whoever has
    them.
    """

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="attachment")
        self._photos = URLSafeTimedSerializer(secret, salt="photo")

    def photo_path(self, photo_id: int) -> str:
        return f"/a/photo/{self._photos.dumps(photo_id)}"

    def photo(self, token: str) -> int | None:
        """The picture's number; None where the link is none of ours, or has ended."""
        try:
            number = self._photos.loads(token[:200], max_age=LASTS_DAYS * 86400)
        except BadData:
            return None
        return number if isinstance(number, int) else None

    def path(self, attachment_id: int) -> str:
        return f"/a/{self._signer.dumps(attachment_id)}"

    def read(self, session: Session, token: str) -> Attachment:
        """Raises NotFound: unknown, ended, withdrawn, deleted."""
        try:
            number = self._signer.loads(token[:200], max_age=LASTS_DAYS * 86400)
        except BadData:
            raise NotFound(_GONE) from None
        found = row_of(session, Attachment, number) if isinstance(number, int) else None
        message = session.get(Message, found.message_id) if found else None
        if found is None or message is None or message.withdrawn_at is not None:
            raise NotFound(_GONE)
        return found
