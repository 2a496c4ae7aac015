"""What a village is in numbers: how many its meetings are reckoned by."""

import enum
from datetime import date

from sqlalchemy import Date, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, enum_column


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
