"""What a tab of a village's public page is, for the tabs themselves and for the registry that lists them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Teaser:
    """A line on the village's first page. `when`: a day or a state, as people read it."""

    text: str
    href: str
    when: str = ""
    is_urgent: bool = False  # the committee owes an answer, or it soon closes


@dataclass(frozen=True)
class Tab:
    """`newest`: a few lines for the first page, none where there is nothing yet: then the tab isn't shown at all."""

    name: str
    path: str  # under /v/<place>/
    newest: Callable[[Session, str, datetime], list[Teaser]]
    router: APIRouter
