"""The chat on a page: whoever has it open asks for what is new, so nothing is ever sent after them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self

from fastapi import APIRouter
from sqlalchemy.orm import Session

from bot.channels.base import Answer, Remaining, Sessions
from bot.settings import Settings


class Widget:
    kind: ClassVar[str] = "widget"
    label_zh: ClassVar[str] = ""
    routes: ClassVar[Sequence[APIRouter]] = ()  # they are pages of ours: bot/web/resident/widget.py
    name = "page"

    @classmethod
    def build(cls, settings: Settings, *, sessions: Sessions, answer: Answer) -> Sequence[Self]:
        return [cls()]

    def deliver_due(self) -> int:
        return 0

    def tend(self) -> None:
        pass

    def remaining(self, conversation_id: str) -> Remaining | None:
        return None

    @staticmethod
    def sweep(session: Session, *, now: datetime) -> int:
        return 0

    @staticmethod
    def about(session: Session, conversation_id: str) -> Mapping[str, object] | None:
        return {}
