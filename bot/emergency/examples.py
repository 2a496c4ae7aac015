"""What people say to the dialogue part, as its training data has it."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "data"
_MARK = re.compile(r"\[([^\]]*)\]\([^)]*\)")  # [李家沟](village)


def read(folder: Path = FOLDER) -> Iterator[tuple[str, str]]:
    """(intent, text), without the marks of entities; an entry without an intent (a look-up) has ""."""
    for path in sorted(folder.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in entry.get("examples", "").splitlines():
                yield entry.get("intent", ""), _MARK.sub(r"\1", line[2:])
