"""A case or an appointment without what people said in it: the bare record stays, with the reason why.

Number, category, place, unit, dates and the rating stay: the county counts by them, and nobody is told by them.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment
from actions.cases.models import Case, CaseLink, Photo
from actions.cases.moves import CLOCK, add_event
from actions.checkup.models import OfficialCase
from actions.exchange.models import ExternalRef, Outbox
from actions.joint.models import JointTask

EXPIRED, ASKED = "超过保存期", "应本人要求"


def mask_case(session: Session, case: Case, *, why: str, now: datetime) -> None:
    """The caller commits, and sees to it that nobody works on the case any more."""
    gone = f"（内容已删除：{why}）"
    case.what, case.spot, case.when_said, case.other_party, case.wish = gone, "", "", "", ""
    case.contact_name, case.phone, case.green = None, None, []
    case.conversation_id, case.request_key, case.masked_at = None, f"cut:{case.id}", now
    for event in case.events:
        event.note, event.say, event.buttons = "", None, []
        if "-consent-" in event.key:  # it begins with a name
            event.what = "当事人不同意调解" if event.key.rsplit("-", 2)[-2] == "no" else "当事人同意调解"
    for unit in case.units:
        unit.reason, unit.result = "", None
    _mask_mediation(case)
    _mask_shared(session, case)
    for table in (Photo, CaseLink):
        session.execute(delete(table).where(table.case_id == case.id))
    own = update(OfficialCase).where(OfficialCase.case_id == case.id)
    session.execute(own.values(missing=[], last_day=None))
    add_event(session, case, "内容已删除", key=f"case-{case.id}-masked", actor=CLOCK, now=now, note=why)


def _mask_shared(session: Session, case: Case) -> None:
    """What other systems were told, what units took home: the rows stay, the words go; what wasn't sent never is."""
    own = select(ExternalRef.id).where(ExternalRef.case_id == case.id)
    session.execute(delete(Outbox).where(Outbox.ref_id.in_(own), Outbox.sent_at.is_(None)))
    session.execute(update(Outbox).where(Outbox.ref_id.in_(own)).values(payload={}))
    session.execute(update(ExternalRef).where(ExternalRef.case_id == case.id).values(shares_phone=None, agreed_how=""))
    session.execute(update(JointTask).where(JointTask.case_id == case.id).values(what="（内容已删除）", result=""))


def _mask_mediation(case: Case) -> None:
    held = case.mediation
    if held is not None:
        held.parties = [{"name": "", "consent": party.get("consent")} for party in held.parties]
        held.sessions = [{"at": one.get("at"), "place": "", "note": ""} for one in held.sessions]
        held.facts, held.terms, held.method = "", "", ""


def mask_party(case: Case, number: int) -> None:
    """One party of a mediation; the case and the others stay as they are."""
    assert case.mediation
    parties = [dict(party) for party in case.mediation.parties]
    parties[number] = {"name": "", "consent": parties[number].get("consent")}
    case.mediation.parties = parties


def mask_appointment(held: Appointment, *, why: str, now: datetime) -> None:
    held.name, held.phone, held.private_note, held.say = "", None, "", None
    held.item, held.code = "", None
    held.summary = f"（内容已删除：{why}）"
    held.conversation_id, held.request_key, held.seat_key, held.masked_at = None, f"cut:{held.id}", None, now
