"""jionlp, loaded when first asked for: it prints a banner and wants a package we have no use for."""

import contextlib
import io
import sys
import threading
import types
from functools import cache
from typing import Any

# Its parsers keep what they are at in themselves, so one thread at a time may ask them.
one_at_a_time = threading.Lock()


@cache
def jionlp() -> Any:
    stand_in = types.ModuleType("jiojio")

    def anything(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # whoever walks through the modules asks for `__file__` and the like
        return lambda *args, **kwargs: None

    stand_in.__getattr__ = anything  # type: ignore[method-assign]
    sys.modules.setdefault("jiojio", stand_in)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a banner
        import jionlp
    return jionlp
