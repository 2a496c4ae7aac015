"""A question that wasn't answered, then and now: what the bot really said, and what it would say today."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.feedback import UnansweredQuestion
from actions.replies import Reply, ReplyKind
from bot.conversations import messages
from bot.conversations.models import Message, Sender
from bot.rehearsing.supposed import Rehearsed, Supposed
from bot.web.knowledge.asking.groups import masked
from bot.web.knowledge.asking.why import INTENTS, document_of, main
from bot.web.staff.desk import Tools

_REMEMBERED = 1_000  # each with the articles it cites, some 30 KB
_SHOWN = 80  # characters

_Key = tuple[str, str | None]


@dataclass(frozen=True)
class Then:
    """The question as it was asked, and what was said to it; None where the conversation is gone."""

    id: int
    question: str
    place: str | None
    reason: str
    reply: Reply | None

    @property
    def said(self) -> str:
        return _short(self.reply) if self.reply else "对话已经按期删掉了，看不到当时说的"


@dataclass(frozen=True)
class Now:
    """`by`: title of what answers it, None where nothing does; `is_own`: the document that was written for it;
    `is_new`: it was refused, and is answered now.
    """

    ask: str  # masked
    place: str | None
    then: Then
    said: str
    verdict: str
    by: str | None
    is_own: bool

    @property
    def is_new(self) -> bool:
        return self.by is not None and self.then.reason == "abstained"


class Retold:
    """What residents would be told today, in memory until the index or the day is another.

    One at a time: residents wait for the same Rasa and the same encoder.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, Rehearsed] = {}
        self._of: tuple[object, ...] = ()
        self._turn = asyncio.Lock()

    async def __call__(self, tools: Tools, question: str, place: str | None, *, is_fresh: bool) -> Rehearsed:
        """Raises RasaUnavailable."""
        live = tools.searcher.live()
        async with self._turn:
            mark = (live.id, live.delta_mark, tools.today())
            if self._of != mark or len(self._known) > _REMEMBERED:
                self._known.clear()
                self._of = mark
            if is_fresh or (question, place) not in self._known:
                supposed = Supposed(tools.today())
                self._known[question, place] = await tools.rehearse(question, place, supposed)
            return self._known[question, place]


def then(session: Session, rows: Sequence[UnansweredQuestion]) -> list[Then]:
    """Each question at each place once for each reason, in this order."""
    found = {(r.question, r.place_id, r.reason): r for r in reversed(rows)}
    return [Then(r.id, r.question, r.place_id, r.reason, _said(session, r)) for r in reversed(found.values())]


def now(asked: Then, rehearsed: Rehearsed, *, document: str = "") -> Now:
    said = main(rehearsed.replies)
    told = document_of(said)
    cited = {c.document: c.title for c in said.citations} if said.kind is ReplyKind.answer else {}
    is_own = bool(document) and document in cited
    by = cited.get(document if is_own else told or "")
    return Now(
        masked(asked.question), asked.place, asked, _short(said), verdict(said, rehearsed.intent, by), by, is_own
    )


def verdict(said: Reply, intent: str, by: str | None) -> str:
    """In a few words for a badge."""
    if said.kind is ReplyKind.answer:
        return f"会答：《{by}》" if by else "会答"
    if said.kind is ReplyKind.abstention:
        return "还是不敢答"
    if said.kind is ReplyKind.emergency:
        return "当成有人遇到危险"
    if said.kind is ReplyKind.asking and said.buttons and not said.form:
        return "让居民自己挑"
    return f"当成“{INTENTS.get(intent, '别的话')}”"


def _said(session: Session, row: UnansweredQuestion) -> Reply | None:
    message = session.get(Message, row.message_id) if row.message_id else None
    if message is None:
        return None
    if message.sender is not Sender.resident:
        return message.reply
    if row.reason == "not_understood":  # the message says only that; what it is about was told before
        before = (
            select(Message)
            .where(Message.conversation_id == message.conversation_id, Message.id < message.id)
            .where(Message.sender == Sender.bot, Message.kind.in_(("answer", "abstention")))
        )
        last = session.scalar(before.order_by(Message.id.desc()).limit(1))
        return last.reply if last else None
    replies = messages.replies_to(session, message.id)
    return main([row.reply for row in replies]) if replies else None


def _short(said: Reply) -> str:
    text = masked(said.text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}……"
