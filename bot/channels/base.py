"""What a channel is: a way for residents' words to reach us, and for ours to reach them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, Self

from fastapi import APIRouter
from sqlalchemy.orm import Session

from bot.settings import Settings

Sessions = Callable[[], Session]
# Answers the message of this number, once: `Turns.answer`.
Answer = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Remaining:
    """How much may still be sent to somebody who isn't looking at a page of ours; shown to agents before they write."""

    messages: int
    until: datetime | None
    text_zh: str


class Channel(Protocol):
    """One line of a kind: the widget, or one official account of WeChat.

    What a resident says is received by the endpoints in `routes`, each of which knows its form. It is stored under a
    key of the channel's own before anything is done with it, so that what is delivered twice is received once.
    """

    kind: ClassVar[str]  # as it stands in `Conversation.channel`
    label_zh: ClassVar[str]  # what staff see beside such a conversation (微信); "" for the page itself
    # Included once, however many lines there are; an endpoint finds its line in `app.state.channels`.
    routes: ClassVar[Sequence[APIRouter]]

    @classmethod
    def build(cls, settings: Settings, *, sessions: Sessions, answer: Answer) -> Sequence[Self]:
        """The lines that these settings ask for, [] for none."""

    @property
    def name(self) -> str:
        """Tells the lines of a kind apart, in addresses and in the log."""

    def deliver_due(self) -> int:
        """Send what lies in conversations of this line and hasn't arrived. How many texts went out.

        Called every second in a thread of its own, and by several processes.
        """

    def tend(self) -> None:
        """Whatever no answer waits for. Called as `deliver_due` is."""

    def remaining(self, conversation_id: str) -> Remaining | None:
        """None where nothing limits us, or the conversation isn't on this line."""

    @staticmethod
    def sweep(session: Session, *, now: datetime) -> int:
        """Delete what the kind keeps beside conversations and needs no more. How many rows.

        What hangs on a conversation goes with it (`service.forget`).
        """

    @staticmethod
    def about(session: Session, conversation_id: str) -> Mapping[str, object] | None:
        """What the kind keeps of a person beside what was said, in plain words, for themself (个人信息保护法 45).

        {} where it keeps nothing; None for a conversation that isn't of this kind.
        """
