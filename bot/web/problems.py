"""What a handler raises."""

from typing import Any

from actions.errors import NotAllowed


class SignInNeeded(Exception):
    """Nobody is signed in; `bot/web/errors.py` sends them to the door."""


class AccountFirst(NotAllowed):
    """Signed in, but something on their own account comes before anything else."""


class PasswordChangeNeeded(AccountFirst):
    """Signed in with a password somebody else knows."""

    message_zh = "第一次登录请先改密码。"


class SecondFactorNeeded(AccountFirst):
    """Their role must have a second factor, and they have none yet."""

    message_zh = "您的岗位要用动态码，请先设好。"


class ApiError(Exception):
    """`more`: what the page is told beside the sentence, as JSON."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message, more
