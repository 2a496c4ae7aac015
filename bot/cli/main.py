"""The commands, each added by its own file."""

import argparse
import logging
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bot.cli import evaluate, wechat_doctor
from bot.cli import wechat as cli_wechat
from bot.cli.doctor import doctor
from bot.cli.knowledge import kb_build, kb_export, kb_import, kb_import_folder, kb_search, kb_show, kb_status
from bot.cli.privacy import privacy
from bot.cli.running import app, demo, serve, setup, worker
from bot.cli.staff import staff_add, staff_reset, staff_role
from bot.cli.talk import ask, nlu
from bot.cli.wechat_simulate import _simulate
from bot.run.setup import SetupFailed, say
from bot.settings import Settings
from knowledge.errors import KnowledgeError


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linli", description="Linli 邻里: legal and service assistant for villages and communities."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(
        name: str, run: Callable[[Settings, argparse.Namespace], int], text: str, to: Any = commands
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = to.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    add("serve", serve, "prepare what is missing, start all parts, stay until Ctrl-C")
    add("setup", setup, "prepare everything without starting").add_argument(
        "--all", action="store_true", help="embed all statutes now, not only those needed most"
    )
    add("app", app, "the pages and the loopback endpoints alone")
    add("worker", worker, "embedding of the rest and retention alone")
    add("doctor", doctor, "check all parts and say how to mend them")
    for name, run, text in (
        ("ask", ask, "ask as a resident would, through all parts"),
        ("nlu", nlu, "intent, topic, entities and emergency of a message"),
    ):
        sub = add(name, run, text)
        sub.add_argument("text", nargs="?")
        sub.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "text"}')
        if name == "ask":
            sub.add_argument("--village", help="village id, e.g. lijiagou")
    kb = commands.add_parser("kb", help="the knowledge base").add_subparsers(dest="kb_command", required=True)
    add("import", kb_import, "read statutes and corpus into the database", kb)
    add("build", kb_build, "embed everything and publish a snapshot", kb)
    add("status", kb_status, "how much is embedded", kb)
    add("show", kb_show, "an article or document as stored", kb).add_argument("what")
    sub = add("export", kb_export, "all our documents and questions as open files", kb)
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--drafts", action="store_true", help="also what is in work, under drafts/")
    sub = add(
        "import-folder",
        kb_import_folder,
        "a folder of open files, docx, pdf, html, markdown and text, with a report on every file",
        kb,
    )
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument(
        "--kind",
        choices=["regulation", "policy", "village_rule", "case_story", "service_guide"],
        help="of the papers whose folder and name don't say it",
    )
    sub.add_argument("--place", help="of the papers, e.g. lijiagou; default: from folder and name")
    sub.add_argument(
        "--drafts", action="store_true", help="open files become drafts, too, instead of being in force at once"
    )
    search = add("search", kb_search, "passages for a question", kb)
    search.add_argument("question", nargs="?")
    search.add_argument("--top", type=int, default=10, metavar="N")
    search.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "question"}')
    search.add_argument("--place", help="village, town or county id")
    search.add_argument("--day", type=date.fromisoformat, help="default: today")
    search.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=["statute", "regulation", "policy", "village_rule", "case_story", "service_guide"],
    )
    sub = add(
        "eval",
        evaluate.evaluate,
        (
            "figures: bank (questions set aside), statutes and calibration (a file with golds), topics (a file with "
            "topics), nlu (our test messages), anonymity (our sentences with marks), village-rules (clauses against "
            "the law)"
        ),
    )
    sub.add_argument("what", choices=list(evaluate.WHAT))
    sub.add_argument("--file", type=Path)
    sub.add_argument("--limit", type=int)
    people = commands.add_parser("staff", help="accounts of the staff console").add_subparsers(
        dest="staff_command", required=True
    )
    sub = add("add", staff_add, "make an account; the password is asked for, or printed once", people)
    sub.add_argument("login")
    sub.add_argument("--name", required=True)
    sub.add_argument(
        "--role", required=True, choices=["agent", "mediator", "legal_worker", "supervisor", "administrator"]
    )
    sub.add_argument("--place", default="nation", help="what it sees: this place and all below it")
    sub = add("role", staff_role, "change the role of an account", people)
    sub.add_argument("login")
    sub.add_argument("role", choices=["agent", "mediator", "legal_worker", "supervisor", "administrator"])
    add("reset", staff_reset, "a new password, printed once; also ends a lock and the TOTP", people).add_argument(
        "login"
    )
    add("demo", demo, "a month of invented cases, bookings and conversations, marked as such").add_argument(
        "--remove", action="store_true", help="take them out again"
    )
    wechat = commands.add_parser("wechat", help="the official accounts").add_subparsers(
        dest="wechat_command", required=True
    )
    sub = add(
        "push",
        cli_wechat.menu_push,
        "show the menu and send it to WeChat",
        wechat.add_parser("menu", help="the menu below the chat").add_subparsers(dest="menu_command", required=True),
    )
    sub.add_argument("--account")
    sub.add_argument("--yes", action="store_true", help="don't ask")
    sub = add("codes", cli_wechat.codes, "a QR code for each village, as a picture to put up there", wechat)
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--account")
    add("doctor", wechat_doctor.doctor, "check each account's settings and say the next step", wechat)
    add(
        "simulate", _simulate, "a WeChat of our own with a telephone on a page, to try without an account", wechat
    ).add_argument("--port", type=int, default=8090)
    sub = add("privacy", privacy, "export or delete what one conversation holds")
    sub.add_argument("action", choices=["export", "delete"])
    sub.add_argument("conversation")
    return parser


def main() -> int:
    args = make_parser().parse_args()
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format='{"at": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}',
    )
    for noisy in ("httpx", "alembic", "sentence_transformers", "sentence_transformers.base.model", "faiss", "rasa_sdk"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        return int(args.run(Settings(), args))
    except (SetupFailed, KnowledgeError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say("磁盘满了，请腾出空间再试。" if error.errno == 28 else f"出错了：{error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
