"""The application as it is served, over a database of its own; only Rasa and the search are doubles.

python -m benchmarks.affairs.app HOME PORT
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn

from actions.roster import codes
from bot.app import create_app
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.anonymity.names import features, training
from tests.fakes import FakeRasa, doubled_parts


def main(home: Path, port: int) -> None:
    settings = Settings(home=home, port=port)
    features.use(lambda: training.learned(settings.cache))
    codes.use_pepper(lambda: settings.secret("slips"))
    rasa: Any = FakeRasa([{"kind": "text", "text": "好的。"}])
    app = create_app(doubled_parts(settings, make_sessions(make_engine(settings.url)), rasa), [])
    # without its loops: nothing falls due in ten minutes, and Rasa isn't there
    trusted = settings.trusted_proxies
    uvicorn.run(app, port=port, lifespan="off", log_level="warning", access_log=False, forwarded_allow_ips=trusted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
