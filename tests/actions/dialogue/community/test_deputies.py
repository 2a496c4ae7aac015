"""谁代表我们组: from the village's list, never a meeting called or a report filed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from actions.deputies import service
from actions.dialogue.affairs.pressed import heard
from actions.dialogue.frame.base import Turn
from tests.actions.dialogue.affairs.hall import Resident
from tests.actions.dialogue.test_base import given

NOW = datetime.now(UTC)


def listed(me: Resident) -> None:
    with me.sessions() as session:
        for name, group in (("韩桂枝", "3组"), ("贺来福", "")):
            service.add(
                session,
                "lijiagou",
                name=name,
                kind="rep",
                group=group,
                reception="每月15日上午，村部",
                phone="",
                ends_on=date(NOW.year + 1, 12, 1) - timedelta(days=1),
                by=1,
                key=name,
                now=NOW,
            )
        session.commit()


def said(me: Resident, text: str) -> str | None:
    turn = Turn("c", text, intent="call_meeting", sure=0.9, message=None, place="lijiagou")
    told = heard(given(me.sessions), turn)
    return told.replies[0].text if told else None


@pytest.mark.parametrize("text", ["谁代表我们组", "我们组的代表是谁", "村民代表有哪些人", "俺3组代表是哪个"])
def test_who_speaks_for_a_group_is_told_with_the_day(me: Resident, text: str) -> None:
    listed(me)
    told = said(me, text)
    assert told is not None
    assert "3组 韩桂枝（村民代表）：每月15日上午，村部" in told
    assert "· 贺来福（村民代表）" in told


@pytest.mark.parametrize("text", ["村民代表怎么选", "几个村民代表提出来就得开会", "谁代表公司签的字"])
def test_what_the_law_says_of_them_is_no_name(me: Resident, text: str) -> None:
    listed(me)
    assert said(me, text) is None


def test_a_village_that_lists_nobody_says_what_the_law_says(me: Resident) -> None:
    assert said(me, "谁代表我们组") is None
