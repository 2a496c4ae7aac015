"""A topic raised, by anybody, in their own words."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import calendar
from actions.cases.moves import RESIDENT
from actions.errors import ActionError, InvalidInput
from actions.motions import gate
from actions.motions.gate import Finding, Verdict
from actions.storable import storable
from actions.topics.models import Topic, TopicCounter, TopicFollow
from actions.topics.steps.moves import add_event
from knowledge.clock import SHANGHAI

MOST_TEXT, MOST_TITLE = 300, 40
ANSWER_WORKDAYS = 5  # our setting: whether it is taken up, and why
OPEN_RAISED = 5  # of one conversation, not yet answered


class Refused(ActionError):
    """The law doesn't let it be voted on or asked; nothing was stored. `verdict` has the articles and what instead."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(why_stopped(verdict))


def why_stopped(verdict: Verdict) -> str:
    """The gate's sentences as a resident reads them, each once, with the articles."""
    said = [part for finding in verdict.findings for part in (_with_articles(finding), finding.instead) if part]
    return "\n".join(dict.fromkeys(said)) or "这个不能拿来大家表态。"


def _with_articles(finding: Finding) -> str:
    articles = "、".join(f"{law}{article}" for law, article in finding.articles)
    return f"{finding.say}（{articles}）" if articles else finding.say


def raise_topic(
    session: Session,
    *,
    place: str,
    text: str,
    conversation_id: str | None,
    by: str,
    key: str,
    now: datetime,
    source_case_id: int | None = None,
    is_demo: bool = False,
) -> Topic:
    """The topic of this wish: a new one, or the one already raised under `key`. Commits.

    `by`: resident, clerk, overseer, grid or case. Raises InvalidInput, Refused.
    """
    text = storable(text).strip()
    if found := session.scalar(select(Topic).where(Topic.request_key == key)):
        return found
    _check_text(session, text, conversation_id)
    verdict = gate.check(text)
    if verdict.is_stopped:
        raise Refused(verdict)
    topic = _new(session, place=place, text=text, key=key, now=now)
    topic.raised_by, topic.conversation_id = storable(by, 12), conversation_id
    topic.source_case_id, topic.is_demo = source_case_id, is_demo
    keep_findings(topic, verdict)
    session.add(topic)
    try:
        session.flush()
        if conversation_id:
            session.add(TopicFollow(topic_id=topic.id, conversation_id=conversation_id, why="raised"))
        add_event(session, topic, "提出", key=f"topic-{topic.id}-raised", actor=RESIDENT, to=topic.state, now=now)
        session.commit()
    except IntegrityError:
        session.rollback()
        if (found := session.scalar(select(Topic).where(Topic.request_key == key))) is None:
            raise
        return found
    return topic


def _check_text(session: Session, text: str, conversation_id: str | None) -> None:
    if len(text) < 4:
        raise InvalidInput("请写一句话，说清楚想议哪件事。")
    if len(text) > MOST_TEXT:
        raise InvalidInput(f"请写短一点，最多{MOST_TEXT}个字，细节以后可以补。")
    if conversation_id is None:
        return
    waiting = select(Topic.id).where(Topic.conversation_id == conversation_id, Topic.state == "raised")
    if len(session.scalars(waiting.limit(OPEN_RAISED)).all()) >= OPEN_RAISED:
        raise InvalidInput(f"您提的还有{OPEN_RAISED}件没有答复，等答复了再提新的。急事请拨打 12345。")


def _new(session: Session, *, place: str, text: str, key: str, now: datetime) -> Topic:
    today = now.astimezone(SHANGHAI).date()
    ordinal = _next(session, place)
    return Topic(
        place_id=place,
        ordinal=ordinal,
        number=f"议-{today:%y}-{ordinal:03d}",
        request_key=storable(key, 120),
        text=text,
        title=title_of(text),
        raised_at=now,
        updated_at=now,
        answer_due_on=calendar(session).add_workdays(today, ANSWER_WORKDAYS),
    )


def _next(session: Session, place: str) -> int:
    """Unique also among parallel requests: one statement on both databases."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    counted = insert(TopicCounter).values(place_id=place, value=1)
    return int(
        session.scalar(
            counted.on_conflict_do_update(
                index_elements=[TopicCounter.place_id], set_={"value": TopicCounter.value + 1}
            ).returning(TopicCounter.value)
        )
        or 1
    )


def title_of(text: str) -> str:
    """The first sentence, cut to MOST_TITLE characters; a clerk words it better."""
    first = re.split(r"[。！？!?\n]", text.strip(), maxsplit=1)[0].strip(' ，,“”"')
    return first if len(first) <= MOST_TITLE else first[: MOST_TITLE - 1] + "…"


def keep_findings(topic: Topic, verdict: Verdict) -> None:
    """What the gate says of the present wording. What was flagged waits for a legal worker; where only a meeting of the
    collective can decide, opinions may be heard under a banner.
    """
    topic.findings = [
        {"g": f.g, "say": f.say, "instead": f.instead, "articles": [" ".join(a) for a in f.articles]}
        for f in verdict.findings
    ]
    topic.is_preparation = any(finding.is_preparation for finding in verdict.findings)
    is_flagged = any(not finding.is_preparation for finding in verdict.findings)
    topic.legality = "pending" if is_flagged else ""
    topic.legality_by, topic.legality_say = None, ""
