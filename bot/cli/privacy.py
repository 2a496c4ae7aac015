"""`linli privacy`: what somebody's conversation, case or appointment holds, found, given out or deleted."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.cli.commands import Commands
from bot.run.setup import say
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.privacy.finding import Found

_FIND_OUT = "先核实来问的人就是本人：号码谁都可能知道。"


def privacy(settings: Settings, args: argparse.Namespace) -> int:
    from bot import sqlite_files
    from bot.db import make_engine, make_sessions, migrate

    if sum(map(bool, (args.conversation, args.case, args.phone))) != 1:
        say("请写一样：对话编号，或者 --case 事项编号，或者 --phone 电话。")
        return 2
    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        code = _of_conversation(settings, session, args) if args.conversation else _filed(session, args)
    if args.action == "delete":
        sqlite_files.empty_wal(sqlite_files.file_of(settings.url))
    return code


def _of_conversation(settings: Settings, session: "Session", args: argparse.Namespace) -> int:
    from bot.conversations import service
    from bot.privacy import own_data
    from bot.rasa_client import erase_trackers

    conversation = own_data.found(session, args.conversation)
    if conversation is None:
        say("没有找到这段对话。请用窗口菜单里显示的对话编号（至少 8 个字符）。")
        return 1
    if args.action == "delete":
        erase_trackers(settings.trackers, [conversation.id])
        service.forget(session, conversation.id)
        say("已删除。登记过的事、约过的时间还在，要删请用 --case 或 --phone。")
    elif args.action == "find":
        held = own_data.exported(session, conversation)
        print(f"对话 {conversation.id[:8]}：消息 {len(held['messages'])} 条，照片 {len(held['photos'])} 张")
        for case in held["cases"]:
            print(f"事项 {case['number']}：{case['status']}")
        print(f"预约 {len(held['appointments'])} 个")
    else:
        print(json.dumps(own_data.exported(session, conversation), ensure_ascii=False, indent=1))
    return 0


def _filed(session: "Session", args: argparse.Namespace) -> int:
    """By the number of a case, or by a telephone: also when the conversation is long gone."""
    from bot.privacy import finding

    found = finding.by_number(session, args.case) if args.case else finding.by_phone(session, args.phone)
    if not found:
        say("没有找到。事项编号是 11 位以上的数字；电话至少 7 位。")
        return 1
    if args.action == "export":
        print(json.dumps(_exported(session, found), ensure_ascii=False, indent=1))
    elif args.action == "delete" and args.yes:
        return _deleted(session, found)
    else:
        _tell(found)
        if args.action == "delete":
            say(f"还没有删。{_FIND_OUT}核实了，再加 --yes。")
            return 1
    return 0


def _tell(found: "Found") -> None:
    from actions.bookings.appointments import label
    from actions.bookings.status import LABELS
    from actions.cases import numbers
    from actions.cases.status import STAFF_LABELS

    for case in found.cases:
        masked = "，内容已删除" if case.masked_at else ""
        print(f"事项 {numbers.spoken(case.number)}：{STAFF_LABELS[case.status]}{masked}")
    for held in found.appointments:
        print(f"预约 {held.id}：{label(held.opening)}，{LABELS[held.status]}")
    for case, number in found.parties:
        print(f"事项 {numbers.spoken(case.number)} 的调解：第 {number + 1} 位当事人")
    for column, count in found.mentions:
        print(f"别处提到：{column} 有 {count} 处（不会一起删，请到对话或事项里看）")


def _exported(session: "Session", found: "Found") -> dict[str, object]:
    """Of a mediation only the party's own line: the rest is the other side's as well."""
    from actions.cases import numbers
    from bot.privacy import own_data

    return {
        "cases": [own_data.case_json(session, case) for case in found.cases],
        "appointments": [own_data.appointment_json(held) for held in found.appointments],
        "mediations": [
            {"case": numbers.spoken(case.number), "party": case.mediation.parties[number]}
            for case, number in found.parties
            if case.mediation
        ],
    }


def _deleted(session: "Session", found: "Found") -> int:
    """1 where something had to stay, which is told with its reason."""
    from bot.privacy import deleting

    report = deleting.delete(session, found, now=datetime.now(UTC))
    for line in report.done:
        print(f"删了    {line}")
    for line in report.left:
        print(f"没有删  {line}")
    for column, count in found.mentions:
        print(f"没有删  {column} 有 {count} 处提到这个电话，请到对话或事项里看")
    return 1 if report.left else 0


def add(commands: Commands) -> None:
    parser = commands.add("privacy", privacy, "find, export or delete what a conversation, a case or a telephone holds")
    parser.add_argument("action", choices=["find", "export", "delete"])
    parser.add_argument("conversation", nargs="?", default="", help="its number, 8 characters or more")
    parser.add_argument("--case", default="", metavar="NUMBER", help="a case, though its conversation is gone")
    parser.add_argument("--phone", default="", help="cases, appointments and mediations that name it as a contact")
    parser.add_argument("--yes", action="store_true", help="who asks is known to be the person: delete")
