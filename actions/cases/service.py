"""What can be done with a case. Each function is one transaction, committed at its end; each can be called again with
the same key and does nothing the second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions import persons
from actions.cases import numbers, routing
from actions.cases.models import (
    ActionOutcome,
    CalendarDay,
    CalledUnit,
    Case,
    CaseCounter,
    CaseEvent,
    Mediation,
    Photo,
    Team,
    TimeLimit,
)
from actions.cases.photos import CleanPhoto
from actions.cases.status import LABELS, OPEN, TIMED, By, CaseStatus, move_between
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.storable import row_of, storable
from actions.workdays import SHANGHAI, Unit, WorkCalendar
from knowledge.models import Place

CALLED_UNIT = "吹哨报到"  # the row of time_limit that says how soon a called unit must answer
MOST_PHOTOS = 6
ASKED_FOR_MORE = "请居民补充"
CONFIRM_DAYS = 30  # 人民调解法 33
LOOK_BACK = (timedelta(days=7), timedelta(days=30))  # 回头看
_DEFAULT_LIMIT = TimeLimit(category="*", amount=7, unit=Unit.workdays, green_amount=3)
# one city's practice (domain.md section 4)
_DEFAULT_CALLED = TimeLimit(category=CALLED_UNIT, amount=4, unit=Unit.hours, green_amount=4)


@dataclass(frozen=True)
class Actor:
    """Who does it. `id` is a staff account's, None for residents and the clock."""

    kind: str
    name: str = ""
    id: int | None = None


RESIDENT = Actor("resident", "居民")
CLOCK = Actor("system", "系统")
CONSENT_BUTTONS = [{"title": "同意调解", "payload": "我同意调解"}, {"title": "不愿意", "payload": "我不同意调解"}]
LINK_BUTTON = {"title": "要个链接，换手机也能看", "payload": "给我一个查进度的链接"}
CONFIRM_BUTTONS = [{"title": "解决了", "payload": "这件事解决了"}, {"title": "没解决", "payload": "这件事没解决"}]


def calendar(session: Session) -> WorkCalendar:
    return WorkCalendar({row.day: row.is_workday for row in session.scalars(select(CalendarDay))})


def file(
    session: Session,
    *,
    request_key: str,
    conversation_id: str | None,
    place: str | None,
    category: str,
    fields: Mapping[str, Any],
    now: datetime,
    message_id: int | None = None,
    is_demo: bool = False,
) -> Case:
    """The case for this wish: a new one, or the one already filed under `request_key`.

    fields: what, spot, when_said, other_party, wish, is_anonymous, contact_name, phone, green (list).
    """
    found = session.scalar(select(Case).where(Case.request_key == request_key))
    if found:
        return found
    fields = {k: storable(v) if isinstance(v, str) else v for k, v in fields.items()}
    if len(fields.get("phone") or "") > 30 or len(fields.get("contact_name") or "") > 40:
        raise InvalidInput("电话或者称呼太长了，请改短一点。")
    day = now.astimezone(SHANGHAI).date()
    case = Case(
        number=numbers.make(day, _next_counter(session, day)),
        request_key=request_key,
        conversation_id=conversation_id,
        place_id=place,
        category=storable(category, 20),
        filed_at=now,
        updated_at=now,
        is_demo=is_demo,
        **fields,
    )
    team = routing.team_for(session, category=category, place=place, text=case.what)
    case.team_id = team.id if team else None
    _start_clock(session, case, now)
    session.add(case)
    try:
        session.flush()
        _event(
            session,
            case,
            "登记",
            key=f"case-{case.id}-filed",
            actor=RESIDENT,
            to=CaseStatus.filed,
            now=now,
            note=f"转到{team.name}" if team else "没有规则接手，要人来分",
        )
        if conversation_id:
            session.execute(
                update(Photo)
                .where(Photo.conversation_id == conversation_id, Photo.case_id.is_(None))
                .values(case_id=case.id)
            )
        if message_id is not None:
            session.add(ActionOutcome(message_id=message_id, replies=[filed_reply(session, case)]))
        session.commit()
    except IntegrityError:
        session.rollback()
        found = session.scalar(select(Case).where(Case.request_key == request_key))
        if found is None:
            raise
        return found
    return case


def _next_counter(session: Session, day: Any) -> int:
    """Unique also among parallel requests: one statement on both databases."""
    insert = (
        (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite)
        .insert(CaseCounter)
        .values(day=day, value=1)
    )
    return int(
        session.scalar(
            insert.on_conflict_do_update(
                index_elements=[CaseCounter.day], set_={"value": CaseCounter.value + 1}
            ).returning(CaseCounter.value)
        )
        or 1
    )


def attach_photo(session: Session, conversation_id: str, photo: CleanPhoto) -> int:
    """How many pictures wait for the report. The same picture twice is one. Raises InvalidInput beyond MOST_PHOTOS."""
    waiting = (
        select(func.count()).select_from(Photo).where(Photo.conversation_id == conversation_id, Photo.case_id.is_(None))
    )
    if session.scalar(select(Photo.id).where(Photo.conversation_id == conversation_id, Photo.sha256 == photo.sha256)):
        return session.scalar(waiting) or 0
    if (session.scalar(waiting) or 0) >= MOST_PHOTOS:
        raise InvalidInput(f"最多发 {MOST_PHOTOS} 张照片。")
    session.add(Photo(conversation_id=conversation_id, sha256=photo.sha256, jpeg=photo.jpeg))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
    return session.scalar(waiting) or 0


def filed_reply(session: Session, case: Case) -> dict[str, Any]:
    place = session.get(Place, case.place_id) if case.place_id else None
    say = f"登记好了，编号 {f'{place.name} ' if place else ''}{numbers.spoken(case.number)}，请记一下。"
    if case.green:
        say += "您的情况可以优先办，我已经标上了。"
    due = f"按规定最晚 {local(case.due_at)} 前给您答复" if case.due_at else "受理后会给您答复"
    sure = "" if case.due_is_confirmed else "（那一年的放假安排还没公布，到时候可能会差一两天）"
    return {
        "kind": "case",
        "text": say,
        "next": (
            f"{due}{sure}。有进展我在这里告诉您；想问进度，说“我那事咋样了”就行。"
            f"换了地方问，{'报编号和手机号后四位，或者' if case.phone else ''}先在这里要一个链接。"
        ),
        "case": spoken_number(case),
        "green": bool(case.green),
        "buttons": [LINK_BUTTON],
    }


def spoken_number(case: Case) -> str:
    return numbers.spoken(case.number)


def local(moment: datetime | None, *, time_too: bool = False) -> str:
    if moment is None:
        return ""
    at = moment.astimezone(SHANGHAI)
    return f"{at.month}月{at.day}日" + (f" {at:%H:%M}" if time_too else "")


def _start_clock(session: Session, case: Case, now: datetime) -> None:
    limit = session.get(TimeLimit, case.category) or session.get(TimeLimit, "*") or _DEFAULT_LIMIT
    case.clock_started_at, case.paused_at, case.warned_at, case.escalated_at = now, None, None, None
    case.due_at, case.due_is_confirmed = calendar(session).due(
        now, amount=limit.green_amount if case.green else limit.amount, unit=Unit(limit.unit)
    )


def _event(
    session: Session,
    case: Case,
    what: str,
    *,
    key: str,
    actor: Actor,
    now: datetime,
    to: CaseStatus | None = None,
    note: str = "",
    say: str | None = None,
    buttons: Sequence[dict[str, str]] = (),
) -> CaseEvent:
    event = CaseEvent(
        case_id=case.id,
        key=key,
        at=now,
        actor=actor.kind,
        actor_id=actor.id,
        actor_name=storable(actor.name, 60),
        what=storable(what, 60),
        status_to=to,
        note=storable(note),
        say=storable(say) if say is not None else None,
        buttons=list(buttons),
    )
    session.add(event)
    case.updated_at = now
    return event


def get(session: Session, case_id: int) -> Case:
    case = row_of(session, Case, case_id)
    if case is None:
        raise NotFound
    return case


def move(
    session: Session,
    case_id: int,
    to: CaseStatus,
    *,
    actor: Actor,
    key: str,
    now: datetime,
    note: str = "",
    team_id: int | None = None,
    assignee_id: int | None = None,
) -> Case:
    """Apply a move of the table. `key` names this one wish (a form's nonce, a message): a second call changes nothing.

    Raises NotFound, NotAllowed, InvalidInput (a reason is missing), Conflict (somebody moved it in between).
    """
    case = get(session, case_id)
    if session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return case
    start = case.status
    allowed = move_between(start, to, By.resident if actor.kind == "resident" else By.staff)
    note = note.strip()
    if allowed.needs_note and actor.kind == "staff" and not note:
        raise InvalidInput("请写明情况或原因，居民会看到。")
    if to is CaseStatus.assigned:
        if team_id is None or row_of(session, Team, team_id) is None:
            raise InvalidInput("请选择交给哪个单位。")
        case.team_id, case.assignee_id = team_id, assignee_id
    team = session.get(Team, case.team_id) if case.team_id else None
    # The status is the lock: of two people who press at once, one is told to look again.
    taken = session.execute(update(Case).where(Case.id == case_id, Case.status == start).values(status=to))
    if not taken.rowcount:
        session.rollback()
        raise Conflict
    case.status = to
    if to is CaseStatus.answered:
        case.answered_at = now
    elif to is CaseStatus.closed:
        case.closed_at = now
        case.looked_back = 0
    elif to in (CaseStatus.reopened, CaseStatus.filed):
        case.closed_at = None
        case.times_reopened += to is CaseStatus.reopened
        _start_clock(session, case, now)
    # A resident's own move is answered in the turn that made it.
    say = (
        allowed.say.format(note=note, team=team.name if team else "工作人员")
        if allowed.say and actor.kind != "resident"
        else None
    )
    if to is CaseStatus.answered:
        say = f"{say}\n这样算解决了吗？"
    _event(
        session,
        case,
        allowed.label,
        key=key,
        actor=actor,
        to=to,
        note=note,
        say=say,
        buttons=CONFIRM_BUTTONS if to is CaseStatus.answered else (),
        now=now,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # the same key in another process; its event stands
        return get(session, case_id)
    return case


def merge(session: Session, case_id: int, into_number: str, *, actor: Actor, key: str, now: datetime) -> Case:
    """并案: the case goes on in another one; residents of both hear of it."""
    digits, fits = numbers.find(into_number)
    master = session.scalar(select(Case).where(Case.number == digits)) if digits and fits else None
    if master is None or master.id == case_id or master.status not in OPEN:
        raise InvalidInput("要并入的编号不对，或那件事已经办结。")
    case = get(session, case_id)
    if session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return case
    move_between(case.status, CaseStatus.merged, By.staff)
    case.merged_into_id = master.id
    _event(
        session,
        master,
        f"并入 {numbers.spoken(case.number)}",
        key=f"{key}-master",
        actor=actor,
        now=now,
        say="有人反映了同一件事，和您的并在一起办，进度照样告诉您。",
    )
    return move(
        session, case_id, CaseStatus.merged, actor=actor, key=key, now=now, note=f"并入 {numbers.spoken(master.number)}"
    )


def note(
    session: Session, case_id: int, text: str, *, actor: Actor, key: str, now: datetime, for_resident: bool = False
) -> None:
    """A line of the record; for the resident's eyes only when said so."""
    if not text.strip():
        raise InvalidInput("还没写内容。")
    case = get(session, case_id)
    if session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return
    _event(
        session,
        case,
        "告知进展" if for_resident else "内部记录",
        key=key,
        actor=actor,
        note=text.strip(),
        say=f"您的事有新进展：{text.strip()}" if for_resident else None,
        now=now,
    )
    session.commit()


def pause(session: Session, case_id: int, question: str, *, actor: Actor, key: str, now: datetime) -> None:
    """Ask the resident for something; the clock stands until they answer."""
    case = get(session, case_id)
    if not question.strip():
        raise InvalidInput("请写明要居民补充什么。")
    if case.status not in TIMED or session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return
    case.paused_at = case.paused_at or now
    _event(
        session,
        case,
        ASKED_FOR_MORE,
        key=key,
        actor=actor,
        note=question.strip(),
        say=f"办您这件事，还要请您补充：{question.strip()}\n直接在这里回复“补充：……”就行，补充之前不算办理时间。",
        now=now,
    )
    session.commit()


def supplement(session: Session, case_id: int, text: str, *, key: str, now: datetime) -> Case:
    """What the resident adds. A standing clock goes on, moved by the time it stood."""
    case = get(session, case_id)
    if session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return case
    if case.status is CaseStatus.returned:
        return move(session, case_id, CaseStatus.filed, actor=RESIDENT, key=key, now=now, note=text)
    if (where := lead(session, case)) is not case:  # what another resident was asked for, this doesn't answer
        note(
            session,
            where.id,
            f"并案的居民（{numbers.spoken(case.number)}）补充：{text}",
            actor=RESIDENT,
            key=key,
            now=now,
        )
        return case
    if case.paused_at and case.due_at:
        case.due_at += now - case.paused_at
        case.paused_at = None
    _event(session, case, "居民补充", key=key, actor=RESIDENT, note=text, now=now)
    session.commit()
    return case


def called_unit_limit(session: Session) -> TimeLimit:
    return session.get(TimeLimit, CALLED_UNIT) or _DEFAULT_CALLED


def call_unit(
    session: Session,
    case_id: int,
    team_id: int,
    *,
    reason: str,
    actor: Actor,
    key: str,
    now: datetime,
    is_referral: bool = False,
) -> CalledUnit:
    """吹哨 to a unit, or 转介 upward. It acknowledges within the limit of CALLED_UNIT or the supervisor hears of it."""
    case, team = get(session, case_id), row_of(session, Team, team_id)
    if team is None:
        raise InvalidInput("请选择要叫的单位。")
    if case.status not in OPEN or case.status is CaseStatus.answered:
        raise NotAllowed("这件事现在不能再叫单位。")
    found = session.scalar(select(CalledUnit).where(CalledUnit.case_id == case_id, CalledUnit.team_id == team_id))
    if found:
        return found
    limit = called_unit_limit(session)
    due, _ = calendar(session).due(
        now, amount=limit.green_amount if case.green else limit.amount, unit=Unit(limit.unit)
    )
    unit = CalledUnit(
        case_id=case_id,
        team_id=team_id,
        reason=storable(reason).strip(),
        called_at=now,
        due_at=due,
        is_referral=is_referral,
    )
    session.add(unit)
    _event(
        session,
        case,
        f"{'转介' if is_referral else '叫'}{team.name[:48]}",
        key=key,
        actor=actor,
        note=reason.strip(),
        say=f"这件事{'转到了' if is_referral else '请了'}{team.name}{'' if is_referral else '一起来办'}。",
        now=now,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return session.scalars(
            select(CalledUnit).where(CalledUnit.case_id == case_id, CalledUnit.team_id == team_id)
        ).one()
    return unit


def unit_arrived(session: Session, unit_id: int, *, actor: Actor, now: datetime) -> None:
    unit = row_of(session, CalledUnit, unit_id)
    if unit is None:
        raise NotFound
    taken = session.execute(
        update(CalledUnit).where(CalledUnit.id == unit_id, CalledUnit.arrived_at.is_(None)).values(arrived_at=now)
    )
    if taken.rowcount:
        _event(
            session,
            unit.case,
            f"{unit.team.name[:48]}已{'签收' if unit.is_referral else '报到'}",
            key=f"unit-{unit_id}-arrived",
            actor=actor,
            say=f"{unit.team.name}已经{'接手' if unit.is_referral else '到了'}。",
            now=now,
        )
    session.commit()


def unit_result(session: Session, unit_id: int, result: str, *, actor: Actor, now: datetime) -> None:
    """What a called unit did; a referral comes back with it."""
    unit, result = row_of(session, CalledUnit, unit_id), storable(result)
    if unit is None:
        raise NotFound
    if not result.strip():
        raise InvalidInput("请写明处理结果。")
    if unit.returned_at is None:
        unit.result, unit.returned_at, unit.arrived_at = result.strip(), now, unit.arrived_at or now
        _event(
            session,
            unit.case,
            f"{unit.team.name[:48]}反馈",
            key=f"unit-{unit_id}-result",
            actor=actor,
            note=result.strip(),
            now=now,
        )
        session.commit()


def mark_green(
    session: Session, case_id: int, reasons: Sequence[str], *, actor: Actor, key: str, now: datetime
) -> None:
    """绿色通道 confirmed or taken off by staff.

    Entering shortens the limit; leaving never lengthens one already promised.
    """
    case = get(session, case_id)
    if session.scalar(select(CaseEvent.id).where(CaseEvent.key == key)):
        return
    was = bool(case.green)
    case.green = [storable(r) for r in reasons]
    if case.green and not was and case.clock_started_at and case.due_at and case.status in TIMED:
        limit = session.get(TimeLimit, case.category) or session.get(TimeLimit, "*") or _DEFAULT_LIMIT
        due, sure = calendar(session).due(case.clock_started_at, amount=limit.green_amount, unit=Unit(limit.unit))
        if due < case.due_at:
            case.due_at, case.due_is_confirmed = due, sure
    _event(
        session,
        case,
        "列入绿色通道" if case.green else "移出绿色通道",
        key=key,
        actor=actor,
        note="、".join(reasons),
        say="您的情况可以优先办，已经排到前面。" if case.green and not was else None,
        now=now,
    )
    session.commit()


def rate(session: Session, case_id: int, stars: int, *, now: datetime) -> None:
    case = get(session, case_id)
    case.satisfaction = max(1, min(5, stars))
    session.commit()


# --- mediation -------------------------------------------------------------------------------------------------------


def start_mediation(
    session: Session, case_id: int, *, mediator: str, parties: Sequence[dict[str, Any]], actor: Actor, now: datetime
) -> Mediation:
    case = get(session, case_id)
    if case.mediation:
        return case.mediation
    parties = [{k: storable(str(v)) for k, v in p.items()} for p in parties]
    if len([p for p in parties if p.get("name")]) < 2:
        raise InvalidInput("调解要写明至少两方当事人。")
    mediation = Mediation(
        case_id=case_id,
        mediator=storable(mediator, 40),
        parties=[{**p, "consent": None} for p in parties if p.get("name")],
    )
    session.add(mediation)
    _event(
        session,
        case,
        "启动调解",
        key=f"case-{case_id}-mediation",
        actor=actor,
        say="这件事可以请人民调解委员会来调解，不收费，同不同意由您定，不同意也不影响您去法院。您愿意吗？",
        buttons=CONSENT_BUTTONS,
        now=now,
    )
    session.commit()
    return mediation


def consent(session: Session, case_id: int, party: int, answer: str, *, actor: Actor, now: datetime) -> Mediation:
    """One party's yes or no; the first party is the resident who reported it.

    A clear no ends the mediation (人民调解法 17).
    """
    mediation = _mediation(session, case_id)
    if not 0 <= party < len(mediation.parties) or answer not in ("yes", "no"):
        raise InvalidInput
    parties = [dict(p) for p in mediation.parties]
    if parties[party]["consent"] == answer:
        return mediation  # sent again
    if mediation.failed_at or mediation.terms:
        raise NotAllowed("调解已经有结果了，不能再改同意不同意。")
    parties[party]["consent"] = answer
    mediation.parties = parties
    _event(
        session,
        mediation.case,
        f"{parties[party]['name'][:40]}{'同意' if answer == 'yes' else '不同意'}调解",
        key=f"case-{case_id}-consent-{party}-{answer}-{now.timestamp()}",
        actor=actor,
        now=now,
    )
    if answer == "no" and mediation.failed_at is None:
        return fail_mediation(session, case_id, "有一方明确不愿调解", actor=actor, now=now)  # commits both
    session.commit()
    return mediation


def add_session(
    session: Session, case_id: int, *, at: datetime, place: str, text: str, actor: Actor, now: datetime
) -> Mediation:
    mediation = _mediation(session, case_id)
    if not mediation.parties or any(p.get("consent") != "yes" for p in mediation.parties):
        raise NotAllowed("各方都同意以后才能开调解会（人民调解法第三条、第十七条）。")
    held = {"at": at.astimezone(UTC).isoformat(), "place": storable(place), "note": storable(text)}
    if held in mediation.sessions:
        return mediation  # sent again
    mediation.sessions = [*mediation.sessions, held]
    _event(
        session,
        mediation.case,
        "调解会",
        key=f"case-{case_id}-session-{len(mediation.sessions)}",
        actor=actor,
        note=text,
        say=f"调解定在 {local(at, time_too=True)}，地点：{place}。" if at > now else None,
        now=now,
    )
    session.commit()
    return mediation


def sign_agreement(
    session: Session, case_id: int, *, facts: str, terms: str, method: str, signed_on: Any, actor: Actor, now: datetime
) -> Mediation:
    """The agreement; from its day on 30 days run in which both may ask the court to confirm it (人民调解法 33)."""
    mediation = _mediation(session, case_id)
    if any(p.get("consent") != "yes" for p in mediation.parties) or mediation.failed_at:
        raise NotAllowed("有一方还没同意调解，不能签协议。")
    if not storable(terms).strip():
        raise InvalidInput("请写明协议内容，一条一行。")
    if abs((signed_on - now.date()).days) > 366:
        raise InvalidInput("签字日期不对。")
    mediation.facts = storable(facts).strip()
    mediation.terms = storable(terms).strip()
    mediation.method = storable(method).strip()
    mediation.signed_on = signed_on
    last = signed_on + timedelta(days=CONFIRM_DAYS)
    days = calendar(session)
    while not days.is_workday(last):  # the last day moves off a holiday (民法典 203)
        last += timedelta(days=1)
    mediation.confirm_by = last
    _event(
        session,
        mediation.case,
        "达成调解协议",
        key=f"case-{case_id}-agreement-{signed_on}",
        actor=actor,
        note=terms.strip(),
        say=(
            f"调解协议签好了。双方可以在 {last.month}月{last.day}日 前一起到法院申请司法确认，确认以后一方不履行，"
            "另一方可以申请强制执行（人民调解法第三十三条）。"
        ),
        now=now,
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
    return _mediation(session, case_id)


def fail_mediation(session: Session, case_id: int, reason: str, *, actor: Actor, now: datetime) -> Mediation:
    """No agreement: the parties are told the other ways (人民调解法 26)."""
    mediation = _mediation(session, case_id)
    if mediation.failed_at is None:
        mediation.failed_at = now
        _event(
            session,
            mediation.case,
            "调解未成",
            key=f"case-{case_id}-mediation-failed",
            actor=actor,
            note=reason,
            say=(
                "这次调解没有成。您还可以：找主管部门处理，按约定申请仲裁，或者到法院起诉；"
                "打官司有困难的，可以拨打 12348 问法律援助（人民调解法第二十六条）。"
            ),
            now=now,
        )
        session.commit()
    return mediation


def _mediation(session: Session, case_id: int) -> Mediation:
    found = session.scalar(select(Mediation).where(Mediation.case_id == case_id))
    if found is None:
        raise NotFound("这件事还没有启动调解。")
    return found


# --- merged cases ----------------------------------------------------------------------------------------------------


def lead(session: Session, case: Case) -> Case:
    """The case in which this one goes on: itself, or the one it was merged into."""
    seen = {case.id}
    while case.merged_into_id and case.merged_into_id not in seen:
        seen.add(case.merged_into_id)
        case = get(session, case.merged_into_id)
    return case


def followers(session: Session, case_id: int) -> list[Case]:
    """Cases merged into this one, also by way of another."""
    found: list[Case] = []
    near = [case_id]
    while near:
        more = [
            c
            for c in session.scalars(select(Case).where(Case.merged_into_id.in_(near)).order_by(Case.id))
            if c.id != case_id and c not in found
        ]
        found += more
        near = [c.id for c in more]
    return found


def audience(session: Session, event: CaseEvent) -> list[tuple[Case, str]]:
    """Whom an event is told to, with the words: the case's own resident, and those whose cases were merged into it
    before.
    """
    assert event.say
    case = event.case
    told = [(case, event.say)]
    if event.what == ASKED_FOR_MORE:
        return told  # a question to one person
    for other in followers(session, case.id):
        since = max((e.id for e in other.events if e.status_to is CaseStatus.merged), default=0)
        if event.id > since and other.conversation_id not in {c.conversation_id for c, _ in told}:
            told.append((other, f"和您反映的（{numbers.spoken(other.number)}）并在一起办的事有消息：{event.say}"))
    return told


# --- asking ----------------------------------------------------------------------------------------------------------


def of_conversation(session: Session, conversation_id: str) -> list[Case]:
    return list(session.scalars(select(Case).where(Case.conversation_id == conversation_id).order_by(Case.id.desc())))


def of_person(session: Session, conversation_id: str) -> list[Case]:
    """Of this conversation, and of those its resident joined to it."""
    return list(
        session.scalars(
            select(Case)
            .where(Case.conversation_id.in_(persons.threads_of(session, conversation_id)))
            .order_by(Case.id.desc())
        )
    )


def look_up(session: Session, number: str, phone_tail: str, *, now: datetime) -> Case:
    """Progress from elsewhere. A wrong number, a wrong tail, an anonymous case and a locked one all look the same
    (NotFound).

    Five wrong tails lock a case's look-up for a day: ten thousand tails are too few to let anyone walk through them.
    """
    case = session.scalar(select(Case).where(Case.number == storable(number)))
    if case is None or not case.phone:
        raise NotFound
    if case.lookup_failed_at and case.lookup_failed_at < now - timedelta(days=1):
        case.lookup_failures = 0
    if case.lookup_failures >= 5:
        raise NotFound
    if len(phone_tail) != 4 or not case.phone.endswith(phone_tail):
        case.lookup_failures, case.lookup_failed_at = case.lookup_failures + 1, now
        session.commit()
        raise NotFound
    case.lookup_failures = 0
    session.commit()
    return case


def progress(session: Session, case: Case) -> str:
    """The resident's view of where a case stands; of a merged one, where the case stands in which it goes on."""
    own, case = case, lead(session, case)
    lines = [
        f"{numbers.spoken(own.number)}：{'和别人反映的并在一起办，' if own is not case else ''}{LABELS[case.status]}。"
    ]
    told = [e for e in case.events if e.status_to or e.say]
    lines += [f"· {local(e.at, time_too=True)} {e.what}" for e in told[-5:]]
    if case.status in TIMED and case.due_at:
        lines.append(f"最晚 {local(case.due_at)} 前答复" + ("，现在等您补充，不算时间。" if case.paused_at else "。"))
    return "\n".join(lines)


def in_reach(places: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Of these places, or of none yet, which is everybody's; no condition where `places` is None."""
    return [] if places is None else [Case.place_id.in_(places) | Case.place_id.is_(None)]


_ORDINARY = func.length(cast(Case.green, Text)) <= 2  # `[]`: no reason to go first


def page(
    session: Session,
    *,
    places: Sequence[str] | None,
    status: Sequence[CaseStatus] = (),
    category: str = "",
    team_id: int | None = None,
    within: Sequence[str] | None = None,
    text: str = "",
    only_green: bool = False,
    overdue_at: datetime | None = None,
    is_warned: bool = False,
    has_absent_unit: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Case], int]:
    """Cases of these places (None: all) and how many there are: first those whose clock runs, the green channel before
    the rest, then by limit.

    places: where the asking person works, which includes what has no place yet; `within`: the places asked for, and
    nothing else.
    """
    where = in_reach(places)
    if within is not None:
        where.append(Case.place_id.in_(within))
    if status:
        where.append(Case.status.in_(status))
    if category:
        where.append(Case.category == storable(category))
    if team_id:
        # its own, and those it was called to
        where.append((Case.team_id == team_id) | Case.units.any(CalledUnit.team_id == team_id))
    if is_warned:
        where += [Case.warned_at.is_not(None), Case.escalated_at.is_(None), Case.status.in_(TIMED)]
    if has_absent_unit:
        where += [_ABSENT, Case.status.in_(OPEN)]
    if overdue_at:
        where += [Case.due_at < overdue_at, Case.status.in_(TIMED)]
    if only_green:
        where.append(~_ORDINARY)
    if text:
        text = storable(text)
        like = f"%{text.replace('%', '').replace('_', '')}%"
        where.append(or_(Case.what.like(like), Case.number.like(f"%{text.replace('-', '')}%"), Case.spot.like(like)))
    rows = session.scalars(
        select(Case)
        .where(*where)
        .order_by(Case.status.not_in(TIMED), _ORDINARY, Case.due_at.is_(None), Case.due_at, Case.id)
        .limit(limit)
        .offset(offset)
    )
    return list(rows), session.scalar(select(func.count()).select_from(Case).where(*where)) or 0


_ABSENT = Case.units.any(CalledUnit.escalated_at.is_not(None) & CalledUnit.arrived_at.is_(None))


def count_alarms(session: Session, *, places: Sequence[str] | None) -> int:
    """Cases of these places that have run over their limit or wait for a unit that didn't come: what a supervisor
    must see to.
    """
    where = [
        *in_reach(places),
        (Case.escalated_at.is_not(None) & Case.status.in_(TIMED)) | (_ABSENT & Case.status.in_(OPEN)),
    ]
    return session.scalar(select(func.count()).select_from(Case).where(*where)) or 0


# --- the clock: called by the worker, again and again
# ------------------------------------------------------------------


_TICKS = 5


def tick(session: Session, *, now: datetime) -> int:
    """Warn at 80 %, escalate at 100 %, call absent units, look back after 7 and 30 days. How much was done."""
    for _ in range(_TICKS):
        try:
            return _tick(session, now)
        except IntegrityError:  # of two workers the later one finds an event written, and looks again
            session.rollback()
    return 0


def _tick(session: Session, now: datetime) -> int:
    done = 0
    for case in session.scalars(
        select(Case).where(
            Case.status.in_(TIMED), Case.paused_at.is_(None), Case.due_at.is_not(None), Case.escalated_at.is_(None)
        )
    ).all():
        assert case.due_at and case.clock_started_at
        key = f"case-{case.id}-{int(case.clock_started_at.timestamp())}"
        if now >= case.due_at:
            case.escalated_at = now
            _event(
                session,
                case,
                "已超时，上报主管",
                key=f"{key}-escalated",
                actor=CLOCK,
                now=now,
                say="您的事没能按时答复，已经报给主管督办，对不住。您也可以拨打 12345 催办。",
            )
            done += 1
        elif case.warned_at is None and now >= case.clock_started_at + (case.due_at - case.clock_started_at) * 0.8:
            case.warned_at = now
            _event(session, case, "时限将到", key=f"{key}-warned", actor=CLOCK, now=now)
            done += 1
    for unit in session.scalars(
        select(CalledUnit).where(
            CalledUnit.arrived_at.is_(None), CalledUnit.escalated_at.is_(None), CalledUnit.due_at < now
        )
    ).all():
        unit.escalated_at = now
        _event(
            session,
            unit.case,
            f"{unit.team.name[:48]}没有按时报到，上报主管",
            key=f"unit-{unit.id}-absent",
            actor=CLOCK,
            now=now,
        )
        done += 1
    for case in session.scalars(
        select(Case).where(
            Case.status == CaseStatus.closed, Case.looked_back < len(LOOK_BACK), Case.closed_at.is_not(None)
        )
    ).all():
        assert case.closed_at
        if now >= case.closed_at + LOOK_BACK[case.looked_back]:
            case.looked_back += 1
            _event(
                session,
                case,
                "回头看",
                key=f"case-{case.id}-look-{case.closed_at.timestamp():.0f}-{case.looked_back}",
                actor=CLOCK,
                now=now,
                say=f"您之前反映的“{case.what[:20]}”（{numbers.spoken(case.number)}），现在真解决了吗？",
                buttons=CONFIRM_BUTTONS,
            )
            done += 1
    soon = now.astimezone(SHANGHAI).date() + timedelta(days=7)
    for mediation in session.scalars(
        select(Mediation).where(
            Mediation.confirm_by.is_not(None), Mediation.confirm_by <= soon, Mediation.confirm_reminded_at.is_(None)
        )
    ).all():
        mediation.confirm_reminded_at = now
        assert mediation.confirm_by
        _event(
            session,
            mediation.case,
            "司法确认期限将到",
            key=f"case-{mediation.case_id}-confirm-soon",
            actor=CLOCK,
            now=now,
            say=(
                f"提醒您：调解协议要做司法确认的，请在 {mediation.confirm_by.month}月{mediation.confirm_by.day}日 "
                "前双方一起去法院。"
            ),
        )
        done += 1
    session.commit()
    return done


def untold(session: Session, limit: int = 100) -> list[CaseEvent]:
    return list(
        session.scalars(
            select(CaseEvent)
            .where(CaseEvent.say.is_not(None), CaseEvent.told_at.is_(None))
            .order_by(CaseEvent.id)
            .limit(limit)
        )
    )
