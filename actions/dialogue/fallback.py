"""What is none of our business: the weather, a ticket, a song."""

from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.dialogue.smalltalk import friendly


class Decline(CustomAction):
    names = ("action_decline",)

    def do(self, turn: Turn) -> Said:
        return say(friendly("out_of_scope", turn.message))
