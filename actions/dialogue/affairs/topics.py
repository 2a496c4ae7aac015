"""What is talked over in the village, what was asked for and what came of it; how one takes part."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.dialogue.affairs.how import how_it_works
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.replies import Button, Link, Reply, ReplyKind
from actions.topics import listing
from actions.topics.models import Topic
from actions.topics.status import PUBLIC, TopicState
from actions.topics.words import NO_VOTE, PREPARATION, days_left, state_of
from knowledge.places import Place

INTENTS = {  # what staff read
    "ask_affairs": "问村里议事",
    "raise_topic": "想请村里商量一件事",
    "give_opinion": "对议题说意见",
    "ask_decision": "问村里决定的事",
    "call_meeting": "问怎么要求开会",
    "ask_disclosure": "问村务公开",
    "check_points": "查自己家的积分",
    "ask_event": "问村里的活动",
}
NUMBER = re.compile(r"议\s*[-—－]\s*\d{2}\s*[-—－]\s*\d{3,6}")
RAISE = Button("我有件事想请村里商量", "我想提个议题")
MOST_BUTTONS = 6
_MINE = re.compile(r"我(?:家)?(?:上[次回]|前[几阵]|之前)?(?:提|说|写|投|选)(?:过|上去)?的?")


class AskAffairs(CustomAction):
    names = ("action_ask_affairs",)

    def do(self, turn: Turn) -> Said:
        if (told := how_it_works(turn.text)) is not None:
            return say(told)
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if (named := numbered(session, turn, village)) is not None:
                return say(told_of(named, now))
            if _MINE.search(turn.text) and (own := listing.of_conversation(session, turn.conversation_id)):
                return say(_own(own, now))
            if village is None:
                return ask_which(self.services, turn)
            return say(overview(session, village, now))


def numbered(session: Session, turn: Turn, village: Place | None) -> Topic | None:
    """The topic whose number the words name, if this resident may hear of it: what isn't taken up is told to whoever
    raised or follows it.
    """
    said = NUMBER.search(turn.text)
    if said is None:
        return None
    own = listing.of_conversation(session, turn.conversation_id)
    for place in dict.fromkeys([*([village.id] if village else []), *(topic.place_id for topic in own)]):
        topic = listing.by_number(session, place, said[0])
        if topic is not None and (topic.state in PUBLIC or topic.id in {mine.id for mine in own}):
            return topic
    return None


def told_of(topic: Topic, now: datetime) -> Reply:
    """Where one topic stands, and what can be done with it now."""
    said = f"“{topic.title}”（{topic.number}）：{state_of(topic, now)}。"
    if topic.words and topic.state not in PUBLIC:
        said += topic.words
    if topic.state is TopicState.open:
        banner = PREPARATION if topic.is_preparation else ""
        return Reply(ReplyKind.text, f"{said}\n{NO_VOTE}{banner}", buttons=deeds(topic), links=links(topic))
    if topic.result:
        said += f"\n{topic.result}"
    return Reply(ReplyKind.text, said, links=links(topic))


def deeds(topic: Topic) -> tuple[Button, ...]:
    """What can be done with an open topic; each payload names it, so that a late tap still means this one."""
    speak = Button("说意见", f"{topic.number} 说意见")
    if topic.method == "statements":
        return (Button("写一句", f"{topic.number} 说意见"), Button("一句一句表态", f"{topic.number} 选一个"))
    return (speak, Button("选一个", f"{topic.number} 选一个")) if is_chosen(topic) else (speak,)


def is_chosen(topic: Topic) -> bool:
    return topic.method == "statements" or (topic.method in ("single", "approval") and bool(topic.options))


def links(topic: Topic) -> tuple[Link, ...]:
    if topic.state not in PUBLIC:
        return ()
    label = "看大家怎么说" if topic.state is TopicState.open else "看全文"
    return (page(label, topic.place_id, f"y{topic.ordinal}"),)


def overview(session: Session, village: Place, now: datetime) -> Reply:
    """What is open, else how the last ones went."""
    found = listing.open_topics(session, village.id, now)
    if len(found) == 1:
        one = found[0]
        return told_with(one, f"{village.name}正在征求意见的有1件：{one.title}（{_left(one, now)}）。")
    if found:
        return Reply(
            ReplyKind.asking,
            f"{village.name}正在征求意见的有{len(found)}件。{NO_VOTE}\n" + "\n".join(_line(t, now) for t in found),
            next="想看哪一件？",
            buttons=tuple(Button(topic.title, topic.number) for topic in found[:MOST_BUTTONS]),
            links=(page("都在这一页", village.id, "topics"),),
        )
    before = listing.shown(session, village.id, most=3)
    text = f"{village.name}现在没有正在征求意见的事。"
    if before:
        text += "\n前面商量过的：\n" + "\n".join(f"· {t.title}：{state_of(t, now)}" for t in before)
    shown = (page("看村里的页面", village.id),) if before else ()
    return Reply(ReplyKind.text, text, buttons=(RAISE,), links=shown)


def told_with(topic: Topic, said: str) -> Reply:
    banner = PREPARATION if topic.is_preparation else ""
    return Reply(ReplyKind.asking, f"{said}{NO_VOTE}{banner}", buttons=deeds(topic), links=links(topic))


def _own(own: Sequence[Topic], now: datetime) -> Reply:
    lines = "\n".join(f"· {topic.number} {topic.title}：{state_of(topic, now)}" for topic in own[:3])
    shown = next((links(topic) for topic in own[:1]), ())
    buttons = deeds(own[0]) if len(own) == 1 and own[0].state is TopicState.open else ()
    return Reply(ReplyKind.text, f"您提过、说过的事：\n{lines}", links=shown, buttons=buttons)


def _line(topic: Topic, now: datetime) -> str:
    return f"· {topic.title}（{_left(topic, now)}）"


def _left(topic: Topic, now: datetime) -> str:
    days = days_left(topic, now)
    return f"还有{days}天" if days else "今天截止"
