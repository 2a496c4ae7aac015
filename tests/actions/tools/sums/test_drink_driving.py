"""What a measured amount of alcohol means: the steps of the opinion of 2023."""

import pytest

from actions.tools.sums.drink_driving import told


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        ("血检单子下来了 137 没撞到人 头一回", "崽前天半夜喝了酒开车回家被拦", ["137 毫克", "没到 150", "可以不立案"]),
        ("醉驾测了一百五十一，就差一点", "", ["151 毫克", "满了 150"]),
        ("喝酒开车测出来一百五", "", ["150 毫克", "满了 150"]),
        ("喝酒开车吹出来 65，怎么罚", "", ["65 毫克", "没到 80", "六个月"]),
        ("老公醉驾抽血一百九", "", ["190 毫克", "一般不给缓刑"]),
        ("喝了一小杯酒，测出来15毫克", "", ["没到 20"]),
        ("醉驾刚好80，抽血结果", "", ["80 毫克", "是醉驾"]),
    ],
)
def test_an_amount_is_told_what_it_means(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    for words in said:
        assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "喝了酒骑电瓶车测出来120",
        "喝了酒开了500米被抓，还没出结果",
        "醉驾被罚2000元，结果还没出",
        "喝酒开车测出来一百多",
        "喝了酒撞死人，测出来170",
        "醉驾吹了120，抽血132，算哪个",
        "体检抽血，血糖137",
        "他喝了酒晕倒了，抽血前先打120吗",
        "开出租的，喝了酒吹出45，怎么罚",
        "第二次酒驾，测出42，会拘留吗",
        "醉驾测出120，撞了护栏我全责",
        "无证骑摩托，喝酒测出100",
    ],
)
def test_other_numbers_and_other_matters_are_left(text: str) -> None:
    assert told(text) is None
