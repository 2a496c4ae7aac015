"""What several people do to one opening at the same moment."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions import persons
from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import MOVES, AppointmentStatus
from actions.errors import (
    ActionError,
    AlreadyBooked,
    BusyThen,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    OpeningTaken,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Status = AppointmentStatus
Sessions = sessionmaker[Session]


def opening(sessions: Sessions, *, capacity: int = 1, hours: float = 48, worker: int = 1) -> int:
    starts = NOW + timedelta(hours=hours)
    with sessions() as session:
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


def book(sessions: Sessions, where: int, who: str, key: str | None = None) -> int:
    with sessions() as session:
        return appointments.book(
            session,
            where,
            conversation_id=who,
            request_key=key or f"{who}-{where}",
            summary="问土地",
            phone=None,
            now=NOW,
        ).id


def wait(sessions: Sessions, where: int, who: str, *, now: datetime = NOW) -> int:
    with sessions() as session:
        return appointments.wait(
            session,
            where,
            conversation_id=who,
            request_key=f"wait-{who}-{where}",
            summary="问低保",
            phone=None,
            now=now,
        ).id


def cancel(sessions: Sessions, appointment: int) -> None:
    with sessions() as session:
        appointments.cancel(session, appointment, now=NOW)


def change(sessions: Sessions, appointment: int, to: int, key: str = "change", *, now: datetime = NOW) -> int:
    with sessions() as session:
        return appointments.change(session, appointment, to, request_key=key, now=now).id


def status(sessions: Sessions, appointment: int) -> AppointmentStatus:
    with sessions() as session:
        return session.get_one(Appointment, appointment).status


def taken(sessions: Sessions, where: int) -> int:
    with sessions() as session:
        return session.get_one(Opening, where).taken


def told(sessions: Sessions, *, now: datetime = NOW) -> list[tuple[int, str]]:
    with sessions() as session:
        found = [(a.id, words) for a, _, words in appointments.due_words(session, now=now)]
        session.commit()
        return found


def assert_exact(sessions: Sessions) -> None:
    """Places taken are places held, and nobody waits for an opening with room."""
    with sessions() as session:
        for found in session.scalars(select(Opening)):
            counts = dict(
                session.execute(
                    select(Appointment.status, func.count())
                    .where(Appointment.opening_id == found.id)
                    .group_by(Appointment.status)
                ).all()
            )
            assert found.taken == counts.get(Status.booked, 0)
            assert not (counts.get(Status.waiting) and found.taken < found.capacity)
            assert not (found.is_cancelled and counts.get(Status.waiting))


def together(*deeds: Callable[[], object]) -> list[object]:
    """All at one moment; what each gave back or, for what the service refused, the error.

    Anything else fails the test.
    """
    gate, found = threading.Barrier(len(deeds)), [None] * len(deeds)  # type: ignore[var-annotated]

    def run(i: int) -> None:
        gate.wait()
        try:
            found[i] = deeds[i]()
        except Exception as error:
            found[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        if isinstance(one, Exception) and not isinstance(one, ActionError):
            raise one
    return found


def test_a_change_repeated_from_ten_threads_changes_once_and_says_so_to_each(sessions: Sessions) -> None:
    one, last = opening(sessions), opening(sessions, hours=50)
    held = book(sessions, one, "r1")
    found = together(*(lambda: change(sessions, held, last) for _ in range(10)))
    assert len(set(found)) == 1
    assert isinstance(found[0], int)
    assert (taken(sessions, one), taken(sessions, last)) == (0, 1)


def test_changes_in_opposite_directions_never_lock_each_other_out(sessions: Sessions) -> None:
    for turn in range(10):
        one, two = opening(sessions, capacity=4), opening(sessions, capacity=4, hours=50)
        here = [book(sessions, one, f"a{turn}-{i}") for i in range(2)]
        there = [book(sessions, two, f"b{turn}-{i}") for i in range(2)]
        together(
            *(lambda h=h, to=two: change(sessions, h, to, f"k{h}") for h in here),
            *(lambda h=h, to=one: change(sessions, h, to, f"k{h}") for h in there),
        )  # type: ignore[misc]
        assert (taken(sessions, one), taken(sessions, two)) == (2, 2)


def test_cancelling_and_calling_off_at_once_leave_no_place_taken(sessions: Sessions) -> None:
    for turn in range(10):
        where = opening(sessions, capacity=4)
        held = [book(sessions, where, f"r{turn}-{i}") for i in range(3)]

        def call_off(where: int = where) -> None:
            with sessions() as session:
                openings.cancel_opening(session, where, reason="", now=NOW)

        together(
            *(lambda h=h: cancel(sessions, h) for h in held),
            call_off,
            lambda w=where, t=turn: book(sessions, w, f"late{t}"),
        )  # type: ignore[misc]
        assert_exact(sessions)
        assert all(status(sessions, h) is Status.cancelled for h in held)


def test_a_place_given_up_while_someone_joins_the_list_is_not_left_empty(sessions: Sessions) -> None:
    for turn in range(20):
        where = opening(sessions)
        held = book(sessions, where, f"r{turn}")
        together(lambda h=held: cancel(sessions, h), lambda w=where, t=turn: wait(sessions, w, f"w{t}"))
        assert_exact(sessions)


def test_two_places_given_up_at_once_promote_two_in_order(sessions: Sessions) -> None:
    where = opening(sessions, capacity=2)
    held = [book(sessions, where, f"r{i}") for i in range(2)]
    waiting = [wait(sessions, where, f"w{i}") for i in range(3)]
    together(*(lambda h=h: cancel(sessions, h) for h in held))  # type: ignore[misc]
    assert [status(sessions, w) for w in waiting] == [Status.booked, Status.booked, Status.waiting]
    assert {who for who, words in told(sessions) if "候补上了" in words} == set(waiting[:2])


def test_leaving_the_list_while_being_promoted_leaves_for_good(sessions: Sessions) -> None:
    for turn in range(20):
        where = opening(sessions)
        held = book(sessions, where, f"r{turn}")
        first, second = wait(sessions, where, f"w{turn}"), wait(sessions, where, f"v{turn}")
        together(lambda h=held: cancel(sessions, h), lambda f=first: cancel(sessions, f))  # type: ignore[misc]
        assert (status(sessions, first), status(sessions, second)) == (Status.cancelled, Status.booked)
        assert_exact(sessions)


def test_who_joins_the_list_of_an_opening_with_room_gets_the_place(sessions: Sessions) -> None:
    where = opening(sessions)
    assert status(sessions, wait(sessions, where, "w")) is Status.booked
    assert taken(sessions, where) == 1


def test_nobody_waits_for_what_is_called_off_or_over(sessions: Sessions) -> None:
    off, over = opening(sessions), opening(sessions, hours=1)
    with sessions() as session:
        openings.cancel_opening(session, off, reason="开庭", now=NOW)
    with pytest.raises(OpeningTaken):
        wait(sessions, off, "w")
    with pytest.raises(OpeningTaken):
        wait(sessions, over, "w", now=NOW + timedelta(hours=2))
    with pytest.raises(NotFound):
        wait(sessions, 999, "w")


def test_who_cancels_before_hearing_of_the_promotion_is_not_told_of_it(sessions: Sessions) -> None:
    where = opening(sessions)
    held, waiting = book(sessions, where, "r1"), wait(sessions, where, "r2")
    cancel(sessions, held)
    cancel(sessions, waiting)
    assert told(sessions) == []


def test_a_change_after_the_time_is_refused_and_history_stays(sessions: Sessions) -> None:
    one, two = opening(sessions, hours=1), opening(sessions)
    held = book(sessions, one, "r1")
    with pytest.raises(NotAllowed):
        change(sessions, held, two, now=NOW + timedelta(hours=1, minutes=30))
    assert (status(sessions, held), taken(sessions, two)) == (Status.booked, 0)


def test_a_mark_can_only_say_whether_someone_came(sessions: Sessions) -> None:
    where, after = opening(sessions), NOW + timedelta(hours=49)
    held, waiting = book(sessions, where, "r1"), wait(sessions, where, "r2")
    with sessions() as session:
        for appointment, to in ((held, Status.cancelled), (waiting, Status.booked), (waiting, Status.attended)):
            with pytest.raises(NotAllowed):
                appointments.mark(session, appointment, to, worker_id=1, now=after)
            session.rollback()
        assert appointments.mark(session, held, Status.no_show, worker_id=1, now=after).status is Status.no_show
        assert appointments.mark(session, held, Status.attended, worker_id=1, now=after).status is Status.attended
        with pytest.raises(NotAllowed):
            appointments.cancel(session, held, now=after)


def test_every_status_stands_in_the_table_of_moves() -> None:
    assert set(MOVES) == set(Status)


def test_two_workers_remind_once(sessions: Sessions) -> None:
    book(sessions, opening(sessions), "r1")
    later = NOW + timedelta(hours=25)
    found = together(*(lambda: told(sessions, now=later) for _ in range(6)))
    assert sum(len(f) for f in found if isinstance(f, list)) == 1


def test_news_written_while_other_news_is_being_told_is_not_lost(sessions: Sessions) -> None:
    where = opening(sessions)
    held, waiting = book(sessions, where, "r1"), wait(sessions, where, "r2")
    cancel(sessions, held)
    with sessions() as teller:
        telling = select(Appointment).where(Appointment.id == waiting)
        assert teller.scalars(telling).one().say  # read by a worker; before it writes, the opening is called off
        teller.rollback()
        with sessions() as session:
            openings.cancel_opening(session, where, reason="", now=NOW)
        appointments.due_words(teller, now=NOW)
        teller.rollback()  # killed before its commit
    assert ["取消了" in words for _, words in told(sessions)] == [True]


def test_the_same_resident_holds_an_opening_once_and_may_return_after_cancelling(sessions: Sessions) -> None:
    where = opening(sessions, capacity=5)
    held = book(sessions, where, "r1", "a")
    with pytest.raises(AlreadyBooked):
        book(sessions, where, "r1", "b")
    cancel(sessions, held)
    assert book(sessions, where, "r1", "c") != held
    assert taken(sessions, where) == 1


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"capacity": 201}, {"hours": -1}])
def test_an_opening_nobody_could_take_is_refused(sessions: Sessions, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        opening(sessions, **wrong)  # type: ignore[arg-type]


def test_of_eight_openings_for_one_hour_of_one_worker_one_is_published(sessions: Sessions) -> None:
    """Eight tabs, each free when it looked."""
    starts = NOW + timedelta(days=3)

    def publish(minutes: int) -> bool:
        with sessions() as session:
            openings.one_at_a_time(session)
            begins, ends = starts + timedelta(minutes=minutes), starts + timedelta(minutes=minutes + 60)
            try:
                openings.check_free(session, 1, starts_at=begins, ends_at=ends)
            except Conflict:
                return False
            openings.publish(
                session,
                worker_id=1,
                worker_name="周律师",
                mode=Mode.visit,
                place="nation",
                address="",
                starts_at=begins,
                ends_at=ends,
                capacity=1,
                now=NOW,
            )
            session.commit()
            return True

    got = together(*(lambda m=minutes: publish(m) for minutes in range(0, 56, 7)))
    assert got.count(True) == 1
    assert got.count(False) == 7


def test_one_resident_is_with_one_lawyer_at_a_time(sessions: Sessions) -> None:
    """Also where they wrote from two conversations that they joined, and where they only wait (T40)."""
    one, same_hour, after = (opening(sessions, worker=w, hours=h) for w, h in ((1, 48), (2, 48.5), (3, 49.5)))
    held = book(sessions, one, "r1")
    with pytest.raises(BusyThen, match="已经约了"):
        book(sessions, same_hour, "r1")
    with sessions() as session:
        persons.join(session, "r1", "r2")
    for do in (book, wait):
        with pytest.raises(BusyThen, match="同一时间只能约一个"):
            do(sessions, same_hour, "r2")
    book(sessions, after, "r2", "after")
    book(sessions, same_hour, "r3")
    with pytest.raises(OpeningTaken):
        change(sessions, held, same_hour)
    elsewhere = opening(sessions, worker=4, hours=48.2)
    moved = change(sessions, held, elsewhere, key="moved")
    assert status(sessions, moved) is Status.booked, "instead of the one at that hour"
    waiting = wait(sessions, same_hour, "r4")
    with pytest.raises(BusyThen, match="已经在排候补"):
        book(sessions, opening(sessions, worker=5, hours=48), "r4")
    assert status(sessions, waiting) is Status.waiting


@pytest.mark.parametrize("seed", range(6))
def test_random_deeds_of_eight_at_once_keep_the_count(sessions: Sessions, seed: int) -> None:
    places = [opening(sessions, capacity=c, hours=30 + c) for c in (1, 2, 3)]

    def live(who: str, fate: random.Random) -> None:
        for i in range(12):
            with sessions() as session:
                held = session.scalars(
                    select(Appointment.id).where(
                        Appointment.conversation_id == who, Appointment.status.in_((Status.booked, Status.waiting))
                    )
                ).all()
            place, deed = fate.choice(places), fate.choice(("book", "book", "wait", "cancel", "change"))
            try:
                if deed == "book":
                    book(sessions, place, who, f"{who}-{i}")
                elif deed == "wait":
                    with sessions() as session:
                        appointments.wait(
                            session,
                            place,
                            conversation_id=who,
                            request_key=f"{who}-{i}",
                            summary="s",
                            phone=None,
                            now=NOW,
                        )
                elif held and deed == "cancel":
                    cancel(sessions, held[0])
                elif held:
                    change(sessions, held[0], place, f"{who}-{i}")
            except ActionError:
                pass

    together(*(lambda w=w: live(f"r{w}", random.Random(f"{seed}-{w}")) for w in range(8)))  # type: ignore[misc]
    assert_exact(sessions)
