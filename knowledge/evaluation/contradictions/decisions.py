"""What a reader decided about texts that differ: `decided.yml`, beside the statute and one reason a group."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import field_validator

from knowledge.data_files import DataModel, Text, read
from knowledge.evaluation.contradictions.finding import Difference
from knowledge.evaluation.contradictions.texts import Told
from knowledge.evaluation.quantities import Quantity, quantities, same_length

DECIDED = Path(__file__).with_name("decided.yml")


class Decision(DataModel):
    """`told`: what each of the texts says, by its id: its numbers, or the words that stand in the sentence. Any two of
    them differ rightly; when one of them says something else, it is open again.
    """

    why: Text
    told: dict[str, Text]

    @field_validator("told")
    @classmethod
    def _of_two_texts(cls, told: dict[str, str]) -> dict[str, str]:
        if len(told) < 2:
            raise ValueError("要写两篇以上，一篇自己不会和自己打架")
        return told

    def covers(self, found: Difference) -> bool:
        sides = zip((found.a, found.b), found.says, found.numbers, strict=True)
        return all(self._says(text, sentence, numbers) for text, sentence, numbers in sides)

    def _says(self, text: str, sentence: str, numbers: frozenset[Quantity]) -> bool:
        told = self.told.get(text)
        if told is None:
            return False
        return numbers <= quantities(told) if numbers else any(words in sentence for words in told.split("；"))


class DecisionsFile(DataModel):
    decisions: tuple[Decision, ...]


def read_decisions(path: Path = DECIDED) -> tuple[Decision, ...]:
    """Raises DataFileInvalid."""
    return read(path, DecisionsFile).decisions


def undecided(found: Sequence[Difference], decisions: Sequence[Decision]) -> list[Difference]:
    return [one for one in found if not any(decision.covers(one) for decision in decisions)]


def outdated(texts: Sequence[Told], decisions: Sequence[Decision]) -> Iterator[tuple[str, Decision]]:
    """Ids of texts that are gone, or say no longer what a decision quotes, each with that decision."""
    says = {text.id: "\n".join(text.says) for text in texts}
    for decision in decisions:
        for text, told in decision.told.items():
            if not _still_says(says.get(text, ""), told):
                yield text, decision


def _still_says(text: str, told: str) -> bool:
    if any(words in text for words in told.split("；")):
        return True
    held = {same for quantity in quantities(text) for same in same_length(quantity)}
    return bool(quantities(told)) and quantities(told) <= held
