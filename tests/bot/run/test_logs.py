"""A year of warnings fills no disk (T61)."""

import subprocess
import sys
from pathlib import Path

from bot.run.logs import rotate


def test_a_long_log_begins_anew_under_who_writes_it(tmp_path: Path) -> None:
    log, short = tmp_path / "app.log", tmp_path / "rasa.log"
    short.write_bytes(b"short\n")
    with log.open("ab") as out:
        writer = subprocess.Popen([sys.executable, "-uc", "for line in iter(input, 'end'): print(line)"],
                                  stdin=subprocess.PIPE, stdout=out, text=True)  # fmt: skip
    assert writer.stdin
    writer.stdin.write(f"{'x' * 5000}\n")
    writer.stdin.flush()
    while log.stat().st_size < 5001:  # the line and its end are two writes
        pass
    assert rotate(tmp_path, most=4000) == 1
    writer.stdin.write("afterwards\nend\n")
    writer.stdin.close()
    assert writer.wait(20) == 0
    assert log.read_text() == "afterwards\n", "no hole of zeros where the old lines were"
    assert (tmp_path / "app.log.1").read_text() == "x" * 5000 + "\n"
    assert (tmp_path / "app.log.1").stat().st_mode & 0o777 == 0o600
    assert short.read_text() == "short\n"
    assert rotate(tmp_path, most=4000) == 0
