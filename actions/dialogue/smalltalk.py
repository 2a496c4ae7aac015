"""Greetings, thanks, a chat: a friendly word, in turn one of several."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.replies import Reply, ReplyKind
from knowledge.data_files import DataModel, Text, read

INTENTS = {  # what staff read
    "greet": "打招呼",
    "thanks": "道谢",
    "goodbye": "告别",
    "chitchat": "闲聊",
    "ask_capabilities": "问邻里会什么",
}
_Words = Annotated[tuple[Text, ...], Field(min_length=1)]


class SmallTalkFile(DataModel):
    """The schema of smalltalk.yml: what is said to each intent."""

    greet: _Words
    thanks: _Words
    goodbye: _Words
    chitchat: _Words
    ask_capabilities: _Words
    out_of_scope: _Words


_FILE = read(Path(__file__).with_name("smalltalk.yml"), SmallTalkFile)


def friendly(intent: str, message: int | None) -> Reply:
    """By the message's number, so that a second try says the same."""
    words: tuple[str, ...] = getattr(_FILE, intent)
    return Reply(ReplyKind.smalltalk, words[(message or 0) % len(words)])


class SmallTalk(CustomAction):
    names = ("action_greet", "action_thanks", "action_goodbye", "action_chitchat", "action_ask_capabilities")

    def do(self, turn: Turn) -> Said:
        return say(friendly(self.name().removeprefix("action_"), turn.message))
