"""The child that reads a workbook: bytes on the standard input, JSON on the standard output."""

import json
import sys

from knowledge.confined import limit

_MOST_MEMORY, _MOST_CPU_S, _MOST_OUTPUT = 1_500_000_000, 10, 20_000_000


def main() -> int:
    limit(memory=_MOST_MEMORY, cpu_s=_MOST_CPU_S, output=_MOST_OUTPUT)
    from actions.errors import InvalidInput
    from actions.imports.tables import read_xlsx_here

    try:
        told: dict[str, object] = {"lines": read_xlsx_here(sys.stdin.buffer.read())}
    except InvalidInput as error:
        told = {"refused": error.message_zh}
    sys.stdout.write(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
