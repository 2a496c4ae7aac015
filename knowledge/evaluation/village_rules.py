"""How well the patterns point out unlawful clauses: recall over them, and the share of lawful ones flagged all the
same.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import CorpusError
from knowledge.village_rules.check import check_clause

_DILUTIONS = (1, 2, 3, 5, 8)
_ENDS = "。；;！？"


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
    """Number of clauses, recall, false alarms, and how many of the flagged ones carry a pattern that the writer named;
    a share of nothing is None.
    """
    found = [({flag.pattern for flag in check_clause(clause.text)}, clause) for clause in clauses]
    flagged = [(patterns, clause) for patterns, clause in found if patterns]
    named = [bool(patterns & set(clause.patterns)) for patterns, clause in flagged if clause.patterns]
    return {
        "clauses": len(clauses),
        "recall": _share(sum(c.unlawful for _, c in flagged), sum(c.unlawful for c in clauses)),
        "false_alarms": _share(sum(not c.unlawful for _, c in flagged), sum(not c.unlawful for c in clauses)),
        "right_pattern": _share(sum(named), len(named)),
    }


def among_lawful(clauses: Sequence[LabelledClause], others: int) -> list[LabelledClause]:
    """Each clause somewhere among that many other lawful ones of the set, as whole articles are imported; the same
    each time.
    """
    lawful = [clause.text for clause in clauses if not clause.unlawful]
    chance = random.Random(others)
    found = []
    for clause in clauses:
        texts = [text for text in chance.sample(lawful, min(others + 1, len(lawful))) if text != clause.text][:others]
        texts.insert(chance.randint(0, len(texts)), clause.text)
        found.append(replace(clause, text="".join(text if text[-1:] in _ENDS else f"{text}。" for text in texts)))
    return found


def report(files: Sequence[Path], *, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Figures over all files and for each; those by pattern and among lawful clauses go to `say`, without the clauses'
    texts.
    """
    sets = {path.name: read_clauses(path) for path in files}
    every = [clause for clauses in sets.values() for clause in clauses]
    for pattern in sorted({p for clause in every for p in clause.patterns}):
        marked = [clause for clause in every if pattern in clause.patterns]
        found = [{flag.pattern for flag in check_clause(clause.text)} for clause in marked]
        say(
            f"{pattern}: {len(marked)} clauses, flagged {sum(map(bool, found))}, by this pattern "
            f"{sum(pattern in f for f in found)}"
        )
    for others in _DILUTIONS:
        diluted = [figures(among_lawful(clauses, others)) for clauses in sets.values()]
        say(f"among {others} lawful ones: {_mean(diluted, 'recall')}, {_mean(diluted, 'false_alarms')}")
    return {**figures(every), "files": {name: figures(clauses) for name, clauses in sets.items()}}


def _mean(found: Sequence[dict[str, Any]], name: str) -> str:
    shares = [f[name] for f in found if f[name] is not None]
    return f"{name} {sum(shares) / len(shares):.3f}" if shares else f"no {name}"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
