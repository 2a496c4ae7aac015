"""A topic, what happened to it, who follows it, what people say and choose, what paper adds."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.topics.status import TopicState
from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime, enum_column


class TopicCounter(Base):
    """Of a village; it runs on over the years, so that /v/<place>/y14 is one topic for good."""

    __tablename__ = "topic_counter"

    place_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class Topic(Base):
    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("place_id", "ordinal"), Index("ix_topic_place_state", "place_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[str] = mapped_column(String(40))
    ordinal: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(16))  # 议-26-014
    request_key: Mapped[str] = mapped_column(String(120), unique=True)  # the same wish, however often it arrives
    text: Mapped[str] = mapped_column(Text)  # as it was raised
    title: Mapped[str] = mapped_column(String(60))
    background: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[TopicState] = mapped_column(enum_column(TopicState), default=TopicState.raised)
    raised_by: Mapped[str] = mapped_column(String(12))  # resident, clerk, overseer, grid, case
    conversation_id: Mapped[str | None] = mapped_column(String(40), index=True)  # whoever raised it
    source_case_id: Mapped[int | None]
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_due_on: Mapped[date] = mapped_column(Date)  # whether it is taken up is told by then
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # how it is asked
    matter: Mapped[str] = mapped_column(String(20), default="")  # of lists.yml
    circle: Mapped[str] = mapped_column(String(20), default="all")  # of lists.yml
    circle_words: Mapped[str] = mapped_column(String(60), default="")  # which groups, who is affected
    circle_size: Mapped[int | None]
    basis: Mapped[str] = mapped_column(String(12), default="person")  # person, household
    method: Mapped[str] = mapped_column(String(12), default="opinions")  # opinions, single, approval, meeting_only
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    days: Mapped[int] = mapped_column(Integer, default=10)
    boxes: Mapped[int] = mapped_column(Integer, default=0)  # ballot boxes on paper, counted within three days
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    extended_why: Mapped[str] = mapped_column(Text, default="")
    result_due_on: Mapped[date | None] = mapped_column(Date)

    # whether the law lets it be asked
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # of the gate: g, say, instead, articles
    is_preparation: Mapped[bool] = mapped_column(default=False)  # only a meeting of the collective can decide it
    legality: Mapped[str] = mapped_column(String(12), default="")  # "", pending, cleared, reworded, refused
    legality_by: Mapped[int | None]
    legality_say: Mapped[str] = mapped_column(Text, default="")

    # what one wrote and another has to confirm: "", open, refused, result
    pending: Mapped[str] = mapped_column(String(12), default="")
    pending_by: Mapped[int | None]
    refusal: Mapped[str] = mapped_column(String(20), default="")  # of lists.yml
    words: Mapped[str] = mapped_column(Text, default="")  # why refused, merged, suspended: told to who raised it
    merged_into_id: Mapped[int | None]

    # what came of it
    tally: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    parts: Mapped[dict[str, dict[str, list[int]]]] = mapped_column(JSON, default=dict)  # by 组, 性别; for the rules
    tallied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown: Mapped[list[str]] = mapped_column(JSON, default=list)  # the one publication of the tally, line by line
    seal: Mapped[str] = mapped_column(String(64), default="")
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # from then on ballots can't be changed: trigger
    verified_on: Mapped[date | None] = mapped_column(Date)
    seal_broken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    key_file: Mapped[str] = mapped_column(String(60), default="")
    key_gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(12), default="")  # carry_out, to_meeting, not_done
    result: Mapped[str] = mapped_column(Text, default="")
    tasks: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # text, team_id, due_on, case_id
    decision_id: Mapped[int | None]
    meeting_words: Mapped[str] = mapped_column(Text, default="")  # when and where it is talked over
    result_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fed_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rounds: Mapped[int] = mapped_column(Integer, default=0)  # how often it was sent back as not carried out
    is_demo: Mapped[bool] = mapped_column(default=False)


class TopicEvent(Base):
    """Only ever inserted. `say` is what followers are told, once (`told_at`); `only_to` names one conversation."""

    __tablename__ = "topic_event"
    __table_args__ = (
        Index(
            "ix_topic_event_untold",
            "id",
            sqlite_where=text("say IS NOT NULL AND told_at IS NULL"),
            postgresql_where=text("say IS NOT NULL AND told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(140), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    actor: Mapped[str] = mapped_column(String(12))  # resident, staff, system
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    what: Mapped[str] = mapped_column(String(60))
    state_to: Mapped[TopicState | None] = mapped_column(enum_column(TopicState))
    note: Mapped[str] = mapped_column(Text, default="")  # for staff
    say: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    only_to: Mapped[str | None] = mapped_column(String(64))
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TopicFollow(Base):
    __tablename__ = "topic_follow"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    why: Mapped[str] = mapped_column(String(12))  # raised, opinion, voice, asked


class Opinion(Base):
    """What somebody says on a topic, at most 300 characters. Who said it is forgotten with the topic's key."""

    __tablename__ = "opinion"
    __table_args__ = (Index("ix_opinion_topic_normal", "topic_id", "normal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(140), unique=True)
    asker: Mapped[str | None] = mapped_column(String(64), index=True)
    stance: Mapped[str] = mapped_column(String(12))  # of lists.yml: 理由, 担心, 办法, 问题
    text: Mapped[str] = mapped_column(Text)
    normal: Mapped[str] = mapped_column(String(300))  # without marks and particles: near-copies have the same
    same_as_id: Mapped[int | None] = mapped_column(Integer, index=True)  # the first who said it
    is_verified: Mapped[bool] = mapped_column(default=False)  # said with a slip
    source: Mapped[str] = mapped_column(String(12))  # chat, page, grid, clerk
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # waiting, shown, hidden, void
    hidden_why: Mapped[str] = mapped_column(String(20), default="")  # of lists.yml
    looked_by: Mapped[int | None]
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    adoption: Mapped[str] = mapped_column(String(8), default="")  # yes, part, no
    adoption_why: Mapped[str] = mapped_column(Text, default="")


class Ballot(Base):
    """One voice. Who gave it stands nowhere: the key is an HMAC whose secret lies outside the database and is
    destroyed ten days after the result. Triggers refuse every change once the topic is sealed (migration 0024).
    """

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("topic_id", "voter_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    voter_key: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[str] = mapped_column(String(32), unique=True)
    choice: Mapped[list[int]] = mapped_column(JSON)  # positions of the options, sorted
    is_verified: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(12))  # chat, page, grid, clerk
    day: Mapped[date] = mapped_column(Date)  # no hour: who was seen at the telephone then isn't to be matched


class BallotVoid(Base):
    """A voice that doesn't count, found after the close: the household voted on paper, or its owner deleted it."""

    __tablename__ = "ballot_void"

    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballot.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(Integer, index=True)
    why: Mapped[str] = mapped_column(String(12))  # paper, deleted


class PaperCount(Base):
    """A box of paper ballots, counted by two."""

    __tablename__ = "paper_count"
    __table_args__ = (UniqueConstraint("topic_id", "box"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    box: Mapped[int] = mapped_column(Integer)
    counts: Mapped[list[int]] = mapped_column(JSON)  # by option
    papers: Mapped[int] = mapped_column(Integer)  # valid ones
    spoilt: Mapped[int] = mapped_column(Integer)
    households: Mapped[list[str]] = mapped_column(JSON)  # ticked on the list of the box, by house code
    by: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TopicCheck(Base):
    """落实了吗: what somebody answers, once a round."""

    __tablename__ = "topic_check"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    round: Mapped[int] = mapped_column(Integer, primary_key=True)
    asker: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    answer: Mapped[str] = mapped_column(String(8))  # yes, no, unsure


class TopicLeaving(Base):
    """Somebody deleted their data: the worker, who reads the keys, takes their voices out and this row with them."""

    __tablename__ = "topic_leaving"

    id: Mapped[int] = mapped_column(primary_key=True)
    asker: Mapped[str] = mapped_column(String(64))
    participant_id: Mapped[int | None]
    household_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
