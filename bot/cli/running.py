"""Serve, app, worker, setup, demo."""

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

from bot.cli.staff import with_session
from bot.cli.training import train_topics
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def serve(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import preparing, stack

    preparing.prepare(settings)
    train_topics(settings)
    stack.serve(settings)
    return 0


def setup(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import preparing

    preparing.prepare(settings, core_only=not args.all)
    train_topics(settings)
    return 0


def app(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.serving import serve as serve_app

    asyncio.run(serve_app(settings))
    return 0


def worker(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.worker import run

    run(settings)
    return 0


def demo(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run import demo as invented

    def run(session: "Session") -> int:
        print(json.dumps(invented.remove(session) if args.remove else invented.fill(session), ensure_ascii=False))
        return 0

    return with_session(settings, run)
