"""代录: a grid worker writes down at the door what somebody says who has no telephone. The slip in their hand shows who
they are; nobody sees afterwards what they chose, and their own paper or telephone takes its place.
"""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.cases.moves import Actor
from actions.errors import ActionError, NotAllowed
from actions.roster.models import Participant
from actions.topics import ballots, listing, opinions, words
from actions.topics.counting import voices
from actions.topics.counting.keys import TopicKeys
from actions.topics.lists import lists
from actions.topics.models import Topic
from actions.topics.status import TopicState
from actions.topics.steps.moves import get
from bot.staff import rights
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.places import Place

router = APIRouter(prefix="/staff/doorstep/topics")


def entries(at: Seat, village: Place) -> list[tuple[str, str]]:
    """For 上门: each topic that is open now, with the page that writes an answer down."""
    found = listing.open_topics(at.session, village.id, datetime.now(UTC))
    return [(topic.title, f"/staff/doorstep/topics/{topic.id}") for topic in found]


@router.get("/{topic_id}", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("doorstep")], topic_id: str) -> Response:
    return _page(at, _open(at, topic_id))


def _open(at: Seat, topic_id: str) -> Topic:
    """Raises NotFound, NotAllowed."""
    topic = get(at.session, number_or_404(topic_id))
    rights.check_place(at.session, at.staff, topic.place_id)
    if topic.state is not TopicState.open:
        raise NotAllowed("这件事现在不在征求意见。")
    return topic


def _page(at: Seat, topic: Topic, **more: Any) -> HTMLResponse:
    return at.page(
        "village/topics/doorstep.html",
        status=422 if more.get("problem") else 200,
        topic=topic,
        no_vote=words.NO_VOTE,
        state=words.state_of(topic, datetime.now(UTC)),
        stances=lists().stances,
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/{topic_id}")
def write(at: Annotated[Form, form("doorstep")], topic_id: str) -> Response:
    """A choice, or an opinion: `do` says which."""
    topic = _open(at, topic_id)
    is_choice = at.text("do", 8) == "choose"
    try:
        who = _whose(at, topic) if is_choice else None
        # Before the deed, which commits by itself: none is without its line.
        at.record("上门代录", topic.number, detail="选择" if is_choice else "意见")
        if who is None:
            _say(at, topic)
        else:
            _choose(at, topic, who)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _page(at, _open(at, topic_id), problem=error.message_zh, chosen=_chosen(at))
    return _page(at, topic, stub="选好了" if is_choice else "意见记下了", done=True, day=datetime.now(UTC))


def _chosen(at: Form) -> list[int]:
    typed = [value for value in at.sent.getlist("choice") if isinstance(value, str)]
    return [int(value) for value in typed if value.isascii() and value.isdigit() and len(value) < 3]


def _whose(at: Form, topic: Topic) -> Participant:
    """Raises ActionError for a slip that is none."""
    now = datetime.now(UTC)
    try:
        return voices.by_slip(at.session, place=topic.place_id, code=at.text("slip", 40), staff_id=at.staff.id, now=now)
    finally:
        at.session.commit()  # wrong tries count


def _choose(at: Form, topic: Topic, who: Participant) -> None:
    now = datetime.now(UTC)
    ballots.cast_for(
        at.session,
        topic_id=topic.id,
        participant=who,
        choice=_chosen(at),
        actor=Actor("staff", at.staff.name, at.staff.id),
        key=f"door-{topic.id}-{at.text('nonce', 40) or now.timestamp()}",
        now=now,
        keys=TopicKeys(at.desk.settings.topic_keys),
    )


def _say(at: Form, topic: Topic) -> None:
    now = datetime.now(UTC)
    opinions.add(
        at.session,
        topic_id=topic.id,
        asker=f"grid:{at.staff.id}",
        text=at.text("text", 1000),
        stance=at.text("stance", 12),
        source="grid",
        key=f"door-{topic.id}-{at.text('nonce', 40) or now.timestamp()}",
        now=now,
    )
