"""What is asked after an answer: on with it, or it wasn't understood."""

from dataclasses import replace

from actions.dialogue.frame import thread
from actions.dialogue.frame.answering import Answering, remembered, reply_of
from actions.dialogue.frame.base import Said, Turn, say, slots
from actions.dialogue.question import AnswerQuestion
from actions.dialogue.reckoning import reckoned
from actions.replies import Reply, ReplyKind, phone_links
from knowledge.answering.told import Abstention, Answer

INTENTS = {  # what staff read
    "ask_follow_up": "接着上一句问",
    "feedback_bad": "说没看懂",
}


class AnswerFollowUp(Answering):
    """A question that only makes sense after the last one: both are searched together. Called by `control`."""

    def do(self, turn: Turn) -> Said:
        last = turn.slot("last_question")
        if not last:
            return say(Reply(ReplyKind.asking, "您想接着问哪件事？把事情说一句，我好找准依据。"))
        if "案例" in turn.text or "例子" in turn.text:
            return say(self.reply_to(turn, thread.both(turn), intent="ask_case_story"), events=slots(plain_count=0.0))
        if (reply := thread.from_last(self, turn)) is not None:
            return say(reply, events=slots(plain_count=0.0))
        intent = turn.slot("last_intent") or "ask_law"
        if reckoned(self.services, turn) is not None:
            return AnswerQuestion(self.services).do(turn)
        read = thread.best_reading(self, turn, intent=intent)
        alone = self.look_up(turn, turn.text, intent="ask_law")
        if (mine := thread.mine(self, turn, alone, read)) is not None:
            return say(mine.reply, events=mine.events)
        together = read[0] if read else self.look_up(turn, thread.both(turn), intent=intent)
        if (instead := thread.instead(self, turn, alone, together)) is not None:
            return say(instead.reply, events=instead.events)
        if read is not None:
            said = thread.again(self, turn, read[0])
            return say(said, events=remembered(replace(turn, text=read[1]), read[0], intent=intent))
        if isinstance(together, Abstention) and (chosen := thread.chosen(self, turn, together, alone)) is not None:
            return say(chosen.reply, events=chosen.events)
        told = f"{thread.before(turn)} / {turn.text}"
        return say(self.reply_with(turn, together, told=told, intent=intent))


class ExplainPlainly(Answering):
    """没看懂: once a plainer wording, then a person."""

    names = ("action_explain_plainly",)

    def do(self, turn: Turn) -> Said:
        last = turn.slot("last_question")
        if last:
            self.keep_unanswered(turn, last, reason="not_understood")
            if not turn.slot("plain_count") and (plain := thread.plainer(self, turn)) is not None:
                return say(plain, events=slots(plain_count=1.0))
            found = None if turn.slot("plain_count") else self.look_up(turn, last, intent="ask_service_guide")
            if isinstance(found, Answer):
                return say(reply_of(found, before="换个说法："), events=slots(plain_count=1.0))
        over = Reply(
            ReplyKind.handoff,
            "是我没说清楚。这件事还是请人给您讲更稳当。",
            next="工作时间可以到镇司法所或村委会当面问；随时可以拨打 12348，律师免费讲给您听。",
            links=phone_links("12348"),
        )
        return say(over, events=slots(plain_count=0.0))
