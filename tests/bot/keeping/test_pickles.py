"""What runs what it reads (pickle) reads only what this installation wrote into its own home (red team L13)."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.keeping import archive, backup
from bot.keeping.restore import restore
from bot.run import one_home
from bot.settings import ROOT, Settings
from tests.bot.keeping.conftest import NOW, Home, furnish

_READERS = {"joblib", "pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "torch", "pandas"}
_READS = {"load", "loads", "Unpickler", "open", "read_pickle"}
# The one door, behind it what a process learned itself or what set-up learned; training's own tools aside.
_DOORS = {"knowledge/kept_models.py": 2}


def readings(source: str) -> Iterator[int]:
    """Lines on which something is read that may be run."""
    tree = ast.parse(source)
    own = {
        (name.asname or name.name): node.module.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
        if node.module.partition(".")[0] in _READERS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in own and called.id in _READS:
            yield node.lineno
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            is_reader = called.value.id in _READERS and called.attr in _READS
            is_safe = any(k.arg == "weights_only" and getattr(k.value, "value", None) is True for k in node.keywords)
            if is_reader and not is_safe:
                yield node.lineno
        if any(k.arg == "allow_pickle" and getattr(k.value, "value", None) is not False for k in node.keywords):
            yield node.lineno


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return furnish(Settings(home=tmp_path / "home", database_url=""))


@pytest.mark.parametrize(
    "source",
    [
        "import joblib\njoblib.load(p)",
        "from pickle import loads\nloads(b)",
        "import numpy as np\nnp.load(p, allow_pickle=True)",
        "import torch\ntorch.load(p)",
    ],
)
def test_each_way_of_reading_what_may_run_is_seen(source: str) -> None:
    assert list(readings(source)) == [2]


def test_nothing_but_one_door_reads_what_may_run() -> None:
    found = {}
    for floor in ("bot", "actions", "knowledge"):
        for path in (ROOT / floor).rglob("*.py"):
            if lines := list(readings(path.read_text(encoding="utf-8"))):
                found[str(path.relative_to(ROOT))] = len(lines)
    assert found == _DOORS


def test_what_is_read_there_lies_in_the_home_and_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    for path in (settings.topics, settings.dangers, settings.kept_models):
        assert path.is_relative_to(settings.home)
    settings.home.mkdir(mode=0o755)
    for path in (settings.topics, settings.dangers):
        path.write_bytes(b"x")
        path.chmod(0o644)
    one_home.close_to_others(settings.home)
    assert settings.home.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in (settings.topics, settings.dangers)} == {0o600}


def test_a_backup_brings_no_such_file(home: Home, tmp_path: Path) -> None:
    """What comes back is taken by name; whatever else somebody packed beside it stays where it is."""
    stage = tmp_path / "stage"
    stage.mkdir()
    told = archive.read(backup.make(home.settings, tmp_path / "kept", now=NOW, secrets=True), into=stage)
    for name in ("topics.joblib", "dangers.joblib", "kept-models/hearing-0.joblib", "secrets/x.joblib"):
        (stage / name).parent.mkdir(exist_ok=True)
        (stage / name).write_bytes(b"runs what it likes")
    crafted = tmp_path / "crafted.tar.gz"
    archive.write(replace(told, files=archive.summed(stage)), stage, crafted)
    restore(home.settings, crafted, now=NOW + timedelta(days=1))
    reads = (home.settings.topics, home.settings.dangers, home.settings.kept_models)
    assert [path for path in reads if path.exists()] == []
