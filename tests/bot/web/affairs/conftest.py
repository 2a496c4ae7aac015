"""Every form of the console's 村里事 that a test here sends writes its line of the audit no later than what it did."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.web.staff.desk import Seat

# Who is signed in, and wrong codes, which count also where the rest is refused.
_BESIDE = frozenset({"audit_entry", "staff_session", "staff", "slip_try", "sign_in_try"})
_WRITTEN, _COMMITTED = "written by this test's forms", "committed by this test's forms"


def _note(session: Session, _context: Any = None) -> None:
    rows = [*session.new, *session.dirty, *session.deleted]
    session.info.setdefault(_WRITTEN, set()).update(row.__tablename__ for row in rows)


def _note_statement(state: Any) -> None:
    if state.is_update or state.is_insert or state.is_delete:
        mapper = state.bind_mapper
        state.session.info.setdefault(_WRITTEN, set()).add(mapper.local_table.name if mapper else "?")


def _note_commit(session: Session) -> None:
    """A savepoint is none: what it holds goes with the rest."""
    if not session.in_nested_transaction():
        session.info.setdefault(_COMMITTED, set()).update(session.info.pop(_WRITTEN, set()) - _BESIDE)


@pytest.fixture(autouse=True)
def _audited_with_the_deed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process killed between two commits would leave a deed that nobody stands for."""
    late: list[str] = []
    stock = Seat.record

    def record(seat: Seat, what: str, on: str = "", *, detail: str = "") -> None:
        if before := seat.session.info.get(_COMMITTED):
            late.append(f"{what}: {sorted(before)} committed before its line")
        stock(seat, what, on, detail=detail)

    monkeypatch.setattr(Seat, "record", record)
    watches = (("after_flush", _note), ("do_orm_execute", _note_statement), ("after_commit", _note_commit))
    for name, watch in watches:
        event.listen(Session, name, watch)
    yield
    for name, watch in watches:
        event.remove(Session, name, watch)
    assert late == []
