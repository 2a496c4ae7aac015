"""What somebody told of the village's past, until it is a document or is declined."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from actions.errors import NotAllowed
from knowledge.tables import Base, UtcDateTime, enum_column


class StoryState(StrEnum):
    told = "told"  # nobody has looked at it
    handed_on = "handed_on"  # edited; a second person looks at the document
    declined = "declined"


LABELS = {StoryState.told: "等整理", StoryState.handed_on: "整理好了，等第二个人看", StoryState.declined: "没有收进来"}
MOVES: dict[StoryState, frozenset[StoryState]] = {
    StoryState.told: frozenset({StoryState.handed_on, StoryState.declined}),
    StoryState.handed_on: frozenset(),  # what follows is the document's (`knowledge/documents/versions.py`)
    StoryState.declined: frozenset(),
}


def check_move(start: StoryState, to: StoryState) -> None:
    """Raises NotAllowed."""
    if to not in MOVES[start]:
        raise NotAllowed(f"这一篇“{LABELS[start]}”，不能再这样办。")


class Story(Base):
    __tablename__ = "history_story"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)  # of the address where who told it looks
    state: Mapped[StoryState] = mapped_column(enum_column(StoryState), default=StoryState.told)
    text: Mapped[str] = mapped_column(Text)
    teller: Mapped[str] = mapped_column(String(20), default="")
    may_name: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why_declined: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[str] = mapped_column(String(40), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document_id: Mapped[str | None] = mapped_column(String(80), index=True)
