"""Who gets legal aid; its words in legal_aid.yml."""

import re
from dataclasses import dataclass
from typing import Literal

Likelihood = Literal["likely", "ask", "probably_not"]
LAW = "法律援助法"


@dataclass(frozen=True)
class Option:
    id: str
    label_zh: str


@dataclass(frozen=True)
class Question:
    id: str
    text_zh: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Assessment:
    """`articles`: (statute, article); `papers_zh`: what to bring; nothing here is decided."""

    likelihood: Likelihood
    text_zh: str
    articles: tuple[tuple[str, str], ...]
    papers_zh: tuple[str, ...]
    where_zh: str


class UnknownOption(ValueError):
    """No question has this id, or the question has no such option."""


def _question(question_id: str, text_zh: str, **labels: str) -> Question:
    return Question(question_id, text_zh, tuple(Option(option, label) for option, label in labels.items()))


MATTER = _question(
    "matter",
    "您遇到的是哪一类事？",
    wages="讨工资、确认劳动关系",
    work_injury="工伤赔偿",
    violence="家庭暴力、虐待、遗弃",
    support="要赡养费、抚养费、扶养费",
    injury="交通、医疗、食品药品事故受伤",
    benefits="要社会保险待遇、社会救助",
    pension="要抚恤金",
    pollution="污染、破坏生态造成的损害",
    incapacity="给家人认定无（限制）行为能力",
    compensation="请求国家赔偿",
    acquitted="再审改判无罪，要国家赔偿",
    brave="见义勇为以后维护自己的权益",
    martyr="英雄烈士的名誉被侵害（近亲属）",
    criminal="自己或家人被追究刑事责任",
    other="别的事",
)
GROUP = _question(
    "group",
    "需要帮助的人，属于下面哪一种？",
    minor="未成年人，没有固定生活来源",
    elder="老年人，没有固定生活来源",
    disabled="残疾人，没有固定生活来源",
    relief="低保、特困等社会救助或司法救助对象",
    honoured="优抚对象（如烈士家属、伤残军人）",
    migrant="进城务工的农民工",
    none="都不是",
)
MEANS = _question(
    "means", "请律师的钱，家里拿得出来吗？", poor="拿不出来，家里困难", unsure="说不准", comfortable="拿得出来"
)
QUESTIONS: dict[str, Question] = {question.id: question for question in (MATTER, GROUP, MEANS)}

_NO_MEANS_TEST = {"violence", "acquitted", "brave", "martyr"}  # 32
# 31
_LISTED = {
    "wages",
    "work_injury",
    "support",
    "injury",
    "benefits",
    "pension",
    "pollution",
    "incapacity",
    "compensation",
}
_WITHOUT_INCOME = {"minor", "elder", "disabled"}  # 42 (1)
_EXEMPT = _WITHOUT_INCOME | {"relief", "honoured"}  # 42 (1), (2)
_MIGRANT_EXEMPT = {"wages", "work_injury"}  # 42 (3)

_PROOF = {
    "minor": "户口簿或出生证明，能说明没有固定生活来源的材料",
    "elder": "能说明年龄和没有固定生活来源的材料",
    "disabled": "残疾证，能说明没有固定生活来源的材料",
    "relief": "低保证、特困供养证等救助证明",
    "honoured": "优抚证件",
    "migrant": "能说明在外务工的材料，比如工牌、工资条、考勤或工友证言",
}
_EVIDENCE = {
    "wages": "欠条、工资条、转账和聊天记录、劳动合同",
    "work_injury": "病历、诊断证明、工伤认定书（有的话）、劳动合同或工资记录",
    "violence": "报警回执、伤情照片、病历、告诫书、聊天记录（没有也可以先去）",
    "support": "户口簿、结婚证或离婚材料、生活和看病的花费单据",
    "injury": "事故认定书、病历、收费单据",
    "criminal": "办案机关给的通知书、起诉书或判决书",
}


def assess(matter: str, group: str, means: str) -> Assessment:
    """How likely aid is, in plain words. UnknownOption for an answer that its question doesn't offer."""
    for question, answer in ((MATTER, matter), (GROUP, group), (MEANS, means)):
        if answer not in {option.id for option in question.options}:
            raise UnknownOption(f"{question.id}: {answer}")
    likelihood, reason, articles = _judge(matter, group, means)
    decides = "最后由法律援助机构决定，一般收到申请后七天内答复；不同意给的，会书面说明理由，您还可以向司法局提出异议。"
    sources = tuple((LAW, article) for article in dict.fromkeys((*articles, "第四十三条", "第四十九条")))
    return Assessment(likelihood, f"{reason}{decides}", sources, _papers(matter, group, articles), _where(matter))


def _judge(matter: str, group: str, means: str) -> tuple[Likelihood, str, tuple[str, ...]]:
    if matter == "criminal":
        return _judge_criminal(group, means)
    if matter in _NO_MEANS_TEST:
        return "likely", "这类事申请法律援助，不看家里有没有钱，很可能符合条件。", ("第三十二条",)
    if matter == "other":
        return _judge_other(group, means)
    if group in _WITHOUT_INCOME and means == "comfortable":
        return (
            "ask",
            (
                "这类事在法律援助的范围里，确实没有固定生活来源、有材料证明的，不用再查家里的经济状况；"
                "您说家里拿得出钱，请打电话问清楚算不算。"
            ),
            ("第三十一条", "第四十二条"),
        )
    if group in _WITHOUT_INCOME:
        return (
            "likely",
            "这类事在法律援助的范围里，没有固定生活来源、有材料证明的，不用再查家里的经济状况，很可能符合条件。",
            ("第三十一条", "第四十二条"),
        )
    if group in _EXEMPT or (group == "migrant" and matter in _MIGRANT_EXEMPT):
        return (
            "likely",
            "这类事在法律援助的范围里，您这种情况有材料证明就不用再查家里的经济状况，很可能符合条件。",
            ("第三十一条", "第四十二条"),
        )
    if means == "comfortable":
        return (
            "probably_not",
            "这类事在法律援助的范围里，但要家里经济困难才行，照您说的多半不符合；免费的法律咨询照样可以问。",
            ("第三十一条", "第三十四条", "第二十三条"),
        )
    if means == "poor":
        return (
            "ask",
            "这类事在法律援助的范围里，家里困难就值得去申请；"
            "困难到什么程度才算，由省里定标准，当地法律援助中心最清楚。",
            ("第三十一条", "第三十四条", "第四十一条"),
        )
    return (
        "ask",
        "这类事在法律援助的范围里，还要看家里的经济情况；标准由省里定，先打电话问一问当地的标准。",
        ("第三十一条", "第三十四条", "第四十一条"),
    )


def _judge_criminal(group: str, means: str) -> tuple[Likelihood, str, tuple[str, ...]]:
    if group == "minor":
        return (
            "likely",
            "被追究刑事责任的是未成年人、又没有请辩护人的，办案机关应当通知法律援助机构派律师。",
            ("第二十五条",),
        )
    if group == "disabled":
        return (
            "ask",
            (
                "看不见、听不见或不能说话的人被追究刑事责任、又没有请辩护人的，办案机关应当通知法律援助机构派律师；"
                "别的残疾，因为困难没有请辩护人的也可以申请。"
            ),
            ("第二十五条", "第二十四条"),
        )
    if means == "poor" or group in _EXEMPT:
        return (
            "ask",
            "因为困难没有请辩护人的，本人或近亲属可以申请法律援助。有的案子办案机关应当主动通知派律师，请问清楚。",
            ("第二十四条", "第二十五条"),
        )
    return (
        "ask",
        "不只是困难，因为别的原因没有请辩护人的，也可以申请；有的案子办案机关应当主动通知派律师，请问清楚。",
        ("第二十四条", "第二十五条"),
    )


def _judge_other(group: str, means: str) -> tuple[Likelihood, str, tuple[str, ...]]:
    if means == "comfortable" and group in {"none", "migrant"}:
        return (
            "probably_not",
            "法律写明的几类事里没有这一件，照您说的多半不符合；免费的法律咨询照样可以问。",
            ("第三十一条", "第二十三条"),
        )
    return (
        "ask",
        "法律写明的几类事里没有这一件，但各地可以放宽范围，请打电话问一问当地管不管。",
        ("第三十一条", "第三十四条"),
    )


def _papers(matter: str, group: str, articles: tuple[str, ...]) -> tuple[str, ...]:
    papers = [
        "身份证（替家人申请的，带能证明关系的材料）",
        _EVIDENCE.get(matter, "跟这件事有关的材料、通知书、合同、记录"),
    ]
    if "第四十二条" in articles or (matter in {"other", "criminal"} and group in _EXEMPT):
        papers.append(_PROOF[group])
    elif matter not in _NO_MEANS_TEST:
        papers.append("家里经济状况的说明；没有证明的，可以问能不能写诚信承诺")
    papers.append("材料不全也可以先去，中心会一次说清还缺什么")
    return tuple(papers)


def _where(matter: str) -> str:
    """By 法律援助法 12, 13, 38 and, for somebody in custody, 39-40."""
    if matter == "criminal":
        return (
            "向办案机关所在地的法律援助中心申请；人被关押的，可以请看守所转交，近亲属也可以代为申请。"
            "拿不准先打 12348，免费。"
        )
    danger = "正在遭受暴力，先打 110。" if matter == "violence" else ""
    return (
        f"{danger}要打官司的，找法院所在地的法律援助中心；还没到法院的，找处理这件事的单位所在地或事情发生地的中心。"
        "镇司法所的工作站也可能收件。拿不准先打 12348，免费。"
    )


_NOT = re.compile(r"(不是|不算|不属于|没有?|没办|没吃|没领|没评|无|非)(什么|啥|过|上)?$")

# In order of weight: the first that is meant wins, so violence and wages come before the vaguer words.
_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "matter": (
        (
            "violence",
            (
                "家暴|家庭暴力|虐待|遗弃|((老公|丈夫|老婆|妻子|男人|婆家|儿子|爸|妈|他|对象)(总是?|老是?|天天|又|经常|"
                "喝醉了?|喝了?酒后?|一喝酒|就|动手)*|(总是?|老是?|天天|又|经常|喝醉了?|喝了?酒后?|一喝酒|就|"
                "动手)+)打(我|孩子|人|老人)(?!电话|招呼)|挨打"
            ),
        ),
        ("acquitted", "改判无罪|无罪.{0,8}赔偿|平反"),
        ("brave", "见义勇为|救人受伤|救人.{0,4}(受|伤)"),
        ("martyr", "英雄|烈士.{0,6}(名誉|人格|名声|侮辱|诽谤)"),
        ("work_injury", "工伤|(干活|上班|工地|厂里|打工|机器|做工).{0,8}(受伤|摔|砸|轧|压|伤|断)"),
        (
            "wages",
            (
                "(没|不|未)有?(给|发|拿到|结)?(工资|工钱)|工资|工钱|讨薪|欠薪|薪水|薪资|血汗钱|劳动关系|劳动报酬|"
                "加班费|(老板|包工头|工头|工地|打工).{0,8}(欠|不给|没给|跑)"
            ),
        ),
        ("support", "赡养|抚养|扶养|养老钱|(儿|女|孩子|子女).{0,6}不(养|管)"),
        (
            "injury",
            "交通事故|车祸|(被|让|给)(车|人)?撞|医疗事故|医闹|治坏|看病.{0,6}(出事|治)|食品|药品|吃(坏|出)|假药",
        ),
        ("pension", "抚恤"),
        ("benefits", "低保|社保|社会保险|养老金|养老保险|医保|失业金|社会救助|特困|五保|临时救助"),
        ("pollution", "污染|污水|废气|臭水|环境|生态"),
        ("incapacity", "行为能力|(精神病|痴呆|植物人|傻).{0,8}(认定|鉴定|监护)|监护人"),
        ("compensation", "国家赔偿|关错|抓错|错抓"),
        ("criminal", "刑事|被抓|抓走|抓进|判刑|坐牢|看守所|刑拘|取保|辩护|犯罪"),
        ("other", "别的|其他|其它|都不是|以上都不|离婚|邻居|宅基地|土地|承包|借|欠钱|彩礼|合同|遗产|继承"),
    ),
    "group": (
        ("relief", "低保|特困|五保|社会救助|司法救助|救助对象|吃救济"),
        ("honoured", "优抚|烈属|军属|烈士家属|烈士遗属|伤残军人|残疾军人|复员军人|军烈属"),
        ("disabled", "残疾|残废|残联|聋|哑|盲|瘫|看不见|听不见|坐轮椅|腿脚不能动"),
        ("minor", "未成年|儿童|(是|给|替|帮)[^ ]{0,3}(小孩|孩子|娃|学生)|^(小孩|孩子|娃|学生)"),
        ("migrant", "农民工|进城务工|外出务工|外地打工|出来打工|在外打工|打工|务工|民工|工地上?干活"),
        ("elder", "老人|老年|老头|老太|爷爷|奶奶|外公|外婆|姥|上了?年纪|岁数大|老两口|老汉|大爷|大娘"),
        ("none", "都不是|都没有|都不|普通|没这些|^(我|以上)?(不是|没有|没|无|不属于)[的啊吧呢]*$"),
    ),
    "means": (
        ("comfortable", "不(缺钱|差钱|愁钱)|(不|没有?)(怎么|太|算|是|什么|啥)*(困难|穷)"),
        ("unsure", "说不准|不好说|不清楚|不知道|不确定|看情况|看要?多少|一般|还行|还可以|凑合|不一定|难说"),
        (
            "poor",
            (
                "拿不出|[没缺差少]有?(那么|这么)?(什么|啥|得|多少|多)?的?闲?钱|不够|钱(紧|不多|没)|困难|穷|"
                "[请付出拿掏负担]不起|低保|揭不开锅|欠(了|着)?(一屁股|很多|好多)?债|没有?(固定)?(收入|工作)|不(太|"
                "怎么)?(宽裕|富裕)|手头紧|^(不行|不能|不可以|没有|没)[的啊吧呢]*$"
            ),
        ),
        ("comfortable", "拿得出|[请付出拿掏]得起|负担得起|有钱|宽裕|富裕|^(没问题|可以|能|行|有)[的啊吧呢]*$"),
    ),
}
_DIGITS = "一二三四五六七八九"
_NEGATABLE = {
    "violence",
    "work_injury",
    "injury",
    "pollution",
    "criminal",
    "relief",
    "honoured",
    "disabled",
    "minor",
    "migrant",
    "elder",
}


def read_option(question_id: str, text: str) -> str | None:
    """The option that a resident's words mean: its number, label or everyday words; None where it isn't clear."""
    question = QUESTIONS.get(question_id)
    if question is None:
        raise UnknownOption(question_id)
    said = _plain(text)[:200]
    for option in question.options:
        if said in (option.id, _plain(option.label_zh)):
            return option.id
    number = re.fullmatch(r"(?:选|第)?(\d{1,2}|十?[一二三四五六七八九]|十)(?:个|项|种|条|号)?", said)
    if number:
        place = _number(number.group(1))
        return question.options[place - 1].id if 1 <= place <= len(question.options) else None
    for option_id, pattern in _WORDS[question_id]:
        if any(_is_meant(option_id, said, match) for match in re.finditer(pattern, said)):
            return option_id
    return _by_age(said) if question_id == "group" else None


def _plain(text: str) -> str:
    return re.sub(r"[\s，。！？、（）,.!?；;()]+", " ", text).strip()


def _by_age(said: str) -> str | None:
    """Under 18 a minor (民法典 17), from 60 elderly (老年人权益保障法 2)."""
    age = re.search(rf"(\d{{1,3}}|[{_DIGITS}十]{{1,3}})[多来几]?岁", said)
    years = _number(age.group(1)) if age else 18
    return "minor" if years < 18 else "elder" if years >= 60 else None


def _number(words: str) -> int:
    """3, 三, 十五, 六十五 as a number."""
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    return (10 * (_DIGITS.find(tens[-1:] or "一") + 1) if ten else 0) + (_DIGITS.find(ones[-1:]) + 1 if ones else 0)


def _is_meant(option_id: str, said: str, match: re.Match[str]) -> bool:
    """没有残疾 isn't disabled; but 没有低保 may well be about getting it, and 没钱 or 都不是 hold their negation
    themselves.
    """
    return option_id not in _NEGATABLE or not _NOT.search(said[: match.start()])
