"""A question answered from knowledge."""

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue.base import ASKS, CustomAction, Said, Services, Turn, say, slots
from actions.feedback import record_unanswered
from actions.replies import Button, Reply, ReplyKind, phone_links
from knowledge.answering.compose import ANSWER_FROM, Abstention, Answer, answer
from knowledge.places import Level, Place, village_labels, villages_in

# An unsure intent may still be a legal question; then the sources themselves must be surer.
UNSURE_FROM = TOLD_FROM = 0.75  # nor was a trouble that is told a question
_MOST_BUTTONS = 12
_SELF_TEST = Button("三个问题，帮我看看能不能申请", "法律援助自测")


def split_matters(text: str) -> list[str]:
    """Several matters in one message, in their order: `彩礼能退吗？另外低保怎么办` -> two. At most three."""
    parts = re.split(
        r"[？?！!]\s*(?=\S)|[，,。；;]?\s*(?:另外|还有就是|还有个事|还想问|再问一下|顺便问|第二个问题|其次)[，,：:]?",
        text,
    )
    parts = [p.strip("，,。；; ") for p in parts if p and len(p.strip()) >= 4]
    if len(parts) < 2 or len(parts) > 4 or min(map(len, parts)) < 4:
        return [text]
    return parts[:3]


def reply_of(found: Answer, *, before: str = "") -> Reply:
    """`before`: said ahead of the answer."""
    return Reply(
        ReplyKind.answer,
        before + found.text,
        next=found.next or "",
        buttons=tuple(Button(title, payload) for title, payload in found.buttons),
        citations=found.citations,
        topic=found.topic or "",
        confidence=found.confidence,
    )


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
        if isinstance(found, Abstention):
            return self._abstained(turn, question if told is None else told, found)
        reply = reply_of(found)
        if intent == "ask_legal_aid":
            return replace(reply, buttons=(*reply.buttons, _SELF_TEST))
        return reply

    def _abstained(self, turn: Turn, told: str, found: Abstention) -> Reply:
        with self.services.sessions() as session:
            record_unanswered(
                session,
                told,
                reason="abstained",
                conversation_id=turn.conversation_id,
                message_id=turn.message,
                place=turn.place,
            )
            session.commit()
        return Reply(
            ReplyKind.abstention,
            "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。",
            next="急着要答复，可以拨打 12348 免费问律师，办事的事拨打 12345。",
            links=phone_links("12348", "12345"),
            confidence=found.confidence,
            topic=self.services.topic(told),  # which topics lack documents (`bot/conversations/coverage.py`)
        )


class AnswerQuestion(Answering):
    """Called by `control`, which looks first whether the words answer something else."""

    def do(self, turn: Turn) -> Said:
        is_sure = turn.intent in ASKS
        if not is_sure and len(turn.text) < 4:
            return say(
                Reply(
                    ReplyKind.asking,
                    "我没太听明白。您想问哪方面的事？比如土地、工资、低保、彩礼、邻里纠纷，多说一两句就行。",
                )
            )
        if turn.intent == "ask_village_rule" and (near := self._unsure_village(turn.place)) is not None:
            buttons = village_buttons(self.services, near)
            how = "" if buttons else "直接说“我是某某村的”就行。"
            asked = Reply(ReplyKind.asking, f"您是哪个村的？各村的村规不一样。{how}", buttons=buttons)
            return say(asked, events=slots(pending_question=turn.text))
        replies = [
            self.reply_to(
                turn,
                matter,
                intent=turn.intent if is_sure else "ask_law",
                threshold=ANSWER_FROM if is_sure else UNSURE_FROM,
            )
            for matter in split_matters(turn.text)
        ]
        return say(*replies, events=slots(last_question=turn.text, last_intent=turn.intent, plain_count=0.0))

    def _unsure_village(self, place: str | None) -> list[Place] | None:
        """None where the village is known; else those it may be, [] for any: a township's own account knows the
        township only.
        """
        with self.services.sessions() as session:
            known = session.get(Place, place) if place else None
            if known is not None and known.level is Level.village:
                return None
            return villages_in(session, known.id) if known else []


def village_buttons(services: Services, only: Sequence[Place] = ()) -> tuple[Button, ...]:
    """A button a village; none where a county has imported so many that saying the name is quicker."""
    with services.sessions() as session:
        labels = village_labels(session)
    wanted = {place.id for place in only}
    found = [Button(label, f"我是{name}的") for place, label, name in labels if not wanted or place.id in wanted]
    return tuple(found) if len(found) <= _MOST_BUTTONS else ()
