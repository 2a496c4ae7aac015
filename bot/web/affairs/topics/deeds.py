"""What each of three people may do with a topic from the console: the one who writes, the second, the lawyer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from actions.cases.moves import Actor
from actions.errors import InvalidInput, NotAllowed
from actions.storable import row_of
from actions.topics import opinions
from actions.topics.counting import paper
from actions.topics.counting.keys import TopicKeys
from actions.topics.counting.paper import Box
from actions.topics.models import Opinion, Topic
from actions.topics.statements import writing
from actions.topics.steps import result, screening
from actions.topics.steps.result import MOST_TASKS, Task
from actions.topics.steps.screening import Wording
from bot.staff import rights
from bot.web.staff.desk import Form


@dataclass(frozen=True)
class Doing:
    """One deed on one topic, by who sits here."""

    at: Form
    topic: Topic
    do: str

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.at.staff.name, self.at.staff.id)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def key(self) -> str:
        """Of this one wish, so that a form sent twice does nothing twice."""
        return f"form-topic-{self.topic.id}-{self.do}-{self.at.text('nonce', 40) or self.now.timestamp()}"

    @property
    def keys(self) -> TopicKeys:
        return TopicKeys(self.at.desk.settings.topic_keys)

    def check_second(self, writer_id: int | None) -> None:
        rights.check_second(self.at.session, self.at.staff, self.topic.place_id, writer_id)


def edit(d: Doing) -> None:
    at = d.at
    said = Wording(
        title=at.text("title", 100),
        background=at.text("background", 2000),
        matter=at.text("matter", 20),
        circle=at.text("circle", 20),
        circle_words=at.text("circle_words", 60),
        circle_size=at.number("circle_size"),
        basis=at.text("basis", 12),
        method=at.text("method", 12),
        options=at.text("options", 1000).splitlines(),
        days=at.number("days") or 0,
        boxes=at.number("boxes") or 0,
    )
    screening.edit(at.session, d.topic.id, said, actor=d.actor, key=d.key, now=d.now)


def take_up(d: Doing) -> None:
    screening.take_up(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now)


def refer(d: Doing) -> None:
    screening.refer(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now)


def merge(d: Doing) -> None:
    screening.merge(d.at.session, d.topic.id, d.at.text("into", 20), actor=d.actor, key=d.key, now=d.now)


def refuse(d: Doing) -> None:
    reason, said = d.at.text("reason", 20), d.at.text("said", 500)
    screening.propose_refusal(d.at.session, d.topic.id, reason=reason, said=said, actor=d.actor, key=d.key, now=d.now)


def ready(d: Doing) -> None:
    screening.propose_opening(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now)


def extend(d: Doing) -> None:
    screening.extend(d.at.session, d.topic.id, d.at.text("why", 300), actor=d.actor, key=d.key, now=d.now)


def resume(d: Doing) -> None:
    screening.resume(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now, keys=d.keys)


def look(d: Doing) -> None:
    """An opinion: shown, or hidden for a reason of the list."""
    one = _opinion(d)
    if d.at.text("verdict", 8) == "show":
        _check_law(d, one)
        opinions.show(d.at.session, one, actor=d.actor, now=d.now)
    else:
        opinions.hide(d.at.session, one, d.at.text("reason", 20), actor=d.actor, key=f"{d.key}-{one}", now=d.now)


def _check_law(d: Doing, one: int) -> None:
    """What others are asked to agree with is as a topic: a legal worker looks where the gate has doubts."""
    held = row_of(d.at.session, Opinion, one)
    if writing.is_of(d.topic) and held is not None and writing.needs_law(held.text):
        raise NotAllowed("这句要先请法律工作者看过，才能拿来让大家表态。")


def _opinion(d: Doing) -> int:
    """Of this topic, whose place was checked. Raises InvalidInput."""
    held = row_of(d.at.session, Opinion, d.at.number("opinion") or 0)
    if held is None or held.topic_id != d.topic.id:
        raise InvalidInput("没有这条意见，可能说的人自己删了。")
    return held.id


def seed(d: Doing) -> None:
    """The village's own statements, one a line."""
    lines = [line.strip() for line in d.at.text("lines", 4000).splitlines() if line.strip()]
    normals = [opinions.normalised(line) for line in lines]
    writing.seed(d.at.session, d.topic.id, lines, normals, actor=d.actor, key=d.key, now=d.now)


def look_at_law(d: Doing) -> None:
    """A statement that the gate flagged, shown by a legal worker."""
    opinions.show(d.at.session, _opinion(d), actor=d.actor, now=d.now)


def adopt(d: Doing) -> None:
    one, adoption = _opinion(d), d.at.text("adoption", 8)
    result.adopt(d.at.session, one, adoption, d.at.text("why", 300), actor=d.actor, now=d.now)


def box(d: Doing) -> None:
    at = d.at
    codes = tuple(code for code in at.text("households", 4000).replace("，", " ").replace("、", " ").split() if code)
    counts = tuple(_count(at, f"count{n}") for n in range(len(d.topic.options)))
    typed = Box(_count(at, "box"), counts, _count(at, "papers"), _count(at, "spoilt"), codes)
    paper.write(at.session, d.topic.id, typed, actor=d.actor, key=d.key, now=d.now)


def _count(at: Form, name: str) -> int:
    found = at.number(name)
    if found is None:
        raise InvalidInput("每一项填几张，没有就填 0。")
    return found


def talk(d: Doing) -> None:
    result.talk_over(d.at.session, d.topic.id, d.at.text("said", 500), actor=d.actor, key=d.key, now=d.now)


def write_result(d: Doing) -> None:
    at = d.at
    tasks = [
        Task(at.text(f"task{n}", 200), at.number(f"team{n}"), _day(at.text(f"due{n}", 10)))
        for n in range(MOST_TASKS)
        if at.text(f"task{n}", 200)
    ]
    result.propose(
        at.session,
        d.topic.id,
        said=at.text("said", 2000),
        outcome=at.text("outcome", 12),
        tasks=tasks,
        actor=d.actor,
        key=d.key,
        now=d.now,
    )


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2020 < found.year < 2100 else None


def to_meeting(d: Doing) -> None:
    result.to_meeting(d.at.session, d.topic.id, decision_id=None, actor=d.actor, key=d.key, now=d.now)


def confirm_refusal(d: Doing) -> None:
    d.check_second(d.topic.pending_by)
    screening.confirm_refusal(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now)


def open_it(d: Doing) -> None:
    d.check_second(d.topic.pending_by)
    screening.open_topic(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now, keys=d.keys)


def send_back(d: Doing) -> None:
    d.check_second(d.topic.pending_by)
    screening.send_back(d.at.session, d.topic.id, d.at.text("why", 500), actor=d.actor, key=d.key, now=d.now)


def confirm_box(d: Doing) -> None:
    number = d.at.number("box") or 0
    row = next((row for row in paper.boxes_of(d.at.session, d.topic) if row.box == number), None)
    d.check_second(row.by if row else None)
    paper.confirm(d.at.session, d.topic.id, number, actor=d.actor, key=d.key, now=d.now, keys=d.keys)


def publish(d: Doing) -> None:
    d.check_second(d.topic.pending_by)
    result.publish(d.at.session, d.topic.id, actor=d.actor, key=d.key, now=d.now)


def clear(d: Doing) -> None:
    verdict, said = d.at.text("verdict", 12), d.at.text("said", 500)
    screening.clear(d.at.session, d.topic.id, verdict, said, actor=d.actor, key=d.key, now=d.now)


def suspend(d: Doing) -> None:
    screening.suspend(d.at.session, d.topic.id, d.at.text("said", 500), actor=d.actor, key=d.key, now=d.now)


@dataclass(frozen=True)
class Deed:
    """`needs`: the permission; `name`: as the audit has it."""

    needs: str
    name: str
    carry_out: Callable[[Doing], None]
    done: str = "存好了。"


DEEDS = {
    "edit": Deed("write", "改议题", edit),
    "take": Deed("write", "列入议题", take_up, "列入了，提的人会收到。"),
    "refer": Deed("write", "议题转为事项", refer, "登记成事项了，提的人会收到编号。"),
    "merge": Deed("write", "并题", merge, "并过去了。"),
    "refuse": Deed("write", "写不列入", refuse, "写好了，等监委会确认以后再告诉提的人。"),
    "ready": Deed("write", "请确认开始", ready, "交给监委会了，他们确认就开始。"),
    "extend": Deed("write", "延长征求意见", extend, "延长了，大家会看到原因。"),
    "resume": Deed("write", "停了再列入", resume, "之前收到的都作废了，请改好再开始。"),
    "look": Deed("write", "看意见", look),
    "seed": Deed("write", "写开头的几句", seed),
    "look-law": Deed("clear", "法律上看一句", look_at_law, "贴出来了。"),
    "box": Deed("write", "录纸票", box, "录好了，请另一个人来点一遍、确认。"),
    "talk": Deed("write", "开会商量", talk, "通知发给关注的人了。"),
    "adopt": Deed("write", "答复意见", adopt),
    "result": Deed("write", "写结果", write_result, "写好了，等监委会确认就公布。"),
    "meeting": Deed("write", "交会议决定", to_meeting, "记下了，请到“决定与会议”里办。"),
    "confirm-refusal": Deed("oversee", "确认不列入", confirm_refusal, "确认了，提的人会收到原因和别的办法。"),
    "open": Deed("oversee", "确认开始征求意见", open_it, "开始了，到截止的时间系统自己收，谁也不能提前截止。"),
    "back": Deed("oversee", "退回议题", send_back, "退回给文书了。"),
    "confirm-box": Deed("oversee", "确认纸票", confirm_box, "这一箱两个人都点过了。"),
    "publish": Deed("oversee", "确认公布结果", publish, "公布了，交办的事也派出去了。"),
    "clear": Deed("clear", "议题的法律意见", clear),
    "suspend": Deed("clear", "暂停议题", suspend, "停下来了，居民看不到收到的内容。"),
}
