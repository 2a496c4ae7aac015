"""The learned second opinion: what it is taught with, and that it speaks only where the rules are silent."""

from collections import Counter
from pathlib import Path

import joblib
import pytest

from bot.emergency import card
from bot.emergency.guidance import GUIDANCE, MAYBE, Emergency, EmergencyKind, finer
from bot.emergency.recognising import recognise
from bot.emergency.second_opinion import NONE, SecondOpinion, Sentence, _doubted, read_sentences, train, troubles
from bot.turns import Turns
from tests.fakes import FakeRasa, PairEmbedder

SENTENCES = read_sentences()
TAUGHT = {kind.value for kind in EmergencyKind} - {"stroke", "bite", "legal_deadline"}  # finer cards, and no danger


@pytest.fixture(scope="module")
def taught() -> SecondOpinion:
    some = [s for s in SENTENCES if s.label in (NONE, "water")]
    return train(some[:600], embedder=PairEmbedder())


def test_there_are_enough_sentences_of_every_kind_and_near_misses() -> None:
    counts = Counter(s.label for s in SENTENCES)
    assert len(SENTENCES) >= 3000
    assert set(counts) == TAUGHT | {NONE}
    assert min(counts.values()) >= 40
    assert counts[NONE] >= 1200
    assert len({s.text for s in SENTENCES}) == len(SENTENCES)


def test_it_tells_a_kind_with_its_card(taught: SecondOpinion) -> None:
    drowning = next(s.text for s in SENTENCES if s.label == "water")
    [(chance, kind)] = taught.likely([drowning], PairEmbedder())
    assert kind == "water"
    assert 0.5 < chance <= 1


def test_two_kinds_are_enough_to_learn_from() -> None:
    few = [Sentence("娃掉河里了", "water"), Sentence("借条怎么写", NONE)] * 4
    assert train(few, embedder=PairEmbedder()).likely(["娃掉河里了"], PairEmbedder())[0][1] == "water"


def sure(chance: float, kind: str = "water") -> SecondOpinion:
    """One that always thinks so."""
    opinion = SecondOpinion(None, None, None)  # type: ignore[arg-type]
    opinion.likely = lambda *_: [(chance, kind)]  # type: ignore[method-assign]
    return opinion


def held(text: str, chance: float, kind: str = "water") -> Emergency | None:
    return sure(chance, kind).of(text, PairEmbedder(), recognise(text))


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("你好呀，今天县城起大雾了，路上慢点哈", False),
        ("天冷了您多穿点，保重身体", False),
        ("起大雾了，我娃早上出门到现在没影", True),
        ("路上小心，他现在还在外面堵着我", True),
    ],
)
def test_who_wishes_somebody_well_is_in_no_danger(text: str, is_heard: bool) -> None:
    assert (held(text, 0.9, "missing") is not None) == is_heard


def test_a_neck_that_was_gripped_is_violence() -> None:
    found = recognise("他昨天跪下发誓，今天又捏我脖子，现在还有印，他一会就回")
    assert found
    assert found.kind is EmergencyKind.violence
    assert recognise("推拿师傅捏脖子要多少钱") is None


@pytest.mark.parametrize(
    ("chance", "is_alarm", "is_feared"), [(0.95, True, False), (0.7, True, False), (0.3, False, True)]
)
def test_it_speaks_where_the_rules_are_silent(chance: float, is_alarm: bool, is_feared: bool) -> None:
    found = held("塘边只剩一双小鞋", chance)
    assert found is not None
    assert (not found.soft, found.is_feared, found.kind) == (is_alarm, is_feared, EmergencyKind.water)
    assert held("彩礼能退吗", 0.1) is None


def test_what_is_only_feared_has_no_card_of_its_kind() -> None:
    found = held("吃了那个糕心里慌得睡不着", 0.3, "poison")
    assert found is not None
    assert (found.guidance, found.is_feared, found.is_likely) == (MAYBE, True, False)
    assert held("吃了那个糕心里慌得睡不着", 0.2, "poison") is None


@pytest.mark.parametrize(
    "text",
    [
        "吃了没，今个儿冷得很",
        "羽绒服跑毛，店家不退",
        "雾大得对面人都看不清，班车肯定又不来了",
        "存折上的名字写错了一个字",
    ],
)
def test_a_mere_guess_needs_some_word_of_danger(text: str) -> None:
    """The line that says whom to call hung on a down jacket and a passbook."""
    assert held(text, 0.35, "missing") is None
    sure_enough = held(text, 0.42, "missing")
    assert sure_enough is not None
    assert sure_enough.guidance == MAYBE
    assert held(text, 0.9, "missing") is not None


@pytest.mark.parametrize(
    ("text", "kind", "is_heard"),
    [
        ("外头下大雪，屋里火盆烤红薯，香得很", "gas", False),
        ("炉子上坐着水壶，屋里暖烘烘的，猫都不下炕", "gas", False),
        ("火盆端进屋，孩子说头晕", "gas", True),
        ("屋里烧炭，窗户都关着，叫他不应", "gas", True),
        ("今天收完玉米，晚上跟弟兄们喝他个死", "poison", False),
        ("割了三天麦子累死人了", "self_harm", False),
        ("橘子总算卖完了，三千二百斤摘得我腰杆都断了，累死人不偿命，今晚我要喝他个死", "poison", False),
        ("冻死个人了，跟老伴抢一床电热毯要出人命，就是拌嘴逗乐，没啥事，闲唠两句", "gas", False),
        ("跟老伴抢电热毯，拌嘴逗乐没啥事，顺嘴提醒你那电热毯该换新的", "gas", False),
        ("没啥事就是闲唠两句，屋里烧炭头有点晕", "gas", True),
        ("喝他个死，吐白沫了叫不醒", "poison", True),
        ("累得要死，我不想活了", "self_harm", True),
        ("隔壁狗把我幺儿脸咬了几个洞，拿灶灰按起在", "medical", True),
    ],
)
def test_a_feast_and_a_stove_are_none_unless_somebody_feels_it(text: str, kind: str, is_heard: bool) -> None:
    found = held(text, 0.8, kind)
    assert (found is not None and not found.soft) == is_heard


@pytest.mark.parametrize(
    "text",
    [
        "冷天在船舱里烧炉子做饭，两个跑船的一上午没出来",
        "桑拿房烧炭那种，进去四个人，有一个趴门口了",
        "液化气灶的皮管被老鼠咬了个洞，我用胶布缠着，还是闻得到",
    ],
)
def test_a_stove_of_which_the_second_opinion_is_sure_is_heard(text: str) -> None:
    found = held(text, 0.96, "gas")
    assert found is not None
    assert not found.soft


@pytest.mark.parametrize(
    ("text", "kind", "is_over"),
    [
        ("帮工前天烫了膀子，现在县医院住着已经垫了一万一千多，他儿子开口就要十五万", "death", True),
        ("叫车撞断了腿住院做手术，他赔了三千就不露面了", "accident", True),
        ("工友从架子上掉下来了不动了，老板说先别叫车省得花钱", "accident", False),
        ("手术做完回来又吐血，叫不醒", "medical", False),
    ],
)
def test_who_lies_in_hospital_while_money_is_asked_for_needs_a_lawyer(text: str, kind: str, is_over: bool) -> None:
    """A tofu maker's helper had been in hospital for two days: an ambulance was called instead of an answer."""
    found = held(text, 0.79, kind)
    assert found is not None
    assert found.soft == is_over
    assert not (is_over and found.is_likely)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("一仰脖子把药瓶里的全喝了", "马上打 120"),
        ("药已经下肚了，就这样吧", "马上打 120，说清楚吃的"),
        ("爷爷在牛棚边吐白沫，叫他他摆手", "请马上打 120"),
        ("帮工头晚喝了酒没醒透，手膀子烫了，在医院住着，他儿子说不给钱就抬到我店门口来", "请马上打 120"),
        ("我爸刚才咽气了", "请您节哀"),
        ("她喝了药，送到卫生院没抢救转来，刚拔的针", "请您节哀"),
        ("早上喊他喊不起，身子冰凉了", "请您节哀"),
    ],
)
def test_condolences_only_where_death_is_said(text: str, begins: str) -> None:
    """药已经喝了… got 请您节哀 and no 120."""
    found = held(text, 0.9, "death")
    assert found is not None
    assert not found.soft
    assert card.reply(found, text).text.startswith(begins)


@pytest.mark.parametrize(
    ("text", "kind", "begins"),
    [
        ("我把抽屉里的药片全倒嘴里了", "self_harm", "马上打 120，说清楚吃的"),
        ("老太婆把剩下的安定全吃咯", "self_harm", "马上打 120，说清楚吃的"),
        ("雪碧瓶子装的柴油，小的一口闷进去", "gas", "马上打 120，说清楚吃的"),
        ("女生在宿舍吃了好多药，说胡话", "missing", "马上打 120，说清楚吃的"),
        ("药我三天没吃了，反正吃不吃都一样", "self_harm", "我在听"),
        ("药攒够了，就等那天", "self_harm", "我在听"),
    ],
)
def test_what_is_swallowed_decides_the_card(text: str, kind: str, begins: str) -> None:
    found = held(text, 0.9, kind)
    assert found is not None
    assert card.reply(found, text).text.startswith(begins)


@pytest.mark.parametrize("text", ["奶奶喝了百草枯，就一口，现在没事，用去医院吗", "我十岁，一个人在家，叔叔摸我"])
def test_taken_poison_and_a_child_who_writes_are_never_doubted(text: str) -> None:
    found = held(text, 0.0)
    assert found is not None
    assert not found.soft


def test_an_ordinary_question_without_an_answer_gets_no_card_for_who_is_locked_up() -> None:
    found = held("老伴走了，老伴名下的房子是不是自动就归我了？", 0.33, "captive")
    assert found is not None
    assert (found.guidance, found.is_feared, found.is_likely) == (MAYBE, True, False)


def test_of_lost_money_an_answer_is_told_first() -> None:
    found = held("媳妇给主播刷了四万八，现在银行找我要", 0.98, "fraud")
    assert found is not None
    assert (found.soft, found.is_likely, found.guidance) == (True, True, GUIDANCE[EmergencyKind.fraud])


@pytest.mark.parametrize(
    ("text", "chance", "kind"),
    [
        ("种子袋子早烧火了，只有给老板转的微信，1080块", 0.49, "fraud"),
        ("是两个人才抱得拢的一棵大樟树 我爷爷手上就有了", 0.46, "revenge"),
        ("取得利息，红利要交个人所得税时，是资方代为扣款再下发税后的钱到个人还是个人先缴纳税款", 0.45, "fraud"),
        ("那我妈呢 她是后妈 我八岁她进门的", 0.6, "child_harm"),
        ("他们一个小时16，厂里给我13我是不是可以随时跟厂里终止劳动合同？", 0.77, "self_harm"),
    ],
)
def test_a_guess_that_no_word_bears_out_is_not_told(text: str, chance: float, kind: str) -> None:
    assert held(text, chance, kind) is None


def test_who_is_alone_and_wants_to_talk_is_not_told_to_leave_the_roof() -> None:
    found = held("在不 陪我说说话 老伴走了这屋里静得慌", 0.65, "self_harm")
    assert found is not None
    assert (found.guidance, found.is_likely) == (MAYBE, False)
    wish = held("在不 陪我说说话 老伴走了我也不想活", 0.65, "self_harm")
    assert wish is not None
    assert wish.guidance != MAYBE


@pytest.mark.parametrize(
    ("text", "chance", "kind"),
    [
        (
            "开车时手里夹着烟，手放在方向盘上，被电子眼抓拍到了，说我是妨碍行车安全，我可以申诉吗可以申诉吗",
            0.82,
            "captive",
        ),
        (
            "我租那个房子一个月，然后我不在这边工作，要去别的地方工作，然后不租了他租房子之前我想问一下我怎么办",
            0.95,
            "self_harm",
        ),
    ],
)
def test_a_long_message_without_any_word_of_danger_gets_no_card(text: str, chance: float, kind: str) -> None:
    found = held(text, chance, kind)
    assert found is None or (found.soft and not found.is_likely)


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("楼下垃圾桶满了没人收，苍蝇飞一屋，三四天了，娃娃都吐了", False),
        ("楼下垃圾桶冒烟了，三四天没人收，娃娃都吐了", True),
    ],
)
def test_nothing_burns_without_a_word_of_it(text: str, is_heard: bool) -> None:
    assert (held(text, 0.73, "fire") is not None) is is_heard


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("我腿不好出不了门，想立个遗嘱，你们能不能派个人来家里啊，我给管饭", False),
        ("写个遗嘱吧，三个孩子归我妹，地归村里，我明天就不在了", True),
        ("我想立个遗嘱，药已经买好了", True),
    ],
)
def test_who_wants_a_will_made_at_home_is_not_told_to_leave_the_roof(text: str, is_heard: bool) -> None:
    assert (held(text, 0.63, "self_harm") is not None) is is_heard


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("今天晚上会不会下雪哦，我白菜还在地里头", False),
        ("谢谢你啊小同志，说得明明白白的，比我家那个大学生有耐心", False),
        ("谢谢你这些年陪我，说得够明白了，保重", True),
        ("要下雪了，药我攒够了", True),
    ],
)
def test_the_weather_and_thanks_are_no_farewell(text: str, is_heard: bool) -> None:
    assert (held(text, 0.9, "self_harm") is not None) is is_heard


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("她刚发来一张B超单，说怀孕两个多月了，我叫她走的话昨天已经在微信上说出去了", False),
        ("怀孕八个月了，下面流血，人也发虚", True),
    ],
)
def test_that_somebody_is_with_child_is_no_birth(text: str, is_heard: bool) -> None:
    assert (held(text, 0.92, "medical") is not None) is is_heard


@pytest.mark.parametrize(
    ("text", "chance", "kind", "is_alarm"),
    [
        ("那要是那娃先拿棍子捅狗窝呢，我家门口监控拍到了，娃七岁", 0.7, "child_harm", False),
        ("要是他今晚又拿刀来砍我呢，他现在就在门口砸门", 0.7, "violence", True),
        ("要是我死了，你们会不会好过些", 0.7, "self_harm", True),
    ],
)
def test_what_is_only_supposed_is_no_alarm(text: str, chance: float, kind: str, is_alarm: bool) -> None:
    found = held(text, chance, kind)
    assert found is not None
    assert (not found.soft) is is_alarm


def test_who_struck_is_not_told_to_bolt_the_door() -> None:
    ruled = recognise("对方有一个人被我用啤酒瓶划到额头了，对方三个人，也打架了")
    assert ruled is not None
    found = _doubted(ruled, "对方有一个人被我用啤酒瓶划到额头了，对方三个人，也打架了", 0.99, "violence")
    assert found is not None
    assert (found.soft, found.is_likely, found.guidance) == (True, False, MAYBE)


def test_a_stick_in_a_long_tale_of_something_else_is_told_behind_the_answer() -> None:
    told = (
        "国庆回家媳妇把小孩带回娘家了，微信拉黑，去她家老丈人拿棍子赶我，三个多月没见过我闺女，她才五岁，我们也没离婚"
    )
    ruled = recognise(told)
    assert ruled is not None
    found = _doubted(ruled, told, 0.73, "missing")
    assert found is not None
    assert found.soft
    assert _doubted(ruled, told, 0.73, "violence") is ruled


def test_a_fraud_under_way_is_feared_by_its_own_words() -> None:
    found = held("儿子班主任在群里收资料费1980扫码付不过去让我加他私人号转", 0.5, "fraud")
    assert found is not None
    assert found.is_likely


def test_a_long_story_needs_more_to_be_likely() -> None:
    told = "我爸前年把两层楼写了协议全给我弟，当时也写了我弟负责养老，现在弟媳妇把人送我门口来了，说老大就该照顾"
    for chance, is_likely in ((0.5, False), (0.6, True)):
        found = held(told, chance, "self_harm")
        assert found is not None
        assert (found.soft, found.is_likely) == (True, is_likely)


def test_a_joke_about_jumping_is_no_alarm() -> None:
    joke = "好想笑，我家那口子说再打麻将就跳楼，结果今天又去打了"
    found = held(joke, 0.0, "self_harm")
    assert found is not None
    assert (found.soft, found.guidance) == (True, MAYBE)
    assert not held(joke, 0.4, "self_harm").soft  # type: ignore[union-attr]


def test_a_word_of_a_title_is_no_alarm_where_nothing_else_speaks_for_it() -> None:
    told = "乔峰跳崖是第几回"
    ruled = recognise(told)
    assert ruled is not None
    assert not ruled.soft
    found = held(told, 0.0, "self_harm")
    assert found is not None
    assert (found.soft, found.guidance) == (True, MAYBE)
    for cry in ("有人站在楼顶要跳楼", "俺爹吃了一瓶安眠药", "我表姐刚才割腕了"):
        assert held(cry, 0.0, "self_harm") == recognise(cry)


def test_what_another_version_learned_is_not_read(tmp_path: Path) -> None:
    joblib.dump((None, None), tmp_path / "dangers")
    with pytest.raises(ValueError, match="another version"):
        SecondOpinion.load(tmp_path / "dangers")


def test_what_is_learned_is_the_same_after_it_was_kept(taught: SecondOpinion, tmp_path: Path) -> None:
    taught.save(tmp_path / "dangers")
    told = ["塘边只剩一双小鞋", "彩礼能退吗"]
    assert SecondOpinion.load(tmp_path / "dangers").likely(told, PairEmbedder()) == taught.likely(told, PairEmbedder())


# Each as nobody wrote it among the sentences, and without a word that a rule knows where one could be left out.
CLEAR = {
    "violence": "他把门锁了，抡着皮带往我头上抽，求求你们快来",
    "self_harm": "药都吞下去了，给爸妈的信在枕头底下，别来找我",
    "child_harm": "我后妈不给弟弟饭吃，拿烟头烫他，他身上全是疤",
    "medical": "我妈嘴歪到一边，半边身子动不了，话也说不清了",
    "poison": "孙子把老鼠药吃了，现在口吐白沫",
    "gas": "屋里烧炭，我头晕想吐，老婆叫不醒",
    "fire": "厨房着火了，烟全是黑的，我妈还在里屋",
    "electric": "我爸摸水泵触电了，手甩不开，人抽着",
    "water": "娃掉进水库了，看不见人了",
    "collapse": "后山滑下来把房子埋了，里面还有人",
    "missing": "我奶奶有老年痴呆，早上出门到现在没回来",
    "captive": "我被骗到传销窝里，手机要收走，门锁着不让走",
    "revenge": "我刀都磨好了，今晚就去他家把他砍了",
    "threat": "十几个人拿着棍子往我家来，说要砸门打人",
    "fraud": "他说是公安，让我把钱转到安全账户，我正在银行转账",
    "accident": "工友从脚手架上摔下来，腿断了，血流了一地",
    "death": "我爸刚才咽气了，医院让我们签字拉去火化",
}


@pytest.fixture(scope="module")
def by_all() -> SecondOpinion:
    """By characters alone, as good as: what the real encoder adds is measured by `linli eval danger`."""
    return train(SENTENCES, embedder=PairEmbedder())


def test_every_kind_has_a_clear_case() -> None:
    assert set(CLEAR) == TAUGHT


@pytest.mark.parametrize(("kind", "text"), CLEAR.items())
def test_a_clear_case_of_each_kind_is_heard(by_all: SecondOpinion, kind: str, text: str) -> None:
    [(chance, heard)] = by_all.likely([text], PairEmbedder())
    assert chance >= 0.35  # an alarm
    assert heard == kind


@pytest.mark.parametrize("text", ["彩礼能退吗", "低保怎么申请", "老板拖欠工资三个月了", "医保报销要什么材料"])
def test_ordinary_questions_are_not(by_all: SecondOpinion, text: str) -> None:
    assert by_all.likely([text], PairEmbedder())[0][0] < 0.15  # feared


def test_the_softer_words_are_kept_for_those_who_live_with_whom_they_fear() -> None:
    brawl = "去年喝酒他先打我一拳，我才还手，派出所说是互殴"
    at_home = "去年我老公打过我一回，我想离"
    for text in (brawl, at_home):
        ruled = recognise(text)
        assert ruled is not None
        assert ruled.soft
    assert held(brawl, 0.0) is None
    assert held(at_home, 0.0) == recognise(at_home)


def test_an_answer_to_our_question_needs_more_to_ring() -> None:
    wish = "让他晚上莫放了"
    assert recognise(wish) is None
    for chance, rings in ((0.7, False), (0.95, False), (0.98, True)):
        found = sure(chance, "revenge").of(wish, PairEmbedder(), None, is_asked=True)
        assert found is not None
        assert (not found.soft, found.is_feared, found.is_likely) == (rings, not rings, not rings)
    ruled = sure(0.0).of("着火了", PairEmbedder(), recognise("着火了"), is_asked=True)
    assert ruled is not None
    assert not ruled.soft


@pytest.mark.parametrize("text", ["着火了", "我不想活了，一点意思都没有，你们别管我", "孩子吃了老鼠药"])
def test_a_cry_and_the_wish_to_die_are_never_doubted(text: str) -> None:
    assert held(text, 0.0) == recognise(text)


def test_a_told_trouble_with_words_of_danger_is_answered_first() -> None:
    text = "给果园打农药，晕倒住了院，果园主说我自己没戴口罩"
    ruled = recognise(text)
    assert ruled is not None
    assert not ruled.soft
    doubted = held(text, 0.1)
    assert doubted is not None
    assert (doubted.soft, doubted.is_feared, doubted.guidance) == (True, True, ruled.guidance)
    hardly = held("后爹拿皮带抽娃的事，去年村里调解过，签了保证书", 0.0)
    assert hardly is None or hardly.soft


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (EmergencyKind.gas, "娃在水窖里头喊我们绳子够不着，底下味道冲鼻子，他叔也要下去"),
        (EmergencyKind.medical, "我爹下到红苕窖里喊不应了"),
    ],
)
def test_who_is_down_in_bad_air_is_never_followed(kind: EmergencyKind, words: str) -> None:
    """Household gas was told, and nobody that the next one falls too."""
    told = GUIDANCE[finer(kind, words)]
    assert told.text.startswith("别跟着下去")
    assert "下去一个倒一个" in told.next


def test_to_blow_up_an_old_house_for_a_new_one_is_no_fire() -> None:
    assert recognise("下个月把旧房炸了盖新的，我大爷说他会弄，那个要批不") is None
    fire = recognise("隔壁屋炸了，人还在里面")
    assert fire
    assert fire.kind is EmergencyKind.fire


def test_the_finer_card_is_told() -> None:
    found = held("他在草棵里脚背上叫长虫啃了，两个小眼，肿到膝盖", 0.95, "medical")
    assert found is not None
    assert found.kind is EmergencyKind.medical
    found = held("割草回来腿上叫土布袋咬了，两个牙印，肿得发亮", 0.95, "medical")
    assert found is not None
    assert found.guidance is GUIDANCE[EmergencyKind.bite]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("炕上烧的蜂窝煤，睡一宿头疼想吐，腿软得站不起来，老婆子叫不应", EmergencyKind.gas),
        ("屋里烧煤火，门窗关着，奶奶和妹妹喊不醒，脸红通通的", EmergencyKind.gas),
        ("煤炉把被子烧着了", EmergencyKind.fire),
        ("热水器炸了，着火了", EmergencyKind.fire),
    ],
)
def test_who_breathes_coal_gas_is_told_to_go_out(text: str, kind: EmergencyKind) -> None:
    ruled = recognise(text)
    assert ruled is not None
    assert (ruled.kind, ruled.soft) == (kind, False)


@pytest.mark.parametrize(
    "text",
    [
        "我爸刚吵完把农药喝了，躺在院里吐白沫",
        "我把一瓶安眠药吃了",
        "他喝了农药",
        "娘喝了厢房那瓶打棉花的药，嘴边都是沫，现在咋弄快说",
        "俺婶喝了除草剂",
    ],
)
def test_who_has_swallowed_it_needs_what_to_do_about_poison(text: str) -> None:
    ruled = recognise(text)
    assert ruled is not None
    assert ruled.guidance is GUIDANCE[EmergencyKind.poison]


def test_without_a_second_opinion_the_rules_decide() -> None:
    turns = Turns(sessions=None, rasa=FakeRasa([]))  # type: ignore[arg-type]
    assert turns.danger_in("着火了") == recognise("着火了")
    assert turns.danger_in("彩礼能退吗") is None
    assert turns.danger_in("") is None


def test_the_troubles_most_like_danger_are_learned_as_none() -> None:
    taught = [Sentence("娃掉河里了", "water"), Sentence("彩礼能退多少", NONE)] * 4
    some = [f"去年娃掉河里了{n}，赔多少" for n in range(30)] + [f"欠条怎么写{n}" for n in range(9000)]
    chosen = {s.text for s in troubles(some, taught)}
    assert set(some[:30]) <= chosen
    assert len(chosen) < 9000


@pytest.mark.parametrize(
    "text",
    [
        "考试没考好我想死",
        "我看电视的时候家里着火了",
        "培训班着火了孩子在里面",
        "他说不坐牢也要杀了我，正在砸门",
        "谢谢你们上次帮我办低保，我家厨房着火了",
        "他把我腿打断了",
        "放羊的孩子掉河里了",
        "房东拿刀砍我",
        "老公拿刀追我，我要离婚",
        "哈哈我想死",
        "我男人喝醉了在打我，两个娃吓得直哭",
        "他打我打得好疼，我躲在邻居家不敢回去",
        "我爸在工地从三楼摔下来动不了了",
    ],
)
def test_no_everyday_word_beside_it_silences_a_cry(text: str) -> None:
    found = held(text, 0.0)
    assert found is not None
    assert not found.soft


def test_where_the_rules_hear_it_softly_a_sure_second_opinion_rings() -> None:
    text = "我老公打我打得满脸血，我要离婚"
    ruled = recognise(text)
    assert ruled is not None
    assert ruled.soft
    assert not held(text, 0.5, "violence").soft  # type: ignore[union-attr]


def test_a_long_trouble_that_is_over_gets_no_card_of_its_kind() -> None:
    lost = "我媳妇流产在乡镇医院做的，第三天大出血送到县里切了子宫，乡里说是体质原因，医院说先给五万，媳妇才28岁"
    found = held(lost, 0.001, "death")
    assert found is not None
    assert (found.soft, found.is_likely, found.guidance) == (True, False, MAYBE)
    assert held("儿媳要离婚带走孙子，还说我们给的首付三十万是赠送的，要不要搬", 0.003, "revenge") is None


@pytest.mark.parametrize(
    ("text", "is_alarm"),
    [
        ("我在食品厂上班，同样的活别人一个钟头多拿三块，我能不能随时跟厂里解除劳动合同？", False),
        ("他们天天放学跟在我后头走，这样算不算犯法吗", False),
        ("这份协议是我脑子不清楚的时候签的，还有效吗？", False),
        ("我把存折密码写在枕头底下了，猫托给你，合同的事你们看着办", True),
        ("我不想活了，这合同还有效吗？", True),
        ("刚才他又掐我脖子，我能离婚吗？", True),
    ],
)
def test_who_ends_by_asking_a_lawyer_is_not_told_to_put_the_knife_away(text: str, is_alarm: bool) -> None:
    found = held(text, 0.9, "self_harm")
    assert (found is not None and not found.soft) is is_alarm
    if not is_alarm:
        assert found is not None
        assert found.guidance == MAYBE
        assert not found.is_likely


@pytest.mark.parametrize("since", ["至今两个多月了", "到现在3个月了"])
def test_an_illness_that_has_lasted_for_months_is_no_call_for_an_ambulance(since: str) -> None:
    found = recognise(f"厂里一个师傅在家中风，{since}还下不了床，厂里能否解除劳动合同？")
    assert found is None or found.soft


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("小年家里杀年猪，刀都磨好了，要不要先去村里报一声", None),
        ("我儿子丢了，丢了个手机在车上", None),
        ("我儿子丢了，找到现在", EmergencyKind.missing),
        ("我刀都磨好了，杀了猪就去砍他", EmergencyKind.revenge),
    ],
)
def test_a_pig_for_the_feast_and_a_lost_thing_are_no_danger(text: str, kind: EmergencyKind | None) -> None:
    found = recognise(text)
    assert (found and found.kind) == kind
