"""What somebody in danger is told, as a reply; also without database, dialogue or model."""

import re

from actions.dialogue.hearing import phrases
from actions.replies import Link, Reply, ReplyKind
from bot.emergency.guidance import SAFE, Emergency, EmergencyKind, told_to
from bot.emergency.recognising import recognise
from bot.emergency.second_opinion import NEVER_DOUBTED
from knowledge.normalise import normalise

_OVER = re.compile(
    "(?<!没)(?<!不)(?:没事(?:儿|情)?了|(?<!不)安全了|脱险了|平安了|(?:跑|逃|躲)出来了|火(?:已经)?(?:扑)?灭了"
    "|(?:警察|民警|派出所|救护车|消防)[^，。]{0,4}(?:来|到)了)"
)
# 他走了 of somebody who fell ill means that he died.
_GONE, _OF_SOMEBODY = re.compile("(?:他|她|那人|人)(?:已经|都)?(?:走|跑|出去)了"), ("violence", "threat")
_SAFE_WORDS = 24  # characters; what is longer tells more
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


def safe_reply(words: str, kind: str) -> Reply | None:
    """To whoever was in danger of this kind, and says that it is over; None for other words. 再见，祝您一切顺利 was
    said to a woman whose husband had just left.
    """
    is_over = bool(_OVER.search(words)) or (kind in _OF_SOMEBODY and bool(_GONE.search(words)))
    if not is_over or len(words) > _SAFE_WORDS or phrases.is_question(words):
        return None
    links = tuple(Link(label, href) for label, href in SAFE.links)
    return Reply(ReplyKind.text, SAFE.text, next=SAFE.next, links=links)


def by_rules(text: str) -> tuple[Reply, float] | None:
    """The card for words that the rules take for danger now, and after how many seconds of waiting for anything else
    it is due.
    """
    said = normalise(text)
    danger = recognise(said)
    if danger is None or danger.soft or danger.kind is EmergencyKind.legal_deadline:
        return None
    return reply(danger, said), _AT_ONCE_S if danger.kind in NEVER_DOUBTED else _DOUBTED_S
