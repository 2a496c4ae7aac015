"""A choice or the code of a slip, taken out of the conversation in the moment in which it is stored.

It stands before Rasa and behind the look for danger, and only where the bot answers. In one transaction the voice is
stored, the message loses its words and the reply is there, which never says the choice: neither our rows, nor a
receipt of WeChat's, nor Rasa's tracker, nor a log ever has more than that somebody chose (village_affairs.md 2.14).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.dialogue.affairs.opinion import BALLOT, CODE, ballot
from actions.errors import ActionError, InvalidInput
from actions.replies import Button, Reply, ReplyKind
from actions.roster import codes, slips
from actions.roster.slips import UsedByAnother
from actions.storable import MOST_NUMBER
from actions.topics import ballots, listing
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.statements import choices
from bot.affairs import statements
from bot.affairs.choice import choice_in, pressed, says_choice
from bot.affairs.mention import mention
from bot.conversations import messages
from bot.conversations.models import Conversation, ConversationStatus, Message

VOTED = "（投了票，内容不留在对话里）"
BEGAN = "（开始一句一句表态）"
GAVE_CODE = "（发了参与码，不留在对话里）"
_COUNTED = "计入了，选的什么不留在对话里。截止前发“改票”可以改。"
_LOOSE = "还没用参与码，先放在“没用参与码”里另算；有纸条的话，把上面 10 位码发给我。"
_USE_CODE = Button("用参与码", "用参与码")
_ASKED = re.compile(r"^choice (\d{1,9})$")
_REGISTERED = "登记好了，从现在起您选的算进总数。码已经从对话里抹掉。"
_VILLAGE = "您是哪个村的？先说“我是某某村的”，再把码发一次。"


@dataclass(frozen=True)
class _Choice:
    topic_id: int
    options: list[int]


class Voices:
    def __init__(
        self,
        sessions: Callable[[], Session],
        keys: TopicKeys,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions, self._keys, self._clock = sessions, keys, clock

    def take(self, message: Message, text: str) -> list[Message] | None:
        """What was stored in reply; None for words that are neither, and where a person holds the conversation."""
        now = self._clock()
        with self._sessions() as session:
            conversation = session.get(Conversation, message.conversation_id)
            if conversation is None or conversation.status is ConversationStatus.open:
                return None
            asked = _asked(session, message)
            if self._is_code(asked, text):
                return self._register(session, message, conversation.place_id, text, now)
            if (answered := self._statement(session, message, conversation.place_id, asked, text, now)) is not None:
                return answered
            choice = self._choice(session, message, conversation.place_id, asked, text, now)
            return self._cast(session, message, choice, now) if choice else None

    def mention(self, conversation_id: str, replies: Sequence[Reply]) -> None:
        """That something is open, behind an answer of ours; once a topic."""
        with self._sessions() as session:
            mention(session, conversation_id, replies, now=self._clock())

    # --- what is meant

    def _is_code(self, asked: str | None, text: str) -> bool:
        """Whoever has just been handed a slip may send it without having been asked: then it must be a whole one."""
        if asked == CODE:
            return codes.looks_like(text)
        return codes.looks_like(text) and codes.is_well_formed(codes.read(text))

    def _choice(
        self, session: Session, message: Message, place: str | None, asked: str | None, text: str, now: datetime
    ) -> _Choice | None:
        if (button := pressed(text)) is not None:
            number, options = button
            topic = self._numbered(session, message, place, number)
            if topic is None or not topic.options:
                return None
            return _Choice(topic.id, list(range(len(topic.options))) if options is None else options)
        found = _ASKED.match(asked or "")
        topic = session.get(Topic, int(found[1])) if found and int(found[1]) <= MOST_NUMBER else None
        if topic is not None:
            options = choice_in(text, topic.options)
            return _Choice(topic.id, options) if options is not None else None
        return self._unasked(session, place, text, now) if asked is None else None

    def _numbered(self, session: Session, message: Message, place: str | None, number: str) -> Topic | None:
        own = [topic.place_id for topic in listing.of_conversation(session, message.conversation_id)]
        places = dict.fromkeys([*([place] if place else []), *own])
        found = (listing.by_number(session, each, number) for each in places)
        return next((topic for topic in found if topic is not None and _is_chosen(topic)), None)

    def _unasked(self, session: Session, place: str | None, text: str, now: datetime) -> _Choice | None:
        """我选东头, by itself, where one topic alone has such an option."""
        if place is None or not says_choice(text):
            return None
        fits = [
            _Choice(topic.id, options)
            for topic in listing.open_topics(session, place, now)
            if topic.options and (options := choice_in(text, topic.options)) is not None
        ]
        return fits[0] if len(fits) == 1 else None

    # --- one statement after another

    def _statement(
        self, session: Session, message: Message, place: str | None, asked: str | None, text: str, now: datetime
    ) -> list[Message] | None:
        """None for words that are no answer to one."""
        if (button := statements.pressed(text)) is not None:
            number, statement, said = button
            topic = self._numbered(session, message, place, number)
            if topic is None or topic.method != "statements":
                return None
            return self._answer(session, message, topic, statement, said, now)
        found = statements.asked(asked)
        topic = session.get(Topic, found[0]) if found else None
        if found is None or topic is None:
            return None
        if statements.stops(text):
            return self._say(session, message, text, statements.stopped(topic))
        if not found[1]:
            return self._answer(session, message, topic, 0, None, now) if statements.begins(text) else None
        said = statements.said_in(text)
        return self._answer(session, message, topic, found[1], said, now) if said is not None else None

    def _answer(
        self, session: Session, message: Message, topic: Topic, statement: int, said: int | None, now: datetime
    ) -> list[Message]:
        """Stored, and the next one asked, in one transaction; the words are gone."""
        asker = message.conversation_id
        if said is None:
            following = statements.next_of(session, topic, asker=asker, keys=self._keys, now=now)
            return self._say(session, message, BEGAN, following)
        following = statements.next_of(session, topic, asker=asker, keys=self._keys, now=now, just=[statement])
        rows = self._without_words(session, message, VOTED, [following])
        if rows is None:
            return _first(session, message)
        answer = {"topic_id": topic.id, "statement": statement, "said": said, "asker": asker, "source": "chat"}
        try:
            choices.answer(session, now=now, keys=self._keys, **answer)  # type: ignore[arg-type]  # commits all of it
        except ActionError as error:
            session.rollback()
            return self._say(session, message, VOTED, Reply(ReplyKind.text, error.message_zh))
        return rows

    def _say(self, session: Session, message: Message, instead: str, reply: Reply) -> list[Message]:
        rows = self._without_words(session, message, instead, [reply])
        session.commit()
        return rows if rows is not None else _first(session, message)

    # --- what is stored

    def _cast(self, session: Session, message: Message, choice: _Choice, now: datetime) -> list[Message]:
        topic = session.get_one(Topic, choice.topic_id)
        asker = message.conversation_id
        is_counted = slips.participant_of(session, asker=asker, place=topic.place_id, now=now) is not None
        counted = _COUNTED if is_counted else _COUNTED + _LOOSE
        told = Reply(ReplyKind.text, counted, buttons=() if is_counted else (_USE_CODE,))
        rows = self._without_words(session, message, VOTED, [told])
        if rows is None:
            return _first(session, message)
        try:
            ballots.cast(  # commits all of it
                session,
                topic_id=topic.id,
                asker=asker,
                choice=choice.options,
                source="chat",
                key=f"m{message.id}",
                now=now,
                keys=self._keys,
            )
        except ActionError as error:
            session.rollback()
            return self._refused(session, message, choice.topic_id, error, now)
        return rows

    def _refused(
        self, session: Session, message: Message, topic_id: int, error: ActionError, now: datetime
    ) -> list[Message]:
        """Nothing counts, and nothing of it is kept either; asked once more where other words would do."""
        replies = [Reply(ReplyKind.text, error.message_zh)]
        topic = session.get_one(Topic, topic_id)
        if isinstance(error, InvalidInput):
            replies.append(ballot(topic))
        rows = self._without_words(session, message, VOTED, replies)
        session.commit()
        return rows if rows is not None else _first(session, message)

    def _register(
        self, session: Session, message: Message, place: str | None, text: str, now: datetime
    ) -> list[Message]:
        asker = message.conversation_id
        if place is None:
            replies, good = [Reply(ReplyKind.asking, _VILLAGE, form=BALLOT, step=CODE)], False
        else:
            replies, good = self._used(session, asker, place, text, now)
        rows = self._without_words(session, message, GAVE_CODE, replies)
        session.commit()  # also a wrong try, which counts
        if good and place is not None:
            self._lift(session, asker, place, now)
        return rows if rows is not None else _first(session, message)

    def _used(self, session: Session, asker: str, place: str, text: str, now: datetime) -> tuple[list[Reply], bool]:
        try:
            slips.use(session, asker=asker, place=place, code=text, now=now)
        except UsedByAnother as error:
            taken = Button("不是我家用的", "码被人用了")
            return [Reply(ReplyKind.text, error.message_zh, buttons=(taken,))], False
        except InvalidInput as error:
            return [Reply(ReplyKind.asking, error.message_zh, form=BALLOT, step=CODE)], False
        waiting = [t for t in listing.open_topics(session, place, now) if _is_chosen(t)]
        buttons = tuple(Button(f"选：{topic.title}", f"{topic.number} 选一个") for topic in waiting[:3])
        before = "您在这里选过的也算进去了，想改随时说“改票”。" if waiting else ""
        return [Reply(ReplyKind.text, _REGISTERED + before, buttons=buttons)], True

    def _lift(self, session: Session, asker: str, place: str, now: datetime) -> None:
        """What the same person chose before without a slip counts from now on."""
        for topic in listing.open_topics(session, place, now):
            if topic.method == "statements":
                choices.lift(session, topic, asker=asker, now=now, keys=self._keys)
            own = ballots.of_asker(session, topic, asker=asker, keys=self._keys, now=now) if topic.options else None
            if own is None or own.is_verified:
                continue
            ballots.cast(
                session,
                topic_id=topic.id,
                asker=asker,
                choice=list(own.choice),
                source=own.source,
                key=f"slip-{topic.id}",
                now=now,
                keys=self._keys,
            )

    def _without_words(
        self, session: Session, message: Message, instead: str, replies: Sequence[Reply]
    ) -> list[Message] | None:
        """Not committed yet; None where somebody else was first."""
        messages.forget_words(session, message, instead)
        return messages.add_replies(session, message, replies)


def _is_chosen(topic: Topic) -> bool:
    return bool(topic.options) or topic.method == "statements"


def _asked(session: Session, message: Message) -> str | None:
    """The step of our last words, where they asked for a choice or a code; "" where a form asked for something else,
    None where nothing was asked.
    """
    last = messages.said_last(session, message)
    said = last.reply if last is not None else None
    if said is None or not said.form:
        return None
    return said.step if said.form == BALLOT else ""


def _first(session: Session, message: Message) -> list[Message]:
    """Another process answered it meanwhile."""
    session.rollback()
    return messages.replies_to(session, message.id)
