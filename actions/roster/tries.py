"""Wrong codes are counted, and soon nobody tries any more.

Five of one asker lock that asker for a day. Twenty in an hour that could be codes put the village on its guard for an
hour, and the clerk is told: until then each asker has two tries, so whoever types their own code rightly is let in.
(A lock for all let anybody, with twenty wrong codes an hour, keep a whole village from voting: red team of 2 December
2026.) What fails by its check character is a slip of the pen and tells a guesser nothing. A new asker comes 60 times a
minute from one address at most (`bot/web/resident/widget.py`); two guesses each, at 45 bits, find one of a thousand
slips in about 550 years.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from actions.roster.models import SlipTry
from knowledge.clock import SHANGHAI
from knowledge.tables import changed


@dataclass(frozen=True)
class _Limit:
    most: int
    within: timedelta
    locked_for: timedelta


ASKER = _Limit(5, timedelta(days=1), timedelta(days=1))
ON_GUARD = 2  # tries of one asker while the village is on its guard
VILLAGE = _Limit(20, timedelta(hours=1), timedelta(hours=1))


@dataclass(frozen=True)
class Charge:
    """A try that counts as wrong until `refund`: of two at one moment both count, and the writers queue here."""

    keys: tuple[tuple[str, _Limit], ...]
    left: int  # tries that the asker still has if this one is wrong
    more: str  # when there are more after the last one


def charge(session: Session, *, asker: str, place: str, is_guess: bool, now: datetime) -> Charge:
    """`is_guess`: it could be a code. Raises InvalidInput for who has tried too often."""
    until, counted = locked_until(session, place, now), 0
    if until is not None and _wrong(session, asker, now) >= ON_GUARD:
        raise InvalidInput(
            f"这一阵试错的码太多，您{_says(until, now)}以后再试。着急就找网格员或者村委会；纸上的票、当面说都照常算。"
        )
    keys = [(f"a:{asker}", ASKER)]
    if is_guess and until is None:
        keys.append((f"p:{place}", VILLAGE))
    for key, limit in keys:
        count = _count(session, key, limit, now)
        if count is None:
            raise InvalidInput(
                "试错的次数太多，今天先不能再试了，明天这个时候再来。着急的话找网格员或者村委会，当面也能登记。"
                if limit is ASKER
                else "这一阵试错的码太多，请再交一次。"
            )
        counted = counted or count
    most = ASKER.most if until is None else ON_GUARD
    return Charge(tuple(keys), max(0, most - counted), "明天这个时候" if until is None else f"{_says(until, now)}以后")


def _wrong(session: Session, asker: str, now: datetime) -> int:
    """Within the day."""
    own = select(SlipTry.wrong).where(SlipTry.key == f"a:{asker}", SlipTry.since > now - ASKER.within)
    return session.scalar(own) or 0


def lock_if_full(session: Session, charged: Charge, now: datetime) -> None:
    """The charge stands: it was wrong. The last one that is allowed locks."""
    for key, limit in charged.keys:
        full = update(SlipTry).where(SlipTry.key == key, SlipTry.wrong >= limit.most)
        session.execute(full.values(wrong=0, since=now, locked_until=now + limit.locked_for))


def refund(session: Session, charged: Charge) -> None:
    """Whoever asks keeps what they tried wrongly before: a code of one's own, used in between, gives no more tries."""
    for key, _ in charged.keys:
        session.execute(update(SlipTry).where(SlipTry.key == key, SlipTry.wrong > 0).values(wrong=SlipTry.wrong - 1))


def locked_until(session: Session, place: str, now: datetime) -> datetime | None:
    """Until when the village is on its guard; None: it isn't."""
    until = session.scalar(select(SlipTry.locked_until).where(SlipTry.key == f"p:{place}"))
    return until if until is not None and until > now else None


def locked(session: Session, places: Collection[str], now: datetime) -> dict[str, datetime]:
    """The villages among these that are on their guard, and until when."""
    rows = select(SlipTry.key, SlipTry.locked_until).where(SlipTry.key.startswith("p:"), SlipTry.locked_until > now)
    found = {key.removeprefix("p:"): until for key, until in session.execute(rows) if until}
    return {place: found[place] for place in places if place in found}


def sweep(session: Session, now: datetime) -> int:
    """Tries that say nothing any more; the caller commits."""
    is_free = or_(SlipTry.locked_until.is_(None), SlipTry.locked_until <= now)
    return changed(session, delete(SlipTry).where(SlipTry.since < now - ASKER.within, is_free))


def _count(session: Session, key: str, limit: _Limit, now: datetime) -> int | None:
    """How many with this one; None, and not counted, where it is locked."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    is_old = SlipTry.since <= now - limit.within
    again = insert(SlipTry).values(key=key, wrong=1, since=now)
    again = again.on_conflict_do_update(
        index_elements=[SlipTry.key],
        set_={
            "wrong": case((is_old, 1), else_=SlipTry.wrong + 1),
            "since": case((is_old, now), else_=SlipTry.since),
            "locked_until": None,
        },
        where=or_(SlipTry.locked_until.is_(None), SlipTry.locked_until <= now),
    )
    return session.scalar(again.returning(SlipTry.wrong))


def _says(until: datetime, now: datetime) -> str:
    local, today = until.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    return f"{'' if local.date() == today else '明天'}{local:%H:%M}"


def forget(session: Session, asker: str) -> None:
    """The caller commits."""
    session.execute(delete(SlipTry).where(SlipTry.key == f"a:{asker}"))
