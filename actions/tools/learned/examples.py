"""What the two models of deadlines learn from: short phrases, tales as strangers write them, words of matters.yml."""

import json
from pathlib import Path

from actions.tools.matters import ANSWERS, MATTERS
from knowledge.data_files import DataModel, Text

NONE, OPEN = "none", "open"
_PHRASES, _TALES = (Path(__file__).with_name(name) for name in ("phrases.jsonl", "tales.jsonl"))


class Example(DataModel):
    """A line of the examples: matter is an id of matters.yml; none where nobody asks for a limit of his own; open where
    one thing must be asked to know which matter it is. In the text 【】 stand around the day from which the time runs.
    """

    text: Text
    matter: Text

    @property
    def told(self) -> str:
        """As it is said, without the marks."""
        return self.text.replace("【", "").replace("】", "")

    @property
    def marked(self) -> tuple[int, int] | None:
        """Where the day that counts stands in what is told; None where no day does."""
        at = self.text.find("【")
        return (at, self.text.index("】", at) - 1) if at >= 0 else None


def phrases() -> list[Example]:
    return read(_PHRASES)


def tales() -> list[Example]:
    return read(_TALES)


def said() -> list[Example]:
    """What residents say of each matter and what sounds like it, from matters.yml."""
    told = [(matter.id, words) for matter in MATTERS.values() for words in matter.said]
    told += [(other, words) for matter in MATTERS.values() for words, other in matter.near]
    told += [(answer.id, words) for answer in ANSWERS.values() for words in answer.said]
    return [Example(text=words, matter=matter) for matter, words in told]


def read(path: Path) -> list[Example]:
    """Raises ValidationError for a line that isn't an example."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Example.model_validate(json.loads(line)) for line in lines]
