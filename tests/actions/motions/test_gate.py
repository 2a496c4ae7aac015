"""What may be put to a village, and what no majority may decide: the gate hears it in residents' words."""

import json
import time
from datetime import date
from pathlib import Path

import pytest

from actions.motions import figures
from actions.motions.gate import MOST, Verdict, check
from actions.motions.learned import read_examples
from actions.motions.rules import GROUPS, PREPARATION, SOMEBODY, rules
from knowledge.errors import CorpusError
from tests.knowledge.statutes.test_statutes import in_force

DAY = date(2026, 12, 1)
HELD = Path(__file__).with_name("held.jsonl")


def groups_of(verdict: Verdict) -> set[int]:
    return {finding.g for finding in verdict.findings}


# None of these stands in examples.yml (a test below holds that).
STOPPED = [
    (1, "西头老贾家儿子偷了铁管，大家投票定他的罪，赶出村"),
    (1, "低保名额给不给老侯家，乡亲们表个态"),
    (2, "姑娘嫁到外乡的，从明年起不再分红，请大家表决"),
    (2, "上门女婿的孩子不算人口，不分口粮田"),
    (3, "在外头当兵的取消成员资格，举手表决"),
    (3, "谁算集体成员由村民投票说了算"),
    (4, "把不愿流转的那几家承包地收回来，少数服从多数"),
    (4, "全村的责任田打乱重新分，多数同意就办"),
    (5, "拖欠卫生费的名单贴到村口"),
    (5, "评出最脏的五户，照片上墙曝光"),
    (6, "谁家养鸡不圈，一次罚款八十，归村里"),
    (6, "不肯出工的，停他家的水"),
    (7, "以后谁再上访，就取消他家分红"),
    (7, "村里的纠纷不准去法院打官司"),
    (8, "大家在手机上投票选新的村主任"),
    (8, "罢免村委会的会计，同意的点一下"),
    (9, "信佛的人家不准进祠堂，大家表决"),
    (9, "得过肝炎的不许在村里摆摊"),
    (10, "法院判决让我们赔钱，村民投票决定不执行"),
    (10, "派出所拘留了我侄子，请大家联名表决放人"),
]
HARMLESS = [
    (1, "老贾家门口的路灯坏了，请人来修一下"),
    (2, "妇女节想办一场联欢会，大家报节目"),
    (3, "在外当兵的乡亲立了功，怎么给他家报喜"),
    (4, "自愿流转土地的，来登记一下想租多少钱"),
    (5, "把今年收了多少卫生费公布出来，不写名字"),
    (6, "停水检修放在哪一天大家方便"),
    (7, "请律师来讲一讲怎么打官司"),
    (8, "换届选举的投票点设在哪里老人走得到"),
    (9, "请卫生院的医生来讲肝炎怎么预防"),
    (10, "请镇里来讲一讲征地补偿的政策"),
    (11, "集体挣的钱先装路灯还是先修水渠"),
]


@pytest.mark.parametrize(("g", "text"), STOPPED)
def test_what_no_majority_may_decide_is_stopped(g: int, text: str) -> None:
    verdict = check(text)
    assert verdict.is_stopped
    assert g in groups_of(verdict)
    assert all(finding.say and finding.instead and finding.articles for finding in verdict.findings)


@pytest.mark.parametrize(("near", "text"), HARMLESS)
def test_a_harmless_neighbour_passes(near: int, text: str) -> None:
    assert not check(text).is_stopped


@pytest.mark.parametrize(
    "text", ["集体的鱼塘承包给谁，听听大家的意见", "征地补偿款怎么分，大家说说", "把集体的老仓库卖掉行不行"]
)
def test_selling_leasing_and_sharing_may_be_talked_over_under_a_banner(text: str) -> None:
    verdict = check(text)
    assert not verdict.is_stopped
    assert groups_of(verdict) == {PREPARATION}
    assert verdict.findings[0].is_preparation
    assert "全体成员三分之二以上同意" in verdict.findings[0].say


def test_less_for_women_stops_though_it_is_about_sharing_money() -> None:
    verdict = check("征地补偿款怎么分，按男丁分，出嫁的女儿不给")
    assert verdict.is_stopped
    assert 2 in groups_of(verdict)
    assert PREPARATION not in groups_of(verdict)


def test_one_bad_sentence_among_harmless_ones_is_heard() -> None:
    assert check("路灯坏了三盏，请人来修。广场上再添两张椅子。欠水费的名单也贴出来。").is_stopped


@pytest.mark.parametrize(
    "text",
    [
        "欠 水 费 的 名 单 贴 出 来",
        "欠水\u200b费的名\u200d单贴出\ufeff来",
        "\u202e欠水费的名单贴出来\u202c",
        "欠水费的\x00名单贴出来",
        "欠水费的\n名单\n贴出来",
    ],
)
def test_blanks_and_invisible_marks_hide_nothing(text: str) -> None:
    assert check(text).is_stopped


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u202e\u200b", "。。。！？", "🌽🌽", "a" * 10_000, "\ud800"])
def test_what_says_nothing_is_not_stopped(text: str) -> None:
    assert not check(text).is_stopped


def test_a_very_long_text_is_read_in_a_moment_and_its_bad_sentence_heard() -> None:
    text = "村口的路灯坏了，请人来修。" * 150 + "不交卫生费的停他家的水。"
    assert len(text) < MOST
    check("路")
    started = time.monotonic()
    assert check(text + "好" * 10_000).is_stopped
    assert time.monotonic() - started < 5


def test_somebody_who_can_be_recognised_is_taken_out() -> None:
    for said in ("二组老赵家偷电", "隔壁开小卖部那家太吵", "李会计贪了钱", "605那户漏水"):
        assert SOMEBODY in rules().without_people(said)
    for said in ("老人食堂几点开", "周六大扫除", "农家书屋", "大家投票", "村里的老房子"):
        assert SOMEBODY not in rules().without_people(said)


# A word that stands in the article if its number is right.
ARTICLE_SAYS = {
    "宪法 第三十六条": "宗教信仰自由",
    "宪法 第三十七条": "人身自由",
    "宪法 第四十一条": "申诉、控告或者检举",
    "民法典 第八条": "公序良俗",
    "民法典 第二百六十七条": "私人的合法财产",
    "民法典 第一千零二十四条": "名誉权",
    "民法典 第一千零三十二条": "隐私权",
    "民法典 第一千零四十二条": "婚姻自由",
    "行政处罚法 第十六条": "不得设定行政处罚",
    "行政处罚法 第十七条": "具有行政处罚权的行政机关",
    "妇女权益保障法 第五十五条": "与男子平等的权利",
    "妇女权益保障法 第五十六条": "未婚、结婚、离婚、丧偶、户无男性",
    "妇女权益保障法 第七十五条": "乡镇人民政府",
    "妇女权益保障法 第七十七条": "检察建议",
    "农村集体经济组织法 第八条": "妇女享有与男子平等的权利",
    "农村集体经济组织法 第十一条": "稳定的权利义务关系",
    "农村集体经济组织法 第十二条": "通过成员大会",
    "农村集体经济组织法 第十七条": "丧失农村集体经济组织成员身份",
    "农村集体经济组织法 第十八条": "就学、服役、务工、经商、离婚、丧偶、服刑",
    "农村集体经济组织法 第二十六条": "权力机构",
    "农村集体经济组织法 第二十七条": "全体成员三分之二以上同意",
    "农村集体经济组织法 第二十八条": "全体成员代表三分之二以上同意",
    "农村集体经济组织法 第五十六条": "申请仲裁",
    "农村土地承包法 第二十七条": "不得收回承包地",
    "农村土地承包法 第二十八条": "不得调整承包地",
    "农村土地承包法 第三十一条": "妇女离婚或者丧偶",
    "农村土地承包法 第五十七条": "假借少数服从多数",
    "个人信息保护法 第二十五条": "单独同意",
    "个人信息保护法 第二十八条": "敏感个人信息",
    "社会救助法 第十一条": "个人隐私",
    "社会救助法 第四十七条": "终止社会救助决定",
    "社会救助法 第四十八条": "说明理由",
    "村民委员会组织法 第十四条": "直接选举",
    "村民委员会组织法 第十八条": "秘密写票处",
    "村民委员会组织法 第十九条": "罢免",
    "村民委员会组织法 第三十一条": "不得与宪法、法律、法规相抵触",
    "村民委员会组织法 第三十八条": "民主评议",
    "城市居民委员会组织法 第十九条": "秘密写票处",
    "城市居民委员会组织法 第三十七条": "民主评议",
    "人民调解法 第三条": "不得因调解而阻止",
    "未成年人保护法 第四条": "最有利于未成年人",
    "义务教育法 第四条": "接受义务教育",
}


def test_every_article_says_what_it_is_cited_for() -> None:
    cited = {source for group in rules().groups.values() for source in group.articles}
    assert {f"{law} {article}" for law, article in cited} == set(ARTICLE_SAYS)
    laws = in_force(DAY)
    for law, article in cited:
        text = next((a.text for a in laws[law].articles if a.number == article), "")
        assert ARTICLE_SAYS[f"{law} {article}"] in text, (law, article)


def test_what_residents_read_calls_nobody_unlawful() -> None:
    for group in rules().groups.values():
        assert "违法" not in group.say


def test_the_examples_are_many_and_none_stands_twice() -> None:
    examples = read_examples()
    hostile = [text for text, g in examples if g not in (0, PREPARATION)]
    assert len(hostile) >= 200
    assert sum(g == 0 for _, g in examples) >= 250
    assert {g for _, g in examples} == {0, *GROUPS}
    assert len({text for text, _ in examples}) == len(examples)


def test_what_is_judged_here_was_never_learned_from() -> None:
    learned = {text for text, _ in read_examples()}
    assert learned.isdisjoint(text for _, text in STOPPED + HARMLESS)
    assert learned.isdisjoint(motion.text for motion in figures.read_motions(HELD))


def test_motions_that_were_not_learned_from_are_told_apart() -> None:
    found = figures.report(figures.by_the_gate(figures.read_motions(HELD)))
    assert found["recall"] >= 0.95
    assert found["false_alarms"] <= 0.10
    assert found["right_group"] >= 0.85
    assert found["banners"] >= 0.8


def test_the_report_counts_what_was_said(tmp_path: Path) -> None:
    rows = [
        {"text": "欠水费的名单贴出来", "hostile": True, "g": 5},
        {"text": "给村里修个篮球场", "hostile": True, "g": 1},
        {"text": "路灯坏了请人来修", "hostile": False, "g": None},
        {"text": "集体的鱼塘承包给谁", "hostile": False, "g": 11},
    ]
    path = tmp_path / "motions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    said: list[str] = []
    found = figures.report(figures.by_the_gate(figures.read_motions(path)), say=said.append)
    assert (found["recall"], found["false_alarms"], found["right_group"], found["banners"]) == (0.5, 0.0, 1.0, 1.0)
    assert "missed 1: 给村里修个篮球场" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: needs text and hostile"),
        ('{"text": "路灯", "hostile": "yes"}', "line 1: needs text and hostile"),
        ('{"text": "路灯", "hostile": true, "g": 12}', "line 1: g is one of 1 to 11"),
        ("", "needs a motion a line"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "motions.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(CorpusError, match=says):
        figures.read_motions(path)
