"""Scenario 23, and what else somebody may answer, press or leave."""

import pytest
from sqlalchemy import select

from actions.cases.models import Case, CaseEvent
from actions.checkup.models import OfficialCase
from actions.checkup.status import Outcome
from actions.dialogue.booking import StartBooking
from actions.dialogue.community.checkup import CheckProcedure, asks_of_procedure
from actions.replies import Reply, ReplyKind
from tests.actions.dialogue.affairs.hall import Resident

TAKEN = "征我家地，也没开会也没告示，这对吗"


def text_of(replies: list[Reply]) -> str:
    return "\n".join(f"{reply.text}\n{reply.next}" for reply in replies)


def answered(me: Resident, *answers: str) -> list[Reply]:
    said: list[Reply] = []
    for answer in answers:
        said = me.say(answer)
    return said


def at_the_day(me: Resident) -> list[Reply]:
    """Survey seen; no notice, nobody heard; an agreement with all names; no money; nothing of an approval known."""
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    return answered(me, "有", "没有", "没有", "有", "有", "有", "没有")


def test_scenario_23_three_things_not_seen_their_articles_the_day_a_lawyer_and_the_tag(me: Resident) -> None:
    asked = me.say(TAKEN, CheckProcedure, intent="check_procedure")
    assert "我问您7件事" in asked[0].text
    assert [button.title for button in asked[0].buttons] == ["有", "没有", "不知道"]
    second = me.press(asked, "有")
    assert second[0].text.startswith("第2件")
    day = answered(me, "没有", "没有", "有", "有", "有", "没有")
    assert "哪天知道征收决定" in day[0].text
    told = me.say("11月20号")
    said = text_of(told)
    assert "没看到而" not in said
    assert "您该看到而没看到的有3样" in said
    for lacks in ("贴够30天的公告", "听取您和大家对补偿安置的意见", "批准征地的文件"):
        assert lacks in said
    for basis in ("土地管理法第四十七条", "土地管理法第四十六条、第四十七条"):
        assert basis in said
    assert "自然资源和规划局" in said
    assert "20个工作日" in said
    assert "申请行政复议" in said
    assert "违法" not in said
    assert told[0].links[0].href == "/v/lijiagou/check/land"
    begun = me.say("想约律师，问刚才对过的事", StartBooking, intent="book_consultation")
    assert begun == []  # the form asks; what it is about stands there already
    assert "集体土地征收，居民自己对过清单" in me.slots["booking_matter"]
    assert "贴够30天的公告" in me.slots["booking_matter"]
    me.press(me.press(told, "登记，请人看"), "匿名")
    with me.sessions() as session:
        [case] = session.scalars(select(Case))
        [tag] = session.scalars(select(OfficialCase))
        assert (tag.case_id, tag.template, tag.missing) == (case.id, "land", ["notice", "opinions", "approval"])
        assert (case.is_anonymous, case.phone, case.category) == (True, None, "征收拆迁")
        assert case.place_id == "lijiagou"
        assert TAKEN in case.what
        assert tag.last_day is not None
        assert "标上“涉行政行为”" in list(session.scalars(select(CaseEvent.what)))


def test_the_day_is_that_of_the_tool_of_time_limits(me: Resident) -> None:
    at_the_day(me)
    told = me.say("2026年11月2日")
    [deadline] = [reply for reply in told if reply.kind is ReplyKind.deadline]
    assert "2027年1月1日" in deadline.text  # sixty days on, before a day of rest moves it
    assert "行政复议法" in deadline.text


@pytest.mark.parametrize("said", ["不知道", "还没有下决定", "记不清了", "没看到公告"])
def test_without_a_day_the_rule_is_told_and_no_day_invented(me: Resident, said: str) -> None:
    at_the_day(me)
    told = text_of(me.say(said))
    assert "60天" in told
    assert "没有准日子" in told


def test_about_a_day_is_asked_once_more(me: Resident) -> None:
    at_the_day(me)
    again = me.say("上个月底吧")
    assert "数不准" in again[0].text
    assert "最后一天" in text_of(me.say("11月20号"))


@pytest.mark.parametrize(
    ("text", "is_next"),
    [("没见过", True), ("贴了", True), ("好像有吧", True), ("冇", True), ("俺也不清楚", True), ("从来没开过会", True)],
)
def test_answers_in_the_words_of_people(me: Resident, text: str, is_next: bool) -> None:
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    assert me.say(text)[0].text.startswith("第2件") is is_next


def test_what_does_it_mean_is_explained_and_asked_again(me: Resident) -> None:
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    again = me.say("啥意思")
    assert "现状调查表" in again[0].text
    assert "第1件" in again[0].text


def test_a_step_back(me: Resident) -> None:
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    me.say("有")
    assert "第1件" in me.say("上一个")[0].text


def test_it_is_left_at_any_time_and_gone_on_with(me: Resident) -> None:
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    me.say("有")
    assert "接着自查" in me.say("不问了")[0].text
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("没有")  # nobody asked: it is no answer of ours
    assert "第2件" in me.say("接着自查")[0].text
    assert "第3件" in me.say("没有")[0].text


@pytest.mark.parametrize("text", ["转人工", "征地补偿标准是多少", "老板欠我三个月工资不给，我该怎么办", "查进度"])
def test_other_words_go_where_they_belong(me: Resident, text: str) -> None:
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say(text)


def test_a_message_heard_twice_asks_the_same_and_answers_once(me: Resident) -> None:
    """The app was killed after Rasa had kept the slots and before the reply was stored."""
    me.say(TAKEN, CheckProcedure, intent="check_procedure")
    first = me.say("没有")
    me.at -= 1
    me.events.pop()
    again = me.say("没有")
    assert again[0].text.endswith(first[0].text)
    assert me.slots["check_state"] == "land n"


def test_filed_twice_by_the_same_message_is_one_case(me: Resident) -> None:
    at_the_day(me)
    asked = me.press(me.say("不知道"), "登记，请人看")
    before, events = dict(me.slots), list(me.events)
    me.press(asked, "匿名")
    me.slots, me.events, me.at = before, events, me.at - 1
    me.press(asked, "匿名")
    with me.sessions() as session:
        assert len(list(session.scalars(select(Case)))) == 1
        assert len(list(session.scalars(select(OfficialCase)))) == 1


def test_killed_between_the_case_and_its_tag_the_next_try_tags_it(me: Resident) -> None:
    at_the_day(me)
    asked = me.press(me.say("不知道"), "登记，请人看")
    before, events = dict(me.slots), list(me.events)
    me.press(asked, "在这里回复就行")
    with me.sessions() as session:
        session.delete(session.scalars(select(OfficialCase)).one())
        for event in session.scalars(select(CaseEvent).where(CaseEvent.key.startswith("official-"))):
            session.delete(event)
        session.commit()
    me.slots, me.events, me.at = before, events, me.at - 1
    me.press(asked, "在这里回复就行")
    with me.sessions() as session:
        assert len(list(session.scalars(select(OfficialCase)))) == 1


def test_what_a_village_decides_itself_is_no_act_of_an_authority(me: Resident) -> None:
    me.say("修路谁干的没招标也没开会", CheckProcedure, intent="check_procedure")
    told = answered(me, "没有", "没有", "不知道", "没有", "没有", "没有")
    assert "村务监督委员会" in text_of(told)
    assert not [reply for reply in told if reply.kind is ReplyKind.deadline]
    me.press(me.press(told, "登记，请人看"), "匿名")
    with me.sessions() as session:
        assert list(session.scalars(select(OfficialCase))) == []
        assert len(list(session.scalars(select(Case)))) == 1


def test_who_names_nothing_chooses_a_list(me: Resident) -> None:
    asked = me.say("他们这样办事程序对不对", CheckProcedure, intent="check_procedure")
    assert [b.title for b in asked[0].buttons][:2] == ["征地", "拆违"]
    assert "我问您6件事" in me.press(asked, "拆违")[0].text


def test_how_a_review_ended_is_said_in_a_word(me: Resident) -> None:
    assert "没有您登记过" in me.say("复议结果：撤销")[0].text
    at_the_day(me)
    me.press(me.press(me.say("不知道"), "登记，请人看"), "匿名")
    assert "十五条" in me.say("复议结果：撤销")[0].text
    with me.sessions() as session:
        assert session.scalars(select(OfficialCase.outcome)).one() is Outcome.set_aside


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (TAKEN, True),
        ("他们征地的程序对吗", True),
        ("来拆我家棚子，连个决定书都没有", True),
        ("鱼塘包给外人没开会商量", True),
        ("征地补偿标准多少", False),
        ("征地款怎么算", False),
        ("征地款没给我", False),
        ("征地公告没写补多少钱", False),
        ("行政复议是什么", False),
        ("我家地被邻居占了", False),
        ("村里的账没人管", False),
        ("征收协议写老公一个人名，离婚有没有我一半", False),
        ("征地协议上没我哥的名，这钱归谁", False),
    ],
)
def test_a_question_of_how_much_stays_one(text: str, is_one: bool) -> None:
    assert asks_of_procedure(text) is is_one


def test_hostile_words_do_no_harm(me: Resident) -> None:
    for text in ("自查 " + "x" * 9, "自查 nothing", "复议结果：<script>", "\u202e没有"):
        try:
            me.say(text)
        except AssertionError as error:
            assert "nothing takes" in str(error)
    me.slots["check_state"] = "nowhere yyy 2026-99-99"
    assert "哪一种" in me.say("接着自查")[0].text
    me.slots["check_state"] = "land"
    assert "第1件" in me.say("登记刚才对的事")[0].text
