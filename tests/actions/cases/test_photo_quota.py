"""Pictures fill a disk; so many a day, and no more (red team M18)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing
from actions.cases.models import Photo
from actions.cases.photos import CleanPhoto
from actions.errors import InvalidInput
from knowledge.clock import utc_now


def send(session: Session, number: int, conversation: str = "c1") -> None:
    filing.attach_photo(session, conversation, CleanPhoto(b"x", 1, 1, f"{number:064}"))


def test_thirty_pictures_a_day_and_then_the_next_day(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        for number in range(30):
            send(session, number)
            if number % 5 == 4:  # handed in with a report
                case = filing.file(session, request_key=str(number), conversation_id="c1", place=None, category="其他",
                                   fields={"what": "路灯坏了"}, now=utc_now())  # fmt: skip
                assert len(session.scalars(select(Photo.id).where(Photo.case_id == case.id)).all()) == 5
        with pytest.raises(InvalidInput, match="一天最多"):
            send(session, 30)
        send(session, 30, "c2")
        session.execute(update(Photo).values(created_at=utc_now() - timedelta(hours=25)))
        session.commit()
        send(session, 31)
