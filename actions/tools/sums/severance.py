"""What whoever is dismissed may ask for, by 劳动合同法 47 and 87: a month's wage for each year, and twice as much where
there was no ground; six months and more count as a year, less as half of one.

Reckoned for those who began in 2008 or later: before, other rules held for the part until then.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from actions.tools.sums.amounts import COUNT, SUM, written, yuan
from knowledge.statutes.numerals import number_of

_MOST_YEARS = 17  # from 2008 on, on the safe side
_HALF_YEAR, _YEAR = 6, 12
_ASKED = re.compile(
    r"补(?:偿|多少|几|我|给)|赔(?:偿|多少|几|我|钱)|几个月(?:的)?工资|(?:能|该|可以)(?:拿|要)(?:到)?(?:多少|几)"
    r"|[Nn]\+1"
)
_DISMISSED = re.compile(
    r"辞退|开除|裁(?:员|掉|了)|被裁|解雇|解聘|炒(?:了我|鱿鱼|掉)|不要我|(?:叫|喊|让)我(?:莫|不用|别|明天不)[来去]"
    r"|赶我走|不(?:再)?(?:跟我)?续签|单方解除"
)
# Wages owed, injuries, work without a contract of labour and whoever goes by himself are reckoned otherwise.
_OTHER = re.compile(
    r"试用期|工伤|伤残|受伤|劳务|派遣|实习|退休|超龄|辞职|自己(?:走|不干)|违纪|偷|旷工|双倍工资|孕|产假|公务员|保姆"
    r"|年假|小时工|钟点工|兼职|非全日|公益岗|公益性岗位|村委会|村里干|带孩子|包工头|代课|辅警|网格|临时工|到手"
    r"|违反|违规|迟到|早退|打架|不服从|我是老板|我(?:开|办)(?:了|个|的)?(?:厂|店|公司)|员工|仲裁裁"
)
_WORKED = re.compile(
    rf"(?:干|做|上班|工作|打工|待|呆|进厂|入职|进来|工龄)[^，。,；\d]{{0,8}}?"
    rf"(?<!\d)(?P<years>{COUNT})\s*年(?![前后级初底份])"
    rf"(?P<half>半)?(?P<more>多)?(?:(?:零|又)?\s*(?P<months>{COUNT})\s*个?(?:半)?月)?"
)
_WAGE = re.compile(
    rf"(?:月月|每月|每个月|一个?月|月薪|月工资|平均工资|工资)(?!没|拖|欠|扣)"
    rf"[^，。,；\d一二两三四五六七八九]{{0,5}}(?P<sum>{SUM})"
)
_ONLY_HOW_MUCH = re.compile(
    r"(?:那|这|么|我|您|你|帮我|算下|算一下|一共|总共|大概|到底|该|可以|应该|能|会|得)*"
    r"(?:赔偿?|补偿?|拿|要|得|给)(?:到|我|得|个)*"
    r"(?:多少|几多|好多|几个月)(?:钱|工资|的)?(?:呢|啊|呀|嘛|吗|咧|哦)?[？?。！]?"
)
_NOT_ALL = re.compile(r"底薪|基本工资|保底")


@dataclass(frozen=True)
class Worked:
    """`months`: beyond the whole years."""

    years: int
    months: int

    @property
    def counted(self) -> Decimal:
        """Months' wages."""
        if not self.months:
            return Decimal(self.years)
        return Decimal(self.years) + (Decimal(1) if self.months >= _HALF_YEAR else Decimal("0.5"))

    def __str__(self) -> str:
        return f"{self.years} 年零 {self.months} 个月" if self.months else f"{self.years} 年"


def told(text: str, *, before: str = "") -> str | None:
    """Sentences with months and, where the wage is told, yuan; None where it isn't asked for, or where how long they
    worked isn't told for sure. `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if not _ASKED.search(whole) or not _DISMISSED.search(whole) or _OTHER.search(whole):
        return None
    spans = [found for found in _WORKED.finditer(whole) if not found["more"]]
    # 能赔多少 alone asks of the matter before; a longer next message would be told the sum of another one
    is_said_now = bool(_WORKED.search(text)) or is_only_how_much(text)
    worked = _worked(spans[0]) if len(spans) == 1 and is_said_now else None
    if worked is None:
        return None
    wage = wage_told(whole)
    part = "（满半年不到一年的按一年算，不满半年的按半个月）" if worked.months else ""
    once, twice = _said(worked.counted, wage), _said(worked.counted * 2, wage)
    of_wage = f"，照您说的一个月 {written(wage)} 元" if wage else ""
    return (
        f"您这个情况：干了 {worked}{of_wage}，该给经济补偿的，是 {once}{part}；没正当理由、"
        f"没走手续就叫您走的，是违法辞退，翻一倍，{twice}；您真有大过错、公司拿得出证据的没有。"
        "一个月工资按走之前十二个月平均的应得工资算，奖金、加班费都在内；高过当地平均工资三倍的按三倍、最多算十二年。"
    )


def is_only_how_much(text: str) -> bool:
    """那能赔我多少钱: nothing but the question for the sum."""
    return _ONLY_HOW_MUCH.fullmatch(text.strip()) is not None


def _worked(found: re.Match[str]) -> Worked | None:
    years = number_of(found["years"]) or 0
    months = _HALF_YEAR if found["half"] else number_of(found["months"] or "0") or 0
    return Worked(years, months) if 0 < years <= _MOST_YEARS and months < _YEAR else None


def wage_told(text: str) -> Decimal | None:
    """Where one is told, and all of it; None else."""
    sums = {yuan(found["sum"]) for found in _WAGE.finditer(text)}
    [wage] = sums if len(sums) == 1 else [None]
    return wage if wage and Decimal(800) <= wage <= Decimal(100_000) and not _NOT_ALL.search(text) else None


def _said(months: Decimal, wage: Decimal | None) -> str:
    if wage is None:
        return f"{written(months)} 个月工资"
    return f"{written(months)} 个月工资，{written(months * wage)} 元"
