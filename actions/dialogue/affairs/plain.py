"""What only village affairs can be meant by, said in plain words, whatever the classifier took it for."""

import re
from datetime import UTC, datetime

from actions.dialogue.affairs import topics as telling
from actions.dialogue.affairs.decision import AskDecision
from actions.dialogue.affairs.raising import RaiseTopic
from actions.dialogue.affairs.topics import AskAffairs
from actions.dialogue.affairs.village import village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.dialogue.hearing import phrases
from actions.topics import listing
from actions.topics.models import Topic

_LONG = 40  # characters; a longer story has other matters
# A motion: it goes through the gate of the law, and isn't told the rights of whom it is aimed at as if of its own.
_MOTION = re.compile(
    r"(?:叫|让|请|喊|由)(?:大家|大伙|全村|村民|村里人|各家各户|各户).{0,4}"
    r"(?:表(?:个|一个)?态|表决|投(?:个|一)?票|举(?:个)?手)(?:吧|嘛|呗|一下|看看|决定|定)*$"
)
_DECIDED = re.compile(
    r"(?:修|建|挖|打|装|铺|架|硬化|招标).{0,12}"
    r"(?:批了?没|批下来(?:没|了吗)|批了吗|定(?:下来)?了?没(?:有)?|定了吗|通过了?没|通过了吗|开会定了)"
)
_OWN_AFFAIR = re.compile(r"[我俺](?!们)|自家|宅基地|房|低保|贷款|证|电表|网")
_CLOSES = re.compile(
    r"^(?:那|这|这个|投票|选|征求意见|议题)?(?:还有|剩)?(?:几天|多久|哪天|几号|什么时候|啥时候)(?:才|就)?"
    r"(?:截止|公布结果|出结果)(?:啊|呀|呢|的)?$"
)
_HOW_IS_IT = re.compile(
    r"(?:那|这)?(?:个|件)?(?:的)?事?"
    r"(?:咋样|怎么样|怎样|到哪(?:一)?步|办了没|有结果没|有结果)(?:了)?(?:吗|没)?$"
)
_END = '。！!？? “”"'


def heard(services: Services, turn: Turn) -> Said | None:
    text = turn.text.strip(_END)
    if len(text) > _LONG or not turn.place:
        return None
    if _MOTION.search(text) and not phrases.is_question(text):
        return RaiseTopic(services).do(turn)
    if _DECIDED.search(text) and not _OWN_AFFAIR.search(text):
        return AskDecision(services).do(turn)
    return _of_topics(services, turn, text)


def _of_topics(services: Services, turn: Turn, text: str) -> Said | None:
    """When what is open closes; how one's own topic stands, called by a word of it."""
    closes, asked = _CLOSES.match(text), _HOW_IS_IT.search(text)
    if not closes and not asked:
        return None
    now = datetime.now(UTC)
    with services.sessions() as session:
        village = village_of(session, turn)
        if closes:
            return AskAffairs(services).do(turn) if village and listing.open_topics(session, village.id, now) else None
        assert asked
        named = _pairs(text[: asked.start()])
        own = listing.of_conversation(session, turn.conversation_id)
        found = [topic for topic in own if named & _pairs(_called(topic))]
        return say(telling.told_of(found[0], now)) if len(found) == 1 else None


def _called(topic: Topic) -> str:
    return f"{topic.title} {topic.text}"


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)}
