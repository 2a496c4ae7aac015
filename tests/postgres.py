"""The suite on PostgreSQL: `python -m tests.postgres [pytest arguments]`, called by `make test-postgres`.

Takes the server named by LINLI_TEST_DATABASE_URL (postgresql+psycopg://...), else installs Debian's PostgreSQL where it
is missing and starts a throw-away cluster on a free port of the loopback. Unit tests get a database each, the stack its
own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import suite
from tests.ports import free_port


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        print("安装 PostgreSQL……", file=sys.stderr)
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "postgresql"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a fresh cluster that is gone afterwards."""
    binaries, folder, port = _binaries(), Path(tempfile.mkdtemp(prefix="linli-postgres-")), free_port()
    # The server refuses to run as root.
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    start = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run([*as_postgres, binaries / "initdb", *start], check=True, stdout=subprocess.DEVNULL)
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=200"
    subprocess.run(
        [*as_postgres, binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*as_postgres, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(folder, ignore_errors=True)


def _test(url: str, arguments: list[str]) -> int:
    environ = {**os.environ, "LINLI_TEST_DATABASE_URL": url}
    return suite.run(arguments, environ) if arguments else suite.run_all(environ)


def main() -> int:
    if named := os.environ.get("LINLI_TEST_DATABASE_URL"):
        return _test(named, sys.argv[1:])
    with cluster() as url:
        return _test(url, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
