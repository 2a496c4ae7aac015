"""A slip or a voice ends before its time: lost, taken by another, moved away. What a clerk asks for, another allows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.roster.models import (
    Household,
    Participant,
    ParticipantThread,
    Slip,
    SlipRequest,
    Why,
    Wish,
)
from actions.storable import row_of
from knowledge.tables import changed

WISH_LABELS = {
    Wish.lost: "纸条丢了，换一张（投过的还算，登记的手机不变）",
    Wish.phone: "纸条和手机都丢了，换一张（投过的还算，旧手机不能再用）",
    Wish.stolen: "码被别人用了，作废换新（那边投的不算）",
    Wish.gone: "人搬走了、去世了，作废（还没公布结果的，投的不算）",
    Wish.call: "人在外地，打电话念给他",
    Wish.close: "整户搬走了，注销这一户",
}
_VOICE_ENDS = frozenset({Why.stolen, Why.gone})


@dataclass(frozen=True)
class Wisher:
    """Who of the staff asks or decides."""

    id: int
    name: str


def end(session: Session, participant: Participant, why: Why, *, now: datetime) -> None:
    """`stolen` and `gone` end the voice, `phone` the way to it, `lost` the paper only. The caller commits."""
    slips = update(Slip).where(Slip.participant_id == participant.id, Slip.revoked_at.is_(None))
    session.execute(slips.values(revoked_at=now, why=why))
    if why is not Why.lost:
        session.execute(delete(ParticipantThread).where(ParticipantThread.participant_id == participant.id))
        participant.ends_on = None
    if why in _VOICE_ENDS:
        participant.revoked_at = now
    if why is Why.gone and participant.person_no > 0:
        adults = update(Household).where(Household.id == participant.household_id, Household.adults > 0)
        session.execute(adults.values(adults=Household.adults - 1))
    session.flush()


def revoked(session: Session, place: str, since: datetime | None = None) -> list[int]:
    """Participants whose voice was taken back, for those who count votes: theirs are none. `since`: after this time."""
    of_place = select(Participant.id).where(Participant.place_id == place, Participant.revoked_at.is_not(None))
    return list(session.scalars(of_place.where(Participant.revoked_at > since) if since else of_place))


def ask(
    session: Session,
    *,
    household: Household,
    participant: Participant | None,
    wish: Wish,
    by: Wisher,
    now: datetime,
) -> SlipRequest:
    """Something that another has to allow; `participant` is None where the whole household goes. Raises InvalidInput,
    Conflict where the same is asked already; the caller commits.
    """
    if (participant is None) != (wish is Wish.close) or (participant and participant.household_id != household.id):
        raise InvalidInput("请选要作废的是哪一个人的码，还是整户。")
    if participant is not None and participant.revoked_at is not None:
        raise Conflict("这个人的码已经作废了，请刷新后再看。")
    waits_for = f"p:{participant.id}" if participant else f"h:{household.id}"
    if session.scalar(select(SlipRequest.id).where(SlipRequest.waits_for == waits_for)) is not None:
        raise Conflict("这一件已经有人提出来了，正等监督委员确认。")
    wished = SlipRequest(
        place_id=household.place_id,
        household_id=household.id,
        participant_id=participant.id if participant else None,
        wish=wish,
        waits_for=waits_for,
        by_id=by.id,
        by=by.name,
        at=now,
        decided_by="",
        is_granted=False,
    )
    session.add(wished)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Conflict("刚刚有人也提了这一件，请刷新后再看。") from None
    return wished


def get(session: Session, request_id: int | None) -> SlipRequest:
    """Raises NotFound."""
    found = row_of(session, SlipRequest, request_id or 0)
    if found is None:
        raise NotFound("没有找到这一件。")
    return found


def decide(session: Session, wished: SlipRequest, *, grants: bool, by: Wisher, now: datetime) -> None:
    """Allowed or not, once. That `by` may, and isn't the one who asked, is seen to by whoever calls. A new code for
    `call` is made by `printing.by_telephone`. Raises Conflict; the caller commits.
    """
    open_one = update(SlipRequest).where(SlipRequest.id == wished.id, SlipRequest.decided_at.is_(None))
    values = {"decided_at": now, "decided_by": by.name, "is_granted": grants, "waits_for": None}
    if changed(session, open_one.values(values)) != 1:
        raise Conflict("这一件刚刚有人办过了，请刷新后再看。")
    session.refresh(wished)
    if not grants or wished.wish is Wish.call:
        return
    if wished.participant is not None:
        if wished.participant.revoked_at is not None:
            raise Conflict("这个人的码已经作废了，请刷新后再看。")
        end(session, wished.participant, Why(wished.wish.value), now=now)
        return
    _close(session, wished.household, now)


def waiting(session: Session, places: Collection[str]) -> list[SlipRequest]:
    open_ones = select(SlipRequest).where(SlipRequest.place_id.in_(places), SlipRequest.decided_at.is_(None))
    return list(session.scalars(open_ones.order_by(SlipRequest.id)))


def without_paper(session: Session, places: Collection[str]) -> list[Household]:
    """Active households where a voice was ended as taken by another, and where fewer hold a slip than may."""
    stolen = (
        select(Participant.household_id)
        .join(Slip, Slip.participant_id == Participant.id)
        .where(Participant.place_id.in_(places), Slip.why == Why.stolen)
    )
    homes = select(Household).where(Household.id.in_(stolen), Household.is_active).order_by(Household.code)
    return [home for home in session.scalars(homes) if _held(session, home) < max(1, home.adults)]


def _held(session: Session, household: Household) -> int:
    good = select(func.count()).select_from(Slip).join(Participant, Participant.id == Slip.participant_id)
    return session.scalar(good.where(Participant.household_id == household.id, Slip.revoked_at.is_(None))) or 0


def _close(session: Session, household: Household, now: datetime) -> None:
    household.is_active = False
    people = select(Participant).where(Participant.household_id == household.id, Participant.revoked_at.is_(None))
    for participant in session.scalars(people).all():
        end(session, participant, Why.gone, now=now)
