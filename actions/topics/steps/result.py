"""The answer of the committee: an adoption table, what is done about it, confirmed by a second, then carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.cases import filing
from actions.cases import moves as case_moves
from actions.cases.models import Case
from actions.cases.moves import Actor
from actions.cases.status import CaseStatus
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.offices.models import Team
from actions.storable import row_of, storable
from actions.topics import listing, words
from actions.topics.counting import sealing
from actions.topics.models import Opinion, Topic
from actions.topics.statements import result as statements
from actions.topics.statements import writing
from actions.topics.status import OWED, By, TopicState
from actions.topics.steps.moves import SYSTEM, add_event, get, is_done, move
from actions.topics.steps.screening import must_be_pending
from knowledge.clock import SHANGHAI

ADOPTIONS = {"yes": "采纳", "part": "部分采纳", "no": "不采纳"}
OUTCOMES = {"carry_out": "照大家商量的办", "to_meeting": "要开会决定", "not_done": "这次不办"}
MOST_TASKS = 6


@dataclass(frozen=True)
class Task:
    """What is to be done, by which unit, until when."""

    text: str
    team_id: int | None
    due_on: date | None


def adopt(session: Session, opinion_id: int, adoption: str, why: str, *, actor: Actor, now: datetime) -> None:
    """采纳, 部分采纳 or 不采纳, with the reason that its author reads. Commits."""
    opinion = row_of(session, Opinion, opinion_id)
    if opinion is None or opinion.same_as_id is not None or opinion.state != "shown":
        raise NotFound("没有这条意见，可能说的人自己删了。")
    topic = get(session, opinion.topic_id)
    if topic.state not in OWED:
        raise NotAllowed("截止以后、公布结果以前，才写采纳不采纳。")
    if adoption not in ADOPTIONS:
        raise InvalidInput("请选采纳、部分采纳或者不采纳。")
    if len(why.strip()) < 2:
        raise InvalidInput("请写一句为什么，提的人会看到。")
    opinion.adoption, opinion.adoption_why = adoption, storable(why.strip(), 300)
    if topic.pending == "result":
        topic.pending, topic.pending_by = "", None  # another wording than the one that waits to be confirmed
    topic.updated_at = now
    session.commit()


def unanswered(session: Session, topic: Topic) -> int:
    """Opinions that nobody looked at, or that were shown and have no answer yet."""
    own = select(Opinion).where(Opinion.topic_id == topic.id, Opinion.same_as_id.is_(None))
    own = own.where(Opinion.source != writing.SEED)  # the village's own needs no answer of the village's
    return sum(o.state == "waiting" or (o.state == "shown" and not o.adoption) for o in session.scalars(own))


def propose(
    session: Session,
    topic_id: int,
    *,
    said: str,
    outcome: str,
    tasks: Sequence[Task],
    actor: Actor,
    key: str,
    now: datetime,
) -> None:
    """The result as the clerk writes it; it is published once another confirms it. Commits.

    Raises InvalidInput, NotAllowed with what is missing.
    """
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    _must_be_countable(session, topic)
    if outcome not in OUTCOMES:
        raise InvalidInput("请选怎么办。")
    if len(said.strip()) < 10:
        raise InvalidInput("请写清楚村里怎么定的、为什么，至少十个字。")
    kept = _checked_tasks(session, topic, tasks) if outcome == "carry_out" else []
    topic.result, topic.outcome, topic.tasks = storable(said.strip(), 2000), outcome, kept
    topic.pending, topic.pending_by = "result", actor.id
    add_event(session, topic, "写好结果，请监委会确认", key=key, actor=actor, now=now)
    session.commit()


def _must_be_countable(session: Session, topic: Topic) -> None:
    if topic.state not in OWED:
        raise NotAllowed("截止以后才能写结果。")
    if topic.seal_broken_at:
        raise NotAllowed("投票记录核对不上，先查清楚，结果不能公布。")
    if topic.tallied_at is None:
        raise NotAllowed("票还没点完。纸票两个人点过，或者满三天，票数就定了。")
    if left := unanswered(session, topic):
        raise NotAllowed(f"还有 {left} 条意见没写采纳不采纳。每条都要有答复，才能公布。")


def _checked_tasks(session: Session, topic: Topic, tasks: Sequence[Task]) -> list[dict[str, object]]:
    wanted = [task for task in tasks if task.text.strip()]
    if not 1 <= len(wanted) <= MOST_TASKS:
        raise InvalidInput(f"照大家商量的办，就要写明办什么、谁办、几号前，1 到 {MOST_TASKS} 件。")
    for task in wanted:
        if task.team_id is None or row_of(session, Team, task.team_id) is None:
            raise InvalidInput("请选哪个单位办。")
        if task.due_on is None or topic.closes_at is None or task.due_on <= topic.closes_at.astimezone(SHANGHAI).date():
            raise InvalidInput("几号前办完要填，而且要在截止之后。")
    return [
        {"text": storable(t.text.strip(), 200), "team_id": t.team_id, "due_on": str(t.due_on), "case_id": None}
        for t in wanted
    ]


def talk_over(session: Session, topic_id: int, said: str, *, actor: Actor, key: str, now: datetime) -> None:
    """开会商量: when and where, told to all. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    if len(said.strip()) < 5:
        raise InvalidInput("请写明哪天、在哪里、谁可以来。")
    say = f"“{topic.title}”要当面商量：{said.strip()[:300]}"
    values = {"meeting_words": storable(said.strip(), 500)}
    move(session, topic, TopicState.meeting, by=By.clerk, actor=actor, key=key, now=now, say=say, values=values)
    session.commit()


def publish(session: Session, topic_id: int, *, actor: Actor, key: str, now: datetime) -> Topic:
    """By the overseer. The numbers are told once, in these words, for good; then what was agreed becomes cases.

    Commits.
    """
    topic = get(session, topic_id)
    if not is_done(session, key):
        must_be_pending(topic, "result", actor)
        _must_be_countable(session, topic)
        if fault := sealing.fault_of(session, topic) or statements.fault_of(session, topic):
            raise NotAllowed(f"{fault}，结果不能公布，请查清楚。")
        shown = statements.lines(session, topic) if writing.is_of(topic) else words.tally_lines(topic)
        values = {"result_at": now, "shown": shown, "pending": ""}
        move(
            session,
            topic,
            TopicState.result,
            by=By.overseer,
            actor=actor,
            key=key,
            now=now,
            say=_told(topic, shown),
            values=values,
        )
        _tell_authors(session, topic, now)
        session.commit()
    carry_out(session, topic, now=now)
    return topic


def _told(topic: Topic, shown: list[str]) -> str:
    number = f"\n{'；'.join(shown)}。" if shown else ""
    return f"“{topic.title}”有结果了。{number}\n村里定：{topic.result}\n（{words.NO_VOTE}）"


def _tell_authors(session: Session, topic: Topic, now: datetime) -> None:
    """Each hears what became of their own words."""
    own = select(Opinion).where(Opinion.topic_id == topic.id, Opinion.state == "shown")
    for opinion in session.scalars(own.order_by(Opinion.id)):
        first = session.get(Opinion, opinion.same_as_id) if opinion.same_as_id else opinion
        if first is None or opinion.source != "chat" or not opinion.asker:
            continue
        said = opinion.text if len(opinion.text) <= 20 else opinion.text[:19] + "…"
        say = f"您提的“{said}”：{ADOPTIONS.get(first.adoption, '')}。{first.adoption_why}"
        key = f"topic-{topic.id}-opinion-{opinion.id}"
        add_event(session, topic, "答复一条意见", key=key, actor=SYSTEM, now=now, say=say, only_to=opinion.asker)


def carry_out(session: Session, topic: Topic, *, now: datetime) -> None:
    """A case for each thing that was agreed, once, also after a kill between two of them. Commits."""
    if topic.state is not TopicState.result or topic.outcome != "carry_out":
        return
    for ordinal, task in enumerate(topic.tasks):
        if not task.get("case_id"):
            case = _case(session, topic, ordinal, now)
            tasks = [dict(one) for one in topic.tasks]
            tasks[ordinal]["case_id"] = case.id
            topic.tasks = tasks
            session.commit()
    key = f"topic-{topic.id}-carried-{topic.key_file}"
    if not is_done(session, key):
        move(session, topic, TopicState.carrying_out, by=By.clock, actor=SYSTEM, key=key, now=now)
        session.commit()


def _case(session: Session, topic: Topic, ordinal: int, now: datetime) -> Case:
    task, wish = topic.tasks[ordinal], f"topic-{topic.id}-task-{ordinal}"
    case = filing.file(
        session,
        request_key=wish,
        conversation_id=None,
        place=topic.place_id,
        category="其他",
        fields={"what": f"{topic.number} {topic.title}：{task['text']}"},
        now=now,
        is_demo=topic.is_demo,
    )
    if case.status is CaseStatus.filed:
        case_moves.move(session, case.id, CaseStatus.accepted, actor=SYSTEM, key=f"{wish}-accepted", now=now)
    if case.status is CaseStatus.accepted:
        team, key = int(task["team_id"]), f"{wish}-assigned"
        case_moves.move(session, case.id, CaseStatus.assigned, actor=SYSTEM, key=key, now=now, team_id=team)
    due = datetime.combine(date.fromisoformat(task["due_on"]), time(23, 59, 59), SHANGHAI).astimezone(UTC)
    case.due_at, case.due_is_confirmed = due, True
    session.flush()
    return case


def to_meeting(
    session: Session, topic_id: int, *, decision_id: int | None, actor: Actor, key: str, now: datetime
) -> None:
    """The result goes to a meeting that decides. Commits."""
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    if topic.outcome != "to_meeting":
        raise NotAllowed("结果里没有写要开会决定。")
    values = {"decision_id": decision_id}
    say = f"“{topic.title}”要开会决定，开会的通知和决定都会公开。"
    move(session, topic, TopicState.to_meeting, by=By.clerk, actor=actor, key=key, now=now, say=say, values=values)
    session.commit()


def where_it_stands(session: Session, topic: Topic) -> list[tuple[str, str, str, bool]]:
    """落实到哪一步: what, which unit, until when, whether it is answered."""
    lines = []
    for task, case in listing.tasks_of(session, topic):
        team = row_of(session, Team, int(str(task["team_id"])))
        status = "已经交办" if case is None else _STATUS.get(case.status, "正在办")
        lines.append(
            (
                str(task["text"]),
                team.name if team else "",
                f"{_said_day(str(task['due_on']))}前，{status}",
                _is_over(case),
            )
        )
    return lines


def _said_day(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.year}年{found.month}月{found.day}日"


def reopen(session: Session, case: Case, *, key: str, now: datetime) -> None:
    """People say that it wasn't done: the unit goes on. Commits."""
    said = "征求意见的人里，不少人说没落实。"
    case_moves.move(session, case.id, CaseStatus.reopened, actor=SYSTEM, key=key, now=now, note=said)


_STATUS = {CaseStatus.answered: "办完了", CaseStatus.closed: "办完了", CaseStatus.assigned: "已经交办"}


def _is_over(case: Case | None) -> bool:
    return case is not None and case.status in (CaseStatus.answered, CaseStatus.closed)
