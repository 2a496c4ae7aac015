"""`linli privacy`: what one conversation holds, given out or deleted."""

import argparse
import json

from sqlalchemy import select

from bot.cli.commands import Commands
from bot.run.setup import say
from bot.settings import Settings


def privacy(settings: Settings, args: argparse.Namespace) -> int:
    import base64

    from actions.bookings.appointments import label
    from actions.bookings.models import Appointment
    from actions.bookings.status import LABELS
    from actions.cases.finding import of_conversation
    from actions.cases.models import Photo
    from actions.papers.case_file import pack
    from actions.persons import threads_of
    from bot.channels import registry
    from bot.conversations import messages, service
    from bot.conversations.models import Conversation
    from bot.db import make_engine, make_sessions
    from bot.rasa_client import erase_trackers
    from bot.web.resident.shown import message_json

    with make_sessions(make_engine(settings.url))() as session:
        found = (
            session.scalars(
                select(Conversation).where(Conversation.id.startswith(args.conversation, autoescape=True))
            ).all()
            if len(args.conversation) >= 8
            else []
        )
        if len(found) != 1:
            say("没有找到这段对话。请用窗口菜单里显示的对话编号（至少 8 个字符）。")
            return 1
        if args.action == "delete":
            erase_trackers(settings.rasa_trackers, [found[0].id])
            service.forget(session, found[0].id)
            say("已删除。")
        else:
            own = found[0].id
            held = {
                "conversation": own,
                "place": found[0].place_id,
                "messages": [message_json(m) for m in messages.all_messages(session, own)],
                "cases": [pack(c, place=c.place_id or "") for c in of_conversation(session, own)],
                "appointments": [
                    {
                        "when": label(a.opening),
                        "where": a.opening.address,
                        "status": LABELS[a.status],
                        "about": a.summary,
                        "name": a.name,
                        "phone": a.phone,
                    }
                    for a in session.scalars(
                        select(Appointment).where(Appointment.conversation_id == own).order_by(Appointment.id)
                    )
                ],
                "photos": [
                    {"at": p.created_at.isoformat(), "case": p.case_id, "jpeg": base64.b64encode(p.jpeg).decode()}
                    for p in session.scalars(select(Photo).where(Photo.conversation_id == own).order_by(Photo.id))
                ],
                "joined": [c[:8] for c in threads_of(session, own)[1:]],
                **registry.about(session, own),
            }
            print(json.dumps(held, ensure_ascii=False, indent=1))
    return 0


def add(commands: Commands) -> None:
    parser = commands.add("privacy", privacy, "export or delete what one conversation holds")
    parser.add_argument("action", choices=["export", "delete"])
    parser.add_argument("conversation")
