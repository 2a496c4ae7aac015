"""A resident's own yes or no to mediation, said in the chat."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.cases import finding, mediation, moves
from actions.dialogue.base import Services, said_before
from actions.dialogue.case import CaseAction
from actions.dialogue.forms import said

_YES_SAID = "好，您同意调解，我告诉调解员了。等对方也同意，就约时间；中间您随时可以不调了（人民调解法第十七条）。"
_NO_SAID = "知道了，您不愿意调解，这次调解就到这里，您的事还照样办。别的办法我也发给您。"
_NO = re.compile(r"不(?!过|错)|别|拒绝|放弃|反悔|免了|没用|没法|算了|法院见")
_PLAIN_NO = re.compile(r"^(?:我|俺|我们)?不(?:同意|愿意|接受)(?:人民)?调解[。！!]*$")


class ConsentMediation(CaseAction):
    def name(self) -> str:
        return "action_consent_mediation"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        answer = "no" if _NO.search(text.replace("调不调", "")) else "yes"
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            own = [
                c
                for c in finding.of_person(session, tracker.sender_id)
                if c.mediation and not c.mediation.failed_at and not c.mediation.terms
            ]
            if not own:
                return self.say(
                    dispatcher,
                    "您现在没有等着调解的事。想请人民调解，先跟我说出了什么事，我帮您登记。",
                    buttons=[{"title": "我要报事", "payload": "我要报个事"}],
                )
            case = own[0]
            assert case.mediation
            if answer == "no" and not _PLAIN_NO.match(text):  # a no ends it for good, so it must be a plain one
                return self.say(
                    dispatcher,
                    "您是不愿意调解，对吗？说了不同意，这次调解就结束了。",
                    buttons=mediation.CONSENT_BUTTONS,
                )
            consent = partial(
                mediation.consent, session, case.id, 0, answer, actor=moves.RESIDENT, now=datetime.now(UTC)
            )
            return self.say_with(dispatcher, tracker, session, consent, _YES_SAID if answer == "yes" else _NO_SAID)


def actions(services: Services) -> list[Action]:
    return [ConsentMediation(services)]
