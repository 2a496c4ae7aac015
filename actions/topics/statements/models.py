"""What came of a topic of statements."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base, UtcDateTime


class StatementResult(Base):
    """Counted once with the tally: numbers by statement, groups without who is in them."""

    __tablename__ = "statement_result"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
