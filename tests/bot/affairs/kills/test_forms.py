"""A form of the console: what it did and the line of the audit are there together, whenever it dies."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.topics.models import TopicEvent
from bot.settings import Settings
from bot.staff.models import AuditEntry
from tests import killer
from tests.bot.affairs.kills.mortal import Stage, walk
from tests.bot.county import places_and_offices, whole_county
from tests.bot.world import World, console
from tests.databases import Databases

pytestmark = pytest.mark.slow
killer.preload(__name__)


def _county(_stage: Stage, session: Session) -> None:
    places_and_offices(session)
    whole_county(session)


def _extended(stage: Stage) -> None:
    settings = Settings(home=stage.home)
    clerk = World(console(settings, stage.sessions), stage.sessions, settings).enter("clerk")
    answer = clerk.post("/staff/village/topics/1/extend", data={"why": "秋收忙，多给几天", "nonce": "n1"})
    assert answer.status_code == 303, answer.text


def test_no_deed_of_a_form_is_without_its_line_in_the_audit(databases: Databases, tmp_path: Path) -> None:
    def audited(session: Session) -> None:
        is_done = session.scalar(select(TopicEvent.id).where(TopicEvent.what == "延长")) is not None
        lines = session.scalars(select(AuditEntry).where(AuditEntry.what == "延长征求意见")).all()
        assert bool(lines) == is_done

    def check(session: Session) -> None:
        assert len(session.scalars(select(TopicEvent).where(TopicEvent.what == "延长")).all()) == 1
        audited(session)

    but = ["audit_entry", "staff_session"]  # two presses of it are two lines
    assert walk(databases, tmp_path, _county, _extended, check, at_once=audited, but=but) >= 6
