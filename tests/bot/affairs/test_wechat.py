"""Village affairs on WeChat: numbered choices, titles typed as they were shown, addresses that open; what is said comes
from the real actions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Turn
from actions.dialogue.frame.case_buttons import pressed
from actions.events import publishing
from actions.events.publishing import Wanted
from actions.helpers import referrals, roster
from actions.helpers.models import Referral
from actions.replies import Reply, ReplyKind
from bot.affairs.told import tell_referrals
from bot.channels.wechat.accounts import AccountKind
from knowledge.clock import SHANGHAI
from tests.actions.dialogue.test_base import given, user
from tests.actions.helpers.county import entry
from tests.bot.channels.wechat.test_inbound import Wired, wire
from tests.conftest import DAY
from tests.fakes import FakeRasa

PLACE = "lijiagou"


@dataclass
class Acting(FakeRasa):
    """In Rasa's place: what buttons and awaited words do, by the actions themselves; what they don't take says 别的."""

    sessions: sessionmaker[Session]
    kept: dict[str, Any] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__([])

    async def talk(self, conversation_id: str, text: str, *, metadata: dict[str, Any]) -> list[Reply]:
        self.asked.append((conversation_id, text))
        number = int(metadata["message"])
        self.events.append(user(number, text, float(len(self.events) + 1)))
        turn = Turn(
            conversation_id, text, message=number, place=PLACE, slots=dict(self.kept), events=tuple(self.events)
        )
        said = pressed(given(self.sessions), turn)
        if said is None:
            return [Reply(ReplyKind.text, "别的")]
        self.kept |= {event["name"]: event["value"] for event in said.events if event.get("event") == "slot"}
        return list(said.replies)


def village(sessions: sessionmaker[Session], kind: AccountKind) -> Wired:
    wired = wire(sessions, kind=kind, rasa=Acting(sessions))
    now = datetime.now(UTC)
    starts = now + timedelta(days=5)
    how = Wanted("craft", "学编竹筐", "", "", "村部活动室", "", starts, starts + timedelta(hours=2), 2)
    with sessions() as session:
        publishing.announce(session, PLACE, how, key="e", now=now)
        helper = roster.add(session, PLACE, entry(kinds=("legal_aware",)), now=now)
        roster.consent(session, helper, how="paper", on=now.astimezone(SHANGHAI).date(), now=now)
        helper.consent_on, helper.ends_on = DAY, DAY.replace(year=DAY.year + 1)
        session.commit()
    return wired


def said(wired: Wired, text: str) -> str:
    wired.say(text)
    return wired.texts()[-1][1]


@pytest.mark.parametrize("kind", AccountKind)
def test_an_event_is_signed_up_for_and_left_by_numbers(sessions: sessionmaker[Session], kind: AccountKind) -> None:
    wired = village(sessions, kind)
    assert "回复 1：报名：学编竹筐" in said(wired, "村里有啥活动")
    assert "怎么称呼您" in said(wired, "1")
    told = said(wired, "王婶，2个人")
    assert told.startswith("报上了")
    assert f"看我的报名：https://linli.example/v/{PLACE}/h" in told
    assert "位子让给别人" in said(wired, "1")
    assert "怎么称呼您" in said(wired, "点错了，还是要去")  # the title, typed
    wired.simulator.check()


@pytest.mark.parametrize("kind", AccountKind)
def test_a_helper_is_asked_by_numbers_and_marked_by_the_number_that_is_the_mark(
    sessions: sessionmaker[Session], kind: AccountKind
) -> None:
    wired = village(sessions, kind)
    assert "回复 1：李老师" in said(wired, "村里有没有懂法的人能看看合同")
    assert "回复 1：就这样转" in said(wired, "回复1")
    assert "转给李老师了" in said(wired, "1")
    assert "记下了" in said(wired, "13912345678")
    now = datetime.now(UTC)
    with sessions() as session:
        one = session.scalars(select(Referral)).one()
        referrals.agree(session, one, interest="", is_free=True, now=now)
        referrals.close(session, one, note="讲清楚了，按合同第三条办。", now=now)
        tell_referrals(session, now)
        session.commit()
    said(wired, "有消息吗")
    said(wired, "5 分")  # as it was shown: 可以回：1 分、2 分…
    with sessions() as session:
        assert session.scalars(select(Referral.rating)).one() == 5
    wired.simulator.check()
