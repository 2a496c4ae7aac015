"""`linli affairs`: the seals of what villages talked over counted anew, and a topic given out for the archive."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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

    def run(session: "Session") -> int:
        from actions.topics import listing
        from actions.topics.counting import archive

        topic = listing.by_number(session, args.place, args.topic)
        if topic is None:
            say("没有这个议题。请写村的代号和编号，例如 linli affairs export lijiagou 议-26-014。")
            return 1
        print(json.dumps(archive.packed(session, topic), ensure_ascii=False, indent=1))
        return 0

    return with_session(settings, run)


def add(commands: Commands) -> None:
    group = commands.group("affairs", "what villages talk over: verify the seals, give out a topic for the archive")
    group.add("verify", verify, "count the seals of closed topics anew; 1 where one doesn't fit")
    parser = group.add("export", export, "a topic as JSON for the archive")
    parser.add_argument("place", help="the village, as in its address /v/PLACE")
    parser.add_argument("topic", help="its number, 议-26-014 or y14")
