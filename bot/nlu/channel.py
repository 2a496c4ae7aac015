"""Rasa's REST channel for our app alone.

Rasa's token guards its API, not its webhook, which takes JSON of any content type from anybody on this machine, a web
page in a browser among them. So the webhook wants a header with the installation's secret, which no page of another
site may send. And what it brings twice is acted on once (bot/nlu/heard.py).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.nlu import heard

heard.install()

HEADER = "x-linli-secret"


class GuardedRestInput(RestInput):
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GuardedRestInput:
        return cls(str((credentials or {})["secret"]))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        guarded = super().blueprint(on_new_message)

        @guarded.middleware("request")
        async def check(request: Request) -> HTTPResponse | None:
            given = request.headers.get(HEADER, "").encode("utf-8", "replace")
            return None if hmac.compare_digest(given, self._secret) else json({"status": "refused"}, 403)

        return guarded
