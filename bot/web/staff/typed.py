"""What was typed: words as they can be stored, numbers, dates; what is none of these is named or not found."""

from datetime import UTC, datetime

from starlette.datastructures import FormData

from actions.errors import InvalidInput, NotFound
from actions.storable import storable
from knowledge.clock import SHANGHAI


def text_of(form: FormData, name: str, most: int = 4000) -> str:
    value = form.get(name)
    return words(value, most) if isinstance(value, str) else ""


def words(value: str, most: int) -> str:
    """What was sent, as it can be stored.

    A form may name an encoding of its own, so even half a surrogate pair arrives.
    """
    return storable(value).strip()[:most]


# What a form carries beside what somebody wrote, and what no page shows again.
_NOT_WRITTEN = frozenset(
    (
        "csrf",
        "nonce",
        "do",
        "to",
        "id",
        "ids",
        "cite",
        "message",
        "password",
        "old",
        "new",
        "code",
        "old_code",
        "secret",
    )
)


def written(form: FormData) -> dict[str, str]:
    """The words of a form by the names of its fields, for a page that gives them back; no password, no file."""
    found = {name: text_of(form, name) for name in form if name not in _NOT_WRITTEN}
    return {name: text for name, text in found.items() if text}


def int_of(form: FormData, name: str) -> int | None:
    value = text_of(form, name)  # nine digits fit every database's integer
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None


def when_of(value: str) -> datetime:
    """A `datetime-local` field, in Shanghai, as UTC. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput("请填日期和时间。") from None
    if found.tzinfo is not None or not 2020 < found.year < 2100:
        raise InvalidInput("日期不对。")
    return found.replace(tzinfo=SHANGHAI).astimezone(UTC)


def number_or_404(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise NotFound("没有这一页，请回列表里点进去。")
    return int(value)
