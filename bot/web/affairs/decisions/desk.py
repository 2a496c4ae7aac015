"""What the pages of 决定与会议 share: who acts, which decision or meeting, papers that were handed in."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from actions.cases.photos import MAX_BYTES
from actions.decisions import files, meetings, steps
from actions.decisions.entries import Who
from actions.decisions.models import Decision, Meeting
from actions.errors import InvalidInput, NotAllowed
from bot import disk
from bot.conversations.agents.attachments import CleanFile, FileRefused, clean_file
from bot.staff import rights
from bot.web.staff.desk import Desk, Form, Seat, form, reading, seat
from bot.web.staff.typed import number_or_404

HOME = "/staff/village/decisions"
_READ = reading("village")
VillageSeat = Annotated[Seat, seat("village")]
VillageForm = Annotated[Form, form("village", read=_READ)]
_PAPERS = ("file", "minutes", "sheet")


async def _given(request: Request, sent: Annotated[FormData, Depends(_READ)]) -> dict[str, CleanFile]:
    """The pictures and PDFs of a form, written anew. Raises FileRefused and its kin."""
    desk: Desk = request.app.state.desk
    found = {}
    for name in _PAPERS:
        given = sent.get(name)
        if isinstance(given, UploadFile) and given.filename:
            if disk.free(desk.settings.home) < disk.LOW:
                raise FileRefused("服务器快存满了，这会儿传不了照片，请告诉管理员。")
            data = await given.read(MAX_BYTES + 1)
            found[name] = await run_in_threadpool(clean_file, given.filename, data)
    return found


# Declared before the seat, so that no session is held while a paper is read.
Given = Annotated[dict[str, CleanFile], Depends(_given)]


def who(at: Seat) -> Who:
    return Who(at.staff.id, at.staff.name)


def check_may(at: Seat, permission: str) -> None:
    """Raises NotAllowed."""
    if not at.staff.can(permission):
        said = {"write": "这一步由村文书来记。", "clear": "这一步由法律工作者来做。"}
        raise NotAllowed(said.get(permission, "您的岗位没有这个权限。"))


def decision_held(at: Seat, decision_id: str) -> Decision:
    """Raises NotFound, NotAllowed."""
    found = steps.get(at.session, number_or_404(decision_id))
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def meeting_held(at: Seat, meeting_id: str) -> Meeting:
    """Raises NotFound, NotAllowed."""
    found = meetings.get(at.session, number_or_404(meeting_id))
    rights.check_place(at.session, at.staff, found.place_id)
    return found


def keep(at: Form, given: dict[str, CleanFile], name: str, place: str) -> int | None:
    """The paper's number; None where none was handed in."""
    paper = given.get(name)
    if paper is None:
        return None
    found = files.keep(
        at.session, place=place, kind=paper.kind, data=paper.data, by_id=at.staff.id, now=datetime.now(UTC)
    )
    return found.id


def day_of(at: Form, name: str) -> date | None:
    """None where nothing was typed. Raises InvalidInput."""
    if not (typed := at.text(name, 10)):
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput("日期不对，请从日历里选。") from None


def number_typed(at: Form, name: str) -> int | None:
    """None where nothing was typed. Raises InvalidInput for what is no whole number."""
    typed = at.text(name, 12)
    found = at.number(name)
    if typed and found is None:
        raise InvalidInput(f"“{typed}”不是整数，请填数字。")
    return found


def key_of(at: Form, what: str, number: int, now: datetime) -> str:
    """Of this one wish: the same when the form is sent twice."""
    return f"form-{what}-{number}-{at.text('nonce', 40) or now.timestamp()}"
