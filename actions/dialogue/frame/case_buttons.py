"""What the buttons of a case's card send: its number and what to do with it; and those of village affairs.

The classifier takes most of these for a look-up, and an open form would take them for its answer; whoever names the
case and the deed means just that.
"""

import re

from actions.cases import finding, numbers
from actions.dialogue.affairs import pressed as affairs
from actions.dialogue.case import SETTLED, CaseAction, CheckCase, ConfirmCase, SupplementCase, WithdrawCase
from actions.dialogue.frame.base import Said, Services, Turn

_PRESSED = re.compile(r"^\d{6}-\d{3,6}-\d{2} ?(补充|催|没解决|解决了|我要撤回|确认撤回)")
_DEEDS: dict[str, type[CaseAction]] = {
    "补充": SupplementCase,
    "催": CheckCase,
    "没解决": ConfirmCase,
    "解决了": ConfirmCase,
    "我要撤回": WithdrawCase,
    "确认撤回": WithdrawCase,
}


def pressed(services: Services, turn: Turn) -> Said | None:
    """What is said to it; None for other words."""
    found = _PRESSED.search(turn.text)
    if found is None:
        return affairs.heard(services, turn)
    deed = _DEEDS[found.group(1)]
    if deed is ConfirmCase and not _is_settled(services, turn):
        deed = CheckCase  # of an older card: where it stands by now
    return deed(services).do(turn)


def _is_settled(services: Services, turn: Turn) -> bool:
    digits, _ = numbers.find(turn.text)
    with services.sessions() as session:
        own = finding.of_person(session, turn.conversation_id)
        return any(finding.lead(session, c).status in SETTLED for c in own if c.number == digits)
