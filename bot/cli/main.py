"""`linli`: each file adds its commands."""

import argparse
import logging
import os
import sys

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


def main() -> int:
    args = make_parser().parse_args()
    os.umask(0o077)  # what residents said, hashes and secrets are nobody else's on this machine
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=_LOG)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        return int(args.run(Settings(), args))
    except (SetupFailed, MigrationFailed, KnowledgeError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say("磁盘满了，请腾出空间再试。" if error.errno == 28 else f"出错了：{error}")
        return 1
