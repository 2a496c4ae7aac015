"""`linli backup`: whole while others write, for its owner alone, noticed when it is damaged. Real files."""

import argparse
import os
import re
import resource
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import disk
from bot.cli import keeping as cli
from bot.keeping import archive, backup, notes
from bot.keeping.errors import BackupDamaged, BackupFailed, PassphraseWrong
from tests.bot.keeping.conftest import NOW, Home

SECRET_NAMES = {"secrets/tokens"}


def names(file: Path, passphrase: str = "") -> set[str]:
    return {f.name for f in archive.read(file, passphrase=passphrase).files}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_holds_database_trackers_and_settings_and_no_secrets(home: Home, tmp_path: Path) -> None:
    file = backup.make(home.settings, tmp_path / "kept", now=NOW)
    assert file.name == "linli-20261130-160501.tar.gz"
    assert names(file) == {"linli.sqlite", "rasa-tracker.sqlite", "settings.json"}
    told = archive.read(file)
    assert (told.made_at, told.newest, told.database) == (NOW, NOW - timedelta(hours=2), "sqlite")
    assert told.schema
    assert told.identity


def test_only_its_owner_reads_it(home: Home, tmp_path: Path) -> None:
    former = os.umask(0o000)
    try:
        file = backup.make(home.settings, tmp_path / "kept", now=NOW, secrets=True)
        into = tmp_path / "into"
        archive.read(file, into=into)
    finally:
        os.umask(former)
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert {mode(p) for p in into.rglob("*") if p.is_file()} == {0o600}
    with tarfile.open(file) as tar:
        assert {m.mode for m in tar.getmembers()} == {0o600}


def test_secrets_and_model_come_when_asked_for(home: Home, tmp_path: Path) -> None:
    (home.settings.home / "rasa-models").mkdir()
    (home.settings.home / "rasa-models" / "linli.tar.gz").write_bytes(b"model")
    accounts = tmp_path / "wechat.yml"
    accounts.write_text("secret")
    settings = home.settings.model_copy(update={"wechat_accounts": accounts})
    file = backup.make(settings, tmp_path / "kept", now=NOW, secrets=True, model=True)
    assert names(file) >= {"secrets/tokens", "secrets/wechat-accounts.yml", "rasa-models/linli.tar.gz"}


def test_settings_are_kept_without_passwords(home: Home, tmp_path: Path) -> None:
    settings = home.settings.model_copy(
        update={
            "database_url": "postgresql+psycopg://linli:hunter2@db/linli",
            "backup_passphrase": SecretStr("hunter3"),
        }
    )
    settings.model_fields_set.update({"database_url", "backup_passphrase"})
    told = str(backup._settings(settings))
    assert "LINLI_DATABASE_URL" in told
    assert "hunter" not in told


def test_a_backup_taken_while_others_write_is_whole(home: Home, tmp_path: Path) -> None:
    """The WAL is never empty meanwhile; copying the file alone loses what stands in it."""
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            home.say(f"第{number}句")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(home.said) < 5:
            pass
        before = len(home.said)
        file = backup.make(home.settings, tmp_path / "kept", now=NOW)
    finally:
        ended.set()
        writer.join()
    archive.read(file, into=tmp_path / "into")
    with closing(sqlite3.connect(tmp_path / "into" / "linli.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        said = [row[0] for row in database.execute("SELECT text FROM message ORDER BY id")]
    assert len(said) >= before
    assert said == home.said[: len(said)]


def _flip(content: bytearray, at: int, *, length: int = 1) -> bytearray:
    for place in range(at, at + length):
        content[place] ^= 0x55
    return content


DAMAGE: dict[str, Callable[[bytearray], bytearray]] = {
    "cut in the middle": lambda c: c[: len(c) // 2],
    "its last byte gone": lambda c: c[:-1],
    # One bit may change nothing: among a page's zeros a copy from further back is the same zeros.
    "some bytes in the middle": lambda c: _flip(c, len(c) // 2, length=16),
    "a bit at the end": lambda c: _flip(c, len(c) - 3),
    "empty": lambda c: bytearray(),
    "something else": lambda c: bytearray(b"x" * 1000),
}


@pytest.mark.parametrize("passphrase", ["", "蓝鲸 1234"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_noticed(home: Home, tmp_path: Path, damage: str, passphrase: str) -> None:
    file = backup.make(home.settings, tmp_path / "kept", now=NOW, passphrase=passphrase)
    archive.read(file, passphrase=passphrase)
    file.write_bytes(DAMAGE[damage](bytearray(file.read_bytes())))
    with pytest.raises((BackupDamaged, PassphraseWrong)):
        archive.read(file, passphrase=passphrase)


def test_a_sealed_backup_shows_nothing_and_opens_with_its_passphrase_alone(home: Home, tmp_path: Path) -> None:
    noise = os.urandom(2_500_000).hex()  # several pieces
    home.say(noise)
    file = backup.make(home.settings, tmp_path / "kept", now=NOW, passphrase="蓝鲸", secrets=True)
    assert file.name.endswith(".sealed")
    assert b"manifest" not in file.read_bytes()
    assert names(file, "蓝鲸") > SECRET_NAMES
    with pytest.raises(PassphraseWrong, match="口令不对"):
        archive.read(file, passphrase="白鲸")
    with pytest.raises(PassphraseWrong, match="请给出口令"):
        archive.read(file)


def test_pieces_of_a_sealed_backup_cannot_be_left_out_or_exchanged(home: Home, tmp_path: Path) -> None:
    home.say(os.urandom(2_500_000).hex())
    file = backup.make(home.settings, tmp_path / "kept", now=NOW, passphrase="蓝鲸")
    head, piece = 15 + 16 + 7, (1 << 20) + 16
    content = file.read_bytes()
    pieces = [content[at : at + piece] for at in range(head, len(content), piece)]
    assert len(pieces) > 2
    for wrong in (pieces[:-1], [pieces[0], *pieces[2:]], [pieces[0], pieces[2], pieces[1], *pieces[3:]]):
        file.write_bytes(content[:head] + b"".join(wrong))
        with pytest.raises(BackupDamaged):
            archive.read(file, passphrase="蓝鲸")


def test_a_backup_that_names_files_elsewhere_is_refused(home: Home, tmp_path: Path) -> None:
    file = backup.make(home.settings, tmp_path / "kept", now=NOW)
    told = archive.read(file)
    for name in ("../evil", "/etc/evil", "a/../../evil", ".ssh/evil"):
        content = told.to_json().replace(b'"settings.json"', f'"{name}"'.encode())
        with pytest.raises(BackupDamaged):
            type(told).from_json(content)


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    home: Home, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No file may grow past a limit, in a fork: SQLite and Python hear of it as of a full disk."""
    good = backup.make(home.settings, tmp_path / "kept", now=NOW)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        os._exit(cli.backup(home.settings, arguments(str(tmp_path / "kept"), keep=1)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    told = capfd.readouterr().err
    assert "备份没有做成：磁盘满了" in told
    assert "disk" not in told
    assert [p.name for p in (tmp_path / "kept").iterdir()] == [good.name]
    assert list(home.settings.home.glob(".backup-*")) == []


def test_who_would_fill_the_disk_with_a_copy_is_refused(home: Home, tmp_path: Path) -> None:
    """A file of holes as large as all that is free: nothing is written before that is known."""
    with home.settings.rasa_trackers.open("r+b") as file:
        file.truncate(disk.free(tmp_path))
    with pytest.raises(BackupFailed, match=r"要 \d+ MB，只剩 \d+ MB"):
        backup.make(home.settings, tmp_path / "kept", now=NOW)


def test_a_damaged_database_is_not_kept_and_takes_no_good_backup_with_it(home: Home, tmp_path: Path) -> None:
    good = backup.make(home.settings, tmp_path / "kept", now=NOW, keep=1)
    spoil_database(home)
    with pytest.raises(BackupFailed):
        backup.make(home.settings, tmp_path / "kept", now=NOW + timedelta(days=1), keep=1)
    assert [k.path for k in backup.kept_in(tmp_path / "kept")] == [good]
    assert list(home.settings.home.glob(".backup-*")) == [], "nothing is left of the try"


def test_rasas_damaged_file_keeps_nobody_from_keeping_the_rest(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.settings.rasa_trackers.write_bytes(b"x" * 4096)
    file = backup.make(home.settings, tmp_path / "kept", now=NOW)
    assert names(file) == {"linli.sqlite", "settings.json"}
    assert "left out of the backup" in caplog.text


def spoil_database(home: Home) -> None:
    file = home.settings.home / "linli.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'message'").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    file.write_bytes(content)


def test_of_the_older_ones_the_newest_stay(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    made = [backup.make(home.settings, folder, now=NOW + timedelta(days=day), keep=2) for day in range(4)]
    (folder / "notes.txt").write_text("not ours")
    assert [k.path for k in backup.kept_in(folder)] == [made[3], made[2]]
    yesterday = backup.make(home.settings, folder, now=NOW, keep=2)  # the clock went back
    assert yesterday.exists()
    assert (folder / "notes.txt").exists()


def arguments(*where: str, **more: object) -> argparse.Namespace:
    given = {"secrets": False, "model": False, "encrypt": False, "keep": None, **more}
    return argparse.Namespace(where=list(where), **given)


def test_the_command_makes_verifies_and_names_what_is_bad(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "kept")
    assert cli.backup(home.settings, arguments(folder)) == 0
    file = Path(capsys.readouterr().out.strip())
    assert cli.backup(home.settings, arguments("verify", folder)) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"好    {file}")
    day, hour = re.search(r"linli-(\d{8})-(\d{2})", file.name).groups()  # type: ignore[union-attr]
    assert f"{day[:4]}-{day[4:6]}-{day[6:]} {hour}:" in told, "the hour of the file's name, which is Shanghai's"
    file.write_bytes(file.read_bytes()[:-10])
    assert cli.backup(home.settings, arguments("verify", str(file))) == 1
    assert capsys.readouterr().out.startswith(f"不好  {file}")
    assert cli.backup(home.settings, arguments("verify", str(tmp_path / "nowhere"))) == 1


def test_a_backup_that_failed_is_told_by_doctor_until_one_succeeds(home: Home, tmp_path: Path) -> None:
    assert "从来没有备份过" in str(notes.trouble(home.settings, now=NOW))
    (tmp_path / "file").write_text("")
    assert cli.backup(home.settings, arguments(str(tmp_path / "file" / "kept"))) == 1
    assert "最近一次没有做成" in str(notes.trouble(home.settings, now=NOW))
    assert cli.backup(home.settings, arguments(str(tmp_path / "kept"))) == 0
    assert notes.trouble(home.settings, now=NOW) is None


def test_when_it_failed_is_told_by_the_clock_on_the_wall(home: Home) -> None:
    notes.failed(home.settings, "磁盘满了", now=NOW)
    assert notes.trouble(home.settings, now=NOW) == "最近一次没有做成（2026-11-30 16:05）：磁盘满了"
    home.settings.backup_note.write_text('{"failed_at": "yesterday"}')
    assert "从来没有备份过" in str(notes.trouble(home.settings, now=NOW)), "a note that was damaged says nothing"


def test_a_daily_backup_that_is_two_days_old_is_told(home: Home, tmp_path: Path) -> None:
    settings = home.settings.model_copy(update={"backup_dir": tmp_path / "kept"})
    assert "一份也没有" in str(notes.trouble(settings, now=NOW))
    backup.make(settings, tmp_path / "kept", now=NOW)
    assert notes.trouble(settings, now=NOW + timedelta(hours=30)) is None
    assert "49 小时以前" in str(notes.trouble(settings, now=NOW + timedelta(hours=49)))
