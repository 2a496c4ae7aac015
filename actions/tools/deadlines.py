"""Deadlines counted; the 23 matters in matters.yml."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from actions.calendar.workdays import WorkCalendar

EARLIEST = date(1990, 1, 1)  # no limit here reaches further back than the outer 20 years, with room for old papers
URGENT_DAYS = 7  # 法律援助法 44: fewer days than this to the limit, and aid may come before the papers

Source = tuple[str, str]  # (short statute name, article)
Span = Literal["days", "months", "years", "workdays"]

_SPAN_ZH: dict[Span, str] = {"days": "天", "months": "个月", "years": "年", "workdays": "个工作日"}
_WHERE = "拿不准就打 12348，律师免费解答；也可以去县里的法律援助中心或镇司法所当面问。"


@dataclass(frozen=True)
class Counting:
    """`moves`: the rule that moves a last day of rest, empty where we count on no move; `late_zh`, `late`: what may
    still help.
    """

    moves: tuple[Source, ...]
    late_zh: str
    late: tuple[Source, ...]


@dataclass(frozen=True)
class Matter:
    """`starts_zh`: the day from which it runs; `see`: the articles behind the caveats."""

    id: str
    title_zh: str
    starts_zh: str
    amount: int
    unit: Span
    law: str
    article: str
    caveats_zh: tuple[str, ...]
    counting: Counting
    see: tuple[Source, ...] = ()

    @property
    def span_zh(self) -> str:
        return f"{self.amount}{_SPAN_ZH[self.unit]}"


@dataclass(frozen=True)
class Deadline:
    """`moved_from`: the counted day, where it was a day of rest; `days_left`: 0 today, negative once past."""

    matter: Matter
    start: date
    last_day: date
    moved_from: date | None
    is_confirmed: bool
    days_left: int
    law: str
    article: str
    text_zh: str


class UnknownMatter(ValueError):
    """No matter has this id."""


_CIVIL = (("民法典", "第二百零三条"),)
_COURT = (("民事诉讼法", "第八十五条"),)

_LIMITATION = Counting(
    _CIVIL,
    "您讨要过、对方答应过，或者起诉、申请仲裁过的，时间可能从那时重新算；"
    "最后六个月里有特别的难处，时间还可能停下来不算",
    (("民法典", "第一百九十五条"), ("民法典", "第一百九十四条")),
)
_LABOUR = Counting(
    _CIVIL,
    (
        "您找单位讨要过、向有关部门投诉过，或者单位答应过给，时间可能从那时重新算；"
        "有正当理由没法申请的，时间还可能停下来不算"
    ),
    (("劳动争议调解仲裁法", "第二十七条"),),
)
_IN_COURT = Counting(
    _COURT, "因为正当理由耽误的，障碍没了以后十天内可以向法院申请顺延", (("民事诉讼法", "第八十六条"),)
)
_ENFORCING = Counting(_COURT, "您向对方要过、对方答应过的，时间可能从那时重新算", (("民事诉讼法", "第二百五十条"),))
_AGAINST_OFFICE = Counting(
    (("行政诉讼法", "第一百零一条"), *_COURT),
    "不是您自己的原因耽误的时间可以不算，有别的特殊情况的，障碍没了以后十天内可以申请延长",
    (("行政诉讼法", "第四十八条"),),
)
_RECONSIDERING = Counting(
    (("行政复议法", "第八十八条"), *_COURT),
    "因为正当理由耽误的，障碍没了以后接着算；当初没告诉您可以复议的，起算的日子也会往后",
    (("行政复议法", "第二十条"),),
)
_RETRYING = Counting(
    _COURT, "这一类卡得严，但发现新证据这类情形，是从知道那天起算", (("民事诉讼法", "第二百一十六条"),)
)
_COMPENSATING = Counting(
    _CIVIL, "被关押的时间不算在内；最后六个月里有障碍的，时间可能停下来不算", (("国家赔偿法", "第三十九条"),)
)
_FIXED = Counting(_CIVIL, "这一类一般不行，但从哪一天算起常有争议，也可能有别的路可走", (("民法典", "第一百九十九条"),))
# 刑事诉讼法 105: for somebody in custody a holiday moves nothing, so we never count on it.
_CRIMINAL = Counting((), "因为正当理由耽误的，障碍没了以后五天内可以向法院申请补办", (("刑事诉讼法", "第一百零六条"),))

_ALL = (
    Matter(
        "labour_arbitration",
        "申请劳动仲裁",
        "知道或应当知道自己吃了亏那天（比如被辞退那天）",
        1,
        "years",
        "劳动争议调解仲裁法",
        "第二十七条",
        (
            "还在这家单位上班时被拖欠的工资，不受这一年限制；离开单位以后，要从离开那天起一年内提出",
            "向单位讨要过、投诉过，或者单位答应过给，这一年可以从那时重新算，记录要留好",
            "申请劳动仲裁不收费",
            "受了工伤的，工伤认定另有单独的申请期限，请马上打 12348 问",
        ),
        _LABOUR,
        (("劳动争议调解仲裁法", "第五十三条"),),
    ),
    Matter(
        "labour_wages_after_leaving",
        "离开单位后讨工资（劳动仲裁）",
        "离开单位那天（辞职、被辞退或合同到期）",
        1,
        "years",
        "劳动争议调解仲裁法",
        "第二十七条",
        (
            "没离开单位时不受一年限制",
            "向单位讨要过、投诉过，或者单位答应过给，这一年可以从那时重新算，记录要留好",
            "申请劳动仲裁不收费",
        ),
        _LABOUR,
        (("劳动争议调解仲裁法", "第五十三条"),),
    ),
    Matter(
        "labour_award_suit",
        "不服劳动仲裁裁决，向法院起诉",
        "收到仲裁裁决书那天",
        15,
        "days",
        "劳动争议调解仲裁法",
        "第五十条",
        (
            "裁决书写明是终局裁决的（比如数额不大的工资、工伤医疗费），劳动者也是15天内可以起诉，依据是第四十八条",
            "不是终局裁决的，15天里谁都不起诉，裁决书就生效",
        ),
        _IN_COURT,
        (("劳动争议调解仲裁法", "第四十七条"), ("劳动争议调解仲裁法", "第四十八条")),
    ),
    Matter(
        "reconsideration",
        "申请行政复议",
        "知道或应当知道这个行政决定那天（一般是收到决定书那天）",
        60,
        "days",
        "行政复议法",
        "第二十条",
        (
            "别的法律给的时间更长的，按更长的算",
            "当初没告诉您可以复议、向谁申请、多久之内，就从您知道这些那天算，但从知道决定内容起最长一年",
            "从作出决定起，房屋土地这类不动产超过20年、其他超过5年的，复议机关不收",
        ),
        _RECONSIDERING,
        (("行政复议法", "第二十一条"),),
    ),
    Matter(
        "suit_after_reconsideration",
        "不服复议决定，向法院起诉",
        "收到复议决定书那天",
        15,
        "days",
        "行政诉讼法",
        "第四十五条",
        ("复议机关到时候没有答复的，从复议期满那天起算15天", "别的法律另有规定的，按那个规定"),
        _AGAINST_OFFICE,
    ),
    Matter(
        "administrative_suit",
        "不服行政决定，直接向法院起诉",
        "知道或应当知道这个行政决定那天",
        6,
        "months",
        "行政诉讼法",
        "第四十六条",
        (
            "从作出决定起，房屋土地这类不动产超过20年、其他超过5年的，法院不收",
            "别的法律另有规定的，按那个规定",
            "有些事要先复议才能起诉，比如当场开的罚单，复议只有60天",
        ),
        _AGAINST_OFFICE,
        (("行政复议法", "第二十三条"), ("行政复议法", "第二十条")),
    ),
    Matter(
        "administrative_appeal",
        "不服行政官司一审判决，上诉",
        "收到一审判决书那天",
        15,
        "days",
        "行政诉讼法",
        "第八十五条",
        ("不服一审裁定的，只有10天", "没人上诉，一审判决就生效"),
        _AGAINST_OFFICE,
    ),
    Matter(
        "state_compensation",
        "请求国家赔偿",
        "知道或应当知道国家机关侵害了自己那天",
        2,
        "years",
        "国家赔偿法",
        "第三十九条",
        ("被关押的时间不算在内", "打行政官司或申请复议时一起要赔偿的，按那边的期限"),
        _COMPENSATING,
    ),
    Matter(
        "land_arbitration",
        "申请农村土地承包仲裁",
        "知道或应当知道自己的承包权益受损那天",
        2,
        "years",
        "农村土地承包经营纠纷调解仲裁法",
        "第十八条",
        ("也可以不仲裁，直接去法院起诉", "征地和征地补偿的争议不归土地承包仲裁管，要走复议或起诉，时间短得多"),
        _LIMITATION,
        (
            ("农村土地承包经营纠纷调解仲裁法", "第四条"),
            ("农村土地承包经营纠纷调解仲裁法", "第二条"),
            ("民法典", "第一百九十八条"),
        ),
    ),
    Matter(
        "land_award_suit",
        "不服土地承包仲裁裁决，向法院起诉",
        "收到仲裁裁决书那天",
        30,
        "days",
        "农村土地承包经营纠纷调解仲裁法",
        "第四十八条",
        ("30天里不起诉，裁决书就生效",),
        _IN_COURT,
    ),
    Matter(
        "land_ownership_suit",
        "不服政府对土地权属争议的处理，向法院起诉",
        "接到处理决定通知那天",
        30,
        "days",
        "土地管理法",
        "第十四条",
        (
            "这里说的是乡镇或县政府处理“地归谁、谁能用”作的决定，承包合同的纠纷不走这条",
            "有的决定要先申请行政复议才能起诉，先问清楚",
        ),
        _AGAINST_OFFICE,
        (("行政复议法", "第二十三条"),),
    ),
    Matter(
        "collective_decision",
        "请法院撤销村集体经济组织的决定",
        "知道或应当知道这个决定侵害了自己那天",
        1,
        "years",
        "农村集体经济组织法",
        "第五十七条",
        ("从作出决定那天起，最长5年", "成员身份、分红这类纠纷，也可以先请乡镇调解，或者申请仲裁、直接起诉"),
        _FIXED,
        (("农村集体经济组织法", "第五十六条"),),
    ),
    Matter(
        "judicial_confirmation",
        "给调解协议申请司法确认",
        "调解协议生效那天（一般是双方签字那天）",
        30,
        "days",
        "人民调解法",
        "第三十三条",
        ("要双方一起去法院申请", "法院确认以后，一方不照办，另一方可以申请强制执行", "没做司法确认，协议照样有约束力"),
        _IN_COURT,
        (("民事诉讼法", "第二百零五条"), ("人民调解法", "第三十一条"), ("人民调解法", "第二十九条")),
    ),
    Matter(
        "civil_appeal",
        "不服民事一审判决，上诉",
        "收到一审判决书那天",
        15,
        "days",
        "民事诉讼法",
        "第一百七十一条",
        ("不服一审裁定的，只有10天", "路上的时间不算，最后一天前寄出的上诉状算数，寄件凭证要留好"),
        _IN_COURT,
        _COURT,
    ),
    Matter(
        "civil_ruling_appeal",
        "不服民事一审裁定，上诉",
        "收到一审裁定书那天",
        10,
        "days",
        "民事诉讼法",
        "第一百七十一条",
        ("不是每种裁定都能上诉，看裁定书最后一段怎么写", "最后一天前寄出的上诉状算数，寄件凭证要留好"),
        _IN_COURT,
        _COURT,
    ),
    Matter(
        "retrial",
        "民事案件申请再审",
        "判决、裁定生效那天",
        6,
        "months",
        "民事诉讼法",
        "第二百一十六条",
        ("有新证据能推翻原判、原来的主要证据是假的、依据的文书被撤销改变，或者法官贪赃枉法的，从知道那天起算6个月",),
        _RETRYING,
        (("民事诉讼法", "第二百一十一条"),),
    ),
    Matter(
        "enforcement",
        "申请强制执行",
        "判决书、调解书写的履行期最后一天",
        2,
        "years",
        "民事诉讼法",
        "第二百五十条",
        (
            "写明分期付的，从最后一期到期那天算",
            "没写什么时候付的，从文书生效那天算",
            "期间向对方要过、对方答应过的，时间可能重新算，记录要留好",
        ),
        _ENFORCING,
    ),
    Matter(
        "general_limitation",
        "一般民事纠纷起诉（诉讼时效）",
        "知道或应当知道自己吃了亏、也知道该找谁那天（欠条写了还款日的，是到期那天）",
        3,
        "years",
        "民法典",
        "第一百八十八条",
        (
            "从权利受损那天起，最长保护20年，有特殊情况可以请法院延长",
            "讨要过、对方答应过还，3年可以从那时重新算，转账、聊天、录音要留好",
            "分期还的，从最后一期到期那天算",
            "要赡养费、抚养费，请求停止侵害、排除妨碍，不受这个时间限制",
            "超出这个时间，法院也不会主动拿它驳您，对方自愿还的照样算数",
        ),
        _LIMITATION,
        (
            ("民法典", "第一百八十九条"),
            ("民法典", "第一百九十二条"),
            ("民法典", "第一百九十三条"),
            ("民法典", "第一百九十六条"),
        ),
    ),
    Matter(
        "contract_revocation",
        "被骗签的合同、显失公平的合同，请求撤销",
        "知道或应当知道被骗、不公平那天",
        1,
        "years",
        "民法典",
        "第一百五十二条",
        (
            "被逼着签的，从对方不再逼迫那天算1年",
            "自己弄错了（重大误解）的，只有90天",
            "从签合同那天起，最长5年",
            "要向法院或仲裁机构提出，光跟对方说还不够",
        ),
        _FIXED,
        (("民法典", "第一百四十七条"), ("民法典", "第一百四十八条"), ("民法典", "第一百五十一条")),
    ),
    Matter(
        "contract_mistake",
        "弄错了才签的合同（重大误解），请求撤销",
        "知道或应当知道自己弄错了那天",
        90,
        "days",
        "民法典",
        "第一百五十二条",
        ("从签合同那天起，最长5年", "要向法院或仲裁机构提出，光跟对方说还不够"),
        _FIXED,
        (("民法典", "第一百四十七条"),),
    ),
    Matter(
        "coerced_marriage",
        "被逼结婚，请求撤销婚姻",
        "对方不再逼迫那天",
        1,
        "years",
        "民法典",
        "第一千零五十二条",
        ("被限制自由的，从恢复自由那天算", "现在还有危险，先打 110"),
        _FIXED,
    ),
    Matter(
        "protection_order_review",
        "不服人身安全保护令或者驳回，申请复议",
        "裁定生效那天",
        5,
        "days",
        "反家庭暴力法",
        "第三十一条",
        ("只能申请复议一次，向作出裁定的法院申请", "复议期间保护令照样管用", "现在有危险，先打 110"),
        _IN_COURT,
    ),
    Matter(
        "criminal_appeal",
        "不服刑事一审判决，上诉",
        "接到判决书那天（从第二天数起）",
        10,
        "days",
        "刑事诉讼法",
        "第二百三十条",
        ("不服裁定的，只有5天", "人被关押的，最后一天是节假日也不往后推，所以这里不往后推", "口头上诉也可以"),
        _CRIMINAL,
        (("刑事诉讼法", "第一百零五条"), ("刑事诉讼法", "第二百二十七条")),
    ),
)
MATTERS: dict[str, Matter] = {matter.id: matter for matter in _ALL}


def last_day(matter_id: str, start: date, *, calendar: WorkCalendar, today: date) -> Deadline:
    """Until when, told in plain words.

    UnknownMatter for a wrong id; ValueError for a start before 1990 or over a year ahead.
    """
    if matter_id not in MATTERS:
        raise UnknownMatter(matter_id)
    if start < EARLIEST or start > _add_months(today, 12):
        raise ValueError(f"start out of range: {start}")
    matter = MATTERS[matter_id]
    counted = end = count(start, matter.amount, matter.unit, calendar=calendar)
    while matter.counting.moves and not calendar.is_workday(end):
        end += timedelta(days=1)
    guessed = calendar.unconfirmed_years(start if matter.unit == "workdays" else counted, end)
    moved_from = counted if end != counted else None
    days_left = (end - today).days
    text = _words(matter, start, end, moved_from=moved_from, guessed=guessed, days_left=days_left)
    return Deadline(matter, start, end, moved_from, not guessed, days_left, matter.law, matter.article, text)


def count(start: date, amount: int, unit: Span, *, calendar: WorkCalendar) -> date:
    """The counted last day, before a day of rest moves it (民法典 201, 202)."""
    if unit == "days":
        return start + timedelta(days=amount)
    if unit == "workdays":
        return calendar.add_workdays(start, amount)
    return _add_months(start, amount * 12 if unit == "years" else amount)


def _add_months(day: date, amount: int) -> date:
    years, month = divmod(day.month - 1 + amount, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _words(
    matter: Matter, start: date, end: date, *, moved_from: date | None, guessed: list[int], days_left: int
) -> str:
    lines = [
        (
            f"{matter.title_zh}：时间是{matter.span_zh}，从{matter.starts_zh}算起。"
            f"您说的是{_day(start)}，那么最后一天是{_day(end)}。"
        )
    ]
    if moved_from:
        lines.append(f"本来数到{_day(moved_from)}，那天休息，所以顺延（{_cite(matter.counting.moves)}）。")
    if guessed and days_left >= 0:
        lines.append(
            f"{'、'.join(map(str, guessed))}年的放假安排还没确认，最后一天可能会变，请提前办，"
            f"{f'稳妥些按{_day(moved_from)}以前办好' if moved_from else '别等到那一天'}。"
        )
    if days_left < 0:
        lines.append("照这样算，这一天已经过去，但请先别放弃：有的时间可以中断、中止或者顺延，要让律师看了材料才知道。")
        lines.append(
            f"{matter.counting.late_zh}（{_cite(matter.counting.late)}）。"
            "请今天就打 12348，或者带上全部材料去县里的法律援助中心。"
        )
    elif days_left < URGENT_DAYS:
        left = f"只剩{days_left}天了" if days_left else "就是今天"
        lines.append(
            f"{left}，很急。离期限不到七天的，法律援助中心可以先帮您、手续后补（《法律援助法》第四十四条）。"
            "请现在就打 12348，说清最后是哪一天。"
        )
    else:
        lines.append(f"还有{days_left}天，早办早安心，材料要在最后一天下班前交到。")
    lines.append(f"依据：{_cite(((matter.law, matter.article),))}。")
    lines.append(f"要留意：{'；'.join(matter.caveats_zh)}。")
    lines.append(f"这是按您说的日子数出来的，起算的日子不同，结果也不同。{_WHERE}")
    return "\n".join(lines)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"


def _cite(sources: tuple[Source, ...]) -> str:
    return "、".join(f"《{law}》{article}" for law, article in sources)


_WORK = "劳动|工资|工钱|薪|辞退|开除|解雇|辞职|离职|加班|工伤|老板|单位|公司|工厂|厂里|社保|上班|打工"
_LAND = "承包|土地|流转|耕地|林地|田|地被"


def _both(a: str, b: str) -> str:
    return f"(?:{a}).*(?:{b})|(?:{b}).*(?:{a})"


# In order, the particular before the general: what one line has matched is taken out before the next one looks.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "(裁决|判决|判了|调解书|官司赢|打赢).*(不给|不还|不付|没给|没还|不履行|不执行|赖账|耍赖)"
        "|强制执行|申请执行|老赖",
        ("enforcement",),
    ),
    (_both("裁决", _LAND), ("land_award_suit",)),
    (_both("裁决", _WORK), ("labour_award_suit",)),
    ("(仲裁)?裁决书?", ("labour_award_suit", "land_award_suit")),
    (_both("上诉|一审|判决", "刑事|判刑|坐牢|有期徒刑|被告人"), ("criminal_appeal",)),
    (_both("上诉|一审|判决", "行政|告政府|民告官"), ("administrative_appeal",)),
    (_both("上诉", "裁定"), ("civil_ruling_appeal",)),
    ("再审|申诉", ("retrial",)),
    (_both("上诉|一审|判决", "民事|离婚|欠|借|邻居|赡养|抚养|彩礼|合同|工资"), ("civil_appeal",)),
    ("上诉|一审|判决", ("civil_appeal", "administrative_appeal", "criminal_appeal")),
    ("司法确认|调解协议|调解书|调解.{0,6}确认", ("judicial_confirmation",)),
    ("保护令", ("protection_order_review",)),
    ("复议.{0,3}(决定|结果|下来|不服|驳回|维持|没答复|不答复)|不服.{0,2}复议", ("suit_after_reconsideration",)),
    ("国家赔偿|关错|错抓|错判", ("state_compensation",)),
    ("土地(权属|所有权|使用权|确权)|地界|边界争议|宅基地.{0,6}(归谁|争)|政府.{0,4}处理决定", ("land_ownership_suit",)),
    (
        (
            "工伤认定.{0,6}(不服|决定|结论|不予|下来)|不服.{0,4}工伤认定|征地|征收|拆迁|强拆|补偿决定|信息公开|"
            "公开.{0,2}信息|(低保|五保|特困|救助|抚恤).{0,6}(停|取消|不批|没批|不给办)"
        ),
        ("reconsideration", "administrative_suit"),
    ),
    ("行政诉讼|告政府|民告官", ("administrative_suit",)),
    ("行政复议|复议", ("reconsideration",)),
    (_both("罚款|处罚", "老板|公司|单位|厂里|工地"), ("labour_arbitration", "reconsideration")),
    (
        (
            "集体经济组织|合作社.{0,4}决定|分红|外嫁|成员资格|成员身份|(村里|村集体|村民小组|生产队).{0,6}(决定|不分|"
            "不给分)"
        ),
        ("collective_decision",),
    ),
    (
        "处罚|罚款|罚单|局.{0,4}罚|拘留|吊销|行政决定|不服.{0,6}(决定|认定)|派出所|交警|城管",
        ("reconsideration", "administrative_suit"),
    ),
    (
        (
            "(土地|承包|流转).{0,4}仲裁|承包|土地流转|地租|流转费|(收回|占了?|种了?|强占).{0,6}(耕地|林地|的地|的田)|"
            "[我俺]家?的?.{0,3}[地田](被|让|给).{0,6}([占收种]|流转)|[我俺]家的?[地田].{0,4}[占收]"
        ),
        ("land_arbitration",),
    ),
    (
        _both("工资|工钱|薪|血汗钱", "离职|辞职|辞退|走了|不干了|离开"),
        ("labour_wages_after_leaving", "labour_arbitration"),
    ),
    (
        _both("欠钱|欠款|不给钱|没给钱|不结账", "老板|工地|包工头|工头|打工|干活"),
        ("labour_arbitration", "general_limitation"),
    ),
    (
        (
            "劳动仲裁|仲裁.{0,4}劳动|辞退|开除|解雇|裁员|试用期|工资|工钱|欠薪|讨薪|薪水|加班费|工伤|(厂里|工地|干活|"
            "上班|做工).{0,4}(伤|断|摔|砸|轧)|经济补偿|劳动合同|社保|离职|辞职|血汗钱"
        ),
        ("labour_arbitration",),
    ),
    ("被逼.{0,3}(结婚|嫁|领证)|胁迫.{0,2}(结婚|婚姻)|逼婚|抢婚|撤销婚姻", ("coerced_marriage",)),
    ("重大误解|[看弄搞]错.{0,6}(合同|签)|(合同|签).{0,6}[看弄搞]错", ("contract_mistake",)),
    ("撤销合同|合同.{0,4}撤销|[骗逼哄].{0,6}(签|合同)|(合同|签).{0,8}[骗逼哄]|显失公平", ("contract_revocation",)),
)
# Looked at only where nothing above was found.
_LOOSE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("仲裁", ("labour_arbitration", "land_arbitration")),
    (
        (
            "欠条|借条|借.{0,8}[没不]还|借钱|借款|欠钱|欠我|欠款|还钱|不还|货款|彩礼|车祸|交通事故|撞|打伤|打了我|咬伤|"
            "摔伤|赔钱|赔偿|医药费|诉讼时效|邻居|隔壁|漏水|赡养费|抚养费|合同"
        ),
        ("general_limitation",),
    ),
)


def find_matter(text: str) -> list[Matter]:
    """Matters that a resident's words may mean, likeliest first; several where they are open, none where nothing is
    understood.
    """
    rest = re.sub(r"\s+", "", text)[:300]
    found: dict[str, None] = {}
    for pattern, ids in _WORDS:
        rest, hits = re.subn(pattern, "　", rest)
        if hits:
            found.update(dict.fromkeys(ids))
    for pattern, ids in _LOOSE:
        if not found and re.search(pattern, rest):
            found.update(dict.fromkeys(ids))
    return [MATTERS[matter_id] for matter_id in found]
