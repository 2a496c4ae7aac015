"""What the buttons of a case's card send: its number and what to do with it; those of village affairs; and what may be
the answer to a case that asked for more.

The classifier takes most of these for a look-up, and an open form would take them for its answer; whoever names the
case and the deed means just that.
"""

import re
from dataclasses import replace

from sqlalchemy.orm import Session

from actions.cases import finding, numbers
from actions.cases.models import Case
from actions.dialogue.affairs import pressed as affairs
from actions.dialogue.case import (
    EARLIER,
    SETTLED,
    CaseAction,
    CheckCase,
    ConfirmCase,
    SupplementCase,
    WithdrawCase,
    case_reply,
    said_earlier,
)
from actions.dialogue.frame.base import Said, Services, Turn, said_at, say, slots
from actions.dialogue.hearing import phrases
from actions.dialogue.question import AnswerQuestion
from actions.replies import Button
from knowledge.normalise import normalise

_PRESSED = re.compile(r"^\d{6}-\d{3,6}-\d{2} ?(补充|催|没解决|解决了|我要撤回|确认撤回)")
_DEEDS: dict[str, type[CaseAction]] = {
    "补充": SupplementCase,
    "催": CheckCase,
    "没解决": ConfirmCase,
    "解决了": ConfirmCase,
    "我要撤回": WithdrawCase,
    "确认撤回": WithdrawCase,
}
NO_SUPPLEMENT = "不是补充，另问一句"
_NO_SUPPLEMENT = normalise(NO_SUPPLEMENT)
# Words that are no answer to what was asked for a case, whatever was asked.
_NO_ANSWER = frozenset(
    "greet thanks goodbye human_handoff check_case withdraw_case supplement_case check_booking cancel_booking stop"
    " ask_capabilities".split()
)
_TITLE = 16  # characters
_SINCE = 2  # messages of theirs since it asked
_HEARD = re.compile(r"^(?:好|行|嗯|恩|中|知道|晓得|收到|明白|ok|谢|辛苦|等)", re.IGNORECASE)


def pressed(services: Services, turn: Turn, *, in_form: bool = False) -> Said | None:
    """What is said to it; None for other words. `in_form`: what isn't on a button answers the form."""
    if turn.text == _NO_SUPPLEMENT and (earlier := said_earlier(turn)):
        return AnswerQuestion(services).do(replace(turn, text=earlier, intent="report_dispute"))
    found = _PRESSED.search(turn.text)
    if found is None:
        return affairs.heard(services, turn) or (None if in_form else _asked_for_more(services, turn))
    deed = _DEEDS[found.group(1)]
    if deed is ConfirmCase and not _is_settled(services, turn):
        deed = CheckCase  # of an older card: where it stands by now
    return deed(services).do(turn)


def _is_settled(services: Services, turn: Turn) -> bool:
    digits, _ = numbers.find(turn.text)
    with services.sessions() as session:
        own = finding.of_person(session, turn.conversation_id)
        return any(finding.lead(session, c).status in SETTLED for c in own if c.number == digits)


def _asked_for_more(services: Services, turn: Turn) -> Said | None:
    """A case's clock stands until the resident answers, and they answer in words of their own, which resemble anything
    (东到水渠，西到老王家地边): whether it is the answer is asked, and nothing is lost. None for other words.
    """
    if turn.intent in _NO_ANSWER or turn.awaited or phrases.is_question(turn.text) or phrases.is_explicit(turn.text):
        return None
    if turn.intent == "affirm" and _HEARD.search(turn.text):
        return None
    with services.sessions() as session:
        case = _asking(session, turn)
        if case is None:
            return None
        number, what = numbers.spoken(case.number), case.what
    about = what if len(what) <= _TITLE else f"{what[:_TITLE]}…"
    word = f"{number} {EARLIER}"
    buttons = (Button("对，补充进去", word), Button("不是，另问一句", NO_SUPPLEMENT))
    reply = case_reply(f"这句话是补充给“{about}”（{number}）的，对吗？", buttons=buttons)
    return say(reply, events=slots(awaits=turn.waiting_for(word)))


def _asking(session: Session, turn: Turn) -> Case | None:
    """The case that waits for the resident, within their first two messages since it asked."""
    for case in finding.of_person(session, turn.conversation_id):
        if not finding.known_pause(case):
            continue
        asked = [e for e in case.events if e.what == finding.ASKED_FOR_MORE and e.undone_at is None]
        since = (asked[-1].tell_after or asked[-1].at).timestamp() if asked else 0.0
        if asked and len([e for e in turn.heard if said_at(e) > since]) <= _SINCE:
            return case
    return None
