import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session, sessionmaker

from actions.papers import font
from actions.roster import codes
from bot.settings import ROOT, Settings
from bot.staff import passwords
from knowledge.anonymity.names import features, training
from tests.databases import Databases, PostgresServer, SqliteFiles
from tests.ports import free_port
from tests.telephones import write_accounts

PROFILE = os.environ.get("LINLI_TEST_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
for name, examples in {"dev": 25, "ci": 50, "night": 300}.items():
    # No deadline: a busy machine is no failure.
    hypothesis.settings.register_profile(name, max_examples=examples, deadline=None)
hypothesis.settings.load_profile(PROFILE)

# 0.17 s a password as the app hashes them; `test_accounts` hashes one so.
STRONG_HASHER = passwords.HASHER
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords.NOBODY = passwords.hashed("nobody's password")

CORPUS = ROOT / "knowledge" / "corpus"
# A few statutes keep the suite short; a full embedding has no place in it.
STATUTES = "农村集体经济组织法,反家庭暴力法,人民调解法,妇女权益保障法,法律援助法"
DAY = date(2026, 11, 24)


def pytest_configure(config: pytest.Config) -> None:
    """Where workers are to run, the table of names is learned before each of them would learn it."""
    if config.getoption("numprocesses", None):
        training.learned(Settings().cache)


@pytest.fixture(scope="session", autouse=True)
def _names() -> None:
    """What `linli setup` learns once a machine, in about 40 s; the console's pages mask names with it."""
    folder = Settings().cache
    features.use(lambda: training.learned(folder))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    os.environ["LINLI_STATUTES"] = STATUTES
    os.environ["LINLI_MESSAGES_PER_MINUTE"] = "1000"
    for name in ("LINLI_PORT", "LINLI_INTERNAL_PORT", "LINLI_RASA_PORT"):
        os.environ[name] = str(free_port())
    if server := os.environ.get("LINLI_TEST_DATABASE_URL"):
        os.environ["LINLI_DATABASE_URL"] = PostgresServer(server).create()
    os.environ["LINLI_FRONT_END"] = str(Path(os.environ.get("LINLI_HOME", ROOT / "var")) / "front-end")
    home = tmp_path_factory.mktemp("home")
    os.environ["LINLI_HOME"] = str(home)
    # Three official accounts, whose servers are the simulator's (tests/telephones.py).
    os.environ["LINLI_WECHAT_ACCOUNTS"] = str(write_accounts(home / "wechat.yml"))
    os.environ["LINLI_WECHAT_API"] = f"http://127.0.0.1:{free_port()}"
    return Settings()


@pytest.fixture(scope="session")
def prepared(settings: Settings) -> Settings:
    """Database, snapshot and Rasa model, made as `linli setup` makes them."""
    import bot.run.setup
    from bot.cli.training import train
    from bot.run.preparing import prepare

    bot.run.setup.HOME = settings.home
    prepare(settings, core_only=False)
    train(settings)
    return settings


@pytest.fixture(scope="session")
def untouched(prepared: Settings) -> Path:
    """A copy of the home as it was made, before any test said a word in it: for a second stack with nobody's talk in
    it. To be asked for before the stack starts; on PostgreSQL the database isn't among its files.
    """
    target = prepared.home.with_name(f"{prepared.home.name}-untouched")
    shutil.copytree(prepared.home, target, ignore=shutil.ignore_patterns("*.pid", "logs"))
    return target


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """On SQLite, or on the server that LINLI_TEST_DATABASE_URL names."""
    url = os.environ.get("LINLI_TEST_DATABASE_URL")
    made = Databases(PostgresServer(url) if url else SqliteFiles(tmp_path_factory.mktemp("databases")))
    yield made
    made.drop_templates()


@pytest.fixture(scope="session", autouse=True)
def _font_of_papers() -> None:
    font.use(Settings().vendor)


@pytest.fixture(scope="session", autouse=True)
def _pepper_of_slips() -> None:
    codes.use_pepper(lambda: "the pepper of tests")


@pytest.fixture
def sessions(databases: Databases) -> Iterator[sessionmaker[Session]]:
    """A migrated database of its own, with nothing in it."""
    with databases.opened() as opened:
        yield opened
