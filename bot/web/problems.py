"""What a handler raises."""

from typing import Any

from actions.errors import NotAllowed


class SignInNeeded(Exception):
    """Nobody is signed in; `bot/web/errors.py` sends them to the door."""


class PasswordChangeNeeded(NotAllowed):
    """Signed in with a password somebody else knows; the account page comes first."""

    message_zh = "第一次登录请先改密码。"


class ApiError(Exception):
    """`more`: what the page is told beside the sentence, as JSON."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message, more
