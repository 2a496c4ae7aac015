"""A county with two villages and people who help, for tests."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.helpers import referrals, roster
from actions.helpers.models import Helper, Referral
from actions.helpers.roster import Entry
from knowledge.places import Level, Place

PLACE, OTHER = "lijiagou", "shiqiao"
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)  # a Tuesday, 10 o'clock in Shanghai
TODAY = date(2026, 12, 1)
LEASE = "租地合同看不懂，想找个懂法的帮我看看"
QUARREL = "和隔壁为了院墙吵了半年，想请人说和"
_EMPTY = Entry(
    name="李建国",
    called="李老师",
    phone="13800001111",
    organisation="",
    kinds=("legal_aware",),
    subjects=("contract", "land"),
    hours="晚饭后",
    dialects="",
    public=("hours",),
    villages=(),
)


def places(session: Session) -> None:
    for number, (place, level) in enumerate(
        (("qinghe", Level.county), ("liuhe", Level.township), (PLACE, Level.village), (OTHER, Level.village))
    ):
        parent = (None, "qinghe", "liuhe", "liuhe")[number]
        name = ("清禾县", "柳河镇", "李家沟村", "石桥村")[number]
        session.add(Place(id=place, name=name, level=level, parent_id=parent))
        session.flush()
    session.commit()


def entry(**fields: Any) -> Entry:
    return replace(_EMPTY, **fields)


def agreed(session: Session, *, place: str = PLACE, on: date = TODAY, **fields: Any) -> Helper:
    """Somebody who signed."""
    helper = roster.add(session, place, entry(**fields), now=NOW)
    roster.consent(session, helper, how="paper", on=on, by="文书小李", now=NOW)
    session.commit()
    return helper


def asked(session: Session, words: str = LEASE, *, conversation: str | None = "c-1", **fields: Any) -> Referral:
    key = fields.pop("key", f"k-{words}")
    found = referrals.ask(
        session, place=PLACE, words=words, conversation_id=conversation, key=key, now=fields.pop("now", NOW), **fields
    )
    session.commit()
    return found
