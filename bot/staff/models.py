"""Accounts, roles, sessions."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.tables import Base, UtcDateTime, enum_column


class Role(enum.StrEnum):
    agent = "agent"
    mediator = "mediator"
    legal_worker = "legal_worker"
    supervisor = "supervisor"
    administrator = "administrator"
    clerk = "clerk"
    overseer = "overseer"
    grid_worker = "grid_worker"


ROLE_LABELS = {
    Role.agent: "坐席",
    Role.mediator: "调解员",
    Role.legal_worker: "法律工作者",
    Role.supervisor: "主管",
    Role.administrator: "管理员",
    Role.clerk: "村文书",
    Role.overseer: "监督委员",
    Role.grid_worker: "网格员",
}
# Of village affairs: `village` sees their pages, `write` prepares, `oversee` confirms what another wrote, `clear` says
# whether something may be asked by the law, `doorstep` hands over slips and writes down what others say, `archive`
# takes home what the village's archive keeps.
PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.agent: frozenset({"inbox", "cases"}),
    Role.mediator: frozenset({"inbox", "cases", "mediate"}),
    Role.legal_worker: frozenset({"inbox", "cases", "mediate", "calendar", "knowledge", "village", "clear"}),
    Role.supervisor: frozenset(
        {"inbox", "cases", "mediate", "calendar", "dashboard", "settings", "village", "oversee"} | {"archive"}
    ),
    Role.administrator: frozenset(
        {"inbox", "cases", "mediate", "calendar", "knowledge", "dashboard", "settings", "accounts", "audit"}
        | {"village", "write", "archive"}
    ),
    Role.clerk: frozenset({"village", "write", "doorstep", "archive"}),
    Role.overseer: frozenset({"village", "oversee", "archive"}),
    Role.grid_worker: frozenset({"doorstep"}),
}


class Staff(Base):
    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    place_id: Mapped[str] = mapped_column(String(40), default="nation")  # sees this place and all below it
    team_id: Mapped[int | None] = mapped_column(Integer)
    totp_secret: Mapped[str | None] = mapped_column(String(200))  # sealed (`vault.py`); plain from before 0020
    totp_last: Mapped[int] = mapped_column(Integer, default=0)  # a code counts once
    must_change: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_present: Mapped[bool] = mapped_column(default=True)  # 在岗: shown to colleagues
    wrong: Mapped[int] = mapped_column(Integer, default=0)  # tries from anywhere, since the last right one
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # for browsers that never were let in
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    hides_first_steps: Mapped[bool] = mapped_column(default=False)  # an administrator's own choice

    @property
    def permissions(self) -> frozenset[str]:
        return PERMISSIONS[self.role] if self.is_active else frozenset()

    def can(self, permission: str) -> bool:
        return permission in self.permissions


class StaffSession(Base):
    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent: Mapped[str] = mapped_column(String(120), default="")  # the browser, so that people know which to revoke
    staff: Mapped[Staff] = relationship(lazy="joined", innerjoin=True)  # asked for together, at each request


class SignInTry(Base):
    """Wrong passwords for one login from one place: an address, or a browser that was let in before."""

    __tablename__ = "sign_in_try"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of both, so that neither stands here
    wrong: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RecoveryCode(Base):
    """One of ten of somebody with a second factor (`recovery.py`)."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))  # Argon2id, hexadecimal
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # at a sign-in with the telephone


class RequiredFactor(Base):
    """A role that must have a second factor; sessions of before `since` go on without until they end."""

    __tablename__ = "required_factor"

    role: Mapped[Role] = mapped_column(enum_column(Role), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedFilter(Base):
    """A person's own view of the list of cases, under a name of their own."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(
        String(2000)
    )  # as it stands in the address, made by `bot/web/staff/cases/listing.py`


class Notice(Base):
    """A colleague wants somebody of the staff: named with @ in an internal note, or given a case. Where, never what:
    the words are read there, by who may.
    """

    __tablename__ = "staff_notice"
    __table_args__ = (UniqueConstraint("staff_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(140))  # the one wish it comes from, however often that arrives
    kind: Mapped[str] = mapped_column(String(12))
    by: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
