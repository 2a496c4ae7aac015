"""Statements that others agree with or don't: the village's own to begin with, then residents'."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.cases.moves import Actor
from actions.errors import InvalidInput, NotAllowed
from actions.motions import gate
from actions.storable import storable
from actions.topics.models import Opinion, Topic
from actions.topics.raising import keep_findings, why_stopped
from actions.topics.status import TopicState
from actions.topics.steps.moves import add_event, get, is_done

MOST_TEXT = 140
STANCE, SEED = "说法", "seed"  # `source` of the village's own
_A_PERSON = 1  # of gate.yml
LEAST_SEEDS, MOST_SEEDS, MOST_STATEMENTS = 5, 20, 60  # from five on nobody can tell whose one is


def is_of(topic: Topic) -> bool:
    return topic.method == "statements"


def checked(session: Session, topic: Topic, text: str, normal: str) -> str:
    """What a resident adds. Raises InvalidInput with what the law says, or where it stands there already."""
    if len(text) < 4:
        raise InvalidInput("请写完整的一句话，别人看了能说同意不同意。")
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"一句话最多{MOST_TEXT}个字，一句只说一个意思，请写短一点。")
    own = (Opinion.topic_id == topic.id, Opinion.state.in_(("waiting", "shown")))
    rows = session.scalars(select(Opinion.normal).where(*own)).all()
    if normal in rows:
        raise InvalidInput("这个意思已经有人写过了，您可以直接表态。")
    if len(rows) >= MOST_STATEMENTS:
        raise InvalidInput(f"已经有{MOST_STATEMENTS}句了，再多大家看不过来。请就已有的表个态。")
    verdict = gate.check(text)
    # 老人多的地方 is no person, though the gate may take it for one: who seems to be named waits for a legal worker
    if verdict.is_stopped and any(finding.g != _A_PERSON for finding in verdict.findings):
        raise InvalidInput(why_stopped(verdict))
    return text


def needs_law(text: str) -> str:
    """Why a legal worker has to look before others are asked, "" where not."""
    verdict = gate.check(text)
    return why_stopped(verdict) if any(not finding.is_preparation for finding in verdict.findings) else ""


def seeds(session: Session, topic: Topic) -> list[Opinion]:
    own = (Opinion.topic_id == topic.id, Opinion.source == SEED, Opinion.state == "shown")
    return list(session.scalars(select(Opinion).where(*own).order_by(Opinion.id)))


def seed(
    session: Session,
    topic_id: int,
    lines: Sequence[str],
    normals: Sequence[str],
    *,
    actor: Actor,
    key: str,
    now: datetime,
) -> None:
    """The village's own, in place of those written before, while nobody has answered yet. Commits.

    `normals`: each without marks and fillers (`opinions.normalised`). Raises InvalidInput, NotAllowed.
    """
    topic = get(session, topic_id)
    if is_done(session, key):
        return
    if topic.state not in (TopicState.raised, TopicState.agenda):
        raise NotAllowed("开始征求意见以后，开头的几句不能再改。")
    if not is_of(topic):
        raise NotAllowed("先把“怎么答”选成一句一句表态，存下，再写开头的几句。")
    _check(lines, normals)
    session.execute(delete(Opinion).where(Opinion.topic_id == topic.id, Opinion.source == SEED))
    for n, (line, normal) in enumerate(zip(lines, normals, strict=True)):
        row = Opinion(topic_id=topic.id, key=storable(f"{key}-{n}", 140), stance=STANCE, text=storable(line))
        row.normal, row.source, row.state, row.at, row.shown_at = normal, SEED, "shown", now, now
        row.is_verified, row.looked_by = True, actor.id
        session.add(row)
    keep_findings(topic, gate.check("\n".join((topic.title, topic.background, *lines))))
    topic.pending, topic.pending_by = "", None  # other words than those that wait to be confirmed
    add_event(session, topic, f"写好开头的{len(lines)}句", key=key, actor=actor, now=now)
    session.commit()


def _check(lines: Sequence[str], normals: Sequence[str]) -> None:
    if not LEAST_SEEDS <= len(lines) <= MOST_SEEDS:
        raise InvalidInput(f"开头写 {LEAST_SEEDS} 到 {MOST_SEEDS} 句，一行一句，赞成的、担心的都要有。")
    if len(set(normals)) < len(lines):
        raise InvalidInput("有两句意思一样。")
    for line in lines:
        if not 4 <= len(line) <= MOST_TEXT:
            raise InvalidInput(f"每句 4 到 {MOST_TEXT} 个字：“{line[:20]}”。")
        if (verdict := gate.check(line)).is_stopped:
            raise InvalidInput(f"“{line[:20]}”这句不能拿来表态：{why_stopped(verdict)}")
