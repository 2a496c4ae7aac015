"""议事: what a village talks over; an opinion, a choice, a topic of one's own. No sign-in, no script.

A browser that says something is known by a random cookie, so that its choice can be changed until the close; who reads
only, gets none.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from actions.errors import ActionError
from actions.roster import slips
from actions.topics import ballots, following, listing, opinions, raising, words
from actions.topics.lists import lists
from actions.topics.models import Topic
from actions.topics.statements import result as statements
from actions.topics.status import TopicState
from actions.topics.steps import result
from bot.web.limits import address_of
from bot.web.problems import ApiError
from bot.web.staff.typed import text_of
from bot.web.village import visitor
from bot.web.village.page import At, Hall
from bot.web.village.tab import Tab, Teaser
from bot.web.village.talk import statements as answering
from bot.web.village.visitor import COOKIE, Sent

router = APIRouter(prefix="/v/{place}", default_response_class=HTMLResponse)

_SAYS, _RAISES = 12, 4  # of an address in a minute: a whole house may share one
_RAISES_A_DAY, _SAYS_A_DAY, _LOOSE_A_DAY = 20, 100, 200  # with a slip there is no such limit
_TEASERS = 4
_DONE = {
    "counted": "计入了。截止以前可以改，以最后一次为准。",
    "loose": "记下了，先放在“没用参与码”里另算。有纸条的，把上面 10 位码填上再选一次，就正式计入。",
    "said": "收到了。有人看过以后贴出来，一般两个工作日以内。",
    "check": "记下了，谢谢您。",
}


def newest(session: Session, place: str, now: datetime) -> list[Teaser]:
    return [
        Teaser(
            topic.title,
            f"/v/{place}/y{topic.ordinal}",
            words.state_of(topic, now),
            is_urgent=words.is_overdue(topic, now)
            or (topic.state is TopicState.open and words.days_left(topic, now) < 3),
        )
        for topic in listing.shown(session, place)[:_TEASERS]
    ]


@router.get("/topics")
def show(at: At) -> HTMLResponse:
    place = at.village.id
    rows = [(topic, words.state_of(topic, at.now)) for topic in listing.shown(at.session, place)]
    return at.page(
        "topics/list.html",
        here="topics",
        open=[row for row in rows if row[0].state is TopicState.open],
        rest=[row for row in rows if row[0].state is not TopicState.open],
        late={topic.id for topic, _ in rows if words.is_overdue(topic, at.now)},
        refusals=listing.refusals(at.session, place, at.now),
        no_vote=words.NO_VOTE,
    )


@router.get("/topics/new")
def new(at: At) -> HTMLResponse:
    return _new_page(at, "")


def _new_page(at: Hall, text: str, **more: Any) -> HTMLResponse:
    values = {"here": "topics", "text": text, "nonce": secrets.token_urlsafe(12), "no_vote": words.NO_VOTE}
    return at.page("topics/new.html", status=422 if more else 200, **values, **more)


@router.post("/topics/new")
def propose(sent: Sent, at: At) -> Response:
    text, asker = text_of(sent, "text", 1000), visitor.asker(at)
    try:
        visitor.check_sender(at.request, "raise", _RAISES, a_day=_RAISES_A_DAY)
        if danger := visitor.danger(sent, text):
            return _new_page(at, text, danger=danger)
        topic = raising.raise_topic(
            at.session,
            place=at.village.id,
            text=text,
            conversation_id=None,
            by="resident",
            key=visitor.key(asker, sent),
            now=at.now,
        )
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return _new_page(at, text, problem=visitor.said(error))
    due = words.day_of(topic.answer_due_on)
    page = at.page("topics/raised.html", here="topics", topic=topic, due=due, no_vote=words.NO_VOTE)
    return visitor.known(at, page, asker)


@router.get("/y{ordinal:int}")
def one(at: At, ordinal: int, done: str = "", mine: int = 0) -> HTMLResponse:
    topic = _topic(at, ordinal)
    own = _own(at, topic) if mine else ""
    return _page(at, topic, done=own or _DONE.get(done, ""))


def _own(at: Hall, topic: Topic) -> str:
    """One's own choice, for the browser that made it, until the close."""
    held = ballots.of_asker(at.session, topic, asker=visitor.asker(at), keys=visitor.keys(at), now=at.now)
    if held is None:
        return "这个手机（浏览器）上还没有选过，或者已经截止。"
    if topic.method == "statements":
        return f"您表过态的有{len(held.choice)}句，截止前可以接着答、可以改。"
    return f"您选的是：{'、'.join(topic.options[n] for n in held.choice)}。"


def _page(at: Hall, topic: Topic, *, status: int = 200, **more: Any) -> HTMLResponse:
    is_hidden = topic.seal_broken_at is not None or topic.state is TopicState.suspended
    reader = at.request.cookies.get(COOKIE, "") or address_of(at.request)
    return at.page(
        "topics/topic.html",
        status=status,
        here="topics",
        topic=topic,
        state=words.state_of(topic, at.now),
        is_open=topic.state is TopicState.open and topic.closes_at is not None and at.now <= topic.closes_at,
        is_late=words.is_overdue(topic, at.now),
        is_hidden=is_hidden,
        method=words.METHODS.get(topic.method, ""),
        basis=words.BASES.get(topic.basis, ""),
        circle=words.circle_of(topic),
        running=listing.running(at.session, topic) if topic.state is TopicState.open else "",
        statements=None if is_hidden or not topic.result_at else statements.told(at.session, topic),
        opinions=[] if is_hidden else opinions.shown(at.session, topic, reader=reader, now=at.now),
        hidden=opinions.hidden_count(at.session, topic),
        tasks=result.where_it_stands(at.session, topic),
        adoptions=result.ADOPTIONS,
        answers=following.ANSWERS,
        stances=lists().stances,
        result_day=words.day_of(topic.result_due_on),
        no_vote=words.NO_VOTE,
        preparation=words.PREPARATION,
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/y{ordinal:int}/choose")
def choose(sent: Sent, at: At, ordinal: int) -> Response:
    """With the slip's ten characters typed beside it, or without."""
    topic, asker = _topic(at, ordinal), visitor.asker(at)
    typed = [value for value in sent.getlist("choice") if isinstance(value, str)]
    chosen = [int(value) for value in typed if value.isascii() and value.isdigit() and len(value) < 3]

    def cast() -> str:
        if code := text_of(sent, "code", 40):
            visitor.use_slip(at, asker, code)
        if slips.participant_of(at.session, asker=asker, place=at.village.id, now=at.now) is None:
            visitor.check_day(at.request, "choose", _LOOSE_A_DAY)
        ballot = ballots.cast(
            at.session,
            topic_id=topic.id,
            asker=asker,
            choice=chosen,
            source="page",
            key=visitor.key(asker, sent),
            now=at.now,
            keys=visitor.keys(at),
        )
        return "counted" if ballot.is_verified else "loose"

    return _carry_out(at, topic, asker, "choose", cast, a_day=0, chosen=chosen)


@router.post("/y{ordinal:int}/say")
def say(sent: Sent, at: At, ordinal: int) -> Response:
    topic, asker, text = _topic(at, ordinal), visitor.asker(at), text_of(sent, "text", 1000)
    stance = text_of(sent, "stance", 12)
    if danger := visitor.danger(sent, text):
        return _page(at, topic, status=422, danger=danger, text=text, stance=stance)

    def add() -> str:
        key = visitor.key(asker, sent)
        said = {"topic_id": topic.id, "asker": asker, "text": text, "stance": stance}
        opinions.add(at.session, source="page", key=key, now=at.now, **said)  # type: ignore[arg-type]
        return "said"

    return _carry_out(at, topic, asker, "say", add, a_day=_SAYS_A_DAY, text=text, stance=stance)


@router.post("/y{ordinal:int}/check")
def check(sent: Sent, at: At, ordinal: int) -> Response:
    topic, asker, answer = _topic(at, ordinal), visitor.asker(at), text_of(sent, "answer", 8)

    def keep() -> str:
        following.answer_check(at.session, topic_id=topic.id, asker=asker, answer=answer, now=at.now)
        return "check"

    return _carry_out(at, topic, asker, "check", keep, a_day=_SAYS_A_DAY)


def _carry_out(
    at: Hall, topic: Topic, asker: str, what: str, deed: Callable[[], str], *, a_day: int, **typed: Any
) -> Response:
    """The deed, then its page anew; what is refused gives the words back."""
    try:
        visitor.check_sender(at.request, what, _SAYS, a_day=a_day)
        done = deed()
    except (ActionError, ApiError) as error:
        at.session.rollback()
        return visitor.known(at, _page(at, topic, status=422, problem=visitor.said(error), **typed), asker)
    to = f"/v/{at.village.id}/y{topic.ordinal}?done={done}"
    return visitor.known(at, RedirectResponse(to, 303), asker)


def _topic(at: Hall, ordinal: int) -> Topic:
    """Raises NotFound."""
    return listing.public(at.session, at.village.id, ordinal if 0 < ordinal < 10**6 else 0)


router.include_router(answering.router)

TAB = Tab(name="议事", path="topics", newest=newest, router=router)
