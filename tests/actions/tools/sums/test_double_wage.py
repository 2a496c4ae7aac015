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
            ["干了 18 个月", "是 11 个月工资", "最多", "没有期限的合同"],
        ),
        ("没签劳动合同干了两个月能赔多少", "", ["是 1 个月工资"]),
    ],
)
def test_months_without_a_contract_are_counted_from_the_second_one(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


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
    ],
)
def test_nothing_is_counted_of_what_isnt_sure(text: str, before: str) -> None:
    assert told(text, before=before) is None
