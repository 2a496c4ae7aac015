"""What whoever works without a written contract may ask for, by 劳动合同法 82: from the second month on a second wage
for each month, for eleven months at most (实施条例 6, 7).
"""

import re
from decimal import Decimal

from actions.tools.sums.amounts import COUNT, written
from actions.tools.sums.severance import is_only_how_much, wage_told
from knowledge.statutes.numerals import number_of

_MOST_MONTHS, _YEAR = 11, 12
_ASKED = re.compile(r"补(?:偿|多少|几|我|给)|赔(?:偿|多少|几|我|钱)|(?:双|两|二)倍|(?:能|该|可以)(?:拿|要)|多少|几个月")
_UNSIGNED = re.compile(
    r"(?:没|未|不|冇|没有)(?:跟我|和我|给我|同我)?(?:签|订)(?:过|上|书面|个|份|任何|劳动)*合同"
    r"|合同(?:一直|从来|到现在|也|都|还)*(?:没|不|冇|未)(?:有)?(?:签|给我签|跟我签|订)"
)
# Who isn't employed by a firm, signed at some time, or is owed something else.
_OTHER = re.compile(
    r"劳务|派遣|实习|退休|超龄|保姆|小时工|钟点工|兼职|非全日|公益岗|公益性岗位|村委会|包工头|代课|辅警|网格|临时工"
    r"|短工|零工|散工|日结|按天|一天|带孩子|公务员|到期|续签|补签|才签|后来|签了|员工"
    r"|我是老板|我(?:开|办)(?:了|个|的)?(?:厂|店|公司)"
    r"|租|买卖|房东|承包|装修|外卖|跑腿|网约|工伤|受伤|仲裁裁|不肯签|不愿签|我(?:没|不)签|高管|人事"
)
_WORKED = re.compile(
    rf"(?:干|做|上班|工作|待|呆|进厂|入职|进来|来)[^，。,；\d]{{0,6}}?(?<!\d)"
    rf"(?:(?P<years>{COUNT})\s*年(?P<half>半)?(?:(?:零|又)?(?P<over>{COUNT})\s*个月)?"
    rf"|(?P<months>{COUNT})\s*个(?P<and_half>半)?月)"
    r"(?P<more>多)?(?![前后])"
)


def told(text: str, *, before: str = "") -> str | None:
    """Sentences with months and, where the wage is told, yuan; None where it isn't asked for, or where how long they
    have worked isn't told for sure. `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if not _UNSIGNED.search(whole) or not _ASKED.search(whole) or _OTHER.search(whole):
        return None
    spans = list(_WORKED.finditer(whole))
    # else the next matter would be told the sum of the one before
    if len(spans) != 1 or not (_WORKED.search(text) or is_only_how_much(text)):
        return None
    worked = _months(spans[0])
    if worked <= 1:
        return None
    return f"您这个情况：{_owed(min(worked, _YEAR) - 1, worked, wage_told(whole))}{_limit(worked)}"


def _months(found: re.Match[str]) -> int:
    """Whole ones: half a month more is paid by the day."""
    if found["months"]:
        return number_of(found["months"]) or 0
    return (number_of(found["years"]) or 0) * _YEAR + (6 if found["half"] else number_of(found["over"] or "0") or 0)


def _owed(months: int, worked: int, wage: Decimal | None) -> str:
    of_wage = f"，照您说的一个月 {written(wage)} 元算，大约 {written(wage * months)} 元" if wage else ""
    most = "（最多就是这么多）" if worked >= _YEAR else ""
    return f"干了 {worked} 个月没签书面合同，从第二个月起每个月该再给一份工资，是 {months} 个月工资{most}{of_wage}。"


def _limit(worked: int) -> str:
    late = "您干满一年以后，就当成已经签了没有期限的合同，这笔钱不再往上加。" if worked > _YEAR else ""
    return f"{late}这笔钱要在一年里去劳动仲裁要，不收费，拖久了前面几个月可能就不认了；先留好工资转账、考勤、工作群。"
