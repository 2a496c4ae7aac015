"""The same tests on each engine; Milvus where LINLI_TEST_MILVUS names one (`make test-scale`)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.search.vectors.base import Engine
from knowledge.search.vectors.engines import FAISS, engine_of


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[Engine]:
    address = os.environ.get("LINLI_TEST_MILVUS")
    if not address:
        pytest.skip("LINLI_TEST_MILVUS names no server; `make test-scale` starts one")
    made = engine_of(f"milvus+{address}", tmp_path / "snapshots")
    yield made
    made.keep([])


@pytest.fixture(params=["faiss", pytest.param("milvus", marks=pytest.mark.scale)])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = FAISS if request.param == "faiss" else request.getfixturevalue("milvus")
    return made
