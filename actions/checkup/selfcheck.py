"""A resident's own look at a list: five to seven questions, then what they should have seen and didn't, the article,
what to ask for in writing, and the day. Values in, value out; nothing is stored, and nothing is called unlawful.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from actions.calendar.workdays import WorkCalendar
from actions.checkup.templates import Item, Template, cited, plain, template_of
from actions.roster.models import Committee
from actions.tools import deadlines
from actions.tools.matters import MATTERS

YES, NO, UNSURE = "y", "n", "u"
BUTTONS = {"有": YES, "没有": NO, "不知道": UNSURE}
_UNSURE = re.compile(
    r"不(?:知道|清楚|晓得|了解|好说|确定|太清楚|太知道|涉及)|说不(?:准|清|好)|记不(?:得|清|住)"
    r"|没(?:注意|留意|听说)|忘(?:了|记)|不记得|还没(?:到|动手|完工)|大概|好像|可能"
)
_NO = re.compile(
    r"^(?:都|也|根本|压根|从来|一直|就|啥|什么|还|肯定|完全|真|个|一次|谁|哪)*"
    r"(?:没|冇|莫得|木有|无|未|不|否|哪有|冒)"
)
_NO_ANSWER = re.compile(r"不(?:好意思|问|用|想|要|搞|弄|做)")
_YES = re.compile(
    r"^(?:都|也|是|就|确实|倒是|肯定|应该)*(?:有|是|对|嗯|恩|看到|看过"
    r"|(?:贴|开|签|给|到|拿|收|量|来|听|问|通知|选|公布|公告|做|办|验|验收|查|数)[^，。]{0,4}[了过])"
)
_LEAD = re.compile(r"^[\s，。,.!！~～]*(?:哦|噢|啊|呃|额|那个|这个|嗯嗯?|我们?|俺们?|咱们?|村里|他们|人家)?[，, ]*")
_LONG = 24  # characters; more is a tale or something else


@dataclass(frozen=True)
class Checked:
    """`missing`, `unsure`: items as answered; `day`: the last day for a 复议 or a suit, None where it can't be told."""

    code: str
    template: Template
    missing: tuple[Item, ...]
    unsure: tuple[Item, ...]
    seen: tuple[Item, ...]


def read_answer(text: str) -> str | None:
    """y, n or u; None for what is no answer to 有没有."""
    said = text.strip().strip("。！!,.， ？?~～")
    if said in BUTTONS:
        return BUTTONS[said]
    if len(said) > _LONG or not said:
        return None
    said = _LEAD.sub("", said, count=1) or said
    if _UNSURE.search(said):
        return UNSURE
    if _NO.search(said) and not _NO_ANSWER.match(said):
        return NO
    return YES if _YES.search(said) else None


def check(code: str, answers: Sequence[str]) -> Checked:
    """`answers`: one of y, n, u for each question of the list in its order; those that lack count as not known."""
    template = template_of(code)
    asked = template.asked
    by_item = dict(zip(asked, [*answers, *[UNSURE] * len(asked)], strict=False))
    return Checked(
        code,
        template,
        missing=tuple(item for item in asked if by_item[item] == NO),
        unsure=tuple(item for item in asked if by_item[item] not in (YES, NO)),
        seen=tuple(item for item in asked if by_item[item] == YES),
    )


def basis_of(item: Item, committee: Committee) -> str:
    """The articles as people read them; what isn't in the package is marked ※."""
    return "；".join(part for part in (cited(item.law_at(committee)), item.other) if part)


def told(checked: Checked, committee: Committee) -> str:
    """What wasn't seen, each with its article, and how it may be asked for."""
    template = checked.template
    if not checked.missing and not checked.unsure:
        return (
            f"照您说的，{template.short}该有的这几样，您都看到了。手里的通知、协议留好。"
            "补偿的数目对不对、合不合您家的情况，还是请法律人看一看。"
        )
    parts = []
    if checked.missing:
        listed = [f"{n}. {i.lacks}（{plain(basis_of(i, committee))}）" for n, i in enumerate(checked.missing, 1)]
        parts.append(f"您该看到而没看到的有{len(listed)}样：\n" + "\n".join(listed))
    if checked.unsure:
        parts.append(f"还不清楚的：{'；'.join(item.lacks for item in checked.unsure)}。")
    parts.append(
        f"没看到不等于没有，先写个条子去要：向{template.ask_whom}书面申请，要上面这几样的复印件，"
        f"自己留一份底。{plain(template.basis)}。"
    )
    if template.remedy:
        parts.append(template.remedy)
    return "\n".join(parts)


def no_day(template: Template, today: date) -> str:
    """The rule where no day is known from which to count."""
    notes = (note for note in (template.no_day_note, template.day_note) if note)
    return "\n".join([deadlines.rule(MATTERS[template.deadline], today), *notes])


def last_day(template: Template, start: date, *, calendar: WorkCalendar, today: date) -> deadlines.Deadline:
    """Raises ValueError for a day that can't be counted from."""
    return deadlines.last_day(template.deadline, start, calendar=calendar, today=today)


def summary(checked: Checked, last: date | None = None) -> str:
    """For a lawyer or whoever takes the case, in two lines."""
    said = [f"{checked.template.name}，居民自己对过清单。"]
    if checked.missing:
        said.append(f"没看到：{'、'.join(item.lacks for item in checked.missing)}。")
    if checked.unsure:
        said.append(f"不清楚：{'、'.join(item.lacks for item in checked.unsure)}。")
    if last:
        said.append(f"按居民说的日子，最后一天是{last.year}年{last.month}月{last.day}日。")
    return "".join(said)


def requests(checked: Checked) -> list[str]:
    """What to ask for in writing."""
    return [item.request for item in (*checked.missing, *checked.unsure)]
