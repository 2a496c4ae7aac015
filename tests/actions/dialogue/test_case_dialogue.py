from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, numbers
from actions.dialogue.case import CaseAction, CheckCase, ConfirmCase
from actions.dialogue.frame.base import Services, Turn
from bot.rehearsing.supposed import Supposed
from bot.rehearsing.unkept import Rehearsals
from tests.conftest import DAY
from tests.fakes import services_that_find_nothing


def filed(sessions: sessionmaker[Session]) -> str:
    """Its number, as it is spoken."""
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
        return numbers.spoken(case.number)


def services_of(sessions: sessionmaker[Session]) -> Services:
    return services_that_find_nothing(sessions, DAY)


@pytest.mark.parametrize("action", [CheckCase, ConfirmCase])
def test_a_number_alone_asks_how_it_stands_whatever_it_was_taken_for(
    sessions: sessionmaker[Session], action: type[CaseAction]
) -> None:
    """The intent of a bare number hangs on its digits: 261129-004-24 was taken for a word about a case being solved."""
    said = action(services_of(sessions)).do(Turn("c1", filed(sessions), intent="confirm_case"))
    assert "手机号后四位" in said.replies[0].text


@pytest.mark.parametrize("action", [CheckCase, ConfirmCase])
def test_a_rehearsal_looks_up_no_case_of_elsewhere(sessions: sessionmaker[Session], action: type[CaseAction]) -> None:
    """It takes back what it writes, wrong tries too: whoever tried ten thousand tails read any village's case."""
    number, services = filed(sessions), services_of(sessions)
    tried = Rehearsals(services, sessions).services(Supposed(DAY))
    for tail in ("5678", "5679"):
        said = action(tried).do(Turn("try-1", f"{number} {tail}", intent="check_case"))
        assert said.replies[0].text == "试的时候不查别处登记的事。"
    heard = action(services).do(Turn("c1", f"{number} 5678", intent="check_case"))
    assert number in heard.replies[0].text, "in earnest"
