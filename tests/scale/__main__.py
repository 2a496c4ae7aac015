"""What needs servers of its own kind: `python -m tests.scale [pytest arguments]`, called by `make test-scale`.

Each server is the one named by its variable, else a throw-away one on free ports of the loopback.
"""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from tests import postgres, suite
from tests.scale import milvus, redis

SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "LINLI_TEST_MILVUS": milvus.server,
    "LINLI_TEST_REDIS": redis.server,
    "LINLI_TEST_DATABASE_URL": postgres.cluster,
}


def main(arguments: list[str]) -> int:
    with ExitStack() as started:
        for name, server in SERVERS.items():
            if not os.environ.get(name):
                os.environ[name] = started.enter_context(server())
        beside_rasa = 0 if arguments else suite.run_nlu()
        return beside_rasa or suite.run([*(arguments or ["tests"]), "-m", "scale"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
