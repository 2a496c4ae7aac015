"""A household hears of its own points and of nobody else's; it exchanges, reports and disputes in the chat."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.dialogue.community.points import CheckPoints
from actions.points import claims, disputes, ledger, schemes, vouchers
from actions.points.models import PointClaim, PointDispute, Voucher
from actions.points.status import DisputeState, VoucherState
from actions.roster import codes, slips
from actions.roster.models import Household
from tests.actions.dialogue.affairs.hall import Resident
from tests.actions.points import hall
from tests.actions.points.hall import CLERK
from tests.actions.roster import village
from tests.actions.roster.village import PLACE


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def furnish(me: Resident, now: datetime, *, with_slip: bool = True) -> int:
    """A scheme, a household with 20 points, a neighbour with 3; the id of the household."""
    with me.sessions() as session:
        hall.adopted(session, star=True)
        home, other = hall.home(session), hall.home(session, "1-08")
        hall.given(session, home, rule_at=2, key="mine", now=now)
        hall.given(session, other, key="theirs", now=now)
        hall.item(session)
        if with_slip:
            slip(session, me.id, "1-07", now)
        session.commit()
        return home.id


def slip(session: Session, asker: str, code: str, now: datetime) -> None:
    made = village.printed(session)
    mine = next(one for one in made if one.household == code)
    slips.use(session, asker=asker, place=PLACE, code=mine.code, now=now)
    session.commit()


def test_own_points_with_the_three_buttons(me: Resident, now: datetime) -> None:
    furnish(me, now)
    told = me.say("我家多少分", CheckPoints)[0]
    assert "您家这个月加了20分，共20分。" in told.text
    assert [button.title for button in told.buttons][:3] == ["怎么来的", "换东西", "少记了，我要说"]
    assert "照看独居老人 +20分" in me.press([told], "怎么来的")[0].text


@pytest.mark.parametrize(
    "said", ["我家多少分", "积分怎么来的", "积分换东西", "积分少记了", "换积分 1", "退积分 1", "积分答复 1 行"]
)
def test_without_a_slip_nothing_is_told_or_done(me: Resident, now: datetime, said: str) -> None:
    furnish(me, now, with_slip=False)
    told = me.say(said, CheckPoints)[0]
    assert "只告诉自己家" in told.text
    assert not re.search(r"\d+分", told.text)
    with me.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Voucher)) == 0


@pytest.mark.parametrize("said", ["1-08户多少分", "隔壁1-08家积分多少", "查1-08的积分明细"])
def test_a_neighbours_number_gives_nothing_of_theirs(me: Resident, now: datetime, said: str) -> None:
    furnish(me, now)
    told = me.say(said, CheckPoints)[0].text
    assert "打扫公共地方" not in told
    assert "共3分" not in told
    assert "只告诉自己家" in told


def test_a_voucher_of_another_household_cannot_be_given_back(me: Resident, now: datetime) -> None:
    furnish(me, now)
    with me.sessions() as session:
        other = session.scalars(select(Household).where(Household.code == "1-08")).one()
        hall.given(session, other, rule_at=2, key="more", now=now)
        thing = vouchers.offered(session, PLACE)[0]
        made = vouchers.order(session, other, thing.id, key="o", now=now).voucher.id
        session.commit()
    assert "没有找到" in me.say(f"退积分 {made}")[0].text
    with me.sessions() as session:
        kept = session.get_one(Voucher, made)
        assert kept.state is VoucherState.open


def test_a_thing_is_exchanged_for_a_code_that_works_once(me: Resident, now: datetime) -> None:
    home_id = furnish(me, now)
    told = me.press(me.press(me.say("我家多少分", CheckPoints), "换东西"), "洗衣粉 10分")[0].text
    found = re.search(r"换物码：([0-9A-Z ]+)", told)
    assert found
    assert codes.is_well_formed(codes.read(found[1]))
    with me.sessions() as session:
        vouchers.spend(session, PLACE, found[1], by=CLERK, now=now)
        session.commit()
        assert ledger.standing(session, home_id, now).balance == 10
    assert "10分" in me.say("积分换东西")[0].text


def test_a_good_deed_is_written_down_once(me: Resident, now: datetime) -> None:
    furnish(me, now)
    me.press(me.press(me.say("我家多少分", CheckPoints), "记一件好事"), "打扫公共地方 3分")
    told = me.say("昨天把村口的沟清了")[0].text
    assert "评议小组的人看过就加分" in told
    with me.sessions() as session:
        [made] = session.scalars(select(PointClaim).where(PointClaim.conversation_id == me.id))
        assert made.by_id is None
        assert (ledger.day_of(now) - made.on_day).days == 1
    assert "还有1件等着确认" in me.say("我家多少分")[0].text


@pytest.mark.parametrize("said", ["我今天扫了公共路，要加分", "给我家加分，我照看了老人", "想登记个积分"])
def test_who_did_something_is_asked_what_it_was(me: Resident, now: datetime, said: str) -> None:
    furnish(me, now)
    told = me.say(said, CheckPoints)[0]
    assert "做了哪一件" in told.text
    assert "打扫公共地方 3分" in [button.title for button in told.buttons]


def test_who_has_too_few_hears_what_there_is_and_how_many_are_lacking(me: Resident, now: datetime) -> None:
    furnish(me, now)
    with me.sessions() as session:
        hall.item(session, "电饭锅", cost=25)
        thing = vouchers.offered(session, PLACE)
        for one in thing:
            if one.cost == 10:
                vouchers.take_away(session, PLACE, one.id)
        session.commit()
    told = me.say("积分能换啥东西", CheckPoints)[0]
    assert "能换的有：电饭锅25分。离最少的还差5分" in told.text
    assert [button.title for button in told.buttons] == ["记一件好事"]


def test_what_was_left_out_is_said_and_goes_up_level_by_level(me: Resident, now: datetime) -> None:
    furnish(me, now)
    me.press(me.say("我家积分少记了", CheckPoints) and me.say("我家多少分"), "少记了，我要说")
    assert "评议小组最晚" in me.say("二十号帮老张头收玉米，没有记")[0].text
    with me.sessions() as session:
        [made] = session.scalars(select(PointDispute))
        number = made.id
        disputes.answer(session, number, text="查了，那天没有登记。", by=CLERK, now=now)
        session.commit()
    assert "等村务监督委员会答复" in me.say(f"积分答复 {number} 不对")[0].text
    with me.sessions() as session:
        assert session.get_one(PointDispute, number).state is DisputeState.overseer
    assert "还没有答复" in me.say(f"积分答复 {number} 行")[0].text


def test_a_star_is_applied_for_with_a_yes_to_the_notice(me: Resident, now: datetime) -> None:
    furnish(me, now)
    asked = me.say("我家能不能评星级文明户", CheckPoints)
    assert "没评上的，只告诉您家" in asked[0].text
    assert "申请交上去了" in me.press(asked, "同意贴户号，申请")[0].text
    assert "等评议小组看" in me.say("申请星级文明户")[0].text


def test_where_no_meeting_adopted_rules_it_is_said(me: Resident) -> None:
    assert "还没有会上通过的积分办法" in me.say("我家多少分")[0].text


def test_forgetting_the_conversation_leaves_nothing_of_it(me: Resident, now: datetime) -> None:
    home_id = furnish(me, now)
    me.press(me.press(me.say("我家多少分", CheckPoints), "记一件好事"), "打扫公共地方 3分")
    me.say("今天扫了村口")
    me.press(me.say("我家多少分"), "少记了，我要说")
    me.say("二十号那次没有记上")
    with me.sessions() as session:
        from actions.points import own

        assert own.exported(session, me.id, now)["ledger"]
        own.forget(session, me.id)
        session.commit()
        gone = own.exported(session, me.id, now)
        assert (gone["claims"], gone["disputes"]) == ([], [])
        assert schemes.adopted(session, PLACE)
        assert ledger.standing(session, home_id, now).balance == 20
        assert claims.of_conversation(session, me.id) == []
