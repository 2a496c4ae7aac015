"""Booking: the last place is given once, whoever asks at the same moment."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.calendar.workdays import WorkCalendar
from actions.errors import ActionError, AlreadyBooked, InvalidInput, NotAllowed, OpeningTaken
from knowledge.tables import Base

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
Status = AppointmentStatus


def opening(session: Session, *, capacity: int = 1, hours: int = 48, worker: int = 1) -> int:
    starts = NOW + timedelta(hours=hours)
    found = openings.publish(
        session,
        worker_id=worker,
        worker_name="周律师",
        mode=Mode.visit,
        place="nation",
        address="村委会",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=capacity,
        now=NOW,
    )
    session.commit()
    return found.id


def book(session: Session, where: int, who: str, key: str | None = None) -> Appointment:
    return appointments.book(
        session, where, conversation_id=who, request_key=key or f"{who}-{where}", summary="问土地", phone=None, now=NOW
    )


def test_fifty_ask_for_the_last_place_and_one_gets_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        where = opening(session)
    got: list[bool] = []
    gate = threading.Barrier(50)

    def run(i: int) -> None:
        gate.wait()
        with sessions() as session:
            try:
                book(session, where, f"r{i}")
                got.append(True)
            except OpeningTaken:
                got.append(False)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert (len(got), sum(got)) == (50, 1)
    with sessions() as session:
        assert session.get_one(Opening, where).taken == 1
        assert session.scalar(select(func.count()).select_from(Appointment)) == 1


def test_a_wish_repeated_from_ten_threads_books_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        where = opening(session, capacity=5)
    found: list[int] = []

    def run() -> None:
        with sessions() as session:
            found.append(book(session, where, "r1", "same").id)

    threads = [threading.Thread(target=run) for _ in range(10)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 10
    assert len(set(found)) == 1
    with sessions() as session:
        assert session.get_one(Opening, where).taken == 1


def test_one_conversation_holds_an_opening_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        where = opening(session, capacity=5)
        book(session, where, "r1", "a")
        with pytest.raises(AlreadyBooked):
            book(session, where, "r1", "b")
        assert session.get_one(Opening, where, populate_existing=True).taken == 1


def test_a_change_holds_one_place_and_a_full_one_changes_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        one, two, full = opening(session), opening(session, hours=50), opening(session, hours=52)
        book(session, full, "other")
        held = book(session, one, "r1")
        with pytest.raises(OpeningTaken):
            appointments.change(session, held.id, full, request_key="c1", now=NOW)
        fresh = appointments.change(session, held.id, two, request_key="c2", now=NOW)
        assert appointments.change(session, held.id, two, request_key="c2", now=NOW).id == fresh.id
        session.expire_all()
        assert [session.get_one(Opening, o).taken for o in (one, two, full)] == [0, 1, 1]


def test_who_waits_moves_up_and_is_told(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        where = opening(session)
        held = book(session, where, "r1")
        waiting = appointments.wait(
            session, where, conversation_id="r2", request_key="w", summary="问", phone=None, now=NOW
        )
        appointments.cancel(session, held.id, now=NOW)
        appointments.cancel(session, held.id, now=NOW)
        session.refresh(waiting)
        assert waiting.status is Status.booked
        assert session.get_one(Opening, where, populate_existing=True).taken == 1
        assert [(a.id, "候补上了" in text) for a, _, text in appointments.due_words(session, now=NOW)] == [
            (waiting.id, True)
        ]


def test_reminders_go_out_once_a_day_and_two_hours_before(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        book(session, opening(session), "r1")
        told = []
        for hours in (1, 25, 26, 46.5, 47):
            told.append([key for _, key, _ in appointments.due_words(session, now=NOW + timedelta(hours=hours))])
            session.commit()
        assert [len(t) for t in told] == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("hours", "promised"), [(1, ""), (26, "前两小时我会提醒您"), (48, "前一天和前两小时我会提醒您")]
)
def test_only_reminders_that_will_come_are_promised(sessions: sessionmaker[Session], hours: int, promised: str) -> None:
    with sessions() as session:
        where = opening(session, hours=hours)
        held = session.get_one(Opening, where)
        held.mode, held.address = Mode.phone, ""
        told = appointments.booked_reply(book(session, where, "r1")).next
    assert ("提醒" in told, "前一天" in told, promised in told) == (hours > 2, hours > 30, True)
    assert "没留电话" in told
    assert "带上" not in told


def test_an_opening_called_off_is_told_to_all(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        where = opening(session, capacity=2)
        book(session, where, "r1")
        book(session, where, "r2")
        openings.cancel_opening(session, where, reason="律师开庭", now=NOW)
        assert len(appointments.due_words(session, now=NOW)) == 2
        with pytest.raises(OpeningTaken):
            book(session, where, "r3")


def test_only_the_worker_marks_and_notes(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        held = book(session, opening(session, worker=7), "r1")
        with pytest.raises(NotAllowed):
            appointments.write_note(session, held.id, "记", worker_id=8)
        with pytest.raises(NotAllowed):
            appointments.mark(session, held.id, Status.no_show, worker_id=7, now=NOW)  # not yet
        appointments.mark(session, held.id, Status.no_show, worker_id=7, now=NOW + timedelta(hours=49))
        appointments.write_note(session, held.id, "没来，电话关机", worker_id=7)


def test_a_series_leaves_holidays_out() -> None:
    days = openings.repeats(
        date(2026, 9, 17), every="week", until=date(2026, 10, 15), is_workday=WorkCalendar().is_workday
    )
    assert days == [date(2026, 9, 17), date(2026, 9, 24), date(2026, 10, 8), date(2026, 10, 15)]
    assert openings.repeats(date(2026, 11, 11), every="month", until=date(2027, 1, 31), is_workday=lambda d: True) == [
        date(2026, 11, 11),
        date(2026, 12, 9),
        date(2027, 1, 13),
    ]
    with pytest.raises(InvalidInput):
        openings.repeats(date(2026, 11, 11), every="day", until=date(2026, 12, 1), is_workday=lambda d: True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["book", "cancel", "change", "wait", "off"]),
            st.integers(0, 3),
            st.integers(0, 2),
            st.integers(0, 2),
        ),
        max_size=25,
    )
)
def test_places_taken_always_equal_places_held(steps: list[tuple[str, int, int, int]]) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        places = [opening(session, capacity=c, hours=30 + c) for c in (1, 2, 3)]
        for i, (do, who, here, there) in enumerate(steps):
            held = session.scalars(
                select(Appointment).where(
                    Appointment.conversation_id == f"r{who}", Appointment.status.in_((Status.booked, Status.waiting))
                )
            ).first()
            try:
                if do == "book":
                    appointments.book(
                        session,
                        places[here],
                        conversation_id=f"r{who}",
                        request_key=f"k{i}",
                        summary="s",
                        phone=None,
                        now=NOW,
                    )
                elif do == "wait":
                    appointments.wait(
                        session,
                        places[here],
                        conversation_id=f"r{who}",
                        request_key=f"k{i}",
                        summary="s",
                        phone=None,
                        now=NOW,
                    )
                elif do == "off" and i % 7 == 0:
                    openings.cancel_opening(session, places[here], reason="", now=NOW)
                elif held and do == "cancel":
                    appointments.cancel(session, held.id, now=NOW)
                elif held and do == "change":
                    appointments.change(session, held.id, places[there], request_key=f"k{i}", now=NOW)
            except ActionError:
                session.rollback()
            session.expire_all()
            for place in places:
                booked = session.scalar(
                    select(func.count())
                    .select_from(Appointment)
                    .where(Appointment.opening_id == place, Appointment.status == Status.booked)
                )
                assert session.get_one(Opening, place).taken == booked
