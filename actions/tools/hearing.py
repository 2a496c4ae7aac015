"""What somebody who asks for a deadline has said: the matter, and the day from which it runs.

A span is told only where both are sure; else one thing is asked, or the rule is told.
"""

import enum
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from actions.calendar import said_days
from actions.calendar.said_days import SaidDay
from actions.tools import happened, matter_words
from actions.tools.learned import matter_model, start_model
from actions.tools.matters import MATTERS, Answer, Matter

_LONG_AGO_DAYS = 300
_LUNAR = re.compile(r"[初廿正冬腊历]")
_WITHIN = re.compile(
    r"生效(?:之日|那天|以?后)?起?(?P<days>[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]|\d{1,2})[日天](?:以"
    r"|之)?内"
)
_SAME_DAY = re.compile(
    r"当[天日场](?:早上|上午|下午|晚上|夜里)?[我俺他]?(?:就|才)?(?:发[现觉]|送达|[拿收领签]|送[来到给]|给[我俺他]"
    r"|看[到见]|知道|在场|听[到说])"
)
_PAPER_CAME = re.compile(r"(?:才|刚|就|上午|下午)?(?:收到|拿到|领到|接到|签收|送达)")
# Who didn't ask on which day another took it for them knows no day, however sure the day beside it sounds.
_NEVER_ASKED = re.compile(r"哪天(?:收|到|送|签|拿)的?[^，。]{0,3}(?:没问|不知道|不晓得|不清楚|没说)")
_NOT_HERE = re.compile(
    r"(?:判决|裁定|认定|决定|裁决|通知|结论|报告)书?(?:也|都|到现在|至今)?(?:还没有?|一直没有?|没有?|未)(?:收[到过]"
    r"|拿到|领到|送[来到]|给我|发下|下来|到手)"
)


class Doubt(enum.Enum):
    """Why no day could be taken from the words."""

    no_day = "no day by the right words"
    vague = "a month, a season, about"
    impossible = "no calendar has it"
    ahead = "still to come"
    several = "more than one day"
    year = "of which year"


@dataclass(frozen=True)
class Heard:
    """matters: likeliest first; ask: the question that decides between them; start: where it is sure, else doubt says
    why it isn't.
    """

    matters: tuple[Matter, ...] = ()
    ask: str = ""
    answer: Answer | None = None
    start: date | None = None
    doubt: Doubt | None = None
    said: str = ""
    is_vague: bool = False

    @property
    def matter(self) -> Matter | None:
        """The one that is meant, where that is sure."""
        return self.matters[0] if len(self.matters) == 1 and not self.ask else None

    @property
    def is_sure(self) -> bool:
        return self.matter is not None and self.start is not None


_FORGOTTEN = re.compile(
    r"没让[我俺]拿|说(?:要)?寄给[我俺]|还没去[领拿取]|日子要翻|按谁的算|没及时告诉|快出来了|证明还在等|放家里没看"
    r"|(?:哪天|啥时|几时)[^，。]{0,10}(?:没告诉|没讲|没说)|没(?:告诉|说)[我俺]?(?:哪天|几时)"
    r"|[分弄闹]不清|分不出|记不[清得]|不记得|想不起|忘[了记]|好像是|大概是|说不准|搞不清|不清楚是?哪"
)
_ANEW = re.compile(
    r"(?:催|讨|要)[过了].{0,6}[次回]|(?:中间|后来|去年|今年|上个?月|前阵|又|还)[^，。]{0,8}(?:(?<!不)还了|给了|"
    r"[给还付]过|催过"
    r"|要过|答应)|重新(?:写|打)|补了?欠?条|(?:赔|还|付|给)[过了](?:一)?(?:点|些|部分|小半|几[百千])"
)
# Served on somebody else it is served on the day only for grown kin of the same home (民事诉讼法 88).
_BY_ANOTHER = re.compile(r"[替帮代][我俺咱](?:去)?(?:签?收|签|领|拿|取)")
_AT_HOME = re.compile(
    r"同住|住一[起块]|一起住|[我俺咱]们?家|家里|屋|(?<![法医])院(?!长)|在家|[转交]给[我俺]|当[天晚日].{0,4}[给交告]"
)
# Who can't tell which of two it is (不予立案还是别的, 分不清) is asked, whatever else the words say.
_WHICH_OF_TWO = re.compile(
    r"还是[^，。]{1,14}[，,]?[我俺]?(?:也|都)?(?:分不[清出]|搞不[清懂]|说不[好清上]|弄不[清懂明]|闹不[清懂明]"
    r"|不清楚|不晓得|拿不准|不懂)"
)
_NOBODY_THERE = re.compile(
    r"[^，。；]{0,5}(?:家里?|屋里?|店里?)?(?:没人|无人|不在家|没收着|没收到|没接[到着]|没拿[到着])"
)
# Sure only where the story says so: nothing is left to anybody while the writer of the will lives (民法典 1121).
_EITHER = ("reconsideration", "administrative_suit")  # sixty days or six months
_MUST_BE_SAID = {
    "bequest_acceptance": re.compile(
        r"走[的了之前后]|[去过离逝]世|没了|死|病故|咽[的了]?气"
        r"|断[的了]?气|生前|下葬|出殡|不在了"
    )
}
_EITHER_WAY = re.compile(
    r"复议[^，。]{0,3}(?:起诉|诉讼|官司)[^，。]{0,2}(?:都|也)[^，。]{0,2}(?:行|可|中)"
    r"|复议或者?(?:是|直接)?(?:去)?(?:起诉|告)"
)
_CASE_ENDED = re.compile(r"(?:公安|派出所|警察|民警)[^。]{0,14}(?:终止|不办了|撤案|撤销案|不查了|结案)")
_OF_THE_VILLAGE = re.compile(r"集体(?:的)?土?地|宅基地|农村的?房")


def get_ready() -> None:
    """Learns what `hear` needs, a second or two of one core, so that nobody who asks waits for it."""
    matter_model.model()
    start_model.model()


def hear(text: str, *, today: date) -> Heard:
    found = matter_model.weighed(matter_words.find(text), text)
    if _EITHER_WAY.search(text) and any(matter.id in _EITHER for matter in found.matters):
        return Heard(tuple(MATTERS[name] for name in _EITHER), matter_words.WHICH)
    if found.answer or len(found.matters) != 1 or found.ask:
        return Heard(found.matters, found.ask, found.answer, is_vague=found.is_vague)
    [matter] = found.matters
    if _WHICH_OF_TWO.search(text):
        return Heard(found.matters, matter_words.WHICH)
    if matter.id == "reconsideration" and _CASE_ENDED.search(text):
        return Heard((matter, MATTERS["no_case_review"]))  # of an offence or of a crime: it makes 60 days or seven
    if matter.id.startswith("appraisal") and _OF_THE_VILLAGE.search(text):
        return Heard(())  # those days are for houses on the state's land
    start, doubt, said = start_in(text, matter, today=today)
    if start and (
        _is_unsure(matter, text) or not matter.is_counted_from(start) or happened.is_day_unknown(text, matter)
    ):
        return Heard(found.matters, doubt=Doubt.vague, said=said)
    if start and matter.id in _MUST_BE_SAID and not _MUST_BE_SAID[matter.id].search(text):
        return Heard(found.matters, matter_words.WHICH)
    return Heard(found.matters, start=start, doubt=doubt, said=said)


def _is_unsure(matter: Matter, text: str) -> bool:
    """Something was forgotten, or happened since that lets the time run anew."""
    if _FORGOTTEN.search(text):
        return True
    if "got" in matter.begins and _BY_ANOTHER.search(text) and not _AT_HOME.search(text):
        return True
    return matter.id == "general_limitation" and bool(_ANEW.search(text))


def start_in(text: str, matter: Matter, *, today: date) -> tuple[date | None, Doubt | None, str]:
    """The day beside the words that begin this matter's time: 11月20号收到 for an appeal, 被辞退 for arbitration."""
    if "got" in matter.begins and (_NOT_HERE.search(text) or _NEVER_ASKED.search(text)):
        return None, Doubt.no_day, ""
    days = _fit(text, matter, today=today)
    beside = happened.beside(text, days, matter)
    if not beside and len(days) == 1 and _SAME_DAY.search(text) and {"got", "learned"} & set(matter.begins):
        beside = days  # 6月12号下的决定，当天拿的
    due = (_last_instalment(text, days) or (not beside and _due_after(text, days))) if "due" in matter.begins else []
    told = _one(due or beside, today)
    if due or told[1] in (Doubt.impossible, Doubt.vague, Doubt.year, Doubt.ahead):
        return told
    return _one(start_model.weighed(text, days, beside, matter, today=today), today)


def _fit(text: str, matter: Matter, *, today: date) -> list[SaidDay]:
    """The days that aren't those of something else: 对方11月20号收到, 车祸的鉴定书11月16日拿到."""
    days = happened.told(text, [day for day in said_days.read(text, today=today, past=True) if not day.is_refused])
    if "got" in matter.begins:
        days = _received(text, happened.mine(text, days, matter))
    if {"hurt", "due"} & set(matter.begins):
        days = [day for i, day in enumerate(days) if not _PAPER_CAME.match(happened.after_day(text, days, i))]
    return days


def _received(text: str, days: list[SaidDay]) -> list[SaidDay]:
    """Without the day on which nobody was there to receive it, as often as it is named: 20号送来，20号家里没人."""
    missed = {day.first for i, day in enumerate(days) if _NOBODY_THERE.match(happened.after_day(text, days, i))}
    return [day for day in days if day.first not in missed]


def _last_instalment(text: str, days: list[SaidDay]) -> list[SaidDay]:
    """最后一期25年3月31: of several instalments the last begins the time (民法典 189, 民事诉讼法 250)."""
    return [
        day for day in days if re.search(r"(?:最后一|末)[期笔次][^，。；]{0,4}$", text[max(0, day.at - 9) : day.at])
    ]


def _due_after(text: str, days: list[SaidDay]) -> list[SaidDay]:
    """判决11月25日生效, 生效之日起十日内付清: due ten days after the day on which it took effect."""
    found = _WITHIN.search(text)
    effect = [day for i, day in enumerate(days) if re.match(r"[^，。；]{0,4}生效", happened.after_day(text, days, i))]
    if not found or len(effect) != 1 or effect[0].first is None:
        return []
    due = effect[0].first + timedelta(days=said_days.number(found["days"]))
    return [replace(effect[0], first=due, last=due)]


def day_in(text: str, *, today: date) -> tuple[date | None, Doubt | None, str]:
    """The only day in an answer to the question for the day."""
    return _one([day for day in said_days.read(text, today=today, past=True) if not day.is_refused], today)


def _one(days: list[SaidDay], today: date) -> tuple[date | None, Doubt | None, str]:
    if not days:
        return None, Doubt.no_day, ""
    said = days[0].said
    if any(day.is_impossible for day in days):
        return None, Doubt.impossible, next(day.said for day in days if day.is_impossible)
    if len({(day.first, day.last) for day in days}) > 1:
        return None, Doubt.several, said
    if not days[0].is_exact or days[0].first is None:
        return None, Doubt.year if days[0].is_of_some_year else Doubt.vague, said
    if not days[0].has_year and not _LUNAR.search(said) and _is_of_which_year(days[0].first, today):
        return None, Doubt.year, said
    return (None, Doubt.ahead, said) if days[0].first > today else (days[0].first, None, said)


def _is_of_which_year(day: date, today: date) -> bool:
    """12月20号, told on 1 December: nearly a year ago, or a slip of the tongue; 2月29号 of some leap year."""
    return day.year < today.year and (today - day).days > _LONG_AGO_DAYS
