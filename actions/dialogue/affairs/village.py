"""Whose affairs: the village that somebody names, or is of; and where its pages are."""

from sqlalchemy.orm import Session

from actions.dialogue.frame.answering import Answering, remembered, reply_of, village_buttons
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.replies import Link, Reply, ReplyKind
from knowledge.answering.told import Answer
from knowledge.places import Level, Place, find_village, villages_in

# From here on an answer of ours is told before the village is asked for: who may see the books of a partnership was
# asked which village it is in, and nothing else.
_PLAINLY = 0.65


def village_of(session: Session, turn: Turn) -> Place | None:
    """The one that the words name, else the conversation's; None for a township, and where nothing is known."""
    if named := find_village(session, turn.text):
        return named
    own = session.get(Place, turn.place) if turn.place else None
    return own if own is not None and own.level is Level.village else None


def ask_which(services: Services, turn: Turn) -> Said:
    """Each village has its own. A tap on one says the wish once more with the village's name; what holds everywhere is
    told first.
    """
    with services.sessions() as session:
        near = villages_in(session, turn.place) if turn.place else ()
    buttons = village_buttons(services, near, says=lambda name: f"{name}，{turn.text}")
    how = "点一下" if buttons else "前面加上村名，再跟我说一遍"
    found = Answering(services).look_up(turn, turn.text, intent="ask_law", threshold=_PLAINLY)
    if isinstance(found, Answer):
        asked = Reply(ReplyKind.asking, f"要看您村里自己的，得先知道是哪个村，{how}就行。", buttons=buttons)
        return say(reply_of(found), asked, events=remembered(turn, found))
    return say(Reply(ReplyKind.asking, f"各村的事不一样，您是哪个村的？{how}就行。", buttons=buttons))


def page(label: str, place: str, path: str = "") -> Link:
    """An address of the village's own pages, which need no sign-in."""
    return Link(label, f"/v/{place}/{path}".rstrip("/"))
