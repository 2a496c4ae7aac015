"""一句一句表态: one statement after another, without a script; stopped and gone on with at any time."""

import secrets
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from actions.errors import ActionError, NotAllowed
from actions.topics import ballots, listing, words
from actions.topics.models import Topic
from actions.topics.statements import choices
from actions.topics.status import TopicState
from bot.web.problems import ApiError
from bot.web.staff.typed import text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.visitor import Sent

router = APIRouter(default_response_class=HTMLResponse)  # below that of the topics

_ANSWERS = 60  # of an address in a minute: a whole house may share one
_SAID = {"1": choices.AGREE, "-1": choices.DISAGREE, "0": choices.PASS}


@router.get("/y{ordinal:int}/s")
def show(at: At, ordinal: int, back: int = 0) -> Response:
    topic = _topic(at, ordinal)
    return _page(at, topic, visitor.asker(at), back=back)


def _topic(at: Hall, ordinal: int) -> Topic:
    """Raises NotFound, and NotAllowed where it isn't asked so, or not now."""
    topic = listing.public(at.session, at.village.id, ordinal if 0 < ordinal < 10**6 else 0)
    if topic.method != "statements" or topic.state is not TopicState.open:
        raise NotAllowed(ballots.CLOSED if topic.method == "statements" else "这件事不是一句一句表态的。")
    return topic


def _page(at: Hall, topic: Topic, asker: str, *, back: int = 0, **more: Any) -> Response:
    """The next one, or the one before, to say otherwise; what was said of it isn't shown to who looks over a shoulder.

    Whoever only looks gets no cookie, so the order is another one each time until they answer.
    """
    progress = choices.progress(at.session, topic, asker=asker, now=at.now, keys=visitor.keys(at))
    shown = progress.last if back and progress.last else progress.next
    return at.page(
        "topics/statements.html",
        status=422 if more else 200,
        here="topics",
        topic=topic,
        state=words.state_of(topic, at.now),
        statement=shown,
        is_back=bool(back and progress.last),
        progress=progress,
        no_vote=words.NO_VOTE,
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/y{ordinal:int}/s")
def answer(sent: Sent, at: At, ordinal: int) -> Response:
    """With the slip's ten characters typed beside it, or without. Sent twice, it is once."""
    topic, asker = _topic(at, ordinal), visitor.asker(at)
    number = text_of(sent, "statement", 9)
    try:
        visitor.check_sender(at.request, "statement", _ANSWERS)
        if code := text_of(sent, "code", 40):
            visitor.use_slip(at, asker, code)
            choices.lift(at.session, topic, asker=asker, now=at.now, keys=visitor.keys(at))
        if number or not code:
            _answer(at, topic, asker, number, text_of(sent, "said", 2))
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return visitor.known(at, _page(at, topic, asker, problem=visitor.said(error)), asker)
    return visitor.known(at, RedirectResponse(f"/v/{at.village.id}/y{topic.ordinal}/s", 303), asker)


def _answer(at: Hall, topic: Topic, asker: str, number: str, said: str) -> None:
    choices.answer(
        at.session,
        topic_id=topic.id,
        statement=int(number) if number.isascii() and number.isdigit() else 0,
        said=_SAID.get(said, 9),
        asker=asker,
        source="page",
        now=at.now,
        keys=visitor.keys(at),
    )
