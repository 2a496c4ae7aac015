"""What one conversation, case or appointment holds, for the person themself (个人信息保护法 45)."""

import base64
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings.appointments import label
from actions.bookings.models import Appointment
from actions.bookings.status import LABELS
from actions.cases.finding import of_conversation
from actions.cases.models import Case, Photo
from actions.deputies.models import DeputyQuestion
from actions.disclosure import questions as disclosure_questions
from actions.disclosure.models import DisclosureQuestion
from actions.events import questions as event_questions
from actions.events.models import EventQuestion
from actions.exchange.outgoing import refs_of
from actions.hearings.models import HearingSignup
from actions.helpers import referrals
from actions.helpers.status import LABELS as REFERRAL_LABELS
from actions.papers.case_file import pack
from actions.persons import threads_of
from actions.points import own as points
from actions.roster import own as roster
from actions.topics import listing
from actions.topics.models import Opinion
from actions.visits.models import GridHome
from bot.channels import registry
from bot.conversations import messages
from bot.conversations.models import Attachment, Conversation, Message
from bot.web.resident.shown import message_json
from knowledge.clock import utc_now


def found(session: Session, beginning: str) -> Conversation | None:
    """The one conversation whose number begins so; None for no or several, and for less than 8 characters."""
    if len(beginning) < 8:
        return None
    begins = Conversation.id.startswith(beginning, autoescape=True)
    rows = session.scalars(select(Conversation).where(begins).limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def exported(session: Session, conversation: Conversation) -> dict[str, Any]:
    own = conversation.id
    appointments = select(Appointment).where(Appointment.conversation_id == own).order_by(Appointment.id)
    photos = select(Photo).where(Photo.conversation_id == own).order_by(Photo.id)
    said = (Message.conversation_id == own, Message.withdrawn_at.is_(None))
    files = select(Attachment).join(Message, Message.id == Attachment.message_id).where(*said).order_by(Attachment.id)
    return {
        "conversation": own,
        "place": conversation.place_id,
        "messages": [message_json(m) for m in messages.all_messages(session, own)],
        "cases": [{**pack(c, place=c.place_id or ""), **_shared(session, c)} for c in of_conversation(session, own)],
        "appointments": [appointment_json(a) for a in session.scalars(appointments)],
        "photos": [_photo(p) for p in session.scalars(photos)],
        "files": [_file(f) for f in session.scalars(files)],
        "slips": roster.exported(session, own),
        "questions": [_question(q) for q in disclosure_questions.of_conversation(session, own)],
        "points": points.exported(session, own, utc_now()),
        "event_questions": [_question(q) for q in event_questions.of_conversation(session, own)],
        **_topics(session, own),
        **_people(session, own),
        "hearings": [_signup(s) for s in session.scalars(select(HearingSignup).where(HearingSignup.asker == own))],
        "asked_deputies": [
            _asked(q) for q in session.scalars(select(DeputyQuestion).where(DeputyQuestion.asker == own))
        ],
        "joined": [c[:8] for c in threads_of(session, own)[1:]],
        **registry.about(session, own),
    }


def _topics(session: Session, own: str) -> dict[str, Any]:
    """What they raised, follow and said; what they chose can't be looked up by anybody."""
    said = select(Opinion).where(Opinion.asker == own).order_by(Opinion.id)
    return {
        "topics": [{"number": t.number, "title": t.title} for t in listing.of_conversation(session, own)],
        "opinions": [{"at": o.at.isoformat(), "text": o.text, "kind": o.stance} for o in session.scalars(said)],
    }


def _people(session: Session, own: str) -> dict[str, Any]:
    """Whom they asked for help, and the group they said they live in."""
    home = session.get(GridHome, own)
    asked = referrals.of_conversation(session, own)
    return {
        "helpers_asked": [
            {
                "at": one.asked_at.isoformat(),
                "words": one.words,
                "other_party": one.other_party,
                "contact": one.contact,
                "state": REFERRAL_LABELS[one.state],
                "helper": one.helper.called if one.helper else "",
                "note": one.note,
                "rating": one.rating,
            }
            for one in asked
        ],
        "group": home.group_name if home else "",
    }


def case_json(session: Session, case: Case) -> dict[str, Any]:
    """A case with its pictures, though the conversation it came from is gone."""
    photos = session.scalars(select(Photo).where(Photo.case_id == case.id).order_by(Photo.id))
    return {
        **pack(case, place=case.place_id or ""),
        **_shared(session, case),
        "name": case.contact_name,
        "photos": [_photo(p) for p in photos],
    }


def _shared(session: Session, case: Case) -> dict[str, Any]:
    """Which other systems have it, and whether they got the telephone (个人信息保护法 23, 45)."""
    refs = refs_of(session, case)
    told = [{"system": r.system.name, "at": r.at.isoformat(), "phone": bool(r.shares_phone)} for r in refs]
    return {"shared_with": told} if told else {}


def appointment_json(held: Appointment) -> dict[str, str | None]:
    return {
        "when": label(held.opening),
        "where": held.opening.address,
        "status": LABELS[held.status],
        "about": held.summary,
        "name": held.name,
        "phone": held.phone,
        "brings": held.item,
    }


def _file(held: Attachment) -> dict[str, Any]:
    """What an agent sent them."""
    return {"at": held.created_at.isoformat(), "name": held.name, "data": base64.b64encode(held.data).decode()}


def _question(held: DisclosureQuestion | EventQuestion) -> dict[str, Any]:
    """What they asked about something posted, or for a day of open accounts."""
    return {"at": held.asked_at.isoformat(), "text": held.text, "answer": held.answer}


def _signup(held: HearingSignup) -> dict[str, Any]:
    """For a hearing."""
    return {"at": held.at.isoformat(), "code": held.code, "name": held.name, "phone": held.phone, "sex": held.sex}


def _asked(held: DeputyQuestion) -> dict[str, Any]:
    return {"at": held.asked_at.isoformat(), "text": held.text, "answer": held.answer}


def _photo(held: Photo) -> dict[str, Any]:
    jpeg = base64.b64encode(held.jpeg).decode()
    return {"at": held.created_at.isoformat(), "case": held.case_id, "jpeg": jpeg}
