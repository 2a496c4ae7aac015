"""What the buttons of village affairs send, and what the next message means after one of their questions.

The classifier knows neither: 就这样提 and an opinion of three words are taken for what was asked, whatever it makes of
them.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from actions.dialogue.affairs import disclosure, opinion, plain, raising
from actions.dialogue.affairs import topics as telling
from actions.dialogue.affairs.disclosure import AskDisclosure
from actions.dialogue.affairs.opinion import GiveOpinion
from actions.dialogue.affairs.raising import RaiseTopic
from actions.dialogue.affairs.topics import AskAffairs
from actions.dialogue.affairs.village import village_of
from actions.dialogue.community import building, checkup, events, exchange, past, people, points, talk
from actions.dialogue.community.events import AskEvent
from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, say, slots
from actions.dialogue.hearing import commands, phrases
from actions.errors import ActionError
from actions.replies import Button, Reply, ReplyKind
from actions.roster import slips
from actions.topics import following
from actions.topics.models import Topic
from actions.topics.status import TopicState

_OF_TOPIC = re.compile(
    r"^(议-\d{2}-\d{3,6})(?:\s*(说意见|选一个|改票|记下|落实了|没落实|不知道|选第\d{1,2}个|都行|开始表态"
    r"|第\d{1,9}句 (?:同意|不同意|跳过)))?$"
)
_OF_POSTING = re.compile(r"^问公开 (\d{1,9})$")
_CHECKED = {said: answer for answer, said in following.ANSWERS.items()}
_END = '。！! “”"'
_TAKEN = re.compile(r"^(?:我的?)?(?:参与)?码(?:被人|让人|叫人)(?:家)?(?:先)?(?:用|占)(?:了|过了)?$")
_OWN = frozenset(
    "ask_affairs raise_topic give_opinion ask_decision call_meeting ask_disclosure check_points find_helper ask_event"
    " check_procedure".split()
)
_STORY = 40  # characters
_SLIP = re.compile(r"参与码|纸条上?.{0,4}码|码(?:被|让|叫)(?:人|人家|别人).{0,3}(?:用|占)")
_TOPICS = re.compile(r"议题|村里.{0,6}征求意见|征求意见.{0,8}(?:村里|哪天|几天|结果|截止|单子|在哪)")
_BOARD = re.compile(r"(?:公开栏|公示栏|公开板|公示板).{0,10}(?:没|空|旧|去年|半年|好久|发黄|不换|撕)")
# Words that a question of ours doesn't take for its answer.
_AWAY = ("human_handoff", "greet", "thanks", "goodbye", "ask_capabilities", "check_case")


def heard(services: Services, turn: Turn) -> Said | None:
    """What is said to it; None for other words, and inside a form, which reads its own answers."""
    if turn.form:
        return None
    text = turn.text.strip(_END)
    if (found := _OF_TOPIC.match(text)) is not None:
        return _of_topic(services, turn, found[1], found[2] or "")
    if (found := _OF_POSTING.match(text)) is not None:
        return AskDisclosure(services).ask_about(turn, int(found[1]))
    if _TAKEN.match(text):
        return _code_taken(services, turn)
    hears = (points.heard, events.heard, exchange.consent, checkup.heard, _deed, _awaited, people.heard, plain.heard)
    for hear in hears:
        if (said := hear(services, turn)) is not None:
            return said
    return _by_words(services, turn) if turn.place else None


def _deed(services: Services, turn: Turn) -> Said | None:
    deed = _DEEDS.get(turn.text.strip(_END))
    return deed(services, turn) if deed else None


def _by_words(services: Services, turn: Turn) -> Said | None:
    """What only village affairs are called by, whatever the classifier took it for; a long story has other matters."""
    text = turn.text
    if len(text) > _STORY:
        return None
    for hear in (talk.heard, building.heard, past.heard):
        if (said := hear(services, turn)) is not None:
            return said
    if disclosure.asks_what_it_cost(text):  # 修南沟那条路花了多少钱 was a decision
        return AskDisclosure(services).do(turn)
    if turn.intent in _OWN:
        return None
    if _SLIP.search(text) or _TOPICS.search(text):
        return AskAffairs(services).do(turn)
    return AskDisclosure(services).do(turn) if _BOARD.search(text) else None


def _awaited(services: Services, turn: Turn) -> Said | None:
    what = turn.awaited
    if not what or _is_away(turn):
        return None
    if what.startswith((events.JOIN, events.ASK)):
        return events.awaited(services, turn, what)
    if what == raising.READ_BACK and (is_right := phrases.yes_or_no(turn.text)) is not None:
        return RaiseTopic(services).raised(turn) if is_right else raising.ask_words(turn)
    if what == raising.WORDS:
        return RaiseTopic(services).reword(turn)
    if what.startswith(opinion.OPINION):
        return GiveOpinion(services).kept(turn, int(what.removeprefix(opinion.OPINION)), turn.text)
    if what == disclosure.CONTACT:
        return AskDisclosure(services).contact(turn)
    if what.startswith(disclosure.ASK):
        return AskDisclosure(services).asked(turn, int(what.removeprefix(disclosure.ASK)))
    return points.awaited(services, turn, what)


def _is_away(turn: Turn) -> bool:
    """Somebody drops it, or wants something else in so many words."""
    if phrases.is_drop(turn.text) or phrases.is_pause(turn.text):
        return True
    is_short = len(turn.text) <= 12
    return is_short and turn.intent in _AWAY and commands.is_meant(turn.text, turn.intent, turn.sure)


def _of_topic(services: Services, turn: Turn, number: str, deed: str) -> Said:
    with services.sessions() as session:
        topic = telling.numbered(session, turn, village_of(session, turn))
    if topic is None:
        text = f"没有找到 {number}，请核对编号；也可能是别的村的，先说“我是某某村的”。"
        return say(Reply(ReplyKind.asking, text, buttons=(Button("看现在商量什么", "议事"),)))
    if deed in _CHECKED:
        return _checked(services, turn, topic, _CHECKED[deed])
    if not deed or topic.state is not TopicState.open:
        return say(telling.told_of(topic, datetime.now(UTC)))
    if deed == "说意见":
        return opinion.ask_opinion(turn, topic)
    if deed == "记下":
        draft = turn.slot("affairs_draft")
        return GiveOpinion(services).kept(turn, topic.id, draft) if draft else opinion.ask_opinion(turn, topic)
    # A choice that comes as far as here wasn't taken by the step before Rasa: it is asked for once more, unsaid.
    return say(opinion.ballot(topic) if telling.is_chosen(topic) else telling.told_of(topic, datetime.now(UTC)))


def _checked(services: Services, turn: Turn, topic: Topic, answer: str) -> Said:
    with services.sessions() as session:
        try:
            told = following.answer_check(
                session, topic_id=topic.id, asker=turn.conversation_id, answer=answer, now=datetime.now(UTC)
            )
        except ActionError as error:
            told = error.message_zh
    return say(Reply(ReplyKind.text, told, links=telling.links(topic)))


def _code_taken(services: Services, turn: Turn) -> Said:
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None:
            return say(Reply(ReplyKind.asking, "您是哪个村的？先说“我是某某村的”，再说“码被人用了”。"))
        try:
            told = slips.report_taken(session, asker=turn.conversation_id, place=village.id, now=datetime.now(UTC))
            session.commit()
        except ActionError as error:
            return say(Reply(ReplyKind.asking, error.message_zh, form=opinion.BALLOT, step=opinion.CODE))
    return say(Reply(ReplyKind.text, told))


def _only_asking(services: Services, turn: Turn) -> Said | None:
    return RaiseTopic(services).only_asked(turn) if turn.slot("affairs_draft") else None


def _not_meant(services: Services, turn: Turn) -> Said:
    text = "好，不记。您是想问、想反映，还是想请村里商量？直接说就行。"
    return say(Reply(ReplyKind.smalltalk, text), events=slots(affairs_draft=None))


def _only_asked_code(services: Services, turn: Turn) -> Said:
    return say(opinion.ask_code())


def _run(kind: type[CustomAction]) -> Callable[[Services, Turn], Said]:
    return lambda services, turn: kind(services).do(turn)


_DEEDS: Mapping[str, Callable[[Services, Turn], Said | None]] = {
    "议事": _run(AskAffairs),
    "村里事": _run(AskAffairs),
    "村务公开": _run(AskDisclosure),
    events.SEE.payload: _run(AskEvent),
    "改票": _run(GiveOpinion),
    "用参与码": _only_asked_code,
    "不是这个意思": _not_meant,
    raising.PUT: lambda services, turn: RaiseTopic(services).put(turn),
    raising.CONFIRMED: lambda services, turn: RaiseTopic(services).raised(turn),
    raising.REWORD: lambda services, turn: raising.ask_words(turn),
    raising.ONLY_ASKING: _only_asking,
    disclosure.FILE: lambda services, turn: AskDisclosure(services).begin(turn),
    disclosure.NOT_POSTED: lambda services, turn: AskDisclosure(services).begin(turn),
    disclosure.ANONYMOUS: lambda services, turn: AskDisclosure(services).filed(turn, "匿名"),
    disclosure.HERE: lambda services, turn: AskDisclosure(services).filed(turn, "在这里回复"),
}
