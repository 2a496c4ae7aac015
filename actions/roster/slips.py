"""A paper slip is used: whoever holds it speaks with a voice that counts, from one telephone.

What somebody types is charged before it is looked up (`tries.py`), in the same transaction: whoever calls commits also
when the answer is an error.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.persons import threads_of
from actions.roster import codes, tries, voiding
from actions.roster.models import How, Participant, ParticipantThread, Sex, Slip, Why
from actions.storable import storable
from knowledge.clock import SHANGHAI
from knowledge.tables import changed

MOST_ASKER = 64
_SAYS_SO_WITHIN = timedelta(days=7)  # after the same paper came a second time
_ON_PAPER = "参与码是 10 位，只有字母和数字，不分大小写"
TAKEN = "这个码已经登记在另一部手机上了。是您家里人用的，就不用再来；不是，马上说“码被人用了”，村里会作废换新的。"


class UsedByAnother(InvalidInput):
    """A right code, registered elsewhere; whoever asked may say that it was taken from them (`report_taken`)."""

    message_zh = TAKEN


def use(session: Session, *, asker: str, place: str, code: str, now: datetime) -> Participant:
    """The participant whose slip it is, from now on speaking through this asker. The same asker may send it again.

    Raises InvalidInput with a sentence for the resident; the caller commits also then.
    """
    asker = _known_asker(asker)
    written = codes.read(code)
    is_guess = codes.is_well_formed(written)
    charged = tries.charge(session, asker=asker, place=place, is_guess=is_guess, now=now)
    slip = session.get(Slip, codes.digest(place, written), populate_existing=True) if is_guess else None
    if slip is None:
        tries.lock_if_full(session, charged, now)
        raise InvalidInput(_not_found(written, is_guess, charged))
    tries.refund(session, charged)
    _check_good(slip, now)
    if slip.used_at is None:
        _check_free(session, slip, asker, now)
        if _is_first(session, slip, now):
            return _bind(session, slip, asker, now)
    return _again(session, slip, asker, now)


def participant_of(session: Session, *, asker: str, place: str, now: datetime) -> Participant | None:
    """Who speaks here with a voice that counts, or did in a conversation that its resident joined to this one."""
    for thread in threads_of(session, storable(asker)):
        found = _spoken_for(session, thread, place)
        if found is not None and is_verified(found, now):
            return found
    return None


def is_verified(participant: Participant, now: datetime) -> bool:
    """Its slip was used, hasn't ended, and wasn't taken back."""
    return participant.revoked_at is None and participant.ends_on is not None and _day(now) <= participant.ends_on


def report_taken(session: Session, *, asker: str, place: str, now: datetime) -> str:
    """ "码被人用了": the voice that the other one has ends at once, the village prints another slip. What to say.

    Raises InvalidInput where no code of this asker's was found in use elsewhere; the caller commits.
    """
    asker = _known_asker(asker)
    recent = Slip.contested_at > now - _SAYS_SO_WITHIN
    mine = select(Slip).where(Slip.contested_by == asker, recent, Slip.revoked_at.is_(None))
    for slip in session.scalars(mine):
        if slip.participant.place_id == place:
            voiding.end(session, slip.participant, Why.stolen, now=now)
            return (
                "这个码和用它登记的那部手机，现在都作废了，那边投的也不算。"
                "村里会给您换一张新的，网格员送到家；等不及就去村委会，当面领。"
            )
    raise InvalidInput("请先把纸条上的码发给我，我看看它登记在哪里。")


def tell_sex(session: Session, participant: Participant, sex: Sex | None) -> None:
    """Asked once, and nobody has to say; the caller commits."""
    participant.sex = sex


def forget(session: Session, asker: str) -> None:
    """At their own wish: nothing leads from this conversation or browser to a slip any more. Who speaks nowhere else
    has no row either; a new slip makes a new one. Votes are taken back before. The caller commits.
    """
    for participant_id in _leave(session, asker):
        session.execute(delete(Participant).where(Participant.id == participant_id))
    session.flush()
    session.expire_all()


def let_go(session: Session, asker: str) -> None:
    """The conversation was kept for long enough: who speaks nowhere else may use the same paper again as long as it is
    good. The caller commits.
    """
    for participant_id in _leave(session, asker):
        empty = update(Participant).where(Participant.id == participant_id)
        session.execute(empty.values(verified_at=None, verified_by="", how=None, ends_on=None, sex=None))
        free = update(Slip).where(Slip.participant_id == participant_id, Slip.revoked_at.is_(None))
        session.execute(free.values(used_at=None))
    session.flush()
    session.expire_all()


def _leave(session: Session, asker: str) -> list[int]:
    """Whom nobody speaks for any more."""
    of_them = select(ParticipantThread.participant_id).where(ParticipantThread.asker == asker)
    spoken = set(session.scalars(of_them))
    session.execute(delete(ParticipantThread).where(ParticipantThread.asker == asker))
    own = update(Slip).where(Slip.contested_by == asker)
    session.execute(own.values(contested_by=None, contested_at=None))
    tries.forget(session, asker)
    elsewhere = select(ParticipantThread.participant_id).where(ParticipantThread.participant_id.in_(spoken))
    return sorted(spoken - set(session.scalars(elsewhere)))


def _known_asker(asker: str) -> str:
    """Raises InvalidInput: a browser may send back any cookie."""
    if not asker or len(asker) > MOST_ASKER or storable(asker) != asker:
        raise InvalidInput("这个页面认不出您的浏览器了，请刷新后再试。")
    return asker


def _check_good(slip: Slip, now: datetime) -> None:
    if slip.revoked_at is not None or slip.participant.revoked_at is not None:
        raise InvalidInput("这张纸条已经作废了，村里换过新的。请用新纸条上的码；没拿到就问问网格员或者村委会。")
    if _day(now) > slip.ends_on:
        ended = f"{slip.ends_on.year}年{slip.ends_on.month}月{slip.ends_on.day}日"
        raise InvalidInput(f"这张纸条用到 {ended}，已经过期了。新的一年村里会发新的，没拿到就问问网格员。")


def _is_first(session: Session, slip: Slip, now: datetime) -> bool:
    """Of two at one moment, one. False, too, for who speaks already from elsewhere with this very slip."""
    unused = update(Slip).where(Slip.code_hash == slip.code_hash, Slip.used_at.is_(None), Slip.revoked_at.is_(None))
    if changed(session, unused.values(used_at=now), synchronize=False) == 1:
        return True
    session.refresh(slip)
    _check_good(slip, now)
    return False


def _again(session: Session, slip: Slip, asker: str, now: datetime) -> Participant:
    """Raises UsedByAnother unless it is the same person: this asker, or one that they joined to it."""
    for thread in threads_of(session, asker):
        found = _spoken_for(session, thread, slip.participant.place_id)
        if found is not None and found.id == slip.participant_id:
            _speak_here(session, found, asker, now)
            return found
    slip.contested_by, slip.contested_at = asker, now
    session.flush()
    raise UsedByAnother


def _check_free(session: Session, slip: Slip, asker: str, now: datetime) -> None:
    """Raises InvalidInput where this asker speaks for somebody else already."""
    for thread in threads_of(session, asker):
        other = _spoken_for(session, thread, slip.participant.place_id)
        if other is not None and other.id != slip.participant_id and is_verified(other, now):
            raise InvalidInput(
                "这里已经登记过一个参与码了，一部手机只登记一个人。"
                "家里别人的码，请在他自己的手机上用；不用手机的，可以投纸票，或者请网格员上门帮忙。"
            )


def _bind(session: Session, slip: Slip, asker: str, now: datetime) -> Participant:
    """Whoever used an older slip of this participant no longer speaks for them."""
    participant = slip.participant
    others = delete(ParticipantThread).where(ParticipantThread.participant_id == participant.id)
    session.execute(others.where(ParticipantThread.asker.not_in(threads_of(session, asker))))
    participant.verified_at, participant.verified_by = now, slip.handed_by
    participant.how, participant.ends_on = slip.how or How.slip, slip.ends_on
    session.flush()
    _speak_here(session, participant, asker, now)
    session.refresh(slip)
    return participant


def _speak_here(session: Session, participant: Participant, asker: str, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    here = {"participant_id": participant.id, "bound_at": now}
    row = insert(ParticipantThread).values(asker=asker, place_id=participant.place_id, **here)
    session.execute(row.on_conflict_do_update(index_elements=["asker", "place_id"], set_=here))


def _spoken_for(session: Session, asker: str, place: str) -> Participant | None:
    thread = session.get(ParticipantThread, (asker, place), populate_existing=True)
    return session.get(Participant, thread.participant_id) if thread is not None else None


def _not_found(written: str, is_guess: bool, charged: tries.Charge) -> str:
    if is_guess:
        said = "这个码没有对上。请照纸条一个一个再看一遍，也看看是不是咱村的纸条。"
    elif len(written) != codes.LENGTH:
        said = f"{_ON_PAPER}，您发来的是 {len(written)} 位。请照纸条再看一遍。"
    else:
        said = f"{_ON_PAPER}，没有 0 和 1，也没有 O 和 I。您发来的里面有写错的，请照纸条一个一个再看一遍。"
    if charged.left == 0:
        return f"{said}现在先不能再试了，{charged.more}再来；着急就找网格员或者村委会。"
    return f"{said}还可以试 {charged.left} 次。"


def _day(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
