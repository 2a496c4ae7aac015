"""The matters whose deadlines we count, from matters.yml, and the words in which residents speak of them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import PositiveInt, model_validator

from knowledge.data_files import DataModel, Source, Text, WrongAt, read

Span = Literal["days", "months", "years", "workdays"]

_SPAN_ZH: dict[Span, str] = {"days": "天", "months": "个月", "years": "年", "workdays": "个工作日"}


class Counting(DataModel):
    """`moves`: the rule that moves a last day of rest, empty where we count on no move; `late`: what may still help,
    with its sources.
    """

    moves: tuple[Source, ...]
    late: Text
    late_sources: tuple[Source, ...]


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


class _Entry(DataModel):
    id: Text
    title: Text
    starts: Text
    amount: PositiveInt
    unit: Span
    source: Source
    counting: Text
    caveats: tuple[Text, ...]
    see: tuple[Source, ...] = ()


class MattersFile(DataModel):
    """The schema of matters.yml."""

    counting: dict[str, Counting]
    matters: tuple[_Entry, ...]

    @model_validator(mode="after")
    def _names_are_known_and_stand_once(self) -> Self:
        known: set[str] = set()
        for place, matter in enumerate(self.matters):
            if matter.counting not in self.counting:
                raise WrongAt(f"counting 下面没有写 {matter.counting} 怎么数", "matters", place, "counting")
            if matter.id in known:
                raise WrongAt(f"{matter.id} 写了两遍", "matters", place, "id")
            known.add(matter.id)
        return self

    def matter(self, entry: _Entry) -> Matter:
        law, article = entry.source
        return Matter(
            entry.id,
            entry.title,
            entry.starts,
            entry.amount,
            entry.unit,
            law,
            article,
            entry.caveats,
            self.counting[entry.counting],
            entry.see,
        )


_FILE = read(Path(__file__).with_name("matters.yml"), MattersFile)
MATTERS: dict[str, Matter] = {entry.id: _FILE.matter(entry) for entry in _FILE.matters}

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
