"""What time alone does to a topic: closes it, counts it, asks whether it was carried out, destroys its key."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases.models import Case, CaseEvent
from actions.cases.status import CaseStatus
from actions.errors import Conflict
from actions.topics import following, listing, words
from actions.topics.counting import paper, sealing, voices
from actions.topics.counting.keys import KeyGone, TopicKeys
from actions.topics.models import Ballot, Opinion, Topic, TopicLeaving
from actions.topics.statements import result as statements
from actions.topics.status import By, TopicState
from actions.topics.steps import result
from actions.topics.steps.moves import SYSTEM, add_event, is_done, move
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

log = logging.getLogger("linli.topics")

KEY_KEPT = timedelta(days=10)  # after the result
LOOK_BACK, LOOK_AGAIN = timedelta(days=30), timedelta(days=90)
LEAST_ANSWERS = 5
_MOST_SAID = 300  # characters of what units wrote

Step = Callable[[Session, Topic, datetime, TopicKeys], None]


def tick(session: Session, now: datetime, *, keys: TopicKeys, only: int | None = None) -> None:
    """Everything due by now, each topic for itself: what fails for one, stops no other. `only`: this topic alone, as
    where a month is invented in which it is another day than for all others. Commits.
    """
    if only is None:
        _take_out_who_left(session, keys, now)
    for step, due in _due(now).items():
        rows = due if only is None else due.where(Topic.id == only)
        for topic_id in session.scalars(rows).all():
            topic = session.get(Topic, topic_id, populate_existing=True)
            if topic is None:
                continue
            try:
                step(session, topic, now, keys)
            except (Conflict, IntegrityError):
                session.rollback()  # another worker was first
            except KeyGone:
                session.rollback()
                log.error("the key of topic %s isn't on this machine", topic_id)


def _due(now: datetime) -> dict[Step, Select[int]]:
    state = Topic.state
    return {
        _close: select(Topic.id).where(state == TopicState.open, Topic.closes_at < now),
        _tally: select(Topic.id).where(state == TopicState.counting, Topic.tallied_at.is_(None)),
        _overdue: select(Topic.id).where(state.in_([TopicState.counting, TopicState.meeting])),
        _carry_out: select(Topic.id).where(state == TopicState.result, Topic.outcome == "carry_out"),
        _feed_back: select(Topic.id).where(state == TopicState.carrying_out),
        _look_back: select(Topic.id).where(state == TopicState.fed_back),
        _look_again: select(Topic.id).where(state == TopicState.done, Topic.fed_back_at < now - LOOK_AGAIN),
        _verify: select(Topic.id).where(Topic.sealed_at.is_not(None), Topic.key_gone_at.is_(None)),
        _forget: select(Topic.id).where(Topic.result_at < now - KEY_KEPT, Topic.key_gone_at.is_(None)),
    }


def _close(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """Closed and sealed in one transaction: the first statement locks out further voices."""
    key = sealing.closing_key(topic)
    assert topic.closes_at
    same = (Topic.id == topic.id, Topic.state == TopicState.open, Topic.closes_at == topic.closes_at)
    if not changed(session, update(Topic).where(*same).values(updated_at=now)):
        session.rollback()
        return
    if keys.has(topic.key_file):
        gone = voices.taken_back(session, topic, keys=keys)
        session.execute(delete(Ballot).where(Ballot.topic_id == topic.id, Ballot.voter_key.in_(gone)))
    seal = sealing.seal_of(sealing.ballots_of(session, topic))
    say = f"“{topic.title}”征求意见截止了，{words.day_of(topic.result_due_on)}前公布结果。"
    move(
        session,
        topic,
        TopicState.counting,
        by=By.clock,
        actor=SYSTEM,
        key=key,
        now=now,
        note=seal,
        say=say,
        values={"seal": seal, "sealed_at": now},
    )
    session.commit()


def _tally(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """Once every box was counted by two, or after three days without those that weren't."""
    assert topic.closes_at
    is_complete = paper.is_complete(session, topic)
    if not is_complete and now <= topic.closes_at + paper.WITHIN:
        return
    same = (Topic.id == topic.id, Topic.state == TopicState.counting, Topic.tallied_at.is_(None))
    tally = sealing.count(session, topic).as_json()
    parts = _by_traits(session, topic, keys)
    if not changed(session, update(Topic).where(*same).values(tally=tally, parts=parts, tallied_at=now)):
        session.rollback()
        return
    session.refresh(topic)
    if topic.method == "statements":
        statements.keep(session, topic, now=now)
    note = "" if is_complete else "有票箱没有按时点，没有算进去"
    add_event(session, topic, "票数定了", key=f"{sealing.closing_key(topic)}-tally", actor=SYSTEM, note=note, now=now)
    session.commit()


def _by_traits(session: Session, topic: Topic, keys: TopicKeys) -> dict[str, dict[str, list[int]]]:
    """By 组 and 性别, while the key can still tell; what of it may be told, `tally.breakdown` decides."""
    if not topic.options or not keys.has(topic.key_file):
        return {}
    traits = voices.traits_of(session, topic, keys=keys)
    parts: dict[str, dict[str, list[int]]] = {}
    for ballot in sealing.standing(session, topic):
        for name, value in traits.get(ballot.voter_key, {}).items():
            counts = parts.setdefault(name, {}).setdefault(value, [0] * len(topic.options))
            for n in ballot.choice:
                counts[n] += 1
    return parts


def _overdue(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """Told to who follows, once: the page shows it by itself."""
    key = f"topic-{topic.id}-overdue-{topic.result_due_on}"
    if words.is_overdue(topic, now) and not is_done(session, key):
        say = f"“{topic.title}”应于{words.day_of(topic.result_due_on)}答复，还没有答复，已经报给镇里。"
        add_event(session, topic, "到期没有答复，报镇里", key=key, actor=SYSTEM, say=say, now=now)
        session.commit()


def _carry_out(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    result.carry_out(session, topic, now=now)


def _feed_back(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    cases = [case for _, case in listing.tasks_of(session, topic)]
    if not cases or any(case is None or case.status not in _ANSWERED for case in cases):
        return
    answers = [_answer(case) for case in cases if case is not None]
    if any(answer is not None and answer.is_held(now) for answer in answers):
        return  # who wrote it may take it back for some seconds
    done = "；".join(str(task["text"]) for task in topic.tasks)
    said = "；".join(answer.note.strip(" 。") for answer in answers if answer is not None and answer.note.strip())
    words_of_unit = f"单位的话：{said[:_MOST_SAID]}。" if said else ""
    say = f"“{topic.title}”商量好的事，单位说办完了：{done}。{words_of_unit}您看落实了吗？"
    move(
        session,
        topic,
        TopicState.fed_back,
        by=By.clock,
        actor=SYSTEM,
        key=f"topic-{topic.id}-fed-back-{topic.rounds}",
        now=now,
        say=say,
        buttons=following.check_buttons(topic),
        values={"fed_back_at": now},
    )
    session.commit()


def _answer(case: Case) -> CaseEvent | None:
    """What the unit wrote to residents, last."""
    found = [event for event in case.events if event.status_to is CaseStatus.answered and event.undone_at is None]
    return max(found, key=lambda event: event.id, default=None)


_ANSWERED = (CaseStatus.answered, CaseStatus.closed)


def _look_back(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """After thirty days: done, unless a third of at least five say 没落实. Fewer than five say nothing reliable, so it
    is done, and asked once more after ninety days.
    """
    assert topic.fed_back_at
    if now < topic.fed_back_at + LOOK_BACK:
        return
    said = following.checks(session, topic)
    answers = sum(said.values())
    is_back = answers >= LEAST_ANSWERS and said.get("no", 0) * 3 >= answers
    key = f"topic-{topic.id}-looked-{topic.rounds}"
    if is_back:
        say = f"“{topic.title}”有不少人说没落实，接着办，也报给镇里了。"
        values = {"rounds": topic.rounds + 1}
        _reopen(session, topic, key, now)
        move(
            session,
            topic,
            TopicState.carrying_out,
            by=By.clock,
            actor=SYSTEM,
            key=key,
            now=now,
            say=say,
            values=values,
        )
    else:
        say = f"“{topic.title}”记为落实了。过些日子再问您一次。"
        move(session, topic, TopicState.done, by=By.clock, actor=SYSTEM, key=key, now=now, say=say)
    session.commit()


def _reopen(session: Session, topic: Topic, key: str, now: datetime) -> None:
    """The cases go on, with a new clock."""
    for _, case in listing.tasks_of(session, topic):
        if case is not None and case.status in _ANSWERED:
            result.reopen(session, case, key=f"{key}-case-{case.id}", now=now)


def _look_again(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    key = f"topic-{topic.id}-looked-again-{topic.rounds}"
    if not is_done(session, key):
        say = f"“{topic.title}”过去三个月了，现在还好用吗？没落实的，说“报事”，我给您登记。"
        add_event(session, topic, "九十天再问", key=key, actor=SYSTEM, say=say, now=now)
        session.commit()


def _verify(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """Once a day; what doesn't fit hides the result."""
    today = now.astimezone(SHANGHAI).date()
    if topic.verified_on == today:
        return
    verify(session, topic, now=now)


def verify(session: Session, topic: Topic, *, now: datetime) -> str:
    """What doesn't fit, "" where all does; kept in the topic, so that pages hide the result. Commits."""
    fault = sealing.fault_of(session, topic) or statements.fault_of(session, topic)
    topic.verified_on = now.astimezone(SHANGHAI).date()
    if fault and topic.seal_broken_at is None:
        topic.seal_broken_at = now
        log.error("the seal of topic %s is broken", topic.id)
        key = f"topic-{topic.id}-broken-{topic.key_file}"
        if not is_done(session, key):
            add_event(session, topic, "核对不上，结果收起", key=key, actor=SYSTEM, note=fault, now=now)
    session.commit()
    return fault


def _forget(session: Session, topic: Topic, now: datetime, keys: TopicKeys) -> None:
    """Ten days after the result nobody can tell any more who said what. The key goes first: killed in between, the
    next round finds it gone and goes on.
    """
    keys.destroy(topic.key_file)
    session.execute(update(Opinion).where(Opinion.topic_id == topic.id).values(asker=None))
    topic.key_gone_at = now
    add_event(session, topic, "销毁密钥", key=f"topic-{topic.id}-key-gone-{topic.key_file}", actor=SYSTEM, now=now)
    session.commit()


def _take_out_who_left(session: Session, keys: TopicKeys, now: datetime) -> None:
    """The voices of who deleted their data, in every topic without a result; then the row that asks for it."""
    for leaving in session.scalars(select(TopicLeaving).order_by(TopicLeaving.id)).all():
        asked = (Topic.key_file != "", Topic.result_at.is_(None), Topic.key_gone_at.is_(None))
        for topic in session.scalars(select(Topic).where(*asked)).all():
            try:
                _take_out(session, topic, leaving, keys, now)
            except KeyGone:
                log.error("the key of topic %s isn't on this machine", topic.id)
        session.delete(leaving)
        session.commit()


def _take_out(session: Session, topic: Topic, leaving: TopicLeaving, keys: TopicKeys, now: datetime) -> None:
    gone = {keys.voter_key(topic.key_file, f"asker:{leaving.asker}")}
    if leaving.participant_id is not None:
        name = voices.named(topic, participant_id=leaving.participant_id, household_id=leaving.household_id)
        gone.add(keys.voter_key(topic.key_file, name))
    if topic.sealed_at is None:
        session.execute(delete(Ballot).where(Ballot.topic_id == topic.id, Ballot.voter_key.in_(gone)))
    elif paper.void_keys(session, topic, gone, why="deleted") and topic.tallied_at:
        topic.tally = sealing.count(session, topic).as_json()
        if topic.method == "statements":
            statements.keep(session, topic, now=now)
        topic.pending = "" if topic.pending == "result" else topic.pending
