"""Answers that are easily taken for one another, with what tells them apart: `opposites.yml`."""

from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, model_validator

from knowledge.data_files import DataModel, WrongAt, read

_FILE = Path(__file__).parent / "opposites.yml"
_When = Annotated[str, StringConstraints(min_length=2, max_length=60)]


class _Pair(DataModel):
    a: str
    b: str
    when_a: _When
    when_b: _When


class OppositesFile(DataModel):
    """The schema of opposites.yml."""

    pairs: tuple[_Pair, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "OppositesFile":
        seen: set[frozenset[str]] = set()
        for place, pair in enumerate(self.pairs):
            both = frozenset({pair.a, pair.b})
            if len(both) < 2 or both in seen:
                raise WrongAt(f"“{pair.a}”和“{pair.b}”写了两遍，或者是同一条", "pairs", place, "a")
            seen.add(both)
        return self


def _by_document() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for pair in read(_FILE, OppositesFile).pairs:
        found.setdefault(pair.a, {})[pair.b] = pair.when_b
        found.setdefault(pair.b, {})[pair.a] = pair.when_a
    return found


# Document -> the documents it is mixed up with -> in which case it is that one.
OPPOSITES = _by_document()
