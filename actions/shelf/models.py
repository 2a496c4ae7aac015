"""农家书屋's books and what else the village lends: a list. Who has what stays on paper, in the book at the desk."""

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class ShelfItem(Base):
    __tablename__ = "shelf_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str] = mapped_column(String(220), unique=True)  # of the village: its number, or kind, title and author
    kind: Mapped[str] = mapped_column(String(10))  # book, tool
    title: Mapped[str] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(String(40), default="")
    number: Mapped[str] = mapped_column(String(20), default="")
    count: Mapped[int] = mapped_column(Integer, default=1)
    spot: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(100), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
