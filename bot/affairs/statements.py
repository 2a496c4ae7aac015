"""One statement after another in the chat: 1 同意, 2 不同意, 3 跳过, and 停. Taken before Rasa, like every choice."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from actions.dialogue.affairs.opinion import BALLOT
from actions.dialogue.affairs.village import page
from actions.errors import ActionError
from actions.replies import Button, Link, Reply, ReplyKind
from actions.roster import slips
from actions.storable import MOST_NUMBER
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Opinion, Topic
from actions.topics.statements import choices
from actions.topics.statements.choices import AGREE, DISAGREE, PASS

_ASKED = re.compile(r"^statement (\d{1,9}) (\d{1,9})$")
_BUTTON = re.compile(r"^(议-\d{2}-\d{3,6}) (?:第(\d{1,9})句 (同意|不同意|跳过)|(开始表态))$")
_SAID = (
    (DISAGREE, re.compile(r"^(?:2|二|②|不同意|不赞成|反对|不行|不中|不好|不要)$")),
    (AGREE, re.compile(r"^(?:1|一|①|同意|赞成|行|中|好|可以|要得|支持)$")),
    (PASS, re.compile(r"^(?:3|三|③|跳过|说不好|不知道|不清楚|没想好|下一[句个条]|过)$")),
)
_BEGINS = re.compile(r"^(?:1|开始|好|行|可以|来)$")
_STOPS = re.compile(r"^(?:停|停下|先停|不看了|不说了|不答了|不弄了|算了|够了|下次再说|退出|结束)[了吧。！!.]*$")
_TAIL = re.compile(r"(?:吧|了|的|啊|呀|哈|[。！!.])+$")
LOOSE = "还没用参与码，先放在“没用参与码”里另算；有纸条的话，把上面 10 位码发给我。"


def pressed(text: str) -> tuple[str, int, int | None] | None:
    """The topic's number, the statement and what is said of it, by a button of ours; 0 and None begin."""
    found = _BUTTON.match(text.strip())
    if found is None:
        return None
    said = {"同意": AGREE, "不同意": DISAGREE, "跳过": PASS}.get(found[3])
    return found[1], int(found[2] or 0), said


def asked(step: str | None) -> tuple[int, int] | None:
    """The topic and the statement of our last question."""
    found = _ASKED.match(step or "")
    if found is None or int(found[1]) > MOST_NUMBER or int(found[2]) > MOST_NUMBER:
        return None
    return int(found[1]), int(found[2])


def said_in(text: str) -> int | None:
    words = text.strip().strip("。！!. ")
    bare = words if len(words) <= 1 else _TAIL.sub("", words)
    return next((said for said, pattern in _SAID if pattern.match(bare)), None)


def begins(text: str) -> bool:
    return bool(_BEGINS.match(text.strip(" 。！!.")))


def stops(text: str) -> bool:
    return bool(_STOPS.match(text.strip()))


def stopped(topic: Topic) -> Reply:
    text = "好，先到这里，答过的都记着。截止前说“议事”，从没答的接着来，也可以改。"
    return Reply(ReplyKind.text, text, links=(_page(topic),))


def next_of(
    session: Session, topic: Topic, *, asker: str, keys: TopicKeys, now: datetime, just: Sequence[int] = ()
) -> Reply:
    """The next statement with its three buttons, or thanks. `just`: what is being answered right now. Never what
    somebody said: that they answered is all that the conversation keeps.
    """
    try:
        at = choices.progress(session, topic, asker=asker, now=now, keys=keys, skip=just)
    except ActionError as error:
        return Reply(ReplyKind.text, error.message_zh)
    is_counted = slips.participant_of(session, asker=asker, place=topic.place_id, now=now) is not None
    if at.next is None:
        return _thanks(topic, at.of, is_counted=is_counted)
    return _question(topic, at.next, at.done + 1, at.of)


def _question(topic: Topic, statement: Opinion, ordinal: int, of: int) -> Reply:
    lead = f"{topic.number} 第{statement.id}句"
    return Reply(
        ReplyKind.asking,
        f"第{ordinal}句，一共{of}句：“{statement.text}”\n1 同意，2 不同意，3 说不好、跳过。不想答了就说“停”。",
        buttons=(Button("同意", f"{lead} 同意"), Button("不同意", f"{lead} 不同意"), Button("跳过", f"{lead} 跳过")),
        form=BALLOT,
        step=f"statement {topic.id} {statement.id}",
    )


def _thanks(topic: Topic, of: int, *, is_counted: bool) -> Reply:
    text = f"{of}句都答完了，谢谢您。选的什么不留在对话里。还有没人说到的，您可以自己写一句，让别人也表个态。"
    own = Button("我来写一句", f"{topic.number} 说意见")
    if is_counted:
        return Reply(ReplyKind.text, text, buttons=(own,), links=(_page(topic),))
    return Reply(ReplyKind.text, text + LOOSE, buttons=(own, Button("用参与码", "用参与码")), links=(_page(topic),))


def _page(topic: Topic) -> Link:
    return page("在网页上看", topic.place_id, f"y{topic.ordinal}")
