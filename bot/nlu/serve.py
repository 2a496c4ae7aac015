"""`rasa run` with its token from the environment: an argument can be read in `ps` by everybody on the machine."""

from __future__ import annotations

import os
import sys

from rasa.__main__ import main

if __name__ == "__main__":
    sys.argv = ["rasa", "run", *sys.argv[1:], f"--auth-token={os.environ['LINLI_RASA_SECRET']}"]
    main()
