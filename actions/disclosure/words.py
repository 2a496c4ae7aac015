"""How what is made public is spoken of: to residents in the chat and on the page, to staff."""

from datetime import date

from sqlalchemy.orm import Session

from actions.disclosure.duties import DutyHere, duties_of, title_of
from actions.disclosure.models import Disclosure
from actions.disclosure.periods import RHYTHM_LABELS, Rhythm, read
from actions.disclosure.status import State
from actions.errors import InvalidInput
from actions.roster.profile import profile_of


def says_day(day: date) -> str:
    """12月5日."""
    return f"{day.month}月{day.day}日"


def period_name(code: str) -> str:
    """2026年第三季度; the code itself where it can't be read."""
    try:
        return read(code).name
    except InvalidInput:
        return code


def name_of(item: Disclosure) -> str:
    """村委会的账（2026年第三季度）; what came at once goes by its own title."""
    title = f"{title_of(item.duty_code)}：{item.title}" if item.title else title_of(item.duty_code)
    return f"{title}（{period_name(item.period)}）"


def where_it_stands(item: Disclosure) -> str:
    """A sentence for residents."""
    if item.state in (State.due, State.drafted, State.checked):
        return "还没有公布。"
    if item.state is State.corrected:
        return "这一份后来更正过，请看新的一份。"
    assert item.posted_on
    assert item.posted_until
    begun = f"{says_day(item.posted_on)}公布"
    if item.state is State.archived:
        return f"{begun}，{says_day(item.posted_until)}公布期满。"
    return f"{begun}，贴到{says_day(item.posted_until)}。"


def short_state(item: Disclosure) -> str:
    """贴到12月5日, for a list."""
    if item.state is State.posted and item.posted_until:
        return f"贴到{says_day(item.posted_until)}"
    return "公布期满" if item.state is State.archived else ""


def articles_of(duty: DutyHere) -> str:
    """村民委员会组织法第三十五条、第二十八条."""
    said: list[str] = []
    last = ""
    for law, article in duty.how.law:
        said.append(article if law == last else f"{law}{article}")
        last = law
    return "、".join(said)


def how_often(session: Session, place: str) -> str:
    """What the law asks of this place, for who asks why nothing is posted."""
    if any(
        duty.code == "finance" and duty.how.rhythm is Rhythm.quarterly for duty in duties_of(profile_of(session, place))
    ):
        return (
            "一般事项至少每季度公布一次；钱来往多的，收支每月公布一次；重大的事随时公布。"
            "贴出来不能少于15天（村民委员会组织法第三十五条）。"
        )
    return "居委会要及时公布，贴出来不能少于15天（城市居民委员会组织法第三十四条）。"


def whom_to_tell(session: Session, place: str) -> str:
    """Who must look into what isn't posted, or isn't true."""
    from_village = (
        "村民可以向乡镇政府、县政府和主管部门反映，他们应当调查核实、责令依法公布（村民委员会组织法第三十六条）。"
    )
    from_residents = (
        "居民可以向街道办事处、区政府和主管部门反映，他们应当调查核实、责令依法公布（城市居民委员会组织法第三十五条）。"
    )
    return from_residents if profile_of(session, place).committee == "residents" else from_village


def rhythm_name(rhythm: Rhythm) -> str:
    return RHYTHM_LABELS[rhythm]
