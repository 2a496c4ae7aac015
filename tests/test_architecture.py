"""The house keeps its shape: imports point down, no circles, nothing so long or so wide that it can't be seen at once.

Layers inside a floor are import-linter's (pyproject.toml); what it can't ask is asked here.
"""

import ast
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("bot", "actions", "knowledge")
ALLOWED = {"knowledge": {"knowledge"}, "actions": {"actions", "knowledge"}, "bot": {"bot", "actions", "knowledge"}}
LONGEST_FUNCTION, LONG_FUNCTION, MOST_LONG_FUNCTIONS = 60, 40, 30
WIDEST_FOLDER, WIDEST_LINE = 14, 120
# A folder of documents or training data is as wide as there are documents.
# migrations are read in their order and only ever grow
_OF_DOCUMENTS = ("knowledge/corpus", "docs/images", "bot/migrations/versions", "bot/data", "bot/domain")
# One file each of what is added by docs/adding, found by its name; the fifteenth intent or kind needs no new house.
_OF_PEERS = ("actions/dialogue", "knowledge/documents/kinds")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (p for p in (ROOT / folder).rglob("*.py"))


def shipped() -> Iterator[Path]:
    """What runs at a user's, migrations apart: those are read once, from top to bottom."""
    return (p for p in sources(*FLOORS) if "migrations" not in p.parts)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, *, at_once: bool = False) -> set[str]:
    """Names of modules and of what is taken from them; `at_once`: only what is imported with the module itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_imports_point_down() -> None:
    wrong = []
    for path in sources(*FLOORS):
        floor, is_nlu = path.relative_to(ROOT).parts[0], path.parent.name == "nlu"
        for name in imported(path):
            top = name.split(".")[0]
            if top not in ALLOWED:
                continue
            is_of_nlu = name.startswith("bot.nlu")
            if top not in ALLOWED[floor] or (is_nlu and not is_of_nlu) or (is_of_nlu and not is_nlu):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_no_module_needs_itself() -> None:
    modules = {module_of(p): p for p in shipped() if "nlu" not in p.parts}
    needs = {name: {n for n in imported(path, at_once=True) if n in modules} for name, path in modules.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as circle:
        pytest.fail(f"a circle of imports: {' -> '.join(circle.args[1])}")


def test_only_actions_dialogue_and_wiring_know_rasa_sdk() -> None:
    found = {p for p in sources(*FLOORS) if any(n.split(".")[0] == "rasa_sdk" for n in imported(p))}
    strangers = {str(p.relative_to(ROOT)) for p in found if "dialogue" not in p.parts}
    assert strangers <= {"bot/app.py", "bot/web/internal.py"}


def test_conversations_know_neither_web_nor_channels() -> None:
    for path in sources("bot/conversations"):
        assert not any(n.startswith(("bot.web", "bot.channels")) for n in imported(path)), path


def test_migrations_know_every_table() -> None:
    """A table whose module isn't imported would be missing from the metadata."""
    tables = {module_of(p) for p in shipped() if "(Base)" in p.read_text(encoding="utf-8")}
    assert tables <= imported(ROOT / "bot" / "migrations" / "env.py")


def test_packages_import_nothing_by_themselves() -> None:
    filled = [str(p.relative_to(ROOT)) for p in sources(*FLOORS) if p.name == "__init__.py" and p.stat().st_size]
    assert filled == []


def test_setting_up_needs_only_the_standard_library() -> None:
    """`make` runs it before any package is there."""
    read, unread = set[Path](), {ROOT / "bot" / "run" / "setup.py"}
    while unread:
        path = unread.pop()
        read.add(path)
        ours = {n for n in imported(path) if n.startswith(("bot.", "knowledge."))}
        assert {n.split(".")[0] for n in imported(path) - ours} <= sys.stdlib_module_names, path
        unread |= {p for n in ours if (p := ROOT / f"{n.replace('.', '/')}.py").exists()} - read
    assert {p.name for p in read} == {"setup.py", "bundle.py", "whole_files.py"}


def lengths_of(paths: Iterable[Path]) -> dict[str, int]:
    """Lines of each function, by where it stands; one inside another is counted for itself too."""
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                found[where] = (node.end_lineno or 0) - node.lineno + 1
    return found


def test_functions_fit_a_screen() -> None:
    lengths = lengths_of([*shipped(), *sources("benchmarks", "tests")])
    assert {where: n for where, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    long = {where: n for where, n in lengths_of(shipped()).items() if n > LONG_FUNCTION}
    assert len(long) <= MOST_LONG_FUNCTIONS, long


def columns(text: str) -> int:
    """How wide it stands on a screen: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "FW" else 1 for character in text)


def test_no_line_is_wider_than_the_page() -> None:
    """ruff forgives what has no space to break at: long patterns, and comments for other tools."""
    wide = [
        f"{path.relative_to(ROOT)}:{number} {columns(line)}"
        for path in sources(*FLOORS, "benchmarks", "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if columns(line) > WIDEST_LINE
    ]
    assert wide == []


def test_a_folder_is_seen_at_once() -> None:
    kept = (p for top in (*FLOORS, "tests", "benchmarks", "docs") for p in (ROOT / top).rglob("*") if p.is_file())
    widths = Counter(
        str(p.parent.relative_to(ROOT)) for p in kept if "__pycache__" not in p.parts and p.name != "__init__.py"
    )
    wide = {folder for folder, n in widths.items() if n > WIDEST_FOLDER and not folder.startswith(_OF_DOCUMENTS)}
    assert wide - set(_OF_PEERS) == set()
