"""A topic or a decision as one file for the archive, made on disk, sent in pieces; only for who keeps or oversees."""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from actions.decisions import steps
from actions.errors import NotAllowed
from actions.reports.archive import decision as of_decision
from actions.reports.archive import topic as of_topic
from actions.reports.archive.writing import Item, write
from actions.topics.steps import moves
from bot import disk
from bot.staff import rights
from bot.web.staff.desk import Seat, seat
from bot.web.staff.typed import number_or_404
from knowledge.clock import SHANGHAI

router = APIRouter(prefix="/staff/village/archive")
ArchiveSeat = Annotated[Seat, seat("archive")]
_PIECE = 64 * 1024


@router.get("/topics/{topic_id}.zip")
def topic(at: ArchiveSeat, topic_id: str) -> Response:
    found, now = moves.get(at.session, number_or_404(topic_id)), datetime.now(UTC)
    rights.check_place(at.session, at.staff, found.place_id)
    return _packed(at, of_topic.items(at.session, found, now=now), found.number, found.title, now)


@router.get("/decisions/{decision_id}.zip")
def decision(at: ArchiveSeat, decision_id: str) -> Response:
    found, now = steps.get(at.session, number_or_404(decision_id)), datetime.now(UTC)
    rights.check_place(at.session, at.staff, found.place_id)
    return _packed(at, of_decision.items(at.session, found), found.number, found.title, now)


def _packed(at: Seat, items: Iterable[Item], number: str, title: str, now: datetime) -> Response:
    """Raises NotAllowed."""
    if disk.free(at.desk.settings.home) < disk.LOW:
        raise NotAllowed("服务器快存满了，这会儿做不了档案包，请告诉管理员。")
    file = tempfile.TemporaryFile()  # without a name: nothing of it is left, however this ends  # noqa: SIM115
    try:
        digest = write(file, items, title=f"{title}（{number}）", now=now)
        at.record("导出档案", number, detail=f"SHA256SUMS {digest}")
        at.session.commit()
        size = file.seek(0, 2)
    except BaseException:
        file.close()
        raise
    name = f"{number}-{now.astimezone(SHANGHAI):%Y%m%d}.zip"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
