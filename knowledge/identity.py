"""Which database this is: its name for life, and how far its tables are migrated.

Rows of another database, or of a copy from another day, have the same ids as ours and other words.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import String, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge.tables import Base


class DatabaseIdentity(Base):
    """One row, made by the migration; a restored database gets another one."""

    __tablename__ = "database_identity"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)


@dataclass(frozen=True)
class Identity:
    database: str
    schema: str  # the last migration


def identity(session: Session) -> Identity:
    """Empty words where the database was never migrated."""
    connection = session.connection()
    known = set(inspect(connection).get_table_names())
    database = session.scalar(select(DatabaseIdentity.id)) if DatabaseIdentity.__tablename__ in known else None
    schema = (
        session.scalar(text("SELECT version_num FROM alembic_version"))  # Alembic's own table
        if "alembic_version" in known
        else None
    )
    return Identity(database or "", schema or "")


def renew(session: Session) -> str:
    """From now on this is another database: what was derived from the former one doesn't fit it."""
    fresh = uuid.uuid4().hex
    for row in session.scalars(select(DatabaseIdentity)):
        session.delete(row)
    session.flush()
    session.add(DatabaseIdentity(id=fresh))
    session.flush()
    return fresh
