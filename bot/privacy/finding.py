"""Where somebody stands in the database, by the number of a case or by a telephone.

A telephone proves nothing: whoever asks is to be known to the person at the desk (docs/security/privacy.md). What a
telephone is written at as the way to reach somebody is theirs; where others wrote it into their own words it is only
named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, cast, func, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment
from actions.cases import numbers
from actions.cases.models import Case, Mediation
from bot.privacy.columns import personal_columns

_LEAST = 7  # digits: less finds half a county
_OWN = {"case.phone", "appointment.phone", "mediation.parties"}
_NO_TEXT = {"photo.jpeg"}


@dataclass(frozen=True)
class Found:
    """`parties`: of whose mediation this is a party, and which; `mentions`: column and how many rows hold it."""

    cases: tuple[Case, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    parties: tuple[tuple[Case, int], ...] = ()
    mentions: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cases or self.appointments or self.parties or self.mentions)


def digits_of(phone: str) -> str:
    """As people write it, without +86; "" for too few digits to look for."""
    found = re.sub(r"\D", "", phone)
    found = found[2:] if len(found) == 13 and found.startswith("86") else found
    return found if len(found) >= _LEAST else ""


def by_number(session: Session, written: str) -> Found:
    number, _ = numbers.find(written)
    case = session.scalar(select(Case).where(Case.number == (number or "")))
    return Found((case,)) if case else Found()


def by_phone(session: Session, phone: str) -> Found:
    """Nothing for less than seven digits."""
    wanted = digits_of(phone)
    if not wanted:
        return Found()
    cases = session.scalars(select(Case).where(_bare(Case.phone) == wanted).order_by(Case.id))
    booked = session.scalars(select(Appointment).where(_bare(Appointment.phone) == wanted).order_by(Appointment.id))
    return Found(tuple(cases), tuple(booked), tuple(_parties(session, wanted)), tuple(_mentions(session, wanted)))


def _parties(session: Session, wanted: str) -> Iterator[tuple[Case, int]]:
    likely = select(Mediation).where(_bare(cast(Mediation.parties, Text)).contains(wanted)).order_by(Mediation.id)
    for held in session.scalars(likely):
        for number, party in enumerate(held.parties):
            if digits_of(str(party.get("phone") or "")) == wanted:
                yield held.case, number


def _mentions(session: Session, wanted: str) -> Iterator[tuple[str, int]]:
    """By name: a command loads only the models that it needs."""
    for name in personal_columns():
        if name not in _OWN and name not in _NO_TEXT:
            of, column = name.split(".")
            held = table(of, sql_column(column))
            rows = select(func.count()).select_from(held).where(_bare(cast(held.c[column], Text)).contains(wanted))
            if count := session.scalar(rows):
                yield name, count


def _bare(column: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Without the blanks and strokes that people put between digits, and without +86."""
    return func.replace(func.replace(func.replace(column, " ", ""), "-", ""), "+86", "")
