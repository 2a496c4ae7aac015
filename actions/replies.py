"""What an action says, typed. Rasa carries it as a `custom` object; this is the only module that knows that JSON.

`Reply` is what the resident is shown; `Effects` is what is told to `bot/turns.py` beside it and never shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from knowledge.answering.told import Citation


class ReplyKind(StrEnum):
    answer = "answer"
    abstention = "abstention"
    asking = "asking"
    smalltalk = "smalltalk"
    case = "case"
    booking = "booking"
    handoff = "handoff"
    emergency = "emergency"
    deadline = "deadline"
    legal_aid = "legal_aid"
    text = "text"


_KINDS = {kind.value: kind for kind in ReplyKind}


@dataclass(frozen=True, slots=True)
class Button:
    """`payload`: what is sent when it is pressed; "" sends the title."""

    title: str
    payload: str = ""

    @property
    def says(self) -> str:
        return self.payload or self.title

    def as_json(self) -> dict[str, str]:
        return {"title": self.title, **({"payload": self.payload} if self.payload else {})}


@dataclass(frozen=True, slots=True)
class Link:
    """`href`: `tel:…`, `sms:…`, an address of ours beginning with `/`, or a whole URL."""

    label: str
    href: str


# The police by text message, for who hides and can't speak: a tap must not ring.
_BY_MESSAGE = frozenset({"12110"})


def reached(number: str) -> str:
    """What a tap opens: the telephone, or a message to that number."""
    return f"{'sms' if number in _BY_MESSAGE else 'tel'}:{number}"


def phone_links(*numbers: str) -> tuple[Link, ...]:
    """`拨打 12348` and its like, one a number."""
    return tuple(Link(f"拨打 {number}", reached(number)) for number in numbers)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a reply does to the conversation.

    `place`: the conversation is now at this place; `is_green`: somebody who comes first (绿色通道); `handoff`: why a
    person is called, "" for no call.
    """

    place: str = ""
    is_green: bool = False
    handoff: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """`form`, `step`: which form asks for what; `case`: a case's number as spoken; `agent`: the member of staff who
    speaks; `emergency`: the kind of danger, `is_soft` where it was only feared. `confidence` and `topic` stay in our
    own records.
    """

    kind: ReplyKind
    text: str
    next: str = ""
    buttons: tuple[Button, ...] = ()
    links: tuple[Link, ...] = ()
    citations: tuple[Citation, ...] = ()
    form: str = ""
    step: str = ""
    case: str = ""
    agent: str = ""
    topic: str = ""
    confidence: float | None = None
    emergency: str = ""
    is_soft: bool = False
    effects: Effects = field(default_factory=Effects)

    def as_custom(self) -> dict[str, Any]:
        """As Rasa carries it and as an action's outcome is kept: empty fields are left out."""
        effects = {
            "place": self.effects.place,
            "green": self.effects.is_green,
            "handoff": {"reason": self.effects.handoff} if self.effects.handoff else None,
        }
        sent = {"kind": self.kind.value, "text": self.text, **self.body(), **effects}
        return {name: value for name, value in sent.items() if value or name in ("kind", "text")}

    def body(self) -> dict[str, Any]:
        """What is stored beside kind and text of the message; empty fields are left out."""
        held = {
            "next": self.next,
            "buttons": [button.as_json() for button in self.buttons],
            "links": [asdict(link) for link in self.links],
            "citations": [asdict(c) for c in self.citations],
            "form": self.form,
            "step": self.step,
            "case": self.case,
            "agent": self.agent,
            "topic": self.topic,
            "confidence": self.confidence,
            "emergency": self.emergency,
            "soft": self.is_soft,
        }
        return {name: value for name, value in held.items() if value}

    @classmethod
    def from_custom(cls, sent: Mapping[str, Any]) -> Self:
        """Of what an action sent. A kind that isn't ours is shown as plain text."""
        handoff = sent.get("handoff") or {}
        return cls(
            kind=_KINDS.get(sent.get("kind", ""), ReplyKind.text),
            text=sent.get("text") or "",
            effects=Effects(sent.get("place") or "", bool(sent.get("green")), _reason(handoff)),
            **_body_fields(sent),
        )

    @classmethod
    def of_message(cls, kind: str, text: str, body: Mapping[str, Any] | None) -> Self:
        """Of a stored message: what was shown then, without its effects.

        Rows live for months: keys that a later or an earlier Linli wrote are passed over or stand empty.
        """
        return cls(kind=_KINDS.get(kind, ReplyKind.text), text=text, **_body_fields(body or {}))


def _reason(handoff: Mapping[str, Any]) -> str:
    return str(handoff.get("reason", "asked")) if handoff else ""


def _body_fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Reply` that lie in a message's body, from its JSON."""
    return {
        "next": sent.get("next") or "",
        "buttons": buttons_in(sent.get("buttons") or ()),
        "links": tuple(Link(link.get("label") or "", link.get("href") or "") for link in sent.get("links") or ()),
        "citations": tuple(_citation(c) for c in sent.get("citations") or ()),
        "form": sent.get("form") or "",
        "step": sent.get("step") or "",
        "case": sent.get("case") or "",
        "agent": sent.get("agent") or "",
        "topic": sent.get("topic") or "",
        "confidence": sent.get("confidence"),
        "emergency": sent.get("emergency") or "",
        "is_soft": bool(sent.get("soft")),
    }


def buttons_in(sent: Sequence[Mapping[str, Any]]) -> tuple[Button, ...]:
    return tuple(Button(b.get("title") or "", b.get("payload") or "") for b in sent)


def _citation(sent: Mapping[str, Any]) -> Citation:
    return Citation(
        kind=sent.get("kind") or "",
        kind_label=sent.get("kind_label") or "",
        document=sent.get("document") or "",
        title=sent.get("title") or "",
        article=sent.get("article"),
        in_force_from=sent.get("in_force_from") or "",
        in_force_to=sent.get("in_force_to"),
        summary=bool(sent.get("summary")),
        text=sent.get("text") or "",
        note=sent.get("note"),
        score=float(sent.get("score") or 0.0),
    )
