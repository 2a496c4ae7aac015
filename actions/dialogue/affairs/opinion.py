"""What somebody says or chooses on an open topic. A choice is taken by `bot/affairs/voices.py`, before Rasa."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.dialogue.affairs import topics as telling
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.base import CustomAction, Said, Turn, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError
from actions.replies import Button, Reply, ReplyKind
from actions.topics import listing, opinions
from actions.topics.models import Topic
from actions.topics.opinions import MOST_TEXT
from actions.topics.statements import writing
from actions.topics.status import TopicState
from actions.topics.words import NO_VOTE, PREPARATION
from knowledge.places import Place

OPINION = "说意见 "  # for the slot `awaits`, with the topic's id: the next message is one
BALLOT, CODE = "ballot", "slip"  # `form` and `step` of a reply that asks for a choice, or for the code of a slip
_CHOOSES = re.compile(
    r"改票|投(?:票|一票|个票)|选(?:一个|错)|表决|重新(?:投|选)|投错|^(?:我|俺|我家|我们)?(?:要|来|就)?[选投]"
)
# What became of an opinion or a choice, or of a topic, is no opinion.
_ASKS = re.compile(
    r"采纳|登出来|贴出来(?:没|了没|了吗)|截止|还有几天|几号之前|结果|算(?:数|进去)了?没"
    r"|我选的|看我选|大家.{0,6}(?:咋|怎么)(?:说|样|看)"
)
_BARE = re.compile(
    r"^(?:我|俺|我们|咱|也|还|再|想|要|来|给|对|帮|请|有|把|的|那个|这个|说|提|讲"
    r"|两句|一句|几句|一条|条|个|点|意见|看法|想法"
    r"|话|一下|表态|表个态|补|加|记|上|议题|征求意见|\d|-|议|[，,。！! ])+$"
)
_LEAST = 6  # characters of an opinion that is said without having been asked for
_LIKE = 2  # pairs of characters in common with a topic's title or options
_STANCES = (
    ("问题", re.compile(r"[？?]|吗[。！!]*$|谁出|算谁|咋算|怎么算|多少钱")),
    ("担心", re.compile(r"担心|怕|万一|不放心|恐怕|就愁|会不会")),
    ("办法", re.compile(r"建议|不如|最好|应该|应当|可以|能不能|要是|先.{1,12}再|多装|改成|加(?:一|个|条)")),
)


class GiveOpinion(CustomAction):
    names = ("action_give_opinion",)

    def do(self, turn: Turn) -> Said:
        if _ASKS.search(turn.text):
            return telling.AskAffairs(self.services).do(turn)
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            found = listing.open_topics(session, village.id, now)
            if not found:
                return say(_nothing_open(village))
            meant = _meant(session, turn, village, found)
            chooses = bool(_CHOOSES.search(turn.text))
            if chooses:
                found = [topic for topic in found if telling.is_chosen(topic)] or found
                meant = meant or (found[0] if len(found) == 1 else None)
            if chooses and meant is not None and telling.is_chosen(meant):
                return say(ballot(meant))
            if meant is None:
                return say(_which(found, "选一个" if chooses else "说意见"))
            if len(turn.text) < _LEAST or _BARE.match(turn.text):
                return ask_opinion(turn, meant)
            return _offer(turn, meant)

    def asked(self, turn: Turn, topic: Topic) -> Said:
        return ask_opinion(turn, topic)

    def kept(self, turn: Turn, topic_id: int, text: str) -> Said:
        """The opinion itself; once for the message that said it."""
        text, now = text.strip(), datetime.now(UTC)
        if len(text) > MOST_TEXT:
            told = f"您写了{len(text)}个字，一条最多{MOST_TEXT}个字。请写短一点，或者分两条发。"
            return say(Reply(ReplyKind.asking, told), events=slots(awaits=turn.waiting_for(f"{OPINION}{topic_id}")))
        with self.services.sessions() as session:
            try:
                kept = opinions.add(
                    session,
                    topic_id=topic_id,
                    asker=turn.conversation_id,
                    text=phrases.tidy(text),
                    stance=stance_of(text),
                    source="chat",
                    key=f"m{turn.message or now.timestamp()}-opinion",
                    now=now,
                )
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh), events=slots(affairs_draft=None))
            topic = session.get_one(Topic, kept.topic_id)
            return say(_thanks(topic, is_verified=kept.is_verified), events=slots(affairs_draft=None))


def ballot(topic: Topic) -> Reply:
    """The question with its options, numbered as the step before Rasa counts them."""
    if topic.method == "statements":
        return _statements(topic)
    is_several = topic.method == "approval"
    banner = PREPARATION if topic.is_preparation else ""
    options = [Button(option, f"{topic.number} 选第{n}个") for n, option in enumerate(topic.options, 1)]
    if is_several:
        options.append(Button("都行", f"{topic.number} 都行"))
    numbers = "、".join(f"{n} {option}" for n, option in enumerate(topic.options, 1))
    how = "可以选几个" if is_several else "选一个"
    several = "想选几个，就把数字一起发来，比如“1 3”。" if is_several else ""
    return Reply(
        ReplyKind.asking,
        f"“{topic.title}”，{how}：{numbers}。{NO_VOTE}{banner}",
        next=f"{several}您选的不留在对话里。在微信上发，微信公司的服务器会经手；介意就在网页上选，或者填纸票。",
        buttons=tuple(options),
        links=(page("在网页上选", topic.place_id, f"y{topic.ordinal}"),),
        form=BALLOT,
        step=f"choice {topic.id}",
    )


def _statements(topic: Topic) -> Reply:
    return Reply(
        ReplyKind.asking,
        f"“{topic.title}”，别人说的话一句一句念给您，您说同意、不同意或者跳过，随时可以停。{NO_VOTE}",
        next="您选的不留在对话里。在微信上选，微信公司的服务器会经手；介意就在网页上选。",
        buttons=(Button("开始", f"{topic.number} 开始表态"),),
        links=(page("在网页上表态", topic.place_id, f"y{topic.ordinal}/s"),),
        form=BALLOT,
        step=f"statement {topic.id} 0",
    )


def ask_code() -> Reply:
    text = "把纸条上的 10 位码发给我，不分大小写。码登记完就从对话里抹掉。"
    return Reply(ReplyKind.asking, text, form=BALLOT, step=CODE)


def ask_opinion(turn: Turn, topic: Topic) -> Said:
    if topic.method == "statements":
        text = (
            f"就“{topic.title}”写一句完整的话，让别人说同意不同意，最多{writing.MOST_TEXT}个字。"
            "一句只说一个意思，别写别人的名字、电话。"
        )
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{OPINION}{topic.id}")))
    text = (
        f"对“{topic.title}”，您怎么看？一条说完，最多{MOST_TEXT}个字。贴出来不写您的名字，里面也别写别人的名字、电话。"
    )
    return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{OPINION}{topic.id}")))


def stance_of(text: str) -> str:
    """理由, 担心, 办法 or 问题, by its words."""
    return next((stance for stance, pattern in _STANCES if pattern.search(text)), "理由")


def _offer(turn: Turn, topic: Topic) -> Said:
    """It is never guessed that somebody speaks to everybody."""
    asked = Reply(
        ReplyKind.asking,
        f"这句话要记成对“{topic.title}”的意见吗？贴出来不写您的名字。",
        buttons=(
            Button("记下", f"{topic.number} 记下"),
            *telling.deeds(topic)[1:],
            Button("不是这个意思", "不是这个意思"),
        ),
    )
    return say(asked, events=slots(affairs_draft=turn.text))


def _meant(session: Session, turn: Turn, village: Place, found: Sequence[Topic]) -> Topic | None:
    """The topic named by its number or by words of its title and options; the only one there is."""
    named = telling.numbered(session, turn, village)
    if named is not None:
        return named if named.state is TopicState.open else None
    if len(found) == 1:
        return found[0]
    said = _pairs(turn.text)
    scored = sorted(((len(said & _pairs(t.title + "".join(t.options))), t) for t in found), key=lambda pair: -pair[0])
    (best, topic), (second, _) = scored[0], scored[1]
    return topic if best >= _LIKE and best > second else None


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)}


def _which(found: Sequence[Topic], deed: str) -> Reply:
    buttons = tuple(Button(topic.title, f"{topic.number} {deed}") for topic in found[: telling.MOST_BUTTONS])
    return Reply(ReplyKind.asking, f"正在征求意见的有{len(found)}件，您说的是哪一件？", buttons=buttons)


def _nothing_open(village: Place) -> Reply:
    text = f"{village.name}现在没有正在征求意见的事。您有想请大家商量的，可以提一件。"
    return Reply(ReplyKind.text, text, buttons=(telling.RAISE, Button("前面商量过什么", "议事")))


def _thanks(topic: Topic, *, is_verified: bool) -> Reply:
    text = "记下了，谢谢您。有人看过以后贴出来，不写您的名字；采不采纳、为什么，公布结果时都会写。"
    buttons = telling.deeds(topic)[1:]
    if not is_verified:
        text += "还没用参与码，先放在“没用参与码”里另算。"
        buttons = (*buttons, Button("用参与码", "用参与码"))
    return Reply(ReplyKind.text, text, buttons=buttons, links=telling.links(topic))
