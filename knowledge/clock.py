"""China's time: days and hours as residents mean them. Moments are stored in UTC and shown here."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The day it is in China."""
    return datetime.now(SHANGHAI).date()


def utc_now() -> datetime:
    return datetime.now(UTC)
