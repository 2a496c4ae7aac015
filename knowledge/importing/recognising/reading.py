"""What a recogniser has read so far."""

from dataclasses import dataclass, field
from datetime import date

from knowledge.importing.formats.blocks import Block


@dataclass
class Reading:
    """A file on its way: what is left of it, and what has been said about it so far."""

    blocks: list[Block]
    title: str
    text: str
    understood: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    signed_by: str = ""
    signed_on: date | None = None


def day_in_words(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
