"""What whoever works without a written contract may ask for, by 劳动合同法 82: from the second month on a second wage
for each month, for eleven months at most (实施条例 6, 7), a month that isn't full by its days (法释〔2025〕12号 6).

It is no wage: the year of 劳动争议调解仲裁法 27 (1) runs while they still work there. Many places count it back from
each month, so that all is lost two years after the first day; some count from the end of the first year or of the work.
"""

import re
from decimal import Decimal

from actions.tools.sums.amounts import COUNT, written
from actions.tools.sums.severance import is_only_how_much, wage_told
from knowledge.statutes.numerals import number_of

_MOST_MONTHS, _YEAR, _ALL_LOST = Decimal(11), 12, 24  # months
_ASKED = re.compile(r"补(?:偿|多少|几|我|给)|赔(?:偿|多少|几|我|钱)|(?:双|两|二)倍|(?:能|该|可以)(?:拿|要)|多少|几个月")
_UNSIGNED = re.compile(
    r"(?:没|未|不|冇|没有)(?:跟我|和我|给我|同我)?(?:签|订)(?:过|上|书面|个|份|任何|劳动)*合同"
    r"|合同(?:一直|从来|到现在|也|都|还)*(?:没|不|冇|未)(?:有)?(?:签|给我签|跟我签|订)"
)
# Who isn't employed by a firm or too old to be, signed at some time, employs others himself, or is owed something else.
_OTHER = re.compile(
    r"劳务|派遣|实习|退休|超龄|保姆|小时工|钟点工|兼职|非全日|公益岗|公益性岗位|村委会|包工头|代课|辅警|网格|临时工"
    r"|短工|零工|散工|日结|按天|一天|带孩子|公务员|到期|续签|补签|才签|后来|签了|员工"
    r"|我是老板|我(?:开|办)(?:了|个|的)?(?:厂|店|公司)"
    r"|隔壁|邻居|农户|私人|(?:老乡|亲戚)(?!介绍|带|喊|叫)|盖房|给人(?:家|干|做)|种地|放牛|放羊"
    r"|养(?:猪|鸡|牛|羊)(?!场|厂|公司)"
    r"|(?<!\d)(?:5[5-9]|[6-8]\d)多?(?:周)?岁|今年(?:5[5-9]|[6-8]\d)(?!\d)"
    r"|五十[五六七八九]岁|[六七八]十[一二三四五六七八九]?多?岁"
    r"|我请(?!假|问|教|求)|我雇|该赔(?!我|俺|给我)|(?:他|她|人家)(?:问|找|跟|向)?我?要(?:我)?(?:赔)?双倍"
    r"|我(?:家|的)?店|要我赔"
    r"|租|买卖|房东|承包|装修|外卖|跑腿|网约|工伤|受伤|仲裁裁|不肯签|不愿签|我(?:没|不)签|高管|人事"
)
# Who left a year ago or may have.
_LONG_GONE = re.compile(r"(?:去年|前年|年前)(?![^，。,；]{0,8}(?:进|入|来|到|开始))")
_WORKED = re.compile(
    rf"(?:干|做|上班|工作|待|呆|进厂|入职|进来|来)[^，。,；\d]{{0,6}}?(?<!\d)"
    rf"(?:(?P<years>{COUNT})\s*年(?P<half>半)?(?:(?:零|又)?(?P<over>{COUNT})\s*个月)?"
    rf"|(?P<months>{COUNT})\s*个(?P<and_half>半)?月)"
    r"(?P<more>多)?(?![前后])"
)
_ENDS = "您干满一年以后，就当成已经签了没有期限的合同，这笔钱不再往上加。"
_KEEP = "先留好工资转账、考勤、工作群。"


def told(text: str, *, before: str = "") -> str | None:
    """Sentences with months and, where the wage is told, yuan; None where it isn't asked for, or where how long they
    have worked isn't told for sure. `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if not _UNSIGNED.search(whole) or not _ASKED.search(whole) or _OTHER.search(whole) or _LONG_GONE.search(whole):
        return None
    spans = list(_WORKED.finditer(whole))
    # else the next matter would be told the sum of the one before
    if len(spans) != 1 or not (_WORKED.search(text) or is_only_how_much(text)):
        return None
    worked = _months(spans[0])
    if worked <= 1:
        return None
    wage, owed = wage_told(whole), min(worked - 1, _MOST_MONTHS)
    begun = f"您这个情况：干了{_said(worked)}没签书面合同，"
    left = min(owed, max(_ALL_LOST - worked, Decimal(0)))
    if left < owed:
        return f"{begun}{_partly_lost(owed, left, wage)}{_ENDS}{_KEEP}"
    most = "（最多就是这么多）" if worked >= _YEAR else ""
    sum_of_it = f"，照您说的一个月 {written(wage)} 元算，大约 {written(wage * owed)} 元" if wage else ""
    whole_year = _ENDS if worked > _YEAR else ""
    return (
        f"{begun}从第二个月起每个月该再给一份工资，是{_said(owed)}工资{most}{sum_of_it}。{whole_year}"
        f"这笔钱要在一年里去劳动仲裁要，不收费，拖久了前面几个月可能就不认了；{_KEEP}"
    )


def _months(found: re.Match[str]) -> Decimal:
    if found["months"]:
        return Decimal(number_of(found["months"]) or 0) + (Decimal("0.5") if found["and_half"] else 0)
    over = 6 if found["half"] else number_of(found["over"] or "0") or 0
    return Decimal((number_of(found["years"]) or 0) * _YEAR + over)


def _said(months: Decimal) -> str:
    """` 3 个半月` of 3.5, `半个月` of 0.5: behind a word."""
    if months == int(months):
        return f" {int(months)} 个月"
    return f" {int(months)} 个半月" if months > 1 else "半个月"


def _partly_lost(owed: Decimal, left: Decimal, wage: Decimal | None) -> str:
    """What is left where the year is counted back from each month, and what elsewhere."""
    of_all = f"，大约 {written(wage * owed)} 元" if wage else ""
    elsewhere = (
        f"有的地方从满一年或者离开那天起算，还能要{_said(owed)}工资{of_all}。先打 12333 问当地怎么算，再决定告不告。"
    )
    if not left:
        return f"加给的那份要在一年里要，多半已经过了：老板说过了时效，可能一分也要不到。{elsewhere}"
    of_left = f"，大约 {written(wage * left)} 元" if wage else ""
    counted = f"前面几个月可能过了，大约还剩{_said(left)}工资{of_left}"
    return f"加给的那份要在一年里要，好多地方按月倒着算，{counted}。{elsewhere}"
