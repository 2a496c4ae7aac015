from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.emergency import recognise

DANGER = {
    "救命，我老公正拿刀砍我": "violence", "隔壁男的正在打他老婆 打得头破血流": "violence", "我被关在屋里不让我出门": "violence", "救救我": "violence",
    "我不想活了 药都买好了": "self_harm", "我同学说活着没意思 站在楼顶": "self_harm", "俺娘喝农药了": "self_harm", "着火了": "fire_gas", "厨房煤气泄漏了咋办": "fire_gas",
    "有人触电了": "fire_gas", "娃掉进水库里了": "fire_gas", "孩子不见了": "child_harm", "邻居把他家小孩打得满身是血": "violence", "老人晕倒叫不醒": "medical", "被毒蛇咬了": "medical",
    "有人自称公安让我把钱转到安全账户": "fraud", "他扬言今晚要砍死我全家": "violence", "两家人在村口打起来了": "violence", "明天就是上诉最后一天": "legal_deadline", "我弟刚被派出所带走了": "legal_deadline",
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


MESSAGES = yaml.safe_load((Path(__file__).parent / "emergencies.yml").read_text(encoding="utf-8"))


def is_alarm(text: str) -> bool:
    found = recognise(text)
    return found is not None and not found.soft


@pytest.mark.parametrize(("half", "recall", "false_alarms"), [("a", 0.98, 0.02), ("b", 0.95, 0.05)])
def test_figures_over_the_written_set(half: str, recall: float, false_alarms: float) -> None:
    rows = MESSAGES if isinstance(MESSAGES, list) else MESSAGES["messages"]
    danger = [m["text"] for m in rows if m["half"] == half and m["kind"] and not m.get("soft")]
    near = [m["text"] for m in rows if m["half"] == half and (not m["kind"] or m.get("soft"))]
    assert len(danger) > 70
    assert len(near) > 70
    assert sum(map(is_alarm, danger)) / len(danger) >= recall
    assert sum(map(is_alarm, near)) / len(near) <= false_alarms


def test_every_alarm_carries_a_number_to_tap() -> None:
    for text in DANGER:
        found = recognise(text)
        assert found is not None
        assert found.guidance.next
        assert all(href.startswith("tel:") for _, href in found.guidance.links)
        assert found.guidance.links


@given(st.text(max_size=3000))
def test_no_text_is_too_strange(text: str) -> None:
    recognise(text)
