"""What our guides and summaries say where a wrong word costs somebody a right: spans, courts, doors, by document.

Each row was wrong or missing once (the review of 2026-11-29); the law it follows stands beside it.
"""

import re

import pytest

from knowledge.documents.building import DocumentText, corpus_files, read_document
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.models import Kind
from knowledge.documents.sources.doors import DOORS, doors_for
from tests.conftest import CORPUS

DOCUMENTS: dict[str, DocumentText] = {
    document.id: document
    for path in corpus_files(CORPUS)
    if path.parent.name in ("guides", "regulations")
    for document in [read_document(path)[0]]
}


def told(name: str) -> str:
    """What a resident hears: a guide's answer and next step, a summary's answer (`reg-caili 第六条`)."""
    document, _, ref = name.partition(" ")
    return _heard(next(c for c in DOCUMENTS[document].chunks if (c.ref or "") == ref))


def whole(document: str) -> str:
    """All that stands in it, but for the ways of asking."""
    return "\n".join(f"{chunk.text}\n{_heard(chunk)}" for chunk in DOCUMENTS[document].chunks)


def _heard(chunk: ChunkText) -> str:
    return f"{chunk.details['answer']}\n{chunk.details.get('next') or ''}"


# document, what is told, what is never told
TOLD: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    # 农村集体经济组织法 26-28, 57; 村民委员会组织法 26, 31, 41
    ("guide-cunmin-huiyi", ("全体成员三分之二以上同意", "三分之二以上成员到会", "请法院撤销", "一年内"), ()),
    # 农村土地承包经营纠纷调解仲裁法 18; 民法典 188, 196; 农村集体经济组织法 56
    ("guide-chengbaodi-zhongcai", ("两年内", "不受时效限制", "三年内", "分征地补偿款不公的，仲裁也收"), ()),
    # 民事诉讼法 22, 24, 34
    ("guide-qisu-lian", ("您收款的地方", "房地所在地", "老人最后住的地方", "七天内"), ()),
    # 民事诉讼法 235, 250
    ("guide-shenqing-zhixing", ("两年内", "重新算", "财产所在地的法院", "劳动仲裁、土地仲裁裁决"), ()),
    # 工伤保险条例 17
    ("guide-gongshang-rending", ("三十天", "一年内", "不会让这一年重新算", "劳动能力鉴定委员会"), ()),
    ("reg-gongshang 第十七条", ("一年内", "不会让这一年重新算"), ()),
    ("reg-gongshang 第三十七条", ("十五天",), ()),  # 26
    # 劳动争议调解仲裁法 27; 民法典 188
    ("guide-tuoqian-gongzi", ("两年内", "一年内申请仲裁", "重新算一年", "三年内直接去法院"), ()),
    ("guide-laodong-zhongcai", ("一年内", "重新算一年", "离开了从离开那天起算", "四十五天"), ("别自己下结论",)),
    # 道路交通事故处理程序规定 71, 112; 道路交通安全法 70
    ("guide-jiaotong-renshang", ("三个工作日内", "只有一次"), ()),
    ("guide-jiaotong-kuaichu", ("责任谈不拢也先挪到路边", "喝酒", "没驾照"), ("有争议的别动车",)),
    # 国有土地上房屋征收评估办法 20, 22; 行政复议法 20, 24
    ("guide-chengzhen-zhengshou", ("十天内", "市政府", "六十天内", "六个月内"), ()),
    ("reg-guoyou-zhengshou 第十九条", ("十天内",), ()),
    ("guide-xingzheng-fuyi", ("六十天内", "市政府", "十五天内"), ()),
    ("guide-zhengdi-tingzheng", ("三十天", "六十天内复议", "六个月内起诉"), ()),
    # 劳动合同法 35; 民法典 680; 不动产登记操作规范 1.8.6; 反家庭暴力法 2
    ("reg-laodong-jieshi-1 第四十三条", ("两边都答应", "不等于同意"), ("多半算",)),
    ("reg-minjian-jiedai 第二十四条", ("能证明的", "照样算"), ("借条没写利息，就不能要利息",)),
    ("reg-minjian-jiedai 第二十条", ("六个月",), ()),  # 民法典 692, 693
    ("reg-budongchan 第十四条", ("所有继承人", "放弃"), ("可以自己一个人申请",)),
    ("reg-anquan-baohuling 第三条", ("妇女", "男的请报警", "禁令"), ()),
    ("reg-canji-jiuye 第九条", ("三十人", "2027年12月31日"), ()),
    ("reg-hunyin-jieshi-1 第五条", ("没领证的彩礼一般要退",), ()),
    # 法律援助法 29, 31, 42
    ("guide-falv-yuanzhu", ("刑事案件受害人", "七天内"), ()),
    # 退役军人保障法 50 (2); 社会救助法 16, 18, 31, 37
    ("guide-tuiyi-junren", ("职工养老、职工医保、失业保险", "居民医保不加", "六十岁"), ()),
    ("guide-dibao", ("没有名额", "书面说明理由"), ()),
    ("guide-tekun", ("侄子",), ()),
    ("guide-linshi-jiuzhu", ("救助管理站",), ()),
    # 民法典 1077, 1079, 1126, 1127; 金办发〔2024〕42号
    ("guide-lihun-dengji", ("三十天", "收申请的那一处", "没有冷静期"), ()),
    ("guide-jicheng-gongzheng", ("五万元以下", "出嫁的女儿一样有份"), ()),
    # 农村土地承包法 38, 40, 42, 60
    ("guide-tudi-liuzhuan", ("逼着流转的不作数", "连着两年撂荒", "解除合同收回地"), ()),
    # 生态环境法典 246, 599, 1131; 保险法 21; 城乡规划法 41
    ("guide-zaosheng", ("五天以下", "一千元以下"), ("镇政府指定的部门",)),
    ("policy-qinghe-jiegan", ("省里划定", "五百到两千元"), ("全县划定",)),
    ("guide-nongye-baoxian", ("不能因为晚就一分不赔",), ()),
    ("guide-zhaijidi-shenqing", ("老屋拆了原地重盖也要批", "不是集体成员的不能申请"), ()),
    ("policy-qinghe-gaoling-jintie", ("满龄次月起发", "以前的不补"), ("申请后次月起发",)),
    ("guide-zhapian-zhifu", ("几百块也要报",), ()),  # 治安管理处罚法 58
    ("guide-siwang-dengji", ("节哀", "一个月内"), ()),  # 户口登记条例 8
]


@pytest.mark.parametrize(("name", "words", "never"), TOLD, ids=[row[0] for row in TOLD])
def test_what_holds_is_told(name: str, words: tuple[str, ...], never: tuple[str, ...]) -> None:
    said = told(name)
    assert [w for w in words if w not in said] == []
    assert [w for w in never if w in said] == []


@pytest.mark.parametrize(
    ("document", "words", "never"),
    [
        # 农村集体经济组织法 28 (3); 农村土地承包法 52; 村民委员会组织法 19
        (
            "guide-cunmin-huiyi",
            ("代表大会不能代替", "要开成员大会，全体成员三分之二以上同意，再报乡镇批准", "罢免"),
            ("集体收益使用、筹资筹劳",),
        ),
        ("guide-chengbaodi-zhongcai", ("三十天内起诉", "妇女"), ("征地补偿款怎么分不归它管",)),
        ("guide-cunwu-gongkai", ("十五天", "复印", "请法院撤销"), ()),  # 村民委员会组织法 35, 41
        ("guide-xingzheng-fuyi", ("五个工作日", "已经依法取得", "一年"), ("自然资源确权这几类",)),  # 行政复议法 23, 88
        # 行政复议法实施条例 30: who is refused in so many words may sue; who hears nothing may not yet
        ("guide-xingzheng-fuyi", ("到期不理不办", "明说不给办的，复议、起诉都行"), ("政府不履职",)),
        # 行政许可法 42: a permit has a period of its own, and the sixty days run from its end
        ("guide-zhaijidi-shenqing", ("二十个工作日", "先申请复议"), ("满两个月",)),
        ("guide-gongshang-rending", ("十五天内向省里", "扣掉"), ()),
        ("guide-qisu-lian", ("三十天内必须起诉", "六个月内不能再告"), ()),  # 民事诉讼法 104, 127
        ("guide-yangzhi-wuran", ("散养密集区",), ("散养户少量养殖由乡镇",)),  # 生态环境法典 309
        ("guide-liulang-dongwu", ("野猪已经不在国家的保护名录里",), ("野生动物祸害庄稼、伤人，找当地政府申请补偿",)),
        ("guide-jiaotong-renshang", ("不能复议", "不超过一成"), ()),  # 道路交通安全法 76
        ("guide-renshen-sunhai", ("各按过错担", "工伤"), ("给人帮工、打零工受伤，按双方过错分担",)),
        ("guide-tuiyi-junren", (), ("和养老、医保、失业保险缴费年限合并计算",)),
        ("guide-lihun-dengji", ("单人证件照",), ("不必等冷静期，可以直接去法院起诉",)),
        ("guide-jumin-yibao", ("九十天内", "12393"), ()),
        ("guide-canji-zheng", ("十年一换",), ()),
    ],
)
def test_what_holds_is_written(document: str, words: tuple[str, ...], never: tuple[str, ...]) -> None:
    text = whole(document)
    assert [w for w in words if w not in text] == []
    assert [w for w in never if w in text] == []


@pytest.mark.parametrize(
    ("answer", "words", "never"),
    [
        # 特种作业人员安全技术培训考核管理规定 23, 27 (since 2026-06-01)
        ("diangong-chache-zheng-zenme-kao", ("期满前六个月内", "六十日内"), ("三年复审一次",)),
        # 电信网络诈骗及其关联违法犯罪联合惩戒办法 7: a card is left to whoever asks in time
        ("jieka-maika-jiegei-bieren", ("十个工作日内申请",), ("通话要给您留",)),
        ("zhengfu-buzuowei", ("数六十天", "明说不给办"), ("数两个月",)),  # 行政复议法实施条例 24, 30
        # 最高人民法院关于审理行政协议案件若干问题的规定 25: an agreement isn't a duty that was kept silent about
        ("zhengdi-liucheng-duojiu-naqian", ("直接去法院告", "三年内"), ()),
        ("zhaijidi-bupi", ("二十个工作日",), ("两个月没答复",)),  # 行政许可法 42
        # 法释〔2026〕10号 4, 12: an order to pull down on arable land, and what must be destroyed before it is a crime
        ("gengdi-jianfang", ("十五天内起诉", "六十天内先复议", "基本农田五亩、别的耕地十亩起"), ()),
        ("chengbaodi-maimai", ("买卖、出租都无效",), ()),  # 法释〔2026〕10号 8, 9
        ("cengceng-zhuanbao-zhaoshui", ("一般不能直接告",), ("一起告",)),  # 法释〔2026〕12号
        ("jiazhao-guoqi-jupei", ("不认“只因过期就拒赔”",), ("没驾照、驾照过期",)),  # 法释〔2026〕9号
        ("maoming-jiehun-beijiehun", ("也能告",), ("一般不收了",)),  # 法释〔2026〕3号
        # 民法典 180, 565, 586, 590, 591, 604: who took a deposit
        (
            "dingjin-shoufang-fanhui",
            ("牛平常病死不一定免", "合同到此解除", "他不来，两成不退，多的退他", "也不能没收", "拖着不卖多亏的要不到"),
            ("谁也没错",),
        ),
        # 民法典 147, 152, 519; 法释〔2020〕17号 20
        (
            "hongpian-gongtong-jiekuanren",
            ("看错的满九十天", "可能只要回一半", "撤不动的别断供", "光签了名", "12378"),
            ("别一边喊冤一边还款", "向用钱的人全要回来"),
        ),
        (
            "linju-juele-wojia-shu",
            ("可以少赔", "按少结的果、掉的价赔", "木料拉走的按偷查"),
            ("多半不用赔",),
        ),  # 民法典 1173, 1184
        # 老年人权益保障法 22; 公通字〔2014〕16号 5
        ("yangzhi-tuoguan-jizi", ("分红一般抵本金", "别上门牵牛", "牛肉抵的别收"), ("先拿走网银和卡",)),
        ("butie-bei-maoling", ("六十日内到县司法局申请复议", "当天就报警"), ()),  # 行政复议法 11, 23, 24
        # 道路交通安全法 91, 99; 公安部令第163号 9
        ("diandong-sanlun-jiujia", ("另算准驾不符，记9分", "五年内不能再考", "醉了也不许骑"), ("降级",)),
        ("jumin-yanglao-duanjiao-bujiao", ("累计满十五年", "国家允许补缴", "年头不算"), ()),  # 国发〔2014〕8号
        ("meidai-jiashizheng", ("停车费、保管费归交警队出", "不扣分"), ("停车费说不清", "122转督察")),  # 行政强制法 26
        # 治安管理处罚法 9, 19, 51; 行政复议法 23, 24
        (
            "paichusuo-tiaojie-bucheng",
            ("您也动了手的，先打12348", "派出所认可的不处罚", "七十岁以上老人", "要先复议才能告"),
            (),
        ),
    ],
)
def test_what_holds_is_answered(answer: str, words: tuple[str, ...], never: tuple[str, ...]) -> None:
    text = "\n".join(chunk.text for chunk in read_document(CORPUS / "answers" / f"answer-{answer}.yml")[0].chunks)
    assert [w for w in words if w not in text] == []
    assert [w for w in never if w in text] == []


def test_one_voice_and_no_chains_of_arrows() -> None:
    texts = {d: whole(d) for d in DOCUMENTS}
    assert [d for d, text in texts.items() if "→" in text] == []
    assert [d for d, text in texts.items() if "你" in text] == []


def test_stories_and_village_rules_speak_with_the_same_voice() -> None:
    others = [p for p in corpus_files(CORPUS) if p.parent.name in ("stories", "village_rules")]
    chunks = [(p.stem, chunk) for p in others for chunk in read_document(p)[0].chunks]
    assert len(chunks) > 150
    assert [name for name, chunk in chunks if "你" in re.sub("“[^”]*”", "", chunk.details.get("answer") or "")] == []


# 农村集体经济组织法 26-28, in force since 2025-05-01: the older 农村土地承包法 28, 52, 土地管理法 63 and 森林法 18
# still let two thirds of the villagers' representatives decide.
COLLECTIVE = {
    "answer-chengbaodi-tiaozheng": "要开成员大会，全体成员三分之二以上同意",
    "answer-erlun-yanbao": "开成员大会、全体成员三分之二以上同意",
    "answer-huangshan-chengbao-waihu": "要先开成员大会、全体成员三分之二以上同意",
    "answer-jiti-jianshe-yongdi": "成员大会全体成员三分之二以上同意（章程交给成员代表大会的，全体代表三分之二以上）",
    "answer-jiti-senlin-mai": "要开成员大会，全体成员三分之二以上同意",
    "answer-jiti-zichan-dijia": "要开成员大会，全体成员三分之二以上同意",
    "answer-kaihui-renshu": "要开成员大会，全体成员三分之二以上同意",
    "answer-yutang-chengbao-hetong-xieshenme": "要开成员大会、全体成员三分之二以上同意",
    "answer-xinrenkou-meidi": "开成员大会、全体成员三分之二以上同意",
    "story-c-yutang-chengbao": "要先开成员大会，全体成员三分之二以上同意",
    "story-b-zhaoji-cunminhui": "动集体土地，要开成员大会，全体成员三分之二以上同意",
}


@pytest.mark.parametrize("name", COLLECTIVE)
def test_what_the_collective_owns_is_decided_by_all_its_members(name: str) -> None:
    path = next(p for p in corpus_files(CORPUS) if p.stem == name)
    assert COLLECTIVE[name] in path.read_text(encoding="utf-8")


def test_nowhere_do_representatives_of_the_village_decide_on_what_the_collective_owns() -> None:
    by_representatives = re.compile("(?:成员|三分之二以上)或(?:者)?(?:三分之二以上)?(?:村民)?代表同意|村民会议三分之二")
    told = {
        p.stem: re.sub(r"questions:\n.*", "", p.read_text(encoding="utf-8"), flags=re.S) for p in corpus_files(CORPUS)
    }
    assert [name for name, text in told.items() if by_representatives.search(text)] == []


# 民发〔2020〕20号, the list of twenty in its order.
CERTIFICATES = {
    "亲属关系": "guide-zhengming-qinshu",
    "户籍证明": "guide-zhengming-hukou",
    "登记项目": "guide-zhengming-hukou",
    "养犬": "guide-zhengming-yangquan",
    "无犯罪": "guide-zhengming-wufanzui",
    "社区戒毒": "guide-zhengming-jiedu",
    "失踪": "guide-zhengming-shizong",
    "未婚": "guide-zhengming-weihun",
    "出生": "guide-zhengming-chusheng",
    "健在": "guide-zhengming-jianzai",
    "死亡": "guide-zhengming-siwang",
    "疾病": "guide-zhengming-jibing",
    "残疾": "guide-zhengming-canji",
    "婚育": "guide-zhengming-hunyu",
    "就业": "guide-zhengming-jiuye",
    "档案": "guide-zhengming-dangan",
    "财产": "guide-zhengming-caichan",
    "继承权": "guide-zhengming-jichengquan",
    "经营场所": "guide-zhengming-jingying",
    "遗失": "guide-zhengming-diushi",
}


@pytest.mark.parametrize(("name", "document"), CERTIFICATES.items())
def test_the_twenty_certificates_are_not_the_villages(name: str, document: str) -> None:
    assert len(CERTIFICATES) == 20
    assert DOCUMENTS[document].content["proof"] in ("not_village", "promise")
    assert name in DOCUMENTS[document].content["title"] + whole(document)


def test_a_policy_that_ends_with_the_year_is_followed() -> None:
    ends = [d for d in DOCUMENTS.values() if d.kind is Kind.policy and str(d.in_force_to) == "2026-12-31"]
    assert ends
    assert [d.id for d in ends if f"{d.id}-2027" not in DOCUMENTS] == []


def test_a_door_for_papers_is_no_line_for_saving_lives() -> None:
    assert [d.name for d in DOORS.values() if d.phone == "120"] == ["急救"]
    assert "房屋征收办" in {door.name for door in doors_for("征收拆迁")}
