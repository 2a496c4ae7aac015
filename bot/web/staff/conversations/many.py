"""Several conversations at once: each is done or refused by itself, and each refusal is said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput
from bot.conversations import calls, handoff
from bot.conversations.models import Conversation
from bot.staff import rights
from bot.web.staff.conversations import inbox
from bot.web.staff.conversations.deeds import hand_over
from bot.web.staff.conversations.thread import held
from bot.web.staff.desk import Form, form
from bot.web.staff.typed import words

MOST = 100

router = APIRouter(prefix="/staff/inbox")


@dataclass(frozen=True)
class Wish:
    """What is asked for with all of them. `key`: the same when the form is sent twice."""

    at: Form
    key: str
    now: datetime


def _accept(wish: Wish, conversation: Conversation) -> None:
    at = wish.at
    handoff.accept(at.session, conversation.id, agent_id=at.staff.id, agent_name=at.staff.name, now=wish.now)


def _give_back(wish: Wish, conversation: Conversation) -> None:
    at = wish.at
    handoff.give_back(at.session, conversation.id, agent_id=at.staff.id, agent_name=at.staff.name)


def _assign(wish: Wish, conversation: Conversation) -> None:
    hand_over(wish.at, conversation, wish.at.text("to", 20), key=wish.key, now=wish.now)


def _close(wish: Wish, conversation: Conversation) -> None:
    at = wish.at
    handoff.close_with(
        at.session,
        conversation.id,
        at.text("sentence", 1000),
        agent_id=at.staff.id,
        agent_name=at.staff.name,
        key=f"many-{wish.key}",
        now=wish.now,
    )


# By what the form sends: the words of the audit, of the result, and the deed.
DEEDS: dict[str, tuple[str, str, Callable[[Wish, Conversation], None]]] = {
    "accept": ("接入对话", "接入了", _accept),
    "give-back": ("交还邻里", "交还了", _give_back),
    "assign": ("转接", "转出去了", _assign),
    "close": ("结束对话", "结束了", _close),
}


@router.post("/many", response_class=HTMLResponse)
def many(at: Annotated[Form, form("inbox")]) -> Response:
    found = DEEDS.get(at.text("do", 20))
    ids = list(dict.fromkeys(words(str(each), 40) for each in at.sent.getlist("ids")))
    if found is None or not ids:
        raise InvalidInput("请先勾选几段对话，再选要做什么。")
    if len(ids) > MOST:
        raise InvalidInput(f"一次最多 {MOST} 段。")
    label, did, carry_out = found
    wish = Wish(at, at.text("nonce", 40) or str(datetime.now(UTC).timestamp()), datetime.now(UTC))
    done, refused = 0, list[tuple[str, str, str]]()
    for conversation_id in ids:
        try:
            conversation = held(at.session, at.who, conversation_id)
            at.record(label, conversation.id[:8])
            carry_out(wish, conversation)
            done += 1
        except ActionError as error:
            at.session.rollback()
            refused.append((conversation_id, _name(at, conversation_id), error.message_zh))
    return _told(at, done=done, did=did, refused=refused)


def _name(at: Form, conversation_id: str) -> str:
    """What the conversation is about, as far as whoever asks may see it; "" for one out of reach."""
    found = at.session.get(Conversation, conversation_id)
    seen = rights.places_of(at.session, at.staff)
    if found is None or (found.place_id is not None and seen is not None and found.place_id not in seen):
        return ""
    return calls.words(at.session, [found])[found.id][:24]


def _told(at: Form, *, done: int, did: str, refused: list[tuple[str, str, str]]) -> Response:
    values: dict[str, Any] = {"done": done, "did": did, "refused": refused}
    if at.request.headers.get("hx-request"):
        return at.page("inbox/many_result.html", **values)
    box, q = at.text("box", 20), at.text("q", 40)
    pane = inbox.pane(at, box, q, rights.places_of(at.session, at.staff))
    return at.page("inbox/inbox.html", **pane, **inbox.to_whom(at), current="", **values)
