"""The topics of documents and cases, from topics.yml, in the order of the pages."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from knowledge.data_files import DataModel, Text, WrongAt, read


class Topic(DataModel):
    """`messages`: as residents write to an office about it; they train the topic classifier and nothing else."""

    name: Annotated[str, Field(min_length=1, max_length=20)]  # as the columns that hold it
    messages: Annotated[tuple[Text, ...], Field(min_length=1)]


class TopicsFile(DataModel):
    """The schema of topics.yml."""

    topics: tuple[Topic, ...]

    @model_validator(mode="after")
    def _names_and_messages_stand_once(self) -> Self:
        known: set[str] = set()
        for place, topic in enumerate(self.topics):
            for text in (topic.name, *topic.messages):
                if text in known:
                    raise WrongAt(f"“{text}”写了两遍", "topics", place)
                known.add(text)
        return self


PATH = Path(__file__).with_name("topics.yml")
_ALL = read(PATH, TopicsFile).topics
TOPICS = tuple(topic.name for topic in _ALL)


def messages() -> list[tuple[str, str]]:
    """(message, topic) to learn from."""
    return [(message, topic.name) for topic in _ALL for message in topic.messages]
