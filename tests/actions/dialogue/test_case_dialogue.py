from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, numbers
from actions.dialogue.case import CaseAction, CheckCase, ConfirmCase
from actions.dialogue.frame.base import Services, Turn
from tests.conftest import DAY
from tests.fakes import NoSearch


@pytest.mark.parametrize("action", [CheckCase, ConfirmCase])
def test_a_number_alone_asks_how_it_stands_whatever_it_was_taken_for(
    sessions: sessionmaker[Session], action: type[CaseAction]
) -> None:
    """The intent of a bare number hangs on its digits: 261129-004-24 was taken for a word about a case being solved."""
    with sessions() as session:
        case = filing.file(
            session,
            request_key="k",
            conversation_id=None,
            place=None,
            category="其他",
            fields={"what": "路灯坏了", "phone": "13812345678"},
            now=datetime.now(UTC),
        )
        number = numbers.spoken(case.number)
    services = Services(sessions=sessions, searcher=NoSearch(), today=lambda: DAY, topic=lambda _: "其他")  # type: ignore[arg-type]
    said = action(services).do(Turn("c1", number, intent="confirm_case"))
    assert "手机号后四位" in said.replies[0].text
