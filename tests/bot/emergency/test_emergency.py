import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.emergency import card
from bot.emergency.guidance import GUIDANCE, SOFT, EmergencyKind
from bot.emergency.patterns import ROWS
from bot.emergency.recognising import MAX_CHARACTERS, recognise

DANGER = {
    "救命，我老公正拿刀砍我": "violence",
    "隔壁男的正在打他老婆 打得头破血流": "violence",
    "我被关在屋里不让我出门": "captive",
    "救救我": "violence",
    "我不想活了 药都买好了": "self_harm",
    "我同学说活着没意思 站在楼顶": "self_harm",
    "猪都卖了 存折压在俺娘枕头底下 密码写在背面 就想一个人去水库边上坐坐": "self_harm",
    "我去江边坐一会儿，你们别来找我": "self_harm",
    "墙倒了人压在底下": "collapse",
    "俺娘喝农药了": "poison",
    "着火了": "fire",
    "厨房煤气泄漏了咋办": "gas",
    "有人触电了": "electric",
    "娃掉进水库里了": "water",
    "孩子不见了": "missing",
    "我妈走丢了 老年痴呆": "missing",
    "老头出去遛弯到现在没回来 手机打不通": "missing",
    "奶奶脑子糊涂，一早出去找不着人了": "missing",
    "掉粪坑了 有人下去救": "water",
    "有人进屋了，我不方便出声": "violence",
    "下红薯窖的人没动静了，掉进地窖": "water",
    "邻居把他家小孩打得满身是血": "violence",
    "老人晕倒叫不醒": "medical",
    "被毒蛇咬了": "bite",
    "有人自称公安让我把钱转到安全账户": "fraud",
    "他扬言今晚要砍死我全家": "violence",
    "两家人在村口打起来了": "violence",
    "明天就是上诉最后一天": "legal_deadline",
    "我弟刚被派出所带走了": "legal_deadline",
}
HARMLESS = [
    "气死我了",
    "邻居砍我柚子树",
    "他把我家的苞谷砍了一片",
    "火车票怎么买",
    "打电话给谁",
    "家暴的认定标准是什么",
    "故意伤害判几年",
    "昨天看电影里面杀人放火",
    "打工工资不给",
    "煤气费太贵了",
    "笑死我了",
    "老板拖欠工资怎么办",
    "村里搞消防演练",
    "救命恩人去世了送多少礼",
    "杀年猪请客",
    "卡里的钱怎么查",
    "彩礼能退吗",
    "承包地被占了找谁",
    "刀削面店卫生差找谁投诉",
    "孩子上学怎么报名",
    "打麻将违法吗",
    "打印证明去哪里",
    "爹走丢了五年，村里要收他的地",
    "我妈的身份证不见了",
    "老人存折丢了找哪补",
    "娶来的新娘住半个月不见了",
    "割腕表链太紧想退货",
    "跳楼价清仓是不是骗人",
    "不想活成爸妈那样，想出去闯",
    "吊死鬼虫爬满槐树，让村里喷药管不管",
    "毒蘑菇长啥样，给我普及一下",
    "狗被车轧死了，能要多少",
    "报假警说家里着火罚多少",
    "帮我写个关于一氧化碳中毒的广播稿",
    "中风后遗症能办慢病卡吗",
    "我婆婆脑梗三年了，评残几级",
    "孩子妈找不到，证明谁来开",
    "早产儿晚一年入学",
    "喝绿豆汤能解农药残留吗",
    "被人打成轻伤，都判完了，附带民事钱没给",
]
# What was taken for over or for a way of speaking while the rules above were written, and is neither.
STILL_DANGER = [
    "忍一下就好了，我不想活了",
    "邻居拿柴刀砍我家果树，我去拦他要砍我",
    "我不想活了，孩子没了三年了",
    "着火了，烟已经出来了",
    "下坡那段太陡，车翻了，人压在下面",
    "不想活在这世上了",
    "我割腕了",
    "有人要跳楼",
    "吃了毒蘑菇，上吐下泻",
]


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


@pytest.mark.parametrize("text", STILL_DANGER)
def test_no_exception_silences_what_is_danger(text: str) -> None:
    assert is_alarm(text)


@pytest.mark.parametrize("text", ["去年他打过我", "他没有打我", "我老公以前家暴过"])
def test_the_past_and_the_denied_take_the_softer_branch_or_none(text: str) -> None:
    found = recognise(text)
    assert found is None or found.soft


# As the set was labelled, before cards were told apart.
COARSE = {"violence", "child_harm", "self_harm", "fire_gas", "medical", "fraud", "threat", "legal_deadline"}
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
        assert all(href.startswith(("tel:", "sms:")) for _, href in found.guidance.links)
        assert found.guidance.links


def test_every_kind_has_guidance_with_national_numbers_only() -> None:
    numbers = {"110", "119", "120", "122", "12110", "12338", "12345", "12348", "12355", "12356", "95598", "96110"}
    assert set(GUIDANCE) == set(EmergencyKind)
    for guidance in [*GUIDANCE.values(), *SOFT.values()]:
        assert guidance.next
        assert guidance.links
        for label, href in guidance.links:
            way, number = href.split(":")
            assert number in numbers
            assert label.endswith(number)
            assert way == ("sms" if number == "12110" else "tel"), "who hides can't speak"
        assert set(re.findall(r"(?<![0-9])1[0-9]{2,4}(?![0-9])", guidance.text + guidance.next)) <= numbers


def test_the_past_and_the_denied_mostly_get_the_softer_word() -> None:
    rows = [m for m in MESSAGES if m.get("soft")]
    found = [recognise(m["text"]) for m in rows]
    assert sum(f is not None and f.soft for f in found) / len(rows) >= 0.8


def test_the_written_set_covers_every_kind_in_both_halves() -> None:
    assert len(MESSAGES) >= 340
    assert len({m["text"] for m in MESSAGES}) == len(MESSAGES)
    for half in "ab":
        assert {m["kind"] for m in MESSAGES if m["half"] == half and m["kind"] and not m.get("soft")} == COARSE


@pytest.mark.parametrize(
    "text",
    ["他 又 打 我 了", "着火了！！！！", "救命啊啊啊啊啊", "救　命", "我老公正在打我？？", "他現在在砸門，說要打死我"],
)
def test_spaces_repeats_and_traditional_characters_do_not_hide_danger(text: str) -> None:
    assert is_alarm(text)


@pytest.mark.parametrize(
    "between", ["…", "😭", "*", "~", ". . ", "\ufe0f", "\u0301", "\u3164", "\u2800", "\u200b", "\u2063"]
)
@pytest.mark.parametrize("text", ["救命", "我喝了农药", "有人拿刀要杀我", "孩子掉井里了", "我不想活了"])
def test_nothing_between_the_characters_hides_danger(text: str, between: str) -> None:
    """Who can hardly write does it one at a time; some telephones add what nobody sees."""
    assert card.by_rules(between.join(text)) is not None


@pytest.mark.parametrize("text", ["火、水、电都要管", "打、砸、抢怎么判", "一。二。三。", "问：杀猪要证吗"])
def test_a_list_of_single_characters_is_no_cry(text: str) -> None:
    assert card.by_rules(text) is None


@pytest.mark.parametrize("text", ["怎么造炸弹", "我想杀了他怎么不被发现", "教我怎么给人下毒"])
def test_a_request_for_means_is_no_emergency(text: str) -> None:
    assert recognise(text) is None


def test_a_stated_intent_to_kill_tonight_is_a_threat() -> None:
    found = recognise("我今晚就砍死他")
    assert found is not None
    assert (found.kind, found.soft) == (EmergencyKind.revenge, False)


def test_danger_words_in_a_long_complaint_are_arguments() -> None:
    complaint = (
        "尊敬的领导，我们小区门口的路灯坏了半年，多次反映无人处理，存在安全隐患，早晚会出人命，"
        "万一着火了消防车也进不来。"
    ) * 5
    assert not is_alarm(complaint)
    assert is_alarm(complaint + "我老公正在打我，快来人。")


@pytest.mark.parametrize("pattern", [pattern for _, pattern in ROWS])
def test_no_pattern_can_run_away(pattern: str) -> None:
    """Bounded gaps only: a pattern with no `*`, `+` or open `{n,}` looks at a fixed stretch of text from each
    position.
    """
    bare = re.sub(r"\\.|\[[^\]]*\]", "x", pattern)
    assert not re.search(r"[*+]|\{[0-9]*,\}", bare)


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    assert recognise("好。" * (MAX_CHARACTERS // 2) + "救命") is None


@given(st.text(alphabet="救命我不想活了打他老婆孩子，。 没有去年着火被砍!?\n", max_size=400))
def test_no_mix_of_danger_words_is_too_strange(text: str) -> None:
    recognise(text)


@given(st.text(max_size=3000))
def test_no_text_is_too_strange(text: str) -> None:
    recognise(text)


def told(text: str) -> str:
    """The first words of the card that the rules tell at once, "" for none."""
    found = card.by_rules(text)
    return found[0].text if found else ""


@pytest.mark.parametrize(
    "text",
    [
        "药已经喝了…",
        "药喝了",
        "我妈喝药了",
        "敌敌畏 喝了",
        "老伴喝了洁厕灵",
        "娃喝了柴油",
        "俺爹把打草的喝咧",
        "一整板安定都咽下去了",
        "药我吃了，一百片",
        "三瓶药吃了",
        "他把那瓶药干了",
        "喝下去了",
        "已经喝了，你们别找了",
        "嫂子跟我哥吵架，跑到牛棚喝药了",
        "半瓶除草剂，我喝完了",
        "我娃把漂白水喝了两口，要紧吗",
        "奶奶喝了百草枯，就一口，现在没事，用去医院吗",
        "孩子喝了工业酒精",
        "她把降压药一板都吞了",
        "我舅子喝的百草枯，村医说没事让观察，观察得吗",
    ],
)
def test_poison_that_is_taken_is_told_to_call_120_first(text: str) -> None:
    """药已经喝了… got condolences."""
    heard = told(text)
    assert heard.startswith(("马上打 120，说清楚吃的、喝的是什么", "现在就打 120，把门打开"))
    found = card.by_rules(text)
    assert found
    assert found[0].links[0].href == "tel:120"
    assert "绝对不能催吐" in (found[0].next or "")
    assert "节哀" not in heard


@pytest.mark.parametrize(
    "text",
    [
        "感冒药喝了没好",
        "我喝了药好多了",
        "中药喝完了还要去开",
        "药吃完了，慢病处方能开三个月的吗",
        "医院开的安眠药吃完了能再开吗",
        "今天给娃喝了药，退烧了",
        "没喝药，就是吵嘴",
        "去年我哥喝药了，救回来了",
        "狗把老鼠药吃了死了，能赔吗",
        "老鼠药老鼠吃了没死",
        "车喝了假汽油坏了",
        "酒喝下去了脸红",
        "你喝药了没",
        "给牛灌了药",
        "村里喷农药，我喝了口水",
        "喝了两瓶药，钱花光了，病没好",
        "喝农药死了保险赔吗",
        "降压药都吃了，血压还高",
        "这药我吃了一百片了，不见好，能退钱吗",
    ],
)
def test_medicine_that_treats_and_poison_for_others_is_no_poisoning(text: str) -> None:
    assert not is_alarm(text)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("我儿子站在楼顶说要跳楼", "马上打 110、119、120"),
        ("工友爬到塔吊上，说今天不发钱就往下跳，底下围了好多人", "马上打 110、119、120"),
        ("我们班组老彭爬到塔吊上去了 说十万块工钱不给就跳 底下围了几十个人", "马上打 110、119、120"),
        ("小赵站在水塔上面不下来，说要跳", "马上打 110、119、120"),
        ("老板不给钱，我爬到塔吊上了，不给就跳", "我在听，您不是一个人"),
        ("天台上坐着个女娃，不让人靠近，要跳", "马上打 110、119、120"),
        ("有个人站在桥栏杆外面要跳河", "马上打 110、119、120"),
        ("有人要跳楼", "马上打 110、119、120"),
        ("我爸上吊了，刚放下来", "马上托住他身子往上抬"),
        ("我站在楼顶了 不想再撑了", "我在听，您不是一个人"),
        ("他不要我了，我站在楼顶，想跳", "我在听，您不是一个人"),
        ("孩子他爸走了 我站在楼顶不想活了", "我在听，您不是一个人"),
        ("我想上吊", "我在听，您不是一个人"),
    ],
)
def test_a_bystander_is_told_what_to_do_below(text: str, begins: str) -> None:
    """Who reported a workmate on a crane was spoken to as if they wanted to die, without 110."""
    assert told(text).startswith(begins)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("我爸打我，我八岁", "你没有错"),
        ("我15岁，被叔叔强奸了", "你没有错"),
        ("我今年十四，想死", "我在听，你不是一个人"),
        ("我九岁，家里着火了", "快跑到屋外去"),
        ("我读初二，我妈晕倒了叫不醒", "现在就打 120，说三句话"),
        ("叔叔，我弟弟掉水库里了", "你千万别下水"),
        ("我七岁的侄女被她继父打", "先把孩子护在身边"),
        ("我读初二的女儿被同学打得满脸血", "先把孩子护在身边"),
        ("我是小学老师，学生被打得满身是血", "先把孩子护在身边"),
        ("我45岁，老公打我", "先保住人"),
    ],
)
def test_a_child_who_writes_is_told_in_simple_orders(text: str, begins: str) -> None:
    assert told(text).startswith(begins)


@pytest.mark.parametrize(
    "text",
    [
        "下雪了，围着火盆烤红薯",
        "今天住院交了五千押金，医院还要我再交三千",
        "我妈的存折今天取了两千",
        "学校又要交钱",
        "能让他先垫钱吗",
        "没有打全疫苗幼儿园就不收，合理吗",
        "我家羊跑到人家菜地,被他拿锄头打死一只",
        "腊肉熏房冒烟，邻居习惯了",
    ],
)
def test_no_line_hangs_on_words_of_another_kind(text: str) -> None:
    assert recognise(text) is None


def test_the_womens_line_needs_somebody_at_home() -> None:
    def line(text: str) -> str:
        found = recognise(text)
        assert found is not None
        assert found.soft
        return card.reply(found, text).text

    assert "12338" in line("去年我老公打过我一回，我想离")
    assert "12338" not in line("去年喝酒他先打我一拳，我才还手，派出所说是互殴")


@pytest.mark.parametrize(
    ("text", "is_another"),
    [
        ("我女儿初二，写了遗书放书包里，说不想活了", True),
        ("我老伴夜里老念叨活着没意思，药瓶在枕头下", True),
        ("室友割腕了，地上都是血", True),
        ("她说她不想活了要跳河，电话关机", True),
        ("我不想活了，对不起我妈", False),
        ("他天天打我，我不想活了", False),
        ("我老公骂了我一晚上，不想活了", False),
        ("妈不想活了，孩子你好好的", False),
        ("孩子他爸走了以后我活着没意思，不想活了", False),
        ("我割腕了", False),
    ],
)
def test_who_watches_over_another_is_told_how(text: str, is_another: bool) -> None:
    """我在听，您不是一个人 was told to a mother whose son stood on the roof."""
    found = card.by_rules(text)
    assert found
    assert found[0].text.startswith("马上守到他身边") == is_another
    assert "12356" in [link.href.removeprefix("tel:") for link in found[0].links]
