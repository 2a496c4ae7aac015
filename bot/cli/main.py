"""`linli`: each file adds its commands."""

import argparse
import contextlib
import logging
import os
import pwd
import sys
from pathlib import Path

from bot import disk
from bot.cli import affairs, doctor, evaluate, keeping, knowledge, privacy, running, staff, talk
from bot.cli.commands import Commands
from bot.cli.wechat import commands as wechat
from bot.db import MigrationFailed
from bot.run.setup import SetupFailed, say
from bot.settings import Settings
from knowledge.errors import KnowledgeError

_LOG = '{"at": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}'
_NOISY = ("httpx", "alembic", "sentence_transformers", "sentence_transformers.base.model", "faiss", "rasa_sdk")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linli", description="Linli 邻里: legal and service assistant for villages and communities."
    )
    commands = Commands(parser.add_subparsers(dest="command", required=True))
    for group in (running, doctor, keeping, talk, knowledge, evaluate, staff, wechat, privacy, affairs):
        group.add(commands)
    return parser


def refuse_strangers(home: Path, *, uid: int) -> None:
    """Root would leave files behind that the account which runs Linli can't read: after `sudo linli restore` nothing
    comes up any more. Raises SetupFailed.
    """
    if not home.exists():
        return
    owner = home.stat().st_uid
    is_shut = not os.access(home, os.R_OK | os.W_OK | os.X_OK)
    if owner != uid and (uid == 0 or is_shut):
        with contextlib.suppress(KeyError):
            name = pwd.getpwuid(owner).pw_name
            raise SetupFailed(f"{home} 归账号 {name}。请用它来运行：sudo -u {name} linli ……")
        raise SetupFailed(f"{home} 归 {owner} 号账号，请用它来运行。")


def main() -> int:
    args = make_parser().parse_args()
    os.umask(0o077)  # what residents said, hashes and secrets are nobody else's on this machine
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=_LOG)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        settings = Settings()
        refuse_strangers(settings.home, uid=os.geteuid())
        return int(args.run(settings, args))
    except (SetupFailed, MigrationFailed, KnowledgeError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say(f"出错了：{disk.said(error)}。")
        return 1
