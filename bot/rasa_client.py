"""HTTP to the Rasa server on loopback. An empty list from its REST channel is a failure there, so it is one here."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.exc import DBAPIError

from actions.replies import Reply, ReplyKind
from bot.remote import trackers
from bot.remote.rasas import Rasas

Trackers = Path | str  # Rasa's file, or the address of the database of several Rasas
_TALK = "/webhooks/rest/webhook"


class RasaUnavailable(Exception):
    """Rasa is down, slow, or its action failed; the message stays unanswered and is tried again."""


class RasaFailed(RasaUnavailable):
    """Rasa is there and has nothing to say to this message: one of its actions, or of its policies, raised. Tried again
    it may well fail again.
    """


class RasaClient:
    def __init__(
        self, url: str | Sequence[str], token: str, *, timeout_s: float, trackers: Trackers | None = None
    ) -> None:
        """`trackers`: Rasa's file, or the address of its database; needed to take a message back."""
        self._trackers = trackers
        self._http = Rasas(
            [url] if isinstance(url, str) else url,
            params={"token": token},
            headers={"x-linli-secret": token},  # bot/nlu/channel.py
            timeout=httpx.Timeout(timeout_s, connect=2.0),
            trust_env=False,
        )

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        """What Rasa and its actions say to this. Raises RasaUnavailable."""
        # A leading slash is an intent command (`/restart`) to Rasa; to a resident it is a slash.
        said = text.lstrip("/ ") or "。"
        try:
            about = {"sender": conversation_id, "message": said, "metadata": metadata}
            response = await self._http.request("POST", _TALK, of=conversation_id, json=about)
            response.raise_for_status()
            sent = response.json()
        except httpx.HTTPStatusError as error:
            kind = RasaFailed if error.response.status_code == 500 else RasaUnavailable
            raise kind(f"status {error.response.status_code}") from error
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        if not sent:
            raise RasaFailed("empty answer")
        return [_reply(part) for part in sent]

    async def start_session(self, conversation_id: str) -> None:
        """A fresh session that keeps the slots: a turn reloads all events of its session, 0.55 ms each past turn
        (lab.md section 5).
        """
        try:
            about = {"sender": conversation_id, "message": "/session_start"}
            response = await self._http.request("POST", _TALK, of=conversation_id, json=about)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise RasaUnavailable(type(error).__name__) from error

    async def has_form(self, conversation_id: str) -> bool:
        """Whether a form is under way; a new session would end it. Raises RasaUnavailable."""
        try:
            response = await self._tracker(conversation_id)
            response.raise_for_status()
            return bool(response.json().get("active_loop"))
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error

    async def put_form_aside(self, conversation_id: str) -> None:
        """What a form has gathered stays; it goes on when it is asked for. Nobody who has just spoken of dying is asked
        for the next field. Within two seconds, or not at all: somebody waits. Raises RasaUnavailable.
        """
        ended = [{"event": "active_loop", "name": None}, {"event": "slot", "name": "requested_slot", "value": None}]
        try:
            address = f"/conversations/{conversation_id}/tracker/events"
            response = await self._http.request("POST", address, of=conversation_id, json=ended, timeout=2.0)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise RasaUnavailable(type(error).__name__) from error

    async def slots(self, conversation_id: str) -> dict[str, Any]:
        """What Rasa has gathered in this conversation, empty slots left out. Raises RasaUnavailable."""
        try:
            response = await self._tracker(conversation_id, timeout=3.0)
            response.raise_for_status()
            return {
                name: value
                for name, value in (response.json().get("slots") or {}).items()
                if value not in (None, "", [])
            }
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error

    async def take_back(self, conversation_id: str, message_id: int) -> bool:
        """Make Rasa forget an earlier try at this message, so that it finds the dialogue as the first try did.

        False: the dialogue has gone on since, and stays as it is. Raises RasaUnavailable.
        """
        if self._trackers is None:
            return True
        try:
            return await asyncio.to_thread(erase_turn, self._trackers, conversation_id, message_id)
        except sqlite3.OperationalError as error:
            raise RasaUnavailable(str(error)) from error
        except DBAPIError as error:
            raise RasaUnavailable(type(error.orig).__name__) from error

    async def forget(self, conversation_id: str) -> None:
        """Leave nothing of a conversation that was only imagined."""
        if self._trackers is not None:
            # locked for ten seconds, or away: its words are nobody's
            with contextlib.suppress(sqlite3.OperationalError, DBAPIError):
                await asyncio.to_thread(erase_trackers, self._trackers, [conversation_id])

    async def parse(self, text: str) -> dict[str, Any]:
        """Intent, confidence and entities. Raises RasaUnavailable."""
        try:
            response = await self._http.request("POST", "/model/parse", json={"text": text.lstrip("/ ") or "。"})
            response.raise_for_status()
            result: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return result

    async def is_ready(self) -> bool:
        """Whether a model is loaded; `/` answers before that."""
        try:
            response = await self._http.request("GET", "/status", timeout=2.0)
        except httpx.HTTPError:
            return False
        return response.status_code == 200

    async def close(self) -> None:
        await self._http.close()

    async def _tracker(self, conversation_id: str, **more: Any) -> httpx.Response:
        """Without its events. Raises httpx.HTTPError."""
        path = f"/conversations/{conversation_id}/tracker"
        return await self._http.request("GET", path, of=conversation_id, params={"include_events": "NONE"}, **more)


def _reply(sent: dict[str, Any]) -> Reply:
    """Of an action, or an `utter_…` of the domain, which is plain text."""
    if "custom" in sent:
        return Reply.from_custom(sent["custom"])
    return Reply(ReplyKind.smalltalk, sent.get("text") or "")


def erase_turn(path: Trackers, conversation_id: str, message_id: int) -> bool:
    """Delete what Rasa holds of its last turn, if that was this message's. False when a later message has had its turn.

    Rasa saves a turn at its end, whether its replies reached anybody or not; tried once more on top of that, a question
    that waited for the village is gone. Its own `rewind` event can't undo it: it skips the messages a form took. Raises
    sqlite3.OperationalError when the file stays locked for 10 s, DBAPIError of a server.
    """
    if isinstance(path, str):
        return trackers.erase_turn(path, conversation_id, message_id)
    if not path.exists():
        return True
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db, db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            return True
        last = db.execute(
            "SELECT id, data FROM events WHERE sender_id = ? AND type_name = 'user' ORDER BY id DESC LIMIT 1",
            (conversation_id,),
        ).fetchone()
        at = (json.loads(last[1]).get("metadata") or {}).get("message") if last else None
        if at == message_id:
            db.execute("DELETE FROM events WHERE sender_id = ? AND id >= ?", (conversation_id, last[0]))
        return not isinstance(at, int) or at <= message_id


def erase_trackers(path: Trackers, conversation_ids: Iterable[str]) -> None:
    """Delete what Rasa holds of these conversations; its HTTP API has no such call, so its SQLite file is opened.

    A file that isn't there yet holds nothing. Raises sqlite3.OperationalError when it stays locked for 10 s,
    DBAPIError of a server.
    """
    if isinstance(path, str):
        trackers.erase(path, conversation_ids)
        return
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db, db:
        db.execute("PRAGMA secure_delete=ON")  # the words are overwritten, not only let go
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            db.executemany("DELETE FROM events WHERE sender_id = ?", [(c,) for c in conversation_ids])
