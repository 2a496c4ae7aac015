"""Before a topic opens: taken up or not, worded, cleared by law, opened by two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from actions.calendar.workdays import calendar
from actions.cases import filing, numbers
from actions.cases.models import Case
from actions.cases.moves import Actor
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.motions import gate
from actions.roster.profile import profile_of
from actions.storable import storable
from actions.topics import following, listing, words
from actions.topics.counting.keys import TopicKeys
from actions.topics.lists import lists, must_be_on
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.raising import keep_findings, why_stopped
from actions.topics.statements import writing
from actions.topics.status import By, TopicState
from actions.topics.steps.moves import add_event, get, is_done, move
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

LEAST_DAYS, MOST_DAYS, MORE_DAYS = 7, 30, 15
RESULT_WORKDAYS = 10
MOST_OPTIONS, MOST_OPTION, MOST_BOXES = 6, 20, 9


@dataclass(frozen=True)
class Wording:
    """What a clerk fills in; as typed. `options`: one a line there."""

    title: str
    background: str = ""
    matter: str = ""
    circle: str = "all"
    circle_words: str = ""
    circle_size: int | None = None
    basis: str = "person"
    method: str = "opinions"
    options: Sequence[str] = ()
    days: int = 10
    boxes: int = 0


def edit(session: Session, topic_id: int, said: Wording, *, actor: Actor, key: str, now: datetime) -> Topic:
    """Words, circle, method, options, days, while nobody has answered yet. Commits.

    What was cleared or prepared before is void, for it was other words. Raises InvalidInput, NotAllowed.
    """
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if topic.state not in (TopicState.raised, TopicState.agenda):
        raise NotAllowed("开始征求意见以后，题目和选项都不能再改，免得大家答的不是同一件事。")
    options = _options(said)
    if not 2 <= len(said.title.strip()) <= 40:
        raise InvalidInput("题目写 2 到 40 个字。")
    own = [row.text for row in writing.seeds(session, topic)] if said.method == "statements" else []
    verdict = gate.check("\n".join((said.title, said.background, *options, *own)))
    if verdict.is_stopped:
        raise InvalidInput(why_stopped(verdict))
    before = _asked(topic)
    _write(topic, said, options)
    if _asked(topic) != before or topic.legality == "":
        was_held = topic.legality in ("pending", "refused")
        said_by_law = topic.legality_say
        keep_findings(topic, verdict)
        if was_held:  # what was held once, a legal worker sees again, however it is worded now
            topic.legality, topic.legality_say = "pending", said_by_law
    topic.pending, topic.pending_by = "", None
    add_event(session, topic, "改题目和办法", key=key, actor=actor, now=now)
    session.commit()
    return topic


def _asked(topic: Topic) -> tuple[str, str, tuple[str, ...]]:
    return topic.title, topic.background, tuple(topic.options)


def _write(topic: Topic, said: Wording, options: list[str]) -> None:
    topic.title, topic.background = storable(said.title.strip(), 60), storable(said.background.strip(), 2000)
    topic.matter = must_be_on(lists().matters, said.matter, "请选一类事。")
    topic.circle = must_be_on(lists().circles, said.circle, "请选问哪些人。")
    topic.circle_words = storable(said.circle_words.strip(), 60)
    if topic.circle in ("groups", "affected") and not topic.circle_words:
        raise InvalidInput("请写明问哪几个组，或者哪些人受影响。")
    if said.circle_size is not None and not 1 <= said.circle_size <= 100_000:
        raise InvalidInput("大约问多少人，请填一个数。")
    if said.basis not in words.BASES or said.method not in words.METHODS:
        raise InvalidInput("请选怎么问、按人还是按户。")
    if not LEAST_DAYS <= said.days <= MOST_DAYS:
        raise InvalidInput(f"征求意见 {LEAST_DAYS} 到 {MOST_DAYS} 天。")
    if not 0 <= said.boxes <= MOST_BOXES:
        raise InvalidInput(f"票箱 0 到 {MOST_BOXES} 个。")
    topic.circle_size, topic.basis, topic.method = said.circle_size, said.basis, said.method
    topic.options, topic.days, topic.boxes = options, said.days, said.boxes if options else 0


def _options(said: Wording) -> list[str]:
    options = [storable(option).strip() for option in said.options if option.strip()]
    if said.method not in ("single", "approval"):
        return []
    if not 2 <= len(options) <= MOST_OPTIONS:
        raise InvalidInput(f"要选的写 2 到 {MOST_OPTIONS} 项，一行一项。")
    if len(set(options)) < len(options):
        raise InvalidInput("有两项写得一样。")
    if any(len(option) > MOST_OPTION for option in options):
        raise InvalidInput(f"每一项最多 {MOST_OPTION} 个字。")
    return options


def take_up(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime) -> Topic:
    """列入议题. Commits. Raises InvalidInput where it isn't said what is asked of whom."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if not topic.matter:
        raise InvalidInput("先写好题目、哪一类事、问哪些人、怎么问，再列入。")
    say = f"您提的“{topic.title}”（{topic.number}）列入议题了，征求意见的时候再告诉您。"
    move(session, topic, TopicState.agenda, by=By.clerk, actor=actor, key=key, now=now, say=say)
    session.commit()
    return topic


def refer(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime) -> Case:
    """转为事项: one person's trouble becomes a case of the same conversation, once. Commits."""
    topic = get(session, topic_id)
    case = filing.file(
        session,
        request_key=f"topic-{topic.id}-referred",
        conversation_id=topic.conversation_id,
        place=topic.place_id,
        category="其他",
        fields={"what": topic.text},
        now=now,
    )
    topic = get(session, topic_id)
    if topic.state is not TopicState.referred:
        number = numbers.spoken(case.number)
        say = f"您提的“{topic.title}”是要人去办的事，登记成事项了，编号 {number}，进度在这里告诉您。"
        move(session, topic, TopicState.referred, by=By.clerk, actor=actor, key=key, now=now, note=number, say=say)
        session.commit()
    return case


def merge(session: Session, topic_id: int, into: str, *, actor: Actor, key: str, now: datetime) -> Topic:
    """并题: its followers follow the other one. `into`: its number or yNN. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    master = listing.by_number(session, topic.place_id, into)
    if master is None or master.id == topic.id or master.state in (TopicState.merged, TopicState.refused):
        raise InvalidInput("没有这个编号的议题，或者它已经不议了。")
    say = f"您提的“{topic.title}”和“{master.title}”（{master.number}）是一件事，并在一起议，进度照样告诉您。"
    values = {"merged_into_id": master.id}
    move(session, topic, TopicState.merged, by=By.clerk, actor=actor, key=key, now=now, say=say, values=values)
    for follow in following.followers(session, topic.id):
        following.follow(session, master.id, follow, why="raised")
    session.commit()
    return topic


def propose_refusal(
    session: Session, topic_id: int, *, reason: str, said: str, actor: Actor, key: str, now: datetime
) -> None:
    """不列入, written by the clerk; it holds once another confirms it. Commits."""
    topic = get(session, topic_id)
    if topic.state is not TopicState.raised:
        raise NotAllowed("已经列入的，不能再改成不列入。")
    must_be_on(lists().refusals, reason, "请选一个原因。")
    if len(said.strip()) < 5:
        raise InvalidInput("请用一两句话写明为什么，提的人会看到。")
    topic.refusal, topic.words = reason, storable(said.strip(), 500)
    _prepare(session, topic, "refused", "写了不列入", actor=actor, key=key, now=now)


def propose_opening(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime) -> None:
    """Commits. Raises NotAllowed, InvalidInput with what is still missing."""
    topic = get(session, topic_id)
    _must_be_ready(session, topic, now)
    _prepare(session, topic, "open", "请监委会确认开始", actor=actor, key=key, now=now)


def _prepare(session: Session, topic: Topic, what: str, said: str, *, actor: Actor, key: str, now: datetime) -> None:
    if is_done(session, key):
        return
    topic.pending, topic.pending_by = what, actor.id
    add_event(session, topic, said, key=key, actor=actor, now=now)
    session.commit()


def _must_be_ready(session: Session, topic: Topic, now: datetime) -> None:
    if topic.state is not TopicState.agenda:
        raise NotAllowed("先列入议题。")
    if topic.legality == "pending":
        raise NotAllowed("这一题要先请法律工作者看过，才能开始。")
    if topic.legality == "refused":
        raise NotAllowed("法律工作者说过，这一题不能这样问。")
    if topic.method == "meeting_only":
        raise NotAllowed("选了当面开会商量，就不在这里征求意见。")
    confirmed = profile_of(session, topic.place_id).confirmed_on
    if topic.method == "statements" and len(writing.seeds(session, topic)) < writing.LEAST_SEEDS:
        raise NotAllowed(f"先写好开头的几句，至少 {writing.LEAST_SEEDS} 句，大家才有得表态。")
    is_counted = bool(topic.options) or topic.method == "statements"
    if is_counted and (confirmed is None or confirmed.year != now.astimezone(SHANGHAI).year):
        raise NotAllowed("今年的名册和人数还没核对。先到“名册与参与码”里核对，再开始。")


def confirm_refusal(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime) -> Topic:
    """By somebody else than who wrote it. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    must_be_pending(topic, "refused", actor)
    move(
        session,
        topic,
        TopicState.refused,
        by=By.overseer,
        actor=actor,
        key=key,
        now=now,
        say=words.refused(topic),
        values={"pending": ""},
    )
    session.commit()
    return topic


def must_be_pending(topic: Topic, what: str, actor: Actor) -> None:
    """Raises NotAllowed where nothing was prepared, or by the same person."""
    if topic.pending != what:
        raise NotAllowed("还没有人写好，或者已经改过，请刷新看看。")
    if topic.pending_by is not None and topic.pending_by == actor.id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")


def send_back(session: Session, topic_id: int, said: str, *, actor: Actor, key: str, now: datetime) -> None:
    """The overseer doesn't confirm; the clerk reads why. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    if not topic.pending:
        raise NotAllowed("没有等确认的。")
    if not said.strip():
        raise InvalidInput("请写一句为什么退回。")
    topic.pending, topic.pending_by = "", None
    add_event(session, topic, "监委会退回", key=key, actor=actor, note=said.strip()[:500], now=now)
    session.commit()


def open_topic(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime, keys: TopicKeys) -> Topic:
    """开始征求意见, by the overseer. From now on nothing of the question changes, and the clock closes it. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    must_be_pending(topic, "open", actor)
    _must_be_ready(session, topic, now)
    closes_at = _end_of(now, topic.days)
    due = calendar(session).add_workdays(closes_at.astimezone(SHANGHAI).date(), RESULT_WORKDAYS)
    name = keys.create(topic.id)  # before the row that names it: a key that no row names opens nothing
    values = {"opens_at": now, "closes_at": closes_at, "result_due_on": due, "key_file": name, "pending": ""}
    left = f"{closes_at.astimezone(SHANGHAI).month}月{closes_at.astimezone(SHANGHAI).day}日"
    say = f"“{topic.title}”开始征求意见，到{left}截止，{words.day_of(due)}前公布结果。想说意见或者选一个，说“议事”。"
    try:
        move(session, topic, TopicState.open, by=By.overseer, actor=actor, key=key, now=now, say=say, values=values)
        session.commit()
    except Conflict:
        keys.destroy(name)
        raise
    return topic


def _end_of(now: datetime, days: int) -> datetime:
    """The last second of the day, in Shanghai, so that the last day is a whole one."""
    last = now.astimezone(SHANGHAI).date() + timedelta(days=days)
    return datetime.combine(last, time(23, 59, 59), SHANGHAI)


def extend(session: Session, topic_id: int, why: str, *, actor: Actor, key: str, now: datetime) -> Topic:
    """Fifteen days more, once, with a reason that everybody reads. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if topic.state is not TopicState.open or topic.closes_at is None or now >= topic.closes_at:
        raise NotAllowed("只有正在征求意见的才能延长。")
    if topic.extended_why:
        raise NotAllowed("已经延长过一次，不能再延。")
    if len(why.strip()) < 5:
        raise InvalidInput("请写明为什么延长，大家都会看到。")
    closes_at = topic.closes_at + timedelta(days=MORE_DAYS)
    due = calendar(session).add_workdays(closes_at.astimezone(SHANGHAI).date(), RESULT_WORKDAYS)
    same = (Topic.id == topic.id, Topic.state == TopicState.open, Topic.closes_at == topic.closes_at)
    values = {"closes_at": closes_at, "result_due_on": due, "extended_why": storable(why.strip(), 300)}
    if not changed(session, update(Topic).where(*same).values(**values)):
        session.rollback()
        raise Conflict
    session.refresh(topic)
    say = f"“{topic.title}”征求意见延长 {MORE_DAYS} 天，原因：{topic.extended_why}"
    add_event(session, topic, "延长", key=key, actor=actor, note=why.strip(), say=say, now=now)
    session.commit()
    return topic


def clear(session: Session, topic_id: int, verdict: str, said: str, *, actor: Actor, key: str, now: datetime) -> Topic:
    """A legal worker on what the gate flagged: cleared, reworded (the clerk words it so) or refused. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if verdict not in ("cleared", "reworded", "refused"):
        raise InvalidInput("请选一个结论。")
    if topic.state not in (TopicState.raised, TopicState.agenda, TopicState.suspended):
        raise NotAllowed("已经在征求意见了。要停下来，请用“暂停”。")
    if verdict != "cleared" and len(said.strip()) < 5:
        raise InvalidInput("请写一句大家看得懂的话。")
    topic.legality, topic.legality_by = ("pending" if verdict == "reworded" else verdict), actor.id
    topic.legality_say = storable(said.strip(), 500)
    topic.pending, topic.pending_by = "", None
    if verdict == "refused" and topic.state is not TopicState.raised:
        topic.refusal, topic.words = "law", topic.legality_say
        session.flush()
        say = words.refused(topic)
        move(session, topic, TopicState.refused, by=By.legal, actor=actor, key=key, now=now, say=say)
    else:
        label = {"cleared": "法律上可以问", "reworded": "要改了再问", "refused": "法律上不能议"}[verdict]
        add_event(session, topic, label, key=key, actor=actor, note=topic.legality_say, now=now)
    session.commit()
    return topic


def suspend(session: Session, topic_id: int, said: str, *, actor: Actor, key: str, now: datetime) -> Topic:
    """What the law forbids was found late: nothing that came in is shown. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if len(said.strip()) < 5:
        raise InvalidInput("请写明为什么暂停，大家会看到。")
    say = f"“{topic.title}”先停下来了：{said.strip()[:300]}"
    values = {"words": storable(said.strip(), 500), "legality": "pending", "pending": ""}
    move(session, topic, TopicState.suspended, by=By.legal, actor=actor, key=key, now=now, say=say, values=values)
    session.commit()
    return topic


def resume(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime, keys: TopicKeys) -> Topic:
    """Back to the agenda, to be reworded; all that came in is void, and who gave it can't be found. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return topic
    if topic.sealed_at:
        raise NotAllowed("已经截止封存的不能重来。请写明情况公布结果，再另提一题。")
    session.execute(delete(Ballot).where(Ballot.topic_id == topic.id))
    session.execute(update(Opinion).where(Opinion.topic_id == topic.id).values(state="void"))
    key_file = topic.key_file
    values = {"key_file": "", "opens_at": None, "closes_at": None, "result_due_on": None, "extended_why": ""}
    say = f"“{topic.title}”要改了再问，之前说的、选的都作废，到时候请您重新说。"
    move(session, topic, TopicState.agenda, by=By.clerk, actor=actor, key=key, now=now, say=say, values=values)
    session.commit()
    keys.destroy(key_file)
    return topic
