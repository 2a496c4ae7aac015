"""HTTP to the Rasa server on loopback. An empty list from its REST channel is a failure there, so it is one here."""

from typing import Any

import httpx


class RasaUnavailable(Exception):
    """Rasa is down, slow, or its action failed; the message stays unanswered and is tried again."""


class RasaClient:
    def __init__(self, url: str, token: str, *, timeout_s: float) -> None:
        self._http = httpx.AsyncClient(base_url=url, params={"token": token}, timeout=httpx.Timeout(timeout_s, connect=2.0), trust_env=False)

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[dict[str, Any]]:
        """Rasa's replies as our message dicts (`kind`, `text`, ...). Raises RasaUnavailable."""
        # A leading slash is an intent command (`/restart`) to Rasa; to a resident it is a slash.
        said = text.lstrip("/ ") or "。"
        try:
            response = await self._http.post("/webhooks/rest/webhook", json={"sender": conversation_id, "message": said, "metadata": metadata})
            response.raise_for_status()
            replies = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        if not replies:
            raise RasaUnavailable("empty answer")
        return [r["custom"] if "custom" in r else {"kind": "smalltalk", "text": r.get("text", "")} for r in replies]

    async def parse(self, text: str) -> dict[str, Any]:
        """Intent, confidence and entities. Raises RasaUnavailable."""
        try:
            response = await self._http.post("/model/parse", json={"text": text.lstrip("/ ") or "。"})
            response.raise_for_status()
            result: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
        return result

    async def is_ready(self) -> bool:
        """Whether a model is loaded; `/` answers before that."""
        try:
            response = await self._http.get("/status", timeout=2.0)
        except httpx.HTTPError:
            return False
        return response.status_code == 200

    async def close(self) -> None:
        await self._http.aclose()
