"""What leads from somebody to their paper slip is given out and deleted with their conversation."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from actions.roster import households, printing, slips
from actions.roster.models import Basis, HouseholdKind, Participant, ParticipantThread, Slip
from bot.affairs import clock
from bot.conversations import remains, service
from bot.conversations.models import Conversation
from bot.privacy import own_data
from tests.bot.world import World

NOW = datetime.now(UTC)


def used(session: Session, world: World) -> str:
    kind = HouseholdKind.registered
    households.add(session, place="lijiagou", group="一组", code="1-07", kind=kind, adults=1, today=NOW.date())
    code = printing.sheet(
        session, place="lijiagou", group="一组", basis=Basis.person, is_again=False, by="李", now=NOW
    )[0].code
    slips.use(session, asker=world.conversation, place="lijiagou", code=code, now=NOW)
    session.commit()
    return code


def rows(session: Session) -> list[int]:
    tables = (Participant, ParticipantThread, Slip)
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_ones_slip_is_given_out_without_its_code_and_deleted_with_the_conversation(world: World) -> None:
    with world.sessions() as session:
        code = used(session, world)
        held = own_data.exported(session, session.get_one(Conversation, world.conversation))
        assert [one["household"] for one in held["slips"]] == ["1-07"]
        assert code not in json.dumps(held, default=str)
        assert service.forget(session, world.conversation)
        assert rows(session) == [0, 0, 0]


def test_a_conversation_that_was_kept_for_long_enough_leaves_the_paper_good(world: World) -> None:
    with world.sessions() as session:
        code = used(session, world)
        service.forget(session, world.conversation, is_asked=False)
        assert rows(session) == [1, 0, 1]
        assert slips.use(session, asker="page:later", place="lijiagou", code=code, now=NOW).person_no == 1


def test_a_thread_of_a_conversation_that_is_gone_is_swept_and_a_browser_is_left(world: World) -> None:
    with world.sessions() as session:
        used(session, world)
        session.execute(update(ParticipantThread).values(asker="gone"))
        remains.sweep(session)
        assert rows(session) == [1, 0, 1]
        session.add(ParticipantThread(asker="page:x", place_id="lijiagou", participant_id=1, bound_at=NOW))
        session.commit()
        remains.sweep(session)
        assert rows(session) == [1, 1, 1]


def test_the_clock_takes_what_has_been_kept_for_long_enough_however_often_it_ticks(world: World) -> None:
    with world.sessions() as session:
        used(session, world)
        clock.tick(session, world.settings, NOW + timedelta(days=360))
        assert rows(session) == [1, 1, 1]
        for _ in range(2):
            clock.tick(session, world.settings, NOW + timedelta(days=800))
        assert rows(session) == [0, 0, 0]
