"""Nothing is given without a decision that passed, and what is forbidden gets into no rule."""

import pytest
from sqlalchemy.orm import Session

from actions.decisions.models import Decision
from actions.decisions.status import State
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.points import claims, ledger, schemes, vouchers
from actions.points.forbidden import group_of, groups
from actions.points.models import RuleKind, Source
from actions.points.status import SchemeState
from tests.actions.points import hall
from tests.actions.points.hall import CLERK, NOW, SECOND
from tests.actions.roster.village import PLACE
from tests.knowledge.statutes.test_statutes import in_force

# What each cited article says, word for word, as the package has it (read on 2 December 2026).
ARTICLE_SAYS = {
    "行政处罚法 第十六条": "其他规范性文件不得设定行政处罚",
    "村民委员会组织法 第三十一条": "不得有侵犯村民的人身权利、民主权利和财产权利的内容",
    "宪法 第三十五条": "言论",
    "村民委员会组织法 第十六条": "选举权和被选举权",
    "宪法 第四十一条": "任何人不得压制和打击报复",
    "民法典 第一千零二十四条": "名誉权",
    "民法典 第一千零三十二条": "隐私权",
    "宪法 第三十八条": "人格尊严不受侵犯",
    "慈善法 第三十二条": "不得摊派或者变相摊派",
    "慈善法 第四条": "自愿",
    "未成年人保护法 第四条": "保护未成年人隐私权和个人信息",
    "个人信息保护法 第三十一条": "不满十四周岁",
    "社会救助法 第十八条": "最低生活保障",
    "义务教育法 第十二条": "免试入学",
    "农村集体经济组织法 第十三条": "参与分配集体收益",
    "民法典 第一千零四十六条": "结婚应当男女双方完全自愿",
    "妇女权益保障法 第三十二条": "也有不生育子女的自由",
    "宪法 第三十六条": "不得强制公民信仰宗教或者不信仰宗教",
    "个人信息保护法 第二十五条": "不得公开其处理的个人信息",
}


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("乱倒垃圾扣5分", "扣分"),
        ("不文明行为 减 2 分", "扣分"),
        ("开会时积极提意见", "意见、投票"),
        ("换届选举按时投票", "意见、投票"),
        ("支持村委工作，不发牢骚", "意见、投票"),
        ("全年不上访", "不上访、不投诉"),
        ("没有打 12345 投诉的", "不上访、不投诉"),
        ("举报邻居违建", "揭发邻居"),
        ("互相监督，反映别家乱倒垃圾", "揭发邻居"),
        ("给村里修路捐款", "捐钱"),
        ("按时交齐卫生费", "捐钱"),
        ("按时缴医保", "捐钱"),
        ("孩子考上重点大学", "孩子的成绩"),
        ("孩子拿三好学生奖状", "孩子的成绩"),
        ("积分够100优先评低保", "低保、补贴、上学、盖章、地和工作"),
        ("换开证明一次", "低保、补贴、上学、盖章、地和工作"),
        ("年轻夫妻生二孩", "结婚、生孩子、信什么"),
        ("家里没有人信教", "结婚、生孩子、信什么"),
        ("全村积分排名前十户", "排队比高低"),
    ],
)
def test_what_must_not_be_rewarded_is_refused_with_the_articles(session: Session, title: str, group: str) -> None:
    found = group_of(title)
    assert found is not None
    assert found.name == group
    with pytest.raises(InvalidInput, match=r"不能写进积分.*第.+条") as refused:
        hall.rule(session, title)
    assert "违法" not in refused.value.message_zh


@pytest.mark.parametrize(
    "title",
    [
        "打扫公共地方",
        "门前屋后收拾干净",
        "垃圾分好类",
        "照看独居老人",
        "帮邻居收庄稼",
        "调解邻里纠纷",
        "参加义务巡逻",
        "红白喜事简办",
        "彩礼不超过村规民约的标准",
        "无偿献血",
        "参加普法课",
        "参加志愿服务一次",
        "陪老人看病",
        "救火、救落水的人",
        "帮助残疾邻居跑腿办事",
        "参加村里的文艺演出",
        "讲一个村里的老故事",
        "学做急救",
    ],
)
def test_good_deeds_may_be_written(session: Session, title: str) -> None:
    assert hall.rule(session, title).title == title


def test_the_proof_is_read_too_and_so_is_what_is_exchanged(session: Session) -> None:
    with pytest.raises(InvalidInput, match="互相盯着"):
        schemes.add_rule(
            session,
            PLACE,
            kind=RuleKind.points,
            title="讲卫生",
            points=1,
            cap=10,
            evidence="邻居互相举报后核实",
            by=CLERK,
            now=NOW,
        )
    with pytest.raises(InvalidInput, match="低保"):
        vouchers.put_item(session, PLACE, title="低保名额", cost=100, stock=1)


def test_each_article_says_what_it_is_cited_for() -> None:
    cited = {source for group in groups() for source in group.articles}
    assert {f"{law} {article}" for law, article in cited} == set(ARTICLE_SAYS)
    laws = in_force(NOW.date())
    for law, article in cited:
        text = next((a.text for a in laws[law].articles if a.number == article), "")
        assert ARTICLE_SAYS[f"{law} {article}"] in text, (law, article)


def test_without_a_decision_that_passed_nothing_is_given_and_it_is_said_why(session: Session) -> None:
    home = hall.home(session)
    rule = hall.rule(session)
    with pytest.raises(NotAllowed, match="会议或者代表会议通过"):
        claims.claim(session, home, claims.Deed(rule.id, NOW.date()), source=Source.chat, key="k", now=NOW)
    scheme = schemes.newest(session, PLACE)
    assert scheme
    for at, state in enumerate((State.proposed, State.noticed, State.failed, State.annulled, State.suspended)):
        made = hall.decision(session, state, ordinal=at + 1)
        with pytest.raises(NotAllowed, match="还没有通过"):
            schemes.adopt(session, scheme.id, edition=scheme.edition, decision_id=made.id, by=SECOND, now=NOW)
    elsewhere = hall.decision(session, ordinal=9, place="liuhe")
    for wrong in (None, 0, 999, elsewhere.id):
        with pytest.raises(InvalidInput):
            schemes.adopt(session, scheme.id, edition=scheme.edition, decision_id=wrong, by=SECOND, now=NOW)
    assert scheme.state is SchemeState.draft


def test_whoever_wrote_the_rules_does_not_adopt_them_and_must_have_seen_the_last(session: Session) -> None:
    hall.rule(session)
    scheme = schemes.newest(session, PLACE)
    assert scheme
    seen, made = scheme.edition, hall.decision(session)
    with pytest.raises(NotAllowed, match="自己写的"):
        schemes.adopt(session, scheme.id, edition=seen, decision_id=made.id, by=CLERK, now=NOW)
    hall.rule(session, "垃圾分好类")
    with pytest.raises(Conflict):
        schemes.adopt(session, scheme.id, edition=seen, decision_id=made.id, by=SECOND, now=NOW)


def test_adopted_rules_are_frozen_and_a_new_version_needs_its_own_decision(session: Session) -> None:
    old = hall.adopted(session)
    with pytest.raises(NotAllowed, match="不能改"):
        schemes.drop_rule(session, PLACE, old.rules[0].id, by=CLERK)
    hall.rule(session, "参加普法课", 5, 50)
    fresh = schemes.newest(session, PLACE)
    assert fresh
    assert (fresh.version, fresh.state, len(fresh.rules)) == (2, SchemeState.draft, 4)
    in_force = schemes.adopted(session, PLACE)
    assert in_force
    assert in_force.id == old.id


def test_a_decision_that_is_suspended_later_stops_the_giving(session: Session) -> None:
    scheme, home = hall.adopted(session), hall.home(session)
    made = hall.claimed(session, home)
    decision = session.get(Decision, scheme.decision_id)
    assert decision
    decision.state = State.suspended
    session.commit()
    with pytest.raises(NotAllowed, match="暂停或者撤销"):
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    assert ledger.standing(session, home.id, NOW).balance == 0


def test_stopped_means_nothing_more_is_given_but_what_is_there_can_be_exchanged(session: Session) -> None:
    scheme = hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    hall.given(session, home, rule_at=2)
    schemes.stop(session, PLACE, why="今年没有钱买东西了")
    session.commit()
    with pytest.raises(NotAllowed, match="没有钱买东西"):
        hall.claimed(session, home, key="k2", scheme=scheme)
    assert vouchers.order(session, home, thing.id, key="o", now=NOW).code


@pytest.mark.parametrize(("points", "cap"), [(0, 10), (-3, 10), (None, 10), (201, 900), (5, 4), (5, None), (5, 99999)])
def test_points_are_positive_and_have_a_cap(session: Session, points: int | None, cap: int | None) -> None:
    with pytest.raises(InvalidInput):
        schemes.add_rule(
            session,
            PLACE,
            kind=RuleKind.points,
            title="打扫公共地方",
            points=points,
            cap=cap,
            evidence="照片",
            by=CLERK,
            now=NOW,
        )
