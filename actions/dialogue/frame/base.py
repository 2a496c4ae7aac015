"""What every action is given, what it meets, and how it speaks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Self

from anyio import to_thread
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.dialogue.hearing.matters import begins_anew
from actions.outcomes import ActionOutcome
from actions.replies import Reply
from knowledge.normalise import normalise
from knowledge.search.searcher import Searcher

_DOUBLE_TAP_S = 3.0

ASKS = {"ask_law", "ask_policy", "ask_village_rule", "ask_case_story", "ask_service_guide", "ask_legal_aid"}


@dataclass(frozen=True)
class Services:
    """What actions need from the application; given to each action when it is built, and used from many threads."""

    sessions: Callable[[], Session]
    searcher: Searcher
    today: Callable[[], date]
    topic: Callable[[str], str]  # of a message, for routing
    is_tried: bool = False  # staff try words at the console: sessions keep nothing, so nothing counts their tries


@dataclass(frozen=True)
class Turn:
    """The message that Rasa is at, and what the conversation holds.

    `text` is normalised; `sure`: of the intent, 0...1; `message`: our row of it; `form`: the one under way, "" for
    none; `events`: the tracker's, oldest first.
    """

    conversation_id: str
    text: str
    intent: str = ""
    sure: float = 0.0
    message: int | None = None
    place: str | None = None
    form: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, tracker: Tracker) -> Self:
        said = tracker.latest_message
        intent, metadata = said.get("intent") or {}, said.get("metadata") or {}
        message, place = metadata.get("message"), metadata.get("place")
        # What was answered with a card of danger never came to Rasa, and is what these words follow.
        text = normalise(said.get("text") or "")
        is_new = begins_anew(text)
        unheard = {}
        if is_new or metadata.get("before"):
            last = None if is_new else metadata["before"]
            unheard = {"last_question": last, "last_document": None, "last_offered": None}
        return cls(
            conversation_id=tracker.sender_id,
            text=text,
            intent=intent.get("name") or "",
            sure=float(intent.get("confidence") or 0),
            message=message if isinstance(message, int) else None,
            place=place if isinstance(place, str) else None,
            form=tracker.active_loop_name or "",
            slots={**tracker.slots, **unheard},
            events=tracker.events,
        )

    def slot(self, name: str) -> Any:
        return self.slots.get(name)

    @property
    def heard(self) -> list[Mapping[str, Any]]:
        """Rasa's events of what the resident said, this message included."""
        return [e for e in self.events if e.get("event") == "user" and _message(e) is not None]

    @property
    def before(self) -> Mapping[str, Any] | None:
        """The event of the resident's message before this one; None at the beginning."""
        return next((e for e in reversed(self.heard) if _message(e) != self.message), None)

    @property
    def is_double_tap(self) -> bool:
        """The same words twice within moments: one press of a button, not an answer to two questions."""
        if len(self.heard) < 2:
            return False
        first, second = self.heard[-2:]
        is_repeated = first.get("text") == second.get("text") and _message(first) != _message(second)
        return is_repeated and said_at(second) - said_at(first) < _DOUBLE_TAP_S

    def waiting_for(self, what: str) -> str:
        """For the slot `awaits`: a yes in the very next message means `what`."""
        return f"{self.message} {what}"

    @property
    def awaited(self) -> str:
        """What a yes means now; "" where something else was said since it was asked."""
        message, _, what = (self.slot("awaits") or "").partition(" ")
        return what if message == str(_message(self.before) if self.before else None) else ""


def _message(event: Mapping[str, Any]) -> int | None:
    """Our row of what a user's event holds."""
    found = (event.get("metadata") or {}).get("message")
    return found if isinstance(found, int) else None


def said_at(event: Mapping[str, Any]) -> float:
    """Seconds since 1970."""
    return float(event.get("timestamp") or 0)


@dataclass(frozen=True)
class Said:
    """What an action says, in this order, and what Rasa is told to remember or to do next."""

    replies: tuple[Reply, ...] = ()
    events: tuple[EventType, ...] = ()

    def __add__(self, more: "Said") -> "Said":
        return Said(self.replies + more.replies, self.events + more.events)


NOTHING = Said()


def say(*replies: Reply, events: Iterable[EventType] = ()) -> Said:
    return Said(replies, tuple(events))


def slots(**values: Any) -> tuple[EventType, ...]:
    """Events that set these slots; None empties one."""
    return tuple(SlotSet(name, value) for name, value in values.items())


def said_before(session: Session, turn: Turn) -> Said | None:
    """What was said when an earlier try carried this message out; it is said again, and nothing is done twice."""
    done = session.get(ActionOutcome, turn.message) if turn.message is not None else None
    return Said(tuple(Reply.from_custom(reply) for reply in done.replies)) if done else None


def keep(session: Session, turn: Turn, reply: Reply) -> None:
    """Say this from now on; committed by the deed that follows in the same session."""
    if turn.message is not None:
        session.add(ActionOutcome(message_id=turn.message, replies=[reply.as_custom()]))


class CustomAction(Action):
    """An action as Rasa knows it: `do` takes the turn and returns what is said.

    It runs in a thread, since it asks the database, the index and the encoder; Rasa waits for it, so a conversation
    stays in order. `names`: those of the domain, several where one class asks for several slots, none for what only
    other actions call.
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, services: Services, name: str = "") -> None:
        self.services = services
        self._name = name or next(iter(self.names), "")

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = await to_thread.run_sync(self.do, Turn.of(tracker))
        for reply in said.replies:
            dispatcher.utter_message(json_message=reply.as_custom())
        return list(said.events)

    def do(self, turn: Turn) -> Said:
        raise NotImplementedError
