"""Where Rasa keeps what was said: in the file, or on the server, that bot/endpoints.yml is told of."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import read_endpoint_config
from sqlalchemy import create_engine, text

SERVER = re.sub(r"\+\w+:", ":", os.environ.get("LINLI_TEST_DATABASE_URL", ""))


def store(monkeypatch: pytest.MonkeyPatch, url: str) -> Any:
    for name in ("INTERNAL_URL", "INTERNAL_SECRET"):
        monkeypatch.setenv(f"LINLI_{name}", "none")
    monkeypatch.setenv("LINLI_TRACKER_URL", url)
    return TrackerStore.create(read_endpoint_config("bot/endpoints.yml", "tracker_store"), Domain.empty())


@pytest.mark.parametrize("kind", ["file", "server"])
def test_what_one_rasa_heard_another_one_knows(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "server" and not SERVER:
        pytest.skip("make test-postgres")
    url = SERVER if kind == "server" else f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    one, other = store(monkeypatch, url), store(monkeypatch, url)
    tracker = DialogueStateTracker("conversation-of-this-test", [])
    tracker.update(UserUttered("低保怎么申请", metadata={"message": 9}))
    asyncio.run(one.save(tracker))
    heard = asyncio.run(other.retrieve("conversation-of-this-test"))
    assert heard is not None
    assert heard.latest_message.text == "低保怎么申请"
    with create_engine(url).connect() as connection:
        row = connection.execute(
            text("SELECT data FROM events WHERE sender_id = 'conversation-of-this-test' AND type_name = 'user'")
        ).scalar()
    assert json.loads(row or "")["metadata"]["message"] == 9, "by it our app takes a turn back"
