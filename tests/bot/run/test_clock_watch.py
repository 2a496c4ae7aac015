"""A clock that leaps deletes nothing (red team H3: 547 of 550 conversations in 25 seconds) and stops nothing (M16)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select, update

from bot.conversations import claims, messages, service
from bot.conversations.models import Conversation
from bot.run.clock_watch import ClockWatch, confirm
from bot.run.worker import work
from bot.staff import second_factor
from bot.staff.models import Staff
from bot.staff.vault import Vault
from tests.bot.world import World

NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)


class Machine:
    """Its wall clock, and the seconds since it was switched on."""

    def __init__(self, path: Path) -> None:
        self.path, self.now, self.seconds, self.is_synchronised = path, NOON, 0.0, False
        self.start()

    def start(self) -> None:
        self.watch = ClockWatch(
            self.path,
            wall=lambda: self.now,
            monotonic=lambda: self.seconds,
            is_synchronised=lambda: self.is_synchronised,
        )

    def after(self, past: timedelta, *, leap: timedelta = timedelta()) -> bool:
        self.now, self.seconds = self.now + past + leap, self.seconds + past.total_seconds()
        return self.watch.is_sure()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "clock.json")
    assert machine.watch.is_sure()
    return machine


ROUND, LEAP = timedelta(seconds=10), timedelta(days=200)


def test_a_clock_that_goes_on_is_believed(machine: Machine) -> None:
    assert all(machine.after(timedelta(hours=7)) for _ in range(10))


@pytest.mark.parametrize("leap", [LEAP, -LEAP, timedelta(days=1), -timedelta(days=1)])
def test_a_leap_is_doubted_until_it_is_taken_back(machine: Machine, leap: timedelta) -> None:
    assert not machine.after(ROUND, leap=leap)
    assert not machine.after(ROUND)
    assert machine.after(ROUND, leap=-leap)


def test_a_leap_is_doubted_over_a_restart(machine: Machine) -> None:
    assert not machine.after(ROUND, leap=LEAP)
    machine.start()
    assert not machine.after(ROUND)
    machine.start()
    assert machine.after(ROUND, leap=-LEAP)


def test_a_night_without_power_is_no_leap(machine: Machine) -> None:
    machine.seconds = 0.0
    machine.start()
    assert machine.after(ROUND, leap=timedelta(hours=40))


def test_a_leap_is_believed_after_a_day_that_went_on_from_it(machine: Machine) -> None:
    assert not machine.after(ROUND, leap=LEAP)
    assert not machine.after(timedelta(hours=23))
    assert machine.after(timedelta(hours=2))
    assert machine.after(ROUND)


def test_a_clock_that_leaps_every_hour_is_never_believed(machine: Machine) -> None:
    assert not any(machine.after(timedelta(hours=1), leap=LEAP) for _ in range(40))


def test_a_time_service_or_a_person_settles_it(machine: Machine) -> None:
    assert not machine.after(ROUND, leap=LEAP)
    confirm(machine.path, machine.now)
    assert machine.after(ROUND)
    machine.is_synchronised = True
    assert machine.after(ROUND, leap=-LEAP)


def test_a_file_that_can_not_be_read_is_no_reason_to_stop(machine: Machine) -> None:
    machine.path.write_text("{")
    machine.start()
    assert machine.after(ROUND)


def test_nothing_is_deleted_while_the_clock_is_doubted(empty: World) -> None:
    with empty.sessions() as session:
        service.start(session, channel="widget", place=None)
        session.execute(update(Conversation).values(updated_at=datetime.now(UTC) - timedelta(days=400)))
        session.commit()

    def left() -> int:
        with empty.sessions() as session:
            return session.scalar(select(func.count()).select_from(Conversation)) or 0

    before = left()
    work(empty.settings, empty.sessions, is_clock_sure=False)
    assert left() == before == 1
    work(empty.settings, empty.sessions)
    assert left() == 0


def test_what_was_said_before_the_clock_went_back_is_answered(empty: World) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with empty.sessions() as session:
        conversation = service.start(session, channel="widget", place=None)
        message = messages.receive(session, conversation, client_id="said-tomorrow", text="彩礼能退吗")
        message.created_at = message.claimed_at = tomorrow
        session.commit()
        assert claims.unanswered(session, older_than=timedelta(seconds=2)) == [message.id]
        assert claims.claim(session, message.id)
        assert not claims.claim(session, message.id), "once"


def test_a_code_used_before_the_clock_went_back_locks_nobody_out(world: World) -> None:
    now, secret, vault = datetime.now(UTC), pyotp.random_base32(), Vault.of("a secret")
    with world.sessions() as session:
        staff = session.scalars(select(Staff).where(Staff.login == "agent")).one()
        staff.totp_secret, staff.totp_last = secret, int((now + timedelta(days=1)).timestamp()) // 30
        session.commit()
        code = pyotp.TOTP(secret).at(now)
        assert second_factor.code_fits(session, staff, code, now=now, vault=vault)
        session.commit()
        assert not second_factor.code_fits(session, staff, code, now=now, vault=vault), "a code counts once"
