"""A place at an event and who moves up, a helper's yes and the other party's: killed at every step."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings import appointments
from actions.bookings.appointments import Status
from actions.bookings.models import Appointment, Opening
from actions.errors import AlreadyBooked, Conflict
from actions.events import clock as events
from actions.events import lending, publishing, signing_up
from actions.events.lending import Wish
from actions.events.signing_up import Coming
from actions.helpers import clock as helpers
from actions.helpers import referrals
from actions.helpers.models import Referral, ReferralEvent
from actions.helpers.status import State
from actions.roster.models import VillageProfile
from bot.affairs.told import tell_referrals
from bot.conversations import delivery
from bot.conversations.models import Conversation, Message
from tests import killer
from tests.actions.events.conftest import NOW as EVENTS_NOW
from tests.actions.events.conftest import wanted
from tests.actions.helpers.county import LEASE, NOW, QUARREL, agreed, asked, places
from tests.bot.affairs.kills.mortal import Deed, Stage, walk
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)


def _said(session: Session, conversation: str, words: str) -> int:
    own = select(Message.text).where(Message.conversation_id == conversation)
    return sum(words in said for said in session.scalars(own))


# --- an event


def _announced(stage: Stage, session: Session) -> None:
    """Two places; 王婶 and one of hers have them, two others wait."""
    places(session)
    session.add(VillageProfile(place_id="lijiagou"))
    session.add_all(Conversation(id=name, channel="widget", place_id="lijiagou") for name in ("c-1", "c-2", "c-3"))
    [event] = publishing.announce(session, "lijiagou", wanted(capacity=2), key="k", now=EVENTS_NOW)
    session.commit()
    for name, party in (("c-1", 2), ("c-2", 1), ("c-3", 1)):
        signing_up.sign_up(session, event.id, Coming(name, "王婶", party), key=name, now=EVENTS_NOW)


def _nobody_yet(stage: Stage, session: Session) -> None:
    places(session)
    session.add(VillageProfile(place_id="lijiagou"))
    publishing.announce(session, "lijiagou", wanted(capacity=2), key="k", now=EVENTS_NOW)
    session.commit()


def _seats_fit(session: Session) -> None:
    """What the event counts as taken is what its sign-ups hold."""
    event = session.scalars(select(Opening)).one()
    held = select(Appointment.party).where(Appointment.status == Status.booked)
    assert event.taken == sum(session.scalars(held)) <= event.capacity


def _signed_up(stage: Stage) -> None:
    with stage.sessions() as session:
        event = session.scalars(select(Opening.id)).one()
        try:
            signing_up.sign_up(session, event, Coming("page:browser", "王婶", 2), key="one", now=EVENTS_NOW)
            signing_up.sign_up(session, event, Coming("page:other", "李叔", 1), key="two", now=EVENTS_NOW)
        except AlreadyBooked:
            raise AssertionError("the same wish is no second one") from None


def test_places_are_taken_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        _seats_fit(session)
        rows = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [(row.name, row.status) for row in rows] == [("王婶", Status.booked), ("李叔", Status.waiting)]

    assert walk(databases, tmp_path, _nobody_yet, _signed_up, check, at_once=_seats_fit) >= 6


def _a_hall(stage: Stage, session: Session) -> None:
    places(session)
    session.add(VillageProfile(place_id="lijiagou"))
    day = wanted("room", hours=8, capacity=40, title="文化礼堂")
    publishing.announce(session, "lijiagou", day, key="k", now=EVENTS_NOW)
    session.commit()


def _borrowed(stage: Stage) -> None:
    """Two on one day; a third who would meet the second; the first gives it back."""
    with stage.sessions() as session:
        event = session.scalars(select(Opening)).one()
        opens, number = event.starts_at, event.id
        for who, begins in (("王婶", 0), ("李叔", 2), ("赵大爷", 3)):
            starts = opens + timedelta(hours=begins)
            wish = Wish(f"page:{who}", who, 10, "排练", starts, starts + timedelta(hours=2))
            with suppress(Conflict):
                lending.lend(session, number, wish, key=who, now=EVENTS_NOW)
        first = session.scalars(select(Appointment.id).where(Appointment.name == "王婶")).one()
        signing_up.leave(session, first, now=EVENTS_NOW)


def _no_hours_meet(session: Session) -> None:
    spans = lending.taken(session, session.scalars(select(Opening)).one())
    assert all(one.ends_at <= next_.starts_at for one, next_ in pairwise(spans))


def test_hours_of_a_hall_are_lent_once_and_never_meet(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        _no_hours_meet(session)
        rows = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [(row.name, row.status) for row in rows] == [("王婶", Status.cancelled), ("李叔", Status.booked)]
        assert session.scalars(select(Opening.taken)).one() == 0

    assert walk(databases, tmp_path, _a_hall, _borrowed, check, at_once=_no_hours_meet) >= 6


def _told_of_events(stage: Stage) -> None:
    with stage.sessions() as session:
        delivery.tell_appointments(session, now=EVENTS_NOW)


def _left(stage: Stage) -> None:
    with stage.sessions() as session:
        first = session.scalars(select(Appointment.id).order_by(Appointment.id)).first()
        assert first is not None
        signing_up.leave(session, first, now=EVENTS_NOW)
    _told_of_events(stage)


def test_who_leaves_gives_the_places_to_who_waits_and_each_hears_it_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        _seats_fit(session)
        rows = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [row.status for row in rows] == [Status.cancelled, Status.booked, Status.booked]
        assert [_said(session, name, "轮到您了") for name in ("c-1", "c-2", "c-3")] == [0, 1, 1]

    assert walk(databases, tmp_path, _announced, _left, check, at_once=_seats_fit) >= 7


def _struck(stage: Stage) -> None:
    with stage.sessions() as session:
        first = session.scalars(select(Appointment.id).order_by(Appointment.id)).first()
        assert first is not None
        signing_up.strike(session, first, why="报重了", now=EVENTS_NOW)
    _told_of_events(stage)


def test_who_is_struck_off_hears_why_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        _seats_fit(session)
        assert [_said(session, name, "报重了") for name in ("c-1", "c-2", "c-3")] == [1, 0, 0]

    assert walk(databases, tmp_path, _announced, _struck, check, at_once=_seats_fit) >= 7


def _called_off(stage: Stage) -> None:
    with stage.sessions() as session:
        event = session.scalars(select(Opening.id)).one()
        publishing.call_off(session, event, reason="下大雪", now=EVENTS_NOW)
    _told_of_events(stage)


def test_an_event_is_called_off_once_and_everybody_hears_it_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Opening.is_cancelled)).all() == [True]
        assert [_said(session, name, "下大雪") for name in ("c-1", "c-2", "c-3")] == [1, 1, 1]

    assert walk(databases, tmp_path, _announced, _called_off, check) >= 7


def _events_ticked(stage: Stage) -> None:
    with stage.sessions() as session:
        events.tick(session, EVENTS_NOW + timedelta(days=40))


def test_names_are_dropped_thirty_days_later(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Appointment.name)).all() == ["", "", ""]
        assert appointments.label(session.scalars(select(Opening)).one())

    assert walk(databases, tmp_path, _announced, _events_ticked, check) >= 4


# --- a referral


def _offered(stage: Stage, session: Session, *, words: str = LEASE, kinds: tuple[str, ...] = ("legal_aware",)) -> None:
    places(session)
    session.add(Conversation(id="c-1", channel="widget", place_id="lijiagou"))
    session.commit()
    helper = agreed(session, kinds=kinds)
    agreed(session, name="王芳", called="王老师", kinds=kinds)
    referral = asked(session, words, contact="13912345678", other_party="隔壁老赵")
    referrals.offer(session, referral, helper.id, now=NOW)


def _asked_and_sent(stage: Stage) -> None:
    """As the chat does it, in one message."""
    with stage.sessions() as session:
        said: dict[str, Any] = {"place": "lijiagou", "words": LEASE, "conversation_id": "c-1", "key": "m7-helper"}
        referral = referrals.ask(session, now=NOW, **said)
        referrals.offer(session, referral, 1, now=NOW)


def test_words_are_sent_to_a_helper_once(databases: Databases, tmp_path: Path) -> None:
    def fill(stage: Stage, session: Session) -> None:
        places(session)
        session.add(Conversation(id="c-1", channel="widget", place_id="lijiagou"))
        session.commit()
        agreed(session)

    def check(session: Session) -> None:
        assert session.scalars(select(Referral.state)).all() == [State.offered]
        assert session.scalars(select(ReferralEvent.what)).all() == ["想找人帮忙", "转给李老师"]

    assert walk(databases, tmp_path, fill, _asked_and_sent, check) >= 5


def _told(stage: Stage) -> None:
    with stage.sessions() as session:
        tell_referrals(session, NOW)


def _helper_says_yes(stage: Stage) -> None:
    with stage.sessions() as session:
        referrals.agree(session, session.scalars(select(Referral)).one(), interest="", is_free=True, now=NOW)
    _told(stage)


def _done_and_told(deed: Deed, stage: Stage) -> None:
    """What is refused the second time was done the first; the worker's round comes in either case."""
    try:
        deed(stage)
    finally:
        _told(stage)


def test_a_helpers_yes_is_told_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        assert session.scalars(select(Referral.state)).all() == [State.accepted]
        assert _said(session, "c-1", "答应帮您") == 1

    again = partial(_done_and_told, _helper_says_yes)
    assert walk(databases, tmp_path, _offered, _helper_says_yes, check, again=again) >= 6


def _both_said_yes(stage: Stage) -> None:
    """A mediation: the helper first, then the other party."""
    with stage.sessions() as session:
        referral = session.scalars(select(Referral)).one()
        if referral.state is State.offered:
            referrals.agree(session, referral, interest="", is_free=True, now=NOW)
        referrals.other_says(session, referral, "yes", now=NOW)
    _told(stage)


def test_a_mediation_begins_once_both_said_yes_and_is_told_once(databases: Databases, tmp_path: Path) -> None:
    def no_telephone_before_both(session: Session) -> None:
        referral = session.scalars(select(Referral)).one()
        assert (referral.state is State.accepted) == (referral.other_yes_at is not None)
        assert referral.other_yes_at is None or referral.helper_yes_at is not None

    def check(session: Session) -> None:
        assert session.scalars(select(Referral.state)).all() == [State.accepted]
        assert _said(session, "c-1", "愿意来调解") == 1
        assert _said(session, "c-1", "对方也同意了") == 1

    fill = partial(_offered, words=QUARREL, kinds=("mediator",))
    again, at_once = partial(_done_and_told, _both_said_yes), no_telephone_before_both
    assert walk(databases, tmp_path, fill, _both_said_yes, check, again=again, at_once=at_once) >= 7


def _late(stage: Stage) -> None:
    with stage.sessions() as session:
        helpers.tick(session, NOW + timedelta(days=5))
    _told(stage)


def test_a_helper_who_does_not_answer_loses_it_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        referral = session.scalars(select(Referral)).one()
        assert (referral.state, referral.helper_id, len(referral.tried)) == (State.asked, None, 1)
        assert _said(session, "c-1", "两个工作日没有回话") == 1

    assert walk(databases, tmp_path, _offered, _late, check) >= 6
