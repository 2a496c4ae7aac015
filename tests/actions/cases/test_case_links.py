"""Links: progress for whoever holds one, until it ends or is taken back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, links
from actions.cases.models import Case, CaseLink
from actions.errors import NotFound

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def linked(session: Session) -> tuple[Case, str]:
    case = filing.file(
        session,
        request_key="k",
        conversation_id=None,
        place=None,
        category="其他",
        fields={"what": "路灯坏了"},
        now=NOW,
    )
    token = links.make(session, case.id, now=NOW)
    session.commit()
    return case, token


def test_a_link_opens_as_often_as_one_likes_and_only_that_is_noted(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case, token = linked(session)
        assert links.check(session, token, now=NOW).opened_at is None, "a preview is no opening"
        for day in range(3):
            assert links.opened(session, token, now=NOW + timedelta(days=day)).id == case.id
        session.expire_all()
        assert links.check(session, token, now=NOW).opened_at == NOW + timedelta(days=2)


def test_a_link_that_was_taken_back_opens_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case, token = linked(session)
        other = links.make(session, case.id, now=NOW)
        links.take_back(session, token, now=NOW)
        for again in (links.check, links.opened, links.take_back):
            with pytest.raises(NotFound):
                again(session, token, now=NOW)
        assert links.opened(session, other, now=NOW).id == case.id
        assert links.count_good(session, case.id, now=NOW) == 1
        assert links.take_back_all(session, case.id) == 1
        with pytest.raises(NotFound):
            links.opened(session, other, now=NOW)


def test_a_link_ends_after_its_time(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        _, token = linked(session)
        with pytest.raises(NotFound):
            links.opened(session, token, now=NOW + links.LASTS)
        links.opened(session, token, now=NOW + links.LASTS - timedelta(seconds=1))


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 5000, "' OR 1=1 --"])
def test_a_made_up_token_opens_nothing(sessions: sessionmaker[Session], token: str) -> None:
    with sessions() as session:
        linked(session)
        with pytest.raises(NotFound):
            links.opened(session, token, now=NOW)


def test_the_token_itself_is_not_stored(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        _, token = linked(session)
        assert token not in "".join(session.scalars(select(CaseLink.token_hash)))
