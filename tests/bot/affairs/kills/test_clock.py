"""The whole of `bot/affairs/clock.py`, with something due in each subject, killed anywhere in a round: the next rounds
bring everything to its end, once, and everybody hears it once.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.bookings.models import Appointment
from actions.cases import filing, moves
from actions.disclosure import posting, schedule
from actions.disclosure.models import Disclosure
from actions.disclosure.status import State as Posted
from actions.events import publishing, signing_up
from actions.events.signing_up import Coming
from actions.helpers import referrals
from actions.helpers.models import Referral
from actions.helpers.status import State
from actions.joint import meetings as joint
from actions.joint import tasks
from actions.joint.meetings import About, Calling
from actions.joint.models import JointTask
from actions.joint.tasks import Doing
from actions.offices.models import Team
from actions.points import vouchers
from actions.points.models import Voucher
from actions.points.status import VoucherState
from actions.topics import ballots
from actions.topics.counting import sealing
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.status import TopicState
from bot.affairs import clock
from bot.conversations import delivery
from bot.conversations.models import Conversation, Message
from tests import killer
from tests.actions.dialogue.affairs import hall as village
from tests.actions.disclosure.test_schedule import CLERK, SECOND, TABLE
from tests.actions.events.conftest import wanted
from tests.actions.helpers.county import agreed, asked
from tests.actions.points import hall
from tests.actions.topics.village import Village as Topics
from tests.bot.affairs.kills.mortal import Stage, walk
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)

PLACE = village.PLACE
BEGUN = datetime(2026, 11, 20, 4, tzinfo=UTC)
TIME = BEGUN + timedelta(days=60)  # when all of it is due
CHIEF = moves.Actor("staff", "主管老赵", 5)


def _full(stage: Stage, session: Session) -> None:
    village.furnish(session)
    session.add(Conversation(id="c-me", channel="widget", place_id=PLACE))
    session.commit()
    _a_topic(stage, session)
    _a_voucher(session)
    _a_referral(session)
    _an_event(session)
    _a_posting(session)
    _a_task(session)
    _heard(session)


def _a_topic(stage: Stage, session: Session) -> None:
    here = Topics(session, TopicKeys(stage.settings.topic_keys))
    topic = here.opened()
    assert topic.closes_at
    here.slip("c-me")
    said: dict[str, Any] = {"choice": [1], "source": "chat", "key": "v", "now": BEGUN, "keys": here.keys}
    ballots.cast(session, topic_id=topic.id, asker="c-me", **said)


def _a_voucher(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    thing = hall.item(session)
    hall.given(session, home, rule_at=2)
    vouchers.order(session, home, thing.id, key="o", now=BEGUN)
    session.commit()


def _a_referral(session: Session) -> None:
    helper = agreed(session)
    referrals.offer(session, asked(session, conversation="c-me", now=BEGUN), helper.id, now=BEGUN)


def _an_event(session: Session) -> None:
    [event] = publishing.announce(session, PLACE, wanted(days=3), key="e", now=BEGUN)
    session.commit()
    signing_up.sign_up(session, event.id, Coming("c-me", "王婶"), key="s", now=BEGUN)


def _a_posting(session: Session) -> None:
    """Of the third quarter, hung up until 20 October at the soonest; the fourth is owed meanwhile."""
    at = datetime(2026, 10, 5, 4, tzinfo=UTC)
    schedule.begin(session, PLACE, on=at.date().replace(month=8, day=1), now=at)
    schedule.tick(session, at)
    item = session.scalars(select(Disclosure).where(Disclosure.duty_code == "finance")).one()
    posting.put(session, item, TABLE, note="", masks_names=False, by=CLERK, now=at)
    posting.check(session, item, edition=item.edition, confirms_names=False, why="", by=SECOND, now=at)
    posting.post(session, item, days=None, by=CLERK, now=at)
    session.commit()


def _a_task(session: Session) -> None:
    session.add_all(Team(id=n, name=name, place_id="liuhe") for n, name in ((21, "城建办"), (22, "水务站")))
    session.commit()
    said: dict[str, Any] = {"place": PLACE, "category": "环境卫生", "fields": {"what": "南沟的水淹到院里"}}
    case = filing.file(session, request_key="r1", conversation_id="c-me", now=BEGUN, **said)
    held = BEGUN + timedelta(hours=1)
    about = [About("南沟排水", case)]
    wish = Calling(place="liuhe", title="南沟排水", held_at=held, spot="镇里", agenda=about, teams=[21, 22])
    meeting = joint.call(session, wish, actor=CHIEF, key="k", now=BEGUN)
    doing = Doing(21, case.id, "把排水管接通", BEGUN.date() + timedelta(days=20))
    tasks.give(session, meeting, doing, actor=CHIEF, key="t", now=held + timedelta(hours=2))


def _heard(session: Session) -> None:
    """All that came before."""
    delivery.tell_case_events(session)
    delivery.tell_topic_events(session)
    session.expire_all()


def _round(stage: Stage, *, now: datetime) -> None:
    """As the worker goes round, without its other duties."""
    with stage.sessions() as session:
        delivery.tell_appointments(session, now=now)
        clock.tick(session, stage.settings, now)
        delivery.tell_case_events(session)
        delivery.tell_topic_events(session)


def _is_true(session: Session) -> None:
    """What holds in every moment."""
    topic = session.scalars(select(Topic)).one()
    assert sealing.fault_of(session, topic) == ""
    assert (topic.state is TopicState.open) == (topic.sealed_at is None)
    keys = session.scalars(select(Message.client_id).where(Message.client_id.is_not(None))).all()
    assert len(keys) == len(set(keys))


def test_a_round_with_everything_due_is_brought_to_its_end_once(databases: Databases, tmp_path: Path) -> None:
    def check(session: Session) -> None:
        _is_true(session)
        topic = session.scalars(select(Topic)).one()
        assert topic.tally is not None
        assert (topic.state, topic.tally["options"]) == (TopicState.counting, [0, 1, 0, 0])
        assert session.scalars(select(Voucher.state)).all() == [VoucherState.lapsed]
        assert session.scalars(select(Referral.state)).all() == [State.asked]
        assert session.scalars(select(Appointment.name)).all() == [""]
        finance = select(Disclosure.state).where(Disclosure.duty_code == "finance", Disclosure.period == "2026Q3")
        assert session.scalars(finance).all() == [Posted.archived]
        assert session.scalars(select(JointTask.overdue_at.is_not(None))).all() == [True]
        said = session.scalars(select(Message.text).where(Message.conversation_id == "c-me")).all()
        for words in ("征求意见截止了", "两个工作日没有回话", "到期还没有回音"):
            assert sum(words in one for one in said) == 1, words

    deed = partial(_round, now=TIME)
    assert walk(databases, tmp_path, _full, deed, check, at_once=_is_true) >= 8
