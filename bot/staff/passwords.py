"""Passwords."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from actions.errors import ActionError, InvalidInput
from actions.storable import storable
from bot.staff.models import Staff

PASSWORD_LEAST, PASSWORD_MOST = 10, 200
_LEAST_SCORE = 3  # of 4: "safely unguessable", zxcvbn's own words
# What the lists of other countries lack.
_CHOSEN_HERE = (
    *("linli", "邻里", "woaini", "woaiwojia", "woaizhongguo", "nihao", "zhongguo", "beijing", "guanliyuan", "mima"),
    *("admin", "5201314", "1314520", "7758521", "112233", "qq123456", "aa123456", "abc123456", "taobao", "weixin"),
)
HASHER = PasswordHasher()
# Each takes 64 MB (RFC 9106, second choice): forty at once took 2.6 GB, on machines that may have four.
_AT_ONCE, _PATIENCE_S = 4, 10.0
_room = threading.BoundedSemaphore(_AT_ONCE)


class SignInFailed(ActionError):
    message_zh = "账号或密码不对。"


class TooManyAtTheDoor(ActionError):
    message_zh = "这会儿登录的人太多，请过几秒再试。"


def check_password(password: str, login: str = "") -> None:
    if len(password) < PASSWORD_LEAST:
        raise InvalidInput(f"密码至少 {PASSWORD_LEAST} 位，建议用一句自己记得住的话。")
    if len(password) > PASSWORD_MOST:
        raise InvalidInput(f"密码最多 {PASSWORD_MOST} 位。")
    if storable(password) != password:
        raise InvalidInput("密码里有存不了的字，请换一个。")
    if is_guessable(password, login):
        raise InvalidInput("这个密码太好猜了。请换一句别人想不到的话，比如四个不相干的词连在一起。")


def is_guessable(password: str, login: str = "") -> bool:
    """Within a billion tries, or by what people here choose: digits alone are a birthday or a telephone."""
    said = password.lower()
    if password.isdigit() or (login and login.lower() in said):
        return True
    return bool(zxcvbn(password, user_inputs=[login, *_CHOSEN_HERE])["score"] < _LEAST_SCORE)


def to_be_told() -> str:
    """An initial password that can be read out over the telephone: twelve digits in groups of four."""
    while True:
        password = "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(3))
        if not is_guessable(password):
            return password


def hashed(password: str) -> str:
    return HASHER.hash(password)


# An unknown login costs as much time as a wrong password.
NOBODY = hashed(secrets.token_hex())


def fits(password_hash: str, password: str) -> bool:
    """Raises TooManyAtTheDoor."""
    if not _room.acquire(timeout=_PATIENCE_S):
        raise TooManyAtTheDoor
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    finally:
        _room.release()


def check_right(staff: Staff, password: str) -> None:
    """Raises SignInFailed."""
    if not fits(staff.password_hash, password):
        raise SignInFailed("原来的密码不对。")
