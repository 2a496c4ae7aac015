"""积分: the scheme a meeting adopted and its rules, what a household claims, the ledger, what can be had for points,
disputes; 星级文明户.

Everything belongs to a household as the roster counts it; nobody's name stands here.
"""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.points.status import ClaimState, DisputeState, SchemeState, StarState, VoucherState
from actions.roster.models import Household
from knowledge.tables import Base, UtcDateTime, enum_column


class RuleKind(enum.StrEnum):
    points = "points"
    star = "star"  # a criterion of 星级文明户; gives no points


class Source(enum.StrEnum):
    """How a claim came."""

    chat = "chat"
    grid = "grid"  # a grid worker, at the door
    table = "table"  # a file
    event = "event"  # came to an event
    dispute = "dispute"  # the answer to a dispute


class Kind(enum.StrEnum):
    """What changed an account."""

    earned = "earned"
    spent = "spent"
    expired = "expired"
    reversed = "reversed"  # a wrong entry taken back


class PointScheme(Base):
    """One version of a village's rules; each rests on a decision of a meeting."""

    __tablename__ = "point_scheme"
    __table_args__ = (UniqueConstraint("place_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[SchemeState] = mapped_column(enum_column(SchemeState), default=SchemeState.draft)
    edition: Mapped[int] = mapped_column(Integer, default=0)  # of the rules: who adopts says which one they saw
    decision_id: Mapped[int | None] = mapped_column(Integer)
    by_id: Mapped[int] = mapped_column(Integer)  # who wrote the rules last; staff accounts, plain values
    by_name: Mapped[str] = mapped_column(String(40))
    adopted_by_id: Mapped[int | None] = mapped_column(Integer)
    adopted_by_name: Mapped[str] = mapped_column(String(40), default="")
    adopted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_why: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    rules: Mapped[list["PointRule"]] = relationship(order_by="PointRule.id", back_populates="scheme")


class PointRule(Base):
    """What is rewarded, as the meeting adopted it; never changed once its scheme is."""

    __tablename__ = "point_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("point_scheme.id", ondelete="CASCADE"), index=True)
    scheme: Mapped[PointScheme] = relationship(back_populates="rules")
    kind: Mapped[RuleKind] = mapped_column(enum_column(RuleKind), default=RuleKind.points)
    title: Mapped[str] = mapped_column(String(60))
    points: Mapped[int] = mapped_column(Integer)  # each time; 0 for a criterion
    cap: Mapped[int] = mapped_column(Integer)  # points a household gets by it in a year at most
    evidence: Mapped[str] = mapped_column(String(120))  # what shows it


class PointClaim(Base):
    """Something done that asks for points, until somebody else confirms or declines it."""

    __tablename__ = "point_claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # one deed is one claim, however often it is sent
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    household: Mapped[Household] = relationship(lazy="joined", innerjoin=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("point_rule.id"))
    rule: Mapped[PointRule] = relationship(lazy="joined", innerjoin=True)
    on_day: Mapped[date] = mapped_column(Date)  # when it was done
    source: Mapped[Source] = mapped_column(enum_column(Source))
    words: Mapped[str] = mapped_column(String(200), default="")
    photo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    has_photo: Mapped[bool] = mapped_column(default=False)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[ClaimState] = mapped_column(enum_column(ClaimState), default=ClaimState.claimed, index=True)
    by_id: Mapped[int | None] = mapped_column(Integer)  # None: the household itself
    by_name: Mapped[str] = mapped_column(String(40), default="")
    first_by_id: Mapped[int | None] = mapped_column(Integer)
    first_by_name: Mapped[str] = mapped_column(String(40), default="")
    decided_by_id: Mapped[int | None] = mapped_column(Integer)
    decided_by_name: Mapped[str] = mapped_column(String(40), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(String(200), default="")  # it was declined; for the household
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PointAccount(Base):
    """What a household has; `balance` is the sum of its entries, `held` what its open vouchers will take. The one row
    that every change of a household's points has to pass.
    """

    __tablename__ = "point_account"
    __table_args__ = (CheckConstraint("held >= 0 AND balance >= held", name="never_below"),)

    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    balance: Mapped[int] = mapped_column(Integer, default=0)
    held: Mapped[int] = mapped_column(Integer, default=0)
    told_year: Mapped[int | None] = mapped_column(Integer)  # of which year's end they were told
    told_amount: Mapped[int] = mapped_column(Integer, default=0)  # what they had then
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_on: Mapped[date | None] = mapped_column(Date)  # the last day of that


class PointEntry(Base):
    """A line of the ledger; only ever inserted."""

    __tablename__ = "point_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    amount: Mapped[int] = mapped_column(Integer)  # below 0: spent, expired, reversed
    title: Mapped[str] = mapped_column(String(80))  # the rule's, the item's
    rule_id: Mapped[int | None] = mapped_column(Integer)
    claim_id: Mapped[int | None] = mapped_column(Integer, index=True)
    voucher_id: Mapped[int | None] = mapped_column(Integer)
    reverses_id: Mapped[int | None] = mapped_column(Integer, unique=True)  # an entry is taken back once
    on_day: Mapped[date] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(Integer)
    by_name: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PointItem(Base):
    """What can be had for points."""

    __tablename__ = "point_item"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock"), UniqueConstraint("place_id", "title"))

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(40))
    cost: Mapped[int] = mapped_column(Integer)
    stock: Mapped[int] = mapped_column(Integer)  # without what open vouchers hold
    is_offered: Mapped[bool] = mapped_column(default=True)


class Voucher(Base):
    """One thing set aside for a household; whoever shows its code at the counter gets it, once."""

    __tablename__ = "voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)  # the code itself is kept nowhere
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("point_item.id"))
    item: Mapped[PointItem] = relationship(lazy="joined", innerjoin=True)
    cost: Mapped[int] = mapped_column(Integer)
    state: Mapped[VoucherState] = mapped_column(enum_column(VoucherState), default=VoucherState.open, index=True)
    ends_on: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    spent_by_id: Mapped[int | None] = mapped_column(Integer)
    spent_by_name: Mapped[str] = mapped_column(String(40), default="")


class PointSheet(Base):
    """What a month brought to the village as a whole, as it was posted; no household stands in it."""

    __tablename__ = "point_sheet"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  # 2026-11
    posted_on: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)


class PointDispute(Base):
    """少记了, 记错了: from the household itself; answered by one level after another."""

    __tablename__ = "point_dispute"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    household: Mapped[Household] = relationship(lazy="joined", innerjoin=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[DisputeState] = mapped_column(enum_column(DisputeState), default=DisputeState.group, index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # for who is to answer, or for the household's no
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(Integer)
    answered_by_name: Mapped[str] = mapped_column(String(40), default="")
    is_late: Mapped[bool] = mapped_column(default=False)  # a level let its days pass
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class StarAward(Base):
    """星级文明户: applied for by the household; shown only if and while it has it."""

    __tablename__ = "star_award"
    __table_args__ = (
        Index(
            "ix_star_award_one_open",
            "household_id",
            unique=True,
            sqlite_where=text("state IN ('applied', 'reviewed', 'noticed', 'awarded')"),
            postgresql_where=text("state IN ('applied', 'reviewed', 'noticed', 'awarded')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"))
    household: Mapped[Household] = relationship(lazy="joined", innerjoin=True)
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)
    words: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[StarState] = mapped_column(enum_column(StarState), default=StarState.applied, index=True)
    noticed_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)  # of the notice, then of the award: the last day
    by_id: Mapped[int | None] = mapped_column(Integer)  # who wrote it down for them; None: themselves
    first_by_id: Mapped[int | None] = mapped_column(Integer)
    first_by_name: Mapped[str] = mapped_column(String(40), default="")
    second_by_id: Mapped[int | None] = mapped_column(Integer)
    second_by_name: Mapped[str] = mapped_column(String(40), default="")
    why: Mapped[str] = mapped_column(String(300), default="")  # not given; for the household alone
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class StarObjection(Base):
    """What somebody says against a star within the seven days; read by who oversees, and by nobody else."""

    __tablename__ = "star_objection"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("star_award.id", ondelete="CASCADE"), index=True)
    award: Mapped[StarAward] = relationship(lazy="joined", innerjoin=True)
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    weighed: Mapped[str] = mapped_column(String(300), default="")  # what came of it
    weighed_by_id: Mapped[int | None] = mapped_column(Integer)
    weighed_by_name: Mapped[str] = mapped_column(String(40), default="")
    weighed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
