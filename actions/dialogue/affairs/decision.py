"""What a meeting decided and how far it is; how people have a meeting called."""

from actions.decisions import calling, listing
from actions.decisions.words import where_it_stands
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.answering import Answering, remembered, reply_of
from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.replies import Button, Link, Reply, ReplyKind
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from knowledge.answering.told import Answer
from knowledge.places import Place

_SURE_FROM = 0.6  # of our sources, where the village has nothing on record
_DOUBT = Button("我有疑问", "村里决定的事我有疑问，我要反映")
_CALL = Button("怎么要求开会", "我们怎么要求村里开会")


class AskDecision(Answering):
    names = ("action_ask_decision",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            found = listing.search(session, village.id, turn.text)
            if found:
                told = where_it_stands(session, found[0])
                links = tuple(_page(village, f"decisions/{each.slug}", f"看{each.number}") for each in found[:2])
                return say(Reply(ReplyKind.text, told, buttons=(_DOUBT,), links=links))
            newest = listing.latest(session, village.id, 3)
            lines = "\n".join(f"· {where_it_stands(session, each)}" for each in newest)
        answer = self.look_up(turn, turn.text, intent="ask_village_rule", threshold=_SURE_FROM)
        if isinstance(answer, Answer):
            return say(reply_of(answer), events=remembered(turn, answer, intent="ask_village_rule"))
        return say(_not_found(village, lines))


def _not_found(village: Place, lines: str) -> Reply:
    if lines:
        text = f"您问的这件，{village.name}记下来的决定里没有看到。最近的是：\n{lines}"
        return Reply(ReplyKind.text, text, buttons=(_CALL,), links=(_page(village, "decisions", "看村里的决定"),))
    text = (
        f"{village.name}开会定了什么，我这里还没有记录。可以看村部的公开栏，也可以问村务监督委员会："
        "村民会议、村民代表会议定的事和办得怎么样，应当及时公布（村民委员会组织法第三十五条）。"
    )
    return Reply(ReplyKind.text, text, buttons=(_CALL, Button("看村务公开", "村务公开")))


def _page(village: Place, path: str, label: str) -> Link:
    return page(label, village.id, path)


class CallMeeting(CustomAction):
    names = ("action_call_meeting",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            told = calling.how_to_call(profile_of(session, village.id), rulings(session))
        return say(
            Reply(
                ReplyKind.text,
                told,
                buttons=(Button("先写成议题", "我想提个议题"),),
                links=(page("签名表，打印出来用", village.id, "call"),),
            )
        )
