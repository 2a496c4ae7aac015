"""What a text says about itself: its document number, issuer and days, and the articles of law it names."""

import re
from collections.abc import Iterable
from datetime import date

from knowledge.statutes.citations import arabic, short_name, written_in
from knowledge.statutes.numerals import DATE, date_of

_NUMBER = re.compile(r"([\u4e00-\u9fff]{1,10})\s*[〔\[【［（(]\s*(\d{4})\s*[〕\]】］）)]\s*(?:第\s*)?(\d{1,5})\s*号")
_BRACKETS = re.compile(r"《([^《》\n]{2,60})》")
_LAWS = ("法", "法典", "条例", "规定", "办法", "解释", "细则", "决定", "通则", "规则")
_ORGANISATION = re.compile(
    r"^[\u4e00-\u9fff（）()·]{3,38}(?:委员会|村委会|居委会|村民小组|人民政府|办公室|管理局|民政局|司法局|农业农村局"
    r"|局|理事会|监督会|代表会议|村民会议|合作社|服务中心|法院|检察院|厅|院|党支部|党总支|司法所)$"
)


def document_number(text: str) -> str | None:
    """青政发〔2026〕3号, its brackets as the rules for official documents want them (GB/T 9704-2012, 7.2.5)."""
    found = _NUMBER.search(text)
    return f"{found[1].removeprefix('文号')}〔{found[2]}〕{found[3]}号" if found else None


def citations(text: str) -> list[str]:
    """`民法典 1042` for each article of a law that is named, each once, in order; of a range every article."""
    named = (c for c, _ in written_in(text, is_attached=True) if c.law.endswith(_LAWS))
    return list(dict.fromkeys(f"{c.law} {arabic(c.ref)}" for c in named))


def laws_without_article(text: str) -> list[str]:
    """Laws that are named as a whole: nobody can look up which article is meant."""
    with_article = {c.law for c, _ in written_in(text, is_attached=True)}
    named = dict.fromkeys(short_name(name.strip()) for name in _BRACKETS.findall(text))
    return [name for name in named if name.endswith(("法", "法典", "条例")) and name not in with_article]


def days(text: str) -> dict[str, date]:
    """The days a text gives for itself: `adopted`, `filed`, `from`, `to`; what it doesn't say is not there."""
    found: dict[str, date] = {}
    for match in DATE.finditer(text):
        day = date_of(match)
        if day is None:
            continue
        before = text[max(0, match.start() - 14) : match.start()]
        after = text[match.end() : match.end() + 30].split("。")[0]
        if re.search(r"有效期(?:限)?(?:至|到|截至)[^。]{0,6}$|^[^。]*止$", before) or re.match(
            r"\s*(?:止|失效|废止)", after
        ):
            found.setdefault("to", day)
        elif (
            re.match(r"\s*起", after)
            or re.search(r"(?:施行|生效|实施|执行)(?:日期|时间)?[：:]?\s*$", before)
            or re.match(r"[^，。；]{0,4}(?:施行|生效|实施)", after)
        ):
            found.setdefault("from", day)
        elif re.match(r"[^。；]{0,24}(?:通过|表决|讨论)", after) or re.search(
            r"(?:通过|表决)(?:日期|时间)?[：:]?\s*$", before
        ):
            found.setdefault("adopted", day)
        elif re.match(r"[^。；]{0,8}备案", after) or re.search(r"备案(?:日期|时间)?[：:]?\s*$", before):
            found.setdefault("filed", day)
    if "from" not in found and "adopted" in found and re.search(r"(?:表决|讨论|会议)?通过之日起", text):
        found["from"] = found["adopted"]
    return found


def only_day(line: str) -> date | None:
    """The day of a line that holds nothing else, as under a signature."""
    match = DATE.search(line)
    return date_of(match) if match and len(re.sub(r"[\s（）()日]", "", line.replace(match[0], ""))) == 0 else None


def is_organisation(line: str) -> bool:
    return bool(_ORGANISATION.match(re.sub(r"\s|[（(][盖公]章[）)]", "", line)))


def signature(lines: Iterable[str]) -> tuple[str, date | None, int]:
    """(who signed at the end, on which day, how many last lines that takes); ("", None, 0) for a text that isn't
    signed.
    """
    held, who, day, taken = list(lines), "", None, 0
    for line in reversed(held[-4:]):
        if day is None and not who and (found := only_day(line)):
            day = found
        elif is_organisation(line):
            who = re.sub(r"\s|[（(][盖公]章[）)]", "", line)
        else:
            break
        taken += 1
    return who, day, taken
