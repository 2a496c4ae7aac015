"""What belongs to an event beside its Opening and the Appointments in it: pictures, questions asked beforehand, what is
suggested to the clerk. An event is an Opening with a kind; who comes is an Appointment (`actions/bookings/models.py`).
"""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from actions.asked import AskedInPublic
from knowledge.tables import Base, UtcDateTime


class EventPhoto(Base):
    """Shown on the event's page; without faces of children, or with their guardians' yes (个人信息保护法 31)."""

    __tablename__ = "event_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    jpeg: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    faces: Mapped[str] = mapped_column(String(10))  # none: no child to be known; guardians: they agreed
    said_by: Mapped[str] = mapped_column(String(80), default="")  # which guardian agreed, how; for staff alone
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class EventQuestion(AskedInPublic, Base):
    """Asked before or after, without a name; answered there, or in writing on the event's page."""

    __tablename__ = "event_question"

    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id", ondelete="CASCADE"), index=True)


class EventSuggestion(Base):
    """What the clock thinks of for a village: a day of the calendar, 公开日 of a quarter. Each once."""

    __tablename__ = "event_suggestion"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)  # constitution 2026, open_day 2026Q4
    on_day: Mapped[date] = mapped_column(Date)
    opening_id: Mapped[int | None] = mapped_column(Integer)  # what came of it
    dismissed_by: Mapped[str] = mapped_column(String(40), default="")  # who said that nothing shall
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
