"""An opening named by its number, as the buttons do, but any number may be written: only what residents of this place
may take counts (cal.com#244, T41). And what a resident who comes too late is offered.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.bookings.status import AppointmentStatus
from actions.dialogue.booking import AskConfirm, AskOpening, Book, StartBooking, ValidateBooking
from actions.dialogue.frame.base import Said, Turn
from knowledge.clock import SHANGHAI
from knowledge.exchange.corpus import import_places
from tests.actions.dialogue.test_base import given, user
from tests.conftest import CORPUS

NOW = datetime.now(UTC)
Sessions = sessionmaker[Session]


@pytest.fixture(autouse=True)
def _places(sessions: Sessions) -> None:
    with sessions.begin() as session:
        import_places(session, CORPUS)


def opening(sessions: Sessions, place: str = "lijiagou", *, days: float = 3, worker: int = 1, capacity: int = 1) -> int:
    with sessions() as session:
        starts = NOW + timedelta(days=days)
        found = openings.publish(
            session,
            worker_id=worker,
            worker_name=f"{worker}号律师",
            mode=Mode.visit,
            place=place,
            address="党群服务中心",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            capacity=capacity,
            now=min(NOW, starts - timedelta(days=1)),
        )
        session.commit()
        return found.id


def book(sessions: Sessions, where: int, who: str) -> None:
    with sessions() as session:
        appointments.book(
            session, where, conversation_id=who, request_key=f"{who}{where}", summary="", phone=None, now=NOW
        )


def slots_after(said: Said) -> dict[str, Any]:
    return {e["name"]: e["value"] for e in said.events if e["event"] == "slot"}


def chosen(sessions: Sessions, text: str, *, place: str | None = "lijiagou") -> list[dict[str, Any]]:
    """As the first message of a booking, and inside the form."""
    turn = Turn("c1", text, message=2, place=place, slots={"requested_slot": "booking_opening"})
    inside = Turn("c1", text, message=2, place=place, slots=turn.slots, events=[user(2, text, 11)])
    return [
        slots_after(StartBooking(given(sessions)).do(turn)),
        slots_after(ValidateBooking(given(sessions)).do(inside)),
    ]


def test_an_opening_of_ones_own_place_or_above_it_is_taken(sessions: Sessions) -> None:
    for place in ("lijiagou", "liuhe", "qinghe", "nation"):
        number = opening(sessions, place)
        for slots in chosen(sessions, f"约{number}号时段"):
            assert (slots["booking_opening"], slots["booking_kind"]) == (str(number), "约"), place


@pytest.mark.parametrize(
    "number",
    [
        lambda sessions: opening(sessions, "wangjiawan"),
        lambda sessions: opening(sessions, "shiqiao"),
        lambda _: 999_999_999,
        lambda _: 0,
        lambda sessions: opening(sessions, days=-1),
        lambda sessions: cancelled(sessions),
    ],
    ids=["another township's", "the next village's", "none", "zero", "over", "called off"],
)
@pytest.mark.parametrize("kind", ["约", "候补"])
def test_a_number_of_what_is_not_for_them_is_no_opening(
    sessions: Sessions, kind: str, number: Callable[[Sessions], int]
) -> None:
    for slots in chosen(sessions, f"{kind}{number(sessions)}号时段"):
        assert slots["booking_opening"] is None
        assert slots["booking_hint"] == "没有这个时段，请重新选一个。"
    asked = Turn("c1", "", place="lijiagou", slots={"booking_hint": slots["booking_hint"]})
    assert AskOpening(given(sessions)).do(asked).replies[0].text.startswith("没有这个时段。现在没有可约的时间。")
    opening(sessions)
    assert AskOpening(given(sessions)).do(asked).replies[0].text == "没有这个时段，请重新选一个。"


def cancelled(sessions: Sessions) -> int:
    number = opening(sessions)
    with sessions() as session:
        openings.cancel_opening(session, number, reason="", now=NOW)
    return number


def test_nobody_waits_where_there_is_room_and_nobody_is_promised_what_is_full(sessions: Sessions) -> None:
    free, full = opening(sessions, capacity=2), opening(sessions, worker=2)
    book(sessions, full, "r1")
    for slots in chosen(sessions, f"候补{free}号时段"):
        assert slots["booking_kind"] == "约"
    for slots in chosen(sessions, f"约{full}号时段"):
        assert slots["booking_opening"] is None
        assert "约满" in slots["booking_hint"]
    for slots in chosen(sessions, f"候补{full}号时段"):
        assert (slots["booking_opening"], slots["booking_kind"]) == (str(full), "候补")


def confirmed(sessions: Sessions, number: int, who: str = "c1", *, kind: str = "约", place: str = "lijiagou") -> Said:
    slots = {"booking_confirm": "yes", "booking_opening": str(number), "booking_kind": kind, "booking_id": f"{who}:1"}
    more = {"booking_matter": "问工钱", "booking_contact": "在这里联系"}
    return Book(given(sessions)).do(Turn(who, "对", message=None, place=place, slots={**slots, **more}))


def test_the_service_asks_for_the_place_too(sessions: Sessions) -> None:
    """Whoever moved between choosing and confirming, or a slot that somebody else filled."""
    number = opening(sessions, "wangjiawan")
    said = confirmed(sessions, number)
    assert "没有这个时段" in said.replies[0].text
    assert slots_after(said)["booking_opening"] is None
    with sessions() as session:
        assert session.scalars(select(Appointment)).all() == []
        assert session.get_one(Opening, number).taken == 0


def test_who_comes_too_late_is_offered_the_waiting_list_of_what_they_wanted(sessions: Sessions) -> None:
    number = opening(sessions)
    for other in range(3):
        opening(sessions, days=4 + other)
    book(sessions, number, "r1")
    said = confirmed(sessions, number)
    assert "刚刚约满了" in said.replies[0].text
    after = slots_after(said)
    assert (after["booking_kind"], after["booking_confirm"]) == ("候补", None)
    assert "booking_opening" not in after
    turn = Turn("c1", "", slots={"booking_opening": str(number), "booking_kind": "候补", "booking_matter": "问工钱"})
    again = AskConfirm(given(sessions)).do(turn).replies[0]
    assert "（排候补）" in again.text
    assert [b.title for b in again.buttons] == ["对，排候补", "换个时间", "不约了"]
    assert "排上候补了" in confirmed(sessions, number, kind="候补").replies[0].text
    with sessions() as session:
        held = appointments.held_by(session, "c1", now=NOW)
        assert [(a.opening_id, a.status) for a in held] == [(number, AppointmentStatus.waiting)]


def test_one_resident_is_not_booked_with_two_lawyers_at_one_hour(sessions: Sessions) -> None:
    """Neither shown nor taken; what is said names the appointment that stands (T40)."""
    one, same, later = opening(sessions), opening(sessions, worker=2), opening(sessions, worker=3, days=4)
    book(sessions, one, "c1")
    offered = AskOpening(given(sessions)).do(Turn("c1", "", place="lijiagou")).replies[0]
    assert [b.payload for b in offered.buttons] == [f"约{later}号时段"]
    said = confirmed(sessions, same)
    assert "这个时间您已经约了" in said.replies[0].text
    assert "1号律师" in said.replies[0].text
    assert slots_after(said)["booking_opening"] is None, "another time is asked for, the matter stays"
    assert "booking_matter" not in slots_after(said)
    with sessions() as session:
        assert [a.opening_id for a in appointments.held_by(session, "c1", now=NOW)] == [one]


def test_another_time_may_meet_the_one_it_replaces(sessions: Sessions) -> None:
    one, meets = opening(sessions), opening(sessions, worker=2, days=3.02)
    book(sessions, one, "c1")
    with sessions() as session:
        held = appointments.held_by(session, "c1", now=NOW)[0].id
    turn = Turn("c1", "", place="lijiagou", slots={"booking_change": held})
    assert [b.payload for b in AskOpening(given(sessions)).do(turn).replies[0].buttons] == [f"约{meets}号时段"]


def test_what_the_worker_wants_known_is_read_back_and_confirmed(sessions: Sessions) -> None:
    number = opening(sessions)
    with sessions() as session:
        session.get_one(Opening, number).note = "从后门进。"
        session.commit()
    slots = {"booking_opening": str(number), "booking_matter": "问工钱", "booking_contact": "在这里联系"}
    assert "说明：从后门进。" in AskConfirm(given(sessions)).do(Turn("c1", "", slots=slots)).replies[0].text
    assert "从后门进。带上身份证" in confirmed(sessions, number).replies[0].next


def test_an_afternoon_alone_is_of_the_day_that_stands(sessions: Sessions) -> None:
    where = opening(sessions, days=3)
    book(sessions, where, "c1")
    turn = Turn("c1", "能不能改到下午", message=2, place="lijiagou")
    when = slots_after(StartBooking(given(sessions)).do(turn))["booking_when"]
    day = (NOW + timedelta(days=3)).astimezone(SHANGHAI)
    assert when == f"能不能改到{day.month}月{day.day}日下午"


def test_who_moves_to_a_telephone_hour_is_asked_for_a_number(sessions: Sessions) -> None:
    where = opening(sessions, days=3)
    with sessions.begin() as session:
        session.get_one(Opening, where).mode = Mode.phone
    held = {"requested_slot": "booking_opening", "booking_contact": "在这里联系"}
    turn = Turn("c1", f"约{where}号时段", message=2, place="lijiagou", slots=held)
    assert slots_after(StartBooking(given(sessions)).do(turn))["booking_contact"] is None
    inside = Turn("c1", turn.text, message=2, place="lijiagou", slots=held, events=[user(2, turn.text, 11)])
    assert slots_after(ValidateBooking(given(sessions)).do(inside))["booking_contact"] is None
