"""`linli privacy`: what one conversation holds, given out or deleted."""

import argparse
import json

from bot.cli.commands import Commands
from bot.run.setup import say
from bot.settings import Settings


def privacy(settings: Settings, args: argparse.Namespace) -> int:
    from bot.cli import own_data
    from bot.conversations import service
    from bot.db import make_engine, make_sessions
    from bot.rasa_client import erase_trackers

    with make_sessions(make_engine(settings.url))() as session:
        conversation = own_data.found(session, args.conversation)
        if conversation is None:
            say("没有找到这段对话。请用窗口菜单里显示的对话编号（至少 8 个字符）。")
            return 1
        if args.action == "delete":
            erase_trackers(settings.rasa_trackers, [conversation.id])
            service.forget(session, conversation.id)
            say("已删除。")
        else:
            print(json.dumps(own_data.exported(session, conversation), ensure_ascii=False, indent=1))
    return 0


def add(commands: Commands) -> None:
    parser = commands.add("privacy", privacy, "export or delete what one conversation holds")
    parser.add_argument("action", choices=["export", "delete"])
    parser.add_argument("conversation")
