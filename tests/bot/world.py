"""A county with staff, a case, a conversation, an opening and documents, behind every page of the console."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from bot.settings import Settings
from bot.staff import passwords, signing_in
from bot.staff.models import Role, Staff, StaffSession
from bot.web import errors
from bot.web.affairs.events.deeds import DEEDS as EVENT_DEEDS
from bot.web.affairs.people.referral import DEEDS as REFERRAL_DEEDS
from bot.web.affairs.points.deeds import DEEDS as POINT_DEEDS
from bot.web.affairs.talk.deputies import DEEDS as DEPUTY_DEEDS
from bot.web.affairs.talk.hearings import DEEDS as HEARING_DEEDS
from bot.web.affairs.topics.deeds import DEEDS as TOPIC_DEEDS
from bot.web.staff.desk import COOKIE, Desk, Tools
from bot.web.staff.pages import include_pages
from knowledge.tables import Base
from tests.fakes import NoSearch, no_rehearsal, no_slots

PASSWORD = "village-bridge-42"
HASH = passwords.hashed(PASSWORD)
HTML = {"accept": "text/html"}
ATTACK = "<script>alert(7)</script>"
DAY = date(2026, 11, 24)
# login: role, place
STAFF = {
    **{role.value: (role, "nation") for role in Role},
    "liuhe": (Role.agent, "liuhe"),
    "qingshi": (Role.administrator, "qingshi"),
    "colleague": (Role.legal_worker, "nation"),
}


@dataclass(frozen=True)
class World:
    app: FastAPI
    sessions: sessionmaker[Session]
    settings: Settings
    # What tests.bot.county puts there; `empty` has none of it.
    case: int = 1  # at lijiagou, in progress, with a mediation that has terms
    conversation: str = "conversation-1"  # at lijiagou, waiting
    opening: int = 1  # at lijiagou, of the legal worker, with one appointment
    photo: int = 1
    document: str = "rule-1"  # at lijiagou, a draft of somebody who is gone, one clause in conflict with the law
    version: int = 1
    decision: int = 1  # at lijiagou, called to a meeting in ten days
    meeting: int = 1
    topic: int = 1  # at lijiagou, open, single choice
    helper: int = 1  # at lijiagou, agreed
    referral: int = 1  # to that helper, not answered
    event: int = 2  # at lijiagou, in five days, with a picture

    def visitor(self) -> TestClient:
        return TestClient(self.app, raise_server_exceptions=False, follow_redirects=False, headers=HTML)

    def enter(self, login: str) -> TestClient:
        """Signed in; the session's secret is sent with every form unless a test sends another."""
        client, token, now = self.visitor(), f"token-of-{login}", datetime.now(UTC)
        with self.sessions() as session:
            staff = session.scalars(select(Staff).where(Staff.login == login)).one()
            if session.get(StaffSession, signing_in.token_hash(token)) is None:
                session.add(
                    StaffSession(
                        token_hash=signing_in.token_hash(token),
                        staff_id=staff.id,
                        csrf=f"csrf-of-{login}",
                        created_at=now,
                        seen_at=now,
                        agent="test",
                    )
                )
                session.commit()
        client.cookies.set(COOKIE, token, path="/staff")
        client.headers["x-csrf"] = f"csrf-of-{login}"
        return client

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is in the database, without what looking around leaves behind."""
        with self.sessions() as session:
            return {
                t.name: sorted((tuple(r) for r in session.execute(select(t))), key=repr)
                for t in Base.metadata.sorted_tables
                if t.name not in ("audit_entry", "staff_session", "case_counter")
            }

    def paths(self, method: str) -> list[str]:
        """Every address under /staff that takes this method, as the application itself lists them."""
        fill = {
            "case_id": self.case,
            "conversation_id": self.conversation,
            "opening_id": self.opening,
            "photo_id": self.photo,
            "file_id": 1,
            "message_id": 1,
            "staff_id": 1,
            "document_id": self.document,
            "version_id": self.version,
            "question_id": 1,
            "hit_id": 1,
            "correction_id": 1,
            "decision_id": self.decision,
            "meeting_id": self.meeting,
            "disclosure_id": 1,
            "topic_id": self.topic,
            "claim_id": 1,
            "helper_id": self.helper,
            "referral_id": self.referral,
            "event_id": self.event,
            "picture_id": 1,
            "picture": "hub",
            "story_id": 1,
            "checkup_id": 1,
            "joint_id": 1,
            "hearing_id": 1,
            "project_id": 1,
        }
        found: list[str] = []
        for path, methods in self.app.openapi()["paths"].items():
            if path.startswith("/staff") and method in methods:
                for name, value in fill.items():
                    path = path.replace("{" + name + "}", str(value))
                kinds = next((k for name, k in KINDS.items() if name in path), ("csv", "xlsx"))
                found += (
                    [path.replace("{kind}", k) for k in kinds]
                    if "{kind}" in path
                    else [path.replace("{do}", d).replace("{what}", d) for d in DEEDS.get(path, [""])]
                )
        return found


KINDS = {
    "pack.": ("json", "pdf"),
    "agreement.": ("docx", "pdf"),
    "letter.": ("docx", "pdf"),
    "/decisions/": ("docx", "pdf"),
    "/joint/": ("docx", "pdf"),
}
DEEDS = {
    "/staff/cases/1/{do}": [
        "move",
        "note",
        "tell",
        "pause",
        "undo",
        "send-now",
        "hold",
        "category",
        "green",
        "call",
        "refer",
        "arrived",
        "result",
        "mediation-start",
        "mediation-consent",
        "mediation-session",
        "mediation-draft",
        "mediation-sign",
        "mediation-fail",
    ],
    "/staff/calendar/1/{do}": ["cancel", "edit", "mark", "note"],
    "/staff/hours/{what}": ["week", "inherit", "day", "forget"],
    "/staff/conversations/conversation-1/{do}": [
        "accept",
        "say",
        "withdraw",
        "give-back",
        "close",
        "transfer",
        "note",
        "case",
        "wrong",
        "typing",
    ],
    "/staff/settings/{what}": ["grid-import", "team", "rule", "limit", "grid", "day", "reply", "handoff"],
    "/staff/village/disclosure/{what}": ["begin", "tighten", "open"],
    "/staff/village/disclosure/1/{do}": ["put", "check", "back", "post", "board", "correct", "drop", "answer"],
    "/staff/village/topics/1/{do}": list(TOPIC_DEEDS),
    "/staff/village/points/{what}": list(POINT_DEEDS),
    "/staff/village/people/1/{do}": ["consent", "withdraw", "hours", "undo", "link"],
    "/staff/village/people/referrals/1/{do}": list(REFERRAL_DEEDS),
    "/staff/village/history/1/{do}": ["hand-on", "decline"],
    "/staff/village/events/{what}": ["new", "dismiss"],
    "/staff/village/events/2/{do}": list(EVENT_DEEDS),
    "/staff/village/checkup/1/{do}": ["put", "file", "send", "back", "sign", "excuse", "reopen", "withdraw"],
    "/staff/village/checkup/corrections/{what}": ["tag", "outcome", "correction"],
    "/staff/village/checkup/corrections/1/{do}": ["answer", "done", "undone", "publish"],
    "/staff/village/exchange/{what}": ["add", "change", "rotate", "switch", "again", "import"],
    "/staff/village/joint/1/{do}": ["came", "absent", "hold", "drop", "task", "done", "refuse"],
    "/staff/village/hearings/1/{do}": list(HEARING_DEEDS),
    "/staff/village/deputies/{do}": list(DEPUTY_DEEDS),
    "/staff/import/{what}": ["committees", "grid", "openings"],
    "/staff/import/{what}.csv": ["committees", "grid", "openings"],
    "/staff/village/decisions/1/{do}": [
        *("discuss", "deliberate", "clear", "notice", "publish", "carry", "result"),
        *("confirm", "send-back", "suspend", "resume", "annul", "correct"),
    ],
    "/staff/village/projects/1/{do}": ["record", "confirm", "send-back"],
    "/staff/village/decisions/meetings/1/{do}": ["numbers", "confirm", "send-back"],
    "/staff/knowledge/versions/1/{do}": ["comment", "settle", "send-back", "approve", "publish", "withdraw"],
}
DOOR = {"/staff/sign-in", "/staff/first-run"}


def tools(**more: Any) -> Tools:
    """What the pages ask the rest of the house for, where nothing is found and Rasa is away."""
    nothing = NoSearch()
    standing: dict[str, Any] = {
        "searcher": nothing,
        "golden": nothing,
        "today": lambda: DAY,
        "topic": lambda _: "其他",
        "rehearse": no_rehearsal,
        "supposing": lambda supposed: nothing,
        "slots": no_slots,
        "gate": lambda session, version: [],
        "is_indexed": lambda version: True,
    }
    return Tools(**{**standing, **more})


def console(settings: Settings, sessions: sessionmaker[Session], **more: Any) -> FastAPI:
    """Every page of the console, with these tools."""
    app = FastAPI()
    errors.install(app)
    include_pages(app, Desk(settings=settings, sessions=sessions, tools=tools(**more)))
    return app
