"""The days that the booking form offers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import openings
from actions.bookings.models import Mode
from actions.calendar.dates import WEEKDAYS, day_label
from actions.dialogue.booking import AskOpening, ValidateBooking
from actions.dialogue.frame.base import Services, Turn
from knowledge.clock import SHANGHAI
from tests.conftest import DAY
from tests.fakes import services_that_find_nothing


def services(sessions: sessionmaker[Session]) -> Services:
    return services_that_find_nothing(sessions, DAY)


@pytest.fixture
def two_days(sessions: sessionmaker[Session]) -> tuple[datetime, datetime]:
    """Openings at ten in the morning, in two and in three days."""
    now = datetime.now(UTC)
    ten = now.astimezone(SHANGHAI).replace(hour=10, minute=0, second=0, microsecond=0)
    days = ten + timedelta(days=2), ten + timedelta(days=3)
    with sessions.begin() as session:
        for day in days:
            openings.publish(
                session,
                worker_id=None,
                worker_name="李律师",
                mode=Mode.office,
                place="lijiagou",
                address="司法所",
                starts_at=day,
                ends_at=day + timedelta(hours=1),
                capacity=2,
                now=now,
            )
    return days


def offered(sessions: sessionmaker[Session], when: str) -> tuple[str, list[str]]:
    reply = AskOpening(services(sessions)).do(Turn("c", "", slots={"booking_when": when})).replies[0]
    return reply.text, [button.title for button in reply.buttons]


@pytest.mark.parametrize("said", ["不要周{}", "除了周{}都行", "周{}不行"])
def test_a_refused_weekday_is_not_offered(
    sessions: sessionmaker[Session], two_days: tuple[datetime, datetime], said: str
) -> None:
    first, second = two_days
    text, titles = offered(sessions, said.format(WEEKDAYS[first.weekday()]))
    assert any(day_label(second)[:5] in title for title in titles)
    assert not any(day_label(first)[:5] in title for title in titles)
    assert f"周{WEEKDAYS[first.weekday()]}不排" in text


def test_a_day_that_no_calendar_has_is_told_so(sessions: sessionmaker[Session]) -> None:
    turn = Turn("c", "2月30号吧", message=2, slots={"requested_slot": "booking_opening"})
    events = {
        e["name"]: e["value"] for e in ValidateBooking(services(sessions)).do(turn).events if e["event"] == "slot"
    }
    assert "“2月30号”这一天，日历上没有" in events["booking_hint"]
