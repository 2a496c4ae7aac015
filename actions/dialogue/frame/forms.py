"""One form: hears, stops, puts aside, answers in between."""

import re
from typing import ClassVar

from rasa_sdk.events import EventType, SlotSet

from actions.dialogue.frame.base import ASKS, NOTHING, CustomAction, Said, Turn, say, slots
from actions.dialogue.frame.case_buttons import pressed
from actions.dialogue.hearing import asides, commands, phrases
from actions.replies import Reply, ReplyKind

AGAIN = Said()  # heard, and nothing new in it: the form asks the same again
_APPOINTMENT = re.compile(r"^(?:确认)?取消\d{1,9}号预约$")
TO_THE_RULES = Said()  # no answer to the form: the other rules answer, and then the form asks again; compared by `is`


class Form(CustomAction):
    """Takes from a message what belongs to the form. Each message is heard once.

    `prefix`: of the form's slots; `fields`: the slots without it, emptied when the form ends.
    """

    prefix: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    aside_table: ClassVar[tuple[asides.Aside, ...]]

    def do(self, turn: Turn) -> Said:
        if self.is_heard(turn):
            return say(events=self.mark(turn))
        if (done := pressed(self.services, turn, in_form=True)) is not None:
            return done + say(events=self.mark(turn))
        if _APPOINTMENT.search(turn.text):
            return NOTHING  # to the rules: 取消 here doesn't mean the form
        if (left := self.leave(turn)) is not None:
            return left
        step = self.step(turn)
        heard = self.at_any_step(turn, step) or self.aside(turn, step) or self.read_step(turn, step)
        if heard is TO_THE_RULES:
            return NOTHING
        fresh = slots(**{f"{self.prefix}_hint": None}) if "hint" in self.fields else ()
        return Said(heard.replies, (*fresh, *heard.events, *self.mark(turn)))

    def step(self, turn: Turn) -> str:
        """What the form asked for; "" before its first question."""
        return (turn.slot("requested_slot") or "").removeprefix(f"{self.prefix}_")

    def mark(self, turn: Turn) -> tuple[EventType, ...]:
        """This message is heard: a second try at it, its reply lost on the way, fills nothing again."""
        return slots(**{f"{self.prefix}_message": turn.message})

    def is_heard(self, turn: Turn) -> bool:
        return turn.is_double_tap or (turn.message is not None and turn.message == turn.slot(f"{self.prefix}_message"))

    @classmethod
    def empty(cls) -> tuple[EventType, ...]:
        return slots(**{f"{cls.prefix}_{field}": None for field in cls.fields})

    def leave(self, turn: Turn) -> Said | None:
        """Stopping; None for what goes on."""
        if not self.is_stopped(turn):
            return None
        return say(self.farewell(turn), events=(*self.empty(), SlotSet("requested_slot", None)))

    def is_stopped(self, turn: Turn) -> bool:
        return phrases.is_drop(turn.text) or phrases.is_pause(turn.text)

    def farewell(self, turn: Turn) -> Reply:
        raise NotImplementedError

    def at_any_step(self, turn: Turn, step: str) -> Said | None:
        """What is heard whatever was asked: a step back, a correction; None for other words."""
        return None

    def aside(self, turn: Turn, step: str) -> Said | None:
        """The answer to a short question about the form."""
        answer = asides.find(turn.text, self.aside_table)
        return say(Reply(ReplyKind.smalltalk, answer)) if answer else None

    def read_step(self, turn: Turn, step: str) -> Said:
        """What the answer to the form's question fills, AGAIN or TO_THE_RULES."""
        raise NotImplementedError

    def not_heard(self, turn: Turn, hint: str) -> Said:
        """A question goes to the rules; after other words the hint, and the form asks again."""
        if phrases.is_question(turn.text) and len(turn.text) >= 6 and turn.intent in ASKS:
            return TO_THE_RULES
        return say(Reply(ReplyKind.smalltalk, hint))


class Ask(CustomAction):
    """One question of a form; where a person was asked for, it is kept until it is the form's turn again."""

    def do(self, turn: Turn) -> Said:
        if turn.intent == "human_handoff" and commands.is_meant(turn.text, turn.intent, turn.sure):
            return NOTHING
        return self.ask(turn)

    def ask(self, turn: Turn) -> Said:
        raise NotImplementedError
