"""What is worked out of what was said, in one message or after having asked."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import Turn
from actions.dialogue.reckoning import _FEES, reckoned
from tests.actions.dialogue.test_base import given

DAY = date(2026, 12, 2)


@pytest.mark.parametrize(
    ("before", "text", "said"),
    [
        ("工伤要多少天之内申报？", "我是2024年11月6号砸的脚，单位没报，现在都这么久了，还来得及不", "2025年11月6日"),
        ("劳动仲裁多久以内要申请", "我上个月20号被辞的", "2027年11月20日"),
        ("到法院告人要交多少钱的", "那要是三万二呢", "600 元"),
        (
            "",
            "县政府的复议决定11月20号送到我手上，维持原样，我要去法院起诉，哪天前",
            "2026年12月7日",
        ),  # and not 60 days
        ("", "法院罚我五千块的决定书11月30日收到的，不服申请复议哪天为止", "2026年12月3日"),
        ("", "借条写的今年3月8号还，他不还，起诉时效到哪天", "2029年3月8日"),
        ("法院判我赔邻居4万8 我觉得不公道 想上诉", "判决书是11月16号送来的 今天2号 迟了没", "2026年12月1日"),
        ("劳动仲裁只支持了我一半 我不服", "裁决书11月20号签收的 今天二号了 还来得及吗", "2026年12月7日"),
        ("手指头让压面机轧掉一截 厂里一直拖着没报工伤", "是去年10月20号轧的 现在去报行不行", "2026年10月20日"),
        ("女的多大岁数退休啊", "我是73年6月的，一直交的灵活就业", "2029 年 5 月"),
    ],
)
def test_who_asked_and_then_says_the_fact_is_told_the_figure(
    sessions: sessionmaker[Session], before: str, text: str, said: str
) -> None:
    services = replace(given(sessions), today=lambda: DAY)
    alone = Turn("c", text, message=None)
    found = reckoned(services, replace(alone, slots={"last_question": before}))
    assert found is not None
    assert said in found.text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("借出去的钱过了好多年还告得成不", "条子上写的19年腊月三十还，22年我问过，他回了一句再缓缓"),  # begins anew
        ("彩礼能退多少", "我们是去年冬月初八办的酒"),
        ("工伤要多少天之内申报？", "是在厂里轧的手"),
        ("", "我是73年6月的"),
        ("", "县政府的复议决定11月20号送到我手上，维持原样"),  # asks for no day
        ("", "11月20号收到判决书，上诉到哪天"),  # civil, criminal or against an office
        ("", "去年国庆修的路又坏了，哪天修好"),
        ("想上诉", "判决书是谁送来的"),
    ],
)
def test_what_is_not_sure_is_not_reckoned(sessions: sessionmaker[Session], before: str, text: str) -> None:
    services = replace(given(sessions), today=lambda: DAY)
    assert reckoned(services, Turn("c", text, message=None, slots={"last_question": before})) is None


def test_the_answer_whose_sources_the_fee_rests_on_is_there() -> None:
    assert (Path("knowledge/corpus/answers") / f"{_FEES}.yml").is_file()


def test_whoever_asks_of_a_deposit_isnt_taken_for_the_one_who_keeps_his_word(sessions: sessionmaker[Session]) -> None:
    services = replace(given(sessions), today=lambda: DAY)
    found = reckoned(services, Turn("c", "我卖牛总价三万，收了定金五千，不想卖了要赔多少", message=None))
    assert found is not None
    assert "谁守信谁催" in found.ask
    assert "是您不想做的，先谈退多少" in found.ask


def test_the_year_of_a_loan_is_told_from_today(sessions: sessionmaker[Session]) -> None:
    services = replace(given(sessions), today=lambda: DAY)
    found = reckoned(services, Turn("c", "去年借的五万，年利率15%，合法吗", message=None))
    assert found is not None
    assert "这个数超过了" in found.text
