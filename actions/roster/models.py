"""What a village is in numbers: how many its meetings are reckoned by. And who has a voice that counts: households as
the village counts them, participants, the paper slips that show who somebody is.
"""

import enum
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.tables import Base, UtcDateTime, enum_column


class Committee(enum.StrEnum):
    """Which law a place's self-government follows."""

    village = "village"  # 村民委员会组织法
    residents = "residents"  # 城市居民委员会组织法


class VillageProfile(Base):
    """Of a village or a community; None is not known, so nothing is reckoned by it. Without a row: a village."""

    __tablename__ = "village_profile"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    committee: Mapped[Committee] = mapped_column(enum_column(Committee), default=Committee.village)
    adults: Mapped[int | None] = mapped_column(Integer)  # 18 and older, who may take part in the meeting
    households: Mapped[int | None] = mapped_column(Integer)
    representatives: Mapped[int | None] = mapped_column(Integer)  # 村民代表, 居民代表
    # with the committee's members who are no representatives: 村民代表会议 is made of both (村民委员会组织法 29)
    meeting_members: Mapped[int | None] = mapped_column(Integer)
    has_collective: Mapped[bool] = mapped_column(default=True)  # an organisation of its own: 农村集体经济组织
    collective_members: Mapped[int | None] = mapped_column(Integer)  # of full capacity
    collective_representatives: Mapped[int | None] = mapped_column(Integer)
    # what the charter lets 成员代表大会 decide (农村集体经济组织法 28), as `matters.yml` names it; one a line
    charter_hands_on: Mapped[str] = mapped_column(Text, default="")
    has_party_step: Mapped[bool] = mapped_column(default=True)  # 党员大会审议 is one of its steps
    # the province's rule that lets people attend online, as a legal worker cites it; empty: the hall alone counts
    online_basis: Mapped[str] = mapped_column(String(200), default="")
    meets_at: Mapped[str] = mapped_column(String(120), default="")  # where a box stands and a meeting is held
    confirmed_on: Mapped[date | None] = mapped_column(Date)  # the numbers are asked for again each year


class HouseholdKind(enum.StrEnum):
    registered = "registered"  # 户籍
    resident = "resident"  # 常住, registered elsewhere


class Household(Base):
    """A house as the village counts it: where it is, how many adults live there; nobody's name, number or birthday."""

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("place_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    group_name: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(12))  # as it is written on the door or in the village's own book
    kind: Mapped[HouseholdKind] = mapped_column(enum_column(HouseholdKind), default=HouseholdKind.registered)
    adults: Mapped[int] = mapped_column(Integer)  # 18 and older
    is_active: Mapped[bool] = mapped_column(default=True)
    confirmed_on: Mapped[date] = mapped_column(Date)


class Basis(enum.StrEnum):
    person = "person"
    household = "household"


class Sex(enum.StrEnum):
    female = "female"
    male = "male"


class How(enum.StrEnum):
    """How somebody was given their slip."""

    slip = "slip"  # at the door
    desk = "desk"  # in the committee's office
    call = "call"  # two of the staff rang the number in the village's own book


class Participant(Base):
    """Somebody, or a household, with a voice that counts. Its number is never given to another, since votes are kept
    under what is derived from it.
    """

    __tablename__ = "participant"
    __table_args__ = (
        Index(
            "ix_participant_one_voice",
            "household_id",
            "basis",
            "person_no",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"))
    household: Mapped[Household] = relationship(lazy="joined", innerjoin=True)
    basis: Mapped[Basis] = mapped_column(enum_column(Basis))
    person_no: Mapped[int] = mapped_column(Integer)  # 1... within the household; 0 of the household itself
    sex: Mapped[Sex | None] = mapped_column(enum_column(Sex))  # only if they tell
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by: Mapped[str] = mapped_column(String(90), default="")  # who of the staff gave them the slip
    how: Mapped[How | None] = mapped_column(enum_column(How))
    ends_on: Mapped[date | None] = mapped_column(Date)  # the last day of the slip they used
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ParticipantThread(Base):
    """Where a participant speaks from: a conversation, or a browser's `page:…`. One of a village speaks there."""

    __tablename__ = "participant_thread"

    asker: Mapped[str] = mapped_column(String(64), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Why(enum.StrEnum):
    """Why a slip is no longer good, or a voice."""

    renewed = "renewed"  # another was printed: the year ended, or the paper was never handed over
    lost = "lost"  # the paper; the voice and its telephone stay
    phone = "phone"  # the paper and the telephone; the voice stays
    stolen = "stolen"  # somebody else used it: the voice goes, too
    gone = "gone"  # moved away or dead
    asked = "asked"  # deleted at the person's own wish


class Slip(Base):
    """A paper slip, told apart by what can't be turned back into its code."""

    __tablename__ = "slip"
    __table_args__ = (
        Index(
            "ix_slip_one_each",
            "participant_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    participant: Mapped[Participant] = relationship(lazy="joined", innerjoin=True)
    printed_by: Mapped[str] = mapped_column(String(40))
    printed_on: Mapped[date] = mapped_column(Date)
    handed_by: Mapped[str] = mapped_column(String(90), default="")  # two names where it was read out by telephone
    handed_on: Mapped[date | None] = mapped_column(Date)
    how: Mapped[How | None] = mapped_column(enum_column(How))
    ends_on: Mapped[date] = mapped_column(Date)  # the last day it is good
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    why: Mapped[Why | None] = mapped_column(enum_column(Why))
    # somebody with the same paper came second and was told so: who may say that it was taken from them, and since when
    contested_by: Mapped[str | None] = mapped_column(String(64))
    contested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SlipTry(Base):
    """Wrong codes of one asker, and in one village."""

    __tablename__ = "slip_try"

    key: Mapped[str] = mapped_column(String(72), primary_key=True)  # `a:` and who asks, or `p:` and the place
    wrong: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # the first of them
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Wish(enum.StrEnum):
    """What a clerk wants done, and another has to allow."""

    lost = "lost"
    phone = "phone"
    stolen = "stolen"
    gone = "gone"
    call = "call"  # a new code is read out by telephone
    close = "close"  # the whole household has gone


class SlipRequest(Base):
    __tablename__ = "slip_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"), index=True)
    household: Mapped[Household] = relationship(lazy="joined", innerjoin=True)
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), index=True)
    participant: Mapped[Participant | None] = relationship(lazy="joined")
    wish: Mapped[Wish] = mapped_column(enum_column(Wish))
    # which participant or household it waits for, so that one thing is asked once at a time; None when decided
    waits_for: Mapped[str | None] = mapped_column(String(20), unique=True)
    by_id: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(40), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_granted: Mapped[bool] = mapped_column(default=False)
