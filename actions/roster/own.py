"""What is known of somebody through their slip, for the person themself (个人信息保护法 45)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.roster.listing import name_of
from actions.roster.models import Participant, ParticipantThread


def exported(session: Session, asker: str) -> list[dict[str, str | None]]:
    """Plain values; one for each village in which this conversation speaks with a voice that counts."""
    mine = (
        select(Participant)
        .join(ParticipantThread, ParticipantThread.participant_id == Participant.id)
        .where(ParticipantThread.asker == asker)
        .order_by(Participant.id)
    )
    return [
        {
            "place": one.place_id,
            "group": one.household.group_name,
            "household": one.household.code,
            "who": name_of(one.person_no),
            "sex": one.sex,
            "verified_at": one.verified_at.isoformat() if one.verified_at else None,
            "given_by": one.verified_by,
            "ends_on": one.ends_on.isoformat() if one.ends_on else None,
        }
        for one in session.scalars(mine)
    ]
