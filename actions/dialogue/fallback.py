"""What is none of our business: the weather, a ticket, a song."""

from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.dialogue.smalltalk import friendly

INTENTS = {"out_of_scope": "不归邻里管的事"}  # what staff read


class Decline(CustomAction):
    names = ("action_decline",)

    def do(self, turn: Turn) -> Said:
        return say(friendly("out_of_scope", turn.message))
