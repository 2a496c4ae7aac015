"""What was said while an appointment was made: for the legal worker whom the resident will meet, and nobody else.

The resident is told so (`action_ask_booking_matter`). Danger is everybody's, also there.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
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


def among(messages: Sequence[Message]) -> set[int]:
    """Ids of those that are private, of a thread as it stands."""
    asked_before: Message | None = None
    answers = _by_question(m for m in messages if m.in_reply_to is not None)
    found: set[int] = set()
    for message in messages:
        if message.sender is Sender.resident:
            if _is_private(asked_before, answers.get(message.id, ())):
                found.add(message.id)
        else:
            asked_before = message
            if _asks(message):
                found.add(message.id)
    return found


def among_last(session: Session, said: Sequence[Message]) -> set[int]:
    """The same of residents' words of many conversations, one each."""
    ids = [m.id for m in said]
    answers = _by_question(session.scalars(select(Message).where(Message.in_reply_to.in_(ids))))
    resident, other = aliased(Message), aliased(Message)
    newest = (
        select(func.max(other.id))
        .join(resident, resident.conversation_id == other.conversation_id)
        .where(resident.id.in_(ids), other.id < resident.id, other.sender != Sender.resident)
        .group_by(other.conversation_id)
    )
    before = {m.conversation_id: m for m in session.scalars(select(Message).where(Message.id.in_(newest)))}
    return {m.id for m in said if _is_private(before.get(m.conversation_id), answers.get(m.id, ()))}


def _by_question(answers: Iterable[Message]) -> dict[int, list[Message]]:
    found: dict[int, list[Message]] = {}
    for answer in answers:
        found.setdefault(answer.in_reply_to or 0, []).append(answer)
    return found


def _is_private(before: Message | None, answers: Iterable[Message]) -> bool:
    """It answers the form, or begins it; what is answered with help in danger is for everybody."""
    told = list(answers)
    if any(a.kind == ReplyKind.emergency for a in told):
        return False
    return (before is not None and _asks(before)) or any(map(_asks, told))


def _asks(message: Message) -> bool:
    return message.reply.form == _FORM
