from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.actions.helpers.county import places


@pytest.fixture
def here(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        places(session)
        yield session
