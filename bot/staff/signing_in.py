"""Signing in, and what a signed-in browser holds."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.storable import storable
from bot.staff import passwords, recovery, second_factor
from bot.staff.audit import record
from bot.staff.models import SignInTry, Staff, StaffSession
from bot.staff.passwords import SignInFailed
from bot.staff.vault import Vault
from knowledge.tables import changed

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
WRONG_MOST, LOCKED_FOR = 5, timedelta(minutes=15)  # of one login, from one place
WRONG_ANYWHERE = 50  # of one account, from all places: then only browsers that were let in before may try
_TRIES_LAST = timedelta(days=1)


@dataclass(frozen=True)
class From:
    """From where somebody tries: `key` an address, or a browser of its own; `is_known`: it was let in to this account
    before, so others' wrong tries elsewhere don't concern it.
    """

    key: str = ""
    is_known: bool = False


NOWHERE = From()


@dataclass(frozen=True)
class Proof:
    """What somebody gave at the door: whether the password fits, the code as written, its digest if it is written like
    a recovery code.
    """

    fits: bool
    code: str
    digest: str | None


def sign_in(
    session: Session,
    *,
    login: str,
    password: str,
    code: str,
    now: datetime,
    agent: str,
    vault: Vault,
    origin: From = NOWHERE,
) -> tuple[str, StaffSession]:
    """A new session and its token. `code`: of the telephone, or a recovery code; empty for who has neither.

    Raises SignInFailed, which never says what was wrong, nor whether there is such an account; commits the count of
    wrong tries.
    """
    login = storable(login).strip().lower()
    key = token_hash(f"{origin.key} {login}")
    staff = session.scalar(select(Staff).where(Staff.login == login))
    fits = passwords.fits(staff.password_hash if staff else passwords.NOBODY, password)
    proof = Proof(fits, code, recovery.digest_of(session, staff, code))
    session.expire_all()  # hashing takes long enough for others to have tried meanwhile
    if _is_locked(session, key, now) or (staff is not None and not origin.is_known and _is_besieged(staff, now)):
        raise _locked()
    if staff is None or not _is_right(session, staff, proof, now, vault):
        _count_wrong(session, staff, key, now)
        raise SignInFailed
    if not _open(session, staff, key, now):
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


def _is_right(session: Session, staff: Staff, proof: Proof, now: datetime, vault: Vault) -> bool:
    if not (proof.fits and staff.is_active):
        return False
    if not staff.totp_secret or second_factor.code_fits(session, staff, proof.code, now=now, vault=vault):
        return True
    if not recovery.use(session, staff, proof.digest, now):
        return False
    record(session, staff, "用恢复码登录", detail=f"还剩 {recovery.left(session, staff)} 个")
    return True


def _is_locked(session: Session, key: str, now: datetime) -> bool:
    until = session.scalar(select(SignInTry.locked_until).where(SignInTry.key == key))
    return until is not None and until > now


def _is_besieged(staff: Staff, now: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > now


def _locked() -> SignInFailed:
    return SignInFailed(f"试错太多次，这里先锁住了，请 {LOCKED_FOR.seconds // 60} 分钟后再试，或请管理员重设密码。")


def _count_wrong(session: Session, staff: Staff | None, key: str, now: datetime) -> None:
    """In the database, since several may try at once; commits. What was typed as a name isn't written down: it may
    have been the password.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    again = {"wrong": SignInTry.wrong + 1, "at": now}
    counted = insert(SignInTry).values(key=key, wrong=1, at=now)
    session.execute(counted.on_conflict_do_update(index_elements=[SignInTry.key], set_=again))
    tried = session.get_one(SignInTry, key, populate_existing=True)
    record(session, staff, "登录失败")
    if tried.wrong >= WRONG_MOST:
        tried.wrong, tried.locked_until = 0, now + LOCKED_FOR
        record(session, staff, "登录试错被锁")
    if staff is not None:
        session.execute(update(Staff).where(Staff.id == staff.id).values(wrong=Staff.wrong + 1))
        session.refresh(staff)
        if staff.wrong >= WRONG_ANYWHERE:
            staff.wrong, staff.locked_until = 0, now + LOCKED_FOR
            record(session, staff, "登录被多处试错")
    session.commit()


def _open(session: Session, staff: Staff, key: str, now: datetime) -> bool:
    """False: others have tried wrong passwords so often from here meanwhile that it is locked."""
    is_free = or_(SignInTry.locked_until.is_(None), SignInTry.locked_until <= now)
    session.execute(delete(SignInTry).where(SignInTry.key == key, is_free))  # the writers queue here
    if session.scalar(select(SignInTry.key).where(SignInTry.key == key)):
        return False
    session.execute(update(Staff).where(Staff.id == staff.id).values(wrong=0, locked_until=None, seen_at=now))
    return True


def sweep(session: Session, *, now: datetime) -> int:
    """Sessions that are over and tries of yesterday; how many. Commits."""
    over = or_(StaffSession.seen_at < now - IDLE, StaffSession.created_at < now - LONGEST)
    gone = changed(session, delete(StaffSession).where(over))
    gone += changed(session, delete(SignInTry).where(SignInTry.at < now - _TRIES_LAST))
    session.commit()
    return gone


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


def is_held(session: Session, token: str, *, now: datetime) -> bool:
    """Whether a page that is open may go on listening. It counts as no sight: only what people do keeps them here."""
    held = session.get(StaffSession, token_hash(token)) if token else None
    return held is not None and held.staff.is_active and now - held.created_at <= LONGEST


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
