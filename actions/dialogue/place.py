from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.base import say
from actions.dialogue.question import AnswerQuestion
from knowledge.answering.compose import ANSWER_FROM
from knowledge.normalise import normalise
from knowledge.places import find_villages


class ChangePlace(AnswerQuestion):
    def name(self) -> str:
        return "action_change_place"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        with self.services.sessions() as session:
            found = find_villages(session, text)
        if len(found) > 1:
            say(dispatcher, "asking", f"叫{found[0].name}的村不止一个，您是哪一个？", buttons=self._villages(found))
            return []
        if not found:
            buttons = self._villages()
            say(
                dispatcher,
                "asking",
                (
                    f"这个村我这里还没有资料。您可以{'从下面选' if buttons else '说村的全名，前面带上乡镇'}，"
                    "也可以直接问法律和办事的问题。"
                ),
                buttons=buttons,
            )
            return []
        village = found[0]
        pending = tracker.get_slot("pending_question")
        say(
            dispatcher,
            "smalltalk",
            f"好，记下了，您是{village.name}的。" + ("" if pending else "想问什么，直接说。"),
            place=village.id,
        )
        if pending:
            tracker.latest_message["metadata"] = {**(tracker.latest_message.get("metadata") or {}), "place": village.id}
            self._answer_one(
                dispatcher, tracker, pending, intent="ask_village_rule", threshold=ANSWER_FROM, said=pending
            )
            return [
                SlotSet("pending_question", None),
                SlotSet("last_question", pending),
                SlotSet("last_intent", "ask_village_rule"),
                SlotSet("place", village.id),
            ]
        return [SlotSet("place", village.id)]
