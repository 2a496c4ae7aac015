"""How well the patterns point out unlawful clauses: recall over them, and the share of lawful ones flagged all the
same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import CorpusError
from knowledge.village_rules.check import check_clause


@dataclass(frozen=True)
class LabelledClause:
    text: str
    unlawful: bool
    patterns: tuple[str, ...]


def read_clauses(path: Path) -> list[LabelledClause]:
    """Clauses of a YAML list of `{text, unlawful, patterns}`.

    Raises CorpusError; its message names the row and quotes nothing.
    """
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorpusError(f"{path.name}: not a readable YAML file ({type(error).__name__})") from error
    if not isinstance(rows, list) or not rows:
        raise CorpusError(f"{path.name}: needs a list of clauses")
    return [_clause(path, number, row) for number, row in enumerate(rows, 1)]


def _clause(path: Path, number: int, row: Any) -> LabelledClause:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("unlawful"), bool):
        raise CorpusError(f"{path.name}, clause {number}: needs text and unlawful: true or false")
    patterns = row.get("patterns") or []
    if not isinstance(patterns, list):
        raise CorpusError(f"{path.name}, clause {number}: patterns is a list")
    return LabelledClause(row["text"], row["unlawful"], tuple(map(str, patterns)))


def figures(clauses: Sequence[LabelledClause]) -> dict[str, Any]:
    """Number of clauses, recall and false alarms; a share of nothing is None."""
    flagged = {True: 0, False: 0}
    count = {True: 0, False: 0}
    for clause in clauses:
        count[clause.unlawful] += 1
        flagged[clause.unlawful] += bool(check_clause(clause.text))
    return {
        "clauses": len(clauses),
        "recall": _share(flagged[True], count[True]),
        "false_alarms": _share(flagged[False], count[False]),
    }


def report(files: Sequence[Path], *, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Figures over all files and for each; those by pattern go to `say`, without the clauses' texts."""
    sets = {path.name: read_clauses(path) for path in files}
    every = [clause for clauses in sets.values() for clause in clauses]
    for pattern in sorted({p for clause in every for p in clause.patterns}):
        marked = [clause for clause in every if pattern in clause.patterns]
        found = [{flag.pattern for flag in check_clause(clause.text)} for clause in marked]
        say(
            f"{pattern}: {len(marked)} clauses, flagged {sum(map(bool, found))}, by this pattern "
            f"{sum(pattern in f for f in found)}"
        )
    return {**figures(every), "files": {name: figures(clauses) for name, clauses in sets.items()}}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
