"""Documentation is tested too: every setting and command stands in both READMEs."""

import argparse

import pytest

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


def test_the_container_copies_only_what_exists() -> None:
    import yaml

    lines = [
        line.split()[1:-1]
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    assert lines
    assert [name for line in lines for name in line if not (ROOT / name).exists()] == []
    assert yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["linli"]["build"] == "."
