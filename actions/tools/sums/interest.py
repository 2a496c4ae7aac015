"""Whether interest between people is more than a court upholds.

For loans since 20 August 2020 that is four times the one-year LPR of the month of the loan
(最高人民法院关于审理民间借贷案件适用法律若干问题的规定 25). It was 3.85 % then and has only fallen, to
3.0 % in May 2026: whatever the month, four times lie between 12 and 15.4 % a year.
"""

import re
from decimal import Decimal

from actions.tools.sums.amounts import COUNT, SUM, written, yuan
from knowledge.statutes.numerals import number_of

LEAST, MOST = Decimal("12"), Decimal("15.4")  # percent a year
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
# A company that lends, a card and an app stand under other rules; a loan before that August, too.
_OTHER = re.compile(
    r"网贷|花呗|借呗|信用卡|银行|小贷|房贷|车贷|20(?:0\d|1\d)年|(?<!\d)(?:0\d|1\d)年|罚息|存(?:款|钱)|理财"
    r"|(?:20)?20年|疫情|[七八九十]年前|十几年|好多年前|多年前|(?:[每一按]|\d)天(?!天)|日[息利]|每日|每周|一周|砍头"
    r"|年(?:息|利率?)[^，。百]{0,3}分"
)
_OF_IT = re.compile(r"利息|本金|还本|利钱|这个利")
# 每月利息五百, 一个月给他六百利息
_YUAN = re.compile(
    rf"(?:每个?月|一个?月|月月)(?:的|都|要|还|给|付|收|他|她|我|人家)*"
    rf"(?:利[息钱](?:是|要|给|收|付|就)*(?P<after>{SUM})(?!\s*分)|(?P<ahead>{SUM})\s*[块元]?(?:的|钱)*利)"
)
_PAID = re.compile(rf"(?:给|付|还|交)(?:了|过|他|她|人家)*(?:有|快)?(?P<months>{COUNT})\s*个月")
_LENT = re.compile(rf"借(?:了|给|我|他|出去|走)?[^，。,；\d息利]{{0,8}}?(?P<sum>{SUM})")


def told(text: str, *, before: str = "") -> str | None:
    """What a rate comes to in a year and how much of it a court upholds; None where none or several are told, or where
    nobody asks. `before`: their question before this one.
    """
    whole = f"{before} {text}".strip()
    if found := _in_yuan(text, whole):
        return found
    # a next matter isn't told the rate of the one before
    if not _ASKED.search(text) or _OTHER.search(whole) or not (_RATE.search(text) or _OF_IT.search(text)):
        return None
    rates = {rate for found in _RATE.finditer(whole) if (rate := _yearly(found)) is not None}
    if len(rates) != 1:
        return None
    [rate] = rates
    return f"您这个情况：合一年 {written(rate)}%。{_held(rate)}{_of(whole) if rate > MOST else ''}"


def _in_yuan(text: str, whole: str) -> str | None:
    """Of who tells how many yuan of interest a month, and how much was lent; where they tell for how many months they
    have paid, what of it goes off the capital.
    """
    monthly = {yuan(found["after"] or found["ahead"]) for found in _YUAN.finditer(whole)}
    lent = {yuan(found["sum"]) for found in _LENT.finditer(whole)}
    if not _YUAN.search(text) or len(monthly) != 1 or len(lent) != 1 or _OTHER.search(whole):
        return None
    [a_month], [capital] = monthly, lent
    if not a_month or not capital or a_month * 2 > capital:
        return None
    rate = a_month * _MONTHS * 100 / capital
    if rate <= MOST:
        return f"您这个情况：合一年 {written(rate)}%。{_held(rate)}"
    months = {number_of(found["months"]) or 0 for found in _PAID.finditer(whole)}
    paid = _paid(capital, a_month, months.pop()) if len(months) == 1 else ""
    return f"您这个情况：合一年 {written(rate)}%。{_held(rate)}{paid or _of(whole)}"


def _paid(capital: Decimal, a_month: Decimal, months: int) -> str:
    """What of the interest paid was owed at most, and what was too much: without what each month's surplus saves."""
    total, least, most = (
        a_month * months,
        capital * LEAST * months / 100 / _MONTHS,
        capital * MOST * months / 100 / _MONTHS,
    )
    return (
        f"您说给了 {months} 个月，一共 {written(total)} 元，里头认的利息大约是 {least:.0f} 元到 {most:.0f} 元，"
        f"多给的 {total - most:.0f} 元到 {total - least:.0f} 元可以要求抵本金，转账记录要留好。"
    )


def _yearly(found: re.Match[str]) -> Decimal | None:
    if said := found["percent"] or found["words"]:
        return Decimal(said) if said[0].isdigit() else Decimal(number_of(said) or 0) or None
    fen, half = (found["fen"], found["half"]) if found["fen"] else (found["monthly"], found["and_half"])
    monthly = Decimal(fen) if fen[0].isdigit() else Decimal(number_of(fen) or 0)
    if half:
        monthly += Decimal("0.5") if half == "半" else Decimal(number_of(half) or 0) / 10
    return monthly * _MONTHS if monthly else None


def _held(rate: Decimal) -> str:
    top = "2020年8月20日以后借的，法院最多认借钱那月一年期LPR的四倍，这几年是一年 12% 到 15.4%。"
    if rate > MOST:
        return f"{top}这个数超过了：超出的部分可以不给，给多了的可以要求抵本金；本金还是要还。"
    if rate < LEAST:
        return f"{top}这个数没超，说好的就要给。"
    return f"{top}这个数就在这中间，要看是哪年哪月借的，打 12368 问那个月的数。"


def _of(whole: str) -> str:
    """What a year's interest may be at most, where one loan is told."""
    sums = {lent for found in _LENT.finditer(whole) if (lent := yuan(found["sum"])) is not None}
    if len(sums) != 1:
        return ""
    [lent] = sums
    return f"借 {written(lent)} 元，一年最多认 {written(lent * LEAST / 100)} 元到 {written(lent * MOST / 100)} 元利息。"
