from datetime import UTC, datetime
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, numbers
from actions.dialogue.base import Services
from actions.dialogue.case import CaseAction, CheckCase, ConfirmCase
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
    dispatcher, services = (
        CollectingDispatcher(),
        Services(sessions=sessions, searcher=NoSearch(), today=lambda: DAY, topic=lambda _: "其他"),
    )  # type: ignore[arg-type]
    told: dict[str, Any] = {"text": number, "metadata": {}, "intent": {"name": "confirm_case"}}
    action(services).run(dispatcher, Tracker("c1", {}, told, [], False, None, {}, "action_listen"), {})
    assert "手机号后四位" in dispatcher.messages[0]["custom"]["text"]
