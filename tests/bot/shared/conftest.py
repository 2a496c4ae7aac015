"""Redis where LINLI_TEST_REDIS names one (`make test-scale`)."""

import os
import uuid
from collections.abc import Iterator

import pytest

from bot.shared.server import Shared
from tests.ports import free_port


@pytest.fixture
def address() -> str:
    found = os.environ.get("LINLI_TEST_REDIS")
    if not found:
        pytest.skip("LINLI_TEST_REDIS names no server; `make test-scale` starts one")
    return found


@pytest.fixture
def shared(address: str) -> Iterator[Shared]:
    """Of nobody else's keys."""
    made = Shared(address, secret="of tests", name=f"test-{uuid.uuid4().hex[:8]}")
    yield made
    made.close()


@pytest.fixture
def away() -> Iterator[Shared]:
    """Where no Redis is."""
    made = Shared(f"redis://127.0.0.1:{free_port()}/0", secret="of tests")
    yield made
    made.close()
