"""What the command line takes comes from where it is kept."""

import os
import pwd
from pathlib import Path

import pytest

from bot import disk
from bot.cli.main import make_parser, refuse_strangers
from bot.run.setup import SetupFailed
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


def test_who_isnt_the_account_of_a_home_is_told_which_is(tmp_path: Path) -> None:
    """After `sudo linli restore` the database was root's, and nothing came up any more."""
    refuse_strangers(tmp_path, uid=os.geteuid())
    refuse_strangers(tmp_path / "none", uid=0)
    if os.geteuid() == 0:
        os.chown(tmp_path, 1, -1)
    name = pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    with pytest.raises(SetupFailed, match=f"sudo -u {name} linli"):
        refuse_strangers(tmp_path, uid=0)


def test_what_is_wrong_with_a_file_is_told_without_a_number(tmp_path: Path) -> None:
    for name, told in (("none", "没有找到"), (".", "这是文件夹")):
        with pytest.raises(OSError, match=name) as raised:
            (tmp_path / name).open()
        assert disk.said(raised.value).startswith(f"{told}")
    assert disk.said(OSError(28, "No space left on device")) == "磁盘满了，请腾出空间再试"
    assert disk.said(OSError("odd")) == "odd"
