"""Only who agreed is found, for a year; what is shown is what they chose; who leaves is gone at once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.helpers import clock, kinds, referrals, roster, words
from actions.helpers.models import Helper
from actions.helpers.status import State
from tests.actions.helpers.county import NOW, OTHER, PLACE, TODAY, agreed, asked, entry


def test_there_are_sixteen_kinds_and_each_is_asked_for_something() -> None:
    assert len(kinds.KINDS) == 16
    assert all(kind.does for kind in kinds.KINDS.values())
    assert {wish for kind in kinds.KINDS.values() for wish in kind.does} == set(kinds.WISHES)


def test_nobody_is_found_before_they_agreed(here: Session) -> None:
    helper = roster.add(here, PLACE, entry(), now=NOW)
    assert roster.serving(here, PLACE, TODAY) == []
    with pytest.raises(NotFound):
        roster.public(here, PLACE, helper.id, TODAY)
    roster.consent(here, helper, how="paper", on=TODAY, by="小李", now=NOW)
    assert roster.serving(here, PLACE, TODAY) == [helper]
    assert words.shown(helper, "hours") == "晚饭后"
    assert words.shown(helper, "phone") == ""


def test_a_consent_lasts_a_year_and_is_asked_for_thirty_days_before(here: Session) -> None:
    helper = agreed(here)
    last = helper.ends_on
    assert last == date(2027, 12, 1)
    assert clock.ending_soon(here, [PLACE], last - timedelta(days=31)) == []
    assert clock.ending_soon(here, [PLACE], last - timedelta(days=30)) == [helper]
    assert roster.serving(here, PLACE, last) == [helper]
    assert roster.serving(here, PLACE, last + timedelta(days=1)) == []


def test_the_clock_warns_once(here: Session) -> None:
    helper = agreed(here)
    for days in (300, 340, 350):
        clock.tick(here, NOW + timedelta(days=days))
    here.refresh(helper)
    assert helper.warned_on == TODAY + timedelta(days=340)


def test_who_leaves_is_gone_at_once_with_their_telephone_and_the_resident_chooses_anew(here: Session) -> None:
    helper, second = agreed(here), agreed(here, name="王芳", called="王老师")
    referral = asked(here)
    referrals.offer(here, referral, helper.id, now=NOW)
    assert roster.withdraw(here, helper, now=NOW)
    assert not roster.withdraw(here, helper, now=NOW)
    here.commit()
    assert referrals.release(here, helper, now=NOW) == 1
    here.refresh(helper)
    assert (helper.phone, helper.hours, helper.public) == ("", "", [])
    assert roster.serving(here, PLACE, TODAY) == [second]
    assert referral.state is State.asked
    assert referrals.choices(here, referral, now=NOW) == [second]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "李"}, "姓名"),
        ({"phone": "打我"}, "电话不对"),
        ({"phone": "", "public": ("phone",)}, "先写上电话"),
        ({"kinds": ()}, "至少选一种"),
        ({"kinds": ("president",)}, "没有“president”"),
        ({"kinds": ("retired_judge",)}, "法官法第三十六条"),
        ({"left_office_on": date(2027, 1, 1)}, "还没到"),
        ({"villages": ("elsewhere",)}, "不在您管的地方"),
    ],
)
def test_what_is_wrong_is_said_in_words(here: Session, fields: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        roster.add(here, PLACE, entry(**fields), now=NOW)


def test_the_same_person_twice_is_told(here: Session) -> None:
    agreed(here)
    with pytest.raises(Conflict, match="已经在名册里"):
        roster.add(here, PLACE, entry(), now=NOW)


def test_showing_more_needs_a_consent_anew_and_showing_less_does_not(here: Session) -> None:
    helper = agreed(here)
    assert roster.change(here, helper, entry(public=()), now=NOW)
    assert roster.is_shown(helper, TODAY)
    assert roster.change(here, helper, entry(public=("phone",)), now=NOW)
    assert not roster.is_shown(helper, TODAY)
    assert not roster.change(here, helper, entry(public=("phone",)), now=NOW)


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), TODAY - timedelta(days=61)])
def test_a_consent_of_another_day_is_refused(here: Session, on: date) -> None:
    helper = roster.add(here, PLACE, entry(), now=NOW)
    with pytest.raises(InvalidInput, match="签字那天"):
        roster.consent(here, helper, how="paper", on=on, now=NOW)


def test_a_township_helper_serves_its_villages_or_those_that_are_named(here: Session) -> None:
    every = agreed(here, place="liuhe", name="张山", called="张律师", kinds=("legal_adviser",))
    one = agreed(here, place="qinghe", name="赵云", called="赵老师", villages=(OTHER,))
    assert roster.serving(here, PLACE, TODAY) == [every]
    assert roster.serving(here, OTHER, TODAY) == [every, one]


@pytest.mark.parametrize(
    ("left", "day", "may"),
    [
        (date(2025, 1, 1), date(2026, 12, 1), False),
        (date(2024, 12, 1), date(2026, 11, 30), False),
        (date(2024, 12, 1), date(2026, 12, 1), True),
        (date(2024, 2, 29), date(2026, 2, 28), False),
        (date(2024, 2, 29), date(2026, 3, 1), True),
        (None, date(2026, 12, 1), True),
    ],
)
def test_two_years_after_the_bench_before_somebody_is_a_lawyer(left: date | None, day: date, may: bool) -> None:
    both = ("retired_judge", "legal_adviser")
    assert kinds.may(both, kinds.LAWYER, left_office_on=left, today=day) is may
    assert kinds.may(both, kinds.MEDIATE, left_office_on=left, today=day)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        (LEASE := "租地合同看不懂，想找个懂法的帮我看看", "explain"),
        ("和隔壁为了院墙吵了半年，想请人说和", "mediate"),
        ("我要请个律师帮我打官司", "lawyer"),
        ("心里堵得慌，想找人开导开导", "heart"),
        ("果树长虫了找个懂的", "farm"),
        ("想请村民代表替我说句话", "speak"),
    ],
)
def test_what_somebody_wants_is_heard(said: str, wish: str) -> None:
    assert kinds.wish_in(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "男人老打我，想请人劝劝",
        "孩子在学校被打了，找人调解",
        "我女儿被人摸了，对方想私了",
        "媳妇不想活了，找个人劝劝她",
        "家暴好几年了，找个帮手",
        "他拿刀要杀我全家",
    ],
)
def test_violence_a_harmed_child_and_ones_own_life_are_never_a_helpers(here: Session, said: str) -> None:
    told = kinds.never(said)
    assert told
    assert "110" in told


@pytest.mark.parametrize("said", [LEASE, "邻居家的狗老叫", "欠我三千块不还", "老人没人照顾"])
def test_ordinary_matters_are_theirs(said: str) -> None:
    assert kinds.never(said) is None


def test_a_year_after_leaving_the_row_is_gone(here: Session) -> None:
    helper = agreed(here)
    number = helper.id
    roster.withdraw(here, helper, now=NOW)
    here.commit()
    clock.tick(here, NOW + timedelta(days=364))
    assert here.scalar(select(Helper.id)) == number
    clock.tick(here, NOW + timedelta(days=366))
    assert here.scalar(select(Helper.id)) is None
