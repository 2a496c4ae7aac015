"""The table: a classifier's word stands where there is something for it; else a source that is sure enough is told."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.control import Matter, Question
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import CustomAction, Said, Turn, say
from actions.dialogue.frame.routing import ROWS, Open, Routed, row_of
from actions.dialogue.smalltalk import _FILE
from actions.feedback import UnansweredQuestion
from actions.replies import Reply, ReplyKind
from bot.web.knowledge.asking.unanswered import REASONS
from knowledge.answering.told import Abstention, Answer, Near
from tests.actions.dialogue.test_base import given

NOTHING_OPEN = Open(has_case=False, has_booking=False, is_awaited=False, has_question=False)


class Own(CustomAction):
    names = ("action_rate_case",)

    def do(self, turn: Turn) -> Said:
        return say(Reply(ReplyKind.case, "谢谢您的评价。"))


class Told(CustomAction):
    """What a matter gets where no source is sure."""

    def do(self, turn: Turn) -> Said:
        return say(Reply(ReplyKind.abstention, "先问这里。"))


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Words -> how sure our sources are."""
    sure: dict[str, float] = {}

    def look_up(self: Any, turn: Turn, question: str, *, intent: str, threshold: float = 0.5) -> Any:
        chance = sure.get(question, 0.0)
        return Answer("规矩是这样的。", None, (), chance) if chance >= threshold else Abstention("not_sure", chance)

    monkeypatch.setattr(Answering, "look_up", look_up)
    return sure


def said(sessions: sessionmaker[Session], text: str, intent: str, **slots: Any) -> str:
    turn = Turn("c", text, intent=intent, sure=0.9, message=1, slots=slots)
    return routed(sessions).do(turn).replies[0].text


def routed(sessions: sessionmaker[Session]) -> Routed:
    return Routed(given(sessions), Own(given(sessions)), Told(given(sessions), "matter"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("当初说好月息5分，如今他只肯还本金", "rate_case"),
        ("借给表哥3万没写欠条只有微信转账", "ask_follow_up"),
        ("网上买的化肥是假的撒下去苗都黄了", "out_of_scope"),
        ("欠钱不还咋弄", "deny"),
        ("一审判了不服几天内上诉", "ask_deadline"),
    ],
)
def test_a_matter_is_answered_whatever_the_classifier_took_it_for(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, intent: str
) -> None:
    knows[text] = 0.8
    assert said(sessions, text, intent) == "规矩是这样的。"


def test_who_says_thanks_hears_a_friendly_word(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    text = "谢谢你啊上回你教我写的那个申请镇上给批了"
    knows[text] = 0.9
    assert said(sessions, text, "check_case") in _FILE.thanks


@pytest.mark.parametrize(("raw", "reply"), [(0.35, "先问这里。"), (0.2, "谢谢您的评价。")])
def test_what_lies_near_a_question_of_ours_is_never_out_of_scope(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, raw: float, reply: str
) -> None:
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.3, raw=raw))
    assert said(sessions, "收到传票不去行吗", "out_of_scope") == reply
    assert said(sessions, "家暴咋办", "out_of_scope") == reply


@pytest.mark.parametrize(
    ("raw", "score", "reply"), [(0.34, 0.2, "先问这里。"), (0.27, 0.45, "先问这里。"), (0.25, 0.1, "谢谢您的评价。")]
)
def test_a_told_matter_is_no_small_talk(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, raw: float, score: float, reply: str
) -> None:
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", score, raw=raw))
    assert said(sessions, "我上了失信名单，儿子明年高考，听人说不给上", "chitchat") == reply
    assert said(sessions, "你吃饭没", "chitchat") == "谢谢您的评价。"


def test_four_words_that_are_a_title_of_ours_are_no_yes(
    sessions: sessionmaker[Session], knows: dict[str, float]
) -> None:
    knows |= {"我想离婚": 0.97, "好的好的": 0.5}
    assert said(sessions, "我想离婚", "affirm") == "规矩是这样的。"
    assert said(sessions, "我想离婚", "affirm", dispute_offer="一件事") == "谢谢您的评价。"
    assert said(sessions, "好的好的", "affirm") == "谢谢您的评价。"


def test_a_no_that_lies_near_a_question_of_ours_is_a_matter(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.35, raw=0.3))
    assert said(sessions, "我要离婚，他不同意", "deny") == "先问这里。"
    assert said(sessions, "不用", "deny") == "谢谢您的评价。"


def test_a_question_is_no_greeting(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    assert said(sessions, "公共厕所夜里关门吗", "greet") == "先问这里。"
    for greeting in ("你好啊，在不在", "您好，能帮我看看吗", "请问有人值班吗"):
        assert said(sessions, greeting, "greet") == "谢谢您的评价。"


def test_a_pleasantry_stands_whatever_lies_near(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    knows |= {"吃了没，今个儿冷得很哈": 0.9}
    assert said(sessions, "吃了没，今个儿冷得很哈", "chitchat") == "谢谢您的评价。"
    knows |= {"早上好呀，今天降温了多穿点": 0.9}
    assert said(sessions, "早上好呀，今天降温了多穿点", "greet") == "谢谢您的评价。"


@pytest.mark.parametrize(("raw", "reply"), [(0.36, "先问这里。"), (0.33, "谢谢您的评价。")])
def test_a_few_words_that_name_a_matter_are_no_small_talk(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, raw: float, reply: str
) -> None:
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: Abstention("not_sure", 0.4, raw=raw))
    assert said(sessions, "娃儿不养我", "chitchat") == reply


def test_a_word_of_urging_within_a_story_looks_up_no_case() -> None:
    row = row_of("check_case")
    assert row is not None
    told = Turn(
        "c",
        "借条写的是2022年10月底，我中间没咋催，上个月才打过一回电话他骂了我",
        intent="check_case",
        sure=0.9,
        message=1,
    )
    assert not row.stands(told, NOTHING_OPEN)
    assert row.stands(Turn("c", "帮我催一下", intent="check_case", sure=0.9, message=1), NOTHING_OPEN)


def test_who_asks_after_a_matter_elsewhere_hears_that_we_cant_see_it(
    sessions: sessionmaker[Session], knows: dict[str, float]
) -> None:
    knows["我妈申请的低保批没批下来"] = 0.8
    lines = said(sessions, "我妈申请的低保批没批下来", "check_case").split("\n")
    assert "查不到" in lines[0]
    assert lines[1:] == ["规矩是这样的。"]


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("打5分", "rate_case", {}),
        ("很满意", "rate_case", {}),
        ("我报的那个路灯咋样了", "check_case", {}),
        ("261124-001-05 办到哪了", "check_case", {}),
        ("取消预约", "cancel_booking", {}),
        ("转人工", "human_handoff", {}),
        ("想约律师", "book_consultation", {}),
        ("那要多久", "ask_follow_up", {"last_question": "离婚怎么办"}),
        ("不用了", "deny", {}),
        ("法律援助自测", "check_legal_aid", {}),
    ],
)
def test_what_has_something_to_go_by_stands_even_where_a_source_is_near(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, intent: str, slots: dict[str, Any]
) -> None:
    knows[text] = 0.99
    assert said(sessions, text, intent, **slots) == "谢谢您的评价。"


def test_without_a_sure_source_the_classifier_has_its_word(
    sessions: sessionmaker[Session], knows: dict[str, float]
) -> None:
    assert said(sessions, "今天天气不错啊适合下地", "chitchat") == "谢谢您的评价。"


@pytest.mark.parametrize(
    ("text", "intent", "kept"),
    [
        ("儿子几年不着家一分钱不寄", "chitchat", True),
        ("隔壁把录音机搬到坟地放歌", "out_of_scope", True),
        ("今天冷得很啊，多穿点", "chitchat", False),
        ("哈哈哈", "chitchat", False),
        ("太感谢你们了真的", "thanks", False),
    ],
)
def test_legal_workers_see_what_was_put_off_with_a_friendly_word(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, intent: str, kept: bool
) -> None:
    said(sessions, text, intent)
    with sessions() as session:
        rows = session.execute(select(UnansweredQuestion.question, UnansweredQuestion.reason)).all()
    assert [tuple(row) for row in rows] == ([(text, "brushed_off")] if kept else [])
    assert "brushed_off" in REASONS


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("一审判了不服几天内上诉", "ask_deadline"),
        ("村口那个老碾盘半夜里叫人拉走了", "check_case"),
        ("借条没写日期怎么办", "deny"),
    ],
)
def test_an_intent_with_nothing_to_act_on_never_wins_over_a_matter(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, intent: str
) -> None:
    assert said(sessions, text, intent) == "先问这里。"


def test_inside_a_form_the_table_isnt_asked(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    knows["欠钱不还的事"] = 0.99
    turn = Turn("c", "欠钱不还的事", intent="deny", form="dispute_form")
    assert routed(sessions).do(turn).replies[0].text == "谢谢您的评价。"


def test_each_intent_stands_in_one_row_and_questions_in_none() -> None:
    named = [intent for row in ROWS for intent in row.intents]
    assert len(named) == len(set(named))
    assert row_of("ask_law") is None
    assert row_of("report_dispute") is None
    assert all(0 < row.answer_from < 1 for row in ROWS)


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("低保报上去两个月了还没批下来", True),
        ("申请的危房改造到哪一步了", True),
        ("别人的商标还在公告，几个月内能提异议", False),
        ("健身房办了两年卡才去了一个月店就关了，三个月了没动静，能退吗", False),
    ],
)
def test_that_we_cant_look_up_others_work_is_said_only_to_who_asks_how_far_it_is(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, is_said: bool
) -> None:
    knows[text] = 0.8
    assert said(sessions, text, "check_case").startswith("在别处办的事") is is_said


@pytest.mark.parametrize(
    ("text", "intent", "sure", "reply"),
    [
        ("工钱不给我", "chitchat", 0.48, "先问这里。"),
        ("工钱不给我", "chitchat", 0.95, "谢谢您的评价。"),
        (
            "老婆去外头打工好几年没有音信，电话也停了，孩子一直跟着我，想离又不晓得去哪里找她人，急死我了",
            "out_of_scope",
            0.5,
            "先问这里。",
        ),
    ],
)
def test_where_the_classifier_guesses_what_lies_near_decides(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, text: str, intent: str, sure: float, reply: str
) -> None:
    near = Abstention("not_sure", 0.2, near=(Near("老板不给工钱怎么办", "能要。", "劳动用工"),), raw=0.33)
    monkeypatch.setattr(Answering, "look_up", lambda *_, **__: near)
    turn = Turn("c", text, intent=intent, sure=sure, message=1)
    assert routed(sessions).do(turn).replies[0].text == reply


def test_words_that_lean_on_the_question_before_are_no_small_talk(
    sessions: sessionmaker[Session], knows: dict[str, float]
) -> None:
    asked: dict[str, Any] = {"last_question": "我妈把房子过户给了弟弟"}
    turn = Turn("c", "可她那阵子已经糊涂了呀", intent="chitchat", sure=0.3, message=1, slots=asked)
    assert routed(sessions).do(turn).replies[0].text == "先问这里。"


@pytest.mark.parametrize(
    ("held", "text", "intent", "stands"),
    [
        ({"is_awaited": True}, "种子袋子早烧火了，只有给老板转的微信，1080块", "check_case", False),
        ({"is_awaited": True, "has_case": True}, "解决了", "confirm_case", True),
        ({"has_case": True}, "到哪一步了", "check_case", True),
        ({}, "查一下我报的那件事", "check_case", True),
    ],
)
def test_an_offer_to_file_is_no_case(held: dict[str, bool], text: str, intent: str, stands: bool) -> None:
    row = row_of(intent)
    assert row is not None
    assert row.stands(Turn("c", text, intent=intent), replace(NOTHING_OPEN, **held)) is stands


def test_thanks_may_stand_at_the_end(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    text = "上次教我写的状子法官收下了，谢谢你啊闺女"
    assert said(sessions, text, "thanks") in _FILE.thanks


@pytest.mark.parametrize(
    ("text", "intent", "is_stood"),
    [
        ("我份工嘅人工系老板个仔畀我嘅", "human_handoff", False),
        ("这个月的人工费没结", "human_handoff", False),
        ("转人工", "human_handoff", True),
        ("我要人工客服", "human_handoff", True),
        ("找放钱的借了五万，还了一年，他说本金没动，这账怎么算", "ask_disclosure", False),
        ("村里今年的账怎么还没贴出来", "ask_disclosure", True),
        ("低保名单今年一公示，我家给划下来了，就靠那点钱抓药", "ask_disclosure", False),
        ("低保名单公示了没有", "ask_disclosure", True),
    ],
)
def test_what_people_are_paid_calls_nobody_and_a_private_debt_is_no_account_of_the_village(
    text: str, intent: str, is_stood: bool
) -> None:
    row = row_of(intent)
    assert row is not None
    assert row.stands(Turn("c", text, intent=intent), NOTHING_OPEN) is is_stood


@pytest.mark.parametrize(
    ("text", "intent", "sure", "stands"),
    [
        ("上个月扫雪那回咋没给俺家记分捏", "check_points", 0.98, True),  # no word of the table's is in it
        ("手机换了号积分还在不在呀", "check_points", 0.99, True),
        ("分清零了？？？年前还有86的", "check_points", 0.4, False),
        ("中国移动的积分快过期了怎么换话费", "check_points", 0.73, False),
        ("我家娃儿入学积分不够读不了公立的", "check_points", 0.96, False),
        ("积分咋攒啊都有哪些能加分", "check_points", 0.99, False),  # the village's rules say it
        ("俺孙子能去看木偶戏不要不要票", "ask_event", 0.64, True),
        ("下雨还演不演啊", "ask_event", 0.67, True),
        (
            "借了5万块3分的利，他叫我重新写个欠条写成7万，法院传票来了，那天他带了两个后生坐我屋里",
            "check_points",
            1.0,
            False,
        ),
        ("哦我翻了，那笔是转到他老婆账户上的，他两口子上个月还离婚了", "check_points", 0.97, False),
        ("我骑的是国标电瓶车，脚蹬子那种，才两瓶啤酒，没碰着人", "find_helper", 0.9, False),
        ("公司叫我自己写嘅辞职信，冇补偿，系咪就冇得攞", "check_procedure", 0.9, False),
        ("村里卖集体的老学校，开会才来十九个人，全村三百多户，这个会算不算数？", "call_meeting", 0.9, False),
        ("没打结婚证生的娃分不分得到老汉的家产", "check_points", 0.76, False),
        ("我请人来修屋顶，包工不包料一天280，他掉下来摔断腰", "find_helper", 0.8, False),
        (
            "买他的磁疗床垫九千八，那个老师一口一个妈喊得亲热，我懂个啥，钱退得回来不，他电话打不通了",
            "find_helper",
            0.99,
            False,
        ),
        ("想请个说得上话的老辈子来劝劝我两兄弟", "find_helper", 0.95, True),
        ("要拆我家养鸡棚说是口头通知过了口头的算数么", "check_procedure", 0.84, True),
        ("征收土地要经过哪些程序", "check_procedure", 0.83, False),  # a question of law
    ],
)
def test_what_the_village_does_needs_no_word_of_its_own_where_the_classifier_is_sure(
    text: str, intent: str, sure: float, stands: bool
) -> None:
    row = row_of(intent)
    assert row
    turn = Turn("c", text, intent=intent, sure=sure, message=None)
    assert row.stands(turn, NOTHING_OPEN) is stands


def test_a_trouble_taken_for_the_village_is_read_as_the_trouble_it_is(
    sessions: sessionmaker[Session], knows: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rambling story of a ditch, taken for who wishes for a helper, was answered and never offered to be filed."""
    text = "我一个人在屋头住儿女都在外面，屋后头那家把排水沟改到我这边来了，我去跟他说他喊我自己修，你们帮我管一下"
    knows[text] = 0.9
    heard: list[str] = []
    monkeypatch.setattr(Told, "do", lambda self, turn: heard.append(turn.intent) or say(Reply(ReplyKind.case, "登记")))
    assert said(sessions, text, "find_helper") == "登记"
    assert heard == ["report_dispute"]


@pytest.mark.parametrize(
    ("text", "is_offered"),
    [
        ("屋后头那家把排水沟改到我这边来了，能不能喊他改回去", False),
        (
            "我今年七十八了一个人在屋头住，屋后头那家去年修房子把那个排水沟改到我这边来了，墙都泡软了，"
            "我找过村上看了一回就没下文了，你们能不能帮我管一下喊他改回去",
            True,
        ),
    ],
)
def test_a_story_that_ends_in_a_question_is_offered_to_be_filed(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, is_offered: bool
) -> None:
    knows[text] = 0.9
    turn = Turn("c", text, intent="report_dispute", sure=0.9, message=1)
    replies = Matter(given(sessions)).do(turn).replies
    assert replies[0].text == "规矩是这样的。"
    assert ("登记上报" in replies[-1].text) is is_offered


@pytest.mark.parametrize(
    ("text", "before", "reply"),
    [
        ("我骑的是国标电瓶车，脚蹬子那种，才两瓶啤酒，没碰着人", "喝了酒骑车咋罚", "先问这里。"),
        ("我骑的是国标电瓶车，脚蹬子那种，才两瓶啤酒，没碰着人", None, "谢谢您的评价。"),
        ("十五分钟之后叫我起床", "喝了酒骑车咋罚", "谢谢您的评价。"),
        ("我要看灵异推理小说", "喝了酒骑车咋罚", "谢谢您的评价。"),
        ("安徽合力股票今天收盘", "喝了酒骑车咋罚", "谢谢您的评价。"),
    ],
)
def test_a_fact_told_after_a_question_is_no_foreign_matter(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, before: str | None, reply: str
) -> None:
    assert said(sessions, text, "out_of_scope", last_question=before) == reply


def test_words_of_paper_within_a_thread_ask_for_no_list_of_steps() -> None:
    row = row_of("check_procedure")
    assert row
    text = "没有写合同，在村口大槐树下面讲的，一亩一年六百，种了两季了"
    turn = Turn("c", text, intent="check_procedure", sure=0.93)
    assert not row.stands(turn, replace(NOTHING_OPEN, has_question=True))
    asks = Turn("c", "帮我对一对程序，公告都没贴", intent="check_procedure", sure=0.93)
    assert row.stands(asks, replace(NOTHING_OPEN, has_question=True))


@pytest.mark.parametrize(
    ("text", "reply"),
    [("嘴巴讲的咧，一张纸冇得，工资卡是打卡上的", "先问这里。"), ("没看懂你说的什么，钱到底给不给", "谢谢您的评价。")],
)
def test_a_fact_is_no_complaint(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, reply: str
) -> None:
    assert said(sessions, text, "feedback_bad", last_question="昨天老板喊我莫去了") == reply


def test_who_asks_of_a_record_for_the_army_is_told_of_no_events() -> None:
    row = row_of("ask_event")
    assert row
    text = "前年因为打架被拘过五天，我儿子今年报名当兵政审过不过得了"
    assert not row.stands(Turn("c", text, intent="ask_event", sure=0.9), NOTHING_OPEN)


STORY = (
    "征地公告都没贴，补偿安置方案也没给我们看，听证也没开，通知书上写的是明天就来量地，签字的人一个也没有，"
    "你说这样对不对"
)


def test_a_story_hears_the_rule_before_it_is_offered_a_list(
    sessions: sessionmaker[Session], knows: dict[str, float]
) -> None:
    knows[STORY] = 0.9
    turn = Turn("c", STORY, intent="check_procedure", sure=0.9, message=1)
    replies = routed(sessions).do(turn).replies
    assert replies[0].text == "先问这里。"  # what a matter gets
    assert [button.payload for reply in replies[1:] for button in reply.buttons] == ["自查 征地"]


def test_a_place_in_the_queue_is_an_hour() -> None:
    row = row_of("book_consultation")
    assert row
    text = "这个礼拜五上午村里的法律顾问来不来，我想排个号问下分家的事"
    assert row.stands(Turn("c", text, intent="book_consultation", sure=0.9), NOTHING_OPEN)


@pytest.mark.parametrize(
    ("text", "is_booked"),
    [
        ("这个礼拜五上午村里的法律顾问来不来，我想排个号问下分家的事", True),
        ("律师费一般多少钱", False),
        ("法律顾问要不要收钱", False),
    ],
)
def test_who_asks_for_an_hour_is_booked_whatever_else_is_asked(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, is_booked: bool
) -> None:
    turn = Turn("c", text, intent="ask_law", sure=0.9, message=1)
    events = Question(given(sessions)).do(turn).events
    assert any(event.get("name") == "booking_form" for event in events) is is_booked


@pytest.mark.parametrize(
    ("text", "is_booking"),
    [("闺女遭退婚了，酒席也取消了，彩礼要退不", False), ("我约的那个律师取消吧", True), ("合同违约了咋办", False)],
)
def test_what_is_cancelled_may_be_a_wedding(text: str, is_booking: bool) -> None:
    row = row_of("cancel_booking")
    assert row
    turn = Turn("c", text, intent="cancel_booking", sure=0.9)
    assert row.stands(turn, NOTHING_OPEN) is is_booking


def test_a_long_question_is_no_stop_though_an_offer_stands(sessions: sessionmaker[Session]) -> None:
    turn = Turn("c", "我当时赌气回了句“不干就不干”，这算我自己辞的不", intent="stop", sure=0.43, message=1)
    held = replace(NOTHING_OPEN, is_awaited=True)
    row = row_of("stop")
    assert row is not None
    assert not row.stands(turn, held)
    assert row.stands(replace(turn, text="先不弄了，过几天再说"), held)


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("check_points", "我在婆家那边也没分到地，今年三月已经离了，人都回娘家住了"),
        ("ask_event", "我想问下过年在街上卖春联要不要办证"),
        ("withdraw_case", "多久之内去撤"),
        ("ask_event", "俺娘七十四了天天去听课领鸡蛋，前后拿走九千多买床垫，昨个那门脸贴着旺铺转让，找谁要去"),
    ],
)
def test_a_trouble_is_neither_points_nor_an_event(intent: str, text: str) -> None:
    row = row_of(intent)
    assert row is not None
    assert not row.stands(Turn("c", text, intent=intent, sure=0.9, message=1), NOTHING_OPEN)


def test_somebodys_own_books_within_a_thread_are_not_the_villages(sessions: sessionmaker[Session]) -> None:
    row = row_of("ask_disclosure")
    assert row is not None
    held = replace(NOTHING_OPEN, has_question=True)
    turn = Turn("c", "账本一直在他老婆手里，我要看她就说没记全", intent="ask_disclosure", sure=0.9, message=1)
    assert not row.stands(turn, held)
    assert row.stands(replace(turn, text="村里的账本能不能公开给大家看"), held)


@pytest.mark.parametrize(
    "text", ["我那事咋样了", "我的事办得咋样了", "俺那个事有没有人管", "我的事啥进度了", "上次说的那件事怎么样了"]
)
def test_whoever_asks_after_their_case_in_a_new_conversation_is_asked_for_its_number(text: str) -> None:
    row = row_of("check_case")
    assert row is not None
    assert row.stands(Turn("c", text, intent="check_case", sure=0.9, message=1), NOTHING_OPEN)


@pytest.mark.parametrize(
    ("text", "is_person"),
    [
        ("闺女 我听不懂你说的 让个人来跟我讲", True),
        ("叫个活人来和我说", True),
        ("找人来跟我一起收稻子", False),
        ("他叫人来跟我讲，要是我不把那块地让出来，就天天来我家门口闹，还说要把我的渠堵了", False),
    ],
)
def test_who_asks_for_a_person_gets_one(
    sessions: sessionmaker[Session], knows: dict[str, float], text: str, is_person: bool
) -> None:
    assert (said(sessions, text, "find_helper") == "好，这就请工作人员来。") is is_person


def test_a_long_told_trouble_is_never_out_of_scope(sessions: sessionmaker[Session], knows: dict[str, float]) -> None:
    told = (
        "老婆在家跟镇上一个开店的好上了，手机里看到给那男的转了五万二，我现在坐在那男的店对面，手都在抖，你说我该咋办"
    )
    assert said(sessions, told, "out_of_scope") == "先问这里。"
