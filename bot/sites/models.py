"""Web sites that may show the chat on their pages, and those that tried."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class Site(Base):
    __tablename__ = "site"

    origin: Mapped[str] = mapped_column(String(200), primary_key=True)  # https://www.example.gov.cn, as browsers say it
    colour: Mapped[str] = mapped_column(String(7))  # of the round button there: #17563a
    added_by: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefusedKnock(Base):
    """A site that isn't listed and has tried: somebody pasted the code there, or copied the page."""

    __tablename__ = "refused_knock"

    origin: Mapped[str] = mapped_column(String(200), primary_key=True)
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
