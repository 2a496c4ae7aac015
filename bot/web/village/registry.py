"""The tabs of a village's public page: one line a subject."""

from bot.web.village.check import TAB as CHECK
from bot.web.village.decisions import TAB as DECISIONS
from bot.web.village.disclosure import TAB as DISCLOSURE
from bot.web.village.events import TAB as EVENTS
from bot.web.village.history import TAB as HISTORY
from bot.web.village.people import TAB as PEOPLE
from bot.web.village.points import TAB as POINTS
from bot.web.village.projects import TAB as PROJECTS
from bot.web.village.reports.month import TAB as MONTH
from bot.web.village.shelf.page import TAB as SHELF
from bot.web.village.tab import Tab as Tab
from bot.web.village.tab import Teaser as Teaser
from bot.web.village.talk.deputies import TAB as DEPUTIES
from bot.web.village.talk.hearings import TAB as HEARINGS
from bot.web.village.topics import TAB as TOPICS

TABS: tuple[Tab, ...] = (
    DISCLOSURE,
    TOPICS,
    DECISIONS,
    PROJECTS,
    EVENTS,
    SHELF,
    PEOPLE,
    POINTS,
    HEARINGS,
    DEPUTIES,
    CHECK,
    HISTORY,
    MONTH,
)
