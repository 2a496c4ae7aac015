"""Documentation is tested too: every setting and command stands in both READMEs."""

import argparse
import ast
import re

import pytest
import yaml

from bot.channels import registry
from bot.cli.main import make_parser
from bot.settings import ROOT, Settings

READMES = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]


def commands(parser: argparse.ArgumentParser, prefix: str) -> list[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [found for name, sub in action.choices.items() for found in commands(sub, f"{prefix} {name}")]
    return [prefix]


@pytest.mark.parametrize("readme", READMES)
def test_every_setting_is_named(readme: str) -> None:
    assert [n for n in Settings.model_fields if f"LINLI_{n.upper()}" not in readme] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_named(readme: str) -> None:
    assert [c for c in commands(make_parser(), "linli") if f"`{c}" not in readme] == []


def test_every_room_stands_in_the_plan_of_the_house() -> None:
    """Each folder of code and each module beside them, by name. Of channels the plan says "a folder each"; which there
    are stands in their registry.
    """
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    floors = [ROOT / name for name in ("bot", "actions", "knowledge")]
    rooms = {path.parent for floor in floors for path in floor.rglob("__init__.py")} - set(floors)
    rooms -= {ROOT.joinpath(*kind.__module__.split(".")[:-1]) for kind in registry.KINDS}
    modules = {path for floor in floors for path in floor.glob("*.py") if path.name != "__init__.py"}
    assert [str(r) for r in sorted(rooms | modules) if not re.search(rf"\b{r.stem}\b", plan)] == []


def test_the_container_copies_only_what_exists() -> None:
    lines = [
        line.split()[1:-1]
        for line in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    assert lines
    assert [name for line in lines for name in line if not (ROOT / name).exists()] == []
    for compose in (ROOT / "deploy").glob("*.compose.yml"):
        built = [s.get("build", {}) for s in yaml.safe_load(compose.read_text(encoding="utf-8"))["services"].values()]
        ours = [build for build in built if "dockerfile" in build]
        assert ours
        for build in ours:
            assert (build["context"], build["dockerfile"]) == ("..", "deploy/Dockerfile"), (
                "from the root's point of view"
            )


def test_every_test_that_the_security_page_names_is_there() -> None:
    """A finding is mended as long as its test is."""
    pages = [(ROOT / "docs" / "security" / n).read_text(encoding="utf-8") for n in ("security.md", "dependencies.md")]
    named = [found for page in pages for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)]
    assert len(named) > 50
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")] == []


_SECURITY = (ROOT / "docs" / "security" / "security.md").read_text(encoding="utf-8")
# The first red team's, and what peers' users reported of WeChat (C) and of running it (I).
_FINDINGS = {
    *(f"C{n}" for n in range(1, 3)),
    *(f"H{n}" for n in range(1, 8)),
    *(f"M{n}" for n in range(1, 21)),
    *(f"L{n}" for n in range(1, 14)),
    *("T14", "T15", "T17", "T18", "T19", "T21", "T22", "T56", "T58", "T60", "T61", "T62", "T64"),
}


def named_in(row: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)


def test_every_finding_names_a_test() -> None:
    tested = {
        number
        for row in _SECURITY.splitlines()
        if row.startswith("|") and named_in(row)
        for number in re.findall(r"\b[CHMLT]\d+\b", row.split("|")[1])
    }
    assert sorted(_FINDINGS - tested) == []


def test_every_chapter_of_the_asvs_that_is_met_names_a_test() -> None:
    rows = [row.split("|")[1:4] for row in _SECURITY.splitlines() if re.match(r"\| V\d+ ", row)]
    assert [int(name.split()[0][1:]) for name, _, _ in rows] == list(range(1, 18))
    states = {state.strip().partition(",")[0] for _, state, _ in rows}
    assert states <= {"met", "not applicable", "by the office"}
    assert [name.strip() for name, state, by in rows if state.strip().startswith("met") and not named_in(by)] == []


def test_what_the_security_page_names_is_run_by_pytest() -> None:
    """Not a helper, nor inside another function."""
    named = set(named_in(_SECURITY))
    found = set()
    for file in {file for file, _ in named}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert file.rpartition("/")[2].startswith("test_"), file
        found |= {(file, node.name) for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert sorted(named - {(file, name) for file, name in found if name.startswith("test_")}) == []


def test_the_guide_lets_a_browser_open_more_than_six_pages() -> None:
    """T56: over HTTP/1.1 the seventh page of the console hangs, since each keeps a connection open."""
    assert "http2 on;" in (ROOT / "docs" / "wechat.zh-CN.md").read_text(encoding="utf-8")


def test_each_test_that_village_affairs_name_exists() -> None:
    """docs/affairs.md says what works by naming what shows it."""
    page = (ROOT / "docs" / "affairs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/(?!judged)[\w/.-]+)(?:::(\w+))?`", page)
    assert len(named) > 60
    missing = [
        f"{path} {name}"
        for path, name in named
        if not (ROOT / path).exists()
        or (name and f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8"))
        or (not name and (ROOT / path).is_dir() and not any((ROOT / path).rglob("test_*.py")))
    ]
    assert missing == []


def test_each_mechanism_that_works_is_shown_and_each_scenario_has_its_test() -> None:
    page = (ROOT / "docs" / "affairs.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in page.splitlines() if line[:2] == "| "]
    part = page.split("## Mechanisms of section 1")[1].split("## Scenarios")[0]
    mechanisms = [row for row in rows if len(row) >= 3 and row[0] in part and row[0] != "mechanism"]
    unshown = [row[0] for row in mechanisms if row[1].startswith(("works", "partly")) and not row[2]]
    assert len(mechanisms) > 45
    assert unshown == []
    scenarios = {row[0]: row[2] for row in rows if row[0].isdigit()}
    assert sorted(map(int, scenarios)) == list(range(1, 26))
    assert all("::test_" in shown for shown in scenarios.values())
