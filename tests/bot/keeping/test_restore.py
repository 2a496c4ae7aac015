"""`linli restore`: into an empty or a stopped home, migrated, with nothing derived from the former database left; what
was there is laid aside. Real files.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command as alembic
from sqlalchemy import create_engine, text

from bot.cli import keeping as cli
from bot.db import make_engine, make_sessions
from bot.keeping import backup
from bot.keeping.errors import BackupDamaged, RestoreRefused
from bot.keeping.restore import restore
from bot.run import one_home
from knowledge.identity import identity
from tests.bot.keeping.conftest import NOW, Home
from tests.bot.keeping.test_backup import spoil_database
from tests.bot.run.test_upgrade import HEAD, config

LATER = NOW + timedelta(days=1)


@pytest.fixture
def kept(home: Home, tmp_path: Path) -> Path:
    return backup.make(home.settings, tmp_path / "kept", now=NOW, secrets=True)


def name_of(home: Home) -> str:
    engine = make_engine(home.settings.url)
    with make_sessions(engine)() as session:
        found = identity(session).database
    engine.dispose()
    return found


def test_into_an_empty_home_everything_comes_back(home: Home, other: Home, kept: Path) -> None:
    done = restore(other.settings, kept, now=LATER)
    assert done.aside == ()
    assert (other.said, other.remembered) == (["彩礼能退吗"], ["彩礼能退吗"])
    assert other.settings.secret("tokens") == home.settings.secret("tokens")
    modes = {p.stat().st_mode & 0o777 for p in other.settings.home.rglob("*") if p.is_file() and p.name[0] != "."}
    assert modes == {0o600}
    assert name_of(other) not in ("", name_of(home)), "no snapshot of the former fits it"


def test_what_was_there_is_laid_aside_and_snapshots_are_dropped(home: Home, kept: Path) -> None:
    before = home.settings.secret("tokens")
    done = restore(home.settings, kept, now=LATER)
    assert sorted(p.name for p in done.aside) == [
        "linli.sqlite.replaced-20261201-160501",
        "rasa-tracker.sqlite.replaced-20261201-160501",
        "tokens.replaced-20261201-160501",
    ]
    assert not home.settings.snapshots.exists()
    assert home.said == ["彩礼能退吗"]
    assert home.settings.secret("tokens") == before


def test_newer_data_is_replaced_only_on_purpose_and_lies_beside(home: Home, kept: Path) -> None:
    home.say("后来说的话", at=LATER)
    with pytest.raises(RestoreRefused, match="比备份新"):
        restore(home.settings, kept, now=LATER)
    assert home.said == ["彩礼能退吗", "后来说的话"]
    assert home.settings.snapshots.exists(), "nothing was changed"
    done = restore(home.settings, kept, now=LATER, replace=True)
    assert home.said == ["彩礼能退吗"]
    with closing(sqlite3.connect(done.aside[0])) as database:
        assert ("后来说的话",) in database.execute("SELECT text FROM message").fetchall()


def test_a_home_in_use_is_refused(home: Home, kept: Path) -> None:
    with closing(sqlite3.connect(home.settings.home / "linli.sqlite")) as held:
        held.execute("SELECT count(*) FROM message").fetchone()
        with pytest.raises(RestoreRefused, match="还在运行"):
            restore(home.settings, kept, now=LATER, replace=True)
    assert home.said == ["彩礼能退吗"]
    restore(home.settings, kept, now=LATER)


def test_a_part_that_runs_is_refused(home: Home, kept: Path) -> None:
    command = [sys.executable, "-c", "print('up', flush=True); input()  # bot.cli"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout
        running.stdout.readline()
        (home.settings.home / "worker.pid").write_text(str(running.pid))
        with pytest.raises(RestoreRefused, match="worker"):
            restore(home.settings, kept, now=LATER, replace=True)
        running.communicate(b"\n")
    restore(home.settings, kept, now=LATER)


def test_a_home_that_is_just_being_started_is_refused(
    home: Home, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its parts leave no number yet, for three quarters of an hour on a new machine; rehearsal of 2 December 2026."""
    with one_home.held(home.settings.home):
        assert cli.restore(home.settings, argparse.Namespace(file=str(kept), replace=True)) == 1
    assert "正在启动" in capsys.readouterr().err
    assert home.settings.snapshots.exists(), "nothing was changed"
    assert cli.restore(home.settings, argparse.Namespace(file=str(kept), replace=True)) == 0


def test_a_folder_and_a_file_that_isnt_there_are_told_in_a_sentence(
    home: Home, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, told in (
        (kept.parent, f"{kept.parent} 是文件夹，里面最新的是 {kept}"),
        (tmp_path, "里面也没有备份"),
        (tmp_path / "none.tar.gz", f"没有找到：{tmp_path / 'none.tar.gz'}"),
    ):
        assert cli.restore(home.settings, argparse.Namespace(file=str(given), replace=True)) == 1
        said = capsys.readouterr().err
        assert told in said
        assert "Errno" not in said


def test_a_backup_of_a_newer_version_changes_nothing(home: Home, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home.settings.home / "linli.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    kept = backup.make(home.settings, tmp_path / "kept", now=NOW)
    with pytest.raises(RestoreRefused, match="更新版本的邻里"):
        restore(home.settings, kept, now=LATER, replace=True)
    assert home.said == ["彩礼能退吗"]
    assert home.settings.snapshots.exists(), "what answers now goes on answering"


@pytest.mark.parametrize("is_stamped", [True, False])
def test_a_model_comes_with_what_it_was_trained_of(home: Home, other: Home, tmp_path: Path, is_stamped: bool) -> None:
    """Without it the next start took another version's model for its own, and on a new machine trained all the same."""
    for of, version in ((home, "old"), (other, "new")):
        for name in (backup.MODEL, backup.MODEL_STAMP):
            (of.settings.home / name).parent.mkdir(parents=True, exist_ok=True)
            (of.settings.home / name).write_text(version)
    if not is_stamped:  # as backups of 1 December 2026 are
        (home.settings.home / backup.MODEL_STAMP).unlink()
    kept = backup.make(home.settings, tmp_path / "kept", now=NOW, model=True)
    restore(other.settings, kept, now=LATER)
    stamp = other.settings.home / backup.MODEL_STAMP
    assert (other.settings.home / backup.MODEL).read_text() == "old"
    assert (stamp.read_text() if stamp.exists() else None) == ("old" if is_stamped else None)


def test_a_damaged_backup_changes_nothing(home: Home, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:-20])
    with pytest.raises(BackupDamaged):
        restore(home.settings, kept, now=LATER, replace=True)
    assert home.said == ["彩礼能退吗"]
    assert home.settings.snapshots.exists()
    assert list(home.settings.home.glob(".restore-*")) == []


def test_a_damaged_database_is_replaced_on_purpose_and_its_wal_is_not_read_into_the_new_one(
    home: Home, kept: Path
) -> None:
    spoil_database(home)
    wal = home.settings.home / "linli.sqlite-wal"
    wal.write_bytes(b"left by a crash")
    with pytest.raises(RestoreRefused, match="读不出来"):
        restore(home.settings, kept, now=LATER)
    restore(home.settings, kept, now=LATER, replace=True)
    assert home.said == ["彩礼能退吗"]
    assert (home.settings.home / "linli.sqlite.replaced-20261201-160501").exists()


def test_an_old_backup_is_migrated(home: Home, other: Home, tmp_path: Path) -> None:
    alembic.downgrade(config(home.settings.url), "0009")
    kept = backup.make(home.settings, tmp_path / "kept", now=NOW)
    restore(other.settings, kept, now=LATER)
    with closing(sqlite3.connect(other.settings.home / "linli.sqlite")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    assert other.said == ["彩礼能退吗"]


def test_without_secrets_in_the_backup_this_machines_stay(home: Home, tmp_path: Path) -> None:
    kept = backup.make(home.settings, tmp_path / "kept", now=NOW)
    before = home.settings.secret("tokens")
    restore(home.settings, kept, now=LATER)
    assert home.settings.secret("tokens") == before


def test_rasas_memory_of_another_day_goes_where_the_backup_has_none(home: Home, tmp_path: Path) -> None:
    trackers = home.settings.rasa_trackers
    away = trackers.rename(tmp_path / "away.sqlite")
    kept = backup.make(home.settings, tmp_path / "kept", now=NOW)
    away.rename(trackers)
    done = restore(home.settings, kept, now=LATER)
    assert not trackers.exists()
    assert any(p.name.startswith("rasa-tracker.sqlite.replaced-") for p in done.aside)


def test_the_command_says_what_it_did_and_what_it_refused(
    home: Home, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.say("后来说的话", at=LATER)
    assert cli.restore(home.settings, argparse.Namespace(file=str(kept), replace=False)) == 1
    assert "没有恢复：现在的数据比备份新" in capsys.readouterr().err
    assert cli.restore(home.settings, argparse.Namespace(file=str(kept), replace=True)) == 0
    told = capsys.readouterr().err
    assert "恢复好了" in told
    assert "原来的留在" in told


def test_on_the_database_of_the_suite_what_was_said_comes_back(on_server: Home, tmp_path: Path) -> None:
    """On PostgreSQL where the suite runs on it."""
    file = backup.make(on_server.settings, tmp_path / "kept", now=NOW)
    on_server.say("后来说的话", at=LATER)
    with pytest.raises(RestoreRefused, match="比备份新"):
        restore(on_server.settings, file, now=LATER)
    engine = create_engine(on_server.settings.url)
    with engine.begin() as db:
        db.execute(text("CREATE TABLE of_a_later_version (id INTEGER)"))
    engine.dispose()
    engine = make_engine(on_server.settings.url)  # as app and worker have it open
    with engine.connect() as db:
        db.execute(text("SELECT count(*) FROM message"))
        with pytest.raises(RestoreRefused, match="还在运行"):
            restore(on_server.settings, file, now=LATER, replace=True)
    engine.dispose()
    done = restore(on_server.settings, file, now=LATER, replace=True)
    assert on_server.said == ["彩礼能退吗"]
    assert done.aside[0].exists()
    engine = create_engine(on_server.settings.url)
    with engine.connect() as db:
        is_sqlite = engine.dialect.name == "sqlite"
        listed = "SELECT name FROM sqlite_master" if is_sqlite else "SELECT tablename FROM pg_tables"
        assert "of_a_later_version" not in set(db.execute(text(listed)).scalars())
    engine.dispose()


def test_a_restore_killed_anywhere_leaves_a_database_and_the_next_run_ends_it(home: Home, kept: Path) -> None:
    home.say("后来说的话", at=LATER)
    number, outcome = 0, "killed"
    while outcome == "killed":
        number += 1
        outcome = _killed_at(number, home, kept)
        assert home.said in (["彩礼能退吗"], ["彩礼能退吗", "后来说的话"]), number
    assert number > 3
    assert home.said == ["彩礼能退吗"]
    assert home.remembered == ["彩礼能退吗"]


def _killed_at(number: int, home: Home, kept: Path) -> str:
    """In a fork, before the n-th time that something in the home is renamed, linked or removed."""
    child = os.fork()
    if child == 0:
        left = number
        replaced = {"os.rename", "os.link", "os.remove", "shutil.rmtree", "shutil.move"}

        def hook(name: str, args: tuple[object, ...]) -> None:
            nonlocal left
            paths = [os.fsdecode(a) for a in args[:2] if isinstance(a, (str, bytes, os.PathLike))]
            if name in replaced and any(p.startswith(str(home.settings.home)) for p in paths):
                left -= 1
                if left == 0:
                    os._exit(9)

        sys.addaudithook(hook)
        try:
            restore(home.settings, kept, now=LATER + timedelta(seconds=number), replace=True)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return {0: "done", 9: "killed"}.get(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "failed")
