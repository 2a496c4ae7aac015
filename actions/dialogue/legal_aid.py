"""Whether legal aid is likely, in three questions. No ruling."""

from rasa_sdk.events import FollowupAction

from actions.dialogue.frame.base import NOTHING, CustomAction, Said, Turn, say, slots
from actions.dialogue.frame.tools import ToolForm
from actions.replies import Button, Reply, ReplyKind, phone_links
from actions.tools import legal_aid
from knowledge.statutes.moves import cited_on

INTENTS = {"check_legal_aid": "看能不能申请法律援助"}  # what staff read


class ValidateAid(ToolForm):
    names = ("validate_legal_aid_form",)
    prefix = "aid"
    fields = ("matter", "group", "means", "message")

    def read_step(self, turn: Turn, step: str) -> Said:
        value = legal_aid.read_option(step, turn.text) if step in legal_aid.QUESTIONS else None
        if value is None:
            return self.not_heard(turn, "没听明白是哪一种，点一个就行；都不像，就说“别的事”或者“都不是”。")
        return say(events=slots(**{f"aid_{step}": value}))


class StartAid(CustomAction):
    names = ("action_start_legal_aid",)

    def do(self, turn: Turn) -> Said:
        steps = ("matter", "group") if len(turn.text) >= 8 else ()
        known = {f"aid_{step}": legal_aid.read_option(step, turn.text) for step in steps}
        return say(
            Reply(ReplyKind.asking, "好，问您三个小问题，帮您看看能不能申请法律援助。"),
            events=[
                *ValidateAid.empty(),
                *slots(**{name: value for name, value in known.items() if value}),
                *slots(aid_message=turn.message),
                FollowupAction("legal_aid_form"),
            ],
        )


class AskAid(CustomAction):
    names = ("action_ask_aid_matter", "action_ask_aid_group", "action_ask_aid_means")

    def do(self, turn: Turn) -> Said:
        question = legal_aid.QUESTIONS[self.name().removeprefix("action_ask_aid_")]
        buttons = tuple(Button(option.label_zh, option.label_zh) for option in question.options)
        return say(Reply(ReplyKind.asking, question.text_zh, buttons=buttons))


class TellAid(CustomAction):
    names = ("action_tell_legal_aid",)

    def do(self, turn: Turn) -> Said:
        matter, group, means = (turn.slot(f"aid_{step}") for step in ("matter", "group", "means"))
        if not (matter and group and means):
            return NOTHING
        found = legal_aid.assess(matter, group, means)
        cited = cited_on(found.articles, self.services.today())
        sources = "、".join(f"《{law}》{article}" for law, article in cited)
        told = Reply(
            ReplyKind.legal_aid,
            f"{found.text_zh}\n依据：{sources}。\n要带：{'；'.join(found.papers_zh)}。",
            next=found.where_zh,
            links=phone_links("12348"),
            buttons=(Button("约法律工作者", "想约律师"),),
        )
        return say(told, events=ValidateAid.empty())
