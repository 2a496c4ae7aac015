"""Mediation from consent to agreement."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import calendar, local
from actions.cases.finding import get
from actions.cases.models import Mediation
from actions.cases.moves import CONFIRM_DAYS, Actor, add_event
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.replies import Button
from actions.storable import storable

# What the Ministry's form asks of a party, and how long an answer may be. No identity number: it is written by hand.
DETAILS = {"name": 40, "sex": 4, "ethnicity": 12, "age": 6, "occupation": 40, "phone": 30, "address": 80}
CONSENT_BUTTONS = (Button("同意调解", "我同意调解"), Button("不愿意", "我不同意调解"))


def start_mediation(
    session: Session, case_id: int, *, mediator: str, parties: Sequence[dict[str, Any]], actor: Actor, now: datetime
) -> Mediation:
    case = get(session, case_id)
    if case.mediation:
        return case.mediation
    parties = [{k: storable(str(v)) for k, v in p.items()} for p in parties]
    if len([p for p in parties if p.get("name")]) < 2:
        raise InvalidInput("调解要写明至少两方当事人。")
    if not parties[0].get("phone") and not case.is_anonymous:
        parties[0]["phone"] = case.phone or ""  # the resident who reported it has told it already
    mediation = Mediation(
        case_id=case_id,
        mediator=storable(mediator, 40),
        parties=[{**p, "consent": None} for p in parties if p.get("name")],
    )
    session.add(mediation)
    add_event(
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
    if mediation.failed_at or mediation.signed_on:
        raise NotAllowed("调解已经有结果了，不能再改同意不同意。")
    parties[party]["consent"] = answer
    mediation.parties = parties
    add_event(
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
    add_event(
        session,
        mediation.case,
        "调解会",
        key=f"case-{case_id}-session-{len(mediation.sessions)}",
        actor=actor,
        note=f"{local(at, time_too=True)}，{place}。{text}",
        say=f"调解定在 {local(at, time_too=True)}，地点：{place}。" if at > now else None,
        now=now,
    )
    session.commit()
    return mediation


def draft_agreement(
    session: Session,
    case_id: int,
    *,
    facts: str,
    terms: str,
    method: str,
    details: Sequence[Mapping[str, str]] = (),
    actor: Actor,
    now: datetime,
) -> Mediation:
    """What will be printed, as often as it takes; nobody outside hears of it.

    `details`: of each party what the form asks for (`DETAILS`), in the parties' order; a name left empty stays.
    """
    mediation = _mediation(session, case_id)
    if mediation.failed_at or mediation.signed_on:
        raise NotAllowed("协议已经签了，或者调解没成，草稿不能再改。")
    if not storable(terms).strip():
        raise InvalidInput("请写明协议内容，一条一行。")
    is_first = not mediation.terms
    mediation.facts, mediation.terms = storable(facts).strip(), storable(terms).strip()
    mediation.method = storable(method).strip()
    said = [*details, *({} for _ in mediation.parties)]  # what isn't said stays
    mediation.parties = [_with_details(party, its) for party, its in zip(mediation.parties, said, strict=False)]
    if is_first:
        what, key = "起草调解协议", f"case-{case_id}-draft"
        add_event(session, mediation.case, what, key=key, actor=actor, note=mediation.terms, now=now)
    try:
        session.commit()
    except IntegrityError:  # somebody's first draft came in between; theirs stands
        session.rollback()
        raise Conflict from None
    return mediation


def _with_details(party: Mapping[str, Any], details: Mapping[str, str]) -> dict[str, Any]:
    said = {name: storable(details[name], DETAILS[name]).strip() for name in DETAILS if name in details}
    return {**party, **said, "name": said.get("name") or party["name"]}


def sign_agreement(
    session: Session, case_id: int, *, facts: str, terms: str, method: str, signed_on: Any, actor: Actor, now: datetime
) -> Mediation:
    """What stands on the paper that was signed; the parties are told.

    From its day on 30 days run in which both may ask the court to confirm it (人民调解法 33).
    """
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
    add_event(
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
        add_event(
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
