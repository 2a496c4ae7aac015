"""What clerks and residents choose from: matters, circles, stances, reasons (`lists.yml`)."""

from functools import cache
from pathlib import Path

from actions.errors import InvalidInput
from knowledge.data_files import DataModel, Text, read


class Choice(DataModel):
    code: Text
    name: Text


class Refusal(Choice):
    way_on: Text


class ListsFile(DataModel):
    """The schema of lists.yml."""

    matters: tuple[Choice, ...]
    circles: tuple[Choice, ...]
    stances: tuple[Choice, ...]
    refusals: tuple[Refusal, ...]
    hidden: tuple[Choice, ...]


@cache
def lists() -> ListsFile:
    return read(Path(__file__).with_name("lists.yml"), ListsFile)


def name_of(choices: tuple[Choice, ...], code: str) -> str:
    """As people read it; "" for what isn't on the list."""
    return next((choice.name for choice in choices if choice.code == code), "")


def must_be_on(choices: tuple[Choice, ...], code: str, said: str) -> str:
    """The code. Raises InvalidInput with `said`."""
    if not any(choice.code == code for choice in choices):
        raise InvalidInput(said)
    return code


def refusal(code: str) -> Refusal | None:
    return next((one for one in lists().refusals if one.code == code), None)
