"""The month in which somebody reaches retirement age, by 国务院关于渐进式延迟法定退休年龄的办法 (from 2025).

Men at 60 and women at 55 wait a month longer for every four months begun since January 2025, at most 36; women at 50 a
month for every two, at most 60. Checked against its examples: a woman worker of October 1975 at 50 and 5 months, a man
of December 1972 at 62.
"""

import re
from dataclasses import dataclass
from datetime import date

from knowledge.statutes.numerals import number_of

_FIRST = 2025 * 12  # months since year 0 of January 2025
_YEAR = 12
_ASKED = re.compile(r"退休|几岁退|多大退|啥时候退|哪年退|几时退|什么时候退|能退|该退|退下来")
_OTHER = re.compile(r"彩礼|押金|退货|退钱|退款|退婚|退伍|退役|军人|特殊工种|病退|退休金|退股|退地")
_BORN = re.compile(
    r"(?P<year>(?:19)?[4-9]\d|[〇零一二三四五六七八九]{2,4})\s*年\s*(?:的|生|出生)?(?:阳历|公历|身份证上)?的?"
    r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s*月"
)
_WOMAN = re.compile(r"女|我妈|俺妈|老婆|媳妇|婆婆|姐|妹|姑|婶|嫂|阿姨|奶奶|纺织|挡车")
_MAN = re.compile(r"男|我爸|俺爸|俺爹|我爹|老公|丈夫|老头|哥|弟|叔|舅|爷")
_WORKER = re.compile(r"工人|普工|女工|车间|流水线|厂里|一线|保洁|服务员|工人岗|操作")
_CADRE = re.compile(r"干部|管理岗|管理人员|技术岗|老师|教师|会计|护士|医生|公务员|事业编|职称|灵活就业")


@dataclass(frozen=True)
class Kind:
    """Years of age until now, months that are waited out for one more, and the most that is waited."""

    name: str
    age: int
    step: int
    most: int


MAN = Kind("男职工", 60, 4, 36)
WOMAN_55 = Kind("原来五十五岁退的女职工（管理岗、技术岗、多数灵活就业）", 55, 4, 36)
WOMAN_50 = Kind("原来五十岁退的女职工（工人岗）", 50, 2, 60)


def month_of(kind: Kind, year: int, month: int) -> tuple[int, int, int]:
    """Year, month, and how many months later than before."""
    before = (year + kind.age) * _YEAR + month - 1
    later = 0 if before < _FIRST else min(kind.most, (before - _FIRST) // kind.step + 1)
    return (before + later) // _YEAR, (before + later) % _YEAR + 1, later


def told(text: str, *, today: date, before: str = "") -> str | None:
    """A sentence with the month for whoever says when they were born; None where it isn't asked for or can't be
    reckoned: without the month of birth, or where neither man nor woman is told. `before`: their question before
    this one (女的多大退休, and then 我是73年6月的).
    """
    born = _BORN.search(text)
    text = f"{before} {text}" if before else text
    if not born or not _ASKED.search(text) or _OTHER.search(text):
        return None
    year, month = number_of(born["year"]) or 0, number_of(born["month"]) or 0
    year += 1900 if year < 100 else 0
    if not 1940 <= year < today.year - 30:
        return None
    woman, man = _WOMAN.search(text), _MAN.search(text)
    if woman and (not man or woman.start() < man.start()):
        kinds = [WOMAN_50] if _WORKER.search(text) else [WOMAN_55] if _CADRE.search(text) else [WOMAN_50, WOMAN_55]
    elif man:
        kinds = [MAN]
    else:
        return None
    lines = "；".join(_line(kind, year, month) for kind in kinds)
    return f"按您说的 {year} 年 {month} 月出生，{lines}。最后以人社局核对档案为准。"


def _line(kind: Kind, year: int, month: int) -> str:
    at_year, at_month, later = month_of(kind, year, month)
    waited = f"比原来晚 {later} 个月" if later else "不用推迟"
    return f"{kind.name}到 {at_year} 年 {at_month} 月满法定退休年龄（{_age(kind, later)}，{waited}）"


def _age(kind: Kind, later: int) -> str:
    years, months = divmod(kind.age * _YEAR + later, _YEAR)
    return f"{years} 岁" + (f" {months} 个月" if months else "")
