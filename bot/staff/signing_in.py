"""Signing in, and what a signed-in browser holds."""

import hashlib
import secrets
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from actions.storable import storable
from bot.staff import passwords
from bot.staff.audit import record
from bot.staff.models import Staff, StaffSession
from bot.staff.passwords import SignInFailed
from knowledge.tables import changed

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
WRONG_MOST, LOCKED_FOR = 5, timedelta(minutes=15)


def sign_in(
    session: Session, *, login: str, password: str, code: str, now: datetime, agent: str
) -> tuple[str, StaffSession]:
    """A new session and its token.

    Raises SignInFailed, which never says what was wrong; commits the count of wrong tries.
    """
    staff = session.scalar(select(Staff).where(Staff.login == storable(login).strip().lower()))
    fits = passwords.fits(staff.password_hash if staff else passwords.NOBODY, password)
    if staff is None:
        raise SignInFailed
    session.refresh(staff)  # hashing takes long enough for others to have tried meanwhile
    if _is_locked(staff, now):
        raise _locked()
    right = fits and staff.is_active and (not staff.totp_secret or code_fits(session, staff, code, now))
    if not right:
        _count_wrong(session, staff, now)
        raise SignInFailed
    if not _open(session, staff, now):
        session.rollback()
        raise _locked()
    token = secrets.token_urlsafe(32)
    held = StaffSession(
        token_hash=token_hash(token),
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


def _is_locked(staff: Staff, now: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > now


def _locked() -> SignInFailed:
    return SignInFailed(f"试错太多次，账号先锁住了，请 {LOCKED_FOR.seconds // 60} 分钟后再试，或请管理员重设。")


def _count_wrong(session: Session, staff: Staff, now: datetime) -> None:
    """In the database, since several may try at once; commits."""
    session.execute(update(Staff).where(Staff.id == staff.id).values(wrong=Staff.wrong + 1))
    session.refresh(staff)
    if staff.wrong >= WRONG_MOST:
        staff.wrong, staff.locked_until = 0, now + LOCKED_FOR
        record(session, staff, "登录试错被锁")
    session.commit()


def _open(session: Session, staff: Staff, now: datetime) -> bool:
    """False: others have tried wrong passwords so often meanwhile that the account is locked."""
    unlocked = or_(Staff.locked_until.is_(None), Staff.locked_until <= now)
    opened = update(Staff).where(Staff.id == staff.id, unlocked).values(wrong=0, locked_until=None, seen_at=now)
    return bool(changed(session, opened))


def enrol(session: Session, staff: Staff, secret: str, code: str, now: datetime) -> bool:
    """From now on this secret's codes are asked for; the one that proves it counts as used. The caller commits."""
    before = staff.totp_secret, staff.totp_last
    staff.totp_secret, staff.totp_last = secret, 0
    session.flush()
    if code_fits(session, staff, code, now):
        return True
    staff.totp_secret, staff.totp_last = before
    session.flush()
    return False


def code_fits(session: Session, staff: Staff, code: str, now: datetime) -> bool:
    """Once a code."""
    totp = pyotp.TOTP(staff.totp_secret or "")
    step = int(now.timestamp()) // 30
    # One used in the future was used before the clock went back; it must not lock the account until then.
    last = staff.totp_last if staff.totp_last <= step + 10 else 0
    for counter in (step - 1, step, step + 1):
        if counter > last and secrets.compare_digest(totp.at(counter * 30).encode(), storable(code).strip().encode()):
            newer = (
                update(Staff).where(Staff.id == staff.id, Staff.totp_last == staff.totp_last).values(totp_last=counter)
            )
            return changed(session, newer) > 0
    return False


def held_session(session: Session, token: str, *, now: datetime) -> StaffSession | None:
    """The session of a token, or None: unknown, revoked, idle too long, or too old.

    Its last sight is kept to the minute.
    """
    held = session.get(StaffSession, token_hash(token)) if token else None
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
    held = session.get(StaffSession, token_hash(token))
    if held:
        session.delete(held)
        session.commit()


def token_hash(token: str) -> str:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
