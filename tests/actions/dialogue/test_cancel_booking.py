"""取消 in the list of appointments means that one, whatever form is open and however many there are."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.bookings import appointments, openings
from actions.bookings.models import Mode
from actions.dialogue.booking import CancelBooking, StopBooking
from actions.dialogue.frame.base import NOTHING, Turn
from tests.actions.dialogue.test_base import given, user
from tests.actions.dialogue.test_forms import Pigs

NOW = datetime.now(UTC)


@pytest.fixture
def held(sessions: sessionmaker[Session]) -> list[int]:
    """Two appointments of c1, the nearest first."""
    with sessions() as session:
        found: list[int] = []
        for day in (2, 3):
            opening = openings.publish(
                session,
                worker_id=None,
                worker_name="李律师",
                mode=Mode.visit,
                place="nation",
                address="",
                starts_at=NOW + timedelta(days=day),
                ends_at=NOW + timedelta(days=day, hours=1),
                capacity=1,
                now=NOW,
            )
            session.commit()
            made = appointments.book(
                session, opening.id, conversation_id="c1", request_key=str(day), summary="", phone=None, now=NOW
            )
            found.append(made.id)
        return found


@pytest.mark.parametrize("action", [CancelBooking, StopBooking], ids=["outside", "inside the booking form"])
def test_only_the_one_that_was_pressed_is_asked_about_and_cancelled(
    sessions: sessionmaker[Session], held: list[int], action: type[CancelBooking | StopBooking]
) -> None:
    asked = action(given(sessions)).do(Turn("c1", f"取消{held[1]}号预约")).replies[0]
    assert [b.payload for b in asked.buttons] == [f"确认取消{held[1]}号预约", "先不用"]
    done = action(given(sessions)).do(Turn("c1", asked.buttons[0].payload)).replies[0]
    assert "取消好了" in done.text
    with sessions() as session:
        assert [a.id for a in appointments.held_by(session, "c1", now=NOW)] == [held[0]]


def test_another_conversations_appointment_stays(sessions: sessionmaker[Session], held: list[int]) -> None:
    said = CancelBooking(given(sessions)).do(Turn("c2", f"确认取消{held[0]}号预约")).replies[0]
    assert "不在了" in said.text
    with sessions() as session:
        assert len(appointments.held_by(session, "c1", now=NOW)) == 2


@pytest.mark.parametrize("text", ["取消9号预约", "确认取消9号预约"])
def test_a_form_is_not_stopped_by_it(sessions: sessionmaker[Session], text: str) -> None:
    turn = Turn("c1", text, message=2, slots={"requested_slot": "pig_count"}, events=[user(2, text, 11)])
    assert Pigs(given(sessions)).do(turn) == NOTHING
