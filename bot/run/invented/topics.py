"""What the invented village talks over: carried out, open, to be screened, to be opened, refused."""

from datetime import timedelta

from sqlalchemy import select

from actions.cases import moves as case_moves
from actions.cases.status import CaseStatus
from actions.topics import ballots, clock, following, opinions, raising
from actions.topics.models import Opinion, Topic
from actions.topics.steps import result, screening
from actions.topics.steps.result import Task
from actions.topics.steps.screening import Wording
from bot.run.invented.village import CLERK, OVERSEER, Stage

_LAMP = Wording(
    title="村口路段装路灯，先装哪一头",
    background="一盏约2000元，今年的钱够装两盏。",
    matter="facility",
    method="single",
    options=("东头", "西头", "学校门口"),
    circle_size=200,
)
_SQUARE = Wording(
    title="文化广场晚上跳舞，几点收音响",
    background="广场边上住着老人和上学的孩子，跳舞的人也不少。",
    matter="service",
    method="single",
    options=("八点半", "九点", "九点半"),
    circle_size=200,
    days=14,
)
_BINS = Wording(
    title="垃圾桶放在哪几个点",
    background="新到六个分类垃圾桶，想放在大家走得到、车也拉得走的地方。",
    matter="environment",
    method="opinions",
)
_LAMP_SAID = (
    ("学校门口孩子放学要走，先装那里", "理由"),
    ("东头路窄，晚上摔过人", "担心"),
    ("能不能用太阳能的，省电费", "办法"),
    ("装了以后谁管换灯泡", "问题"),
    ("西头住的老人多，起夜要走那段路", "理由"),
)
_ADOPTED = (
    ("yes", "孩子走得多，先装学校门口"),
    ("part", "东头第二盏就装"),
    ("no", "太阳能的今年钱不够，明年一起看"),
    ("yes", "换灯泡由电工管，电话贴在灯杆上"),
    ("part", "西头明年装"),
)
_SQUARE_SAID = (
    ("孩子九点要睡觉，八点半收最好", "理由"),
    ("夏天天黑得晚，八点半太早了", "理由"),
    ("音响朝着路那边放，住户就听不大见", "办法"),
    ("周末能不能晚半个小时", "问题"),
    ("考试那几天请停一停", "担心"),
    ("可以买几副无线耳机试试", "办法"),
)


def talk(stage: Stage) -> int:
    """How many topics there are now."""
    _lamp(stage)
    _refused(stage)
    _square(stage)
    _to_be_opened(stage)
    _raised(stage, "村里的图书屋周末能不能也开门", "books", 1)
    return 5


def _raised(stage: Stage, text: str, key: str, days_ago: float) -> Topic:
    return raising.raise_topic(
        stage.session,
        place=stage.place.id,
        text=text,
        conversation_id=None,
        by="resident",
        key=f"demo-topic-{key}",
        now=stage.at(days_ago),
        is_demo=True,
    )


def _prepared(stage: Stage, text: str, wording: Wording, key: str, days_ago: float) -> Topic:
    """Raised, worded, taken up, and given to the overseer."""
    stage.look_at_numbers(days_ago)
    topic, session, at = _raised(stage, text, key, days_ago), stage.session, stage.at(days_ago, 15)
    screening.edit(session, topic.id, wording, actor=CLERK, key=f"demo-{key}-edit", now=at)
    screening.take_up(session, topic.id, actor=CLERK, key=f"demo-{key}-take", now=at)
    screening.propose_opening(session, topic.id, actor=CLERK, key=f"demo-{key}-ask", now=at)
    return topic


def _open(stage: Stage, topic: Topic, key: str, days_ago: float) -> None:
    at = stage.at(days_ago)
    screening.open_topic(stage.session, topic.id, actor=OVERSEER, key=f"demo-{key}-open", now=at, keys=stage.keys)


def _choose(stage: Stage, topic: Topic, chosen: str, days_ago: float) -> None:
    """Each of the first voices what the figure at its place says."""
    for asker, choice in zip(stage.voices, chosen, strict=False):
        ballots.cast(
            stage.session,
            topic_id=topic.id,
            asker=asker,
            choice=[int(choice)],
            source="page",
            key=f"demo-{topic.id}-{asker}",
            now=stage.at(days_ago),
            keys=stage.keys,
        )


def _say(stage: Stage, topic: Topic, said: tuple[tuple[str, str], ...], days_ago: float, *, shown: bool) -> None:
    for number, (text, stance) in enumerate(said):
        opinion = opinions.add(
            stage.session,
            topic_id=topic.id,
            asker=stage.voices[-1 - number],
            text=text,
            stance=stance,
            source="page",
            key=f"demo-{topic.id}-said-{number}",
            now=stage.at(days_ago, 20),
        )
        if shown or number < len(said) - 1:
            opinions.show(stage.session, opinion.id, actor=CLERK, now=stage.at(days_ago, 21))


def _lamp(stage: Stage) -> None:
    """Through to the question whether it was carried out."""
    session = stage.session
    topic = _prepared(stage, "咱村口那段路晚上太黑，能不能装个灯", _LAMP, "lamp", 58)
    _open(stage, topic, "lamp", 57)
    _choose(stage, topic, "222222222220000001111200", 54)
    _say(stage, topic, _LAMP_SAID, 53, shown=True)
    clock.tick(session, stage.at(46), keys=stage.keys, only=topic.id)
    session.expire_all()
    own = select(Opinion).where(Opinion.topic_id == topic.id).order_by(Opinion.id)
    for opinion, (adoption, why) in zip(session.scalars(own).all(), _ADOPTED, strict=True):
        result.adopt(session, opinion.id, adoption, why, actor=CLERK, now=stage.at(44))
    result.propose(
        session,
        topic.id,
        said="先装学校门口和东头各一盏，西头明年装；换灯泡由电工管。",
        outcome="carry_out",
        tasks=[Task("学校门口和东头各装一盏路灯", stage.team, stage.day(14))],
        actor=CLERK,
        key="demo-lamp-result",
        now=stage.at(43),
    )
    result.publish(session, topic.id, actor=OVERSEER, key="demo-lamp-publish", now=stage.at(42))
    _built(stage, topic)
    clock.tick(session, stage.at(18), keys=stage.keys, only=topic.id)
    session.expire_all()
    for asker, answer in zip(stage.voices, ("yes", "yes", "yes", "no", "yes", "unsure"), strict=False):
        following.answer_check(session, topic_id=topic.id, asker=asker, answer=answer, now=stage.at(15))


def _built(stage: Stage, topic: Topic) -> None:
    case_id = int(str(topic.tasks[0]["case_id"]))
    unit = case_moves.Actor("staff", "演示坐席")
    for days_ago, to, note in (
        (38, CaseStatus.in_progress, "灯杆订好了"),
        (20, CaseStatus.answered, "两盏都亮了，请大家晚上去看看。"),
    ):
        case_moves.move(
            stage.session, case_id, to, actor=unit, key=f"demo-lamp-{to}", now=stage.at(days_ago), note=note
        )
    stage.session.commit()


def _square(stage: Stage) -> None:
    """Open now: voices counted in steps, opinions shown, one that waits to be looked at."""
    topic = _prepared(stage, "广场跳舞的音响太晚了，能不能大家商量个时间", _SQUARE, "square", 6)
    _open(stage, topic, "square", 5)
    _choose(stage, topic, "0102110210010", 3)
    _say(stage, topic, _SQUARE_SAID, 2, shown=False)


def _to_be_opened(stage: Stage) -> None:
    _prepared(stage, "新来的垃圾桶放在哪里，大家一起说说", _BINS, "bins", 2)


def _refused(stage: Stage) -> None:
    topic, at = _raised(stage, "镇上到县城的班车能不能多开一趟", "bus", 26), stage.at(25)
    screening.propose_refusal(
        stage.session,
        topic.id,
        reason="higher",
        said="班车由县里管，村里定不了。我们已经帮大家报到县交通局。",
        actor=CLERK,
        key="demo-bus-no",
        now=at,
    )
    screening.confirm_refusal(stage.session, topic.id, actor=OVERSEER, key="demo-bus-sure", now=at + timedelta(hours=2))
