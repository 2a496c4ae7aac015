"""What can be worked out of what was said, in one message or after having asked."""

import re
from dataclasses import dataclass
from datetime import date

from actions.calendar.workdays import calendar
from actions.dialogue.frame import thread
from actions.dialogue.frame.base import Services, Turn
from actions.replies import Reply, ReplyKind, phone_links
from actions.tools import court_fee, deadlines, hearing, matter_words, retirement
from actions.tools.hearing import Doubt, Heard
from actions.tools.sums import deposit, double_wage, drink_driving, interest, severance
from knowledge.answering.told import Citation

_OF_RETIRING = "掌上12333 手机软件报出生年月也能查；想早退、晚退，或者岗位说法不一，打 12333 问人社局。"
_OF_FEES = "立案时法院会给缴费通知，收到起七天内交；交不起的可以申请缓交、减交、免交。问清楚打 12368。"
_FEES = "answer-susongfei-duoshao"
_OF_INTEREST = "打 12368 问借钱那个月的LPR，谈不成就到法院起诉或者应诉时提出来。"
_OF_DEPOSITS = (
    "谁守信谁催：写明日子催对方照办，收条和聊天留好；是您不想做的，先谈退多少，谈成写一张“两清”。"
    "谈不成打 12368 问怎么立案。"
)
_OF_SUMS = (
    (severance.told, "离开那天起一年内去劳动仲裁，不收费；先打 12333 问清去哪里、带什么。", "12333"),
    (double_wage.told, "先打 12333 问清去哪个仲裁委、带什么；身份证和能证明您在那里干活的东西都带上。", "12333"),
    (deposit.told, _OF_DEPOSITS, "12368"),
    (drink_driving.told, "请律师或者值班律师一起看鉴定书，没钱请的打 12348。", "12348"),
)
_HOW_LONG = re.compile(
    r"期限|时效|(?:时间|日子)[^，。]{0,3}限|多少[天日]|几[天日个]|多久|来得及|过期|几时"
    r"|啥时候|什么时候|晚了|迟[了没不]|晚不晚|赶得[上及]|来不来得及|超过|还能|还行|[去报告诉办要](?:还)?行不行"
)
_BEGINS_ANEW = frozenset({"general_limitation"})  # with each reminder, promise or payment


@dataclass(frozen=True)
class Reckoned:
    """`ask`: whom to ask further; `document`: the answer of ours whose sources it rests on; `is_whole`: it names its
    law itself.
    """

    text: str
    ask: str
    phone: str
    document: str = ""
    is_whole: bool = False

    def reply(self, citations: tuple[Citation, ...] = ()) -> Reply:
        return Reply(ReplyKind.answer, self.text, next=self.ask, links=phone_links(self.phone), citations=citations)


def reckoned(services: Services, turn: Turn) -> Reckoned | None:
    """When they may retire, of who says when they were born; what the court asks, of who says how much they claim; what
    the dismissed may ask for their years and the unsigned for their months, what of a deposit counts, what a measured
    amount of alcohol means, whether interest is too high; the last day, of who asked how long there is and then says
    since when. None for other words.
    """
    today, before = services.today(), thread.before(turn)
    if month := retirement.told(turn.text, today=today, before=before):
        return Reckoned(month, _OF_RETIRING, "12333")
    if fee := court_fee.told(turn.text, before=before):
        return Reckoned(fee, _OF_FEES, "12368", _FEES)
    for tool, ask, phone in _OF_SUMS:
        if said := tool(turn.text, before=before):
            return Reckoned(said, ask, phone)
    if said := interest.told(turn.text, today=today, before=before):
        return Reckoned(said, _OF_INTEREST, "12368")
    day = _told_at_once(services, turn.text, today) or (before and _last_day(services, turn.text, before, today))
    return Reckoned(day, "", "12348", is_whole=True) if day else None


def _told_at_once(services: Services, text: str, today: date) -> str | None:
    """Until when, of who names matter and day and asks for the last one, whatever question of ours lies near."""
    if not matter_words.asks_for_a_limit(text):
        return None
    heard = hearing.hear(text, today=today)
    return _counted(services, heard, today) if heard.is_sure else None


def _last_day(services: Services, text: str, before: str, today: date) -> str | None:
    """Until when; None where matter or day isn't sure, and for what every reminder begins anew."""
    day, doubt, _ = hearing.day_in(text, today=today)
    # 判决书是11月16号送来的，今天2号: which of them counts is known with the matter
    is_day_told = day is not None or doubt is Doubt.several
    if not is_day_told or not _HOW_LONG.search(f"{before} {text}"):
        return None
    heard = hearing.hear(f"{before}，{text}", today=today)
    if heard.matter is None or heard.matter.id in _BEGINS_ANEW:
        return None
    return _counted(services, heard, today)


def _counted(services: Services, heard: Heard, today: date) -> str | None:
    if heard.matter is None or heard.start is None:
        return None
    with services.sessions() as session:
        days = calendar(session)
    try:
        return deadlines.last_day(heard.matter.id, heard.start, calendar=days, today=today).text_zh
    except ValueError:
        return None
