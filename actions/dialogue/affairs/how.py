"""How one takes part: short questions about slips, secrecy and paper, answered from how.yml."""

import re
from pathlib import Path

from actions.replies import Button, Reply, ReplyKind
from knowledge.data_files import DataModel, Text, read


class HowButton(DataModel):
    title: Text
    says: Text


class How(DataModel):
    asked: tuple[re.Pattern[str], ...]
    say: Text
    buttons: tuple[HowButton, ...] = ()


class HowFile(DataModel):
    """The schema of how.yml."""

    how: tuple[How, ...]


PATH = Path(__file__).with_name("how.yml")
_FILE = read(PATH, HowFile)


def how_it_works(text: str) -> Reply | None:
    """None for what asks nothing of the kind."""
    found = next((one for one in _FILE.how if any(pattern.search(text) for pattern in one.asked)), None)
    if found is None:
        return None
    return Reply(ReplyKind.text, found.say, buttons=tuple(Button(b.title, b.says) for b in found.buttons))
