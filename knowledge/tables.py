"""The base of every table; a time with its zone; an enum as text; how many rows a statement changed."""

import enum
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, DateTime, Delete, Enum, MetaData, TypeDecorator, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite drops the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def enum_column(kind: type[enum.Enum]) -> Enum:
    return Enum(kind, native_enum=False, length=20, values_callable=lambda e: [m.value for m in e])


def changed(session: Session, statement: Update | Delete, *, synchronize: bool = True) -> int:
    """How many rows the statement changed. Of two conditional updates that race, one changes a row and the other none.

    `synchronize=False` leaves the rows that the session already holds as they are.
    """
    options = {} if synchronize else {"synchronize_session": False}
    # `Session.execute` promises a Result; for an update or a delete it is the cursor's, which has the count.
    return cast("CursorResult[Any]", session.execute(statement, execution_options=options)).rowcount
