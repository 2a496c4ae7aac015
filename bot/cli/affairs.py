"""`linli affairs`: the seals of what villages talked over counted anew, and a topic given out for the archive."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import disk
from bot.cli.commands import Commands, with_session
from bot.run.setup import say
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def verify(settings: Settings, args: argparse.Namespace) -> int:
    """1 where a seal or a count doesn't fit; that topic's result is hidden then, and it stands in the audit."""
    from sqlalchemy import select

    from actions.topics import clock
    from actions.topics.models import Topic
    from bot.staff import audit

    def run(session: "Session") -> int:
        broken = 0
        for topic in session.scalars(select(Topic).where(Topic.key_file != "").order_by(Topic.id)).all():
            if fault := clock.verify(session, topic, now=datetime.now(UTC)):
                broken += 1
                audit.record(session, None, "投票记录核对不上", topic.number, detail=fault)
                session.commit()
                say(f"{topic.place_id} {topic.number}：{fault}")
        print(f"核对不上的 {broken} 件")
        return 1 if broken else 0

    return with_session(settings, run)


def export(settings: Settings, args: argparse.Namespace) -> int:
    """What is public of a topic, and what its seal is made of; nobody's name, telephone or conversation."""
    if args.kind == "xlsx" and args.out is None:
        say("xlsx 不能写在屏幕上。请用 --out 写明存到哪个文件，例如 --out 议题.xlsx。")
        return 1

    def run(session: "Session") -> int:
        from actions.topics import listing
        from actions.topics.counting import archive

        topic = listing.by_number(session, args.place, args.topic)
        if topic is None:
            say("没有这个议题。请写村的代号和编号，例如 linli affairs export lijiagou 议-26-014。")
            return 1
        return _put(_written(archive.packed(session, topic), args.kind), args.out)

    return with_session(settings, run)


def _written(found: dict[str, Any], kind: str) -> bytes:
    from actions.reports.archive import table
    from actions.reports.tables import as_csv, as_xlsx

    if kind == "json":
        return json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"
    return (as_csv if kind == "csv" else as_xlsx)(table.rows_of(found))


def _put(data: bytes, path: Path | None) -> int:
    """On the screen, or into a new file: an archive's file is never written over by a slip of the hand."""
    if path is None:
        sys.stdout.buffer.write(data)
        return 0
    try:
        with path.open("xb") as out:
            out.write(data)
    except FileExistsError:
        say(f"{path} 已经有了，没有覆盖。请换个文件名。")
        return 1
    except OSError as error:
        say(f"存不到 {path}：{disk.said(error)}。")
        return 1
    return 0


def add(commands: Commands) -> None:
    group = commands.group("affairs", "what villages talk over: verify the seals, give out a topic for the archive")
    group.add("verify", verify, "count the seals of closed topics anew; 1 where one doesn't fit")
    parser = group.add("export", export, "a topic for the archive, as JSON, CSV or xlsx")
    parser.add_argument("place", help="the village, as in its address /v/PLACE")
    parser.add_argument("topic", help="its number, 议-26-014 or y14")
    parser.add_argument("--as", dest="kind", choices=("json", "csv", "xlsx"), default="json", help="json unless told")
    parser.add_argument("--out", type=Path, help="a new file; the screen unless told (xlsx needs a file)")
