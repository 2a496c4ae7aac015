from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.actions.dialogue.affairs import hall


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as opened:
        hall.furnish(opened)
        yield opened
