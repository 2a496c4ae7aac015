"""Plays conversations.yml: residents who talk as people do, on any line to a running stack, and what staff and the
clock do meanwhile.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments as bookings
from actions.bookings import openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.cases import clock, filing, finding, numbers
from actions.cases import moves as cases
from actions.cases.models import Case, Photo
from actions.cases.status import CaseStatus
from actions.dialogue.dispute import _ASK
from actions.offices.models import Team
from bot.channels.simulator.account import Simulator
from bot.conversations import delivery, handoff
from bot.settings import Settings
from knowledge.clock import SHANGHAI
from tests.end_to_end.conversations.lines import Line, Telephone, Widget, comes_true
from tests.telephones import ACCOUNTS

FILE = Path(__file__).with_name("conversations.yml")
LINES = ("widget", *ACCOUNTS)
# What all conversations are played on by day; the night plays them on all.
DAY_LINES = ("widget", "service")
# Turns that a line may treat in its own way: it can be rung or not, it has a window that closes, it delivers again.
_OF_THE_LINE = {"staff", "agent", "resident", "at_once", "twice"}
HEAD = """# Conversations on every channel

Written by the tests, never by hand: `LINLI_TEST_PROFILE=night LINLI_SCENARIO_TABLE=docs/scenarios.md` with `pytest
tests/end_to_end/conversations/test_conversations.py`. Each row is one conversation of
`tests/end_to_end/conversations/conversations.yml`, played against the real stack: on the widget, and on WeChat through
the strict simulator of its servers with a verified service account (safe mode), a verified subscription account
(compatible mode) and an unverified subscription account (plain mode). ✓: everything the file says is heard, nothing
that it forbids, the case and the appointment are stored as said, and WeChat's servers refused nothing.

"""
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


def lines_of(conversation: dict[str, Any], *, at_night: bool) -> list[str]:
    differs = any(turn.keys() & _OF_THE_LINE for turn in conversation["turns"])
    return [
        line
        for line in LINES
        if line not in conversation.get("not_on", {}) and (at_night or differs or line in DAY_LINES)
    ]


def furnish(sessions: sessionmaker[Session], line: str) -> dict[str, str]:
    """The openings, and a case of somebody else for each line; what stands for what in the residents' words."""
    now = datetime.now(UTC)
    today = now.astimezone(SHANGHAI).date()
    with sessions() as session:
        if session.scalar(select(Opening.id).where(Opening.series == "conversations")) is None:
            for place, mode, days, hour, capacity in OPENINGS:
                day = today + timedelta(days=days if days is not None else 9 - today.weekday())
                starts = datetime.combine(day, time(hour), SHANGHAI)
                opening = openings.publish(
                    session,
                    worker_id=None,
                    worker_name="周律师",
                    mode=mode,
                    place=place,
                    address="党群服务中心",
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=1),
                    capacity=capacity,
                    now=now,
                    series="conversations",
                )
                session.commit()
                if capacity == 1:
                    bookings.book(
                        session,
                        opening.id,
                        conversation_id=None,
                        request_key="conversations-full",
                        summary="占着",
                        phone=None,
                        now=now,
                    )
        others = filing.file(
            session,
            request_key=f"conversations-other-{line}",
            conversation_id=None,
            place="lijiagou",
            category="其他",
            fields={"what": "别人家的事", "phone": OTHERS_PHONE},
            now=now,
        )
        number = numbers.spoken(others.number)
        others.lookup_failures = 0
        session.commit()
    coming = {n: today + timedelta(days=n) for n in range(31)}
    return {
        "other": number,
        "wrong": number[:-1] + str((int(number[-1]) + 1) % 10),
        **{f"d{n}": f"{d.month}月{d.day}号" for n, d in coming.items()},
        **{f"n{n}": f"{d.day}号" for n, d in coming.items()},
        **{f"d{n}x": f"{d.month}月{d.day}日" for n, d in coming.items()},
    }


def play(
    conversation: dict[str, Any],
    line_name: str,
    settings: Settings,
    sessions: sessionmaker[Session],
    simulators: Mapping[str, Simulator],
    words: dict[str, str],
) -> Played:
    line: Line = (
        Telephone(simulators[line_name], settings, sessions, conversation.get("village"))
        if line_name in simulators
        else Widget(settings, sessions, conversation.get("village"))
    )
    played, asked, lying = Played(), dict.fromkeys(_ASK, 0), list[dict[str, Any]]()
    for turn in conversation["turns"]:
        with sessions() as session:
            own = finding.of_conversation(session, line.conversation_id)
        known = {**words, "number": numbers.spoken(own[0].number) if own else "000000-000-00"}
        if turn.keys() & {"say", "press", "resident"}:
            texts = _does(line, turn, known, played)
            if texts is None:
                continue
            for earlier in lying:
                _judge(earlier, line.fetched, known, played)
            lying.clear()
            _judge(turn, texts, known, played)
            if turn.get("at_once") and not re.search(_several(turn["heard"])[0], line.at_once):
                played.fail("it didn't come as the answer to the message itself")
            # a photo sent in between is thanked for, and the open question put again
            for step, question in _ASK.items():
                asked[step] += "resident" not in turn and question in "\n".join(texts)
            continue
        played.transcript.append(f"-- {turn}")
        with sessions() as session:
            if not _happens(session, line.conversation_id, turn):
                played.fail("that can't be done")
        arrived = line.arrived()
        if arrived is None:
            lying.append(turn)  # heard with the resident's next word, before its answer
        else:
            _judge(turn, arrived, known, played)
    if conversation.get("asked_once"):
        for step in (s for s, count in asked.items() if count > 1):
            played.fail(f"asked {asked[step]} times: {step}")
    for complaint in line.complaints:
        played.fail(complaint)
    with sessions() as session:
        _check_outcome(session, conversation, line.conversation_id, played, words)
    line.close()
    return played


def _does(line: Line, turn: dict[str, Any], known: dict[str, str], played: Played) -> list[str] | None:
    """The resident's part, and what is heard after it; None where nothing is to be heard."""
    said = _fill(str(turn.get("say") or turn.get("press") or turn["resident"]), known)
    played.transcript.append(f"> {said}")
    match turn:
        case {"press": _}:
            return line.press(said)
        case {"resident": "follows"}:
            return line.follow()
        case {"resident": "sends_photo"}:
            return line.send_photo()
        case {"resident": "unfollows"}:
            line.unfollow()
            return None
        case {"resident": "keeps_silent"}:
            line.keep_silent()
            return None
    texts = list[str]()
    for _ in range(turn.get("times", 1)):
        texts = line.say(said, twice=turn.get("twice", False))
    return texts


def _judge(turn: dict[str, Any], texts: list[str], known: dict[str, str], played: Played) -> None:
    heard = "\n".join(texts)
    played.transcript += [f"< {text}" for text in texts]
    if turn.get("silent") and texts:
        played.fail("something was said")
    elif not turn.get("silent") and not texts and ("staff" not in turn or "heard" in turn):
        played.fail("no answer")
    if len(set(texts)) < len(texts):
        played.fail("says the same twice in one turn")
    for pattern in _several(turn.get("heard")):
        if not re.search(_fill(pattern, known), heard):
            played.fail(f"not heard: {pattern}")
    for pattern in _several(turn.get("not_heard")):
        if re.search(_fill(pattern, known), heard):
            played.fail(f"heard: {pattern}")


def _check_outcome(
    session: Session, conversation: dict[str, Any], conversation_id: str, played: Played, words: dict[str, str]
) -> None:
    own = finding.of_conversation(session, conversation_id)
    wanted = conversation.get("case")
    if wanted == "none" and own:
        played.fail("a case was filed")
    elif isinstance(wanted, dict) and not own:
        played.fail("no case was filed")
    elif isinstance(wanted, dict):
        for name, pattern in wanted.items():
            value = getattr(own[0], name)
            value = "、".join(value) if isinstance(value, list) else value
            if (isinstance(pattern, str) and not re.search(pattern, str("" if value is None else value))) or (
                not isinstance(pattern, str) and value != pattern
            ):
                played.fail(f"case.{name} is {value!r}, wanted {pattern!r}")
    if (
        "photos" in conversation
        and own
        and not comes_true(lambda: _photos(session, own[0].id) == conversation["photos"])
    ):
        played.fail(f"{_photos(session, own[0].id)} photos")
    if "cases" in conversation and len(own) != conversation["cases"]:
        played.fail(f"{len(own)} cases")
    booked = session.scalars(
        select(Appointment).where(
            Appointment.conversation_id == conversation_id, Appointment.status.in_(("booked", "waiting"))
        )
    ).all()
    if conversation.get("appointment") == "none" and booked:
        played.fail(f"booked: {bookings.label(booked[0].opening)}")
    elif (pattern := conversation.get("appointment")) not in (None, "none") and not any(
        re.search(_fill(pattern, words), bookings.label(a.opening)) for a in booked
    ):
        played.fail(f"appointments: {[bookings.label(a.opening) for a in booked]}, wanted {pattern}")
    if "appointments" in conversation and len(booked) != conversation["appointments"]:
        played.fail(f"{len(booked)} appointments")


def _photos(session: Session, case_id: int) -> int:
    session.rollback()  # so that what another process has written since is seen
    return session.scalar(select(func.count()).where(Photo.case_id == case_id)) or 0


def _happens(session: Session, conversation_id: str, turn: dict[str, Any]) -> bool:
    """What isn't the resident's doing.

    A case event or a reminder is told at once, as the worker does within seconds.
    """
    now = datetime.now(UTC)
    if text := turn.get("agent"):
        handoff.accept(session, conversation_id, agent_id=1, agent_name=STAFF.name, now=now)
        handoff.say(session, conversation_id, text, agent_id=1, client_id=uuid.uuid4().hex, now=now)
        return True
    match turn["staff"]:
        case "gives_back":
            handoff.give_back(session, conversation_id, agent_id=1, agent_name=STAFF.name)
        case "reminds":
            done = _draw_near(session, conversation_id, now)
            delivery.tell_appointments(session, now=now)
            return done
        case "look_back":
            case = _newest(session, conversation_id, CaseStatus.closed)
            if case is None:
                return False
            case.closed_at = now - timedelta(days=8)
            session.commit()
            clock.tick(session, now=now)
        case "answered":
            case = _newest(session, conversation_id, CaseStatus.filed, CaseStatus.reopened)
            if case is None:
                return False
            team = session.scalars(select(Team.id)).first()
            path = (
                (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered)
                if case.status is CaseStatus.filed
                else (CaseStatus.in_progress, CaseStatus.answered)
            )
            for status in path:
                cases.move(
                    session, case.id, status, actor=STAFF, key=uuid.uuid4().hex, now=now, note="去看过了", team_id=team
                )
        case unknown:
            raise ValueError(unknown)
    delivery.tell_case_events(session)
    return True


def _newest(session: Session, conversation_id: str, *at: CaseStatus) -> Case | None:
    return next((case for case in finding.of_conversation(session, conversation_id)[:1] if case.status in at), None)


def _draw_near(session: Session, conversation_id: str, now: datetime) -> bool:
    """The resident's appointment is an hour from now; the opening that others have too stays, and nobody is offered
    the near one.
    """
    appointment = session.scalar(
        select(Appointment).where(Appointment.conversation_id == conversation_id, Appointment.status == "booked")
    )
    if appointment is None:
        return False
    held, starts = appointment.opening, now + timedelta(hours=1)
    near = openings.publish(
        session,
        worker_id=None,
        worker_name=held.worker_name,
        mode=held.mode,
        place="elsewhere",
        address=held.address,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=1,
        now=now,
    )
    near.taken, appointment.opening_id = 1, near.id
    session.commit()
    return True


def _fill(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\{([a-z]+\d*x?)\}", lambda m: words[m.group(1)], text)


def _several(wanted: str | list[str] | None) -> list[str]:
    return [wanted] if isinstance(wanted, str) else [str(w) for w in wanted or []]


def table(conversations: list[dict[str, Any]], served: Mapping[tuple[str, str], bool]) -> str:
    """docs/scenarios.md: which conversation holds on which line. `served`: by id and line."""
    rows = ["| scenario | what happens | " + " | ".join(LINES) + " |", "|" + "---|" * (2 + len(LINES))]
    for c in conversations:
        fault = f"; known fault: {c['expected_to_fail']}" if c.get("expected_to_fail") else ""
        cells = [c.get("not_on", {}).get(line) or ("✓" if served.get((c["id"], line)) else "✗") for line in LINES]
        rows.append(f"| `{c['id']}` | {c['about']}{fault} | " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"
