"""The tabs of a village's public page: one line a subject."""

from bot.web.village.decisions import TAB as DECISIONS
from bot.web.village.disclosure import TAB as DISCLOSURE
from bot.web.village.projects import TAB as PROJECTS
from bot.web.village.tab import Tab as Tab
from bot.web.village.tab import Teaser as Teaser
from bot.web.village.topics import TAB as TOPICS

TABS: tuple[Tab, ...] = (DISCLOSURE, TOPICS, DECISIONS, PROJECTS)
