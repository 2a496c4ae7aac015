"""One-time links: progress for whoever holds the link, once."""

import threading
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


def test_a_link_opens_once_and_looking_at_its_door_does_not_count(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case, token = linked(session)
        for _ in range(3):
            links.check(session, token, now=NOW)
        assert links.open_once(session, token, now=NOW).id == case.id
        for again in (links.check, links.open_once):
            with pytest.raises(NotFound):
                again(session, token, now=NOW)


def test_a_link_ends_after_its_time(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        _, token = linked(session)
        with pytest.raises(NotFound):
            links.open_once(session, token, now=NOW + links.LASTS)
        links.open_once(session, token, now=NOW + links.LASTS - timedelta(seconds=1))


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 5000, "' OR 1=1 --"])
def test_a_made_up_token_opens_nothing(sessions: sessionmaker[Session], token: str) -> None:
    with sessions() as session:
        linked(session)
        with pytest.raises(NotFound):
            links.open_once(session, token, now=NOW)


def test_the_token_itself_is_not_stored(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        _, token = linked(session)
        assert token not in "".join(session.scalars(select(CaseLink.token_hash)))


def test_of_ten_who_open_at_once_one_sees_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        _, token = linked(session)
    seen: list[bool] = []

    def run() -> None:
        with sessions() as session:
            try:
                links.open_once(session, token, now=NOW)
                seen.append(True)
            except NotFound:
                seen.append(False)

    threads = [threading.Thread(target=run) for _ in range(10)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert (len(seen), sum(seen)) == (10, 1)
