"""A resident's own yes or no to mediation, said in the chat."""

import re
from datetime import UTC, datetime
from functools import partial

from actions.cases import finding, mediation, moves
from actions.dialogue.case import CaseAction, case_reply
from actions.dialogue.frame.base import Said, Turn, said_before, say
from actions.replies import Button

INTENTS = {"consent_mediation": "同意调解"}  # what staff read
_YES_SAID = "好，您同意调解，我告诉调解员了。等对方也同意，就约时间；中间您随时可以不调了（人民调解法第十七条）。"
_NO_SAID = "知道了，您不愿意调解，这次调解就到这里，您的事还照样办。别的办法我也发给您。"
_NONE_SAID = "您现在没有等着调解的事。想请人民调解，先跟我说出了什么事，我帮您登记。"
_NO = re.compile(r"不(?!过|错)|别|拒绝|放弃|反悔|免了|没用|没法|算了|法院见")
_PLAIN_NO = re.compile(r"^(?:我|俺|我们)?不(?:同意|愿意|接受)(?:人民)?调解[。！!]*$")


class ConsentMediation(CaseAction):
    names = ("action_consent_mediation",)

    def do(self, turn: Turn) -> Said:
        is_no = bool(_NO.search(turn.text.replace("调不调", "")))
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before
            own = finding.of_person(session, turn.conversation_id)
            case = next(
                (c for c in own if c.mediation and not c.mediation.failed_at and not c.mediation.signed_on), None
            )
            if case is None:
                return say(case_reply(_NONE_SAID, buttons=[Button("我要报事", "我要报个事")]))
            if is_no and not _PLAIN_NO.match(turn.text):  # a no ends it for good, so it must be a plain one
                text = "您是不愿意调解，对吗？说了不同意，这次调解就结束了。"
                return say(case_reply(text, buttons=mediation.CONSENT_BUTTONS))
            answer, now = "no" if is_no else "yes", datetime.now(UTC)
            consent = partial(mediation.consent, session, case.id, 0, answer, actor=moves.RESIDENT, now=now)
            return self.say_with(session, turn, consent, case_reply(_NO_SAID if is_no else _YES_SAID))
