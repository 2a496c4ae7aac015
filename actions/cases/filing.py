"""A case filed, once, with its photos."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.calendar.workdays import local
from actions.cases import numbers
from actions.cases.models import Case, CaseCounter, Photo
from actions.cases.moves import RESIDENT, add_event, start_clock
from actions.cases.photos import CleanPhoto
from actions.cases.status import CaseStatus
from actions.errors import InvalidInput
from actions.offices import routing
from actions.offices.models import Team
from actions.outcomes import ActionOutcome
from actions.replies import Button, Effects, Reply, ReplyKind
from actions.storable import storable
from knowledge.clock import SHANGHAI, utc_now
from knowledge.places import Place

MOST_PHOTOS = 6
MOST_PHOTOS_A_DAY = 30  # of a conversation: reports filed one after the other

_LINK_BUTTON = Button("要个链接，换手机也能看", "给我一个查进度的链接")


def file(
    session: Session,
    *,
    request_key: str,
    conversation_id: str | None,
    place: str | None,
    category: str,
    fields: Mapping[str, Any],
    now: datetime,
    message_id: int | None = None,
    is_demo: bool = False,
) -> Case:
    """The case for this wish: a new one, or the one already filed under `request_key`.

    fields: what, spot, when_said, other_party, wish, is_anonymous, contact_name, phone, green (list).
    """
    found = session.scalar(select(Case).where(Case.request_key == request_key))
    if found:
        return found
    fields = {k: storable(v) if isinstance(v, str) else v for k, v in fields.items()}
    if len(fields.get("phone") or "") > 30 or len(fields.get("contact_name") or "") > 40:
        raise InvalidInput("电话或者称呼太长了，请改短一点。")
    case = _case(
        session, request_key=request_key, place=place, category=category, fields=fields, now=now, is_demo=is_demo
    )
    case.conversation_id = conversation_id
    session.add(case)
    try:
        session.flush()
        _note_filed(session, case, now)
        if conversation_id:
            _take_photos(session, case, conversation_id)
        if message_id is not None:
            session.add(ActionOutcome(message_id=message_id, replies=[filed_reply(session, case).as_custom()]))
        session.commit()
    except IntegrityError:
        session.rollback()
        found = session.scalar(select(Case).where(Case.request_key == request_key))
        if found is None:
            raise
        return found
    return case


def _case(
    session: Session,
    *,
    request_key: str,
    place: str | None,
    category: str,
    fields: Mapping[str, Any],
    now: datetime,
    is_demo: bool,
) -> Case:
    """A new case with its number, its team and its clock."""
    day = now.astimezone(SHANGHAI).date()
    case = Case(
        number=numbers.make(day, _next_counter(session, day)),
        request_key=request_key,
        place_id=place,
        category=storable(category, 20),
        filed_at=now,
        updated_at=now,
        is_demo=is_demo,
        **fields,
    )
    team = routing.team_for(session, category=category, place=place, text=case.what)
    case.team_id = team.id if team else None
    start_clock(session, case, now)
    return case


def _note_filed(session: Session, case: Case, now: datetime) -> None:
    team = session.get(Team, case.team_id) if case.team_id else None
    note = f"转到{team.name}" if team else "没有规则接手，要人来分"
    key = f"case-{case.id}-filed"
    add_event(session, case, "登记", key=key, actor=RESIDENT, to=CaseStatus.filed, now=now, note=note)


def _take_photos(session: Session, case: Case, conversation_id: str) -> None:
    """The pictures of this conversation that waited for the report."""
    waiting = (Photo.conversation_id == conversation_id, Photo.case_id.is_(None))
    session.execute(update(Photo).where(*waiting).values(case_id=case.id))


def _next_counter(session: Session, day: date) -> int:
    """Unique also among parallel requests: one statement on both databases."""
    insert = (
        (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite)
        .insert(CaseCounter)
        .values(day=day, value=1)
    )
    return int(
        session.scalar(
            insert.on_conflict_do_update(
                index_elements=[CaseCounter.day], set_={"value": CaseCounter.value + 1}
            ).returning(CaseCounter.value)
        )
        or 1
    )


def count_photos(session: Session, conversation_id: str) -> int:
    """Sent by the resident and of no case yet: those that go with the next one."""
    waiting = select(func.count()).select_from(Photo)
    return session.scalar(waiting.where(Photo.conversation_id == conversation_id, Photo.case_id.is_(None))) or 0


def attach_photo(session: Session, conversation_id: str, photo: CleanPhoto) -> int:
    """How many pictures wait for the report. The same picture twice is one. Raises InvalidInput beyond MOST_PHOTOS."""
    if session.scalar(select(Photo.id).where(Photo.conversation_id == conversation_id, Photo.sha256 == photo.sha256)):
        return count_photos(session, conversation_id)
    if count_photos(session, conversation_id) >= MOST_PHOTOS:
        raise InvalidInput(f"最多发 {MOST_PHOTOS} 张照片。")
    today = (Photo.conversation_id == conversation_id, Photo.created_at > utc_now() - timedelta(days=1))
    if (session.scalar(select(func.count()).select_from(Photo).where(*today)) or 0) >= MOST_PHOTOS_A_DAY:
        raise InvalidInput(f"一天最多发 {MOST_PHOTOS_A_DAY} 张照片，请明天再发，或者送到村委会。文字可以照常发。")
    session.add(Photo(conversation_id=conversation_id, sha256=photo.sha256, jpeg=photo.jpeg))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
    return count_photos(session, conversation_id)


def filed_reply(session: Session, case: Case) -> Reply:
    place = session.get(Place, case.place_id) if case.place_id else None
    number = numbers.spoken(case.number)
    text = f"登记好了，编号 {f'{place.name} ' if place else ''}{number}，请记一下。"
    if case.green:
        text += "您的情况可以优先办，我已经标上了。"
    due = f"按规定最晚 {local(case.due_at)} 前给您答复" if case.due_at else "受理后会给您答复"
    sure = "" if case.due_is_confirmed else "（那一年的放假安排还没公布，到时候可能会差一两天）"
    how = "报编号和手机号后四位，或者" if case.phone else ""
    return Reply(
        ReplyKind.case,
        text,
        next=f"{due}{sure}。有进展我在这里告诉您；想问进度，说“我那事咋样了”就行。"
        f"换了地方问，{how}先在这里要一个链接。",
        buttons=(_LINK_BUTTON,),
        case=number,
        effects=Effects(is_green=bool(case.green)),
    )


def spoken_number(case: Case) -> str:
    return numbers.spoken(case.number)
