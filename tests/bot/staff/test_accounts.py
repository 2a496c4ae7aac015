import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from actions.errors import InvalidInput, NotAllowed
from bot.staff import accounts, audit, models, passwords, rights, signing_in
from bot.staff.models import AuditEntry, Role, SignInTry, Staff, StaffSession
from bot.staff.passwords import SignInFailed, TooManyAtTheDoor
from bot.staff.signing_in import NOWHERE, From
from bot.staff.vault import Vault
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS, STRONG_HASHER

PASSWORD = "village-bridge-42"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
VAULT = Vault.of("a secret of this home")


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Session:
    opened = sessions()
    import_places(opened, CORPUS)
    opened.commit()
    return opened


def person(session: Session, login: str = "wang", role: Role = Role.agent, place: str = "liuhe") -> Staff:
    staff = accounts.add(session, login=login, name="王芳", role=role, password=PASSWORD, place=place)
    session.commit()
    return staff


def enter(
    session: Session,
    password: str = PASSWORD,
    *,
    login: str = "wang",
    code: str = "",
    now: datetime = NOW,
    origin: From = NOWHERE,
) -> str:
    return signing_in.sign_in(
        session, login=login, password=password, code=code, now=now, agent="Firefox", vault=VAULT, origin=origin
    )[0]


def refused(
    session: Session,
    password: str = "wrong-password",
    *,
    login: str = "wang",
    code: str = "",
    now: datetime = NOW,
    origin: From = NOWHERE,
) -> str:
    with pytest.raises(SignInFailed) as caught:
        enter(session, password, login=login, code=code, now=now, origin=origin)
    return caught.value.message_zh


def test_a_password_is_kept_as_argon2id_and_never_as_itself(session: Session) -> None:
    first, second = person(session), person(session, "li")
    assert first.password_hash.startswith("$argon2id$")
    assert PASSWORD not in first.password_hash
    assert first.password_hash != second.password_hash  # salted


def test_a_password_is_hashed_as_hard_as_rfc_9106_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second recommended option: 3 passes over 64 MiB in 4 lanes. All other tests hash cheaply."""
    monkeypatch.setattr(passwords, "HASHER", STRONG_HASHER)
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.fits(kept, PASSWORD)
    assert not passwords.fits(kept, PASSWORD + "!")


def test_a_session_token_is_stored_only_as_its_digest(session: Session) -> None:
    person(session)
    token = enter(session)
    [held] = session.scalars(select(StaffSession))
    assert token not in (held.token_hash, held.csrf)
    assert signing_in.held_session(session, token, now=NOW) is held
    assert signing_in.held_session(session, held.token_hash, now=NOW) is None
    assert signing_in.held_session(session, "", now=NOW) is None


def test_a_wrong_password_and_an_unknown_login_look_the_same(session: Session) -> None:
    person(session)
    session.add(
        Staff(login="gone", name="走了", password_hash=passwords.hashed(PASSWORD), role=Role.agent, is_active=False)
    )
    session.commit()
    assert (
        refused(session)
        == refused(session, login="nobody")
        == refused(session, PASSWORD, login="gone")
        == refused(session, "")
        == "账号或密码不对。"
    )


def at_once(monkeypatch: pytest.MonkeyPatch, sessions: sessionmaker[Session], tries: list[str]) -> list[str]:
    """What each of these passwords came to: all have read the account before any of them is found right or wrong, and
    the right ones are found last.
    """
    all_read, wrong_done = threading.Barrier(len(tries)), threading.Semaphore(0)
    verify = passwords.fits

    def slowly(password_hash: str, password: str) -> bool:
        all_read.wait(10)
        if password == PASSWORD:
            for _ in range(len(tries) - tries.count(PASSWORD)):
                assert wrong_done.acquire(timeout=10)
        return verify(password_hash, password)

    def enter_alone(password: str) -> str:
        with sessions() as own:
            try:
                return enter(own, password) and "in"
            except SignInFailed as error:
                return error.message_zh
            finally:
                wrong_done.release()

    monkeypatch.setattr(passwords, "fits", slowly)
    with ThreadPoolExecutor(len(tries)) as threads:
        return list(threads.map(enter_alone, tries))


def test_wrong_tries_that_come_at_once_are_all_counted(
    session: Session, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = person(session)
    assert at_once(monkeypatch, sessions, ["wrong-password"] * 4) == ["账号或密码不对。"] * 4
    session.refresh(staff)
    assert (staff.wrong, staff.locked_until) == (4, None)
    assert [(t.wrong, t.locked_until) for t in session.scalars(select(SignInTry))] == [(4, None)]


def test_the_right_password_among_many_wrong_ones_at_once_is_refused(
    session: Session, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    person(session)
    *_, last = at_once(monkeypatch, sessions, [*["wrong-password"] * 5, PASSWORD])
    assert "锁住了" in last
    assert session.scalars(select(StaffSession)).all() == []


def test_the_fifth_wrong_try_locks_for_fifteen_minutes(session: Session) -> None:
    staff = person(session)
    for _ in range(4):
        refused(session)
    assert session.scalars(select(SignInTry)).one().locked_until is None
    refused(session)
    assert session.scalars(select(SignInTry)).one().locked_until == NOW + timedelta(minutes=15)
    assert "锁" in refused(session, PASSWORD, now=NOW + timedelta(minutes=14, seconds=59))
    assert enter(session, now=NOW + timedelta(minutes=15, seconds=1))
    assert session.scalars(select(SignInTry)).all() == []
    assert (staff.wrong, staff.locked_until) == (0, None)


def test_wrong_tries_from_one_address_lock_nobody_at_another(session: Session) -> None:
    """Red team M7: five requests kept the only administrator out."""
    person(session)
    for _ in range(6):
        refused(session, origin=From("203.0.113.9"))
    assert "锁" in refused(session, PASSWORD, origin=From("203.0.113.9"))
    assert enter(session, origin=From("198.51.100.7"))


def test_an_unknown_name_hears_the_same_words_at_every_try(session: Session) -> None:
    person(session)
    there = [refused(session, origin=From("203.0.113.9")) for _ in range(7)]
    nobody = [refused(session, login="nobody", origin=From("203.0.113.9")) for _ in range(7)]
    assert there == nobody
    assert len(set(there)) == 2


def test_tries_from_many_addresses_stop_all_but_browsers_that_were_let_in_before(session: Session) -> None:
    staff = person(session)
    for number in range(50):
        refused(session, origin=From(f"203.0.113.{number}"))
    assert staff.locked_until == NOW + timedelta(minutes=15)
    assert "锁" in refused(session, PASSWORD, origin=From("198.51.100.7"))
    assert enter(session, origin=From("browser", is_known=True))


def test_sessions_that_are_over_and_old_tries_are_swept(session: Session) -> None:
    person(session)
    enter(session)
    refused(session, login="nobody")
    assert signing_in.sweep(session, now=NOW + timedelta(minutes=59)) == 0
    assert signing_in.sweep(session, now=NOW + timedelta(minutes=61)) == 1
    assert signing_in.sweep(session, now=NOW + timedelta(hours=25)) == 1


def test_a_right_password_forgets_the_wrong_ones_before_it(session: Session) -> None:
    staff = person(session)
    for _ in range(4):
        refused(session)
    enter(session)
    for _ in range(4):
        refused(session)
    assert session.scalars(select(SignInTry)).one().locked_until is None
    assert staff.locked_until is None


def test_who_has_a_code_needs_it_and_it_counts_once(session: Session) -> None:
    staff = person(session)
    staff.totp_secret = secret = pyotp.random_base32()
    session.commit()
    code = pyotp.TOTP(secret).at(NOW)
    assert refused(session, PASSWORD) == refused(session, PASSWORD, code="000000") == refused(session)
    assert enter(session, code=code)
    assert refused(session, PASSWORD, code=code)
    later = NOW + timedelta(seconds=30)
    assert enter(session, code=pyotp.TOTP(secret).at(later), now=later)


@pytest.mark.parametrize("code", ["²²²²²²", "１２３４５６", "六位动态码", "\x00", "-1", "1" * 500])
def test_a_code_that_is_no_number_is_a_wrong_code(session: Session, code: str) -> None:
    staff = person(session)
    staff.totp_secret = pyotp.random_base32()
    session.commit()
    assert refused(session, PASSWORD, code=code) == SignInFailed.message_zh


def test_an_old_code_is_refused(session: Session) -> None:
    staff = person(session)
    staff.totp_secret = pyotp.random_base32()
    session.commit()
    assert refused(session, PASSWORD, code=pyotp.TOTP(staff.totp_secret).at(NOW - timedelta(minutes=2)))


def test_a_new_password_ends_every_session(session: Session) -> None:
    staff = person(session)
    tokens = [enter(session), enter(session)]
    accounts.set_password(session, staff, "another-long-password")
    session.commit()
    assert [signing_in.held_session(session, t, now=NOW) for t in tokens] == [None, None]
    refused(session, PASSWORD)
    assert enter(session, "another-long-password")


def test_a_session_ends_by_sign_out_and_when_the_account_is_switched_off(session: Session) -> None:
    staff = person(session)
    first, second = enter(session), enter(session)
    signing_in.sign_out(session, first)
    signing_in.sign_out(session, "no such token")
    assert signing_in.held_session(session, first, now=NOW) is None
    assert signing_in.held_session(session, second, now=NOW)
    staff.is_active = False
    session.commit()
    assert signing_in.held_session(session, second, now=NOW) is None
    assert list(session.scalars(select(StaffSession))) == []


def test_an_idle_session_ends_after_an_hour_and_a_used_one_after_twelve(session: Session) -> None:
    person(session)
    idle, used = enter(session), enter(session)
    assert signing_in.held_session(session, idle, now=NOW + timedelta(minutes=60, seconds=1)) is None
    for half_hours in range(1, 25):
        assert signing_in.held_session(session, used, now=NOW + half_hours * timedelta(minutes=30)), half_hours
    assert signing_in.held_session(session, used, now=NOW + timedelta(hours=12, seconds=1)) is None


def test_a_member_of_staff_sees_the_place_and_what_lies_below(session: Session) -> None:
    assert rights.places_of(session, person(session)) == ["liuhe", "lijiagou", "shiqiao"]
    assert rights.places_of(session, person(session, "county", place="qinghe")) == [
        "qinghe",
        "liuhe",
        "qingshi",
        "lijiagou",
        "shiqiao",
        "wangjiawan",
        "yangshuping",
    ]
    assert rights.places_of(session, person(session, "all", place="nation")) is None


def test_what_lies_outside_is_refused_and_what_has_no_place_is_everybodys(session: Session) -> None:
    staff = person(session)
    for place in ("liuhe", "shiqiao", None):
        rights.check_place(session, staff, place)
    for place in ("qingshi", "wangjiawan", "qinghe", "nation", "nowhere", ""):
        with pytest.raises(NotAllowed):
            rights.check_place(session, staff, place)


def test_an_account_whose_place_was_removed_sees_nothing_rather_than_everything(session: Session) -> None:
    staff = person(session)
    staff.place_id = "removed"
    session.commit()
    seen = rights.places_of(session, staff)
    assert seen is not None
    assert set(seen) <= {"removed"}


@pytest.mark.parametrize(
    "password", ["", "short", "123456789", "aaaaaaaaaaaa", "ababababababab", "wang-2026-11", "my-WANG-password"]
)
def test_a_weak_password_is_refused(session: Session, password: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.add(session, login="wang", name="王芳", role=Role.agent, password=password)


def test_a_password_that_sign_in_could_not_take_is_refused(session: Session) -> None:
    """The form of the door reads 200 characters; a longer password would lock its owner out."""
    with pytest.raises(InvalidInput):
        passwords.check_password("long enough " * 20)


@pytest.mark.parametrize("login", ["", "w", "王芳", "a b", "a" * 41, "wang'--", "²²", "<b>"])
def test_a_login_that_cannot_be_typed_is_refused(session: Session, login: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.add(session, login=login, name="王芳", role=Role.agent, password=PASSWORD)


def test_a_login_is_taken_once_whatever_its_case(session: Session) -> None:
    person(session)
    with pytest.raises(InvalidInput):
        person(session, " WANG ")
    assert enter(session, login=" Wang ")


def test_permissions_end_with_the_account(session: Session) -> None:
    staff = person(session, role=Role.administrator)
    assert staff.can("audit")
    assert not staff.can("nonsense")
    staff.is_active = False
    assert not any(staff.can(p) for p in models.PERMISSIONS[Role.administrator])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET what = 'nothing'",
        "UPDATE audit_entry SET detail = '' WHERE id = 1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE id = 1",
    ],
)
def test_the_audit_log_takes_no_change_and_no_deletion(session: Session, statement: str) -> None:
    staff = person(session)
    audit.record(session, staff, "查看事项", "261124-007-18")
    session.commit()
    with pytest.raises(DatabaseError):
        session.execute(text(statement))
    session.rollback()
    assert [(e.name, e.what, e.subject) for e in session.scalars(select(AuditEntry))] == [
        ("王芳", "查看事项", "261124-007-18")
    ]


def test_signing_in_and_being_locked_are_in_the_audit_log(session: Session) -> None:
    person(session)
    enter(session)
    for _ in range(5):
        refused(session)
    assert [e.what for e in session.scalars(select(AuditEntry).order_by(AuditEntry.id))] == [
        "登录",
        *["登录失败"] * 5,
        "登录试错被锁",
    ]


def test_present_are_those_seen_of_late_who_have_not_marked_themselves_away(session: Session) -> None:
    for login in ("here", "away", "long-gone"):
        accounts.add(session, login=login, name=f"{login}的人", role=Role.agent, password=PASSWORD)
        session.commit()
        signing_in.sign_in(
            session,
            login=login,
            password=PASSWORD,
            code="",
            now=NOW - timedelta(minutes=11 if login == "long-gone" else 1),
            agent="",
            vault=VAULT,
        )
    session.scalars(select(Staff).where(Staff.login == "away")).one().is_present = False
    session.commit()
    assert signing_in.present(session, now=NOW) == ["here的人"]


def test_a_crowd_at_the_door_takes_the_memory_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Third red team, R5: forty sign-ins at once took 64 MB each, on machines that may have four gigabytes."""
    inside, most, gate = 0, 0, threading.Lock()

    class Slow:
        def verify(self, *_: str) -> bool:
            nonlocal inside, most
            with gate:
                inside += 1
                most = max(most, inside)
            time.sleep(0.05)
            with gate:
                inside -= 1
            return True

    monkeypatch.setattr(passwords, "HASHER", Slow())
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: passwords.fits("hash", "words"), range(20)))
    assert most == 4
    monkeypatch.setattr(passwords, "_PATIENCE_S", 0.01)
    with ThreadPoolExecutor(20) as pool, pytest.raises(TooManyAtTheDoor):
        list(pool.map(lambda _: passwords.fits("hash", "words"), range(20)))
