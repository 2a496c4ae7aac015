"""What the pages of 积分 share: where they are, the village asked for, who may do what, who is told."""

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from fastapi.responses import HTMLResponse

from actions.errors import NotAllowed
from actions.points import schemes
from actions.points.ledger import Who
from actions.points.status import LABELS
from actions.replies import Button, Reply, ReplyKind
from bot.conversations import delivery
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Form, Seat
from knowledge.places import Place

AT = "/staff/village/points"


def page_of(at: Seat, village: Place, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    shared = {
        "village": village,
        "villages": villages_of(at),
        "nonce": token_urlsafe(9),
        "labels": LABELS,
        "why_not": schemes.why_not(at.session, village.id),
        "scheme": schemes.adopted(at.session, village.id),
        "may_write": at.staff.can("write"),
        "may_oversee": at.staff.can("oversee"),
        "now": datetime.now(UTC),
    }
    code = 422 if values.get("problem") else status
    return at.page(f"village/points/{template}", status=code, **{**shared, **values})


def who(at: Seat) -> Who:
    return Who(at.staff.id, at.staff.name)


def writes(at: Form) -> None:
    if not at.staff.can("write"):
        raise NotAllowed("这一步由村文书来做。")


def reviews(at: Form) -> None:
    """评议小组: the village's clerk, and who oversees."""
    if not (at.staff.can("write") or at.staff.can("oversee")):
        raise NotAllowed("这一步由评议小组的人来做。")


def oversees(at: Form) -> None:
    if not at.staff.can("oversee"):
        raise NotAllowed("这一步由监督的人来做。")


def tell(at: Form, conversation_id: str | None, text: str, *, key: str, buttons: tuple[Button, ...] = ()) -> None:
    """In the conversation that it came from, once a key; committed with the deed."""
    if conversation_id:
        delivery.tell(at.session, conversation_id, Reply(ReplyKind.text, text, buttons=buttons), key=key)
