"""How much of a deposit counts (民法典 586, 587)."""

import pytest

from actions.tools.sums.deposit import told


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        (
            "货款一共两万 他给了我六千定金",
            "收我玉米的老板收了我定金 现在说价跌不要了 定金能不能不退",
            [
                "就是 4000 元",
                "多出来的 2000 元不算定金",
                "交钱的一方没道理就反悔，4000 元不退",
                "退双倍，8000 元（本钱在内）",
            ],
        ),
        ("定金交了5000，总价8万，卖家不卖了", "", ["5000 元没超", "退双倍，10000 元（本钱在内）"]),
        ("房价三十万，定金八万，我不买了", "", ["只算先付的钱", "比定金多的那截"]),  # no 货款; 民法典 588
    ],
)
def test_a_deposit_counts_up_to_a_fifth_of_the_price(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "订金交了5000，总价8万，能退吗",
        "定金交了5000，能退吗",
        "定金5000，后来又给了定金3000，总价8万",
        "彩礼一共八万，定金一万",
        "定金八万，总价八万",
        # 民法典 180, 590; 法释〔2023〕13号 68 (2), (3)
        "牛总价两万，收了定金四千，牛病死了要赔多少",
        "货款三万，定金六千，发大水路断了没法拉",
        "房价四十万，交了定金八万，贷款没批下来",
        "货款八万，定金一万六，拉走一半货，他不拉了",
    ],
)
def test_nothing_is_counted_of_what_isnt_sure(text: str) -> None:
    assert told(text) is None


def test_a_next_matter_isnt_told_the_deposit_of_the_one_before() -> None:
    assert told("那去哪里告", before="货款一共两万，定金六千") is None
