"""All actions, once."""

from rasa_sdk import Action

from actions.dialogue import booking, case, dispute, mediation
from actions.dialogue.base import Services
from actions.dialogue.control import Affirm, Check, Deny, FollowUp, Question, Report, RequestHandoff, Stop
from actions.dialogue.deadline import AskDeadline, StartDeadline, TellDeadline, ValidateDeadline
from actions.dialogue.follow_up import ExplainPlainly
from actions.dialogue.forms import StopTool
from actions.dialogue.legal_aid import AskAid, StartAid, TellAid, ValidateAid
from actions.dialogue.place import ChangePlace


def all_actions(services: Services) -> list[Action]:
    return [
        *(
            kind(services)
            for kind in (Report, Question, FollowUp, Check, ChangePlace, ExplainPlainly, Affirm, Deny, Stop)
        ),
        RequestHandoff(services),
        *dispute.actions(services),
        *case.actions(services),
        *mediation.actions(services),
        *booking.actions(services),
        *actions(services),
    ]


def actions(services: Services) -> list[Action]:
    kinds = (StartDeadline, ValidateDeadline, TellDeadline, StartAid, ValidateAid, TellAid, StopTool)
    return [
        *(kind(services) for kind in kinds),
        *(AskDeadline(services, s) for s in ("matter", "start")),
        *(AskAid(s) for s in ("matter", "group", "means")),
    ]
