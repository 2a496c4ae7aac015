"""The second factor: codes of a telephone (TOTP, RFC 6238), and which roles must have one."""

import secrets
from collections.abc import Collection
from datetime import datetime

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from actions.storable import storable
from bot.staff import recovery
from bot.staff.models import RequiredFactor, Role, Staff, StaffSession
from bot.staff.vault import Vault, is_sealed
from knowledge.tables import changed


def enrol(session: Session, staff: Staff, secret: str, code: str, *, now: datetime, vault: Vault) -> bool:
    """From now on this secret's codes are asked for; the one that proves it counts as used. The caller commits."""
    before = staff.totp_secret, staff.totp_last
    staff.totp_secret, staff.totp_last = vault.seal(secret, owner=_owner(staff)), 0
    session.flush()
    if code_fits(session, staff, code, now=now, vault=vault):
        return True
    staff.totp_secret, staff.totp_last = before
    session.flush()
    return False


def remove(session: Session, staff: Staff) -> None:
    """The recovery codes go with it. The caller commits."""
    staff.totp_secret, staff.totp_last = None, 0
    recovery.drop(session, staff)


def code_fits(session: Session, staff: Staff, code: str, *, now: datetime, vault: Vault) -> bool:
    """Once a code. The caller commits."""
    secret = vault.open(staff.totp_secret or "", owner=_owner(staff))
    if not secret:
        return False
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // 30
    # One used in the future was used before the clock went back; it must not lock the account until then.
    last = staff.totp_last if staff.totp_last <= step + 10 else 0
    for counter in (step - 1, step, step + 1):
        if counter > last and secrets.compare_digest(totp.at(counter * 30).encode(), storable(code).strip().encode()):
            return _count(session, staff, counter, secret, vault)
    return False


def _count(session: Session, staff: Staff, counter: int, secret: str, vault: Vault) -> bool:
    """False: the same code was taken at the same moment. A secret that was stored plain before is sealed with it."""
    kept = staff.totp_secret or ""
    sealed = kept if is_sealed(kept) else vault.seal(secret, owner=_owner(staff))
    newer = update(Staff).where(Staff.id == staff.id, Staff.totp_last == staff.totp_last)
    return changed(session, newer.values(totp_last=counter, totp_secret=sealed)) > 0


def is_lost(staff: Staff, vault: Vault) -> bool:
    """There is one, but the key that it was sealed with isn't here: only a recovery code or a reset helps."""
    return bool(staff.totp_secret) and vault.open(staff.totp_secret or "", owner=_owner(staff)) is None


def required(session: Session) -> set[Role]:
    return set(session.scalars(select(RequiredFactor.role)))


def require(session: Session, roles: Collection[Role], *, now: datetime) -> None:
    """Of these roles and no others. Who is signed in goes on until the next time. The caller commits."""
    session.execute(delete(RequiredFactor).where(RequiredFactor.role.not_in(roles)))
    session.add_all(RequiredFactor(role=role, since=now) for role in set(roles) - required(session))


def is_missing(session: Session, held: StaffSession) -> bool:
    """Whether who signed in must set one up before anything else."""
    if held.staff.totp_secret:
        return False
    since = session.scalar(select(RequiredFactor.since).where(RequiredFactor.role == held.staff.role))
    return since is not None and held.created_at >= since


def _owner(staff: Staff) -> str:
    return f"staff {staff.id}"
