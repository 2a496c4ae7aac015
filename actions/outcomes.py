"""One message, one deed: kept with what it did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.clock import utc_now
from knowledge.tables import Base, UtcDateTime


class ActionOutcome(Base):
    """What was said when a message's wish was carried out, stored in the same transaction: whoever is killed between
    the deed and the reply, a second try at the message says this and does nothing again.
    """

    __tablename__ = "action_outcome"

    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    replies: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
