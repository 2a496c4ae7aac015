"""`linli serve`, its single parts, what prepares them, and the invented month of `linli demo`."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.commands import Commands, with_session
from bot.cli.training import train
from bot.settings import ROOT, Settings
from knowledge.clock import SHANGHAI

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def serve(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import stack

    linli = [sys.executable, "-m", "bot.cli"]

    def prepare() -> int:
        with beside(settings, "waiting", [*linli, "waiting-room"]):
            return prepared_apart(settings, [*linli, "setup"])

    return stack.serve(settings, prepare=prepare)


@contextlib.contextmanager
def beside(settings: Settings, name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A child, ended with what it started when the block ends; where we are killed, the next start finds it by its
    name.
    """
    environ = {**os.environ, "LINLI_PART_OF": str(settings.home)}
    child = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    number = settings.home / f"{name}.pid"
    try:
        number.write_text(str(child.pid))
        yield child
    finally:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            child.wait()
        number.unlink(missing_ok=True)


def waiting_room(settings: Settings, args: argparse.Namespace) -> int:
    import uvicorn

    from bot.connections import Connection
    from bot.web.resident.waiting_room import waiting_room as room

    uvicorn.run(room(), host=settings.host, port=settings.port, http=Connection, log_level="critical", access_log=False)
    return 0


def prepared_apart(settings: Settings, command: list[str]) -> int:
    """How `linli setup` ended: in a child, so that what training takes is given back before the parts start. It ends
    with us, and so does what it started.
    """
    with beside(settings, "setup", command) as child:
        return child.wait()


def setup(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import preparing

    preparing.prepare(settings, core_only=not args.all)
    train(settings)
    return 0


def stop(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import one_home

    pid = one_home.supervisor(settings.home)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        for _ in range(300):
            if one_home.supervisor(settings.home) is None:
                break
            time.sleep(0.1)
        else:
            print(f"进程 {pid} 还没停下，请再等一会儿，或者重启这台电脑。")
            return 1
    with one_home.held(settings.home):  # whoever looked after them may have been killed
        ended = one_home.end_orphans(settings.home, one_home.PARTS)
    told = f"停下了：上次没有正常停下，还在运行的 {'、'.join(ended)}。" if ended else "停下了。"
    print(told if ended or pid is not None else "没有在运行。")
    return 0


def bundle(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import bundling

    told = bundling.make(settings, Path(args.folder).resolve())
    print(f"安装包好了：{args.folder}\nSHA256SUMS 的核对码：{told}")
    return 0


def app(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.serving import serve as serve_app

    asyncio.run(serve_app(settings))
    return 0


def worker(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.worker import run

    run(settings)
    return 0


def rasa(settings: Settings, args: argparse.Namespace) -> int:
    """In the place of this process, so that whoever started it ends it."""
    from bot.run.preparing import rasa_environ
    from bot.run.stack import rasa_command

    os.chdir(ROOT)
    command = rasa_command(settings)
    os.execve(command[0], command, rasa_environ(settings))


def confirm_clock(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.clock_watch import confirm

    now = datetime.now(UTC)
    confirm(settings.clock, now)
    print(f"好，现在就是 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}。到期的事从这一刻起照常处理。")
    return 0


def demo(settings: Settings, args: argparse.Namespace) -> int:
    from actions.roster import codes
    from actions.topics.counting.keys import TopicKeys
    from bot.run import demo as invented
    from knowledge.anonymity.names import features, training

    codes.use_pepper(lambda: settings.secret("slips"))
    features.use(lambda: training.marked(settings.names, settings.cache))
    do, keys = invented.remove_all if args.remove else invented.fill_all, TopicKeys(settings.topic_keys)

    def run(session: "Session") -> int:
        print(json.dumps(do(session, keys), ensure_ascii=False))
        return 0

    return with_session(settings, run)


def add(commands: Commands) -> None:
    commands.add("serve", serve, "prepare what is missing, start all parts, stay until Ctrl-C")
    commands.add("stop", stop, "end what `serve` of this home started")
    commands.add("setup", setup, "prepare everything without starting").add_argument(
        "--all", action="store_true", help="embed all statutes now, not only those needed most"
    )
    commands.add("bundle", bundle, "all packages in one folder, for a machine without a network").add_argument(
        "folder", help="empty or new; there: LINLI_BUNDLE=FOLDER make serve"
    )
    commands.add("waiting-room", waiting_room, "what the port says while a home is prepared, alone")
    commands.add("app", app, "the pages and the loopback endpoints alone")
    commands.add("rasa", rasa, "a Rasa alone, for a machine of its own")
    commands.add("worker", worker, "embedding of the rest and retention alone")
    commands.add("confirm-clock", confirm_clock, "after the computer's clock leapt: the time it shows now is right")
    commands.add(
        "demo", demo, "a month of invented cases, bookings, conversations and village affairs, marked as such"
    ).add_argument("--remove", action="store_true", help="take them out again")
