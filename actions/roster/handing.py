"""Who was given their slip, by whom, on which day; the code isn't known to anybody who writes it down."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput
from actions.roster.models import How, Participant, Slip
from actions.storable import row_of
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

HOW_LABELS = {How.slip: "上门给的", How.desk: "在村委会领的", How.call: "打电话念的"}


def hand_over(session: Session, participant: Participant, *, by: str, how: How, now: datetime) -> bool:
    """False where it was noted already: a double tap does nothing twice. Raises InvalidInput where there is no slip to
    give; the caller commits.
    """
    mine = (Slip.participant_id == participant.id, Slip.revoked_at.is_(None))
    given = {"handed_by": by, "handed_on": _day(now), "how": how}
    if changed(session, update(Slip).where(*mine, Slip.handed_on.is_(None)).values(given)):
        return True
    if session.scalar(select(Slip.code_hash).where(*mine)) is None:
        raise InvalidInput("这个人还没有打印好的码，请文书先打印。")
    return False


def take_back(session: Session, participant: Participant, *, by: str, now: datetime) -> None:
    """A tap on the wrong line, on the same day, by who made it. Raises Conflict; the caller commits."""
    mine = (Slip.participant_id == participant.id, Slip.revoked_at.is_(None), Slip.used_at.is_(None))
    own = (Slip.handed_by == by, Slip.handed_on == _day(now), Slip.how != How.call)
    empty = {"handed_by": "", "handed_on": None, "how": None}
    if changed(session, update(Slip).where(*mine, *own).values(empty)) != 1:
        raise Conflict("这一条改不回去了：不是您今天记的，或者已经用上了。拿错了请文书作废换新。")


def get(session: Session, participant_id: int | None) -> Participant:
    """Raises InvalidInput for nobody, and for one whose voice was ended."""
    found = row_of(session, Participant, participant_id or 0)
    if found is None or found.revoked_at is not None:
        raise InvalidInput("这个人的码已经作废了，或者找不到了，请刷新后再看。")
    return found


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
