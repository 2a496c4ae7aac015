"""What another system tells us: an order that becomes a case, how far it is there."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.cases import filing, moves, numbers
from actions.cases.models import Case
from actions.cases.status import LABELS, OPEN, CaseStatus
from actions.errors import InvalidInput, NotFound
from actions.exchange.mapping import Order, profile_of
from actions.exchange.models import Came, ExternalRef, ExternalSystem
from actions.storable import storable
from knowledge.documents.topics import TOPICS
from knowledge.places import Place, below, names_of

HEARD = frozenset(
    {
        CaseStatus.accepted,
        CaseStatus.assigned,
        CaseStatus.in_progress,
        CaseStatus.answered,
        CaseStatus.closed,
        CaseStatus.returned,
    }
)
_ENDS = frozenset({CaseStatus.answered, CaseStatus.closed})
_MOST_REPLY = 1000  # characters that a resident is shown
_FROM = "ext"  # begins the key of an event that another system caused; it isn't told back to it


@dataclass(frozen=True)
class Taken:
    ref: ExternalRef
    case: Case
    is_new: bool


def take(session: Session, system: ExternalSystem, order: Order, *, now: datetime) -> Taken:
    """The case of this order: a new one, or the one that its number made before. Commits.

    The telephone comes along: whoever called that system gave it for this. Raises InvalidInput.
    """
    if found := ref_of(session, system, order.number):
        return Taken(found, found.case, is_new=False)
    place, spot = _place_of(session, system, order)
    phone = order.phone.replace(" ", "")
    case = filing.file(
        session,
        request_key=f"{_FROM}-{system.id}-{_digest(order.number)}",
        conversation_id=None,
        place=place,
        category=profile_of(system.profile).category_of(order.category, TOPICS),
        fields={"what": order.what, "spot": spot, "when_said": order.when, "phone": phone or None},
        now=now,
    )
    ref = ExternalRef(
        system_id=system.id,
        case_id=case.id,
        came=Came.inward,
        number=order.number,
        at=now,
        by=system.name,
        shares_phone=True if phone else None,
        agreed_how=f"{system.name}的工单里就有" if phone else "",
    )
    session.add(ref)
    what = f"{system.name}转来，对方编号 {order.number}"[:60]
    moves.add_event(session, case, what, key=f"{_FROM}-{system.id}-{case.id}-came", actor=_who(system), now=now)
    try:
        session.commit()
    except IntegrityError:  # sent twice at once: the other one's row stands
        session.rollback()
        if (found := ref_of(session, system, order.number)) is None:
            raise
        return Taken(found, found.case, is_new=False)
    return Taken(ref, case, is_new=True)


def hear(
    session: Session,
    system: ExternalSystem,
    number: str,
    *,
    status: CaseStatus,
    reply: str,
    key: str,
    now: datetime,
) -> ExternalRef:
    """Where it stands there, in words for the resident; once for each `key`. Commits.

    A case is never closed by it: at most it is answered, and then the resident says whether that settles it. Where our
    own unit isn't through with it, staff look first. Raises NotFound, InvalidInput.
    """
    ref = ref_of(session, system, number) or _by_ours(session, system, number)
    if ref is None:
        raise NotFound("没有这个编号的事，或者不是您这个系统转来的。")
    if status not in HEARD:
        raise InvalidInput(f"“{LABELS[status]}”不能从外面改，只收受理、交办、办理中、答复、办结、退回。")
    reply = storable(reply).strip()[:_MOST_REPLY]
    if status in _ENDS | {CaseStatus.returned} and not reply:
        raise InvalidInput("答复、办结、退回要写明怎么办的、为什么，居民会看到。")
    case, event_key = ref.case, f"{_FROM}-{system.id}-{ref.id}-{_digest(key)}"
    if moves.is_done(session, event_key):
        return ref
    ref.said, ref.said_at = status.value, now
    who, what = _who(system), f"{system.name[:40]}：{LABELS[status][:18]}"
    if status in _ENDS and case.status is CaseStatus.in_progress:
        moves.move(session, case.id, CaseStatus.answered, actor=who, key=event_key, now=now, note=reply)
        return ref
    say = _said(system, status, reply) if case.status in OPEN else None
    moves.add_event(session, case, what, key=event_key, actor=who, now=now, note=reply, say=say)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()  # the same news twice at once; the first stands
    return ref


def is_theirs(system_id: int, event_key: str) -> bool:
    """Whether this system itself caused the event."""
    return event_key.startswith(f"{_FROM}-{system_id}-")


def ref_of(session: Session, system: ExternalSystem, number: str) -> ExternalRef | None:
    own = select(ExternalRef).where(ExternalRef.system_id == system.id, ExternalRef.number == storable(number, 60))
    return session.scalar(own)


def find(session: Session, system: ExternalSystem, number: str) -> ExternalRef:
    """By their number, else by ours. Raises NotFound."""
    found = ref_of(session, system, number) or _by_ours(session, system, number)
    if found is None:
        raise NotFound("没有这个编号的事，或者不是您这个系统转来的。")
    return found


def _by_ours(session: Session, system: ExternalSystem, number: str) -> ExternalRef | None:
    digits, fits = numbers.find(number)
    if not digits or not fits:
        return None
    own = select(ExternalRef).join(Case).where(ExternalRef.system_id == system.id, Case.number == digits)
    return session.scalar(own)


def _place_of(session: Session, system: ExternalSystem, order: Order) -> tuple[str, str]:
    """The village, township or county that the order names inside the system's own, the longest name first, and the
    spot. What can't be found stays in the words, and the case is filed at the system's place, where a person looks.
    """
    inside = [row for one in below(session, system.place_id) if (row := session.get(Place, one)) is not None]
    named = f"{order.place}{order.spot}"
    parents = {row.id: row for row in inside}
    found = [
        (len(name), row.id)
        for row in inside
        for name in [*names_of(row, parents.get(row.parent_id or "")), row.id]
        if len(name) >= 2 and (name in named if name != row.id else name == order.place)
    ]
    best = max(found, default=(0, system.place_id))
    if len({place for size, place in found if size == best[0]}) > 1:  # two villages of one name
        best = (0, system.place_id)
    spot = order.spot if best[0] or not order.place else f"{order.place} {order.spot}".strip()
    return best[1], spot[:200]


def _said(system: ExternalSystem, status: CaseStatus, reply: str) -> str:
    name, told = system.name, reply.rstrip("。！ ")
    if status is CaseStatus.returned:
        return f"您的事转给了{name}，他们退回来了，说：{told}。我们接着找该管的人，有进展告诉您。"
    if status in _ENDS:
        return f"{name}说您的事办了：{told}。我们核对以后，再来问您算不算解决。"
    said = "已经受理了" if status is CaseStatus.accepted else "正在办"
    return f"您的事，{name}{said}。{reply}".strip()


def _who(system: ExternalSystem) -> moves.Actor:
    return moves.Actor("system", system.name)


def _digest(text: str) -> str:
    """Of what may be longer than a key."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
