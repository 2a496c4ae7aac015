"""What falls due in the affairs of a village: one line a subject.

Each does everything that is due at this time (UTC), each thing once however often it is called, and commits itself.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from actions.checkup import corrections as checkup
from actions.disclosure import schedule as disclosure
from actions.events import clock as events
from actions.hearings import service as hearings
from actions.helpers import clock as helpers
from actions.history import telling as history
from actions.joint import tasks as joint
from actions.roster import retention as roster
from actions.topics import clock as topics
from actions.topics.counting.keys import TopicKeys
from actions.visits import visits
from bot.affairs import exchange, points
from bot.affairs.told import tell_referrals
from bot.settings import Settings


def tick(session: Session, settings: Settings, now: datetime) -> None:
    roster.tick(session, now)
    topics.tick(session, now, keys=TopicKeys(settings.topic_keys))
    disclosure.tick(session, now)
    points.tick(session, now)
    helpers.tick(session, now)
    tell_referrals(session, now)
    visits.tick(session, now)
    events.tick(session, now)
    history.tick(session, now)
    checkup.tick(session, now)
    joint.tick(session, now)
    exchange.tick(session, settings, now)
    hearings.tick(session, now)
