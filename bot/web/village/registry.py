"""The tabs of a village's public page: one line a subject."""

from bot.web.village.decisions import TAB as DECISIONS
from bot.web.village.disclosure import TAB as DISCLOSURE
from bot.web.village.tab import Tab as Tab
from bot.web.village.tab import Teaser as Teaser

TABS: tuple[Tab, ...] = (
    DECISIONS,
    DISCLOSURE,
)
