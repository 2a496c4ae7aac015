"""Staff: accounts, roles, sessions and the record of what they did.

Passwords are hashed by argon2 (argon2-cffi's defaults follow RFC 9106); a session is a random token of which only the
SHA-256 is stored; five wrong passwords lock an account for 15 minutes (OWASP Authentication Cheat Sheet).
"""

import enum
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from actions.cases import routing
from actions.errors import ActionError, InvalidInput, NotAllowed
from actions.storable import MOST_NUMBER, storable
from knowledge.models import Base, Level, Place, UtcDateTime, _enum

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
WRONG_MOST, LOCKED_FOR = 5, timedelta(minutes=15)
PASSWORD_LEAST, PASSWORD_MOST = 10, 200
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex())  # an unknown login costs as much time as a wrong password


class Role(enum.StrEnum):
    agent = "agent"
    mediator = "mediator"
    legal_worker = "legal_worker"
    supervisor = "supervisor"
    administrator = "administrator"


ROLE_LABELS = {
    Role.agent: "坐席",
    Role.mediator: "调解员",
    Role.legal_worker: "法律工作者",
    Role.supervisor: "主管",
    Role.administrator: "管理员",
}
PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.agent: frozenset({"inbox", "cases"}),
    Role.mediator: frozenset({"inbox", "cases", "mediate"}),
    Role.legal_worker: frozenset({"inbox", "cases", "mediate", "calendar", "knowledge"}),
    Role.supervisor: frozenset({"inbox", "cases", "mediate", "calendar", "dashboard", "settings"}),
    Role.administrator: frozenset(
        {"inbox", "cases", "mediate", "calendar", "knowledge", "dashboard", "settings", "accounts", "audit"}
    ),
}


class SignInFailed(ActionError):
    message_zh = "账号或密码不对。"


class Staff(Base):
    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(_enum(Role))
    place_id: Mapped[str] = mapped_column(String(40), default="nation")  # sees this place and all below it
    team_id: Mapped[int | None] = mapped_column(Integer)
    totp_secret: Mapped[str | None] = mapped_column(String(40))
    totp_last: Mapped[int] = mapped_column(Integer, default=0)  # a code counts once
    must_change: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_present: Mapped[bool] = mapped_column(default=True)  # 在岗: shown to colleagues
    wrong: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)

    def can(self, permission: str) -> bool:
        return self.is_active and permission in PERMISSIONS[self.role]


class StaffSession(Base):
    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent: Mapped[str] = mapped_column(String(120), default="")  # the browser, so that people know which to revoke
    staff: Mapped[Staff] = relationship()


class SavedFilter(Base):
    """A person's own view of the list of cases, under a name of their own."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(2000))  # as it stands in the address, made by `bot/web/cases.py`


class AuditEntry(Base):
    """Only ever inserted; triggers of the database refuse to change or delete a row (migration 0002)."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    staff_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80), default="")
    detail: Mapped[str] = mapped_column(Text, default="")


def record(session: Session, staff: Staff | None, what: str, subject: str = "", detail: str = "") -> None:
    """A line of the audit log; the caller commits, with what it records."""
    session.add(
        AuditEntry(
            at=datetime.now(UTC),
            staff_id=staff.id if staff else None,
            name=staff.name if staff else "系统",
            what=storable(what, 80),
            subject=storable(subject, 80),
            detail=storable(detail, 2000),
        )
    )


def check_password(password: str, login: str = "") -> None:
    if len(password) < PASSWORD_LEAST:
        raise InvalidInput(f"密码至少 {PASSWORD_LEAST} 位，建议用一句自己记得住的话。")
    if len(password) > PASSWORD_MOST:
        raise InvalidInput(f"密码最多 {PASSWORD_MOST} 位。")
    if storable(password) != password:
        raise InvalidInput("密码里有存不了的字，请换一个。")
    if len(set(password)) < 4 or (login and login.lower() in password.lower()):
        raise InvalidInput("这个密码太好猜了，请换一个。")


def add(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    place: str = "nation",
    team_id: int | None = None,
    must_change: bool = False,
    is_demo: bool = False,
) -> Staff:
    login, name = login.strip().lower(), storable(name).strip()[:40]
    if (
        not 2 <= len(login) <= 40
        or not login.isascii()
        or not login.replace("_", "").replace("-", "").replace(".", "").isalnum()
    ):
        raise InvalidInput("账号请用 2 到 40 位的英文字母、数字、点、横线。")
    if not name:
        raise InvalidInput("请写姓名。")
    check_password(password, login)
    if session.get(Place, storable(place)) is None:
        raise InvalidInput("没有这个地方。")
    if team_id is not None and not 0 < team_id <= MOST_NUMBER:
        raise InvalidInput("没有这个单位。")
    if session.scalar(select(Staff.id).where(Staff.login == login)):
        raise InvalidInput("这个账号已经有了。")
    staff = Staff(
        login=login,
        name=name,
        role=role,
        password_hash=_HASHER.hash(password),
        place_id=place,
        team_id=team_id,
        must_change=must_change,
        is_demo=is_demo,
    )
    session.add(staff)
    session.flush()
    return staff


def set_password(session: Session, staff: Staff, password: str, *, must_change: bool = False) -> None:
    """All sessions end with the old password."""
    check_password(password, staff.login)
    staff.password_hash = _HASHER.hash(password)
    staff.must_change = must_change
    staff.wrong = 0
    staff.locked_until = None
    for held in session.scalars(select(StaffSession).where(StaffSession.staff_id == staff.id)):
        session.delete(held)


def has_any(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Staff).where(Staff.is_demo.is_(False))))


def sign_in(
    session: Session, *, login: str, password: str, code: str, now: datetime, agent: str
) -> tuple[str, StaffSession]:
    """A new session and its token.

    Raises SignInFailed, which never says what was wrong; commits the count of wrong tries.
    """
    staff = session.scalar(select(Staff).where(Staff.login == storable(login).strip().lower()))
    right = _fits(staff.password_hash if staff else _NOBODY, password) and staff is not None and staff.is_active
    if staff and staff.locked_until and staff.locked_until > now:
        raise SignInFailed(f"试错太多次，账号先锁住了，请 {LOCKED_FOR.seconds // 60} 分钟后再试，或请管理员重设。")
    if right and staff and staff.totp_secret:
        right = _code_fits(session, staff, code, now)
    if not right or staff is None:
        if staff:
            staff.wrong += 1
            if staff.wrong >= WRONG_MOST:
                staff.wrong, staff.locked_until = 0, now + LOCKED_FOR
                record(session, staff, "登录试错被锁")
            session.commit()
        raise SignInFailed
    staff.wrong, staff.locked_until, staff.seen_at = 0, None, now
    token = secrets.token_urlsafe(32)
    held = StaffSession(
        token_hash=_digest(token),
        staff_id=staff.id,
        csrf=secrets.token_urlsafe(24),
        created_at=now,
        seen_at=now,
        agent=storable(agent, 120),
    )
    session.add(held)
    record(session, staff, "登录")
    session.commit()
    return token, held


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def _code_fits(session: Session, staff: Staff, code: str, now: datetime) -> bool:
    totp = pyotp.TOTP(staff.totp_secret or "")
    step = int(now.timestamp()) // 30
    for counter in (step - 1, step, step + 1):
        if counter > staff.totp_last and secrets.compare_digest(
            totp.at(counter * 30).encode(), storable(code).strip().encode()
        ):
            return bool(
                session.execute(
                    update(Staff).where(Staff.id == staff.id, Staff.totp_last < counter).values(totp_last=counter)
                ).rowcount
            )
    return False


def held_session(session: Session, token: str, *, now: datetime) -> StaffSession | None:
    """The session of a token, or None: unknown, revoked, idle too long, or too old.

    Its last sight is kept to the minute.
    """
    held = session.get(StaffSession, _digest(token)) if token else None
    if held is None:
        return None
    if now - held.seen_at > IDLE or now - held.created_at > LONGEST or not held.staff.is_active:
        session.delete(held)
        session.commit()
        return None
    if now - held.seen_at > timedelta(minutes=1):
        held.seen_at = held.staff.seen_at = now
        session.commit()
    return held


def present(session: Session, *, now: datetime) -> list[str]:
    """Names of the colleagues at their desks: signed in, seen of late, and not marked as away."""
    seen = select(StaffSession.staff_id).where(StaffSession.seen_at > now - timedelta(minutes=10))
    return list(
        session.scalars(
            select(Staff.name).where(Staff.is_active, Staff.is_present, Staff.id.in_(seen)).order_by(Staff.name)
        )
    )


def sign_out(session: Session, token: str) -> None:
    held = session.get(StaffSession, _digest(token))
    if held:
        session.delete(held)
        session.commit()


def places_of(session: Session, staff: Staff) -> list[str] | None:
    """The places this account sees; None: everywhere."""
    top = session.get(Place, staff.place_id)
    if top is not None and top.level is Level.nation:
        return None
    return routing.below(session, staff.place_id)


def check_place(session: Session, staff: Staff, place: str | None) -> None:
    """Raises NotAllowed for what lies outside. Without a place it is everybody's, so that nothing is nobody's."""
    seen = places_of(session, staff)
    if place is not None and seen is not None and place not in seen:
        raise NotAllowed("这不在您负责的地方。")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def check_right(staff: Staff, password: str) -> None:
    """Raises SignInFailed."""
    if not _fits(staff.password_hash, password):
        raise SignInFailed("原来的密码不对。")
