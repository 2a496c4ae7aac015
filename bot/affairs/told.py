"""What residents hear of a helper's answer: into their conversation, once."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.helpers import clock
from actions.helpers.models import Referral, ReferralEvent
from actions.replies import Link, Reply, ReplyKind, buttons_in
from bot.conversations import delivery
from knowledge.tables import changed


def tell_referrals(session: Session, now: datetime) -> int:
    """How many; each once, also with several workers. Commits each."""
    done = 0
    for event in clock.untold(session):
        mine = update(ReferralEvent).where(ReferralEvent.id == event.id, ReferralEvent.told_at.is_(None))
        if event.say and changed(session, mine.values(told_at=now), synchronize=False):
            referral = session.get_one(Referral, event.referral_id)
            if referral.conversation_id:
                link = Link("看咱村能帮忙的人", f"/v/{referral.place_id}/people")
                reply = Reply(ReplyKind.text, event.say, buttons=buttons_in(event.buttons), links=(link,))
                key = f"referral-event-{event.id}"
                done += delivery.tell(session, referral.conversation_id, reply, key=key)
        session.commit()
    return done
