"""What the command line takes comes from where it is kept."""

import pytest

from bot.cli.main import make_parser
from bot.staff.models import Role
from knowledge.documents.kinds.registry import EDITABLE, Kind


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_searched_for_and_ours_can_be_read_in(kind: Kind, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_parser().parse_args(["kb", "search", "怎么办", "--kind", kind]).kind == [kind]
    reading = ["kb", "import-folder", "papers", "--kind", kind]
    if kind in EDITABLE:
        assert make_parser().parse_args(reading).kind == kind
    else:
        with pytest.raises(SystemExit):
            make_parser().parse_args(reading)
        assert f"none of {', '.join(EDITABLE)}" in capsys.readouterr().err


@pytest.mark.parametrize("role", Role)
def test_an_account_of_every_role_can_be_made(role: Role) -> None:
    assert make_parser().parse_args(["staff", "add", "wen", "--name", "李文书", "--role", role]).role == role
    assert make_parser().parse_args(["staff", "role", "wen", role]).role == role
