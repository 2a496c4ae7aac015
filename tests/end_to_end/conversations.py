"""Plays conversations.yml: residents who talk as people do, against a running stack and its database."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import service as bookings
from actions.bookings.models import Appointment, Mode, Opening
from actions.cases import numbers
from actions.cases import service as cases
from actions.cases.models import Team
from actions.cases.status import CaseStatus
from actions.dates import SHANGHAI
from actions.dialogue.dispute import _ASK
from bot.conversations.models import Conversation
from bot.settings import Settings
from tests.end_to_end.conftest import Resident

FILE = Path(__file__).with_name("conversations.yml")
STAFF = cases.Actor("staff", "赵主任", 1)
OTHERS_PHONE = "13900004321"
# place, mode, in how many days (next Wednesday: None), hour, capacity
OPENINGS: tuple[tuple[str, Mode, int | None, int, int], ...] = (
    ("wangjiawan", Mode.visit, 1, 10, 100),
    ("wangjiawan", Mode.visit, 2, 14, 100),
    ("wangjiawan", Mode.phone, 3, 9, 100),
    ("wangjiawan", Mode.video, 4, 15, 100),
    ("wangjiawan", Mode.visit, None, 14, 100),
    ("yangshuping", Mode.visit, 5, 9, 1),  # taken already
)


@dataclass
class Played:
    transcript: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.failures.append(what)
        self.transcript.append(f"   !! {what}")


def load() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def furnish(sessions: sessionmaker[Session]) -> dict[str, str]:
    """The openings and somebody else's case; what stands for what in the residents' words."""
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).date()
    with sessions() as session:
        if session.scalar(select(Opening.id).where(Opening.series == "conversations")) is None:
            for place, mode, days, hour, capacity in OPENINGS:
                day = today + timedelta(days=days if days is not None else 9 - today.weekday())
                starts = datetime.combine(day, time(hour), SHANGHAI)
                opening = bookings.publish(session, worker_id=None, worker_name="周律师", mode=mode, place=place, address="党群服务中心", starts_at=starts, ends_at=starts + timedelta(hours=1), capacity=capacity, now=now, series="conversations")
                session.commit()
                if capacity == 1:
                    bookings.book(session, opening.id, conversation_id=None, request_key="conversations-full", summary="占着", phone=None, now=now)
        others = cases.file(session, request_key="conversations-other", conversation_id=None, place="lijiagou", category="其他", fields={"what": "别人家的事", "phone": OTHERS_PHONE}, now=now)
        number = numbers.spoken(others.number)
        others.lookup_failures = 0
        session.commit()
    days = {n: today + timedelta(days=n) for n in range(31)}
    return {
        "other": number,
        "wrong": number[:-1] + str((int(number[-1]) + 1) % 10),
        **{f"d{n}": f"{d.month}月{d.day}号" for n, d in days.items()},
        **{f"n{n}": f"{d.day}号" for n, d in days.items()},
        **{f"d{n}x": f"{d.month}月{d.day}日" for n, d in days.items()},
    }


def play(conversation: dict[str, Any], settings: Settings, sessions: sessionmaker[Session], words: dict[str, str]) -> Played:
    base = f"http://127.0.0.1:{settings.port}"
    played, resident = Played(), Resident(base, conversation.get("village"), secret=settings.secret("internal"))
    short = resident.http.get("/api/widget/conversations/current").json()["conversation"]
    asked: dict[str, int] = {}
    with sessions() as session:
        conversation_id = session.scalars(select(Conversation.id).where(Conversation.id.startswith(short))).one()
    for turn in conversation["turns"]:
        if to := turn.get("staff"):
            played.transcript.append(f"-- {to}")
            with sessions() as session:
                if not _move(session, conversation_id, to):
                    played.fail(f"no case that can be {to}")
            continue
        with sessions() as session:
            own = cases.of_conversation(session, conversation_id)
        known = {**words, "number": numbers.spoken(own[0].number) if own else "000000-000-00"}
        said = _fill(str(turn["say"]), known)
        replies: list[dict[str, Any]] = []
        for _ in range(turn.get("times", 1)):
            key = uuid.uuid4().hex
            answer = resident.post(said, key).json()
            replies = answer.get("replies", [])
            if turn.get("twice") and resident.post(said, key).json().get("replies") != replies:
                played.fail("the same message delivered again was answered otherwise")
        heard = "\n".join(_shown(r) for r in replies)
        played.transcript += [f"> {said}", *(f"< {_shown(r)}" for r in replies)]
        if not replies:
            played.fail("no answer")
        texts = [r["text"] for r in replies]
        if len(set(texts)) < len(texts):
            played.fail("says the same twice in one turn")
        for pattern in _several(turn.get("heard")):
            if not re.search(_fill(pattern, known), heard):
                played.fail(f"not heard: {pattern}")
        for pattern in _several(turn.get("not_heard")):
            if re.search(_fill(pattern, known), heard):
                played.fail(f"heard: {pattern}")
        for step, question in _ASK.items():
            asked[step] = asked.get(step, 0) + (question in heard)
    if conversation.get("asked_once"):
        for step in (s for s, count in asked.items() if count > 1):
            played.fail(f"asked {asked[step]} times: {step}")
    with sessions() as session:
        _check_outcome(session, conversation, conversation_id, played, words)
    resident.http.close()
    return played


def _check_outcome(session: Session, conversation: dict[str, Any], conversation_id: str, played: Played, words: dict[str, str]) -> None:
    own = cases.of_conversation(session, conversation_id)
    wanted = conversation.get("case")
    if wanted == "none" and own:
        played.fail("a case was filed")
    elif isinstance(wanted, dict) and not own:
        played.fail("no case was filed")
    elif isinstance(wanted, dict):
        for name, pattern in wanted.items():
            value = getattr(own[0], name)
            value = "、".join(value) if isinstance(value, list) else value
            if isinstance(pattern, str) and not re.search(pattern, str("" if value is None else value)) or not isinstance(pattern, str) and value != pattern:
                played.fail(f"case.{name} is {value!r}, wanted {pattern!r}")
    if "cases" in conversation and len(own) != conversation["cases"]:
        played.fail(f"{len(own)} cases")
    booked = session.scalars(select(Appointment).where(Appointment.conversation_id == conversation_id, Appointment.status.in_(("booked", "waiting")))).all()
    if conversation.get("appointment") == "none" and booked:
        played.fail(f"booked: {bookings.label(booked[0].opening)}")
    elif (pattern := conversation.get("appointment")) not in (None, "none") and not any(re.search(_fill(pattern, words), bookings.label(a.opening)) for a in booked):
        played.fail(f"appointments: {[bookings.label(a.opening) for a in booked]}, wanted {pattern}")
    if "appointments" in conversation and len(booked) != conversation["appointments"]:
        played.fail(f"{len(booked)} appointments")


def _move(session: Session, conversation_id: str, to: str) -> bool:
    """The newest case of the conversation is answered by staff, or its closing lies eight days back and the clock looks at it."""
    case, now = next(iter(cases.of_conversation(session, conversation_id)), None), datetime.now(UTC)
    if case is None or case.status not in ((CaseStatus.closed,) if to == "look_back" else (CaseStatus.filed, CaseStatus.reopened)):
        return False
    if to == "look_back":
        case.closed_at = now - timedelta(days=8)
        session.commit()
        cases.tick(session, now=now)
        return True
    team = session.scalars(select(Team.id)).first()
    path = {CaseStatus.filed: (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered), CaseStatus.reopened: (CaseStatus.in_progress, CaseStatus.answered)}[case.status]
    for status in path:
        cases.move(session, case.id, status, actor=STAFF, key=uuid.uuid4().hex, now=now, note="去看过了", team_id=team)
    return True


def _fill(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\{([a-z]+\d*x?)\}", lambda m: words[m.group(1)], text)


def _several(wanted: str | list[str] | None) -> list[str]:
    return [wanted] if isinstance(wanted, str) else [str(w) for w in wanted or []]


def _shown(reply: dict[str, Any]) -> str:
    more = [reply.get("next") or "", " ".join(f"[{b['title']}]" for b in reply.get("buttons") or []), " ".join(f"《{c.get('title', '')}" for c in reply.get("citations") or [])]
    return "\n".join(part for part in (reply["text"], *more) if part)
