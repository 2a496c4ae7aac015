"""What others demand of a village: certificates that aren't its to give, and work handed down to it."""

import enum
from datetime import date

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, enum_column


class DemandKind(enum.StrEnum):
    certificate = "certificate"  # 证明
    task = "task"  # 下派任务


class Demand(Base):
    """Never says for whom: neither a resident nor a conversation."""

    __tablename__ = "demand"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[DemandKind] = mapped_column(enum_column(DemandKind))
    asked_by: Mapped[str] = mapped_column(String(60), index=True)  # the unit, as people call it
    what: Mapped[str] = mapped_column(String(120))
    certificate: Mapped[str] = mapped_column(String(20), default="")  # the code in certificates.yml; "": none of them
    basis: Mapped[str] = mapped_column(String(200), default="")  # what the unit gives as its ground; "": nothing
    tenths: Mapped[int | None] = mapped_column(Integer)  # of an hour that it took
    case_id: Mapped[int | None] = mapped_column(Integer)  # a plain value
    on: Mapped[date] = mapped_column(Date, index=True)
    is_from_chat: Mapped[bool] = mapped_column(default=False)
    by: Mapped[str] = mapped_column(String(40), default="")  # who wrote it down; "" for the chat
