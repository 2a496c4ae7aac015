"""What somebody in danger is told, as a reply; also without database, dialogue or model."""

from actions.replies import Link, Reply, ReplyKind
from bot.emergency.guidance import Emergency, EmergencyKind, told_to
from bot.emergency.recognising import recognise
from bot.emergency.second_opinion import NEVER_DOUBTED
from knowledge.normalise import normalise

_IF_NOW = "要是这会儿正出着事、人还有危险："
# How long storing and answering may take before the card is told without them. Where the second opinion may doubt the
# rules it gets its time.
_AT_ONCE_S, _DOUBTED_S = 0.4, 2.0


def reply(danger: Emergency, words: str = "") -> Reply:
    """`words`: the message, normalised."""
    is_feared, guidance = danger.soft and danger.is_feared, told_to(danger, words)
    return Reply(
        ReplyKind.emergency,
        f"{_IF_NOW}{guidance.text}" if is_feared else guidance.text,
        next=guidance.next,
        links=tuple(Link(label, href) for label, href in guidance.links),
        emergency=danger.kind.value,
        is_soft=danger.soft,
    )


def by_rules(text: str) -> tuple[Reply, float] | None:
    """The card for words that the rules take for danger now, and after how many seconds of waiting for anything else
    it is due.
    """
    said = normalise(text)
    danger = recognise(said)
    if danger is None or danger.soft or danger.kind is EmergencyKind.legal_deadline:
        return None
    return reply(danger, said), _AT_ONCE_S if danger.kind in NEVER_DOUBTED else _DOUBTED_S
