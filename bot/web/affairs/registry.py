"""What waits for whom in the affairs of a village, and the pages: one line a subject."""

from bot.web.affairs.checkup.subject import CHECKUP
from bot.web.affairs.decisions.subject import DECISIONS
from bot.web.affairs.demands import DEMANDS
from bot.web.affairs.disclosure.subject import DISCLOSURE
from bot.web.affairs.events.subject import EVENTS
from bot.web.affairs.exchange.subject import EXCHANGE
from bot.web.affairs.history import HISTORY
from bot.web.affairs.joint import JOINT
from bot.web.affairs.people.subject import PEOPLE
from bot.web.affairs.points.subject import POINTS
from bot.web.affairs.projects.subject import PROJECTS
from bot.web.affairs.reports.subject import REPORTS
from bot.web.affairs.roster.subject import ROSTER
from bot.web.affairs.rulings import RULINGS
from bot.web.affairs.subject import Subject as Subject
from bot.web.affairs.subject import Todo as Todo
from bot.web.affairs.talk.deputies import DEPUTIES
from bot.web.affairs.talk.hearings import HEARINGS
from bot.web.affairs.topics.pages import TOPICS

SUBJECTS: tuple[Subject, ...] = (
    TOPICS,
    DECISIONS,
    DISCLOSURE,
    PROJECTS,
    EVENTS,
    POINTS,
    PEOPLE,
    ROSTER,
    HEARINGS,
    DEPUTIES,
    CHECKUP,
    JOINT,
    DEMANDS,
    EXCHANGE,
    HISTORY,
    RULINGS,
    REPORTS,
)
