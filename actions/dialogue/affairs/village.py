"""Whose affairs: the village that somebody names, or is of; and where its pages are."""

from sqlalchemy.orm import Session

from actions.dialogue.frame.answering import village_buttons
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.replies import Link, Reply, ReplyKind
from knowledge.places import Level, Place, find_village, villages_in


def village_of(session: Session, turn: Turn) -> Place | None:
    """The one that the words name, else the conversation's; None for a township, and where nothing is known."""
    if named := find_village(session, turn.text):
        return named
    own = session.get(Place, turn.place) if turn.place else None
    return own if own is not None and own.level is Level.village else None


def ask_which(services: Services, turn: Turn) -> Said:
    """Each village has its own; the wish is to be said once more."""
    with services.sessions() as session:
        near = villages_in(session, turn.place) if turn.place else ()
    buttons = village_buttons(services, near)
    how = "点一下，再跟我说一遍" if buttons else "先说“我是某某村的”，再跟我说一遍"
    return say(Reply(ReplyKind.asking, f"各村的事不一样，您是哪个村的？{how}就行。", buttons=buttons))


def page(label: str, place: str, path: str = "") -> Link:
    """An address of the village's own pages, which need no sign-in."""
    return Link(label, f"/v/{place}/{path}".rstrip("/"))
