"""What was said while an appointment was made: for the legal worker whom the resident will meet, and nobody else.

The resident is told so (`action_ask_booking_matter`). Danger is everybody's, also there.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from actions.bookings.models import Appointment, Opening
from actions.replies import ReplyKind
from bot.conversations.models import Message, Sender

HIDDEN = "（约见时说的，只有约见的法律工作者能看到）"
_FORM = "booking"


def meets(session: Session, conversation_id: str, staff_id: int) -> bool:
    """Whether this member of staff has an appointment with this conversation's resident."""
    held = select(Appointment.id).join(Opening)
    return bool(
        session.scalar(
            held.where(Appointment.conversation_id == conversation_id, Opening.worker_id == staff_id).limit(1)
        )
    )


def among(session: Session, ids: Iterable[int]) -> set[int]:
    """Of these messages those that are private."""
    return set(session.scalars(select(Message.id).where(Message.id.in_(list(ids)), is_private())))


def is_open_to(staff_id: int) -> ColumnElement[bool]:
    """Of `Message`: whether this member of staff may read it, and so may find it."""
    met = select(Appointment.conversation_id).join(Opening).where(Opening.worker_id == staff_id)
    theirs = Message.conversation_id.in_(met.where(Appointment.conversation_id.is_not(None)))
    return or_(theirs, not_(is_private()))


def is_private() -> ColumnElement[bool]:
    """Of `Message`: what the form asks; what answers or begins it, unless it was answered with help in danger."""
    before, asking, answer = aliased(Message), aliased(Message), aliased(Message)
    newest = (
        select(func.max(before.id))
        .where(
            before.conversation_id == Message.conversation_id,
            before.id < Message.id,
            before.sender != Sender.resident,
        )
        .correlate(Message)
        .scalar_subquery()
    )
    answers = select(asking.id).where(asking.id == newest, _asks(asking)).exists()
    told = select(answer.id).where(answer.in_reply_to == Message.id)
    begins = told.where(_asks(answer)).exists()
    is_danger = told.where(answer.kind == ReplyKind.emergency.value).exists()
    is_said = Message.sender == Sender.resident
    return or_(and_(not_(is_said), _asks(Message)), and_(is_said, not_(is_danger), or_(answers, begins)))


def _asks(message: type[Message]) -> ColumnElement[bool]:
    return func.coalesce(message.body["form"].as_string(), "") == _FORM
