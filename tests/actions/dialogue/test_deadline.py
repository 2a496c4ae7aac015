"""The form that counts a time limit, on 30 November 2026."""

from datetime import date

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.deadline import AskDeadline, StartDeadline, TellDeadline, ValidateDeadline
from actions.dialogue.frame.base import Said, Services, Turn
from actions.tools.matters import ANSWERS, MATTERS
from tests.fakes import services_that_find_nothing

TODAY = date(2026, 11, 30)


def services(sessions: sessionmaker[Session]) -> Services:
    return services_that_find_nothing(sessions, TODAY)


def slots_of(said: Said) -> dict[str, object]:
    return {event["name"]: event["value"] for event in said.events if event["event"] == "slot"}


def start(text: str, **slots: object) -> Said:
    return StartDeadline(services(sessionmaker())).do(Turn("c", text, message=1, slots=dict(slots)))


def answer(text: str, *, step: str, **slots: object) -> Said:
    held = {"requested_slot": f"deadline_{step}", **{f"deadline_{name}": value for name, value in slots.items()}}
    return ValidateDeadline(services(sessionmaker())).do(Turn("c", text, message=2, slots=held))


def asked(said: str) -> Said:
    class Matter(AskDeadline):
        def name(self) -> str:
            return "action_ask_deadline_matter"

    return Matter(services(sessionmaker())).do(Turn("c", "", slots={"deadline_said": said}))


def test_a_sure_matter_and_day_fill_the_form_at_once() -> None:
    filled = slots_of(start("去年3月8号被辞退，仲裁还来得及吗"))
    assert (filled["deadline_matter"], filled["deadline_start"]) == ("labour_arbitration", "2025-03-08")


def test_a_month_fills_no_day() -> None:
    filled = slots_of(start("帮我算算，我去年3月被辞退的，仲裁还来得及不"))
    assert (filled["deadline_matter"], filled["deadline_start"]) == ("labour_arbitration", None)


def test_what_has_no_day_is_answered_with_the_rule_and_no_form_begins() -> None:
    said = start("村委会罚款，几天内能告")
    assert said.replies[0].text == ANSWERS["village_fine"].text_on(TODAY)
    assert all(event["event"] != "followup" for event in said.events)


def test_a_vague_wish_looks_at_the_question_before() -> None:
    filled = slots_of(start("帮我算算最晚哪天", last_question="公司9月1号把我辞退了"))
    assert (filled["deadline_matter"], filled["deadline_start"]) == ("labour_arbitration", "2026-09-01")


def test_the_one_question_is_asked_with_the_matters_as_buttons() -> None:
    reply = asked("刑事判决书收到了 不服").replies[0]
    assert "被害的那一边" in reply.text
    assert [button.title for button in reply.buttons] == [
        MATTERS[name].title_zh for name in ("criminal_appeal", "protest_request", "criminal_civil_appeal")
    ]


def test_the_answer_is_heard_together_with_what_was_said() -> None:
    filled = slots_of(answer("我是被害人", step="matter", said="刑事判决书11月27号收到了 不服"))
    assert (filled["deadline_matter"], filled["deadline_start"]) == ("protest_request", "2026-11-27")


def test_a_button_keeps_the_day_that_was_said() -> None:
    filled = slots_of(answer("不服劳动仲裁裁决，向法院起诉", step="matter", said="裁决书11月20号收到的"))
    assert (filled["deadline_matter"], filled["deadline_start"]) == ("labour_award_suit", "2026-11-20")


def test_the_answer_that_has_no_day_ends_the_form() -> None:
    said = answer("还在厂里上班", step="matter", said="厂里欠我工资")
    assert said.replies[0].text == ANSWERS["wages_in_job"].text_on(TODAY)
    assert slots_of(said)["requested_slot"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("去年3月", "是个大概"),
        ("我3年前收到的裁决", "找不到就打 12348"),
        ("2月30号", "日历上没有"),
        ("记不清了", "没听出是哪一天"),
        ("明年3月5号", "还没到"),
    ],
)
def test_a_day_that_is_not_sure_is_asked_again_and_then_the_rule_is_told(text: str, told: str) -> None:
    said = answer(text, step="start", matter="labour_arbitration")
    assert told in said.replies[0].text
    filled = slots_of(said)
    assert "deadline_start" not in filled
    again = answer(text, step="start", matter="labour_arbitration", said=filled["deadline_said"])
    assert "时间是1年" in again.replies[0].text
    assert slots_of(again)["requested_slot"] is None


@pytest.mark.parametrize(
    ("text", "day"), [("去年3月5号", "2025-03-05"), ("农历八月十五", "2026-09-25"), ("25年3月8日", "2025-03-08")]
)
def test_the_day_is_taken(text: str, day: str) -> None:
    assert slots_of(answer(text, step="start", matter="labour_arbitration"))["deadline_start"] == day


def test_the_last_day_is_told(sessions: sessionmaker[Session]) -> None:
    turn = Turn("c", "", slots={"deadline_matter": "protest_request", "deadline_start": "2026-11-27"})
    reply = TellDeadline(services(sessions)).do(turn).replies[0]
    assert "最后一天是2026年12月2日" in reply.text
    assert "被害人" in reply.text
