"""Secrets of an installation (third red team, R11)."""

from pathlib import Path

import pytest

from bot.settings import Settings


@pytest.mark.parametrize("left", ["", "\n", " "])
def test_what_a_power_cut_left_of_a_secret_is_no_secret(tmp_path: Path, left: str) -> None:
    """With an empty one anybody's token was good, and an empty header opened what is Rasa's."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "tokens").write_text(left)
    settings = Settings(home=tmp_path)
    made = settings.secret("tokens")
    assert len(made) >= 40
    assert settings.secret("tokens") == made
    assert (tmp_path / "secrets" / "tokens").stat().st_mode & 0o777 == 0o600
