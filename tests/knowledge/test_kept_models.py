from pathlib import Path

import pytest

from knowledge import kept_models


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept_models, "_folder", None)
    kept_models.use(tmp_path / "kept")
    return tmp_path / "kept"


def test_what_was_learned_is_read_back_until_its_files_change(folder: Path, tmp_path: Path) -> None:
    source, times = tmp_path / "examples.yml", list[int]()

    def learn() -> list[str]:
        times.append(1)
        return [source.read_text()]

    source.write_text("a")
    for _ in range(2):
        assert kept_models.kept("m", learn, made_of=[source]) == ["a"]
    assert len(times) == 1
    source.write_text("b")
    assert kept_models.kept("m", learn, made_of=[source]) == ["b"]
    assert len(times) == 2
    [path] = folder.iterdir()  # the former is gone
    path.write_bytes(path.read_bytes()[:5])
    assert kept_models.kept("m", learn, made_of=[source]) == ["b"]  # cut short: learned again
    assert len(times) == 3
    assert folder.stat().st_mode & 0o077 == 0


def test_without_a_folder_everybody_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_models, "_folder", None)
    assert kept_models.kept("m", lambda: 1, made_of=[]) == 1
    assert kept_models.kept("m", lambda: 2, made_of=[]) == 2
