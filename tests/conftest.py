import os
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, close_all_sessions, sessionmaker

from bot.db import make_engine, make_sessions, migrate
from bot.settings import ROOT, Settings
from knowledge.anonymity.names import features, training
from tests.telephones import write_accounts

hypothesis.settings.register_profile("linli", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("linli")

CORPUS = ROOT / "knowledge" / "corpus"
# A few statutes keep the suite short; a full embedding has no place in it.
STATUTES = "农村集体经济组织法,反家庭暴力法,人民调解法,妇女权益保障法,法律援助法"
DAY = date(2026, 11, 24)


@pytest.fixture(scope="session", autouse=True)
def _names() -> None:
    """What `linli setup` learns once a machine, about 40 s; the console's pages mask names with it."""
    folder = Settings().cache
    features.use(lambda: training.learned(folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    os.environ["LINLI_STATUTES"] = STATUTES
    os.environ["LINLI_MESSAGES_PER_MINUTE"] = "1000"
    for name in ("LINLI_PORT", "LINLI_INTERNAL_PORT", "LINLI_RASA_PORT"):
        os.environ[name] = str(free_port())
    if server := os.environ.get("LINLI_TEST_DATABASE_URL"):
        os.environ["LINLI_DATABASE_URL"], _ = _database(server)
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
    from bot.cli.training import train_topics
    from bot.run.preparing import prepare

    bot.run.setup.HOME = settings.home
    prepare(settings, core_only=False)
    train_topics(settings)
    return settings


def _database(url: str) -> tuple[str, Callable[[], None]]:
    """A fresh database of the server at `url`, and how to drop it."""
    name = f"linli_{uuid.uuid4().hex}"

    def on_server(statement: str) -> None:
        server = create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(statement))
        server.dispose()

    on_server(f"CREATE DATABASE {name}")
    return url.rsplit("/", 1)[0] + f"/{name}", lambda: on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture()
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """A migrated database of its own: SQLite, or on the server that LINLI_TEST_DATABASE_URL names."""
    drop: Callable[[], None] = lambda: None  # noqa: E731
    if server := os.environ.get("LINLI_TEST_DATABASE_URL"):
        url, drop = _database(server)
    else:
        url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    migrate(url)
    engine = make_engine(url)
    yield make_sessions(engine)
    # a connection that the garbage collector rolls back, whenever it comes by, disturbs another test
    close_all_sessions()
    engine.dispose()
    drop()
