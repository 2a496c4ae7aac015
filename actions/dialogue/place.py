"""The village a resident says they are of."""

from dataclasses import replace

from actions.dialogue.frame.answering import Answering, village_buttons
from actions.dialogue.frame.base import Said, Turn, say, slots
from actions.replies import Effects, Reply, ReplyKind
from knowledge.places import find_villages

INTENTS = {"change_place": "换村子"}  # what staff read


class ChangePlace(Answering):
    names = ("action_change_place",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            found = find_villages(session, turn.text)
        if len(found) > 1:
            text = f"叫{found[0].name}的村不止一个，您是哪一个？"
            return say(Reply(ReplyKind.asking, text, buttons=village_buttons(self.services, found)))
        if not found:
            buttons = village_buttons(self.services)
            how = "从下面选" if buttons else "说村的全名，前面带上乡镇"
            text = f"这个村我这里还没有资料。您可以{how}，也可以直接问法律和办事的问题。"
            return say(Reply(ReplyKind.asking, text, buttons=buttons))
        village, pending = found[0], turn.slot("pending_question")
        noted = Reply(
            ReplyKind.smalltalk,
            f"好，记下了，您是{village.name}的。" + ("" if pending else "想问什么，直接说。"),
            effects=Effects(place=village.id),
        )
        if not pending:
            return say(noted, events=slots(place=village.id))
        answer = self.reply_to(replace(turn, place=village.id), pending, intent="ask_village_rule")
        return say(
            noted,
            answer,
            events=slots(
                pending_question=None, last_question=pending, last_intent="ask_village_rule", place=village.id
            ),
        )
