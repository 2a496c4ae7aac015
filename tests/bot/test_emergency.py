import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.emergency import _GUIDANCE, EmergencyKind, recognise

DANGER = {
    "救命，我老公正拿刀砍我": "violence", "隔壁男的正在打他老婆 打得头破血流": "violence", "我被关在屋里不让我出门": "violence", "救救我": "violence",
    "我不想活了 药都买好了": "self_harm", "我同学说活着没意思 站在楼顶": "self_harm", "俺娘喝农药了": "self_harm", "着火了": "fire_gas", "厨房煤气泄漏了咋办": "fire_gas",
    "有人触电了": "fire_gas", "娃掉进水库里了": "fire_gas", "孩子不见了": "child_harm", "邻居把他家小孩打得满身是血": "child_harm", "老人晕倒叫不醒": "medical", "被毒蛇咬了": "medical",
    "有人自称公安让我把钱转到安全账户": "fraud", "他扬言今晚要砍死我全家": "threat", "两家人在村口打起来了": "threat", "明天就是上诉最后一天": "legal_deadline", "我弟刚被派出所带走了": "legal_deadline",
}  # fmt: skip
HARMLESS = [
    "气死我了", "火车票怎么买", "打电话给谁", "家暴的认定标准是什么", "故意伤害判几年", "昨天看电影里面杀人放火", "打工工资不给", "煤气费太贵了", "笑死我了", "老板拖欠工资怎么办",
    "村里搞消防演练", "救命恩人去世了送多少礼", "杀年猪请客", "卡里的钱怎么查", "彩礼能退吗", "承包地被占了找谁", "刀削面店卫生差找谁投诉", "孩子上学怎么报名", "打麻将违法吗", "打印证明去哪里",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), DANGER.items())
def test_danger_now_is_recognised(text: str, kind: str) -> None:
    found = recognise(text)
    assert found is not None
    assert not found.soft
    assert found.kind.value == kind


@pytest.mark.parametrize("text", HARMLESS)
def test_frightening_words_alone_are_no_emergency(text: str) -> None:
    found = recognise(text)
    assert found is None or found.soft


@pytest.mark.parametrize("text", ["去年他打过我", "他没有打我", "我老公以前家暴过"])
def test_the_past_and_the_denied_take_the_softer_branch_or_none(text: str) -> None:
    found = recognise(text)
    assert found is None or found.soft


def test_every_kind_has_guidance_with_a_number_to_tap() -> None:
    assert set(_GUIDANCE) == set(EmergencyKind)
    assert all(link[1].startswith("tel:") for g in _GUIDANCE.values() for link in g.links)
    assert all(g.links and g.next for g in _GUIDANCE.values())


@given(st.text(max_size=3000))
def test_no_text_is_too_strange(text: str) -> None:
    recognise(text)
