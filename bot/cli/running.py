"""`linli serve`, its single parts, what prepares them, and the invented month of `linli demo`."""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.cli.commands import Commands, with_session
from bot.cli.training import train
from bot.settings import Settings
from knowledge.clock import SHANGHAI

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def serve(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import preparing, stack

    preparing.prepare(settings)
    train(settings)
    stack.serve(settings)
    return 0


def setup(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import preparing

    preparing.prepare(settings, core_only=not args.all)
    train(settings)
    return 0


def app(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.serving import serve as serve_app

    asyncio.run(serve_app(settings))
    return 0


def worker(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.worker import run

    run(settings)
    return 0


def confirm_clock(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.clock_watch import confirm

    now = datetime.now(UTC)
    confirm(settings.clock, now)
    print(f"好，现在就是 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}。到期的事从这一刻起照常处理。")
    return 0


def demo(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import demo as invented

    def run(session: "Session") -> int:
        print(json.dumps(invented.remove(session) if args.remove else invented.fill(session), ensure_ascii=False))
        return 0

    return with_session(settings, run)


def add(commands: Commands) -> None:
    commands.add("serve", serve, "prepare what is missing, start all parts, stay until Ctrl-C")
    commands.add("setup", setup, "prepare everything without starting").add_argument(
        "--all", action="store_true", help="embed all statutes now, not only those needed most"
    )
    commands.add("app", app, "the pages and the loopback endpoints alone")
    commands.add("worker", worker, "embedding of the rest and retention alone")
    commands.add("confirm-clock", confirm_clock, "after the computer's clock leapt: the time it shows now is right")
    commands.add("demo", demo, "a month of invented cases, bookings and conversations, marked as such").add_argument(
        "--remove", action="store_true", help="take them out again"
    )
