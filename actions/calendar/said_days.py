"""The days that somebody names, each with what it may mean: 去年3月8号, 农历八月十五, 上周三, 前年.

Days are told from what only looks like one (3.5万, 3号楼, a telephone number) and from days that no calendar has.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import get_solar_terms

from actions.calendar import lunar
from knowledge.statutes.numerals import number_of

READ = 300


@dataclass(frozen=True)
class SaidDay:
    """first, last: the days it may be; both None where no calendar has such a day. is_exact: one day, and no doubt.

    at, end: where it stands in the text. year: the year was said with it. weekday: of a bare 周三, 0 Monday.
    is_refused: it is said not to be this one. is_of_some_year: of this one or of the year of a day told before.
    """

    said: str
    at: int
    end: int
    first: date | None
    last: date | None
    is_exact: bool = False
    has_year: bool = False
    weekday: int | None = None
    is_refused: bool = False
    is_of_some_year: bool = False

    @property
    def is_impossible(self) -> bool:
        return self.first is None

    @property
    def is_weekend(self) -> bool:
        return self.said.endswith("末") and self.weekday is not None

    @property
    def is_year(self) -> bool:
        """去年, and no more."""
        return self.first is not None and self.last is not None and (self.last - self.first).days in (364, 365)


Span = tuple[date, date]

_NUM = r"(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]|(?<!\d)\d{1,2}(?!\d))"
_WORD_YEARS = {"大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "上年": -1, "头年": -1, "旧年": -1}
_WORD_YEARS |= {"今年": 0, "本年": 0, "明年": 1, "后年": 2}
_THAT_YEAR = {"当年": 0, "同年": 0, "那年": 0, "次年": 1, "第二年": 1, "翌年": 1}  # of the year told before
_WORD_YEARS |= _THAT_YEAR
_WORD_YEAR = "|".join(_WORD_YEARS)
_YEAR = (
    rf"(?:(?P<year>{_WORD_YEAR}|(?<!\d)(?:19|20)\d\d年?|[一二][〇零○一二三四五六七八九]{{3}}年?|(?<![\d.])\d\d年"
    rf"|[〇零○一二九][〇零○一二三四五六七八九]年|{_NUM}年(?:以|之)?前)[的，, ]?)?"
)
_MOON = "农历|阴历|旧历|老历|古历"
_CALENDAR = rf"(?:(?P<calendar>{_MOON}|阳历|公历|新历)的?)?"
_WHICH = "这个?|本|上上个?|上个?|下下个?|下个?"
_DAY = rf"(?P<day>初?{_NUM}|廿[一二三四五六七八九]?)"
_WEEKDAYS = {sign: i for i, sign in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
_WEEKDAYS |= {str(i + 1): i for i in range(7)}
_NEAR = {"大前": -3, "前": -2, "昨": -1, "夜来": -1, "夜个": -1, "夜儿": -1, "今": 0, "明": 1, "大后": 3, "后": 2}
_FEASTS = {"元宵": (1, 15), "端午": (5, 5), "七夕": (7, 7), "中秋": (8, 15), "重阳": (9, 9), "腊八": (12, 8)}
_FEASTS |= {"龙抬头": (2, 2), "中元": (7, 15)}
_SUN_FEASTS = {"元旦": (1, 1), "妇女": (3, 8), "三八": (3, 8), "劳动": (5, 1), "青年": (5, 4), "儿童": (6, 1)}
_SUN_FEASTS |= {"五一": (5, 1), "六一": (6, 1), "教师": (9, 10), "国庆": (10, 1), "双十一": (11, 11), "双11": (11, 11)}
_SUN_FEASTS |= {"双十二": (12, 12), "双12": (12, 12), "圣诞": (12, 25), "平安夜": (12, 24), "光棍": (11, 11)}
_SUN_FEASTS |= {"情人": (2, 14), "植树": (3, 12), "建党": (7, 1), "七一": (7, 1), "建军": (8, 1), "八一": (8, 1)}
# On the eve of one that is kept for several days it is still clear which day is meant; on the day after it isn't.
_LONG_FEASTS = re.compile("国庆|五一|劳动|元旦|中秋|端午|除夕|年三十|大年")
_DAYTIME = "一?大?早(?![退就])|上午|下午|中午|晌午|晚上|夜里|傍晚|头晌|后晌"
# What is promised for a feast is due on it at the earliest.
_DUE = "还(?![没未在是不有能要])|到期|结[清账]|付|给(?![我俺咱])"
_EVENTS = "收|签|领|拿|取|送|寄|到的|给|接"
_TERMS = (
    "立春|雨水|惊蛰|春分|清明|谷雨|立夏|小满|芒种|夏至|小暑|大暑"
    "|立秋|处暑|白露|秋分|寒露|霜降|立冬|小雪|大雪|冬至|小寒|大寒"
)
# 八月十五中秋节, 3.8妇女节: the day and its feast are one.
_ITS_DAY = (
    r"(?:(?:正月|[二五七八九]月|腊月)(?:十五|初?[二五七八九])的?"
    r"|(?:3[.]8|三八|5[.]1|五一|6[.]1|六一|10[.]1|十一)(?=妇|劳|国|儿))?"
)
_THIRDS = {"初": (1, 10), "头": (1, 10), "上旬": (1, 10), "中旬": (11, 20), "中": (10, 20), "下旬": (21, 31)}
_THIRDS |= {"底": (25, 31), "末": (25, 31), "尾": (25, 31)}

# What has figures and is no day: sums, measures, numbers of telephones, houses, cases and papers, hours, durations.
_NO_DAYS = re.compile(
    r"\d{9,}[xX]?|(?<!\d)\d{3,4}-\d{7,8}(?!\d)"
    r"|(?<!\d)(?!(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))\d{7,8}(?!\d)"
    r"|[（(]?(?:19|20)\d{2}[)）]?[\u4e00-\u9fff]{1,2}\d{2,6}[民刑行执][\u4e00-\u9fff]{0,2}\d*号?"
    r"|[（(]\d{4}[)）][^，。,]{0,12}?\d+号|[^，。,\d\s]{0,4}字第?\d+号|第\s*\d+(?:\.\d+)?"
    r"|\d+(?:\.\d+)?\s*(?:[多来几]?[万亿千百元块毛角钱亩米里吨斤倍折级％%℃平间岁厘升克张份名]|公[里斤顷分]"
    r"|个[多半]?[月小工星]|分(?!钟?前)|小时|次|成)"
    r"|(?<![\d月])\d{1,2}\s?[:：]\d{2}|\d{1,2}点(?:\d{1,2}分?|半)?(?=钟|多|[^\d]|$)"
    r"|[一二三四五六七八九十两几半百]+(?:个[多半]?[月小工]|周年|岁|万|亩|块|分钟)"
    r"|(?<![月\d])\d{1,2}号(?:楼|院|线|店|门|地[块里上]?|机|床|桌|井|厂|仓|库|房|铺|柜|棚|矿|船|球|路|组|案|台|桥|站|屋"
    r"|坑|塘|田|公路|国道"
    r"|文件|车间|法庭|厅|码头|高速|员工|令)|\d+(?:\.\d+)?\s*(?:米|公里|度)"
    r"|[A-Za-z第]\d+[号日]|\d+[／/]\d+(?=的|股|份)"
)
_WEATHER = re.compile(r"大雪(?!节)")  # 大雪那天: the day of the term, or one on which it snowed
_PERHAPS = re.compile(
    r"(?:大概|大约|好[像象]|差不多|可能|约莫|估摸着?|估计|许是|应该是?|得有|兴许|约|还是|或者?|要么)[是在]?$"
)
_OR_SO = re.compile(
    r"左右|前后|上下|那几天|那阵|来的(?=时候)|(?:以|之)后"
    r"|(?:以|之)前(?!(?:就|要|得|应当?|必须)?(?:[还给付结交赔腾]|履行|全部|一次|把))|往[前后]|还是|或"
    r"|[、,，]?[一二三四五六七八九\d]+[号日]|的样子|记不|吧记|这样子"
)
_REFUSED = re.compile(r"(?:不是|并非|不要|别约|别安排|别|除了?|除开|不算|避开|躲开)[在是]?$")
_TAKEN_BACK = re.compile(r"(?:不是|并非)[在是]?$")
_CORRECTED = re.compile(
    r"[^。；]{0,32}?[，,。 ]?(?:[哦噢哎唉诶啊呀嗯刚才][，,]?)?(?:不对|错了|[说记看数写弄]错|[说记]岔|看花了?眼"
    r"|口误|更正|哦不|拿近了?看|翻(?:出来?|了)?(?:回执|条子|单子|签收条|日历|短信|手机)?(?:一?看)?(?:才|发现)*是"
    r"|签收条上)"
    r"[^。，]{0,3}(?:[，,](?:[^，。]{0,6}(?:看|翻|拿)[^，。]{0,6})?)?(?:应该|应当)?是?"
)
_NAMES_YEAR = re.compile(r"年(?!前)|^\d{2,4}[-./]|^(?:19|20)\d{6}")
_IS_DUE = re.compile(
    r"(?:(?:以|之)?前)?(?:就|该|要|得|必须|应当?)*(?:还(?![没未在是不有能])|付|结[清账]|到期|给(?:钱|清|付)|履行|腾)"
)
_SET_FOR = re.compile(
    r"(?:限|约定|约好|说好|讲好|答应|写明|写的?是?|定的?是?|还款日|到期日?)(?:的|是|为|在|到|他|她|对方|我)*$"
)
_LATELY = 60  # days; a day without a year that lies nearer is this year's, whatever was told before it
_UNFIT = re.compile(
    r"(?:以外|之外|外)?(?:都|也)?(?:不行|没空|不方便|去不了|来不了|有事|没时间|不得空|不得闲|不中|不可以|要上班|上班"
    r"|不在家)"
)


def number(said: str) -> int:
    """`3`, `三`, `十三`, `二十三`, `廿三`, `初三`. Raises ValueError."""
    found = number_of(said.strip().removeprefix("初").replace("廿", "二十"))
    if found is None:
        raise ValueError(said)
    return found


def _year(said: str | None, today: date) -> int | None:
    if not said:
        return None
    if said in _WORD_YEARS:
        return today.year + _WORD_YEARS[said]
    if said.endswith("前"):
        return today.year - number(said.partition("年")[0])
    figures = number(said.removesuffix("年"))
    if figures >= 100:
        return figures
    return 2000 + figures if figures <= today.year % 100 + 1 else 1900 + figures


@dataclass(frozen=True)
class _Asked:
    """Today, and whether a day without a year is the last such day or the next."""

    today: date
    past: bool

    def nearest(self, year: int | None, make: Callable[[int], date | None]) -> Span | None:
        if year is not None:
            return _one(make(year))
        days = [day for y in range(self.today.year - 8, self.today.year + 9) if (day := make(y))]
        if self.past:
            return _one(max((day for day in days if day <= self.today), default=None))
        return _one(min((day for day in days if day >= self.today), default=None))


def _one(day: date | None) -> Span | None:
    return (day, day) if day else None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_away(today: date, months: int) -> date:
    years, month = divmod(today.month - 1 + months, 12)
    return date(today.year + years, month + 1, 1)


def _steps(which: str) -> int:
    return which.count("下") - which.count("上")


def _day_of_month(found: re.Match[str], asked: _Asked) -> Span | None:
    """去年3月8号, 农历八月十五, 腊月二十三; 八月十五 without 号 is a day of either calendar."""
    month, day, year = found["month"], found["day"], _year(found["year"], asked.today)
    in_sun = _in_sun(found)
    if in_sun is not False:
        sun = asked.nearest(year, lambda y: _made(y, number(month), number(day)))
        if in_sun:
            return sun
    names = {"正": 1, "冬": 11, "腊": 12}
    lunar_month = names.get(month) or number(month)
    moon = asked.nearest(year, lambda y: lunar.day(y, lunar_month, number(day), is_leap=bool(found["leap"])))
    if in_sun is False:
        if moon and found["year"] in _WORD_YEARS and lunar.year_of(asked.today) != asked.today.year:
            return moon[0] - timedelta(days=400), moon[0]  # before Spring Festival 今年 is the one or the other
        return moon
    days = [day for span in (sun, moon) if span for day in span]
    return (min(days), max(days)) if days else None


def _in_sun(found: re.Match[str]) -> bool | None:
    """True: our calendar; False: the lunar one; None: either."""
    calendar, month, day = found["calendar"] or "", found["month"], found["day"]
    if re.fullmatch(_MOON, calendar) or found["leap"] or month in "正冬腊" or day[0] in "初廿":
        return False
    return True if calendar or found["sign"] or day.isascii() or month.isascii() else None


def _same_day(found: re.Match[str], asked: _Asked) -> Span | None:
    """去年的今天."""
    return _one(_made(_year(found["year"], asked.today) or 0, asked.today.month, asked.today.day))


def _feast(found: re.Match[str], asked: _Asked) -> Span | None:
    year, name = _year(found["year"], asked.today), found["feast"]
    if name.startswith("大年初"):
        return asked.nearest(year, lambda y: lunar.day(y, 1, number(name[3:])))
    if name in _FEASTS:
        month, day = _FEASTS[name]
        return asked.nearest(year, lambda y: lunar.day(y, month, day))
    if name in _SUN_FEASTS:
        month, day = _SUN_FEASTS[name]
        return asked.nearest(year, lambda y: _made(y, month, day))
    if name in _TERMS:
        return asked.nearest(year, lambda y: _terms_of(y).get(name))
    return asked.nearest(year, lunar.last_of)


@lru_cache(maxsize=64)
def _terms_of(year: int) -> dict[str, date]:
    """The 24 solar terms (节气) of the year by name (the package has 1900 to 2100)."""
    return {name: day for day, name in get_solar_terms(date(year, 1, 1), date(year, 12, 31))}


def _by_a_feast(found: re.Match[str], asked: _Asked) -> Span | None:
    """国庆节前一天, 冬至前两天; 元旦头一天 may be the eve or the feast, 中秋第二天 the last day of rest or the next."""
    feast = _feast(found, asked)
    if feast is None:
        return None
    steps = number((found["before"] or found["after"] or "一").replace("两", "二"))
    if found["before"] or found["before_one"]:
        eve = feast[0] - timedelta(days=steps)
        return (eve, feast[0]) if "头" in found.group() else _one(eve)
    day = feast[0] + timedelta(days=steps)
    return (feast[0], day) if _LONG_FEASTS.search(found["feast"]) else (day, day)


def _of_a_month(found: re.Match[str], asked: _Asked) -> Span | None:
    """上个月最后一天, 这个月头一天."""
    first = _month_away(asked.today, _steps(found["which"]))
    is_last = found["end"].startswith("最后")
    return _one(first.replace(day=monthrange(first.year, first.month)[1]) if is_last else first)


def _weeks_ago(found: re.Match[str], asked: _Asked) -> Span | None:
    """两个礼拜前, 上个礼拜的今天."""
    weeks = _steps(found["which"]) * -1 if found["which"] else number(found["weeks"].replace("两", "二"))
    return _one(asked.today - timedelta(weeks=weeks))


def _months_ago(found: re.Match[str], asked: _Asked) -> Span | None:
    """上个月的今天, 两年前的今天, 三个月前的今天."""
    back = number(found["count"].replace("两", "二")) if found["count"] else -_steps(found["which"] or "")
    first = _month_away(asked.today, -back * (12 if found["unit"] == "年" else 1))
    return _one(_made(first.year, first.month, asked.today.day))


def _last_day(found: re.Match[str], asked: _Asked) -> Span | None:
    """去年最后一天, 八月最后一天."""
    year, month = _year(found["year"], asked.today), found["month"]
    if not month:
        return _one(_made(year or 0, 12, 31))

    def last(y: int) -> date | None:
        first = _made(y, number(month), 1)
        return first.replace(day=monthrange(y, first.month)[1]) if first else None

    return asked.nearest(year, last)


def _figures(found: re.Match[str], asked: _Asked) -> Span | None:
    """2025-03-08, 25.3.8, 20250308."""
    return _one(_made(_year(found["year"], asked.today) or 0, int(found["month"]), int(found["day"])))


def _short_figures(found: re.Match[str], asked: _Asked) -> Span | None:
    """去年3.8, 3.8号, 3/8收到的."""
    year = _year(found["year"], asked.today)
    return asked.nearest(year, lambda y: _made(y, int(found["month"]), int(found["day"])))


def _of_this_month(found: re.Match[str], asked: _Asked) -> Span | None:
    """上个月8号."""
    first = _month_away(asked.today, _steps(found["which"]))
    return _one(_made(first.year, first.month, number(found["day"])))


def _bare(found: re.Match[str], asked: _Asked) -> Span | None:
    """8号: the last 8th, or the next; the 31st is looked for in the months that have one."""
    said = number(found["day"])
    firsts = [_month_away(asked.today, -i if asked.past else i) for i in range(4)]
    days = [day for first in firsts if (day := _made(first.year, first.month, said))]
    fits = [day for day in days if (day <= asked.today if asked.past else day >= asked.today)]
    return _one(fits[0] if fits else None)


def _near(found: re.Match[str], asked: _Asked) -> Span | None:
    return _one(asked.today + timedelta(days=_NEAR[found["near"] or found["old"]]))


def _ago(found: re.Match[str], asked: _Asked) -> Span | None:
    return _one(asked.today - timedelta(days=number(found["day"])))


def _hence(found: re.Match[str], asked: _Asked) -> Span | None:
    """两天后: in a story of the past it counts from a day told before, so it is no day of its own."""
    day = asked.today + timedelta(days=number(found["day"]))
    return (asked.today - timedelta(days=400), day) if asked.past else (day, day)


def _weekday(found: re.Match[str], asked: _Asked) -> Span | None:
    """上周三, 这个星期天, 周三, 周末."""
    said, which, today = found["weekday"], found["which"], asked.today
    wanted, away = _WEEKDAYS[said], today.weekday() - _WEEKDAYS[said]
    day = today - timedelta(days=away % 7) if asked.past else today + timedelta(days=-away % 7)
    if which:
        day = today + timedelta(days=wanted - today.weekday() + 7 * _steps(which))
    return day, day + timedelta(days=said == "末")


def _week(found: re.Match[str], asked: _Asked) -> Span | None:
    monday = asked.today + timedelta(days=7 * _steps(found["which"]) - asked.today.weekday())
    return monday, monday + timedelta(days=6)


def _month(found: re.Match[str], asked: _Asked) -> Span | None:
    """2025年3月, 去年三月份, 3月底."""
    first = asked.nearest(
        _year(found["year"], asked.today), lambda y: _made(y, number(found["month"]), 1 if asked.past else 28)
    )
    return _third(first[0], found["third"]) if first else None


def _this_month(found: re.Match[str], asked: _Asked) -> Span | None:
    """上个月, 下月初, 月底."""
    return _third(_month_away(asked.today, _steps(found["which"] or "")), found["third"])


def _third(day: date, third: str | None) -> Span:
    first, last = _THIRDS.get(third or "", (1, 31))
    length = monthrange(day.year, day.month)[1]
    return day.replace(day=first), day.replace(day=min(last, length))


def _whole_year(found: re.Match[str], asked: _Asked) -> Span | None:
    year = _year(found["year"], asked.today) or asked.today.year
    return (date(year, 1, 1), date(year, 12, 31)) if 1900 <= year <= 2200 else None


def _roughly(found: re.Match[str], asked: _Asked) -> Span | None:
    """前几天, 半年前, 国庆: some time in the last years."""
    return date(asked.today.year - 20, 1, 1), asked.today


_Reader = Callable[[re.Match[str], _Asked], Span | None]
_EVENT = (
    r"开[了的]?|发[了的通]|下[了的]|贴|法院|公安|派出所|交警|民政"
    r"|收|拿|送|被|签|到|领|接|那天|当天|离|辞|出[事院]|受|摔|撞|下午|上午|早上|晚上|[，,。；; ]|$"
)
# In order, the particular before the general: what one has read is taken out before the next one looks. The last
# says whether it names a day.
_READERS: tuple[tuple[re.Pattern[str], _Reader, bool], ...] = tuple(
    (re.compile(pattern), read, is_day)
    for pattern, read, is_day in (
        (
            r"(?<!\d)(?P<year>(?:19|20)\d\d|\d\d)\s?(?P<sep>[-./])\s?"
            r"(?P<month>\d{1,2})\s?(?P=sep)\s?(?P<day>\d{1,2})(?!\d)"
            r"[日号]?",
            _figures,
            True,
        ),
        (r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)", _figures, True),
        (rf"(?P<year>{_WORD_YEAR})的?(?P<same>今天|今日)", _same_day, True),
        (
            rf"(?:(?P<count>{_NUM}|两)个?(?P<unit>年|月)(?:以|之)?前|(?P<which>上上个?|上个?)月)"
            r"的?(?:今天|今日|这天|这一天)",
            _months_ago,
            True,
        ),
        (
            rf"(?:(?P<weeks>{_NUM}|两)个?(?:周|星期|礼拜)(?:以|之)?前(?:的(?:今天|今日))?"
            r"|(?P<which>上上个?|上个?)(?:周|星期|礼拜)的?(?:今天|今日))",
            _weeks_ago,
            True,
        ),
        (
            rf"{_YEAR}(?P<feast>除夕|大年初一|{'|'.join([*_FEASTS, *_SUN_FEASTS])}|{_TERMS})节?的?"
            r"(?:(?:前|头)(?P<before>[一二两三])[天日]|(?P<before_one>前夜|前夕|头天)"
            r"|(?:过)?后(?P<after>[一二两三])[天日]|(?P<after_one>第二天|次日|隔天|转天))",
            _by_a_feast,
            True,
        ),
        (rf"{_YEAR}(?P<feast>大年初[一二三四五六七八九十]|除夕|大年三十|年三十|大年夜)", _feast, True),
        (
            rf"{_CALENDAR}{_YEAR}{_ITS_DAY}(?P<feast>{'|'.join([*_FEASTS, *_SUN_FEASTS])}|{_TERMS})节?"
            rf"(?:[（(][^）)]{{2,5}}[）)])?(?:当天|那天|那日|那一天|当日|这天|这一天|(?={_DAYTIME}))",
            _feast,
            True,
        ),
        (rf"{_CALENDAR}{_YEAR}(?P<feast>{_TERMS})(?:才|刚)?(?={_EVENTS})", _feast, True),
        (rf"{_YEAR}(?P<feast>元旦|国庆|五一)节?(?:前)?(?={_DUE})", _feast, True),
        # 前年端午我被狗咬了: of one that is one day by the moon or the sun, and whose rest only lies around it.
        (rf"{_CALENDAR}{_YEAR}(?P<feast>{'|'.join(_FEASTS)}|清明)节?(?=[我俺咱他她在被让叫把跟]|{_DUE})", _feast, True),
        (rf"{_YEAR}(?P<feast>双十[一二]|双1[12])(?:才|刚)?(?=收|签|领|拿到|到的)", _feast, True),
        (
            rf"(?:(?P<year>{_WORD_YEAR}|(?:19|20)\d\d年)的?(?:阳历|公历)?的?)(?:(?P<month>{_NUM})月份?的?)?最后一天",
            _last_day,
            True,
        ),
        (rf"(?P<year>)(?P<month>{_NUM})月份?的?最后一天", _last_day, True),
        (rf"(?P<which>{_WHICH})月份?的?(?P<end>最后一[天日]|[头第]一[天日])", _of_a_month, True),
        (
            rf"{_CALENDAR}{_YEAR}(?P<leap>闰)?(?P<month>[正冬腊]|{_NUM})\s?月份?的?\s?{_DAY}\s?"
            r"(?:(?P<sign>[日号])|(?![\d个几多来万亿元块天年月千百亩点]))",
            _day_of_month,
            True,
        ),
        (rf"(?P<which>{_WHICH})月份?的?{_DAY}[日号]", _of_this_month, True),
        (
            rf"(?P<year>{_WORD_YEAR})的?(?P<month>\d{{1,2}})[./-](?P<day>\d{{1,2}})(?![\d.])[日号]?",
            _short_figures,
            True,
        ),
        (
            rf"(?P<year>)(?<![\d.])(?P<month>\d{{1,2}})[./-](?P<day>\d{{1,2}})(?:[日号]|(?![\d.])(?={_EVENT}))",
            _short_figures,
            True,
        ),
        (
            r"(?P<near>大前|(?<![啥么])前|昨|今|明|大后|后)"
            r"(?:天|日|儿个?|晚(?!上班)|夜(?!来)|早(?!晚|就|已|先)|(?=[上下]午|头晌|后晌))"
            r"|(?P<old>夜来|夜个|夜儿)",
            _near,
            True,
        ),
        (rf"(?P<day>{_NUM})[天日](?:以|之)?前", _ago, True),
        (rf"(?P<day>{_NUM})[天日](?:以|之)?后", _hence, True),
        (
            rf"(?P<which>(?:{_WHICH})?)(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末1-7])(?![年岁个次\d])",
            _weekday,
            True,
        ),
        (rf"(?P<which>{_WHICH})(?:周|星期|礼拜)", _week, False),
        (rf"{_YEAR}(?P<month>{_NUM})月份?(?P<third>上旬|中旬|下旬|初|中|底|末|尾|头)?", _month, False),
        (rf"(?P<which>{_WHICH})个?月份?(?P<third>上旬|中旬|下旬|初|中|底|末|尾|头)?", _this_month, False),
        (r"(?P<which>)(?<![年个\d])月(?P<third>初|中|底|末|尾|头)", _this_month, False),
        (rf"(?<!\d[-./])(?P<day>{_NUM})[号日](?!前|内|之内|以内|报)", _bare, True),
        (
            rf"(?P<year>{_WORD_YEAR}|(?<!\d)(?:19|20)\d\d年|[一二][〇零○一二三四五六七八九]{{3}}年)",
            _whole_year,
            False,
        ),
        (
            rf"(?<!\d)\d\d年(?:的)?(?:[夏秋冬春]天?|[寒暑]假|年?[初底中尾头]|上半年|下半年|春节|国庆)"
            r"|前[几两些]天|前阵子?|前段时间|前不久|最近|不久前|早些年|前几年|上回"
            rf"|(?:半|{_NUM}|几|好几)[个多来半]{{0,3}}(?:年|月|周|星期|礼拜|天)多?半?(?:以|之)?前"
            r"|国庆|春节|过年|(?:\d\d)?年[初底中尾头]|开春"
            r"|[夏秋冬春]天|[寒暑]假|清明|五一(?!路|街|村)|元旦|麦收|秋收|端午|中秋"
            r"|元宵",
            _roughly,
            False,
        ),
    )
)


def read(text: str, *, today: date, past: bool) -> tuple[SaidDay, ...]:
    """The days named in the first READ characters, in the order of the text.

    past: a day without a year is the last such day, else the next.
    """
    asked, found = _Asked(today, past), []
    rest = plain(text)
    for pattern, reader, is_day in _READERS:
        for match in pattern.finditer(rest):
            found.append(_said(match, reader, asked, is_day=is_day))
        rest = pattern.sub(lambda m: "　" * len(m.group()), rest)
    days = _of_that_year(_once(sorted((day for day in found if day), key=lambda day: day.at), text))
    dated = list(_with_years(days, text))
    dated = list(_in_order(dated, text, today)) if past else dated
    return tuple(_refused_together(_checked(dated, text[:READ], past=past), text))


def _in_order(days: list[SaidDay], text: str, today: date) -> Iterator[SaidDay]:
    """判决23年6月1号生效，限他6月11号前给钱: what is due after a day of a year told falls on the next such day.

    Of anything else that lies long ago it isn't sure which year is meant: 24年3月1号判的，3月10号收到.
    """
    for i, day in enumerate(days):
        before = next((d for d in reversed(days[:i]) if d.is_exact and d.first and _NAMES_YEAR.search(d.said)), None)
        after = _next_such(day, before)
        if after is None or after == day.first or day.first is None:
            yield day
        elif _IS_DUE.match(text[day.end :]) or _SET_FOR.search(text[: day.at]):
            yield replace(day, first=after, last=after, has_year=True)
        elif (today - day.first).days > _LATELY:
            yield replace(day, is_exact=False, is_of_some_year=True)
        else:
            yield day


def _next_such(day: SaidDay, before: SaidDay | None) -> date | None:
    """The first such day of our calendar on or after `before`; None where there is nothing to go by."""
    is_open = day.is_exact and not day.has_year and day.first and not re.search(r"[初廿正冬腊]", day.said)
    if not is_open or day.first is None or before is None or before.first is None or before.first > day.first:
        return None
    found = [_made(year, day.first.month, day.first.day) for year in range(before.first.year, day.first.year + 1)]
    return next((one for one in found if one and one >= before.first), None)


def _of_that_year(days: list[SaidDay]) -> list[SaidDay]:
    """24年3月借的，当年7月15日还: the year of the day before it; where none was told, it isn't sure which."""
    told: list[SaidDay] = []
    for day in days:
        after = next((steps for word, steps in _THAT_YEAR.items() if day.said.startswith(word)), None)
        if after is None or day.first is None or day.last is None:
            told.append(day)
            continue
        before = next((d for d in reversed(told) if d.has_year and d.first and d.last), None)
        year = before.first.year + after if before and before.first else 0
        first, last = (_made(year, d.month, d.day) for d in (day.first, day.last)) if year else (None, None)
        told.append(replace(day, first=first, last=last) if first and last else replace(day, is_exact=False))
    return told


def _once(days: list[SaidDay], text: str) -> list[SaidDay]:
    """11月20日星期五 is one day; where the two don't agree, it isn't sure which."""
    told: list[SaidDay] = []
    for day in days:
        if (
            told
            and told[-1].weekday is None
            and day.weekday is not None
            and re.fullmatch(r"[，,（( ]*", text[told[-1].end : day.at])
        ):
            fits = told[-1].first is not None and told[-1].first.weekday() == day.weekday
            told[-1] = replace(told[-1], is_exact=told[-1].is_exact and fits)
        else:
            told.append(day)
    return told


def plain(text: str) -> str:
    """The text, of the same length, without what has figures and is no day; 农历 stands before the year."""
    text = text[:READ].translate(str.maketrans("０１２３４５６７８９．", "0123456789."))
    text = re.sub(r"(\d{1,2}[号日])[（(]((?:\d{1,2}月|本月|这个?月)份?)[）)]", r"　　\2\1", text)  # 26号（11月）
    text = re.sub(r"(\d{1,2}月\d{1,2}[号日])[（(]((?:\d{2}|\d{4})年)[）)]", r"　　\2\1", text)
    text = _NO_DAYS.sub(lambda m: "　" * len(m.group()), text)
    return re.sub(rf"({_WORD_YEAR}|\d{{2,4}}年)(的?)({_MOON})", r"\3\1\2", text)


def _said(match: re.Match[str], reader: _Reader, asked: _Asked, *, is_day: bool) -> SaidDay | None:
    span = reader(match, asked)
    if span is None and (not is_day or reader is _bare):
        return None  # 32号 is some other number
    first, last = span or (None, None)
    fields = match.groupdict()
    has_which = bool(fields.get("which"))
    weekday = _WEEKDAYS[fields["weekday"]] if fields.get("weekday") and not has_which else None
    has_year = bool(fields.get("year")) or has_which or not fields.get("month")
    is_exact = is_day and first is not None and first == last and not _WEATHER.search(match.group())
    said = match.group().strip(" ，,")
    at = match.start() + len(match.group()) - len(match.group().lstrip(" ，,"))
    return SaidDay(said, at, at + len(said), first, last, is_exact, has_year, weekday)


def _with_years(days: list[SaidDay], text: str) -> Iterator[SaidDay]:
    """去年我3月8号被辞退: the year that stands alone belongs to the day after it, surely only where it stands near."""
    years = [day for day in days if day.is_year]
    alone = [year for year in years if not _of_something_else(year, days, text)]
    for i, day in enumerate(days):
        after = days[i + 1] if i + 1 < len(days) else None
        if day.is_year and len(years) == 1 and after and _moved(after, day):
            continue
        before = next((d for d in reversed(days[:i]) if d.has_year and d.first and d.at < day.at), None)
        is_told = before and before.first and day.first and not before.is_year and before.first.year == day.first.year
        if day.is_year or day.has_year or is_told or not [y for y in years if y.at < day.at or y in alone]:
            yield day
        elif len(years) == 1 and i and (moved := _moved(day, days[i - 1])):
            yield moved
        else:
            yield replace(day, is_exact=False)


def _of_something_else(year: SaidDay, days: list[SaidDay], text: str) -> bool:
    """腊月十八他撵我，房子是我前年过户的: in a later clause, with an event of its own."""
    follows = any(day.at < year.at and re.search(r"[，,。；;]", text[day.end : year.at]) for day in days)
    return follows and not re.match(r"的?(?:事|时候|那[天会])?(?:[，,。；;！？]|$)", text[year.end :])


def _moved(day: SaidDay, year: SaidDay) -> SaidDay | None:
    """The day in the year that stands just before it, where it is a day of our calendar."""
    is_near = year.is_year and 0 <= day.at - year.end <= 4
    if not is_near or day.has_year or day.first is None or day.last is None or year.first is None:
        return None
    if re.search(r"[初廿正冬腊]", day.said):
        return None
    first, last = (_made(year.first.year, d.month, d.day) for d in (day.first, day.last))
    return replace(day, first=first, last=last, has_year=True) if first and last else None


def _checked(days: list[SaidDay], text: str, *, past: bool) -> Iterator[SaidDay]:
    """With the doubts and refusals of the words around them."""
    for day, following in zip(days, [*days[1:], None], strict=False):
        before, after = text[max(0, day.at - 6) : day.at], text[day.end : day.end + 8]
        is_refused = bool(_TAKEN_BACK.search(before) if past else _REFUSED.search(before) or _UNFIT.match(after))
        is_refused |= following is not None and bool(_CORRECTED.fullmatch(text[day.end : following.at]))
        is_doubtful = bool(_PERHAPS.search(before) or _OR_SO.match(after))
        yield replace(day, is_exact=day.is_exact and not is_doubtful, is_refused=is_refused)


def _refused_together(days: Iterator[SaidDay], text: str) -> list[SaidDay]:
    """不要周三周四, 周三周四都不行."""
    told = list(days)
    for i in (*range(1, len(told)), *range(len(told) - 1, 0, -1)):
        first, second = told[i - 1], told[i]
        if re.fullmatch(r"[、,，和跟与]?", text[first.end : second.at]) and first.is_refused is not second.is_refused:
            told[i - 1], told[i] = replace(first, is_refused=True), replace(second, is_refused=True)
    return told
