"""找帮手 and 我的网格员 in the chat, on the real tables."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases.models import Case
from actions.dialogue.case import _WHICH_MARK, stars
from actions.dialogue.community.people import FindHelper, GridWorkers
from actions.helpers import referrals, roster
from actions.helpers.models import Referral
from actions.helpers.status import State
from actions.offices.models import GridWorker
from actions.offices.routing import VISIT
from actions.roster.models import Household, HouseholdKind
from actions.visits.models import GridHome, Visit
from bot.channels.wechat.wire.text import chosen
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place
from tests.actions.dialogue.affairs.hall import PLACE, Resident
from tests.actions.helpers.county import entry
from tests.conftest import DAY

LEASE = "想找个懂法的帮我看看合同，不想花钱"


@pytest.fixture
def helper(me: Resident) -> int:
    now = datetime.now(UTC)
    with me.sessions() as session:
        one = roster.add(session, PLACE, entry(kinds=("legal_aware", "mediator")), now=now)
        roster.consent(session, one, how="paper", on=now.astimezone(SHANGHAI).date(), now=now)
        one.consent_on, one.ends_on = DAY, DAY.replace(year=DAY.year + 1)  # the chat's own day
        session.commit()
        return one.id


def kept(sessions: sessionmaker[Session]) -> Referral:
    with sessions() as session:
        return session.scalars(select(Referral)).one()


def test_from_the_wish_to_a_helper_with_the_words_seen_before(me: Resident, helper: int) -> None:
    found = me.say(LEASE, FindHelper, intent="find_helper")
    assert "有1位" in found[0].text
    assert [b.title for b in found[0].buttons] == ["李老师 合同、土地", "约律师、调解员见面"]
    assert found[0].links[0].href == "tel:12348"
    shown = me.press(found, "李老师 合同、土地")
    assert LEASE in shown[0].text
    with me.sessions() as session:
        assert session.scalar(select(Referral)) is None  # nothing is kept before the yes
    sent = me.press(shown, "就这样转")
    assert "转给李老师了" in sent[0].text
    assert kept(me.sessions).state is State.offered
    assert "记下了" in me.say("13912345678")[0].text
    assert kept(me.sessions).contact == "13912345678"
    assert "李老师" in me.say("帮手回话了吗", FindHelper)[0].text


def test_a_yes_in_words_sends_it_and_a_no_asks_anew(me: Resident, helper: int) -> None:
    me.press(me.say(LEASE, FindHelper), "李老师 合同、土地")
    assert "一句话" in me.say("不行")[0].text
    me.press(me.say("租地合同第三条看不懂"), "李老师 合同、土地")
    me.say("行")
    assert kept(me.sessions).words == "租地合同第三条看不懂"
    assert "不留" in me.say("不留")[0].text


def test_another_question_is_no_telephone_and_no_name(me: Resident, helper: int) -> None:
    asked = me.press(me.say("和隔壁吵了半年，想请人说和", FindHelper), "李老师 合同、土地")
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("低保怎么申请？")
    assert not asked[0].buttons
    me.say("找帮手 1")
    me.press(me.say("隔壁老张"), "就这样转")
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("低保怎么申请？")
    assert kept(me.sessions).contact == ""


def test_the_quarrel_is_with_another_village_and_the_helper_of_ones_own(me: Resident, helper: int) -> None:
    with me.sessions() as session:
        session.add(Place(id="shiqiao", name="石桥村", level=Level.village, parent_id="liuhe"))
        session.commit()
    found = me.say("石桥村那边占了我们地，找个懂法的看看合同", FindHelper)
    me.press(me.press(found, "李老师 合同、土地"), "就这样转")
    assert kept(me.sessions).place_id == PLACE


def test_mediation_asks_who_the_other_is(me: Resident, helper: int) -> None:
    asked = me.press(me.say("和隔壁吵了半年，想请人说和", FindHelper), "李老师 合同、土地")
    assert "对方怎么称呼" in asked[0].text
    shown = me.say("隔壁老张")
    assert "对方：隔壁老张" in shown[0].text
    me.press(shown, "就这样转")
    assert (kept(me.sessions).wish, kept(me.sessions).other_party) == ("mediate", "隔壁老张")


@pytest.mark.parametrize("said", ["男人老打我，想找个人劝劝他", "孩子在学校被打了，找个帮手"])
def test_violence_is_no_helpers(me: Resident, helper: int, said: str) -> None:
    told = me.say(said, FindHelper)
    assert "110" in told[0].text
    assert not told[0].buttons
    with me.sessions() as session:
        assert session.scalar(select(Referral)) is None


def test_it_is_found_by_plain_words_too_and_being_one_is_another_matter(me: Resident, helper: int) -> None:
    assert "有1位" in me.say("村里有没有懂法的人能看看合同", intent="nlu_fallback")[0].text
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("法律明白人是干啥的")


@pytest.mark.parametrize(
    ("said", "who", "phone"),
    [
        (LEASE, "司法所", "12348"),
        ("和隔壁吵了半年，想请人说和", "人民调解委员会", "12348"),
        ("心里堵得慌，想找个人说说", "别一个人扛", "12356"),
        ("想找个农技员看看我的果树", "农技站", "12345"),
        ("想找个志愿者帮我搬东西", "网格员", "12345"),
        ("想找个社工看看我妈", "村委会", "12338"),
    ],
)
def test_without_anybody_who_else_there_is_comes_first(me: Resident, said: str, who: str, phone: str) -> None:
    told = me.say(said, FindHelper)[0]
    assert who in told.text
    assert told.text.index(who) < told.text.index("名册")  # the door that is open before the one that is shut
    assert told.links[0].href == f"tel:{phone}"
    assert {button.says for button in told.buttons} == {"我想约律师", "我的网格员是谁"}


def test_anothers_referral_is_not_found(me: Resident, helper: int) -> None:
    me.press(me.press(me.say(LEASE, FindHelper), "李老师 合同、土地"), "就这样转")
    other = Resident(me.sessions, id="c-other")
    for said in ("帮手 1 撤回", "帮手 1 换一位", "帮手 1 打5分", "帮手 1 转给1", "帮手 999999999 撤回"):
        assert "没有找到" in other.say(said)[0].text
    assert kept(me.sessions).state is State.offered
    assert "撤回了" in me.say("帮手 1 撤回")[0].text
    assert kept(me.sessions).state is State.withdrawn


def closed(me: Resident) -> None:
    me.press(me.press(me.say(LEASE, FindHelper), "李老师 合同、土地"), "就这样转")
    now = datetime.now(UTC)
    with me.sessions() as session:
        one = session.scalars(select(Referral)).one()
        referrals.agree(session, one, interest="", is_free=True, now=now)
        referrals.close(session, one, note="讲清楚了", now=now)


def test_a_mark_in_plain_words_is_the_helpers_where_no_case_may_be_meant(me: Resident, helper: int) -> None:
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("打5分")
    closed(me)
    assert "谢谢" in me.say("打5分", intent="rate_case")[0].text
    assert kept(me.sessions).rating == 5
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("打2分")  # said once; what comes later is about something else
    assert kept(me.sessions).rating == 5


def test_the_number_that_wechat_gives_a_mark_is_the_mark(me: Resident, helper: int) -> None:
    """回复 1：5 分 let who answered 5 give one."""
    closed(me)
    buttons = me.say("帮手咋样了", FindHelper)[0].buttons
    for mark in range(1, 6):
        assert chosen(str(mark), buttons) == f"帮手 1 打{mark}分"
        assert stars(chosen(str(mark), _WHICH_MARK) or "") == mark


def test_a_mark_is_taken_after_the_end(me: Resident, helper: int) -> None:
    me.press(me.press(me.say(LEASE, FindHelper), "李老师 合同、土地"), "就这样转")
    assert "还没办完" in me.say("帮手 1 打5分")[0].text
    now = datetime.now(UTC)
    with me.sessions() as session:
        one = session.scalars(select(Referral)).one()
        referrals.agree(session, one, interest="", is_free=True, now=now)
        referrals.close(session, one, note="讲清楚了", now=now)
    me.say("帮手 1 打4分")
    assert kept(me.sessions).rating == 4


@pytest.fixture
def grids(me: Resident) -> None:
    with me.sessions() as session:
        for name, area, phone in (("王网格", "一组", "13800000001"), ("赵网格", "二组", "13800000002")):
            session.add(GridWorker(place_id=PLACE, area=area, name=name, phone=phone))
        for group, code in (("一组", "1-01"), ("二组", "2-01")):
            session.add(
                Household(
                    place_id=PLACE,
                    group_name=group,
                    code=code,
                    kind=HouseholdKind.registered,
                    adults=2,
                    confirmed_on=DAY,
                )
            )
        session.commit()


@pytest.mark.usefixtures("grids")
def test_the_group_is_asked_once(me: Resident) -> None:
    asked = me.say("我的网格员是谁", GridWorkers, intent="ask_grid_worker")
    assert [b.title for b in asked[0].buttons] == ["一组", "二组"]
    told = me.say("我家是2组的")
    assert "赵网格" in told[0].text
    assert "王网格" not in told[0].text
    assert told[0].links[0].href == "tel:13800000002"
    assert "赵网格" in me.say("网格员电话多少", GridWorkers)[0].text
    with me.sessions() as session:
        assert session.get_one(GridHome, "c-me").group_name == "二组"


@pytest.mark.usefixtures("grids")
def test_a_visit_is_asked_for_and_filed(me: Resident) -> None:
    assert "什么事" in me.say("请网格员上门", GridWorkers)[0].text
    assert "在哪儿" in me.say("老人一个人在家，想让人来看看")[0].text
    filed = me.say("一组村东头第二家，13912345678")
    assert "王网格一天内回话" in filed[1].text
    with me.sessions() as session:
        case = session.scalars(select(Case)).one()
        assert (case.category, case.phone) == (VISIT, "13912345678")
        assert "村东头第二家" in case.spot
        assert session.get_one(Visit, case.id).group_name == "一组"


@pytest.mark.usefixtures("grids")
def test_violence_is_no_visit(me: Resident) -> None:
    me.say("请网格员上门", GridWorkers)
    assert "110" in me.say("我男人又打我了")[0].text
    with me.sessions() as session:
        assert session.scalar(select(Case)) is None
