"""Codes of a telephone, sealed; recovery codes; roles that must have one (red team M8)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from bot.staff import accounts, recovery, second_factor, signing_in
from bot.staff.models import AuditEntry, RecoveryCode, Role, Staff, StaffSession
from bot.staff.passwords import SignInFailed
from bot.staff.vault import Vault
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS

PASSWORD = "village-bridge-42"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
VAULT = Vault.of("a secret of this home")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Session:
    opened = sessions()
    import_places(opened, CORPUS)
    opened.commit()
    return opened


def person(session: Session, login: str = "wang", role: Role = Role.agent) -> Staff:
    staff = accounts.add(session, login=login, name="王芳", role=role, password=PASSWORD, place="liuhe")
    session.commit()
    return staff


def enrolled(session: Session, login: str = "wang", role: Role = Role.agent) -> tuple[Staff, list[str]]:
    """With the telephone's code of half a minute ago, and their recovery codes."""
    staff, before = person(session, login, role), NOW - timedelta(seconds=30)
    assert second_factor.enrol(session, staff, SECRET, pyotp.TOTP(SECRET).at(before), now=before, vault=VAULT)
    codes = recovery.renew(session, staff)
    session.commit()
    return staff, codes


def enter(session: Session, code: str, *, login: str = "wang", password: str = PASSWORD) -> StaffSession:
    return signing_in.sign_in(
        session, login=login, password=password, code=code, now=NOW, agent="Firefox", vault=VAULT
    )[1]


def refused(session: Session, code: str, *, password: str = PASSWORD) -> bool:
    with pytest.raises(SignInFailed):
        enter(session, code, password=password)
    return True


def test_the_secret_of_a_telephone_is_sealed_for_its_owner(session: Session) -> None:
    first, _ = enrolled(session)
    [kept] = session.execute(text("SELECT totp_secret FROM staff WHERE login = 'wang'")).scalars()
    assert SECRET not in kept
    second = person(session, "li")
    second.totp_secret = first.totp_secret
    session.commit()
    code = pyotp.TOTP(SECRET).at(NOW)
    with pytest.raises(SignInFailed):
        enter(session, code, login="li")
    assert enter(session, code)


def test_a_secret_that_was_stored_plain_is_sealed_by_the_next_code(session: Session) -> None:
    staff = person(session)
    staff.totp_secret = SECRET
    session.commit()
    assert enter(session, pyotp.TOTP(SECRET).at(NOW))
    session.refresh(staff)
    assert staff.totp_secret
    assert SECRET not in staff.totp_secret
    assert VAULT.open(staff.totp_secret, owner=f"staff {staff.id}") == SECRET


def test_after_a_restore_without_the_key_the_recovery_codes_still_open(session: Session) -> None:
    staff, codes = enrolled(session)
    elsewhere = Vault.of("the secret of another home")
    assert second_factor.is_lost(staff, elsewhere)
    assert not second_factor.is_lost(staff, VAULT)
    code = pyotp.TOTP(SECRET).at(NOW)
    assert not second_factor.code_fits(session, staff, code, now=NOW, vault=elsewhere)
    assert signing_in.sign_in(
        session, login="wang", password=PASSWORD, code=codes[0], now=NOW, agent="", vault=elsewhere
    )


def test_a_code_of_one_moment_opens_one_of_four_doors(sessions: sessionmaker[Session], session: Session) -> None:
    enrolled(session)
    code = pyotp.TOTP(SECRET).at(NOW)

    def once(_: int) -> bool:
        with sessions() as own:
            try:
                return bool(enter(own, code))
            except SignInFailed:
                return False

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(once, range(4))) == [False, False, False, True]


def test_ten_recovery_codes_open_once_each_and_are_kept_as_hashes(session: Session) -> None:
    staff, codes = enrolled(session)
    assert len(set(codes)) == recovery.MOST
    rows = session.execute(text("SELECT salt, digest FROM recovery_code")).all()
    bare = [code.replace(" ", "") for code in codes]
    assert not any(code in value for code in bare for row in rows for value in row)
    assert enter(session, codes[3])
    assert refused(session, codes[3])
    assert enter(session, bare[4]), "without blanks"
    assert enter(session, codes[5].replace(" ", "-"))
    assert recovery.left(session, staff) == 7
    assert len(recovery.used(session, staff)) == 3


def test_a_recovery_code_of_one_moment_counts_once(sessions: sessionmaker[Session], session: Session) -> None:
    staff, codes = enrolled(session)
    digest = recovery.digest_of(session, staff, codes[0])
    session.commit()

    def once(_: int) -> bool:
        with sessions() as own:
            done = recovery.use(own, own.get_one(Staff, staff.id), digest, NOW)
            own.commit()
            return done

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(once, range(4))) == [False, False, False, True]


@pytest.mark.parametrize(
    "code", ["", "000000000000", "0000 0000 000", "１２３４５６７８９０１２", "不是十二位数字啊啊啊啊", "\x00" * 12]
)
def test_nothing_else_opens(session: Session, code: str) -> None:
    enrolled(session)
    assert refused(session, code)


def test_a_recovery_code_of_somebody_else_or_with_a_wrong_password_opens_nothing(session: Session) -> None:
    _, codes = enrolled(session)
    _, others = enrolled(session, "li")
    assert refused(session, others[0])
    assert refused(session, codes[0], password="wrong-password")
    assert enter(session, codes[0]), "not used up by the wrong password"


def test_who_uses_one_leaves_a_line_and_the_owner_is_told_once(session: Session) -> None:
    staff, codes = enrolled(session)
    assert not recovery.tell(session, staff, NOW)
    enter(session, codes[0])
    lines = session.scalars(select(AuditEntry).where(AuditEntry.what == "用恢复码登录")).all()
    assert [(line.staff_id, line.detail) for line in lines] == [(staff.id, "还剩 9 个")]
    assert recovery.tell(session, staff, NOW)
    assert not recovery.tell(session, staff, NOW)


def test_new_ones_make_the_old_worthless_and_a_reset_takes_all(session: Session) -> None:
    staff, codes = enrolled(session)
    fresh = recovery.renew(session, staff)
    session.commit()
    assert refused(session, codes[0])
    assert enter(session, fresh[0])
    accounts.reset(session, staff)
    session.commit()
    assert (staff.totp_secret, list(session.scalars(select(RecoveryCode)))) == (None, [])


def test_a_role_that_must_have_one_is_asked_at_the_next_sign_in(session: Session) -> None:
    person(session)
    enrolled(session, "li")
    person(session, "zhao", Role.mediator)
    before = signing_in.sign_in(
        session, login="wang", password=PASSWORD, code="", now=NOW - timedelta(minutes=1), agent="", vault=VAULT
    )[1]
    second_factor.require(session, [Role.agent], now=NOW)
    session.commit()
    assert not second_factor.is_missing(session, before), "goes on with what they are at"
    assert second_factor.is_missing(session, enter(session, ""))
    assert not second_factor.is_missing(session, enter(session, pyotp.TOTP(SECRET).at(NOW), login="li"))
    assert not second_factor.is_missing(session, enter(session, "", login="zhao"))
    second_factor.require(session, [Role.agent, Role.mediator], now=NOW + timedelta(hours=1))
    assert second_factor.is_missing(session, enter(session, "")), "required since before"
    second_factor.require(session, [], now=NOW)
    assert not second_factor.is_missing(session, enter(session, ""))
