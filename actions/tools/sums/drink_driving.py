"""What a measured amount of alcohol means for a driver.

道路交通安全法 91, GB 19522 (20 and 80 mg in 100 ml of blood), 关于办理醉酒危险驾驶刑事案件的意见 4, 10,
12, 14 (150 and 180 mg).
"""

import re

from knowledge.statutes.numerals import number_of

_DRANK, _MEASURED = (
    re.compile(r"酒|醉|喝了"),
    re.compile(r"抽血|血检|血里|血液|测出|测了|检出|吹(?:了|出)|酒精|化验|结果|单子|毫克"),
)
_ONES = "一二三四五六七八九"
_AMOUNT = re.compile(
    r"(?<![\d.打拨])(?P<figures>\d{2,3}(?:\.\d+)?)"
    r"(?!\d|\s*(?:块|元|年|米|公里|天|号|万|岁|点|分|多(?!毫克)|度|斤|两|日|月|人|瓶))"
    rf"|(?P<words>[一二两三]百(?:[{_ONES}]?十[{_ONES}]?|零?[{_ONES}])?)(?!块|元|年|米|公里|天|多|万|斤|[{_ONES}]十?万)"
)
# An electric bicycle within the standard is no motor vehicle; who drives for a living and who was caught before stand
# under harder rules; who was hurt or died, who ran, who had no licence is another matter.
_OTHER = re.compile(
    r"电(?:动|瓶)车|电驴|自行车|撞死|死了|逃逸|跑了|饮酒后乘|坐.{0,4}车|出租|网约|客车|货车|营运|拉客|拉货|载客"
    r"|校车|大巴|第二次|又(?:被|喝)|二次|再次|上回|以前(?:也|就)?(?:被|有)|去年也|无证|没(?:有)?驾照|没本|高速"
    r"|全责|主责|主要责任|撞(?:了|伤|人)"
)
# 没撞到人 and 没撞人 are no accident.
_DENIED = re.compile(r"(?:没|没有|未)(?:有)?撞(?:到|着|了)?人?")
_LEAST, _MOST = 10, 500
_DRINKING, _DRUNK, _LIGHT, _HEAVY = 20, 80, 150, 180
_OF_ALL = "数值以抽血鉴定为准，不服收到后马上书面申请重新鉴定。"
_WORSE = (
    "比如出了事负主要以上责任、逃跑躲检查、没证开汽车、上高速、营运时载客、严重超员超速、"
    "两年内酒驾被罚过、五年内醉驾被判过"
)


def told(text: str, *, before: str = "") -> str | None:
    """What holds for this amount; None where none is told, or several are. `before`: their question before this one."""
    whole = f"{before} {text}".strip()
    if not _DRANK.search(whole) or not _MEASURED.search(whole) or _OTHER.search(_DENIED.sub("", whole)):
        return None
    amounts = {amount for found in _AMOUNT.finditer(text) if (amount := _amount(found)) is not None}
    if len(amounts) != 1:
        return None
    [amount] = amounts
    return f"您这个情况：每百毫升血 {amount:g} 毫克，{_means(amount)}{_OF_ALL}"


def _amount(found: re.Match[str]) -> float | None:
    words = re.sub("(?<=百)[一二三四五六七八九]$", r"\g<0>十", found["words"] or "")  # 一百五 is 150
    amount = float(found["figures"]) if found["figures"] else float(number_of(words) or 0)
    return amount if _LEAST <= amount <= _MOST else None


def _means(amount: float) -> str:
    if amount < _DRINKING:
        return "没到 20 毫克，够不上酒驾。"
    if amount < _DRUNK:
        return "是酒驾，没到 80 毫克的醉驾。头一回的扣驾照六个月，罚一千元以上二千元以下，不算犯罪。"
    if amount < _LIGHT:
        return (
            f"过了 80 毫克，是醉驾；没到 150 毫克，又没有从重的事（{_WORSE}），可以不立案、不起诉。"
            "有一样就可能判。驾照都要吊销，五年内不能重考。"
        )
    if amount <= _HEAVY:
        return (
            "是醉驾，满了 150 毫克，多数要判拘役一到六个月并罚金；认罪认罚、情节轻的可能缓刑，也有不起诉的。"
            "驾照吊销，五年内不能重考。"
        )
    return "是醉驾，过了 180 毫克，一般不给缓刑，判拘役一到六个月并罚金。驾照吊销，五年内不能重考。"
