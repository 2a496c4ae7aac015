"""A second wage for months without a written contract (劳动合同法 82)."""

import pytest

from actions.tools.sums.double_wage import told


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        (
            "干了8个月 一个月4200",
            "在超市做理货 一直没跟我签合同 能要个什么补偿不",
            ["干了 8 个月", "是 7 个月工资", "29400 元", "一年里去劳动仲裁"],
        ),
        (
            "厂里没签合同，干了一年半了，能要双倍工资吗",
            "",
            ["干了 18 个月", "大约还剩 6 个月工资", "还能要 11 个月工资", "没有期限的合同"],
        ),
        ("干了一年没签合同，能要双倍工资吗", "", ["干了 12 个月", "是 11 个月工资（最多就是这么多）"]),
        ("干了一个半月没签合同能要多少", "", ["干了 1 个半月", "是半个月工资"]),
        # 法释〔2025〕12号 6: a month that isn't full counts by its days
        ("干了三个半月没签合同，一个月4000，能要多少", "", ["干了 3 个半月", "是 2 个半月工资", "10000 元"]),
        ("没签劳动合同干了两个月能赔多少", "", ["是 1 个月工资"]),
    ],
)
def test_months_without_a_contract_are_counted_from_the_second_one(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


@pytest.mark.parametrize(
    ("text", "said", "never"),
    [
        (
            "厂里没签合同，干了三年，一个月4000，能要双倍工资吗",
            ["可能一分也要不到", "11 个月工资，大约 44000 元", "12333"],
            ["大约还剩"],
        ),
        ("干了两年没签合同能赔多少", ["可能一分也要不到"], ["大约还剩"]),
        ("干了一年半没签合同，一个月5000，能赔多少", ["大约还剩 6 个月工资，大约 30000 元"], ["一分也要不到"]),
        ("去年来的，干了一年零一个月没签合同能要多少", ["是 11 个月工资"], ["还剩", "一分也要不到"]),
    ],
)
def test_months_whose_year_has_run_out_are_not_promised(text: str, said: list[str], never: list[str]) -> None:
    found = told(text)
    assert found is not None
    assert [words for words in said if words not in found] == []
    assert [words for words in never if words in found] == []


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("干了一个月没签合同，能要补偿吗", ""),
        ("没签合同干了8个月", ""),
        ("跟着包工头干了8个月没签合同，能要双倍工资吗", ""),
        ("在餐馆做小时工8个月没签合同能要补偿吗", ""),
        ("干了8个月多少算工伤", ""),
        ("房东没签合同，住了8个月能要补偿吗", ""),
        ("员工干了8个月没签合同，要我赔双倍工资", ""),
        ("那去哪里告", "干了8个月没签合同，能要双倍工资吗"),
        ("先干了3个月后来干了5个月没签合同能要多少", ""),
        ("我给隔壁老王养猪干了八个月没签合同，一个月3500，能要双倍吗", ""),
        ("家里盖房我给人干三个月没签合同能要多少", ""),
        ("我62岁在厂里干了两年没签合同，能要双倍工资吗", ""),
        ("六十三岁在厂里干了八个月没签合同能要多少", ""),
        ("我请人看店干了7个月没签合同，他要双倍，该赔多少", ""),
        ("我店里的小妹干了7个月没签合同，要双倍工资能不给吗", ""),
        ("厂里干了三年没签合同，去年就走了，能要双倍工资吗", ""),
        ("两年前在厂里干了8个月没签合同，能要多少", ""),
    ],
)
def test_nothing_is_counted_of_what_isnt_sure(text: str, before: str) -> None:
    assert told(text, before=before) is None
