"""A meeting: called in time, counted by two people; what passed is reckoned, never typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.decisions import entries, steps
from actions.decisions.bodies import Body, Count, Reckoning, basis_of, body_of, numbers_of, reckon, share_of
from actions.decisions.entries import Who
from actions.decisions.matters import matter_of
from actions.decisions.models import Decision, DecisionStep, Meeting, MeetingState, Motion
from actions.decisions.status import State, Step, move_of
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.roster.profile import profile_of
from actions.rulings.rulings import rulings
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI

_TYPED_HERE = ("group_adults", "group_households", "group_members")


@dataclass(frozen=True)
class Call:
    """The notice. `special`: why it is called at short notice, in words."""

    notice_on: date | None
    held_at: datetime | None
    spot: str
    special: str = ""


@dataclass(frozen=True)
class Votes:
    yes: int | None = None
    no: int | None = None
    abstain: int | None = None
    rule: str = ""  # a share that the charter asks for beyond the law


@dataclass(frozen=True)
class Numbers:
    """What was counted. `entitled`: of a group, whose numbers stand nowhere else; `votes`: by motion."""

    base: str
    present: int | None
    votes: Mapping[int, Votes]
    entitled: int | None = None
    online: int = 0
    proxies: int = 0
    minutes_id: int | None = None
    sheet_id: int | None = None


def get(session: Session, meeting_id: int) -> Meeting:
    """Raises NotFound."""
    found = row_of(session, Meeting, meeting_id)
    if found is None:
        raise NotFound("没有这个会。")
    return found


def planned(session: Session, place: str, body: str, now: datetime) -> list[Meeting]:
    """Meetings of this body that are still to come: another matter may be put to them too."""
    own = (Meeting.place_id == place, Meeting.body == body, Meeting.state == MeetingState.called)
    return list(session.scalars(select(Meeting).where(*own, Meeting.held_at > now).order_by(Meeting.held_at)))


def call(session: Session, decision_ids: Sequence[int], *, notice: Call, who: Who, key: str, now: datetime) -> Meeting:
    """会议通知, the step of each of these decisions. Commits.

    Raises NotAllowed (not their next step, or not looked over by a legal worker), InvalidInput (too late, no place).
    """
    if (done := session.scalar(select(Meeting).where(Meeting.key == key))) is not None:
        return done
    decisions = [steps.get(session, number) for number in dict.fromkeys(decision_ids)]
    if not decisions:
        raise InvalidInput("请选会上要定什么事。")
    place, body = decisions[0].place_id, decisions[0].body
    for decision in decisions:
        if (decision.place_id, decision.body) != (place, body):
            raise InvalidInput("一个会只能定归它定的事，请分开出通知。")
        _check_ready(decision)
    meeting = _called(decisions, notice, who, key, now)
    session.add(meeting)
    try:
        session.flush()
        for ordinal, decision in enumerate(decisions, 1):
            meeting.motions.append(Motion(decision=decision, ordinal=ordinal, text=decision.title))
            _noticed(session, decision, meeting, who, f"{key}-{decision.id}", now)
        session.commit()
    except IntegrityError:
        session.rollback()
        if (done := session.scalar(select(Meeting).where(Meeting.key == key))) is None:
            raise
        return done
    return meeting


def _check_ready(decision: Decision) -> None:
    move_of(decision.state, Step.notice, has_party_step=decision.has_party_step)
    if decision.cleared_at is None:
        raise NotAllowed(f"“{decision.title}”还没有法律工作者看过合不合法，看过才能出通知。")
    if decision.waits_for:
        raise NotAllowed(f"“{decision.title}”：{decision.waits_for}")


def _called(decisions: list[Decision], notice: Call, who: Who, key: str, now: datetime) -> Meeting:
    body, today = body_of(decisions[0].body), steps.local_day(now)
    if notice.held_at is None:
        raise InvalidInput("请填哪天几点开会。")
    noticed = max(entries.day_in_order(notice.notice_on, decision, today) for decision in decisions)
    day = notice.held_at.astimezone(SHANGHAI).date()
    is_special = _is_short(body, noticed, day, notice.special)
    spot = storable(notice.spot.strip(), 120)
    if len(spot) < 2:
        raise InvalidInput("请填在哪里开会。")
    return Meeting(
        key=key,
        place_id=decisions[0].place_id,
        body=decisions[0].body,
        title=storable("、".join(d.title for d in decisions), 80),
        state=MeetingState.called,
        notice_on=noticed,
        held_at=notice.held_at,
        spot=spot,
        is_special=is_special,
        special=storable(notice.special.strip(), 300) if is_special else "",
        by_id=who.id,
        by=storable(who.name, 40),
        is_demo=decisions[0].is_demo,
    )


def _is_short(body: Body, noticed: date, day: date, special: str) -> bool:
    """Whether it is called at short notice. Raises InvalidInput where that isn't lawful, or no reason was given."""
    if day < noticed:
        raise InvalidInput("开会的日子不能在出通知前面。")
    if day - noticed >= timedelta(days=body.notice_days):
        return False
    law = "".join(body.notice_article) + "：" if body.notice_article else ""
    earliest = noticed + timedelta(days=body.notice_days)
    late = f"{law}{body.name}要提前{body.notice_days}天通知，最早{earliest.month}月{earliest.day}日开。"
    if body.has_no_special_case:
        raise InvalidInput(late)
    if len(special.strip()) < 6:
        raise InvalidInput(f"{late}遇有特殊情况可以临时通知，请写明是什么情况。")
    return True


def _noticed(session: Session, decision: Decision, meeting: Meeting, who: Who, key: str, now: datetime) -> None:
    row = DecisionStep(
        key=key,
        step=Step.notice,
        to=State.noticed,
        at=now,
        on_day=meeting.notice_on,
        words=meeting.special,
        figures={},
        meeting_id=meeting.id,
        by_id=who.id,
        by=who.name,
        confirmed_at=now,
    )
    decision.steps.append(row)
    steps.move(session, decision.id, decision.state, {"state": State.noticed, "moved_at": now})


def enter(session: Session, meeting_id: int, *, numbers: Numbers, who: Who, now: datetime) -> Meeting:
    """The clerk's count, which waits for the second person; entered anew it replaces what wasn't confirmed. Commits.

    Raises NotFound, NotAllowed (before the meeting, or confirmed), InvalidInput (what can't be, or a paper is missing).
    """
    meeting = get(session, meeting_id)
    if meeting.state not in (MeetingState.called, MeetingState.entered):
        raise NotAllowed("这个会的数已经定了，不能再改。写错了，在决定那一页更正。")
    if meeting.held_at > now:
        raise NotAllowed("会还没开，开完再录。")
    if numbers.minutes_id is None or numbers.sheet_id is None:
        raise InvalidInput("请附上会议记录和签到表，照片或者 PDF 都行。")
    start, profile = meeting.state, profile_of(session, meeting.place_id)
    if numbers.base not in body_of(meeting.body).bases:
        raise InvalidInput("请选是按人数还是按户数。")
    whole = numbers.entitled if numbers.base in _TYPED_HERE else numbers_of(profile)[numbers.base]
    meeting.base, meeting.entitled = numbers.base, whole
    meeting.present = entries.whole(numbers.present, "到会多少")
    meeting.online, meeting.proxies = numbers.online, numbers.proxies
    meeting.online_basis = basis_of(meeting.body, profile.online_basis, rulings(session))
    meeting.minutes_id, meeting.sheet_id = numbers.minutes_id, numbers.sheet_id
    for motion in meeting.motions:
        votes = numbers.votes.get(motion.id, Votes())
        motion.yes, motion.no, motion.abstain, motion.rule = votes.yes, votes.no, votes.abstain, votes.rule
    _check_counted(meeting)
    values = {"state": MeetingState.entered, "entered_by_id": who.id, "entered_by": who.name, "entered_at": now}
    _move(session, meeting, start, {**values, "sent_back": ""})
    session.commit()
    return meeting


def _check_counted(meeting: Meeting) -> None:
    for motion in meeting.motions:
        found = reckoned(meeting, motion)
        if found.missing:
            raise InvalidInput("".join(found.say))
        if found.may_begin and None in (motion.yes, motion.no, motion.abstain):
            raise InvalidInput(f"“{motion.text[:20]}”同意、反对、弃权各多少票，都要填，没有填 0。")


def reckoned(meeting: Meeting, motion: Motion) -> Reckoning:
    """By the numbers as they were entered. Raises InvalidInput."""
    count = Count(
        present=meeting.present or 0,
        online=meeting.online,
        proxies=meeting.proxies,
        yes=motion.yes,
        no=motion.no or 0,
        abstain=motion.abstain or 0,
    )
    return reckon(
        meeting.body,
        {meeting.base: meeting.entitled},
        count,
        base=meeting.base,
        stricter=_rule(motion),
        online_basis=meeting.online_basis,
    )


def _rule(motion: Motion) -> str:
    """The stricter of what the charter was said to ask for and what the law asks for this matter (集 15: 3/4)."""
    law = matter_of(motion.decision.matter).stricter
    if law is None:
        return motion.rule
    own = f"{law.part.numerator}/{law.part.denominator}"
    if not motion.rule:
        return own
    try:
        given = share_of(motion.rule)
    except ValueError:
        return motion.rule  # reckon says what is wrong with it
    if getattr(given, "part", 0) < law.part:
        raise InvalidInput(f"法律要求{law.said}，章程可以更严，不能更宽。")
    return motion.rule


def edition(meeting: Meeting) -> str:
    """Which numbers somebody looked at."""
    return meeting.entered_at.isoformat() if meeting.entered_at else ""


def confirm(session: Session, meeting_id: int, *, seen: str, who: Who, now: datetime) -> Meeting:
    """The second person has compared paper and numbers: each decision goes on as they say. Commits. Twice is once.

    `seen`: the `edition` on the page that was looked at; numbers entered anew meanwhile are to be looked at anew.
    Raises NotFound, NotAllowed (one's own numbers), Conflict.
    """
    meeting = get(session, meeting_id)
    if meeting.state is MeetingState.confirmed:
        return meeting
    _check_second(meeting, who)
    if seen != edition(meeting):
        raise Conflict("数刚刚又改过，请对着纸再看一遍。")
    values = {"state": MeetingState.confirmed, "confirmed_by_id": who.id, "confirmed_by": who.name}
    _move(session, meeting, MeetingState.entered, {**values, "confirmed_at": now})
    for motion in meeting.motions:
        _decide(session, meeting, motion, who, now)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        raise Conflict from None
    return meeting


def _decide(session: Session, meeting: Meeting, motion: Motion, who: Who, now: datetime) -> None:
    found, decision = reckoned(meeting, motion), motion.decision
    motion.passed = found.passed
    to = State.not_held if not found.may_begin else State.resolved if found.passed else State.failed
    decision.steps.append(
        DecisionStep(
            key=f"meeting-{meeting.id}-{decision.id}",
            step=Step.meet,
            to=to,
            at=now,
            on_day=meeting.held_at.astimezone(SHANGHAI).date(),
            words="\n".join(found.say),
            figures=_figures(meeting, motion, found),
            meeting_id=meeting.id,
            file_id=meeting.minutes_id,
            by_id=meeting.entered_by_id or meeting.by_id,
            by=meeting.entered_by,
            confirmed_by_id=who.id,
            confirmed_by=who.name,
            confirmed_at=now,
        )
    )
    if decision.state is State.suspended:  # the meeting was held all the same; it goes on there once that is lifted
        steps.move(session, decision.id, State.suspended, {"before": to, "moved_at": now})
    elif decision.state is State.noticed:
        steps.move(session, decision.id, State.noticed, {"state": to, "moved_at": now})


def _figures(meeting: Meeting, motion: Motion, found: Reckoning) -> dict[str, object]:
    return {
        "base": found.base,
        "entitled": found.whole,
        "present": meeting.present,
        "counted": found.present,
        "online": meeting.online,
        "proxies": meeting.proxies,
        "yes": motion.yes if found.may_begin else None,
        "no": motion.no if found.may_begin else None,
        "abstain": motion.abstain if found.may_begin else None,
        "to_begin": found.to_begin,
        "to_pass": found.to_pass,
        "passed": found.passed,
    }


def send_back(session: Session, meeting_id: int, *, words: str, who: Who, now: datetime) -> Meeting:
    """The numbers don't fit the paper; the clerk is to count anew. Commits."""
    meeting = get(session, meeting_id)
    if meeting.state is MeetingState.called and meeting.sent_back:
        return meeting
    _check_second(meeting, who)
    words = storable(entries.said(words, "哪里和纸上的对不上"), 300)
    _move(session, meeting, MeetingState.entered, {"state": MeetingState.called, "sent_back": words})
    session.commit()
    return meeting


def _check_second(meeting: Meeting, who: Who) -> None:
    if meeting.state is not MeetingState.entered:
        raise NotAllowed("这个会还没有录数，或者已经定了。")
    if meeting.entered_by_id == who.id:
        raise NotAllowed("自己写的不能自己确认，请换一个人。")


def _move(session: Session, meeting: Meeting, start: MeetingState, values: dict[str, Any]) -> None:
    is_as_seen = and_(Meeting.state == start, Meeting.entered_at.is_not_distinct_from(meeting.entered_at))
    steps.set_if(session, meeting, is_as_seen, values)
