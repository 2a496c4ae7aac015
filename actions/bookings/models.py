"""Openings of legal workers, and the appointments residents make in them."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.bookings.status import AppointmentStatus
from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime, enum_column


class Mode(enum.StrEnum):
    visit = "visit"
    office = "office"
    phone = "phone"
    video = "video"


MODE_LABELS = {Mode.visit: "到村里坐班", Mode.office: "到所里见面", Mode.phone: "电话", Mode.video: "视频"}


class Opening(Base):
    """A bookable time.

    `taken` changes only under the row's lock (see `service`), so that the last place is given once.
    """

    __tablename__ = "opening"
    __table_args__ = (CheckConstraint("taken >= 0 AND taken <= capacity", name="taken_within_capacity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[int | None] = mapped_column(Integer, index=True)  # a staff account, a plain value
    worker_name: Mapped[str] = mapped_column(String(40))
    mode: Mapped[Mode] = mapped_column(enum_column(Mode))
    place_id: Mapped[str] = mapped_column(String(40), index=True)  # open to residents of this place and all below it
    address: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(String(200), default="")  # what residents should know beforehand
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    capacity: Mapped[int] = mapped_column(Integer, default=1)
    taken: Mapped[int] = mapped_column(Integer, default=0)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    series: Mapped[str | None] = mapped_column(String(40), index=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    # Of an event of the village (`actions.events`); "" is a legal worker's time, and no query of bookings sees others.
    kind: Mapped[str] = mapped_column(String(20), default="", index=True)
    title: Mapped[str] = mapped_column(String(60), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    lead: Mapped[str] = mapped_column(String(40), default="")  # who leads or shows it, as the page names them
    appointments: Mapped[list["Appointment"]] = relationship(back_populates="opening", order_by="Appointment.id")


class Appointment(Base):
    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = mapped_column(ForeignKey("opening.id"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    request_key: Mapped[str] = mapped_column(String(100), unique=True)  # a repeated message or a double tap books once
    seat_key: Mapped[str | None] = mapped_column(String(80), unique=True)  # conversation and opening while it is held
    status: Mapped[AppointmentStatus] = mapped_column(enum_column(AppointmentStatus), index=True)
    name: Mapped[str] = mapped_column(String(40), default="")
    phone: Mapped[str | None] = mapped_column(String(30))
    summary: Mapped[str] = mapped_column(Text)  # for that worker's eyes only
    private_note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    reminded_day_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_hours_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # who came and what for is deleted
    say: Mapped[str | None] = mapped_column(Text)  # what the resident must still be told: promoted, or called off
    # Of an event: how many come with them, what they bring to the evening (节目), when they were seen, for how long.
    party: Mapped[int] = mapped_column(Integer, default=1)
    item: Mapped[str] = mapped_column(String(80), default="")
    code: Mapped[str | None] = mapped_column(
        String(12), unique=True, index=True
    )  # shown to who signed up: to undo, to be found
    came_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hours: Mapped[float | None] = mapped_column(Float)
    # Of a hall that is lent (`actions/events/lending.py`): its own hours within the opening's. They count no place.
    lent_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lent_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opening: Mapped[Opening] = relationship(back_populates="appointments")
