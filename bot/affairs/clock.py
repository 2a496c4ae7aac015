"""What falls due in the affairs of a village: one line a subject.

Each does everything that is due at this time (UTC), each thing once however often it is called, and commits itself.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from actions.disclosure import schedule as disclosure
from actions.hearings import service as hearings
from actions.roster import retention as roster
from actions.topics import clock as topics
from actions.topics.counting.keys import TopicKeys
from bot.settings import Settings


def tick(session: Session, settings: Settings, now: datetime) -> None:
    roster.tick(session, now)
    topics.tick(session, now, keys=TopicKeys(settings.topic_keys))
    disclosure.tick(session, now)
    hearings.tick(session, now)
