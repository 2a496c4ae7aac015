from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.actions.topics.village import Village, village


@pytest.fixture
def here(sessions: sessionmaker[Session], tmp_path: Path) -> Iterator[Village]:
    with sessions() as session:
        yield village(session, tmp_path)
