"""Tables of the law in force: what each text was checked against, what changed since, whom it hits, and corrections of
the data.

Staff are plain ids and names, and so is what lives a floor higher (a canned reply): `source` names it.
"""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.tables import Base, UtcDateTime, enum_column


class ChangeKind(enum.StrEnum):
    changed = "changed"
    renumbered = "renumbered"  # the same words stand under another number
    gone = "gone"  # the law's new version has no such article
    repealed = "repealed"


class Decision(enum.StrEnum):
    open = "open"
    keep = "keep"  # a person read the new wording: the text stays right
    edit = "edit"  # a draft was begun; open for residents until it is published
    withdraw = "withdraw"
    void = "void"  # the text was replaced, or the data corrected: nothing to decide any more


class CorrectionState(enum.StrEnum):
    proposed = "proposed"
    confirmed = "confirmed"
    refused = "refused"


class CitationSeen(Base):
    """A wording of a cited article that this text was checked against; several when the law changed and a person kept
    the text.

    `article_hash` is of the wording alone, "" where somebody kept a citation of what isn't in force any more.
    """

    __tablename__ = "citation_seen"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)  # version:12, canned:3
    statute_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    article_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    statute_version_id: Mapped[int | None] = mapped_column(Integer)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_by: Mapped[str] = mapped_column(String(40), default="")


class LawChange(Base):
    """An article that reads differently, or is no more, from a day on; announced while that day is still to come."""

    __tablename__ = "law_change"
    __table_args__ = (UniqueConstraint("statute_id", "ref", "old_hash", "new_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    statute_id: Mapped[str] = mapped_column(String(80))
    law: Mapped[str] = mapped_column(String(200))  # short name
    ref: Mapped[str] = mapped_column(String(40))
    kind: Mapped[ChangeKind] = mapped_column(enum_column(ChangeKind))
    old_hash: Mapped[str] = mapped_column(String(64))
    new_hash: Mapped[str] = mapped_column(String(64))
    # the statute's versions; the words stand in their chunks
    old_version_id: Mapped[int | None] = mapped_column(Integer)
    new_version_id: Mapped[int | None] = mapped_column(Integer)
    new_ref: Mapped[str | None] = mapped_column(String(40))
    effective_on: Mapped[date] = mapped_column(Date, index=True)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hits: Mapped[list["LawHit"]] = relationship(
        back_populates="change", cascade="all, delete-orphan", order_by="LawHit.id"
    )


class LawHit(Base):
    """A text that cites a changed article, and what a person decided about it."""

    __tablename__ = "law_hit"
    __table_args__ = (UniqueConstraint("change_id", "source"), Index("ix_law_hit_decision", "decision"))

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("law_change.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(40), index=True)
    document_id: Mapped[str | None] = mapped_column(String(80), index=True)
    version_id: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    place_id: Mapped[str | None] = mapped_column(String(40))
    is_file: Mapped[bool] = mapped_column(Boolean, default=False)  # the bank or a data file: where did the article go
    places: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{"path", "quote"}]
    decision: Mapped[Decision] = mapped_column(enum_column(Decision), default=Decision.open)
    decided_by_id: Mapped[int | None] = mapped_column(Integer)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    change: Mapped[LawChange] = relationship(back_populates="hits")


class StatuteCorrection(Base):
    """A change to the dates or the force of one version of a statute, proposed by one person and confirmed by
    another.
    """

    __tablename__ = "statute_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    law: Mapped[str] = mapped_column(String(200), index=True)  # as the package names it
    version_date: Mapped[date] = mapped_column(Date)
    fix: Mapped[dict[str, Any]] = mapped_column(JSON)  # of in_force_from, in_force_to, repealed; dates as ISO text
    was: Mapped[dict[str, Any]] = mapped_column(JSON)  # what stood there when it was proposed
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[CorrectionState] = mapped_column(
        enum_column(CorrectionState), default=CorrectionState.proposed, index=True
    )
    proposed_by_id: Mapped[int | None] = mapped_column(Integer)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(Integer)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")  # why it was refused
