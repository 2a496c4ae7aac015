from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.topics.counting.keys import TopicKeys
from tests.actions.dialogue.affairs import hall
from tests.actions.dialogue.affairs.hall import Resident


@pytest.fixture
def keys(tmp_path: Path) -> TopicKeys:
    return hall.keys_in(tmp_path)


@pytest.fixture
def me(sessions: sessionmaker[Session]) -> Resident:
    with sessions() as session:
        hall.furnish(session)
    return Resident(sessions)
