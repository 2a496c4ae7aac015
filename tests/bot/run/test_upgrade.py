"""An upgrade of the database that is killed anywhere is finished by the next run, and loses nothing. On SQLite, and on
PostgreSQL where the suite runs on it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from bot.db import MigrationFailed, migrate
from bot.settings import ROOT
from tests.bot.run.test_old_home import AT, insert
from tests.bot.run.upgraded import Upgrades, upgrades
from tests.databases import Databases

OLD = "0004"


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    made.set_main_option("sqlalchemy.url", url)
    return made


HEAD = ScriptDirectory.from_config(config("")).get_current_head()


@pytest.fixture
def empty(databases: Databases) -> Iterator[str]:
    with databases.empty() as url:
        yield url


@pytest.fixture(scope="module")
def doomed() -> Iterator[Upgrades]:
    with upgrades() as running:
        yield running


def fill_old(url: str) -> None:
    command.upgrade(config(url), OLD)
    engine = create_engine(url)
    with engine.begin() as db:
        stamps = {"created_at": AT, "updated_at": AT}
        insert(db, "conversation", id="old", channel="widget", status="bot", **stamps)
        for number in range(1, 4):
            said = {"sender": "resident", "kind": "text", "text": f"第{number}句", "body": "{}"}
            insert(db, "message", id=number, conversation_id="old", created_at=AT, **said)
    engine.dispose()


def state(url: str) -> tuple[str | None, list[str], list[str]]:
    """Revision, tables and columns, what was said."""
    engine = create_engine(url)
    with engine.connect() as db:
        revision = MigrationContext.configure(db).get_current_revision()
        looked = inspect(db)
        columns = sorted(f"{t}.{c['name']}" for t in looked.get_table_names() for c in looked.get_columns(t))
        said = list(db.execute(text("SELECT text FROM message ORDER BY id")).scalars()) if revision else []
    engine.dispose()
    return revision, columns, said


@pytest.fixture(scope="module")
def expected(databases: Databases) -> list[str]:
    with databases.empty() as url:
        migrate(url)
        return state(url)[1]


def killed_again_and_again(url: str, doomed: Upgrades, *, first: int, step: int) -> int:
    """How often it was killed, each time a little further on, until it is through."""
    number, times = first, 0
    while (outcome := doomed.run(url, number)) == "killed":
        number += step
        times += 1
    assert outcome == "done"
    return times


@pytest.mark.slow
@pytest.mark.parametrize(("first", "step"), [(2, 5), (4, 9), (7, 23)])
def test_an_old_database_killed_in_its_upgrade_is_finished_by_the_next_run(
    empty: str, doomed: Upgrades, expected: list[str], first: int, step: int
) -> None:
    fill_old(empty)
    assert killed_again_and_again(empty, doomed, first=first, step=step) > 1
    assert state(empty) == (HEAD, expected, ["第1句", "第2句", "第3句"])


@pytest.mark.slow
def test_a_fresh_database_killed_in_its_making_is_finished_by_the_next_run(
    empty: str, doomed: Upgrades, expected: list[str]
) -> None:
    assert killed_again_and_again(empty, doomed, first=3, step=17) > 2
    assert state(empty) == (HEAD, expected, [])


def sqlite_file(tmp_path: Path) -> Path:
    file = tmp_path / "linli.sqlite"
    fill_old(f"sqlite:///{file}")
    return file


def test_the_database_is_copied_before_an_upgrade_and_the_copy_is_as_it_was(tmp_path: Path, doomed: Upgrades) -> None:
    file = sqlite_file(tmp_path)
    killed_again_and_again(f"sqlite:///{file}", doomed, first=20, step=40)
    copies = list(tmp_path.glob("linli.sqlite.before-*"))
    assert copies == [tmp_path / f"linli.sqlite.before-{OLD}"], "one, from before the first try"
    revision, _, said = state(f"sqlite:///{copies[0]}")
    assert (revision, said) == (OLD, ["第1句", "第2句", "第3句"])
    assert copies[0].stat().st_mode & 0o777 == 0o600
    migrate(f"sqlite:///{file}")
    assert list(tmp_path.glob("linli.sqlite.before-*")) == copies, "nothing to do, nothing to copy"


def test_a_table_that_is_made_anew_keeps_the_rows_that_point_to_it(tmp_path: Path) -> None:
    """SQLite empties a table before it drops it, and what points to it by ON DELETE CASCADE goes along."""
    url = f"sqlite:///{sqlite_file(tmp_path)}"
    migrate(url)
    command.downgrade(config(url), "0009")  # drops columns of `conversation`, so the table is made anew
    assert state(url)[2] == ["第1句", "第2句", "第3句"]


def test_a_link_that_was_used_up_under_the_old_rule_stays_shut(tmp_path: Path) -> None:
    """Since 0015 a link opens until it ends; those that had opened were promised to open no more."""
    url = f"sqlite:///{tmp_path / 'linli.sqlite'}"
    command.upgrade(config(url), "0014")
    engine = create_engine(url)
    with engine.begin() as db:
        db.execute(text("PRAGMA foreign_keys=OFF"))
        for token, opened_at in (("used", AT), ("unused", None)):
            insert(db, "case_link", token_hash=token, case_id=1, made_at=AT, ends_at=AT, opened_at=opened_at)
    migrate(url)
    with engine.begin() as db:
        assert list(db.scalars(text("SELECT token_hash FROM case_link"))) == ["unused"]
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone_and_told_in_a_sentence(tmp_path: Path) -> None:
    file = sqlite_file(tmp_path)
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(MigrationFailed, match="更新版本的邻里"):
        migrate(f"sqlite:///{file}")
    assert state(f"sqlite:///{file}")[2] == ["第1句", "第2句", "第3句"]


def test_a_damaged_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "linli.sqlite"
    file.write_bytes(b"x" * 8192)
    with pytest.raises(MigrationFailed, match="linli restore"):
        migrate(f"sqlite:///{file}")
