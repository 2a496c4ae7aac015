"""Ten codes that open the door once each while the telephone is away; shown once, kept as passwords are."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from argon2 import Type
from argon2.low_level import hash_secret_raw
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.staff import passwords
from bot.staff.models import RecoveryCode, Staff
from knowledge.tables import changed

MOST = 10
_DIGITS = 12  # 40 bits: digits alone, since a phone's keypad for codes has nothing else


def renew(session: Session, staff: Staff) -> list[str]:
    """Ten new ones as they are written down, `1234 5678 9012`; the old ones are worth nothing. The caller commits."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes, salt = [f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}" for _ in range(MOST)], secrets.token_hex(16)
    session.add_all(RecoveryCode(staff_id=staff.id, salt=salt, digest=_digest(code, salt)) for code in codes)
    session.flush()
    return [f"{code[:4]} {code[4:8]} {code[8:]}" for code in codes]


def drop(session: Session, staff: Staff) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))


def is_one(written: str) -> bool:
    """Whether it is written like one."""
    code = _bare(written)
    return len(code) == _DIGITS and code.isascii() and code.isdigit()


def digest_of(session: Session, staff: Staff | None, written: str) -> str | None:
    """None: not written like one. It costs the same time for an account without any, and for none."""
    if not is_one(written):
        return None
    salt = session.scalar(select(RecoveryCode.salt).where(RecoveryCode.staff_id == (staff.id if staff else 0)).limit(1))
    return _digest(_bare(written), salt or secrets.token_hex(16))


def use(session: Session, staff: Staff, digest: str | None, now: datetime) -> bool:
    """Once a code, also of two tries at the same moment. The caller commits."""
    unused = (RecoveryCode.staff_id == staff.id, RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None))
    return digest is not None and changed(session, update(RecoveryCode).where(*unused).values(used_at=now)) > 0


def left(session: Session, staff: Staff) -> int:
    unused = (RecoveryCode.staff_id == staff.id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def used(session: Session, staff: Staff) -> Sequence[datetime]:
    """When, the latest first."""
    found = select(RecoveryCode.used_at).where(RecoveryCode.staff_id == staff.id, RecoveryCode.used_at.is_not(None))
    return [at for at in session.scalars(found.order_by(RecoveryCode.used_at.desc())) if at is not None]


def tell(session: Session, staff: Staff, now: datetime) -> bool:
    """Whether the owner hears at this sign-in, with their telephone, that one was used since the last. Commits."""
    untold = (RecoveryCode.staff_id == staff.id, RecoveryCode.used_at.is_not(None), RecoveryCode.told_at.is_(None))
    is_news = changed(session, update(RecoveryCode).where(*untold).values(told_at=now)) > 0
    session.commit()
    return is_news


def _bare(written: str) -> str:
    return "".join(written.split()).replace("-", "")


def _digest(code: str, salt: str) -> str:
    """One salt a set of ten, so that a try costs one hash and not ten."""
    hasher = passwords.HASHER
    return hash_secret_raw(
        code.encode(),
        bytes.fromhex(salt),
        time_cost=hasher.time_cost,
        memory_cost=hasher.memory_cost,
        parallelism=hasher.parallelism,
        hash_len=32,
        type=Type.ID,
    ).hex()
