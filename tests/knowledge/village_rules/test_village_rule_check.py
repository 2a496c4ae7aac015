import re
import time
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.errors import CorpusError
from knowledge.evaluation.village_rules import LabelledClause, among_lawful, figures, read_clauses, report
from knowledge.statutes.moves import RENUMBERED
from knowledge.statutes.numerals import article_number
from knowledge.village_rules.check import check_clause, check_rule, suggested_conflict
from knowledge.village_rules.classifier import Classifier, Examples, read_examples
from knowledge.village_rules.patterns import PATTERNS, numbered_on
from knowledge.village_rules.segments import segments
from tests.conftest import CORPUS, DAY
from tests.knowledge.statutes.test_statutes import in_force

HERE = Path(__file__).parent
CLAUSES = [HERE / f"village_rule_clauses_{part}.yml" for part in "abcd"]
EXAMPLES = read_examples()

# A word that stands in the article if the number is right.
CITED = {
    "行政处罚法 16": "其他规范性文件不得设定行政处罚",
    "行政处罚法 17": "具有行政处罚权的行政机关",
    "村民委员会组织法 31": "不得有侵犯村民的人身权利",
    "民法典 3": "任何组织或者个人不得侵犯",
    "民法典 267": "私人的合法财产",
    "公益事业捐赠法 4": "禁止强行摊派",
    "农村集体经济组织法 13": "参与分配集体收益",
    "民法典 654": "中止供电",
    "民法典 656": "供用水",
    "社会救助法 47": "终止社会救助决定",
    "社会救助法 48": "听取社会救助对象的意见",
    "社会救助法 11": "保护个人隐私",
    "农业法 39": "不得截留、挪用用于农业的财政资金",
    "农业法 67": "农民和农业生产经营组织有权拒绝任何方式的摊派",
    "农业法 73": "禁止强行以资代劳",
    "个人信息保护法 26": "公共场所安装图像采集",
    "个人信息保护法 28": "敏感个人信息",
    "传染病防治法 16": "不得歧视传染病患者",
    "精神卫生法 4": "予以保密",
    "精神卫生法 5": "不得歧视、侮辱",
    "未成年人保护法 4": "隐私权和个人信息",
    "民法典 1035": "不得过度处理",
    "村民委员会组织法 18": "因犯罪受过刑事处罚",
    "村民委员会组织法 25": "由本村十八周岁以上的村民组成",
    "村民委员会组织法 41": "申请人民法院予以撤销",
    "农村集体经济组织法 26": "确认农村集体经济组织成员",
    "农村集体经济组织法 28": "第三项、第八项、第十项、第十二项规定的职权除外",
    "残疾人保障法 3": "禁止基于残疾的歧视",
    "老年人权益保障法 3": "禁止歧视",
    "监狱法 62": "依法享有与其他公民平等的权利",
    "社区矫正法 4": "不受歧视",
    "宪法 36": "宗教信仰自由",
    "就业促进法 3": "平等就业",
    "行政许可法 17": "一律不得设定行政许可",
    "民法典 240": "占有、使用、收益和处分",
    "户口登记条例 13": "申报迁入登记",
    "民法典 994": "遗体",
    "民法典 990": "人格尊严",
    "治安管理处罚法 77": "他人坟墓",
    "民法典 5": "自愿原则",
    "消费者权益保护法 9": "自主选择",
    "保险法 11": "自愿订立",
    "动物防疫法 30": "流浪犬",
    "土地管理法 62": "宅基地",
    "义务教育法 4": "平等接受义务教育",
    "妇女权益保障法 55": "与男子平等的权利",
    "妇女权益保障法 56": "户无男性",
    "农村集体经济组织法 8": "户无男性",
    "农村土地承包法 31": "妇女结婚",
    "农村集体经济组织法 18": "服刑",
    "妇女权益保障法 14": "选举权",
    "民法典 1126": "继承权男女平等",
    "农村集体经济组织法 17": "丧失农村集体经济组织成员身份",
    "农村集体经济组织法 12": "因成员生育而增加的人员",
    "农村土地承包法 27": "不得收回承包地",
    "民法典 1042": "借婚姻索取财物",
    "乡村振兴促进法 30": "移风易俗",
    "宪法 37": "人身自由不受侵犯",
    "民法典 1011": "行动自由",
    "宪法 39": "住宅不受侵犯",
    "居民身份证法 15": "不得扣押居民身份证",
    "治安管理处罚法 47": "非法限制他人人身自由",
    "民法典 1024": "名誉权",
    "民法典 1032": "隐私",
    "个人信息保护法 25": "不得公开",
    "农村土地承包法 28": "不得调整承包地",
    "农村土地承包法 57": "收回、调整承包地",
    "农村土地承包法 38": "自愿",
    "农村土地承包法 60": "强迫",
    "农村土地承包法 15": "生产经营自主权",
    "民法典 363": "宅基地使用权的取得",
    "土地管理法 66": "收回土地使用权",
    "农村土地承包法 5": "不得剥夺",
    "行政强制法 17": "其他人员不得实施",
    "行政强制法 44": "强制拆除",
    "宪法 41": "申诉、控告或者检举",
    "宪法 35": "言论",
    "人民调解法 3": "不得因调解而阻止",
    "村民委员会组织法 16": "选举权和被选举权",
    "宪法 34": "选举权和被选举权",
    "村民委员会组织法 35": "村务公开",
    "民法典 264": "查阅",
    "民法典 1046": "完全自愿",
    "人口与计划生育法 17": "生育的权利",
    "人口与计划生育法 18": "三个子女",
    "妇女权益保障法 32": "不生育子女的自由",
    "民法典 1015": "父姓或者母姓",
    "民法典 1076": "自愿离婚",
    "妇女权益保障法 61": "婚姻自主权",
    "村民委员会组织法 28": "筹资筹劳",
    "宪法 33": "在法律面前一律平等",
    "民法典 2": "平等主体",
    "兵役法 5": "服兵役",
}


def articles_of_patterns() -> list[str]:
    return sorted({a for p in PATTERNS.values() for a in (*p.articles, *(m for more in p.more for m in more.articles))})


@cache
def article_text(citation: str) -> str:
    law, number = citation.split()
    ref = article_number(number)
    return next(a.text for a in in_force(DAY)[law].articles if a.number == ref)


@pytest.mark.parametrize("citation", articles_of_patterns())
def test_every_cited_article_says_what_it_is_cited_for(citation: str) -> None:
    assert CITED[citation] in article_text(citation)


def test_the_words_looked_for_belong_to_cited_articles() -> None:
    assert sorted(CITED) == articles_of_patterns()


def test_the_articles_of_the_labelled_clauses_exist() -> None:
    cited = {a for path in CLAUSES for row in yaml.safe_load(path.read_text(encoding="utf-8")) for a in row["articles"]}
    assert cited
    for citation in cited:
        assert article_text(citation)


def test_the_classifier_learned_what_it_was_taught() -> None:
    """Some examples contradict each other in all but a word, so a few may stay on the wrong side."""
    wrong = [t for texts in EXAMPLES.unlawful.values() for t in texts if not check_clause(t)] + [
        t for t in EXAMPLES.lawful if check_clause(t)
    ]
    assert set(EXAMPLES.unlawful) == set(PATTERNS)
    assert len(wrong) <= 10, wrong


def test_recall_and_false_alarms_reach_the_goal() -> None:
    found = report(CLAUSES)
    assert found["clauses"] >= 240
    assert found["recall"] >= 0.95
    assert found["false_alarms"] <= 0.15


def test_the_halves_that_nobody_tuned_with_reach_it_together() -> None:
    unseen = figures([clause for path in CLAUSES[1:3] for clause in read_clauses(path)])
    assert unseen["recall"] >= 0.95
    assert unseen["false_alarms"] <= 0.15


def test_the_words_of_real_rules_are_told_apart_and_by_their_pattern() -> None:
    found = figures(read_clauses(HERE / "village_rule_clauses_d.yml"))
    assert found["recall"] >= 0.9
    assert found["false_alarms"] <= 0.1
    assert found["right_pattern"] >= 0.9


@pytest.mark.parametrize("others", [1, 2, 3, 5, 8])
def test_lawful_sentences_around_it_hide_no_unlawful_one(others: int) -> None:
    """Judged as a whole, .75 to .00 of them were found."""
    clauses = read_clauses(HERE / "village_rule_clauses_d.yml")
    alone, among = figures(clauses), figures(among_lawful(clauses, others))
    assert among["recall"] >= alone["recall"] - 0.06
    assert among["false_alarms"] <= 0.35


# Found unlawful and missed, and lawful and flagged, by the legal review of November 2026; the first words are the
# article around the sentence, as rules are imported.
_ARTICLES = (
    "",
    "第六条 婚姻家庭：提倡婚姻自由、男女平等。反对家庭暴力。孝敬老人，爱护儿童。",
    "二、邻里关系：1、互敬互爱。2、不打架、不骂人。3、",
    "爱护公物\n节约用水\n",
)


@pytest.mark.parametrize("around", _ARTICLES)
@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("出嫁女应及时迁出户口，不迁出的不享受村民待遇。", "womens_rights"),
        ("未经调解不得到上级上访。", "speech_or_petition"),
        ("不得到县以上机关反映，否则停发分红。", "speech_or_petition cut_service"),
        ("未登记的由村打狗队捕杀。", "property"),
        ("参与赌博被公安机关处罚的，取消当年股份分红。", "cut_service membership"),
        ("村民欠信用社贷款不还的，村里公布其姓名、身份证号和家庭住址。", "dignity"),
        ("残疾人、精神病人不参加村民会议。", "unequal democratic_rights"),
        ("七十岁以上老人不得再申请宅基地、不得担任村民代表。", "unequal democratic_rights"),
        ("欠缴物业费、水费的村民名单每月公布。", "dignity"),
        ("对吸毒、嫖娼、赌博人员公布姓名、照片。", "dignity"),
        ("村集体资源只能由党员和村干部承包。", "unequal"),
        ("有偷盗行为的，录像在抖音公布。", "dignity"),
        ("刑满释放人员不得担任保洁员。", "unequal"),
    ],
)
def test_what_the_review_found_missing_is_flagged_wherever_it_stands(around: str, text: str, patterns: str) -> None:
    flags = check_clause(around + text)
    assert {f.pattern for f in flags} & set(patterns.split()), flags
    assert any(f.start >= len(around) for f in flags)


@pytest.mark.parametrize(
    "text",
    [
        "实行门前三包。",
        "提倡彩礼不超过三万元，酒席不超过十五桌。",
        "每户应配合人居环境整治，柴草堆放整齐。",
        "服从村镇建设规划。",
        "不参加邪教组织。",
        "森林防火期内未经批准不得野外用火。",
        "禁止饲养烈性犬。",
        "家禽圈养。",
        "建房应控制在两层半。",
        "建房须经审批，不得占用永久基本农田。",
        "禁止遗弃女婴。",
        "尊重少数民族风俗。",
        "优先推荐道德模范。",
        "家长不得让孩子辍学。",
        "村民委员会不得提供担保。",
        "需由村民会议决定的重要事项，应当先经村党组织研究讨论。",
        "积极参加义务植树。",
    ],
)
def test_the_most_ordinary_sentences_are_left_alone(text: str) -> None:
    assert check_clause(text) == []


@pytest.mark.parametrize(
    ("pattern", "text", "neighbour"),
    [
        (
            "property",
            "河滩上捡的木料谁也别拿，先放的不搬，七天后归小组。",
            "挡路的沙堆请主人搬走，搬不动的村里帮着运到他家。",
        ),
        ("property", "查到的捕鸟网，护林队烧的烧、卖的卖。", "公安收缴的赌资由公安上交国库。"),
        ("cut_service", "摆摊不听安排的，把他的灯线水管剪了。", "电线老化的请供电所来换。"),
        ("personal_liberty", "偷红薯的，先捆在磨盘上，等家里人来领。", "小偷抓住了不许打、不许绑，马上报警。"),
        ("womens_rights", "女委员的票，由她男人代投。", "妇女代表自己投票，不许别人代。"),
        (
            "family_planning_or_marriage",
            "没满二十五的后生不许领证。",
            "男满二十二、女满二十，到民政局登记。",
        ),
        ("forced_payment", "唱大戏的花费按田亩派到各户，一分不能少。", "发言每人不超过四分钟。"),
        ("bride_price", "酒席超过十五桌的，主人向理事会交一笔节约金。", "党员大操大办收礼金的，由镇纪委查处。"),
    ],
)
def test_what_is_taken_cut_tied_or_voted_away_is_told_from_its_lawful_neighbour(
    pattern: str, text: str, neighbour: str
) -> None:
    assert not {text, neighbour} & {*EXAMPLES.lawful, *(t for texts in EXAMPLES.unlawful.values() for t in texts)}
    assert pattern in {flag.pattern for flag in check_clause(text)}
    assert check_clause(neighbour) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("第六条 邻里：互敬互爱。不打架；不骂人", ["邻里：互敬互爱。", "不打架；", "不骂人"]),
        ("二、邻里：1、互敬互爱2、不打架（三）不骂人④不赌博", ["邻里：", "互敬互爱", "不打架", "不骂人", "不赌博"]),
        ("违反第三条的，罚1.5元，依照第十条（三）项", ["违反第三条的，罚1.5元，依照第十条（三）项"]),
        ("每月初一、十五，3、4组清扫", ["每月初一、十五，3、4组清扫"]),
        ("爱护公物\n违者罚\n款", ["爱护公物\n违者罚\n款", "爱护公物", "违者罚", "款"]),
        ("　\n", []),
    ],
)
def test_a_clause_is_cut_at_sentences_items_and_lines(text: str, parts: list[str]) -> None:
    assert [text[a:b] for a, b in segments(text)] == parts


def test_articles_carry_the_numbers_of_the_day() -> None:
    text = "每户每年出义务工十个，缺一个补交一百元。"
    [now] = [f for f in check_clause(text, day=date(2026, 12, 31)) if f.pattern == "forced_payment"]
    [later] = [f for f in check_clause(text, day=date(2027, 1, 1)) if f.pattern == "forced_payment"]
    assert {"农业法 67", "农业法 73"} <= set(now.articles)
    assert {"农业法 81", "农业法 87"} <= set(later.articles)
    assert len(later.articles) == len(now.articles)


def test_no_cited_article_is_gone_once_its_law_is_renumbered() -> None:
    day = max(law.since for law in RENUMBERED)
    for citation in numbered_on(articles_of_patterns(), day):
        name, number = citation.split()
        assert any(a.number == article_number(number) for a in in_force(day)[name].articles), citation


def test_a_flag_quotes_the_clause_and_carries_articles_and_reason() -> None:
    text = " 女儿 出嫁的，取消其分红；\n违者罚 款２００元。"
    flags = check_clause(text)
    assert {f.pattern for f in flags} >= {"womens_rights", "fine"}
    for flag in flags:
        assert text[flag.start : flag.end] == flag.phrase != ""
        assert flag.articles
        assert flag.reason == PATTERNS[flag.pattern].reason
    fine = next(f for f in flags if f.pattern == "fine")
    assert "罚 款" in fine.phrase


@pytest.mark.parametrize(
    ("unlawful", "lawful"),
    [
        ("违反的，由村委会处罚款二百元。", "违反的，由公安机关处罚款二百元。"),
        ("不参加劳动的，停发分红。", "不得以不参加劳动为由停发分红。"),
        ("婚宴不超过十桌。", "提倡婚宴不超过十桌。"),
        ("出嫁女不再享有承包地。", "出嫁女在嫁入地没有取得承包地的，原承包地不收回。"),
        ("外出务工三年的，视为自愿退出集体，注销股权。", "成员自愿书面申请退出的，注销股权。"),
        ("报镇政府备案后，由村委会罚款三百元。", "报镇政府，由综合执法队依法罚款。"),
        ("违反村规的，取消分红。", "违反村规的，取消文明户评选资格。"),
        ("外来车辆停在路边的，锁车，交两百元开锁。", "第三条 游客的车统一停在停车场，不停在路边。"),
        ("游客停车不按位置的，罚款五十元。", "游客车辆统一停在停车场，不得停在路边。"),
        ("外地人的车不准进村。", "外来车辆停在村口停车场，不进巷子。"),
    ],
)
def test_the_same_words_count_by_who_acts_and_how(unlawful: str, lawful: str) -> None:
    assert check_clause(unlawful)
    assert check_clause(lawful) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "　\n",
        "。；！",
        "不得" * 40_000,
        "违者，" * 20_000 + "罚款一百元",
        "\x00\u200b罚\u200b款\ud800",
        "1" * 60_000,
    ],
)
def test_hostile_text_is_read_in_a_moment(text: str) -> None:
    started = time.process_time()
    for flag in check_clause(text):
        assert text[flag.start : flag.end] == flag.phrase
    assert time.process_time() - started < 30  # a pattern that runs away takes hours


def test_the_classifier_tells_the_pattern_by_its_examples() -> None:
    judge = Classifier(
        Examples(
            {"cut_service": ["谁不来谁家的田就不放水。", "不去的，田里不放水。"], "land": ["撂荒的田由村里收回。"]},
            ["村里开会请大伙儿都去。", "田里的水按先后放。"],
        )
    )
    assert judge.patterns("谁家不去就不放水。")[0] == "cut_service"
    likely = judge.unlawful(["谁家不去，田里就不放水。", "村里的水按先后放。", "ABC"])
    assert likely[0] > 0.5 > likely[1]
    assert likely[2] == 0


def test_nothing_of_the_labelled_clauses_was_learned() -> None:
    learned = {t for texts in EXAMPLES.unlawful.values() for t in texts} | set(EXAMPLES.lawful)
    assert len(learned) > 2000
    assert not learned & {c.text for path in CLAUSES for c in read_clauses(path)}


def test_zero_width_and_full_width_characters_hide_nothing() -> None:
    assert [f.pattern for f in check_clause("违者罚\u200b 款１００元")] == ["fine"]


def test_the_conflicts_that_a_person_found_in_our_rules_are_flagged_and_few_others() -> None:
    clauses = [
        c
        for path in sorted((CORPUS / "village_rules").glob("*.yml"))
        for c in yaml.safe_load(path.read_text(encoding="utf-8"))["clauses"]
    ]
    conflicting = [c for c in clauses if c["status"] == "conflicts"]
    assert len(conflicting) == 5
    assert all(check_clause(c["text"]) for c in conflicting)
    assert sum(bool(check_clause(c["text"])) for c in clauses if c["status"] == "compatible") <= 0.15 * len(clauses)


def test_check_rule_asks_the_search_for_each_clause() -> None:
    asked: list[str] = []

    def search(text: str) -> list[Any]:
        asked.append(text)
        return []

    checked = check_rule(["违者罚款一百元。", "爱护公物。"], search=search)
    assert [bool(c.flags) for c in checked] == [True, False]
    assert asked == ["违者罚款一百元。", "爱护公物。"]


def test_the_suggested_conflict_is_a_sentence_for_residents_with_its_articles() -> None:
    found = suggested_conflict(check_clause("女儿出嫁的，取消其承包地；违者罚款一百元。"))
    assert "妇女权益保障法 56" in found["articles"]  # type: ignore[operator]
    assert "行政处罚法 16" in found["articles"]  # type: ignore[operator]
    assert re.fullmatch(r"(法律[^。]+。)+", str(found["says"]))
    assert suggested_conflict([]) == {"articles": [], "says": ""}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "- 1\n",
        "{a: 1}",
        "- {text: 秘密}\n",
        "- {text: 秘密, unlawful: yes please}\n",
        "[",
        "- {text: 秘密, unlawful: true, patterns: fine}\n",
    ],
)
def test_a_bad_file_of_clauses_is_named_and_not_quoted(tmp_path: Path, body: str) -> None:
    path = tmp_path / "clauses.yml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"clauses.yml") as caught:
        read_clauses(path)
    assert "秘密" not in str(caught.value)


def test_figures_are_shares_of_each_side(tmp_path: Path) -> None:
    path = tmp_path / "clauses.yml"
    path.write_text(
        (
            "- {text: 违者罚款一百元。, unlawful: true}\n- {text: 天气很好。, unlawful: true}\n"
            "- {text: 爱护公物。, unlawful: false}\n- {text: 违者罚款十元。, unlawful: false}\n"
            "- {text: 爱护花草。, unlawful: false}\n"
        ),
        encoding="utf-8",
    )
    assert figures(read_clauses(path)) == {
        "clauses": 5,
        "recall": 0.5,
        "false_alarms": 0.3333,
        "right_pattern": None,
    }


def test_the_right_pattern_is_counted_among_the_flagged(tmp_path: Path) -> None:
    path = tmp_path / "clauses.yml"
    path.write_text(
        "- {text: 违者罚款一百元。, unlawful: true, patterns: [fine]}\n"
        "- {text: 违者罚款十元。, unlawful: true, patterns: [burial]}\n"
        "- {text: 天气很好。, unlawful: true, patterns: [fine]}\n",
        encoding="utf-8",
    )
    assert figures(read_clauses(path))["right_pattern"] == 0.5


def test_a_clause_among_lawful_ones_keeps_its_label_and_its_words() -> None:
    lawful = [LabelledClause(text, False, ()) for text in ("爱护公物", "邻里和睦。", "尊老爱幼；")]
    unlawful = LabelledClause("违者罚款一百元", True, ("fine",))
    found = among_lawful([unlawful, *lawful], 2)
    assert [c.unlawful for c in found] == [True, False, False, False]
    for clause, whole in zip([unlawful, *lawful], found, strict=True):
        sentences = [part for part in re.split("[。；]", whole.text) if part]
        assert len(sentences) == len(set(sentences)) == 3
        assert clause.text.rstrip("。；") in sentences
    assert among_lawful([unlawful, *lawful], 2) == found
