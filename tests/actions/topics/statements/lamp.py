"""A topic of statements, opened, with people who answer it."""

import random

from actions.topics.models import Topic
from actions.topics.opinions import normalised
from actions.topics.statements import choices, writing
from actions.topics.steps import screening
from actions.topics.steps.screening import Wording
from tests.actions.topics.village import CLERK, NOW, OVERSEER, Village

LINES = (
    "路灯先装学校门口",
    "路灯先装东头",
    "夜里十一点以后关灯省电",
    "用太阳能的灯，坏了也好修",
    "电费从村集体收入里出",
    "哪家门口亮，哪家多操点心",
    "灯杆不能立在人家门口",
    "装灯要请有证的电工",
    "老人多的地方多装一盏",
    "修灯的人名字和电话要贴出来",
)


def opened(here: Village, *, lines: tuple[str, ...] = LINES, size: int | None = 200) -> Topic:
    topic = here.raised()
    wording = Wording("村口路段装路灯", matter="facility", method="statements", days=10, circle_size=size)
    screening.edit(here.session, topic.id, wording, actor=CLERK, key="edit", now=NOW)
    screening.take_up(here.session, topic.id, actor=CLERK, key="take", now=NOW)
    seeded(here, topic, *lines)
    screening.propose_opening(here.session, topic.id, actor=CLERK, key="ask", now=NOW)
    return screening.open_topic(here.session, topic.id, actor=OVERSEER, key="open", now=NOW, keys=here.keys)


def seeded(here: Village, topic: Topic, *lines: str, key: str = "seed") -> None:
    normals = [normalised(line) for line in lines]
    writing.seed(here.session, topic.id, lines, normals, actor=CLERK, key=key, now=NOW)


def answer(here: Village, topic: Topic, asker: str, statement: int, said: int) -> None:
    choices.answer(
        here.session,
        topic_id=topic.id,
        statement=statement,
        said=said,
        asker=asker,
        source="chat",
        now=NOW,
        keys=here.keys,
    )


def two_camps(here: Village, topic: Topic, people: int, *, chance: random.Random) -> None:
    """With slips: half want it at the school and paid by the village, half don't; all want a licensed electrician."""
    ids = [row.id for row in choices.shown(here.session, topic)]
    for n in range(people):
        here.slip(f"p{n}")
        for column, statement in enumerate(ids):
            leans = (0.9 if column == 7 else 0.85 if (column < 6) == (n % 2 == 0) else 0.15) > chance.random()
            answer(here, topic, f"p{n}", statement, choices.AGREE if leans else choices.DISAGREE)
