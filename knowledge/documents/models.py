"""Documents, versions, chunks, questions, comments."""

import enum
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.documents.kinds.registry import Kind as Kind  # of a row; told where all is told of it
from knowledge.tables import Base, UtcDateTime, enum_column


class VersionStatus(enum.StrEnum):
    draft = "draft"
    in_review = "in_review"
    approved = "approved"
    published = "published"
    withdrawn = "withdrawn"  # 撤回: may not be cited from this second on
    expired = "expired"
    superseded = "superseded"


class Document(Base):
    __tablename__ = "document"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), index=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), index=True)
    topic: Mapped[str | None] = mapped_column(String(20))
    versions: Mapped[list["DocumentVersion"]] = relationship(
        back_populates="document", order_by="DocumentVersion.number"
    )


_OPEN = text("status IN ('draft', 'in_review', 'approved')")


class DocumentVersion(Base):
    """One text of a document, with the period in which it is in force; immutable once it was submitted
    (`knowledge/documents/versions.py`).

    `in_force_to` is the last day in force, or None for open. `promulgated_on` is the day this wording was adopted; a
    statute amended without a new effective date keeps its first one, so people are shown both. Staff are plain ids and
    names: they live a floor higher.
    """

    __tablename__ = "document_version"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        # One text of a document is in work at a time: two people edit the same draft, or the later one is told.
        Index("uq_document_version_open", "document_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_document_version_published_at", "published_at"),
        Index("ix_document_version_document_status", "document_id", "status"),
        Index("ix_document_version_status_ends", "status", "in_force_to"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int] = mapped_column(Integer)
    status: Mapped[VersionStatus] = mapped_column(enum_column(VersionStatus))
    in_force_from: Mapped[date] = mapped_column(Date)
    in_force_to: Mapped[date | None] = mapped_column(Date)
    promulgated_on: Mapped[date | None] = mapped_column(Date)
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    flag: Mapped[str | None] = mapped_column(Text)  # why a legal worker should look again
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    # of a draft: who saves names the one they had before them
    revision: Mapped[int] = mapped_column(Integer, default=1)
    based_on: Mapped[int | None] = mapped_column(Integer)  # number of the version whose text this one began with
    author_id: Mapped[int | None] = mapped_column(Integer)
    author: Mapped[str | None] = mapped_column(String(40))
    # staff ids of all who wrote in it: none of them approves it
    editors: Mapped[list[int]] = mapped_column(JSON, default=list)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(Integer)
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # an approved text whose publication was asked for; the worker carries it out
    publish_on: Mapped[date | None] = mapped_column(Date)
    # golden questions that failed when the worker tried: it waits for a person
    held: Mapped[list[int] | None] = mapped_column(JSON)
    # gates that a person overruled: {"golden": {"by", "reason", ...}}
    waivers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # withdrawn, expired or superseded
    end_reason: Mapped[str | None] = mapped_column(Text)
    document: Mapped[Document] = relationship(back_populates="versions")
    chunks: Mapped[list["Chunk"]] = relationship(
        back_populates="version", order_by="Chunk.ordinal", cascade="all, delete-orphan"
    )


def searched_words(embed_text: str, asked_text: str | None) -> str:
    return f"{embed_text} {asked_text}" if asked_text else embed_text


class Chunk(Base):
    """What is embedded: one article, clause or part of a document, with the words that give it context."""

    __tablename__ = "chunk"
    __table_args__ = (
        Index("ix_chunk_version_ordinal", "version_id", "ordinal"),
        Index("ix_chunk_version_ref", "version_id", "ref"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("document_version.id"))
    ordinal: Mapped[int] = mapped_column(Integer)
    ref: Mapped[str | None] = mapped_column(String(40))  # 第一千零四十二条; None where a document is cited whole
    heading: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)  # as shown
    embed_text: Mapped[str] = mapped_column(Text)
    asked_text: Mapped[str | None] = mapped_column(Text)  # the ways people ask, for the search by words alone
    content_hash: Mapped[str] = mapped_column(String(64), index=True)  # of embed_text
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # answer, status, conflict of a clause
    version: Mapped[DocumentVersion] = relationship(back_populates="chunks")

    @property
    def words(self) -> str:
        """What the search by words looks at."""
        return searched_words(self.embed_text, self.asked_text)


class VersionEvent(Base):
    """What happened to a version and who did it; only ever inserted."""

    __tablename__ = "version_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("document_version.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    # started, saved, submitted, sent_back, approved, requested, held, published, withdrawn...
    what: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")


class VersionComment(Base):
    """A remark or question on a passage of a version, open until somebody settles it."""

    __tablename__ = "version_comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("document_version.id"), index=True)
    quote: Mapped[str] = mapped_column(Text, default="")  # the sentence it is about; empty: the whole
    text: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(40))


class BankQuestion(Base):
    """A question in residents' words, indexed as a further vector of what answers it."""

    __tablename__ = "bank_question"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  # start of the text's SHA-256
    text: Mapped[str] = mapped_column(Text)
    topic: Mapped[str | None] = mapped_column(String(20))
    set_aside: Mapped[bool] = mapped_column(Boolean, default=False)  # measured with, never indexed or trained on
    source: Mapped[str] = mapped_column(String(120))
    targets: Mapped[list["BankTarget"]] = relationship(
        back_populates="question", cascade="all, delete-orphan", order_by="BankTarget.rank"
    )


class BankTarget(Base):
    __tablename__ = "bank_target"

    question_id: Mapped[str] = mapped_column(ForeignKey("bank_question.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer, primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), index=True)
    ref: Mapped[str | None] = mapped_column(String(40))
    # the day whose law an article is meant of; None: of the day on which our files were written (`statutes/moves.yml`)
    meant_on: Mapped[date | None] = mapped_column(Date)
    question: Mapped[BankQuestion] = relationship(back_populates="targets")


class ArticleMove(Base):
    """What a legal worker said of an article when its law was written anew: where that version has it, or nowhere."""

    __tablename__ = "article_move"
    __table_args__ = (UniqueConstraint("statute_id", "adopted", "old_ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    statute_id: Mapped[str] = mapped_column(String(80))
    adopted: Mapped[date] = mapped_column(Date)  # of the new version
    old_ref: Mapped[str] = mapped_column(String(40))  # in the version before
    new_ref: Mapped[str | None] = mapped_column(String(40))  # None: it isn't in there, and nothing is shown
    decided_by: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportedSource(Base):
    """What was imported last, by content hash, so that an unchanged source is skipped."""

    __tablename__ = "imported_source"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
