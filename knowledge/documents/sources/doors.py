"""Which door a matter goes to, and its telephone: `doors.yml`, which a clerk edits."""

from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read
from knowledge.documents.topics import TOPICS

_SHARED = ("12345", "12348")  # who asks for the mediators there is asked back
_FILE = Path(__file__).parent / "doors.yml"


class Door(DataModel):
    """`name`: as an answer names it; `does`: what one goes there for; `phone`: the line that people may ring."""

    name: Annotated[str, StringConstraints(min_length=2, max_length=20)]
    phone: Annotated[str, StringConstraints(pattern=r"[0-9-]{3,13}$")]
    does: Text

    @property
    def call(self) -> str:
        """电话 12333; where the number is a hotline of all offices, that it tells the way: 打 12345 问怎么找."""
        is_shared = self.phone in _SHARED and not self.name.endswith("热线")
        return f"打 {self.phone} 问怎么找" if is_shared else f"电话 {self.phone}"


class DoorsFile(DataModel):
    doors: tuple[Door, ...]
    topics: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _each_once(self) -> "DoorsFile":
        seen: set[str] = set()
        for place, door in enumerate(self.doors):
            if door.name in seen:
                raise WrongAt(f"“{door.name}”写了两遍", "doors", place, "name")
            seen.add(door.name)
        for topic, names in self.topics.items():
            if topic not in TOPICS:
                raise WrongAt(f"没有“{topic}”这一类", "topics", topic)
            if missing := next((name for name in names if name not in seen), None):
                raise WrongAt(f"上面没有“{missing}”这个门", "topics", topic)
        return self


_READ = read(_FILE, DoorsFile)
DOORS: dict[str, Door] = {door.name: door for door in _READ.doors}
_LAST_RESORT = ("司法所", "政务热线")


def doors_for(topic: str | None) -> tuple[Door, ...]:
    """Where a matter of this topic is taken to that we have no answer for, the likeliest first."""
    return tuple(DOORS[name] for name in _READ.topics.get(topic or "", _LAST_RESORT))
