"""What waits for whom in the affairs of a village, and the pages: one line a subject."""

from bot.web.affairs.decisions.subject import DECISIONS
from bot.web.affairs.disclosure.subject import DISCLOSURE
from bot.web.affairs.projects.subject import PROJECTS
from bot.web.affairs.roster.subject import ROSTER
from bot.web.affairs.subject import Subject as Subject
from bot.web.affairs.subject import Todo as Todo
from bot.web.affairs.topics.pages import TOPICS

SUBJECTS: tuple[Subject, ...] = (TOPICS, DECISIONS, DISCLOSURE, ROSTER, PROJECTS)
