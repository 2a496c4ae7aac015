"""What another system is to be told. The row comes out of the case's own events, and only once nobody can take them
back any more: an outbox written with the event would send what a member of staff undoes ten seconds later. An event is
never lost, for it stays where it is until its row is written, and never doubled, for the row's key is the event's.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from actions.cases import moves
from actions.cases.models import Case, CaseEvent
from actions.cases.status import LABELS, OPEN, CaseStatus
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.exchange.incoming import is_theirs
from actions.exchange.mapping import Profile, profile_of
from actions.exchange.models import Came, ExternalRef, ExternalSystem, Outbox
from actions.storable import row_of
from knowledge.anonymity import identifiers
from knowledge.anonymity.folding import fold
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place, above, below
from knowledge.tables import changed

# After which try one waits how long; five tries reach over an hour and a half, a receiver's usual night of repairs.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
MOST_TRIES = len(WAITS) + 1
_IN_HAND = timedelta(minutes=2)  # whoever took a row and was killed: another takes it again
_A_ROUND = 200
_TOLD = frozenset({CaseStatus.answered, CaseStatus.returned})  # of these the words to the resident are the reply
_PROGRESS = "告知进展"


def send_case(
    session: Session, case: Case, system: ExternalSystem, *, actor: moves.Actor, key: str, now: datetime
) -> ExternalRef:
    """转给: the row to be sent, the number to wait for and what the resident hears, in one transaction. Commits.

    Raises NotAllowed, Conflict.
    """
    if existing := session.scalar(select(ExternalRef).where(*_between(case, system))):
        return existing
    if not system.is_active:
        raise NotAllowed("这个系统停用了。")
    if case.status not in OPEN or case.masked_at is not None:
        raise NotAllowed("这件事已经结束，不用再转。")
    if case.place_id is None or case.place_id not in below(session, system.place_id):
        raise NotAllowed("这个系统不管这个地方的事。")
    ref = ExternalRef(
        system_id=system.id, case_id=case.id, came=Came.outward, at=now, by=actor.name, looked_at=now, agreed_how=""
    )
    session.add(ref)
    try:
        session.flush()
        what = f"转给{system.name}"
        say = f"这件事转给了{system.name}一起办，没有带您的姓名和电话。那边有消息，我在这里告诉您。"
        event = moves.add_event(session, case, what, key=key, actor=actor, now=now, say=say)
        session.flush()
        ref.since_event = event.id
        _put(session, ref, "case", f"ref-{ref.id}-case", order_of(session, ref), now)
        session.commit()
    except IntegrityError:
        session.rollback()
        raise Conflict from None
    return ref


def order_of(session: Session, ref: ExternalRef) -> dict[str, Any]:
    """The case in the other system's words: number, place, category, what, when, spot. Never a name, a conversation or
    the other party; the telephone, and numbers inside the words, only where the resident agreed.
    """
    case, profile = ref.case, profile_of(ref.system.profile)
    own = {
        "number": case.number,
        "place": _place(session, case),
        "category": profile.category_name(case.category),
        "what": case.what if ref.shares_phone else without_numbers(case.what),
        "when": case.when_said or f"{case.filed_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "spot": case.spot if ref.shares_phone else without_numbers(case.spot),
    }
    if ref.shares_phone and case.phone:
        own["phone"] = case.phone
    return {profile.fields[name][0]: value for name, value in own.items() if value}


def without_numbers(text: str) -> str:
    """Telephones, ID and account numbers in somebody's own words, left out."""
    folded, told, at = fold(text), "", 0
    spots = sorted((folded.span(s.start, s.end) for s in identifiers.find(folded)), key=lambda span: span)
    for start, end in spots:
        if start >= at:
            told, at = f"{told}{text[at:start]}（号码略）", end
    return told + text[at:]


def collect(session: Session, now: datetime) -> int:
    """What happened to shared cases becomes rows to be sent; how many. Commits."""
    seen = or_(
        ExternalRef.looked_at.is_(None),
        ExternalRef.looked_at != Case.updated_at,
        ExternalRef.stars.is_distinct_from(Case.satisfaction),
    )
    shared = select(ExternalRef).join(Case).join(ExternalSystem)
    is_sent = (ExternalSystem.is_active, ExternalSystem.url != "", Case.masked_at.is_(None))
    refs = session.scalars(shared.where(seen, *is_sent).order_by(ExternalRef.id).limit(_A_ROUND)).all()
    done = sum(_collect(session, ref, now) for ref in refs)
    try:
        session.commit()
    except IntegrityError:  # another worker wrote the same rows at this moment
        session.rollback()
        return 0
    return done


def _collect(session: Session, ref: ExternalRef, now: datetime) -> int:
    case, done = ref.case, 0
    as_read, held = case.updated_at, False
    for event in case.events:
        if event.id <= ref.since_event or event.undone_at is not None:
            continue
        if event.is_held(now):
            held = True
            break  # and what comes after it, so that the order stays
        done += _tell(session, ref, event, now)
    if case.satisfaction != ref.stars:
        ref.stars = case.satisfaction
        profile = profile_of(ref.system.profile)
        words = {**_numbers(ref, profile), profile.name_of("satisfaction"): case.satisfaction}
        done += _put(session, ref, "rated", f"ref-{ref.id}-stars-{case.satisfaction}", words, now)
    if not held:
        ref.looked_at = as_read
    return done


def _tell(session: Session, ref: ExternalRef, event: CaseEvent, now: datetime) -> int:
    """Where the case stands, and what its resident read; internal notes and what residents said stay here."""
    is_news = event.status_to is not None or (event.what == _PROGRESS and event.say)
    if not is_news or is_theirs(ref.system_id, event.key):
        return 0
    status = event.status_to or ref.case.status
    is_said = event.status_to in _TOLD or event.what == _PROGRESS
    profile = profile_of(ref.system.profile)
    words = {
        **_numbers(ref, profile),
        profile.name_of("status"): profile.status_name(status),
        profile.name_of("reply"): without_numbers(event.note) if is_said else "",
        "at": event.at.isoformat(),
    }
    return _put(session, ref, "status", f"ref-{ref.id}-event-{event.id}", words, now)


def _numbers(ref: ExternalRef, profile: Profile) -> dict[str, Any]:
    """Theirs under their own name for it, ours beside it."""
    return {profile.name_of("number"): ref.number or ref.case.number, "linli_number": ref.case.number}


def _put(session: Session, ref: ExternalRef, event: str, key: str, words: dict[str, Any], now: datetime) -> int:
    if session.scalar(select(Outbox.id).where(Outbox.key == key)) is not None:
        return 0
    session.add(Outbox(ref_id=ref.id, key=key, event=event, payload=words, made_at=now, next_try_at=now))
    return 1


def put_contact(session: Session, ref: ExternalRef, now: datetime) -> None:
    """The telephone follows once its owner agreed. The caller commits."""
    profile = profile_of(ref.system.profile)
    words = {**_numbers(ref, profile), profile.name_of("phone"): ref.case.phone or ""}
    _put(session, ref, "contact", f"ref-{ref.id}-contact", words, now)


def due(session: Session, now: datetime, most: int = 20) -> list[int]:
    """Rows to be sent now, oldest first; of a case only the first that isn't there yet, so that news keep order."""
    before = aliased(Outbox)
    blocked = select(before.id).where(before.ref_id == Outbox.ref_id, before.id < Outbox.id, before.sent_at.is_(None))
    ready = (
        select(Outbox.id)
        .join(ExternalRef, ExternalRef.id == Outbox.ref_id)
        .join(ExternalSystem, ExternalSystem.id == ExternalRef.system_id)
        .where(Outbox.sent_at.is_(None), Outbox.next_try_at <= now, ~blocked.exists())
        .where(ExternalSystem.is_active, ExternalSystem.url != "")
    )
    return list(session.scalars(ready.order_by(Outbox.id).limit(most)))


def claim(session: Session, row_id: int, now: datetime) -> Outbox | None:
    """This try is ours; None: another process has it. Commits."""
    row = row_of(session, Outbox, row_id)
    if row is None:
        return None
    ours = changed(
        session,
        update(Outbox)
        .where(Outbox.id == row_id, Outbox.tries == row.tries, Outbox.sent_at.is_(None), Outbox.next_try_at <= now)
        .values(tries=row.tries + 1, next_try_at=now + _IN_HAND),
    )
    session.commit()
    session.refresh(row)
    return row if ours else None


def note_sent(session: Session, row: Outbox, *, number: str, now: datetime) -> None:
    """They have it. `number`: theirs, where they told it; kept with it, for a message that is sent isn't sent again and
    they tell it only once. Commits.
    """
    row.sent_at, row.next_try_at, row.problem = now, None, ""
    if number and row.ref.number is None:
        with suppress(IntegrityError), session.begin_nested():  # they gave one number twice: the first stays
            row.ref.number = number[:60]
    session.commit()


def note_failed(session: Session, row: Outbox, problem: str, now: datetime) -> None:
    """Tried again after a while, or laid before staff. Commits."""
    row.problem = problem[:300]
    row.next_try_at = now + WAITS[row.tries - 1] if row.tries <= len(WAITS) else None
    session.commit()


def again(session: Session, row_id: int, now: datetime) -> Outbox:
    """再发: as if it had never been tried. Commits. Raises NotFound."""
    row = row_of(session, Outbox, row_id)
    if row is None:
        raise NotFound("没有这一条。")
    stuck = (Outbox.id == row_id, Outbox.sent_at.is_(None), Outbox.next_try_at.is_(None))
    changed(session, update(Outbox).where(*stuck).values(tries=0, next_try_at=now))
    session.commit()
    session.refresh(row)
    return row


def answer_of(ref: ExternalRef, now: datetime) -> dict[str, Any]:
    """Where a shared case stands, for the other system that asks: as the resident knows it by now."""
    case, profile = ref.case, profile_of(ref.system.profile)
    known = [e for e in case.events if e.status_to and e.undone_at is None and not e.is_held(now)]
    status = known[-1].status_to if known and known[-1].status_to else case.status
    told = [e for e in known if e.status_to in _TOLD]
    return {
        **_numbers(ref, profile),
        profile.name_of("status"): profile.status_name(status),
        "status_label": LABELS[status],
        profile.name_of("reply"): without_numbers(told[-1].note) if told else "",
        profile.name_of("satisfaction"): case.satisfaction,
        "updated_at": case.updated_at.isoformat(),
    }


def check_row(session: Session, row_id: int) -> Outbox:
    """Raises NotFound."""
    row = row_of(session, Outbox, row_id)
    if row is None:
        raise NotFound("没有这一条。")
    return row


def _between(case: Case, system: ExternalSystem) -> tuple[Any, Any]:
    return ExternalRef.case_id == case.id, ExternalRef.system_id == system.id


def _place(session: Session, case: Case) -> str:
    rows = [row for place in above(session, case.place_id) if (row := session.get(Place, place)) is not None]
    return "".join(row.name for row in reversed(rows) if row.level is not Level.nation)


def refs_of(session: Session, case: Case) -> list[ExternalRef]:
    return list(session.scalars(select(ExternalRef).where(ExternalRef.case_id == case.id).order_by(ExternalRef.id)))


def check_url(text: str) -> str:
    """Raises InvalidInput for what is no address at all; whether it may be called is asked where it is called."""
    text = text.strip()
    if text and not text.startswith(("https://", "http://")):
        raise InvalidInput("地址要以 https:// 开头。")
    if len(text) > 300:
        raise InvalidInput("地址太长了，最多 300 个字。")
    return text
