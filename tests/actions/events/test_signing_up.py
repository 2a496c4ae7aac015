"""Who comes: places by heads, the waiting list in its order, word once; and a lawyer's times see nothing of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments, openings
from actions.bookings.appointments import Status
from actions.bookings.models import Appointment, Mode, Opening
from actions.errors import AlreadyBooked, InvalidInput, NotAllowed, NotFound
from actions.events import checking_in, clock, publishing, signing_up
from actions.events.signing_up import Coming
from tests.actions.events.conftest import NOW, wanted

Sessions = sessionmaker[Session]
Held = Callable[..., int]


def join(session: Session, event: int, who: str, party: int = 1, **more: str) -> Appointment:
    coming = Coming(who, more.get("name", f"{who}家"), party, more.get("item", ""), more.get("phone", ""))
    return signing_up.sign_up(session, event, coming, key=more.get("key", f"k-{event}-{who}"), now=NOW)


def test_a_party_takes_as_many_places_as_it_is_people(village: Sessions, held: Held) -> None:
    event = held(capacity=3)
    with village() as session:
        assert join(session, event, "a", 2).status is Status.booked
        assert join(session, event, "b", 2).status is Status.waiting  # one is left
        assert join(session, event, "c", 1).status is Status.booked
        assert session.get_one(Opening, event).taken == 3


def test_who_waits_moves_up_in_order_where_they_fit_and_is_told_once(village: Sessions, held: Held) -> None:
    event = held(capacity=3)
    with village() as session:
        first = join(session, event, "a", 2)
        join(session, event, "b", 1)
        big, small = join(session, event, "c", 3), join(session, event, "d", 2)
        signing_up.leave(session, first.id, now=NOW)
        session.refresh(big)
        session.refresh(small)
        assert (big.status, small.status) == (Status.waiting, Status.booked)
        told = [(word.appointment.id, word.text) for word in appointments.due_words(session, now=NOW)]
        session.commit()
        assert [number for number, _ in told] == [small.id]
        assert "轮到您了" in told[0][1]
        assert "不去了" in told[0][1]
        assert "身份证" not in told[0][1]
        assert appointments.due_words(session, now=NOW) == []


def test_the_same_form_twice_is_one_and_the_same_person_twice_is_refused(village: Sessions, held: Held) -> None:
    event = held(capacity=9)
    with village() as session:
        assert join(session, event, "a").id == join(session, event, "a").id
        with pytest.raises(AlreadyBooked):
            join(session, event, "a", key="another")
        assert session.get_one(Opening, event).taken == 1


def test_after_leaving_one_may_sign_up_anew(village: Sessions, held: Held) -> None:
    event = held(capacity=2)
    with village() as session:
        signing_up.leave(session, join(session, event, "a").id, now=NOW)
        assert join(session, event, "a", key="again").status is Status.booked
        assert session.get_one(Opening, event).taken == 1


@pytest.mark.parametrize(
    ("coming", "error"),
    [
        (Coming("a", "", 1), InvalidInput),
        (Coming("a", "王婶", 0), InvalidInput),
        (Coming("a", "王婶", 11), InvalidInput),
        (Coming("a", "王婶", -3), InvalidInput),
        (Coming("a", "王婶", 4), InvalidInput),
        (Coming("a", "王婶", 1, phone="1" * 21), InvalidInput),
    ],
)
def test_what_makes_no_sense_takes_no_place(
    village: Sessions, held: Held, coming: Coming, error: type[Exception]
) -> None:
    event = held(capacity=3)
    with village() as session:
        with pytest.raises(error):
            signing_up.sign_up(session, event, coming, key="k", now=NOW)
        assert session.scalars(select(Appointment)).all() == []


def test_nobody_signs_up_for_what_has_begun_is_called_off_or_needs_none(village: Sessions, held: Held) -> None:
    begun, off, free = held(days=0.01), held(), held(capacity=0)
    with village() as session:
        publishing.call_off(session, off, reason="下雨", now=NOW)
        for event, error in ((begun, NotAllowed), (off, NotAllowed), (free, InvalidInput)):
            with pytest.raises(error):
                signing_up.sign_up(session, event, Coming("a", "王婶"), key="k", now=NOW + timedelta(hours=1))


def test_calling_off_tells_everybody_why_once(village: Sessions, held: Held) -> None:
    event = held(capacity=1)
    with village() as session:
        join(session, event, "a")
        join(session, event, "b")
        publishing.call_off(session, event, reason="下大雨", now=NOW)
        publishing.call_off(session, event, reason="下大雨", now=NOW)
        texts = [word.text for word in appointments.due_words(session, now=NOW)]
        session.commit()
        assert len(texts) == 2
        assert all("不办了：下大雨" in text for text in texts)
        assert appointments.due_words(session, now=NOW) == []


def test_another_hour_is_told_and_reminded_of_anew(village: Sessions, held: Held) -> None:
    event = held(capacity=5)
    with village() as session:
        row = join(session, event, "a")
        day_before = NOW + timedelta(days=3, hours=1)
        assert ["提醒您" in word.text for word in appointments.due_words(session, now=day_before)] == [True]
        session.commit()
        assert publishing.change(session, event, wanted(days=6, capacity=5), now=NOW) == 1
        later = NOW + timedelta(days=5, hours=1)
        texts = [word.text for word in appointments.due_words(session, now=later)]
        assert any("现在：11月30日" in text for text in texts)
        assert any("提醒您：11月30日" in text for text in texts)
        assert row.status is Status.booked


def test_a_change_of_words_alone_tells_nobody(village: Sessions, held: Held) -> None:
    event = held(capacity=5)
    with village() as session:
        join(session, event, "a", 2)
        assert publishing.change(session, event, wanted(capacity=5, about="加映一部"), now=NOW) == 0
        with pytest.raises(InvalidInput):
            publishing.change(session, event, wanted(capacity=1), now=NOW)


def test_more_places_move_who_waits_up(village: Sessions, held: Held) -> None:
    event = held(capacity=1)
    with village() as session:
        join(session, event, "a")
        waiting = join(session, event, "b", 1)
        publishing.change(session, event, wanted(capacity=4), now=NOW)
        session.refresh(waiting)
        assert waiting.status is Status.booked


def test_a_lawyers_times_and_the_villages_events_never_meet(village: Sessions, held: Held) -> None:
    event = held(kind="clinic", capacity=5)
    with village() as session:
        starts = NOW + timedelta(days=2)
        lawyer = openings.publish(
            session,
            worker_id=1,
            worker_name="李律师",
            mode=Mode.visit,
            place="lijiagou",
            address="村部",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=1,
            now=NOW,
        )
        session.commit()
        every = {"now": NOW, "place": "lijiagou"}
        assert [o.id for o in openings.offers(session, **every)] == [lawyer.id]
        session.get_one(Opening, event).taken = 5
        session.commit()
        assert openings.full_ones(session, **every) == []
        since, until = NOW, NOW + timedelta(days=9)
        assert [o.id for o in openings.worker_openings(session, since=since, until=until, places=None)] == [lawyer.id]
        more = {"conversation_id": "c", "summary": "", "phone": None, "now": NOW}
        for book in (appointments.book, appointments.wait):
            with pytest.raises(NotFound):
                book(session, event, request_key=f"x{book.__name__}", **more)
        with pytest.raises(NotFound):
            signing_up.sign_up(session, lawyer.id, Coming("c", "王婶"), key="k", now=NOW)
        for deed in (lambda: publishing.call_off(session, lawyer.id, reason="下雨", now=NOW),):
            with pytest.raises(NotFound):
                deed()


def test_who_comes_to_an_event_may_see_a_lawyer_at_the_same_hour_and_is_asked_of_each_alone(
    village: Sessions, held: Held
) -> None:
    event = held(capacity=5, days=2)
    with village() as session:
        starts = NOW + timedelta(days=2)
        lawyer = openings.publish(
            session,
            worker_id=1,
            worker_name="李律师",
            mode=Mode.phone,
            place="lijiagou",
            address="",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=1,
            now=NOW,
        )
        session.commit()
        mine = join(session, event, "c")
        booked = appointments.book(
            session, lawyer.id, conversation_id="c", request_key="b", summary="离婚", phone=None, now=NOW
        )
        assert [a.id for a in appointments.held_by(session, "c", now=NOW)] == [booked.id]
        assert [a.id for a in signing_up.of_asker(session, ["c"], now=NOW)] == [mine.id]
        with pytest.raises(NotFound):
            signing_up.leave(session, booked.id, now=NOW)
        with pytest.raises(NotFound):
            appointments.change(session, booked.id, event, request_key="z", now=NOW)
        session.refresh(booked)
        assert booked.status is Status.booked


def test_a_lawyers_reminder_still_says_what_to_bring(village: Sessions) -> None:
    with village() as session:
        starts = NOW + timedelta(days=2)
        lawyer = openings.publish(
            session,
            worker_id=1,
            worker_name="李律师",
            mode=Mode.visit,
            place="lijiagou",
            address="村部",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=1,
            now=NOW,
        )
        session.commit()
        appointments.book(session, lawyer.id, conversation_id="c", request_key="b", summary="", phone=None, now=NOW)
        [word] = appointments.due_words(session, now=NOW + timedelta(days=1, hours=1))
        assert "带上身份证" in word.text
        assert "取消预约" in word.text


def test_the_door_ticks_off_undoes_and_finds_a_code(village: Sessions, held: Held) -> None:
    event = held(kind="training", capacity=9, hours=2.5)
    begins = NOW + timedelta(days=4)
    with village() as session:
        row = join(session, event, "a")
        with pytest.raises(NotAllowed):
            checking_in.mark(session, row.id, came=True, now=NOW)
        assert (
            signing_up.by_code(session, event, f"{row.code[:4]} {row.code[4:].lower()}" if row.code else "").id
            == row.id
        )
        checking_in.mark(session, row.id, came=True, now=begins)
        checking_in.mark(session, row.id, came=True, now=begins)
        assert (row.status, row.hours, row.came_at) == (Status.attended, 2.5, begins)
        checking_in.mark(session, row.id, came=False, now=begins)
        assert (row.status, row.hours, row.came_at) == (Status.no_show, None, None)
        checking_in.mark(session, row.id, came=True, hours=1, now=begins)
        assert row.hours == 1
        for hours in (0, -1, 99):
            with pytest.raises(InvalidInput):
                checking_in.mark(session, row.id, came=True, hours=hours, now=begins)
        walked = checking_in.walk_in(session, event, name="老周", party=2, key="w", now=begins)
        assert checking_in.walk_in(session, event, name="老周", party=2, key="w", now=begins).id == walked.id
        with pytest.raises(NotAllowed):
            signing_up.leave(session, row.id, now=begins)


def test_names_go_thirty_days_after_where_no_hours_are_to_be_shown(village: Sessions, held: Held) -> None:
    film, training = held(capacity=9), held(kind="training", capacity=9)
    with village() as session:
        came, learnt = join(session, film, "a", phone="13800001111", item="唱歌"), join(session, training, "a")
        for row in (came, learnt):
            checking_in.mark(session, row.id, came=True, now=NOW + timedelta(days=4))
        clock.tick(session, NOW + timedelta(days=33))
        session.refresh(came)
        assert came.name == "a家"
        clock.tick(session, NOW + timedelta(days=35))
        clock.tick(session, NOW + timedelta(days=36))
        session.refresh(came)
        session.refresh(learnt)
        gone = (came.name, came.phone, came.item, came.code, came.conversation_id, came.seat_key)
        assert gone == ("", None, "", None, None, None)
        assert (came.party, came.status) == (1, Status.attended)
        assert learnt.name == "a家"


def test_of_many_at_one_moment_the_last_places_are_given_once(village: Sessions, held: Held) -> None:
    event = held(capacity=3)

    def one(number: int) -> Status:
        with village() as session:
            return join(session, event, f"c{number}", 1 + number % 2).status

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))
    with village() as session:
        rows = session.scalars(select(Appointment).where(Appointment.status == Status.booked)).all()
        assert session.get_one(Opening, event).taken == sum(row.party for row in rows)
        assert session.get_one(Opening, event).taken == 3
    assert found.count(Status.booked) == len(rows)


def test_leaving_and_calling_off_at_one_moment_leave_nothing_half_done(village: Sessions, held: Held) -> None:
    event = held(capacity=2)
    with village() as session:
        numbers = [join(session, event, f"c{n}").id for n in range(4)]

    def leave(number: int) -> None:
        with village() as session, suppress(NotAllowed):
            signing_up.leave(session, number, now=NOW)

    def off(_: int) -> None:
        with village() as session:
            publishing.call_off(session, event, reason="下雨了", now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda deed: deed[0](deed[1]), [(leave, numbers[0]), (off, 0), (leave, numbers[1]), (off, 0)]))
    with village() as session:
        assert {row.status for row in session.scalars(select(Appointment))} == {Status.cancelled}
        assert session.get_one(Opening, event).taken == 0
        assert all(row.seat_key is None for row in session.scalars(select(Appointment)))


def test_a_deed_cut_short_before_its_commit_has_not_happened(
    village: Sessions, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = held(capacity=1)
    with village() as session:
        first = join(session, event, "a").id
        join(session, event, "b")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for deed in (
        lambda s: join(s, event, "c"),
        lambda s: signing_up.leave(s, first, now=NOW),
        lambda s: publishing.call_off(s, event, reason="下雨了", now=NOW),
    ):
        with village() as session:
            monkeypatch.setattr(session, "commit", killed)
            with pytest.raises(KeyboardInterrupt):
                deed(session)
    with village() as session:
        rows = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [row.status for row in rows] == [Status.booked, Status.waiting]
        assert session.get_one(Opening, event).taken == 1
        assert not session.get_one(Opening, event).is_cancelled
