"""What is none of our business by its words alone, and what only sounds so."""

import pytest

from actions.dialogue.hearing import phrases
from actions.dialogue.hearing.matters import begins_anew
from actions.dialogue.smalltalk import aside


@pytest.mark.parametrize(
    "text",
    [
        "后天夜里会不会下雪，我想把萝卜收回来",
        "给我编副春联，开豆腐坊的人家",
        "大妞下学没，叫她捎两斤面，哎呀发错了",
        "你是哪里人哪，吃饭没有",
        "你们这个收不收钱哦，我怕扣话费",
        "上次你教我写的欠条管用了，钱要回来了，谢谢你",
        "你给我算算明年正月初八适不适合动土，我属猴的",
        "翻个好日子，腊月里哪天上梁",
        "帮我在12306抢两张腊月二十六广州到怀化的票，硬座都得",
        "能不能帮我充五十块话费",
        "在不在?额就试试这个能不能说话",
        "一个人守店没生意,陪我唠会儿呗,你说今年过年这人咋回来得这么少",
    ],
)
def test_a_friendly_word_is_enough(text: str) -> None:
    assert aside(text, 1) is not None


@pytest.mark.parametrize(
    "text",
    [
        "下雪天上班路上滑倒算工伤吗",
        "老板把工资发错人了，不认账",
        "今天要下大雨停工，工资给不给",
        "你是律师吗",
        "你们说物业收钱不修灯对不对",
        "帮我写个欠条",
        "谢谢你，可是他还差我三千没给",
        "邻居说我上梁的好日子冲了他家，堵着门不让开工",
        "算命的骗了我妈八千块",
        "他说帮我抢票，收了三百块没买到",
        "帮我看看这张罚款票对不对",
        "在不在，厂里三个月没发工资",
        "陪我聊会儿吧，我想离婚",
    ],
)
def test_what_has_a_matter_is_looked_up(text: str) -> None:
    assert aside(text, 1) is None


def test_another_threatens_to_report_and_asks_for_no_report_of_ours() -> None:
    text = "我开小卖部，有人专挑过期的两根火腿肠买，张口就要一千块，不给就举报。我就赚他四块钱，非赔不可吗"
    assert not phrases.is_explicit(text)
    assert phrases.is_explicit("他不给就举报，我要举报他")


def test_another_matter_begins_after_a_word_of_thanks() -> None:
    assert begins_anew("行我知道了。再问个别的，我弟坐牢呢明年出来，低保能办不")
    assert begins_anew("好的谢谢。另外我儿子的户口怎么迁")
    assert begins_anew("记下了。还有桩事,隔壁盖楼的吊车把我家瓦砸碎二三十片")
    assert not begins_anew("知道了，那要是他躲着不去呢，怎么办")


@pytest.mark.parametrize(
    ("text", "is_lonely"),
    [
        ("老伴走了半年了，晚上屋里就我一个人，电视开着睡。没啥事，就是想找个人说说话", True),
        ("他一个人占了三间房，我想找他聊聊怎么分", False),
    ],
)
def test_who_is_alone_and_wants_to_talk_is_given_an_ear(text: str, is_lonely: bool) -> None:
    said = aside(text, 1)
    assert (said is not None and "12356" in said.text) is is_lonely
