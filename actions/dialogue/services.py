"""Wishes whose services aren't there yet: say honestly where to turn, never pretend to have filed or booked anything."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.knowledge import AnswerQuestion, Services
from knowledge.answers import ANSWER_FROM
from knowledge.normalise import normalise

_LINE_12345 = {"label": "拨打 12345", "href": "tel:12345"}
_LINE_12348 = {"label": "拨打 12348", "href": "tel:12348"}


class _Fixed(Action):
    action_name: str
    kind = "smalltalk"
    text: str
    next: str | None = None
    links: tuple[dict[str, str], ...] = ()

    def name(self) -> str:
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": self.kind, "text": self.text, "next": self.next, "links": list(self.links)})
        return []


class PointToOffice(AnswerQuestion):
    """A trouble told: what the rules say about it, and who takes it. Nothing has been filed, and that is said."""

    def name(self) -> str:
        return "action_point_to_office"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = normalise(tracker.latest_message.get("text") or "")
        if len(text) >= 8:
            self._answer_one(dispatcher, tracker, text, intent="ask_law", threshold=ANSWER_FROM, said=text)
        dispatcher.utter_message(
            json_message={
                "kind": "smalltalk",
                "text": "我现在还不能替您登记上报，这件事还没有报上去。",
                "next": "要反映，可以拨打 12345，或者找村委会、网格员；邻里、土地、家庭的纠纷，可以到村或镇的人民调解委员会申请调解，不收费。",
                "links": [_LINE_12345],
            }
        )
        return [SlotSet("last_question", text), SlotSet("last_intent", "ask_law")]


class BookingNotice(_Fixed):
    action_name = "action_booking_notice"
    text = "网上预约还没开通，我不能替您约。"
    next = "想见律师或法律工作者，可以直接去镇司法所；不方便出门就拨打 12348，免费。"
    links = (_LINE_12348,)


class CheckCaseNotice(_Fixed):
    action_name = "action_check_case_notice"
    text = "我这里查不到办件进度，不敢乱说。"
    next = "打过 12345 的，再拨 12345 报上工单号就能查；交到村里、镇里的，直接问经办人。"
    links = (_LINE_12345,)


class RequestHandoff(_Fixed):
    action_name = "action_request_handoff"
    kind = "handoff"
    text = "好，这件事请人来帮您。网上转人工还没开通，您可以直接打电话或当面找人。"
    next = "法律上的事拨打 12348，办事和投诉拨打 12345；工作时间也可以去镇司法所、村委会。"
    links = (_LINE_12348, _LINE_12345)


class Affirm(_Fixed):
    action_name = "action_affirm"
    text = "好的。还有什么想问的，直接说就行。"


class Deny(_Fixed):
    action_name = "action_deny"
    text = "好，那就不弄了。有别的事随时问我。"


class Stop(_Fixed):
    action_name = "action_stop"
    text = "好，先到这里。您什么时候想问，再来就行。"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        super().run(dispatcher, tracker, domain)
        return [SlotSet("pending_question", None)]


def all_actions(services: Services) -> list[Action]:
    from actions.dialogue.knowledge import AnswerFollowUp, ChangePlace, ExplainPlainly

    return [
        *(kind(services) for kind in (AnswerQuestion, AnswerFollowUp, ChangePlace, ExplainPlainly, PointToOffice)),
        *(kind() for kind in (BookingNotice, CheckCaseNotice, RequestHandoff, Affirm, Deny, Stop)),
    ]
