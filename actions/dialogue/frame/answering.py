"""What looks into the knowledge base, and how what it finds is said."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rasa_sdk.events import EventType

from actions.dialogue.frame.base import CustomAction, Services, Turn, slots
from actions.feedback import record_unanswered
from actions.replies import Button, Link, Reply, ReplyKind, phone_links
from knowledge.answering.compose import ANSWER_FROM, LONE_WHOLE_FROM, answer, of_document
from knowledge.answering.told import Abstention, Answer, Near
from knowledge.documents.sources.doors import DOORS, doors_for
from knowledge.places import Place, village_labels

# An unsure intent may still be a legal question; then the sources themselves must be surer.
UNSURE_FROM = 0.6
NEAREST = "最挨得上的是这一条，您看是不是"  # said ahead of an answer that only lies near, with its title
_MOST_BUTTONS, _MOST_DOORS = 12, 2
_SELF_TEST = Button("三个问题，帮我看看能不能申请", "法律援助自测")


def reply_of(found: Answer, *, before: str = "") -> Reply:
    """`before`: said ahead of the answer."""
    return Reply(
        ReplyKind.answer,
        before + found.text,
        next=found.next or "",
        buttons=tuple(Button(title, payload) for title, payload in found.buttons),
        links=phone_links(*found.phones),
        citations=found.citations,
        topic=found.topic or "",
        confidence=found.confidence,
    )


def remembered(turn: Turn, found: Answer, *, intent: str = "ask_law") -> tuple[EventType, ...]:
    """What a follow-up refers to."""
    said = slots(last_question=turn.text, last_intent=intent, last_document=found.document, plain_count=0.0)
    return (*said, *slots(last_offered=None))


def forgotten(turn: Turn, intent: str, found: Answer | Abstention | None = None) -> tuple[EventType, ...]:
    """The question stays, so that it can be put in other words; there is no answer to follow, though there may be
    some to choose from, or one that was told whole since it alone lies near.
    """
    lone = _told_alone(found) if isinstance(found, Abstention) else None
    said = slots(last_question=turn.text, last_intent=intent, plain_count=0.0)
    return (*said, *slots(last_document=lone and lone.document, last_offered=None if lone else offered_in(found)))


def _told_alone(found: Abstention) -> Near | None:
    """What lies near alone, and near enough to be told whole."""
    lone = found.near[0] if len(found.near) == 1 else None
    return lone if lone and lone.document and lone.score >= LONE_WHOLE_FROM else None


def offered_in(found: Answer | Abstention | None) -> list[str] | None:
    """The answers that stand there to be chosen from."""
    near = found.near if isinstance(found, Abstention) else ()
    return [one.document for one in near if one.document] or None


class Answering(CustomAction):
    """What looks into the knowledge base."""

    def look_up(self, turn: Turn, question: str, *, intent: str, threshold: float = ANSWER_FROM) -> Answer | Abstention:
        with self.services.sessions() as session:
            return answer(
                session,
                self.services.searcher,
                question,
                day=self.services.today(),
                place=turn.place,
                intent=intent,
                threshold=threshold,
            )

    def whole(self, document: str) -> Answer | None:
        """This answer of ours, with everything it says; None where it can't be told today."""
        with self.services.sessions() as session:
            return of_document(session, document, day=self.services.today())

    def reply_if_sure(
        self, turn: Turn, question: str, *, intent: str = "ask_law", threshold: float = ANSWER_FROM
    ) -> Reply | None:
        """None where silence is better than an abstention: for what wasn't a question."""
        found = self.look_up(turn, question, intent=intent, threshold=threshold)
        return reply_of(found) if isinstance(found, Answer) else None

    def reply_to(
        self,
        turn: Turn,
        question: str,
        *,
        intent: str = "ask_law",
        threshold: float = ANSWER_FROM,
        told: str | None = None,
    ) -> Reply:
        """The answer, or an abstention that legal workers find in their list; `told`: the words for that list."""
        found = self.look_up(turn, question, intent=intent, threshold=threshold)
        return self.reply_with(turn, found, told=question if told is None else told, intent=intent)

    def reply_with(self, turn: Turn, found: Answer | Abstention, *, told: str, intent: str) -> Reply:
        """The same of what was looked up already."""
        if isinstance(found, Abstention):
            return self.abstain(turn, told, found)
        reply = reply_of(found)
        if intent == "ask_legal_aid":
            return replace(reply, buttons=(*reply.buttons, _SELF_TEST))
        return reply

    def keep_unanswered(self, turn: Turn, words: str, *, reason: str) -> None:
        with self.services.sessions() as session:
            record_unanswered(
                session,
                words,
                reason=reason,
                conversation_id=turn.conversation_id,
                message_id=turn.message,
                place=turn.place,
            )
            session.commit()

    def abstain(self, turn: Turn, told: str, found: Abstention) -> Reply:
        """Said openly, and kept for the legal workers' list under the words of `told`.

        What lies near alone is told whole.
        """
        self.keep_unanswered(turn, told, reason="abstained")
        lone = _told_alone(found)
        if lone and lone.document and (whole := self.whole(lone.document)) is not None:
            return replace(reply_of(whole, before=f"{NEAREST}：{lone.title}\n"), confidence=0.0)
        # what lies near says it as well as the classifier, which would have to encode the message once more
        nearest = found.near[0].topic if found.near else None
        return _not_sure(found, nearest or self.services.topic(told))


def _not_sure(found: Abstention, topic: str) -> Reply:
    """Said openly, with the door for such matters; where a few questions may be meant, what holds for each of them, to
    be chosen from.

    The topic is kept: which topics lack documents (`bot/conversations/coverage.py`).
    """
    where, links = at_the_door(topic, found.near)
    text, ask = "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。", f"先问这里：{where}。"
    if found.near:
        text, ask = f"您说的是下面哪一件？点一下看怎么办。\n{choices(found.near)}", f"都不是的话，先问{where}。"
    return Reply(
        ReplyKind.asking if found.near else ReplyKind.abstention,
        text,
        next=ask,
        buttons=tuple(Button(near.title) for near in found.near),
        links=links,
        confidence=found.confidence,
        topic=topic,
    )


def at_the_door(topic: str, near: Sequence[Near] = ()) -> tuple[str, tuple[Link, ...]]:
    """Who is asked about such matters, in words and to tap: whom the answers that lie near name, else by the topic."""
    named = list(dict.fromkeys(DOORS[one.door] for one in near if one.door in DOORS))
    doors = named[:_MOST_DOORS] or doors_for(topic)
    where = "；".join(f"{door.name}（{door.does}），{door.call}" for door in doors)
    return where, phone_links(*dict.fromkeys(door.phone for door in doors))


def choices(near: Sequence[Near]) -> str:
    """A line for each: the question, and what holds."""
    return "\n".join(f"· {one.title}：{one.gist}" for one in near)


def _is_mine(village: str) -> str:
    return f"我是{village}的"


def village_buttons(
    services: Services, only: Sequence[Place] = (), *, says: Callable[[str], str] = _is_mine
) -> tuple[Button, ...]:
    """A button a village; none where a county has imported so many that saying the name is quicker. `says`: what it
    sends, of the village's name.
    """
    with services.sessions() as session:
        labels = village_labels(session)
    wanted = {place.id for place in only}
    found = [Button(label, says(name)) for place, label, name in labels if not wanted or place.id in wanted]
    return tuple(found) if len(found) <= _MOST_BUTTONS else ()
