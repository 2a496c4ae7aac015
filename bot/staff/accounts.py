"""Accounts made, and their passwords set."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.storable import MOST_NUMBER, storable
from bot.staff import passwords, second_factor
from bot.staff.models import Role, Staff, StaffSession
from knowledge.places import Place

_MARKS = str.maketrans("", "", "_-.")  # what a login may have beside letters and digits


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
    """Raises InvalidInput; the caller commits."""
    login, name = login.strip().lower(), storable(name).strip()[:40]
    if not _is_login(login):
        raise InvalidInput("账号请用 2 到 40 位的英文字母、数字、点、横线。")
    if not name:
        raise InvalidInput("请写姓名。")
    passwords.check_password(password, login)
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
        password_hash=passwords.hashed(password),
        place_id=place,
        team_id=team_id,
        must_change=must_change,
        is_demo=is_demo,
    )
    session.add(staff)
    session.flush()
    return staff


def _is_login(text: str) -> bool:
    return 2 <= len(text) <= 40 and text.isascii() and text.translate(_MARKS).isalnum()


def set_password(session: Session, staff: Staff, password: str, *, must_change: bool = False) -> None:
    """All sessions end with the old password."""
    passwords.check_password(password, staff.login)
    staff.password_hash = passwords.hashed(password)
    staff.must_change = must_change
    staff.wrong = 0
    staff.locked_until = None
    for held in session.scalars(select(StaffSession).where(StaffSession.staff_id == staff.id)):
        session.delete(held)


def reset(session: Session, staff: Staff) -> str:
    """A new password, to be told once and changed at the first sign-in; telephone and recovery codes are worth nothing
    any more. The caller commits.
    """
    fresh = passwords.to_be_told()
    set_password(session, staff, fresh, must_change=True)
    second_factor.remove(session, staff)
    return fresh


def has_any(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Staff).where(Staff.is_demo.is_(False))))
