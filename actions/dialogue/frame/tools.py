"""The manners of the two short forms that compute something: a time limit, and whether legal aid is likely."""

import re

from actions.dialogue.frame.base import Said, Turn
from actions.dialogue.frame.forms import TO_THE_RULES, Form
from actions.dialogue.hearing import asides, commands
from actions.replies import Reply, ReplyKind

FAREWELL = Reply(ReplyKind.smalltalk, "好，不算了。想问别的，直接说。")

# intents the forms read themselves
_OWN = frozenset(
    {"ask_deadline", "check_legal_aid", "change_place", "ask_capabilities", "supplement_case", "rate_case"}
)


class ToolForm(Form):
    aside_table = asides.TOOLS

    def is_stopped(self, turn: Turn) -> bool:
        return super().is_stopped(turn) or bool(re.search(r"不(?:测|算|问)了", turn.text))

    def farewell(self, turn: Turn) -> Reply:
        return FAREWELL

    def aside(self, turn: Turn, step: str) -> Said | None:
        if (answer := super().aside(turn, step)) is not None:
            return answer
        return TO_THE_RULES if commands.is_meant(turn.text, turn.intent, turn.sure, but=_OWN) else None
