"""What a subject of the console's 村里事 is, for the subjects themselves and for the registry that lists them."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from bot.web.staff.desk import Seat


@dataclass(frozen=True)
class Todo:
    """Something that waits for who looks. `until`: a day as people read it, "" where none presses; `place`: the village
    where the words don't name it, read out to who sees more than one.
    """

    text: str
    href: str
    until: str = ""
    is_late: bool = False
    place: str = ""


@dataclass(frozen=True)
class Subject:
    """One subject of the console's 村里事. `needs`: the permission that its page asks for."""

    name: str
    href: str
    hint: str
    needs: str
    waiting: Callable[[Seat], list[Todo]]
    router: APIRouter
