"""Whether interest between people is more than a court upholds: four times the one-year LPR of the day of the loan,
for loans since 20 August 2020 (`lpr`).

Only between people: who lends by licence stands under other rules (法释〔2020〕17号 1, 法释〔2020〕27号).
"""

import calendar
import re
from datetime import date
from decimal import Decimal

from actions.tools.sums.amounts import COUNT, SUM, written, yuan
from actions.tools.sums.lpr import ANY_DAY, KNOWN_UNTIL, Limits, limits
from knowledge.statutes.numerals import number_of

_LOAN_SHARK = Decimal(36)  # percent a year: 关于办理非法放贷刑事案件若干问题的意见 2
_MONTHS = 12
_FEN = r"[一二两三四五六七八九]|\d(?:\.\d)?"
_TENTHS = "半|[一二三四五六七八九1-9]"
_RATE = re.compile(
    rf"(?:月息|月利)(?:是|按)?\s*(?P<monthly>{_FEN})\s*分(?P<and_half>{_TENTHS})?"
    rf"|(?P<fen>{_FEN})\s*分(?P<half>{_TENTHS})?(?=\s*(?:利|息|的利|月息|钱利))"
    r"|(?:年息|年利率?|年化)\s*(?:是|按)?\s*(?:(?P<percent>\d{1,2}(?:\.\d)?)\s*(?:%|％|个点)"
    r"|百分之(?P<words>\d{1,2}(?:\.\d)?|[一二三四五六七八九十]{1,3}))"
)
_ASKED = re.compile(
    r"合法|犯法|违法|高利|保护|算数|算不算|认不认|要不要给|要给|该不该|超(?:了|过)|能不能|抵|太高|吗|不[？?]?$|么"
)
# A bank, a company that lends, a pawnshop, a card and an app stand under other rules; a loan before that August, too.
_OTHER = re.compile(
    r"网贷|花呗|借呗|信用卡|银行|小贷|小额贷|房贷|车贷|信用社|农商|农信|邮储"
    r"|微粒|放心借|拍拍|美团|京东|白条|金条|度小满"
    r"|平台|贷款|贷了|消费金融|典当|当铺|合作社|互助社|租赁|担保公司|[Aa][Pp][Pp]|软件"
    r"|20(?:0\d|1\d)年|(?<!\d)(?:0\d|1\d)年|罚息|存(?:款|钱)|理财"
    r"|(?:20)?20年|疫情|[七八九十]年前|十几年|好多年前|多年前|(?:[每一按]|\d)天(?!天)|日[息利]|每日|每周|一周|砍头"
    r"|年(?:息|利率?)[^，。百]{0,3}分"
)
_OF_IT = re.compile(r"利息|本金|还本|利钱|这个利")
# 每月利息五百, 一个月给他六百利息
_YUAN = re.compile(
    rf"(?:每个?月|一个?月|月月)(?:的|都|要|还|给|付|收|他|她|我|人家)*"
    rf"(?:利[息钱](?:是|要|给|收|付|就)*(?P<after>{SUM})(?!\s*分)|(?P<ahead>{SUM})\s*[块元]?(?:的|钱)*利)"
)
_PAID = re.compile(
    rf"(?:给|付|还|交|收)(?:了|过|他|她|人家|我)*(?:有|快)?"
    rf"(?:(?P<months>{COUNT})\s*个月|(?P<years>{COUNT})\s*年(?P<half>半)?)(?![前后])"
)
_LENT = re.compile(rf"借(?:了|给|我|他|出去|走)?[^，。,；\d息利]{{0,8}}?(?P<sum>{SUM})")
# 我借给他五万, 他跟我借的, 每月收他一千二: who asks is the lender.
_LENDS = re.compile(
    r"借给(?!了?(?:我|俺|咱))|借出|放给(?!我|俺)|收(?:他|她|人家)"
    r"|(?:跟|向|找|问|同|和)(?:我|俺)借|给了?(?:我|俺)利|欠(?:我|俺)"
)
_UNSAID = re.compile(
    r"没(?:有)?(?:写|约定?|说|讲|提)(?:好|明|清|过)*(?:要|有|的)*利"
    r"|利[息钱](?:也|都|又)*(?:没|冇|未)(?:有)?(?:写|约|说|讲|提)"
)
_WHEN = re.compile(
    r"(?:(?<!\d)(?:20)?(?P<year>2[1-9])年|(?P<named>今年|去年|大前年|前年))"
    r"(?:的|我|是)*\s*(?:(?P<month>1[0-2]|[1-9])月)?(?P<rest>[^，。,；]{0,6}?)借"
)
_YEARS_AGO = {"今年": 0, "去年": 1, "前年": 2, "大前年": 3}


def told(text: str, *, today: date, before: str = "") -> str | None:
    """What a rate comes to in a year and how much of it a court upholds; None where none or several are told, or where
    nobody asks. `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if found := _in_yuan(text, whole, today):
        return found
    # a next matter isn't told the rate of the one before
    if not _ASKED.search(text) or _OTHER.search(whole) or not (_RATE.search(text) or _OF_IT.search(text)):
        return None
    rates = {
        (rate, not (f["percent"] or f["words"])) for f in _RATE.finditer(whole) if (rate := _yearly(f)) is not None
    }
    if len(rates) != 1:
        return None
    [(rate, is_monthly)] = rates
    of_loan = _of_loan(whole, today)
    how = "按月息算，" if is_monthly else ""
    return f"{_begun(whole)}{how}合一年 {written(rate)}%。{_held(rate, whole, of_loan)}{_of(whole, rate, of_loan)}"


def _in_yuan(text: str, whole: str, today: date) -> str | None:
    """Of who tells how many yuan of interest a month, and how much was lent; where they tell for how many months they
    have paid, what of it goes off the capital.
    """
    monthly = {yuan(found["after"] or found["ahead"]) for found in _YUAN.finditer(whole)}
    lent = _lent(whole)
    if not _YUAN.search(text) or len(monthly) != 1 or len(lent) != 1 or _OTHER.search(whole):
        return None
    [a_month], [capital] = monthly, lent
    if not a_month or not capital or a_month * 2 > capital:
        return None
    rate, of_loan = a_month * _MONTHS * 100 / capital, _of_loan(whole, today)
    months = {_span(found) for found in _PAID.finditer(whole)}
    is_too_much = rate > of_loan.most and len(months) == 1
    paid = _paid(capital, a_month, months.pop(), whole, of_loan) if is_too_much else ""
    said = f"{_begun(whole)}合一年 {written(rate)}%。{_held(rate, whole, of_loan)}"
    return f"{said}{paid or _of(whole, rate, of_loan)}"


def _begun(whole: str) -> str:
    """民法典 680: between people what wasn't agreed, or not clearly, is no interest."""
    if not _UNSAID.search(whole):
        return "您这个情况："
    return "您这个情况：私人借钱没写、也没说清利息的，当没有利息；写过、聊天里认过的才算。要是认过，"


def _of_loan(whole: str, today: date) -> Limits:
    """The limits of the year or month in which they say that it was lent; of all those years where they don't."""
    spans = {_days(found, today) for found in _WHEN.finditer(whole)}
    [(first, last)] = spans if len(spans) == 1 else [(ANY_DAY.first, ANY_DAY.last)]
    return limits(first, min(last, today)) or ANY_DAY


def _days(found: re.Match[str], today: date) -> tuple[date, date]:
    year = 2000 + int(found["year"]) if found["year"] else today.year - _YEARS_AGO[found["named"]]
    if not found["month"]:
        return date(year, 1, 1), date(year, 12, 31)
    month = int(found["month"])
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _span(found: re.Match[str]) -> int:
    """Months."""
    if found["months"]:
        return number_of(found["months"]) or 0
    return (number_of(found["years"]) or 0) * _MONTHS + (_MONTHS // 2 if found["half"] else 0)


def _paid(capital: Decimal, a_month: Decimal, months: int, whole: str, of_loan: Limits) -> str:
    """What of the interest paid was owed at most, and what was too much: without what each month's surplus saves."""
    total = a_month * months
    least, most = (capital * rate * months / 100 / _MONTHS for rate in (of_loan.least, of_loan.most))
    who, whose = ("他可以", "他") if _LENDS.search(whole) else ("可以", "您说")
    return (
        f"{whose}给了 {months} 个月，一共 {written(total)} 元，里头认的利息大约是 {_between(least, most)}，"
        f"多给的 {_between(total - most, total - least)}{who}要求抵本金，转账记录要留好。"
    )


def _between(least: Decimal, most: Decimal) -> str:
    return f"{least:.0f} 元" if least == most else f"{least:.0f} 元到 {most:.0f} 元"


def _yearly(found: re.Match[str]) -> Decimal | None:
    if said := found["percent"] or found["words"]:
        return Decimal(said) if said[0].isdigit() else Decimal(number_of(said) or 0) or None
    fen, half = (found["fen"], found["half"]) if found["fen"] else (found["monthly"], found["and_half"])
    monthly = Decimal(fen) if fen[0].isdigit() else Decimal(number_of(fen) or 0)
    if half:
        monthly += Decimal("0.5") if half == "半" else Decimal(number_of(half) or 0) / 10
    return monthly * _MONTHS if monthly else None


def _held(rate: Decimal, whole: str, of_loan: Limits) -> str:
    lends = _LENDS.search(whole) is not None
    if rate > of_loan.most:
        return f"{_top(of_loan)}这个数超过了：{_too_much(rate, lends)}"
    if rate < of_loan.least or (rate == of_loan.least and of_loan != ANY_DAY):
        return f"{_top(of_loan)}这个数没超，说好的就{'能要' if lends else '要给'}。"
    return f"{_top(of_loan)}这个数就在这中间，要看是哪年哪月借的，打 12368 问那个月的数。"


def _top(of_loan: Limits) -> str:
    """Until when the rate is known stands beside it: it may have changed since."""
    least, most = written(of_loan.least), written(of_loan.most)
    year_of_rate = f"一年 {least}%" if least == most else f"一年 {least}% 到 {most}%"
    until = f"{KNOWN_UNTIL.year}年{KNOWN_UNTIL.month}月"
    if of_loan == ANY_DAY:
        return f"2020年8月20日以后借的，法院最多认借钱那月一年期LPR的四倍，这几年（截至{until}）是{year_of_rate}。"
    later = f"（截至{until}，以后借的打 12368 问）" if of_loan.last == KNOWN_UNTIL else ""
    return f"照您说的那时候借的，法院最多认当时一年期LPR的四倍，是{year_of_rate}{later}。"


def _too_much(rate: Decimal, lends: bool) -> str:
    """法释〔2020〕17号 13 (3): who lends to all and sundry without a licence has no valid contract."""
    shark = "没有放贷资格、到处放贷的，合同可能无效，约的利息不算。" if rate > _LOAN_SHARK else ""
    if lends:
        return f"超出的部分您要不到，已经多收的，他可以要求抵本金；本金他还是要还。{shark}"
    return f"超出的部分可以不给，给多了的可以要求抵本金；本金还是要还。{shark}"


def _lent(whole: str) -> set[Decimal]:
    """Without the rates: 借十万两分利 is no 102,000."""
    said = {yuan(found["sum"]) for found in _LENT.finditer(_RATE.sub("", whole))}
    return {lent for lent in said if lent is not None}


def _of(whole: str, rate: Decimal, of_loan: Limits) -> str:
    """What a year's interest may be at most, where one loan is told and the rate is too high."""
    sums = _lent(whole)
    if len(sums) != 1 or rate <= of_loan.most:
        return ""
    [lent] = sums
    least, most = lent * of_loan.least / 100, lent * of_loan.most / 100
    depends = "" if least == most else "，看哪年哪月借的"
    return f"借 {written(lent)} 元，一年最多认 {_between(least, most)}利息{depends}。"
