"""Doubles for unit tests; the end-to-end tests run the real ones."""

import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Services
from actions.replies import Reply
from bot.parts import Parts
from bot.rasa_client import RasaUnavailable
from bot.rehearsing.supposed import Rehearsed
from bot.rehearsing.unkept import Rehearsals
from bot.settings import ROOT, Settings
from bot.turns import Turns
from knowledge.clock import today
from knowledge.search.lexical import character_pairs


@lru_cache
def a_dead_process() -> str:
    """What a process that has ended was called, as `bot.shared.processes` calls one."""
    run = [sys.executable, "-c", "from bot.shared.processes import owner; print(owner())"]
    return subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


class FakeRasa:
    """Answers with the replies it was given as actions send them, in order, then with the last of them, and keeps what
    it was asked.
    """

    def __init__(self, *answers: list[dict[str, Any]], during: Callable[[], None] = lambda: None) -> None:
        self.answers, self.during = list(answers), during
        self.asked: list[tuple[str, str]] = []
        self.taken_back: list[int] = []
        self.forgotten: list[str] = []
        self.put_aside: list[str] = []

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        self.asked.append((conversation_id, text))
        self.during()  # what happens elsewhere while Rasa is thinking
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [Reply.from_custom(reply) for reply in said]

    async def parse(self, text: str) -> dict[str, Any]:
        return {"intent": {"name": "ask_law", "confidence": 1.0}}

    async def has_form(self, conversation_id: str) -> bool:
        return False

    async def slots(self, conversation_id: str) -> dict[str, Any]:
        return {}

    async def put_form_aside(self, conversation_id: str) -> None:
        self.put_aside.append(conversation_id)

    async def forget(self, conversation_id: str) -> None:
        self.forgotten.append(conversation_id)

    async def start_session(self, conversation_id: str) -> None:
        pass

    async def take_back(self, conversation_id: str, message_id: int) -> bool:
        self.taken_back.append(message_id)
        return True


class NoSearch:
    """A searcher that finds nothing."""

    def __init__(self) -> None:
        self.embedder = PairEmbedder()

    def live(self) -> "NoSearch":
        return self

    def supposing(self, draft: object) -> "NoSearch":
        return self

    id = "none"
    delta_mark = ""

    def explain(self, *_: object, **__: object) -> list[object]:
        return []

    def search(self, *_: object, **__: object) -> list[object]:
        return []

    def holding(self, *_: object, **__: object) -> list[int]:
        return []


def services_that_find_nothing(sessions: sessionmaker[Session], day: date) -> Services:
    """What actions use, on `day`."""
    search: Any = NoSearch()
    return Services(sessions=sessions, searcher=search, today=lambda: day, topic=lambda _: "其他")


def doubled_parts(settings: Settings, sessions: sessionmaker[Session], rasa: Any, turns: Turns | None = None) -> Parts:
    """The parts of an application whose Rasa and search are doubles."""
    search: Any = NoSearch()
    services = Services(sessions=sessions, searcher=search, today=today, topic=lambda _: "其他")
    turns = turns or Turns(sessions=sessions, rasa=rasa)
    rehearsals = Rehearsals(services, sessions)
    return Parts(settings, sessions, search.embedder, search, rasa, services.topic, turns, search, services, rehearsals)


async def no_slots(_: str) -> dict[str, Any]:
    """Rasa has gathered nothing."""
    return {}


async def no_rehearsal(*_: object) -> Rehearsed:
    """Rasa doesn't answer."""
    raise RasaUnavailable("down")


class PairEmbedder:
    """Texts that share pairs of characters are near: each pair adds to two of 384 places. Counts what it was given."""

    name = "pairs"

    def __init__(self) -> None:
        self.passages: list[str] = []

    def encode_passages(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        self.passages += texts
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.full((len(texts), 384), 0.05, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for pair in character_pairs(text):
                code = zlib.crc32(pair.encode())
                row[[code % 384, code // 384 % 384]] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
